"""The window: assembly of its parts, and the shortcuts that reach all of them.

It is made in two steps, so that it takes typing at once. `MainWindow(theme)` is a composer in its place
and imports little; `fill(app)` builds the rest around it, with the imports of desktop/parts.py, which
desktop/app.py makes in a thread while the first step is on the screen already.
"""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication, QMainWindow, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from core.paths import keep_in, usual_home
from desktop import restart
from desktop.chat.composer import Composer
from desktop.i18n import language, tr, tr_n
from desktop.opening import SIDEBAR_WIDTH, Opening
from desktop.theme import Theme

if TYPE_CHECKING:
    from PySide6.QtGui import (
        QCloseEvent,
        QDragEnterEvent,
        QDragLeaveEvent,
        QDragMoveEvent,
        QDropEvent,
        QResizeEvent,
    )

    from core.app import App
    from core.chat.conversation import Project, Source
    from core.documents.service import CollectionRenamed, DocumentsRemoved
    from core.paths import Home
    from core.settings import SettingChanged
    from core.workers.supervisor import WorkerChanged, WorkerFell
    from desktop.comparing.page import ComparePage
    from desktop.documents.page import DocumentsPage
    from desktop.documents.recordings import Recordings
    from desktop.documents.source_view import SourceView
    from desktop.models.page import ModelsPage
    from desktop.portability.panel import PortabilityPanel
    from desktop.quick.window import QuickWindow
    from desktop.settings.backups import BackupsPanel
    from desktop.settings.dialog import SettingsDialog
    from desktop.settings.microphone import MicrophonePanel
    from desktop.settings.updates import UpdatesPanel
    from desktop.tables.page import TablesPage
    from desktop.voice.kept import Kept
    from desktop.voice.player import Player


class MainWindow(QMainWindow):
    """Left the conversations, in the middle the chat or a page, on the right a source, below the status."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setWindowTitle("Tsukue")
        self.setMinimumSize(760, 520)
        self.resize(1280, 800)
        self.theme = theme
        self._filled = False
        self.composer = Composer(theme)
        self._opening = Opening(self.composer)
        self.setCentralWidget(self._opening)
        self.composer.setFocus()

    def say_slow(self) -> None:
        """Opening what was written before takes a while (a new version brings it into a new form)."""
        if not self._filled:
            self._opening.say(tr("Getting your chats ready…"))

    def fill(self, app: App) -> None:
        """Build everything around the composer; what was typed, or sent, meanwhile is kept."""
        from desktop import parts

        self.app = app
        submitted = self._opening.submitted
        self._settings_dialog: SettingsDialog | None = None
        self.notify = parts.Notify(self)
        self.bridge = parts.Bridge(app.events, self)
        self.operations = parts.Operations(app.jobs, self.notify, self)
        self._drawing = parts.Reads(self.notify, self)  # formulas, which may take long, hold up nothing else
        self.formulas = parts.Formulas(app.formulas.draw, self._drawing, self.theme, self)
        self.language_change = parts.LanguageChange(self)
        self.keys_anywhere = parts.KeysAnywhere(
            app.jobs, self.notify, self._keys_refused, self, wanted=app.settings.values.keys_anywhere
        )
        self.keys_anywhere.pressed.connect(self.ask_quickly)
        self.keys_anywhere.spoke.connect(lambda: self.talk(hands_free=False))
        self.build()
        parts.following.tell(app.settings.problems, self.notify)
        self.chat.drafts.begin()
        self.chat.adding.resume()
        app.watching.start()
        self.setAcceptDrops(True)
        self.composer.setFocus()
        self._filled = True
        if submitted:
            self.chat.outgoing.send(self.composer.text.toPlainText().strip())

    def build(self) -> None:
        """Build all that shows words around `composer`; desktop/language.py has it done again in another language."""
        from desktop import parts

        app = self.app
        self.reads = parts.Reads(self.notify, self)
        self.desk = parts.Desk(self.bridge, self.reads, self.operations, self.notify, self.theme)
        self.chat = parts.ChatView(app, self.desk, self.composer, self.formulas)
        if app.home.named_by is not None or app.home == usual_home():  # and not by --home, which would win
            self.chat.welcome.offer_place(app.home.root)
            self.chat.welcome.keep_elsewhere.connect(self._keep_elsewhere)
        self.sidebar = parts.Sidebar(
            app.chat, app.documents, self.bridge, self.reads, self.operations, self.theme
        )
        for later in (
            "documents",
            "models",
            "tables",
            "compare",
            "source",
            "recordings",
        ):  # those of another language are gone
            vars(self).pop(later, None)
        self.status = parts.StatusLine(self.theme)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.chat)
        self.splitter = QSplitter()
        self.splitter.setChildrenCollapsible(False)
        self.splitter.setHandleWidth(1)
        for part in (self.sidebar, self.pages):
            self.splitter.addWidget(part)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([SIDEBAR_WIDTH, self.width() - SIDEBAR_WIDTH])
        body = QWidget()
        layout = QVBoxLayout(body)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.splitter, 1)
        layout.addWidget(self.status)
        self.setCentralWidget(body)
        self._drop = parts.DropOverlay(self)
        self.tray = parts.Tray(self, wanted=app.settings.values.tray)

        self._connect()
        self._shortcuts()
        self._memory: dict[str, int] = {}
        self._clock = QTimer(self, interval=2000)
        self._clock.timeout.connect(self._look)
        self._clock.start()

    # ------------------------------------------------------------ parts that are made when they are first wanted

    def _there(self, part: str) -> bool:
        return part in vars(self)

    @cached_property
    def documents(self) -> DocumentsPage:
        """The page of collections."""
        from desktop.documents.page import DocumentsPage

        page = DocumentsPage(
            self.app.documents,
            self.app.document_service,
            self.app.watching,
            self.recordings,
            self.chat.adding,
            self.bridge,
            self.reads,
            self.operations,
            self.notify,
            self.theme,
        )
        page.ask.connect(self._ask_collection)
        page.ask_file.connect(self._ask_file)
        page.add_to.connect(self._add_to)
        page.tabulate.connect(self.tabulate)
        self.pages.addWidget(page)
        return page

    @cached_property
    def models(self) -> ModelsPage:
        """The page of models."""
        from desktop.models.page import ModelsPage

        page = ModelsPage(
            self.app.models,
            self.app.voice,
            self.bridge,
            self.reads,
            self.operations,
            self.notify,
            self.theme,
        )
        page.chat_with.connect(self._chat_with)
        page.compare.connect(lambda: self.show_page("compare"))
        page.changed.connect(self.chat.choices.refresh)
        self.pages.addWidget(page)
        return page

    @cached_property
    def tables(self) -> TablesPage:
        """The page of tables that a model fills."""
        from desktop.tables.page import TablesPage

        page = TablesPage(self.app, self.desk)
        page.source.connect(self.open_source)
        self.pages.addWidget(page)
        return page

    @cached_property
    def compare(self) -> ComparePage:
        """The page that compares models."""
        from desktop.comparing.page import ComparePage

        page = ComparePage(self.app, self.desk, self.formulas)
        self.pages.addWidget(page)
        return page

    @cached_property
    def quick(self) -> QuickWindow:
        """The small window for a question from anywhere."""
        from desktop.quick.window import QuickWindow

        quick = QuickWindow(self.app, self.desk, self.formulas)
        quick.open_chat.connect(self._open_from_quick)
        return quick

    @cached_property
    def source(self) -> SourceView:
        """The panel that shows a source beside its answer."""
        from desktop.documents.source_view import SourceView

        source = SourceView(self.app.documents, self.app.pages, self.recordings, self.operations, self.theme)
        source.closed.connect(self.close_source)
        source.read_aloud.connect(self.chat.reading.read_text)
        source.hide()
        self.splitter.addWidget(source)
        return source

    @cached_property
    def player(self) -> Player:
        """What recordings are played with."""
        from desktop.voice.player import Player

        player = Player(self.app.playback, self.notify, self)
        chat = self.chat
        for begins in (chat.talking.began, chat.reading.began, chat.hands_free.changed):
            begins.connect(player.stop)  # one thing is heard at a time
        player.changed.connect(lambda: chat.reading.stop() if player.active else None)
        return player

    @cached_property
    def kept(self) -> Kept:
        """What is kept of what the person says."""
        from desktop.voice.kept import Kept

        app = self.app
        return Kept(app.voice, app.library, app.settings, lambda: self.player, self.desk, self)

    @cached_property
    def recordings(self) -> Recordings:
        """What transcripts are shown with."""
        from desktop.documents.recordings import Recordings

        return Recordings(
            self.app.documents,
            self.app.transcripts,
            self.app.speakers,
            self.player,
            self.operations,
            self.bridge,
            self.theme,
            self,
        )

    def be_quiet(self) -> None:
        """Nothing is listened to, and nothing heard."""
        self.chat.be_quiet()
        if self._there("player"):
            self.player.stop()

    @property
    def page(self) -> str:
        """The page that is shown: 'chat', 'documents', 'tables', 'models' or 'compare'."""
        shown = self.pages.currentWidget()
        return next(
            (n for n in ("documents", "tables", "models", "compare") if vars(self).get(n) is shown), "chat"
        )

    def _documents_changed(self) -> None:
        if self._there("documents"):
            self.documents.refresh()

    def _connect(self) -> None:
        from desktop import parts

        self.sidebar.new_chat.connect(self.new_chat)
        self.sidebar.opened.connect(self._open_found)
        self.sidebar.export.connect(self.export_chats)
        self.sidebar.export_project.connect(lambda project: self.export_chats(project=project))
        self.sidebar.import_wanted.connect(self.import_chats)
        self.chat.welcome.import_wanted.connect(self.import_chats)
        self.sidebar.page.connect(self.show_page)
        self.sidebar.project_chosen.connect(self.chat.use_project)
        self.chat.opened.connect(self.sidebar.show_current)
        self.chat.source.connect(self.open_source)
        self.chat.models.connect(lambda: self.show_page("models"))
        self.chat.attachments.find_model.connect(self._find_model_with_eyes)
        self.chat.choose_model.connect(lambda: self.show_page("models"))
        self.chat.answered.connect(self._answered)
        self.chat.documents.changed.connect(self._documents_changed)
        self.status.ledger.connect(self.show_ledger)
        self.chat.prompts.activity.connect(lambda text: self.status.set_activity("chain", text))
        self.status.context_wanted.connect(self.chat.show_context)
        self.chat.choices.answers_come_from.connect(self.status.set_server)
        self.status.set_search_server(self.app.document_service.vector_server)
        self.status.follow_microphone(self.app.sound)
        self.bridge.on(parts.SettingChanged, self._setting_changed)
        self.sidebar.show_current(self.chat.conversation)
        self.engine_news = parts.EngineNews(self.app, self.bridge, self.operations, self.notify)
        parts.following.follow(self)
        self.bridge.on(parts.WorkerChanged, self._worker_changed)
        self.bridge.on(parts.WorkerFell, self._worker_fell)
        self.bridge.on(parts.DocumentsRemoved, self._documents_removed)
        self.bridge.on(parts.CollectionRenamed, self._collection_renamed)
        self.bridge.on(
            parts.EngineLoading,
            lambda e: self.status.set_activity(
                "loading",
                tr(
                    "Loading {model}: {percent} %",
                    model=self.app.library.known_name(e.model),
                    percent=e.percent,
                )
                if e.percent < 100
                else "",
            ),
        )

    def _shortcuts(self) -> None:
        from PySide6.QtGui import QKeySequence, QShortcut

        from desktop import parts

        self.drop_shortcuts()
        self.commands = parts.commands.of(self)
        for command in self.commands:
            if command.keys:
                QShortcut(QKeySequence(command.keys), self, command.run)
        native = QKeySequence.SequenceFormat.NativeText
        shown = {one.id: QKeySequence(one.keys).toString(native) for one in self.commands if one.keys}
        self.composer.show_keys(shown.get("speak", ""), shown.get("large", ""))
        self.sidebar.show_keys(shown.get("new-chat", ""), shown.get("search", ""))

    def drop_shortcuts(self) -> None:
        """Let go of all keys."""
        from PySide6.QtGui import QShortcut

        for shortcut in self.findChildren(QShortcut, options=Qt.FindChildOption.FindDirectChildrenOnly):
            shortcut.setEnabled(False)  # two for the same keys would both do nothing
            shortcut.deleteLater()

    def change_shortcuts(self) -> None:
        """Show the keys of all commands, to be changed."""
        from desktop.settings.shortcuts import ShortcutsDialog

        def keep(values: dict[str, str]) -> None:
            self.operations.in_order(
                "keep shortcuts", lambda _: self.app.shortcuts.change(values), lambda _: self._shortcuts()
            )

        dialog = ShortcutsDialog(self.commands, self.theme, self)
        dialog.changed.connect(keep)
        dialog.open()

    def show_commands(self) -> None:
        """List everything that can be done, to be searched by its name."""
        from desktop.widgets.command_palette import CommandPalette

        CommandPalette(self.commands, self).show()

    # ------------------------------------------------------------ moving about

    def new_chat(self) -> None:
        self.pages.setCurrentWidget(self.chat)
        self.close_source()
        self.chat.new_chat()
        self.status.set_context(0, 0)

    def open_conversation(self, number: int, *, message: int | None = None, words: str = "") -> None:
        """Show a conversation, at a message and with words highlighted where they are given."""
        self.pages.setCurrentWidget(self.chat)
        self.close_source()
        self.chat.open(number, message=message, words=words)
        self.status.set_context(0, 0)

    def _open_found(self, number: int, message: int | None) -> None:
        words = self.sidebar.search.text().strip() if message is not None else ""
        self.open_conversation(number, message=message, words=words)

    def find_in_chat(self) -> None:
        if self.pages.currentWidget() is self.chat:
            self.chat.find_words()

    def _setting_changed(self, event: SettingChanged) -> None:
        self.status.set_search_server(self.app.document_service.vector_server)
        self.status.follow_microphone(self.app.sound)

    def show_page(self, key: str) -> None:
        """Show 'documents', 'tables', 'models' or 'compare', or open the settings."""
        if key == "settings":
            if self._settings_dialog is None:
                from desktop.settings.dialog import SettingsDialog

                self._settings_dialog = SettingsDialog(
                    self.app.settings,
                    self.bridge,
                    self.operations,
                    self._make_microphone,
                    self._make_backups,
                    self._make_updates,
                    self._make_portability,
                    self,
                )
            self._settings_dialog.open()
            return
        self.close_source()
        if key == "documents":
            self.documents.refresh()
            self.pages.setCurrentWidget(self.documents)
        elif key == "tables":
            self.tables.refresh()
            self.pages.setCurrentWidget(self.tables)
        elif key == "compare":
            self.compare.refresh()
            self.pages.setCurrentWidget(self.compare)
        else:
            self.models.refresh()
            self.pages.setCurrentWidget(self.models)

    def _find_model_with_eyes(self) -> None:
        self.show_page("models")
        self.models.look_for_eyes()

    def _make_microphone(self) -> MicrophonePanel:
        from desktop.settings.microphone import MicrophonePanel

        panel = MicrophonePanel(self.app.sound, self.app.settings, self.operations)
        panel.kept_wanted.connect(lambda: self.kept.open(panel.window()))
        return panel

    def _make_backups(self) -> BackupsPanel:
        from desktop.settings.backups import BackupsPanel

        return BackupsPanel(self.app.home, self.app.backups, self.reads, self.operations)

    def _make_updates(self) -> UpdatesPanel:
        from desktop.settings.updates import UpdatesPanel

        return UpdatesPanel(self.app.updates, self.operations)

    def _make_portability(self) -> PortabilityPanel:
        from desktop.portability.panel import PortabilityPanel

        panel = PortabilityPanel()
        panel.import_wanted.connect(self.import_chats)
        panel.export_wanted.connect(lambda: self.export_chats())
        return panel

    def open_source(self, sources: list[Source], number: int) -> None:
        """Open a source beside the answer; a past chat in its place, at what was said."""
        if uid := sources[number].chat:
            self._open_past(uid, sources[number])
            return
        if not self.source.isVisible():
            self.source.show()
            left = self.sidebar.width()
            right = min(max(self.width() * 32 // 100, 340), 560)
            self.splitter.setSizes([left, max(self.width() - left - right - 2, 360), right])
        self.source.open(sources, number)

    def _open_past(self, uid: str, source: Source) -> None:
        app = self.app

        def look() -> tuple[int, int | None] | None:
            """The chat, and the message if it is there: in another home they have other ids."""
            number = app.exchange.known([uid]).get(uid)
            if number is None:
                return None
            found = app.conversations.messages([source.page]) if source.page else []
            here = [one.id for one in found if one.conversation == number]
            return number, here[0] if here else None

        def show(found: tuple[int, int | None] | None) -> None:
            if found is None:
                self.notify.info(tr("This chat has been deleted."))
            else:
                self.open_conversation(found[0], message=found[1])

        self.reads.ask(look, show, key="past chat")

    def _keep_elsewhere(self) -> None:
        from PySide6.QtWidgets import QFileDialog

        folder = QFileDialog.getExistingDirectory(self, tr("Choose a folder for everything"))
        if folder:
            self.operations.in_order(
                "keep everything elsewhere", lambda _: keep_in(Path(folder)), lambda _: restart.ask()
            )

    def show_ledger(self) -> None:
        from desktop.widgets.ledger import Ledger

        Ledger(self.app.network.entries(), self).open()

    def close_source(self) -> None:
        if self._there("source"):
            self.source.hide()
            self.player.stop()

    def escape(self) -> None:
        if self.chat.prompts.hide() or self.chat.mentions.list.hide():
            return
        if self.composer.editing is not None:
            self.composer.end_editing()
        elif self.chat.reading.active:
            self.chat.reading.stop()
        elif self.chat.hands_free.active:
            self.chat.hands_free.stop()
        elif self.chat.conversation is not None and self.app.chat.answering(self.chat.conversation):
            self.chat.outgoing.stop()
        elif self._there("source") and self.source.isVisible():
            self.close_source()
        elif self.pages.currentWidget() is not self.chat:
            self.pages.setCurrentWidget(self.chat)

    # ------------------------------------------------------------ conversations and documents

    def export_chats(self, chat: int | None = None, project: Project | None = None) -> None:
        """Export a chat, or several of them."""
        from desktop.portability.export_dialog import ExportDialog

        named = (chat, self.sidebar.title_of(chat)) if chat is not None else None
        ExportDialog(
            self.app.exports, self.operations, self.sidebar.projects.all, named, project, self._front()
        ).open()

    def import_chats(self) -> None:
        """Bring in the chats of another program."""
        from desktop.portability.import_dialog import ImportDialog

        dialog = ImportDialog(self.app.imports, self.operations, self._front())
        dialog.add_folder.connect(lambda folder, name: self.chat.adding.add([folder], name, None))
        dialog.open()

    def _front(self) -> QWidget:
        """What a dialog stands before: the settings, where they are open."""
        dialog = self._settings_dialog
        return dialog if dialog is not None and dialog.isVisible() else self

    def _ask_collection(self, name: str) -> None:
        self.new_chat()
        self.chat.choices.ask_collection(name)

    def tabulate(self, collection: str) -> None:
        """Begin a table of the documents of a collection."""
        self.show_page("tables")
        self.tables.new_table(collection=collection)

    def _ask_file(self, collection: str, file: str) -> None:
        from core.documents import scope

        self._ask_collection(collection)
        self.chat.composer.insert(scope.of_file(file, japanese=language() == "ja") + " ")

    def _add_to(self, name: str, folder: bool) -> None:
        from PySide6.QtWidgets import QFileDialog

        if folder:
            chosen = QFileDialog.getExistingDirectory(self, tr("Add a folder"))
            files = [chosen] if chosen else []
        else:
            files, _ = QFileDialog.getOpenFileNames(self, tr("Add documents"))
        if files:
            self.chat.adding.add(files, name, None)

    def _documents_removed(self, event: DocumentsRemoved) -> None:
        removed = event.removed
        restore = self.app.document_service.restore

        def undo() -> None:
            self.operations.run("restore documents", lambda job: restore(removed))

        said = (
            tr("“{name}” was removed.", name=removed.collection)
            if removed.whole
            else tr_n("{n} document was removed.", "{n} documents were removed.", len(removed.documents))
        )
        self.notify.info(said, (tr("Undo"), undo))

    def _collection_renamed(self, event: CollectionRenamed) -> None:
        self.chat.choices.collection_renamed(event.old, event.new)

    def _chat_with(self, model: str) -> None:
        self.new_chat()
        self.chat.choices.use_model(model)

    # ------------------------------------------------------------ status

    def _answered(self, model: str, speed: float, used: int, length: int) -> None:
        self.status.set_model(model, speed)
        self.status.set_context(used, length)

    def _worker_changed(self, event: WorkerChanged) -> None:
        from core.workers.supervisor import State

        self._memory[event.worker] = event.memory
        starting = event.state is State.STARTING
        text = tr("Starting: {worker}", worker=tr(event.worker)) if starting else ""
        self.status.set_activity(event.worker, text)
        if event.worker == self.app.engine.worker.spec.name and event.state in (State.IDLE, State.OFF):
            self.status.set_activity("loading", "")  # where loading failed or was stopped, nobody says 100 %

    def _worker_fell(self, event: WorkerFell) -> None:
        if event.error.doing in ("waiting", "starting"):
            self.notify.error(event.error)  # nobody waited for it, so nobody else tells

    def test_engine(self) -> None:
        """Try the engine out in the background if it has changed since it passed its test."""
        self.engine_news.test()

    def _look(self) -> None:
        import psutil  # slow to import, not needed before the window is there

        from core.workers.supervisor import State

        own = psutil.Process(os.getpid()).memory_info().rss
        self.status.set_memory(own, self._memory)
        self.status.set_network(self.app.network.connections)
        slow = [w for w in self.app.workers if w.state is State.STARTING and w.silent_seconds < 1]
        if slow:
            name = slow[0].spec.name
            self.status.set_activity(name, tr("Starting: {worker}", worker=tr(name)))

    # ------------------------------------------------------------ dropping files

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()
            self._drop.appear(self.pages.currentWidget() is self.chat)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        self._drop.over(event.position().toPoint())
        event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._drop.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        attach = self._drop.isVisible() and self._drop.attaches(event.position().toPoint())
        self._drop.hide()
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if not files:
            return
        event.acceptProposedAction()
        if attach:
            self.chat.attachments.add(files)
        else:
            self.open_files(files)

    def open_files(self, files: list[str]) -> None:
        """Take in files that were dropped, or opened with the program: models and documents, folders too."""
        models = [file for file in files if file.lower().endswith(".gguf")]
        documents = [file for file in files if file not in models]
        for file in models:
            self.models.add(Path(file))
        if documents:
            self.pages.setCurrentWidget(self.chat)
            self.chat.documents.add(documents)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._filled:
            self._drop.fit()

    # ------------------------------------------------------------ coming forward

    def come_forward(self) -> None:
        """Be seen, whatever lies over it."""
        self.setWindowState(self.windowState() & ~self.windowState().WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def talk(self, *, hands_free: bool) -> None:
        """Begin or end speaking, asked from outside. The microphone is never open where nobody sees it."""
        chat = self.chat
        if not (chat.hands_free.active if hands_free else chat.talking.recording):
            self.come_forward()
        if hands_free:
            self.chat.hands_free.toggle()
        else:
            self.chat.talking.toggle()

    def ask_quickly(self) -> None:
        """Show the quick window, or hide it where it has the keyboard already."""
        if self._there("quick") and self.quick.isVisible() and self.quick.isActiveWindow():
            self.quick.hide()
        else:
            self.quick.come()

    def _keys_refused(self) -> None:
        self.operations.run("leave the keys", lambda _: self.app.settings.change(keys_anywhere=False))

    def _open_from_quick(self, conversation: int) -> None:
        self.come_forward()
        self.open_conversation(conversation)

    # ------------------------------------------------------------ opening and closing

    def restore(self, home: Home) -> None:
        """Open where and how large the window was."""
        saved = _geometry(home).value("geometry")
        if isinstance(saved, QByteArray):
            self.restoreGeometry(saved)

    def quit(self) -> None:
        """Close for good, also where closing the window would leave Tsukue running."""
        hidden = not self.isVisible()
        if self._filled:
            self.tray.set_wanted(False)
        self.close()
        if hidden:  # the last window that is seen has been closed before
            QTimer.singleShot(0, QApplication.quit)

    def closeEvent(self, event: QCloseEvent) -> None:
        if self._filled and self.tray.shown and not (_saving_session() or restart.asked()):
            event.ignore()
            self.be_quiet()
            self.chat.drafts.keep()
            self.hide()
            self.tray.say_that_it_stays()
            return
        if self._filled:
            self.tray.set_wanted(False)
            self.keys_anywhere.set_wanted(False)
            _geometry(self.app.home).setValue("geometry", self.saveGeometry())
            self._clock.stop()
            self.be_quiet()
            self.chat.drafts.keep()
            if self._there("quick"):
                self.quick.hide()
            self.bridge.close()
            self.reads.close()
            self._drawing.close()
        super().closeEvent(event)


def _saving_session() -> bool:
    """Whether the person logs out: whatever does not close then keeps the session open."""
    application = QApplication.instance()
    return isinstance(application, QApplication) and application.isSavingSession()


def _geometry(home: Home) -> QSettings:
    return QSettings(str(home.root / "window.ini"), QSettings.Format.IniFormat)
