"""A number that may also be left as the settings have it."""

from __future__ import annotations

from PySide6.QtWidgets import QDoubleSpinBox

from desktop.i18n import tr

STEP = 0.05


class UsualSpin(QDoubleSpinBox):
    """One step below zero stands for "as usual"."""

    def __init__(self, name: str, highest: float) -> None:
        super().__init__()
        self.setRange(-STEP, highest)
        self.setSingleStep(STEP)
        self.setSpecialValueText(tr("usual"))
        self.setAccessibleName(name)
        self.setToolTip(name)
        self.choose(None)

    def choose(self, value: float | None) -> None:
        """Show a number; None: as usual."""
        self.setValue(-STEP if value is None else value)

    @property
    def chosen(self) -> float | None:
        """The number, or None for as usual."""
        return None if self.value() < 0 else round(self.value(), 2)
