"""Formulas as drawings: the client of the worker that typesets them.

TeX from a model is a stranger's text, and typesetting it can take exponentially long (fractions within fractions), so it is
done in a process that can be ended.
"""

from __future__ import annotations

import contextlib

import msgspec

from core.errors import N_, TsukueError
from core.workers.messages import Request, operation
from core.workers.supervisor import Worker, WorkerSpec

NAME = N_("formula drawing")
LONGEST = 2000  # characters of a formula that is drawn
SECONDS = 2.0  # for one formula; usual ones take 5 to 40 ms
FIRST_SECONDS = 30.0  # while the process starts
MEMORY = 1_500_000_000  # address space in bytes
PIXELS = 16  # height of the letters in a drawing
INK = "#010203"  # colour of a drawing; whoever shows it puts the colour of the text in its place


class Drawing(msgspec.Struct, frozen=True):
    """A formula in letters of `PIXELS` pixels: SVG (empty where it cannot be drawn), its width and height, and how far it
    reaches below its line, in pixels."""

    svg: bytes
    width: float = 0.0
    height: float = 0.0
    below: float = 0.0


@operation(result=Drawing, doing="drawing a formula")
class DrawFormula(Request):
    """Typeset TeX; `display`: as a formula on a line of its own."""

    source: str
    display: bool


def spec() -> WorkerSpec:
    """The worker, gone soon after the last formula."""
    return WorkerSpec(NAME, "core.chat.typesetter", idle_seconds=120, memory_limit=MEMORY)


class Formulas:
    """Draws formulas, one at a time. Any thread may call; each waits for its turn."""

    def __init__(self, worker: Worker) -> None:
        self.worker = worker

    def draw(self, source: str, *, display: bool) -> Drawing | None:
        """A formula's drawing; None where it cannot be drawn and has to be shown as it is written."""
        if len(source) > LONGEST:
            return None
        ready = bool(self.worker.isolation)
        try:
            call = self.worker.call(DrawFormula(source, display))
            drawing: Drawing = call.result(timeout=SECONDS if ready else FIRST_SECONDS)
        except TimeoutError:
            self.worker.kill()
            with contextlib.suppress(TsukueError):
                call.result()  # until the process is gone: the next call must not go to it
            self.worker.forgive()  # the formula's fault; the next one gets a fresh process
            return None
        except TsukueError:
            self.worker.forgive()
            return None
        return drawing if drawing.svg else None
