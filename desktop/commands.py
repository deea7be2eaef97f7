"""What can be done from anywhere in the window: one list, from which the shortcuts and the command palette are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from desktop.i18n import tr

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


@dataclass(frozen=True)
class Command:
    """`keys` in Qt's notation, '' where it has none; one without a name is not listed."""

    name: str
    keys: str
    run: Callable[[], object]


def of(window: MainWindow) -> list[Command]:
    """The commands of a window, in the order in which they are listed."""
    chat, app = window.chat, window.app

    def appearance() -> None:
        dark = window.theme.dark
        window.operations.in_order(
            "change the appearance", lambda _: app.settings.change(theme="light" if dark else "dark")
        )

    def new_table() -> None:
        window.show_page("tables")
        window.tables.new_table()

    def copy_last() -> None:
        answer = chat.transcript.last_answer
        if answer is not None:
            QApplication.clipboard().setText(answer.text)

    return [
        Command(tr("New chat"), "Ctrl+N", window.new_chat),
        Command(tr("Quick question"), "Ctrl+Shift+Space", window.ask_quickly),
        Command(tr("Search all chats"), "Ctrl+K", window.sidebar.search.setFocus),
        Command(tr("Find in this chat"), "Ctrl+F", window.find_in_chat),
        Command(tr("Add documents…"), "Ctrl+O", lambda: chat.documents.choose(window)),
        Command(tr("Speak"), "Ctrl+Space", chat.talking.toggle),
        Command(tr("Choose a prompt…"), "", chat.prompts.open),
        Command(tr("Change and make prompts…"), "", chat.edit_prompts),
        Command(tr("Answer as a table…"), "", chat.answer_as_table),
        Command(tr("Assistants…"), "", chat.assistants.open),
        Command(tr("Copy the last answer"), "Ctrl+Shift+C", copy_last),
        Command(tr("Large field for writing"), "Ctrl+Shift+E", window.composer.large_button.toggle),
        Command(tr("What fills the context"), "", chat.show_context),
        Command(tr("Documents"), "", lambda: window.show_page("documents")),
        Command(tr("Tables"), "", lambda: window.show_page("tables")),
        Command(tr("New table…"), "", new_table),
        Command(tr("Models"), "", lambda: window.show_page("models")),
        Command(tr("Compare models…"), "", lambda: window.show_page("compare")),
        Command(tr("Settings"), "Ctrl+,", lambda: window.show_page("settings")),
        Command(tr("What is remembered…"), "", lambda: chat.memory.open(window)),
        Command(tr("New project"), "", window.sidebar.projects.wanted.emit),
        Command(tr("Show archived chats"), "", lambda: window.sidebar.show_archived(True)),
        Command(tr("Import chats…"), "", window.import_chats),
        Command(tr("Export chats…"), "", lambda: window.export_chats(chat.conversation)),
        Command(tr("Light or dark"), "", appearance),
        Command(tr("Connections made"), "", window.show_ledger),
        Command(tr("Quit"), "Ctrl+Q", window.close),
        Command("", "Ctrl+Shift+P", window.show_commands),
        Command("", "Escape", window.escape),
    ]
