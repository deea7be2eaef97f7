"""The settings: one row for each declaration in core/settings.py, written as soon as it changes."""

from __future__ import annotations

from functools import partial
from typing import Any, get_type_hints

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core import secrets
from core.errors import N_, TsukueError
from core.models.hub import DEFAULT_ENDPOINT
from core.models.library import Library
from core.settings import Settings, SettingsFile
from desktop.i18n import tr
from desktop.notify import Notify
from desktop.settings.token_field import TokenField
from desktop.widgets import layouts

HIDDEN = ("welcomed", "chat_model", "embedder", "hub_token_kept", "remote_key_kept")  # chosen elsewhere
# Everything else, under these headings; a test sees to it that none is forgotten.
SECTIONS = (
    (N_("Window"), ("language", "theme")),
    (
        N_("Answers"),
        (
            "system_prompt",
            "answer_length",
            "temperature",
            "top_k",
            "top_p",
            "min_p",
            "repeat_penalty",
            "dry_multiplier",
            "seed",
        ),
    ),
    (N_("Engine"), ("context_length", "threads", "speculation", "state_megabytes")),
    (N_("Speech"), ("speech_model", "speech_language", "send_speech")),
    (N_("Connections"), ("network", "remote_url", "remote_model", "hub_endpoint")),
)
RANGES = {
    "context_length": (512, 1_000_000),
    "answer_length": (16, 100_000),
    "threads": (0, 256),
    "state_megabytes": (0, 1_000_000),
    "top_k": (1, 1_000),
    "seed": (-1, 2**31 - 1),
}
# Kept in the system's keyring, not in the settings.
SECRETS = (
    (secrets.REMOTE, N_("Access key of that server"), "remote_url"),
    (secrets.HUB, N_("Access token of the model hub"), "hub_endpoint"),
)
LABEL_WIDTH = 330
TEXT_MARGINS = (8, 0, 8, 0)  # style sheets do not reach a number field's inner line
FRACTIONS = {
    "temperature": (0.0, 2.0),
    "top_p": (0.05, 1.0),
    "min_p": (0.0, 1.0),
    "repeat_penalty": (1.0, 2.0),
    "dry_multiplier": (0.0, 5.0),
}


class SettingsDialog(QDialog):
    changed = Signal(str)

    def __init__(
        self, settings: SettingsFile, library: Library, notify: Notify, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Settings"))
        self.setMinimumSize(600, 420)
        self.resize(700, 680)
        self._settings = settings
        self._library = library
        self._notify = notify
        self.fields: dict[str, QWidget] = {}
        kinds = get_type_hints(Settings)
        inside = QVBoxLayout()
        inside.setSpacing(10)
        for heading, names in SECTIONS:
            value = heading
            title = QLabel(tr(value))
            title.setProperty("role", "name")
            inside.addWidget(title)
            form = QFormLayout()
            form.setHorizontalSpacing(24)
            form.setVerticalSpacing(12)
            form.setContentsMargins(0, 0, 12, 16)
            for name in names:
                field = self._field(name, kinds[name])
                field.setAccessibleName(tr(Settings.label(name)))
                self.fields[name] = field
                label = QLabel(tr(Settings.label(name)))
                label.setMinimumWidth(LABEL_WIDTH)  # so that the fields of all sections stand in line
                form.addRow(label, field)
            inside.addLayout(form)
        self.tokens = {
            secret.user: TokenField(secret, tr(value), partial(self._address, name), settings, notify)
            for secret, value, name in SECRETS
        }
        for field in self.tokens.values():
            label = QLabel(field.label)
            label.setMinimumWidth(LABEL_WIDTH)
            form.addRow(label, field)
        inside.addStretch(1)
        close = QPushButton(tr("Close"))
        close.clicked.connect(self.accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(16)
        layout.addWidget(layouts.scrolling(inside), 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)

    def _field(self, name: str, kind: Any) -> QWidget:
        value = getattr(self._settings.values, name)
        choices = self._choices(name)
        if choices:
            box = QComboBox()
            for key, label in choices:
                box.addItem(label, key)
            box.setCurrentIndex(max(box.findData(value), 0))
            box.currentIndexChanged.connect(lambda: self._set(name, box.currentData()))
            return box
        if kind is bool:
            check = QCheckBox()
            check.setChecked(value)
            check.toggled.connect(lambda on: self._set(name, on))
            return check
        if kind is int:
            number = QSpinBox()
            number.lineEdit().setTextMargins(*TEXT_MARGINS)
            number.setRange(*RANGES[name])
            number.setValue(value)
            number.editingFinished.connect(lambda: self._set(name, number.value()))
            return number
        if kind is float:
            fraction = QDoubleSpinBox()
            fraction.lineEdit().setTextMargins(*TEXT_MARGINS)
            fraction.setRange(*FRACTIONS[name])
            fraction.setSingleStep(0.05)
            fraction.setValue(value)
            fraction.editingFinished.connect(lambda: self._set(name, fraction.value()))
            return fraction
        line = QLineEdit(value)
        line.editingFinished.connect(lambda: self._set(name, line.text()))
        return line

    def _address(self, name: str) -> str:
        return str(getattr(self._settings.values, name)) or DEFAULT_ENDPOINT

    def _choices(self, name: str) -> list[tuple[str, str]]:
        if name == "speech_model":
            return [("", tr("Chosen for you")), *((m.id, m.name) for m in self._library.of_role("speech"))]
        words = {
            "auto": tr("Like the system") if name in ("language", "theme") else tr("Found out by itself"),
            "en": "English",
            "ja": "日本語",
            "light": tr("Light"),
            "dark": tr("Dark"),
        }
        return [(key, words[key]) for key in Settings.choices(name)]

    def _set(self, name: str, value: Any) -> None:
        if getattr(self._settings.values, name) == value:
            return
        try:
            self._settings.change(**{name: value})
        except TsukueError as error:
            self._notify.error(error)
        if name == "language":
            self._notify.info(tr("The language changes when Tsukue starts the next time."))
        self.changed.emit(name)
