"""In the settings: which microphone is used, how loud it is, and what is kept of what one says."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget
from shiboken6 import isValid

from core.errors import TsukueError
from core.settings import SettingsFile
from core.sound.messages import Device
from core.sound.service import Sound
from desktop.error_text import sentence
from desktop.i18n import tr
from desktop.operations import Operations
from desktop.voice.microphone import Microphone, State

FULL = 100


class MicrophonePanel(QWidget):
    """The device, a try, and what is kept. The microphone is open only while it is tried, and shown to be."""

    kept_wanted = Signal()
    _devices_told = Signal(object)

    def __init__(self, sound: Sound, settings: SettingsFile, operations: Operations) -> None:
        super().__init__()
        self._sound = sound
        self._settings = settings
        self._operations = operations
        self._microphone = Microphone(sound, self)
        self.device = QComboBox()
        self.device.setAccessibleName(tr("Microphone"))
        self.device.activated.connect(self._choose)
        self.attempt = QPushButton(tr("Try it"))
        self.attempt.setToolTip(tr("Open the microphone and see how loud it is"))
        self.attempt.clicked.connect(self._toggle)
        self.level = QProgressBar()
        self.level.setRange(0, FULL)
        self.level.setTextVisible(False)
        self.level.setFixedHeight(8)
        self.level.setAccessibleName(tr("How loud the microphone is"))
        self.said = QLabel()
        self.said.setWordWrap(True)
        self.said.setProperty("role", "muted")
        kept = QLabel(
            tr(
                "What you say is turned into text on this computer and never sent anywhere. The sound stays in memory until its text "
                "is there; it is written to the disk only if you want it to be kept (below). The microphone is open only while it is shown to be."
            )
        )
        kept.setWordWrap(True)
        kept.setProperty("role", "muted")
        self.kept_button = QPushButton(tr("What is kept…"))
        self.kept_button.clicked.connect(self.kept_wanted)
        row = QHBoxLayout()
        row.addWidget(QLabel(tr("Microphone")))
        row.addWidget(self.device, 1)
        row.addWidget(self.attempt)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(row)
        layout.addWidget(self.level)
        layout.addWidget(self.said)
        layout.addWidget(kept)
        layout.addWidget(self.kept_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.level.hide()
        self.said.hide()
        self._devices_told.connect(self._show_devices, Qt.ConnectionType.QueuedConnection)
        self._microphone.level.connect(self._show_level)
        self._microphone.changed.connect(self._changed)
        self._microphone.lost.connect(self._lost)
        self._show_devices([])

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._operations.run("list microphones", lambda _: self._sound.devices(self._tell), failure=_silently)

    def _tell(self, found: list[Device]) -> None:
        """On the session's thread; the dialog may have gone."""
        if isValid(self):
            self._devices_told.emit(found)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._microphone.shut()

    def _show_devices(self, found: list[Device]) -> None:
        chosen = self._settings.values.microphone
        self.device.clear()
        self.device.addItem(tr("Chosen by your system"), "")
        for device in found:
            self.device.addItem(device.name, device.id)
        if chosen and all(device.id != chosen for device in found):
            self.device.addItem(tr("The one you chose (not connected)"), chosen)
        self.device.setCurrentIndex(max(self.device.findData(chosen), 0))

    def _choose(self, index: int) -> None:
        device = self.device.itemData(index)
        self._microphone.shut()
        self._operations.in_order("choose a microphone", lambda _: self._settings.change(microphone=device))

    def _toggle(self) -> None:
        if self._microphone.state is State.CLOSED:
            self.said.hide()
            self._microphone.open(self.device.currentData() or "", lambda _: None, lambda: None)
        else:
            self._microphone.shut()

    def _changed(self, state: State) -> None:
        opened = state is not State.CLOSED
        self.attempt.setText(tr("Stop") if opened else tr("Try it"))
        self.level.setValue(0)
        self.level.setVisible(opened)
        if opened:
            self.said.setText(tr("Say something. The bar shows how loud the microphone hears you."))
        self.said.setVisible(opened)

    def _show_level(self, peak: float) -> None:
        self.level.setValue(max(int(min(peak * 1.4, 1.0) * FULL), int(self.level.value() * 0.8)))

    def _lost(self, error: TsukueError) -> None:
        self.said.setText(sentence(error))
        self.said.show()


def _silently(_: BaseException) -> bool:
    """Without a sound system there is nothing to list; opening the microphone says why."""
    return True
