"""One row of the settings: label, description, control and reset button."""

from __future__ import annotations

import unicodedata
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QCheckBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from core.settings import SettingsFile
from core.settings.kinds import Applies, Setting, Text
from desktop.i18n import in_every_language, tr
from desktop.settings import controls
from desktop.settings.token_field import TokenField
from desktop.settings.writing import Writer

CONTROL_WIDTH = 250
FIRST_LINE = 8  # from a field's edge to its text, so that the label stands beside it


def folded(text: str) -> str:
    """Text as it is searched: wide and narrow characters, small and capital letters are the same."""
    return unicodedata.normalize("NFKC", text).casefold()


class _Label(QLabel):
    """A click on it is one on its control."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        control = self.buddy()
        if isinstance(control, QCheckBox):
            control.click()
        elif control is not None:
            control.setFocus(Qt.FocusReason.MouseFocusReason)


class Row(QWidget):
    """`words` are what a search finds it by, in every language."""

    def __init__(self, label: str, about: str, words: str, control: QWidget, *, wide: bool = False) -> None:
        super().__init__()
        self._words = folded(words)
        self.label = _Label(label)
        self.label.setWordWrap(True)
        self.label.setBuddy(control)
        self.about = QLabel(about)
        self.about.setProperty("role", "muted")
        self.about.setWordWrap(True)
        self.about.setTextFormat(Qt.TextFormat.PlainText)
        control.setAccessibleName(label)
        control.setAccessibleDescription(about)
        self.back = QPushButton(tr("Reset to default"))
        self.back.setProperty("role", "plain")
        self.back.setAccessibleName(tr("Reset to default: {label}", label=label))
        kept = self.back.sizePolicy()
        kept.setRetainSizeWhenHidden(True)  # so that a row does not jump when its value changes
        self.back.setSizePolicy(kept)
        self.back.hide()
        said = QVBoxLayout()
        said.setContentsMargins(0, 0 if wide or isinstance(control, QCheckBox) else FIRST_LINE, 0, 0)
        said.setSpacing(2)
        first = QHBoxLayout()
        first.addWidget(self.label, 1)
        said.addLayout(first)
        said.addWidget(self.about)
        said.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        grid.addLayout(said, 0, 0, 1 if wide else 2, 1)
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
        if wide:
            first.addWidget(self.back)
            grid.addWidget(control, 1, 0)
        else:
            control.setFixedWidth(CONTROL_WIDTH)
            grid.addWidget(control, 0, 1)
            grid.addWidget(self.back, 1, 1, right)

    def found_by(self, wanted: list[str]) -> bool:
        """Whether all these words (folded) are in what is said of the setting."""
        return all(word in self._words for word in wanted)


class PanelRow(QWidget):
    """Something larger than a setting, which fills a section of its own; found by the words of its heading."""

    def __init__(self, panel: QWidget, heading: str) -> None:
        super().__init__()
        self.panel = panel
        self._words = folded(in_every_language(heading))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(panel)

    def found_by(self, wanted: list[str]) -> bool:
        """Whether all these words (folded) are in the heading."""
        return all(word in self._words for word in wanted)


class SettingRow(Row):
    """The row of a declared setting."""

    def __init__(self, setting: Setting[Any], settings: SettingsFile, writer: Writer) -> None:
        self.setting = setting
        self._settings = settings
        self._writer = writer
        self.control, self._show = controls.make(setting, self._changed)
        about = tr(setting.about)
        value = setting.applies.value
        applies = tr(value)
        if setting.applies in (Applies.NEW_CHATS, Applies.NEXT_LOAD):  # the others are what anybody expects
            about = tr("{about} {applies}", about=about, applies=applies)
        words = [setting.name, in_every_language(setting.label), in_every_language(setting.about)]
        wide = isinstance(setting, Text) and setting.lines
        super().__init__(tr(setting.label), about, " ".join(words), self.control, wide=wide)
        self.setToolTip(applies)
        self.back.clicked.connect(lambda: writer.reset(setting.name))
        value = setting.words(setting.default)
        self.back.setToolTip(tr("Default: {value}", value=tr(value) or str(setting.default)))
        self.refresh()

    def _changed(self, value: Any) -> None:
        if value != getattr(self._settings.values, self.setting.name):
            self._writer.change(self.setting.name, value)

    def refresh(self) -> None:
        """Show the present value."""
        value = getattr(self._settings.values, self.setting.name)
        self._show(value)
        self.back.setVisible(value != self.setting.default)


class TokenRow(Row):
    """The row of an access token, which is no setting: the system's keyring keeps it."""

    def __init__(self, label: str, about: str, field: TokenField) -> None:
        words = f"{in_every_language(label)} {in_every_language(about)}"
        value = about
        super().__init__(field.label, tr(value), words, field)
        field.setAccessibleName("")  # its line has the name
