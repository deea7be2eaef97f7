"""The catalogue's models of one kind, judged and in the order in which to recommend them here."""

from __future__ import annotations

from collections.abc import Sequence

from core.models import catalogue, fit, speech
from core.models.catalogue import Entry
from core.models.fit import Fit, Speeds
from core.models.hardware import Machine
from core.models.speech import Measured


def of_role(
    role: str,
    machine: Machine,
    speeds: Speeds | None,
    measured: Sequence[Measured],
    *,
    japanese: bool = False,
) -> list[tuple[Entry, Fit]]:
    """All of a role. `speeds` is what this machine was measured to be capable of in writing, `measured` in recognising speech; `japanese`
    as of `fit.best_first`."""
    judged = [
        (entry, _judge(entry, machine, speeds, measured))
        for entry in catalogue.entries()
        if entry.role == role
    ]
    return fit.best_first(judged, machine, japanese=japanese)


def _judge(entry: Entry, machine: Machine, speeds: Speeds | None, measured: Sequence[Measured]) -> Fit:
    if entry.role == "speech":
        return speech.judge(entry, machine, measured)
    return fit.of_entry(entry, None, machine, speeds)
