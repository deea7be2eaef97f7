"""What the window does when a setting changes, and what it says of a settings file that could not be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from core.errors import TsukueError
from core.settings import SettingChanged, Settings, SettingsSetAside
from desktop.error_text import sentence
from desktop.i18n import tr_n
from desktop.notify import Notify

if TYPE_CHECKING:
    from desktop.main_window import MainWindow

MOST = 4  # problems that are said one by one


def follow(window: MainWindow) -> None:
    """Do what is the window's to do; core's parts follow the settings themselves."""
    chat, bridge, notify = window.chat, window.bridge, window.notify
    effects: dict[str, Callable[[Any], object]] = {
        Settings.language.name: window.language_change.change,
        Settings.theme.name: window.theme.set_wanted,
        Settings.tray.name: window.tray.set_wanted,
        Settings.keys_anywhere.name: window.keys_anywhere.set_wanted,
        Settings.chat_model.name: lambda _: chat.choices.refresh(),
        Settings.document_answers.name: lambda _: chat.choices.refresh(),
        Settings.remote_url.name: lambda _: chat.choices.refresh(),
        Settings.remote_model.name: lambda _: chat.choices.refresh(),
        Settings.remote_sees.name: lambda _: chat.choices.refresh(),
    }

    def changed(event: SettingChanged) -> None:
        if event.name in effects:
            effects[event.name](event.new)
        elif event.name == Settings.embedder.name:
            chat.documents.search_model_changed(event.old)

    bridge.on(SettingChanged, changed)
    bridge.on(SettingsSetAside, lambda event: tell([event.error], notify))


def tell(problems: Sequence[TsukueError], notify: Notify) -> None:
    """Say what was wrong with the settings file, in one message that stays until it is closed."""
    if not problems:
        return
    said = [sentence(problem) for problem in problems[:MOST]]
    if more := len(problems) - len(said):
        said.append(
            tr_n(
                "{n} more line of settings.toml has an error.",
                "{n} more lines of settings.toml have errors.",
                more,
            )
        )
    notify.notice("\n".join(said))
