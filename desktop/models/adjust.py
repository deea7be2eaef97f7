"""The dialog for adjusting one model, which shows what each change means for memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import shiboken6
from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from core.engine import thinking
from core.engine.messages import Adapter
from core.models import fit, hardware
from core.models.adjustments import Adjustments
from core.models.fit import Speeds
from core.models.gguf import Header
from core.models.library import LocalModel
from core.models.service import Models
from desktop.chat.composer import thinking_choices
from desktop.i18n import tr
from desktop.models.cards import badge, fit_text
from desktop.settings.controls import TEXT_MARGINS
from desktop.widgets import layouts

_OTHER = "…"  # in the place of a file's path
SMALLEST, LARGEST = 2048, 1 << 20  # tokens of context on offer


@dataclass(frozen=True)
class AdjustOffer:
    """What was found for one model: `smaller` ones that can guess ahead for it, `adapters` that may change it, the projector
    beside it; `build` is its key in the ladder of safer settings."""

    header: Header
    smaller: list[LocalModel]
    adapters: list[LocalModel]
    projector: Path | None
    projector_bytes: int
    projector_left: bool  # it is not used, since the engine refused it or crashed with it
    speeds: Speeds | None
    build: str


class AdjustDialog(QDialog):
    """Each change is kept at once, and holds from the next question on."""

    changed = Signal()

    def __init__(
        self,
        models: Models,
        model: LocalModel,
        offer: AdjustOffer,
        write: Callable[[Adjustments, Callable[[], None], Callable[[], None]], None],
        parent: QWidget | None = None,
    ) -> None:
        """`write` keeps what is wished, off the window's thread, and then calls the first of what it is given; the second where
        it could not be kept."""
        super().__init__(parent)
        self._models = models
        self._model = model
        self._header = header = offer.header
        self._smaller = offer.smaller
        self._offered_adapters = offer.adapters
        self._offered_projector = offer.projector
        self._projector_bytes = offer.projector_bytes
        self._projector_left = offer.projector_left
        self._speeds = offer.speeds
        self._build = offer.build
        self._write = write
        self._trained = header.number("context_length") or 0
        self.setWindowTitle(tr("Adjust {name}", name=model.name))
        self.setMinimumWidth(560)
        wishes = models.adjustments.get(model.id)
        about = QLabel(
            tr("Tsukue chooses what suits this computer. Changes you make here apply to this model only.")
        )
        about.setProperty("role", "muted")
        about.setWordWrap(True)
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(24)
        self._form.setVerticalSpacing(12)
        self.context = self._box(tr("Context length in tokens"), self._contexts(), wishes.context_length)
        self.cache = self._box(
            tr("Memory for the chat (KV cache)"),
            [
                (None, tr("Chosen for you")),
                ("f16", tr("Full precision")),
                ("q8_0", tr("8 bits: half the memory, barely any difference")),
                ("q4_0", tr("4 bits: a quarter of the memory, answers may get worse")),
            ],
            wishes.cache_type,
        )
        self.layers = self._layers(wishes)
        self.thinking = self._thinking(wishes)
        self.draft = self._box(tr("Draft model"), self._drafts(), wishes.draft)
        self.draft.setToolTip(
            tr(
                "Lists models of the same family with the same vocabulary. If memory allows, a much smaller one is used automatically as long as it makes answers faster."
            )
        )
        self.projector = self._box(tr("Pictures"), self._projectors(), wishes.projector)
        self.projector.setToolTip(
            tr(
                "Models that see pictures come with a second file, the projector, with “mmproj” in its name. One that lies beside the model is found automatically."
            )
        )
        self.projector.activated.connect(self._projector_chosen)
        self._sees_with = self.projector.currentIndex()
        self.adapters = self._adapters(wishes)
        self._verdict = QHBoxLayout()
        self._safer = QFrame()
        self.automatic = QPushButton(tr("Reset all to automatic"))
        self.automatic.clicked.connect(self._reset)
        close = QPushButton(tr("Close"))
        close.setProperty("role", "primary")
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.automatic)
        buttons.addStretch()
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(16)
        layout.addWidget(about)
        layout.addLayout(self._form)
        layout.addLayout(self._verdict)
        layout.addWidget(self._safer)
        layout.addLayout(buttons)
        self._fill_safer()
        self._show_verdict()

    # ------------------------------------------------------------ the fields

    def _row(self, label: str, field: QWidget) -> None:
        field.setAccessibleName(label)
        self._form.addRow(label, field)

    def _box(self, label: str, choices: list[tuple[Any, str]], value: Any) -> QComboBox:
        box = QComboBox()
        for key, text in choices:
            box.addItem(text, key)
        box.setCurrentIndex(max(next((i for i, (key, _) in enumerate(choices) if key == value), 0), 0))
        box.currentIndexChanged.connect(self._keep)
        self._row(label, box)
        return box

    def _contexts(self) -> list[tuple[int | None, str]]:
        usual = self._models.settings.values.context_length
        sizes, size = [], SMALLEST
        while size <= min(self._trained or LARGEST, LARGEST):
            sizes.append(size)
            size *= 2
        wish = self._models.adjustments.get(self._model.id).context_length
        for extra in (self._trained, wish):
            if extra and extra not in sizes:
                sizes.append(extra)
        chosen: list[tuple[int | None, str]] = [(None, tr("Chosen for you ({n})", n=f"{usual:,}"))]
        return chosen + [(size, f"{size:,}") for size in sorted(sizes)]

    def _layers(self, wishes: Adjustments) -> QSpinBox | None:
        if not self._models.devices:
            return None
        number = QSpinBox()
        number.setRange(-1, self._header.number("block_count") or 999)
        number.lineEdit().setTextMargins(*TEXT_MARGINS)
        number.setSpecialValueText(tr("As many as fit"))
        number.setValue(-1 if wishes.gpu_layers is None else wishes.gpu_layers)
        number.valueChanged.connect(self._keep)
        self._row(tr("Layers on the graphics card"), number)
        return number

    def _thinking(self, wishes: Adjustments) -> QComboBox | None:
        if not thinking.switch_of(self._header.chat_template or ""):
            return None
        return self._box(tr("Thinking"), [*thinking_choices()], wishes.thinking)

    def _drafts(self) -> list[tuple[str | None, str]]:
        wish = self._models.adjustments.get(self._model.id).draft
        offered = {model.id: model.name for model in self._smaller}
        if wish:  # it may have been chosen where nothing was checked
            offered.setdefault(wish, self._models.library.known_name(wish))
        return [(None, tr("Chosen for you")), ("", tr("None")), *offered.items()]

    def _projectors(self) -> list[tuple[str | None, str]]:
        beside, wish = self._offered_projector, self._models.adjustments.get(self._model.id).projector
        usual = tr("Chosen for you ({n})", n=beside.name) if beside else tr("Text only: no projector found")
        if beside and self._projector_left:
            usual = tr("Text only: {n} cannot be used", n=beside.name)
        offered: list[tuple[str | None, str]] = [
            (None, usual),
            ("", tr("Text only")),
        ]
        if wish:
            offered.append((wish, Path(wish).name))
        return [*offered, (_OTHER, tr("Choose a projector file…"))]

    def _projector_chosen(self, place: int) -> None:
        """Ask for the file where that was chosen."""
        if self.projector.itemData(place) != _OTHER:
            return
        kind = tr("Model files")
        file, _ = QFileDialog.getOpenFileName(
            self, tr("Choose a projector file"), str(self._model.path.parent), f"{kind} (*.gguf)"
        )
        if not file:
            self.projector.setCurrentIndex(self._sees_with)
            return
        self.projector.insertItem(place, Path(file).name, file)
        self.projector.setCurrentIndex(place)

    def _adapters(self, wishes: Adjustments) -> dict[str, tuple[QCheckBox, QDoubleSpinBox]]:
        """A row for each adapter in the library: whether it is applied, and how strongly."""
        applied = {adapter.path: adapter.scale for adapter in wishes.adapters}
        rows = {}
        for adapter in self._offered_adapters:
            path = str(adapter.path)
            check = QCheckBox(adapter.name)
            check.setChecked(path in applied)
            strength = QDoubleSpinBox()
            strength.lineEdit().setTextMargins(*TEXT_MARGINS)
            strength.setRange(0.0, 2.0)
            strength.setSingleStep(0.1)
            strength.setValue(applied.get(path, 1.0))
            strength.setAccessibleName(tr("Strength of {name}", name=adapter.name))
            check.toggled.connect(self._keep)
            strength.valueChanged.connect(self._keep)
            field = QWidget()
            row = QHBoxLayout(field)
            row.setContentsMargins(0, 0, 0, 0)
            row.addWidget(check, 1)
            row.addWidget(strength)
            self._row(tr("Adapter"), field)
            rows[path] = (check, strength)
        return rows

    # ------------------------------------------------------------ what was chosen

    def wishes(self) -> Adjustments:
        """What the fields say."""
        layers = self.layers.value() if self.layers is not None else -1
        return Adjustments(
            context_length=self.context.currentData(),
            gpu_layers=layers if layers >= 0 else None,
            cache_type=self.cache.currentData(),
            thinking=self.thinking.currentData() if self.thinking is not None else None,
            adapters=tuple(
                Adapter(path, round(strength.value(), 2))
                for path, (check, strength) in self.adapters.items()
                if check.isChecked()
            ),
            draft=self.draft.currentData(),
            projector=self.projector.currentData(),
        )

    def _keep(self) -> None:
        if self.projector.currentData() == _OTHER:  # it is being asked for
            return
        self._show_verdict()
        before, self._sees_with = self._sees_with, self.projector.currentIndex()

        def not_kept() -> None:
            if shiboken6.isValid(self) and self._sees_with != before:
                with QSignalBlocker(self.projector):  # or it would be written, and refused, once more
                    self.projector.setCurrentIndex(before)
                self._sees_with = before
                self._show_verdict()

        self._write(self.wishes(), self.changed.emit, not_kept)

    def _reset(self) -> None:
        for box in (self.context, self.cache, self.draft, self.projector, self.thinking):
            if box is not None:
                box.setCurrentIndex(0)
        if self.layers is not None:
            self.layers.setValue(-1)
        for check, strength in self.adapters.values():
            check.setChecked(False)
            strength.setValue(1.0)
        self._keep()  # also what no field shows: an adapter whose file has gone

    def _show_verdict(self) -> None:
        wishes = self.wishes()
        draft = next((model for model in self._smaller if model.id == wishes.draft), None)
        found = fit.judge(
            self._model.size_bytes,
            self._header.shape,
            self._trained,
            hardware.look(self._models.devices),
            active_share=self._header.active_share,
            speeds=self._speeds,
            context=wishes.context_length or self._models.settings.values.context_length,
            cache_type=wishes.cache_type or "f16",
            gpu_layers=wishes.gpu_layers,
            shrink=wishes.context_length is None,
            beside=(fit.need(draft.size_bytes, None, 0).total if draft is not None else 0)
            + (self._projector_bytes if wishes.projector != "" else 0),
        )
        layouts.clear(self._verdict)
        text = QLabel(fit_text(found))
        text.setWordWrap(True)
        self._verdict.addWidget(badge(found), 0, Qt.AlignmentFlag.AlignTop)
        self._verdict.addWidget(text, 1)

    def _fill_safer(self) -> None:
        """If crashes have led to safer settings, say which, with the way back."""
        key = self._build
        names = self._models.ladder.names(key)
        self._safer.setVisible(bool(names))
        if not names:
            return
        self._safer.setObjectName("banner")
        row = QHBoxLayout(self._safer)
        text = QLabel(tr("Since a crash, this model runs {how}.", how=", ".join(tr(name) for name in names)))
        text.setWordWrap(True)
        back = QPushButton(tr("Try the original settings again"))
        back.clicked.connect(lambda: self._models.ladder.reset(key))
        back.clicked.connect(self._safer.hide)
        row.addWidget(text, 1)
        row.addWidget(back)
