"""The status line: offline shield, connections, model and speed, memory, context meter."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QWidget

from core.sound.service import Sound, State
from desktop.i18n import tr, tr_n
from desktop.opening import STATUS_HEIGHT
from desktop.theme import Theme
from desktop.widgets.icons import icon


class StatusLine(QWidget):
    ledger = Signal()  # the person wants to see the connections
    context_wanted = Signal()  # and what fills the context
    _microphone = Signal(object)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("status")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(STATUS_HEIGHT)
        self._theme = theme
        self._shield = QLabel()
        self.offline = QLabel()
        self.offline.setObjectName("offline")
        self.network = QPushButton()
        self.network.setProperty("role", "quiet")
        self.network.setToolTip(tr("Show every connection Tsukue has made"))
        self.network.clicked.connect(self.ledger)
        self._lamp = QLabel()
        self.microphone = QLabel(tr("The microphone is open"))
        self.microphone.setObjectName("microphoneOpen")
        self._microphone.connect(self._show_microphone, Qt.ConnectionType.QueuedConnection)
        self.activity = QLabel()
        self.model = QLabel()
        self.memory = QLabel()
        self.context_label = QPushButton(tr("Context"))
        self.context_label.setProperty("role", "quiet")
        self.context_label.setToolTip(tr("Show what fills the model's context"))
        self.context_label.clicked.connect(self.context_wanted)
        self.meter = QProgressBar()
        self.meter.setTextVisible(False)
        self.meter.setFixedWidth(90)
        self.meter.setRange(0, 100)
        self.meter.setAccessibleName(tr("How much of the model's context is used"))
        self.percent = QLabel()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 0, 14, 0)
        layout.setSpacing(16)
        shield = QHBoxLayout()
        shield.setSpacing(4)
        shield.addWidget(self._shield)
        shield.addWidget(self.offline)
        layout.addLayout(shield)
        layout.addWidget(self.network)
        open_now = QHBoxLayout()
        open_now.setSpacing(4)
        open_now.addWidget(self._lamp)
        open_now.addWidget(self.microphone)
        layout.addLayout(open_now)
        self._show_microphone(State.CLOSED)
        layout.addStretch()
        for widget in (self.activity, self.model, self.memory, self.context_label, self.meter, self.percent):
            layout.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)
        self._connections = 0
        self._server = self._search_server = ""
        self._activities: dict[str, str] = {}
        self.set_network(0)
        self.set_context(0, 0)
        theme.changed.connect(self._paint)
        self._paint()

    def _paint(self) -> None:
        tokens = self._theme.tokens
        elsewhere = bool(self._server or self._search_server)
        colour = tokens.warning if elsewhere else tokens.accent
        self._shield.setPixmap(icon("shield", colour, 14).pixmap(14, 14))
        self._lamp.setPixmap(icon("microphone", tokens.warning, 14).pixmap(14, 14))
        self.offline.setProperty("elsewhere", "true" if elsewhere else "false")
        self.offline.style().unpolish(self.offline)
        self.offline.style().polish(self.offline)

    def follow_microphone(self, sound: Sound) -> None:
        """Show on every page that the microphone is open, whoever has opened it."""
        leave = sound.watch(self._microphone.emit)
        self.destroyed.connect(lambda _: leave())  # the window is built anew in another language
        self._show_microphone(sound.state)

    def _show_microphone(self, state: State) -> None:
        for part in (self._lamp, self.microphone):
            part.setVisible(state is not State.CLOSED)

    def set_server(self, server: str) -> None:
        """The server that this conversation is sent to; '' if everything is computed here."""
        self._server = server
        self.set_network(self._connections)
        self._paint()

    def set_search_server(self, server: str) -> None:
        """The server that searches the documents; '' if this computer does."""
        self._search_server = server
        self.set_network(self._connections)
        self._paint()

    def set_network(self, connections: int) -> None:
        """How many connections this session has made."""
        self._connections = connections
        if self._server or self._search_server:
            self.offline.setText(tr("Online: {host}", host=self._server or self._search_server))
            told = []
            if self._server:
                told.append(
                    tr(
                        "Your messages, and passages from the documents you ask about, are sent to {host} for answering.",
                        host=self._server,
                    )
                )
            if self._search_server:
                told.append(
                    tr(
                        "Numbers made of your documents and questions are sent to {host} for searching, but no text.",
                        host=self._search_server,
                    )
                )
            self.offline.setToolTip("\n".join(told))
        elif connections:
            self.offline.setText(tr("Runs on this computer"))
            self.offline.setToolTip(
                tr(
                    "What you write is processed on this computer. The list shows what the connections were for."
                )
            )
        else:
            self.offline.setText(tr("Offline"))
            self.offline.setToolTip(tr("Everything runs on this computer. Nothing has been sent anywhere."))
        self.network.setText(tr_n("{n} connection", "{n} connections", connections))

    def set_model(self, name: str, speed: float | None) -> None:
        """The model, and its speed in tokens per second once known."""
        self.model.setText(f"{name} · {speed:.0f} tok/s" if speed else name)

    def set_activity(self, source: str, text: str) -> None:
        """What `source` is doing (any name that tells it from others), empty when it has ended.

        Of several that are at work the one that began last is shown; one that ends takes nothing from the others.
        """
        if text:
            self._activities[source] = text  # a source that goes on keeps its place
        else:
            self._activities.pop(source, None)
        text = next(reversed(self._activities.values()), "")
        self.activity.setText(text)
        self.activity.setVisible(bool(text))

    def set_memory(self, own: int, workers: dict[str, int]) -> None:
        """Memory in bytes: of the window's process and of each worker that is on."""
        total = own + sum(workers.values())
        self.memory.setText(tr("Memory {size} GB", size=f"{total / 1e9:.1f}"))
        window = tr("Window")
        lines = [f"{window}: {own / 1e6:.0f} MB"]
        lines += [f"{tr(name)}: {size / 1e6:.0f} MB" for name, size in workers.items() if size]
        self.memory.setToolTip("\n".join(lines))

    def set_context(self, used: int, length: int) -> None:
        """How much of the model's window the conversation fills."""
        self.context = used, length
        known = length > 0
        for widget in (self.context_label, self.meter, self.percent):
            widget.setVisible(known)
        if known:
            share = min(round(100 * used / length), 100)
            self.meter.setValue(share)
            self.percent.setText(f"{share} %")
            self.meter.setToolTip(tr("{used} of {length} tokens", used=used, length=length))
