"""The settings: a row for each that is declared, by section, with a search; written as soon as it changes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from core import secrets
from core.errors import N_
from core.models.hub import DEFAULT_ENDPOINT
from core.settings import DECLARED, SettingChanged, Settings, SettingsFile
from core.settings.kinds import Model, Place, Section
from desktop.bridge import Bridge
from desktop.i18n import in_every_language, tr
from desktop.operations import Operations
from desktop.portability.panel import PortabilityPanel
from desktop.settings.backups import BackupsPanel
from desktop.settings.microphone import MicrophonePanel
from desktop.settings.rows import PanelRow, Row, SettingRow, TokenRow, folded
from desktop.settings.token_field import TokenField
from desktop.settings.updates import UpdatesPanel
from desktop.settings.writing import Writer
from desktop.widgets import layouts

# Kept in the system's keyring, not in the settings: the setting that they stand below, and what is said of them.
TOKENS = (
    (
        secrets.REMOTE,
        "remote_model",
        N_("Server access key"),
        N_("Only if the server requires one. It is sent to that server only."),
    ),
    (
        secrets.VECTORS,
        "vector_server",
        N_("Vector server access token"),
        N_("Only if the server requires one. It is sent to that server only."),
    ),
    (
        secrets.HUB,
        "hub_endpoint",
        N_("Model hub access token"),
        N_("For models that are only available to people who have agreed to their terms."),
    ),
)
_ADDRESS = {
    secrets.REMOTE: "remote_url",
    secrets.VECTORS: "vector_server",
    secrets.HUB: "hub_endpoint",
}
MICROPHONE = N_("Microphone")
CHATS = N_("Import and export")
BACKUPS = N_("Backups")
UPDATES = N_("Updates")
SIZE = (820, 700)
SMALLEST = (700, 460)
NAVIGATION_WIDTH = 168


class _Block(QWidget):
    """One section: heading, rows, and below them the advanced ones, folded away."""

    def __init__(self, heading: str, rows: list[Row | PanelRow], advanced: list[Row | PanelRow]) -> None:
        super().__init__()
        value = heading
        self.name = tr(value)
        self._words = folded(in_every_language(heading))
        self.rows = rows
        self.advanced = advanced
        title = QLabel(self.name)
        title.setProperty("role", "name")
        self.fold = QToolButton()
        self.fold.setProperty("role", "plain")
        self.fold.setCheckable(True)
        self.fold.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.fold.setText(tr("Advanced"))
        self.fold.setAccessibleName(tr("Advanced: {section}", section=self.name))
        self.fold.toggled.connect(self._fold)
        if not advanced:
            self.fold.hide()
        self._inside = QWidget()
        inside = QVBoxLayout(self._inside)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(16)
        for row in advanced:
            inside.addWidget(row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 4, 14)
        layout.setSpacing(16)
        layout.addWidget(title)
        for row in rows:
            layout.addWidget(row)
        layout.addWidget(self.fold, 0, Qt.AlignmentFlag.AlignLeft)
        layout.addWidget(self._inside)
        self._fold(False)

    def _fold(self, opened: bool) -> None:
        self.fold.setArrowType(Qt.ArrowType.DownArrow if opened else Qt.ArrowType.RightArrow)
        self._inside.setVisible(opened)

    def search(self, wanted: list[str]) -> bool:
        """Show only what the words find, or everything where there are none; whether anything is shown."""
        searched = bool(wanted)
        if all(word in self._words for word in wanted):
            wanted = []  # the section itself is meant
        shown = [row for row in self.rows + self.advanced if row.found_by(wanted)]
        for row in self.rows + self.advanced:
            row.setVisible(row in shown)
        deep = any(row in shown for row in self.advanced)
        self.fold.setVisible(deep and not searched)
        self._inside.setVisible(deep and (searched or self.fold.isChecked()))
        self.setVisible(bool(shown))
        return bool(shown)


class SettingsDialog(QDialog):
    """Each change is kept at once; `fields` has the control of each setting by name."""

    def __init__(
        self,
        settings: SettingsFile,
        bridge: Bridge,
        operations: Operations,
        make_microphone: Callable[[], MicrophonePanel],
        make_backups: Callable[[], BackupsPanel],
        make_updates: Callable[[], UpdatesPanel],
        make_portability: Callable[[], PortabilityPanel],
        parent: QWidget | None = None,
    ) -> None:
        """`make_microphone`, `make_backups`, `make_updates` and `make_portability` make sections of their own, anew for each language."""
        super().__init__(parent)
        self._make_microphone = make_microphone
        self._make_backups = make_backups
        self._make_updates = make_updates
        self._make_portability = make_portability
        self.setMinimumSize(*SMALLEST)
        self.resize(*SIZE)
        self._settings = settings
        self._operations = operations
        self._writer = Writer(settings, operations, self)
        self._writer.settled.connect(self._show)
        self._outer = QVBoxLayout(self)
        self._outer.setContentsMargins(0, 0, 0, 0)
        self._content: QWidget | None = None
        self._blocks: list[_Block] = []
        self.build(bridge)

    def build(self, bridge: Bridge) -> None:
        """Make the content, in the window's language; what was searched for, unfolded and scrolled to stays."""
        bridge.on(SettingChanged, lambda event: self._show(event.name))
        searched, opened, scrolled, focused = "", [], 0, ""
        if self._content is not None:
            searched = self.search.text()
            opened = [block.fold.isChecked() for block in self._blocks]
            scrolled = self._area.verticalScrollBar().value()
            focused = next((name for name, field in self.fields.items() if field.hasFocus()), "")
            layouts.clear(self._outer)
        self.setWindowTitle(tr("Settings"))
        self._rows: dict[str, SettingRow] = {}
        self.fields: dict[str, QWidget] = {}
        self.tokens: dict[str, TokenField] = {}
        self._blocks = [block for section in Section if (block := self._block(section)) is not None]
        self.portability = self._make_portability()
        self._blocks.append(_Block(CHATS, [PanelRow(self.portability, CHATS)], []))
        self.backups = self._make_backups()
        self._blocks.append(_Block(BACKUPS, [PanelRow(self.backups, BACKUPS)], []))
        self.updates = self._make_updates()
        self._blocks.append(_Block(UPDATES, [PanelRow(self.updates, UPDATES)], []))
        self._content = self._assemble()
        self._outer.addWidget(self._content)
        for block, was in zip(self._blocks, opened, strict=False):
            block.fold.setChecked(was)
        self.search.setText(searched)
        if scrolled:
            self._area.verticalScrollBar().setValue(scrolled)
        if focused:
            self.fields[focused].setFocus()
        if self.isVisible():
            self._list_models()
            self.backups.refresh()

    def _assemble(self) -> QWidget:
        content = QWidget()
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search settings"))
        self.search.setAccessibleName(tr("Search settings"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._filter)
        inside = QVBoxLayout()
        for block in self._blocks:
            inside.addWidget(block)
        self.nothing = QLabel()
        self.nothing.setProperty("role", "muted")
        self.nothing.setWordWrap(True)
        self.nothing.setTextFormat(Qt.TextFormat.PlainText)
        self.nothing.hide()
        inside.addWidget(self.nothing)
        inside.addStretch(1)
        self._area: QScrollArea = layouts.scrolling(inside)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        inside.setContentsMargins(0, 0, 12, 0)
        self._area.verticalScrollBar().valueChanged.connect(self._mark)
        navigation = QWidget()
        navigation.setFixedWidth(NAVIGATION_WIDTH)
        column = QVBoxLayout(navigation)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._buttons: list[QPushButton] = []
        for block in self._blocks:
            button = QPushButton(block.name)
            button.setProperty("role", "section")
            button.clicked.connect(partial(self._go_to, block))
            column.addWidget(button)
            self._buttons.append(button)
        column.addStretch(1)
        close = QPushButton(tr("Close"))
        close.setAutoDefault(False)
        close.clicked.connect(self.accept)
        for button in content.findChildren(QPushButton):
            button.setAutoDefault(False)  # Enter in a field takes its value and closes nothing
        middle = QHBoxLayout()
        middle.setSpacing(24)
        middle.addWidget(navigation)
        middle.addWidget(self._area, 1)
        layout = QVBoxLayout(content)
        layout.setContentsMargins(24, 20, 16, 16)
        layout.setSpacing(16)
        layout.addWidget(self.search)
        layout.addLayout(middle, 1)
        layout.addWidget(close, 0, Qt.AlignmentFlag.AlignRight)
        QShortcut(QKeySequence.StandardKey.Find, content, self.search.setFocus)
        self._mark()
        return content

    def _block(self, section: Section) -> _Block | None:
        rows: list[Row | PanelRow] = []
        advanced: list[Row | PanelRow] = []
        if section is Section.SPEECH:
            self.microphone = self._make_microphone()
            rows.append(PanelRow(self.microphone, MICROPHONE))
        for setting in DECLARED.values():
            if setting.section is not section or setting.place is not Place.DIALOG:
                continue
            row = self._rows[setting.name] = SettingRow(setting, self._settings, self._writer)
            self.fields[setting.name] = row.control
            (advanced if setting.advanced else rows).append(row)
            tokens = [self._token(*token) for token in TOKENS if token[1] == setting.name]
            with_address = setting.advanced and setting.name != Settings.hub_endpoint.name
            (advanced if with_address else rows).extend(tokens)  # the hub's is for its usual address too
        return _Block(section.value, rows, advanced) if rows or advanced else None

    def _token(self, secret: secrets.Secret, _: str, label: str, about: str) -> TokenRow:
        value = label
        field = TokenField(
            secret, tr(value), partial(self._address, _ADDRESS[secret]), self._settings, self._operations
        )
        self.tokens[secret.user] = field
        return TokenRow(label, about, field)

    def _address(self, name: str) -> str:
        """Where the token goes whose server has its address in this setting."""
        usual = DEFAULT_ENDPOINT if name == Settings.hub_endpoint.name else ""
        return str(getattr(self._settings.values, name)) or usual

    # ------------------------------------------------------------ moving about

    def _filter(self, text: str) -> None:
        wanted = folded(text).split()
        shown = [block.search(wanted) for block in self._blocks]
        for button, there in zip(self._buttons, shown, strict=True):
            button.setEnabled(there)
        self.nothing.setVisible(not any(shown))
        self.nothing.setText(tr("No settings found for “{words}”. Try another word.", words=text.strip()))
        self._area.verticalScrollBar().setValue(0)
        self._mark()

    def _go_to(self, block: _Block) -> None:
        self._area.verticalScrollBar().setValue(block.y())
        self._mark(block=block)

    def _mark(self, _: int = 0, block: _Block | None = None) -> None:
        """Mark the section that is being read."""
        top = self._area.verticalScrollBar().value() + 40
        shown = [b for b in self._blocks if not b.isHidden()]
        here = block or next((b for b in reversed(shown) if b.y() <= top), shown[0] if shown else None)
        for each, button in zip(self._blocks, self._buttons, strict=True):
            active = "true" if each is here else "false"
            if button.property("active") != active:
                button.setProperty("active", active)
                button.style().unpolish(button)
                button.style().polish(button)

    # ------------------------------------------------------------ values

    def _show(self, name: str) -> None:
        if name in self._rows:
            self._rows[name].refresh()
        for field in self.tokens.values():
            field.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.search.setFocus()
        self._list_models()
        self.backups.refresh()

    def _list_models(self) -> None:
        """Models come and go; which there are is read from the disk, off the window's thread."""
        rows = [row for row in self._rows.values() if isinstance(row.setting, Model)]
        self._operations.run(
            "list the models that settings can name",
            lambda job: [self._settings.offered(row.setting) for row in rows],
            lambda found: self._offer_all(rows, found),
        )

    def _offer_all(self, rows: list[SettingRow], found: list[list[tuple[str, str]]]) -> None:
        for row, models in zip(rows, found, strict=True):
            self._offer(row, models)

    def _offer(self, row: SettingRow, models: list[tuple[str, str]]) -> None:
        box = row.control
        assert isinstance(box, QComboBox)
        with QSignalBlocker(box):
            box.clear()
            for key, text in models:
                value = text
                box.addItem(tr(value), key)
        row.refresh()
