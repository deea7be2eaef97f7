"""What `MainWindow.fill` builds the window from.

Importing these takes longer than everything that the first paint needs, so desktop/app.py imports this
module in a thread while a composer that takes typing is on the screen already.
"""

from core.app import App
from core.documents.service import CollectionRenamed, DocumentsRemoved
from core.engine.interface import EngineLoading
from core.settings import SettingChanged
from core.storage.backups import BackupMissed
from core.workers.supervisor import WorkerChanged, WorkerFell
from desktop import commands, crash
from desktop.bridge import Bridge
from desktop.chat.formulas import Formulas
from desktop.chat.sidebar import Sidebar
from desktop.chat.view import ChatView
from desktop.desk import Desk
from desktop.engine_news import EngineNews
from desktop.language import LanguageChange
from desktop.notify import Notify
from desktop.operations import Operations
from desktop.quick.anywhere import KeysAnywhere
from desktop.reads import Reads
from desktop.settings import following
from desktop.tray import Tray
from desktop.visitors import Visitors
from desktop.widgets.drop_overlay import DropOverlay
from desktop.widgets.status_line import StatusLine

__all__ = [
    "App",
    "BackupMissed",
    "Bridge",
    "ChatView",
    "CollectionRenamed",
    "Desk",
    "DocumentsRemoved",
    "DropOverlay",
    "EngineLoading",
    "EngineNews",
    "Formulas",
    "KeysAnywhere",
    "LanguageChange",
    "Notify",
    "Operations",
    "Reads",
    "SettingChanged",
    "Sidebar",
    "StatusLine",
    "Tray",
    "Visitors",
    "WorkerChanged",
    "WorkerFell",
    "commands",
    "crash",
    "following",
]
