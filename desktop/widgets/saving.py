"""Asks where a file is saved. An ending that was left out is added, and what would be replaced then is asked about too."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from core.portability.exporting import file_name
from desktop.i18n import tr


def ask_where(parent: QWidget, name: str, kinds: dict[str, str]) -> Path | None:
    """The file that the person names; None for none. `kinds`: endings (".csv") with what they are called; the first is offered."""
    filters = {f"{called} (*{ending})": ending for ending, called in kinds.items()}
    offered = f"{file_name(name)}{next(iter(kinds))}"
    path, chosen = QFileDialog.getSaveFileName(parent, tr("Save as"), offered, ";;".join(filters))
    if not path:
        return None
    target = Path(path)
    if target.suffix.lower() in kinds:
        return target
    target = target.with_name(target.name + filters.get(chosen, next(iter(kinds))))
    if target.exists():
        asked = tr("{file} is there already. Replace it?", file=target.name)
        if QMessageBox.question(parent, tr("Save as"), asked) != QMessageBox.StandardButton.Yes:
            return None
    return target
