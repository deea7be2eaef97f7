"""What a model writes beside an answer, whole: a summary, a title, a second try."""

from __future__ import annotations

from core.engine.interface import Engine
from core.engine.messages import Completion, Generate
from core.jobs import Job


def write(engine: Engine, model: str, request: Generate, job: Job) -> tuple[str, Completion]:
    """The text, and how it ended. Cancelling the job stops it. Raises what generating raises, and Cancelled."""
    call = engine.generate(model, request, lambda done, total: None, job)
    leave = job.on_cancel(call.cancel)
    try:
        return "".join(piece.text for piece in call.items()).strip(), call.result()
    finally:
        leave()
