"""Changes the language of the open window by rebuilding everything that shows text.

What is under way ends first, since it ends in a widget of the old content. Kept are the open conversation
and the place in it, the draft, the page, the search in the sidebar, the settings dialog, and a message that waits to be read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from desktop import i18n
from desktop.chat.composer import Composer
from desktop.i18n import tr

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

RETRY_MILLISECONDS = 500  # while somebody speaks


class LanguageChange(QObject):
    """Changes the language of a window that has been filled."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._wanted = ""
        self._said = False
        window.operations.idle.connect(self._when_free, Qt.ConnectionType.QueuedConnection)

    def change(self, wanted: str) -> None:
        """Speak this language ('en', 'ja' or 'auto'), as soon as nothing is under way any more."""
        self._wanted = wanted
        self._said = False
        self._when_free()

    def _when_free(self) -> None:
        if not self._wanted:
            return
        if self._window.operations.busy:
            # Looking something up ends within moments, unlike reading documents.
            QTimer.singleShot(RETRY_MILLISECONDS, self, self._say_that_it_waits)
        elif self._window.chat.speaking_or_listening:
            QTimer.singleShot(RETRY_MILLISECONDS, self, self._when_free)
        else:
            wanted, self._wanted = self._wanted, ""
            spoken = i18n.language()
            i18n.choose(wanted, QApplication.instance())  # type: ignore[arg-type]
            if i18n.language() != spoken:
                rebuild(self._window)

    def _say_that_it_waits(self) -> None:
        if self._wanted and self._window.operations.busy and not self._said:
            self._said = True
            self._window.notify.info(tr("The language will change when the current task finishes."))


def rebuild(window: MainWindow) -> None:
    """Build the window's content anew and put what was there back into it. Nothing may be under way."""
    chat, old = window.chat, window.composer
    conversation, collection = chat.conversation, chat.choices.collection
    place = chat.transcript.place
    page = window.page
    tab = window.models.stack.currentIndex() if page == "models" else 0
    searched, archived = window.sidebar.search.text(), window.sidebar.model.archived
    sizes = window.splitter.sizes()
    model, context = window.status.model.text(), window.status.context
    message = (
        chat.banner
        if chat.banner.isVisibleTo(chat) and not chat.banner.action.isVisibleTo(chat.banner)
        else None
    )
    unread = (str(message.property("kind")), message.text.text()) if message is not None else None

    _take_down(window)
    window.composer = Composer(window.theme)
    window.build()
    content = window.centralWidget()
    assert content is not None
    content.show()  # at once: Qt would show it with a later event

    if conversation is not None:
        seen, top = place or (None, None)
        window.chat.open(conversation, message=seen, top=top)
    elif collection:
        window.chat.choices.ask_collection(collection)
    if archived:
        window.sidebar.show_archived(True)
    if searched:
        window.sidebar.search.setText(searched)
    if page != "chat":
        window.show_page(page)
    if page == "models":
        window.models.show_tab(list(window.models.tabs)[tab])
    window.splitter.setSizes([sizes[0], sum(sizes[1:])])
    window.status.set_model(model, None)
    window.status.set_context(*context)
    _move_draft(old, window.composer)
    if unread is not None:
        window.chat.banner.show_message(*unread, None)
    if window._settings_dialog is not None:
        window._settings_dialog.build(window.bridge)


def _take_down(window: MainWindow) -> None:
    """Let go of everything that `MainWindow.build` makes; what it put into the window goes with the old content."""
    window.bridge.clear()
    window.reads.close()
    window.reads.deleteLater()
    window._clock.stop()
    quick = vars(window).pop("quick", None)  # it is made anew, in the other language
    if quick is not None:
        quick.hide()
        quick.deleteLater()
    window.engine_news.setParent(None)
    for left in (window.tray, window._clock, window._drop, window.engine_news, window.chat.adding):
        left.deleteLater()
    window.drop_shortcuts()
    window.chat.blockSignals(True)
    window.notify.shown.disconnect(window.chat.banner.show_message)


def _move_draft(old: Composer, new: Composer) -> None:
    """What was being written, and the question that was being edited."""
    text, cursor = old.text.toPlainText(), old.text.textCursor()
    if old.editing is not None:
        new.set_draft(old.draft)
        new.begin_editing(old.editing, text, old.strip.parts, answer=old.editing_answer)
    else:
        new.set_draft(old.draft)
    moved = new.text.textCursor()
    moved.setPosition(cursor.anchor())
    moved.setPosition(cursor.position(), moved.MoveMode.KeepAnchor)
    new.text.setTextCursor(moved)
