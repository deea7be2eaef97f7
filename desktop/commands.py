"""What can be done from anywhere in the window: one list, from which the shortcuts, their dialog and the command palette are made."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QApplication

from desktop.i18n import tr

if TYPE_CHECKING:
    from desktop.main_window import MainWindow


@dataclass(frozen=True)
class Command:
    """`keys` in Qt's notation, '' where it has none, `usual` those that it has unless the person gives it others (by its `id`;
    without one they cannot). One without a name is not listed."""

    id: str
    name: str
    usual: str
    run: Callable[[], object]
    keys: str = ""


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

    listed = [
        Command("new-chat", tr("New chat"), "Ctrl+N", window.new_chat),
        Command("quick", tr("Quick question"), "Ctrl+Shift+Space", window.ask_quickly),
        Command("search", tr("Search all chats"), "Ctrl+K", window.sidebar.search.setFocus),
        Command("find", tr("Find in this chat"), "Ctrl+F", window.find_in_chat),
        Command("add-documents", tr("Add documents…"), "Ctrl+O", lambda: chat.documents.choose(window)),
        Command(
            "attach", tr("Attach to this message…"), "Ctrl+Shift+O", lambda: chat.attachments.choose(window)
        ),
        Command(
            "screen", tr("Attach a part of the screen…"), "", lambda: chat.attachments.choose_screen(window)
        ),
        Command("speak", tr("Speak"), "Ctrl+Space", chat.talking.toggle),
        Command("hands-free", tr("Talk hands-free"), "Ctrl+Alt+Space", chat.hands_free.toggle),
        Command("read-aloud", tr("Read the last answer aloud"), "Ctrl+Shift+L", chat.read_last_aloud),
        Command("prompt", tr("Choose a prompt…"), "", chat.prompts.open),
        Command("prompts", tr("Change and make prompts…"), "", chat.edit_prompts),
        Command("answer-table", tr("Answer as a table…"), "", chat.answer_as_table),
        Command("assistants", tr("Assistants…"), "", chat.assistants.open),
        Command("copy-answer", tr("Copy the last answer"), "Ctrl+Shift+C", copy_last),
        Command("large", tr("Large field for writing"), "Ctrl+Shift+E", window.composer.large_button.toggle),
        Command("context", tr("What fills the context"), "", chat.show_context),
        Command("documents", tr("Documents"), "", lambda: window.show_page("documents")),
        Command("tables", tr("Tables"), "", lambda: window.show_page("tables")),
        Command("new-table", tr("New table…"), "", new_table),
        Command("models", tr("Models"), "", lambda: window.show_page("models")),
        Command("compare", tr("Compare models…"), "", lambda: window.show_page("compare")),
        Command("settings", tr("Settings"), "Ctrl+,", lambda: window.show_page("settings")),
        Command("voice-kept", tr("What is kept of your voice…"), "", lambda: window.kept.open(window)),
        Command("memory", tr("What is remembered…"), "", lambda: chat.memory.open(window)),
        Command("new-project", tr("New project"), "", window.sidebar.projects.wanted.emit),
        Command("archived", tr("Show archived chats"), "", lambda: window.sidebar.show_archived(True)),
        Command("import", tr("Import chats…"), "", window.import_chats),
        Command("export", tr("Export chats…"), "", lambda: window.export_chats(chat.conversation)),
        Command("appearance", tr("Light or dark"), "", appearance),
        Command("connections", tr("Connections made"), "", window.show_ledger),
        Command("quit", tr("Quit"), "Ctrl+Q", window.quit),
        Command("commands", tr("All commands…"), "Ctrl+Shift+P", window.show_commands),
        Command("shortcuts", tr("Keyboard shortcuts…"), "", window.change_shortcuts),
        Command("", "", "Escape", window.escape),
    ]
    own = app.shortcuts.values
    return [replace(one, keys=own.get(one.id, one.usual)) for one in listed]
