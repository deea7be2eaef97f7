"""What the person has set by hand for one model; everything else is chosen automatically.

Kept in one JSON file in the home, by the model's id, so that it stays when the model is loaded again.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from pathlib import Path

import msgspec

from core import files
from core.engine.messages import Adapter

log = logging.getLogger(__name__)


class Adjustments(msgspec.Struct, frozen=True, omit_defaults=True):
    """None leaves a thing to Tsukue."""

    context_length: int | None = None  # tokens
    gpu_layers: int | None = None
    cache_type: str | None = None  # f16, q8_0 or q4_0
    thinking: bool | None = None  # whether to think before answering, where the model can do both
    adapters: tuple[Adapter, ...] = ()
    draft: str | None = None  # the id of a smaller model that guesses ahead; '' for none
    projector: str | None = None  # the file that gives it eyes; '' for none


USUAL = Adjustments()


class AdjustmentsFile:
    """Reads and writes the adjustments of one home. Any thread may call."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._all = self._read()

    def _read(self) -> dict[str, Adjustments]:
        try:
            raw = msgspec.json.decode(self._path.read_bytes(), type=dict[str, msgspec.Raw])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError) as error:
            log.warning("the adjustments of models cannot be read: %s", error)
            return {}
        found = {}
        for model, value in raw.items():
            with contextlib.suppress(msgspec.DecodeError):  # one broken entry costs that model's alone
                found[model] = msgspec.json.decode(value, type=Adjustments)
        return found

    def get(self, model: str) -> Adjustments:
        """What was set for a model."""
        with self._lock:
            return self._all.get(model, USUAL)

    def set(self, model: str, wanted: Adjustments) -> None:
        """Keep it; the usual ones are not kept. Raises DiskFull, HomeNotWritable; then everything is as before."""
        with self._lock:
            every = {key: value for key, value in self._all.items() if key != model}
            if wanted != USUAL:
                every[model] = wanted
            self._write(every)

    def _write(self, every: dict[str, Adjustments]) -> None:
        files.write(self._path, msgspec.json.format(msgspec.json.encode(every)))
        self._all = every
