"""The person's settings: what there is (declared.py), and the file that keeps what was chosen (file.py)."""

from typing import TYPE_CHECKING, Any

from core.settings.declared import DECLARED, Settings
from core.settings.reading import look

if TYPE_CHECKING:
    from core.settings.file import SettingChanged, SettingsFile, SettingsSetAside

__all__ = ["DECLARED", "SettingChanged", "Settings", "SettingsFile", "SettingsSetAside", "look"]


def __getattr__(name: str) -> Any:
    """What changes the file is imported when it is asked for: the window's first paint only looks."""
    if name not in __all__:
        raise AttributeError(name)
    from core.settings import file

    return getattr(file, name)
