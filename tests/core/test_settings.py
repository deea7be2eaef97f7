"""The settings: read, written, and what happens to those that cannot be read."""

from __future__ import annotations

import pytest

from core.paths import Home
from core.settings import SettingsFile


def test_settings_are_written_and_read_back(home: Home) -> None:
    SettingsFile(home.settings).change(theme="dark", temperature=0.2)
    values = SettingsFile(home.settings).values
    assert (values.theme, values.temperature, values.language) == ("dark", 0.2, "auto")


def test_comments_of_the_person_survive(home: Home) -> None:
    home.settings.write_text('# mine\ntheme = "light"\n')
    SettingsFile(home.settings).change(theme="dark")
    assert home.settings.read_text() == '# mine\ntheme = "dark"\n'


@pytest.mark.parametrize("text", ["theme = 3", 'theme = "pink"', "nonsense = 1", "= broken", "\x00"])
def test_a_bad_setting_falls_back_and_is_reported(home: Home, text: str) -> None:
    home.settings.write_text(text)
    settings = SettingsFile(home.settings)
    assert settings.values.theme == "auto"
    assert len(settings.problems) == 1
