"""How fast this machine writes: measured once with two models, then learnt from answers.

A token's time is that of reading the active weights and that of starting the layers. A small model in many layers
and a larger one in few tell the two apart. What a busy machine was measured to be is too slow; an answer that was
written quicker than what is known corrects it.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import astuple, replace
from pathlib import Path
from typing import TYPE_CHECKING

from core import files
from core.engine.interface import EngineAnswered
from core.engine.messages import Generate, LoadModel, Sampling, Turn
from core.errors import DiskFull, HomeNotWritable, ModelMissing, ModelUnreadable, TsukueError
from core.models import gguf, yardstick
from core.models.fit import USUAL_LAYERS, Pace, Speeds
from core.models.hardware import processor_name

if TYPE_CHECKING:
    from core.engine.local import LocalEngine
    from core.jobs import Job
    from core.models.library import Library
    from core.workers.supervisor import Worker

log = logging.getLogger(__name__)

FILE = "machine.json"
YARDSTICK = ".yardstick.gguf"  # beside it while it is measured; one that a crash left is written over
CONTEXT = 1024
TOKENS = 96
REPEATS = 3
TELLING_BYTES = yardstick.BYTES
TELLING = 48  # tokens, without those guessed right; a shorter answer's speed says little


class MachineSpeed:
    """What is known of this machine's speed, and how it is found out."""

    def __init__(
        self, folder: Path, engine: LocalEngine, library: Library, new_worker: Callable[[], Worker]
    ) -> None:
        """`folder` keeps the result; `new_worker` makes an engine's process that may die."""
        self._file = folder / FILE
        self._yardstick = folder / YARDSTICK
        self._engine = engine
        self._library = library
        self._new_worker = new_worker

    def known(self) -> Speeds | None:
        """What was measured on this processor with these graphics devices; None if nothing was."""
        try:
            kept = json.loads(self._file.read_text(encoding="utf-8"))
            if kept["machine"] != self._machine():
                return None
            return Speeds(Pace(*kept["processor"]), Pace(*kept["graphics"]) if kept["graphics"] else None)
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _machine(self) -> list[object]:
        """What a measurement holds for."""
        devices = (device.description for device in self._engine.record.devices)
        return [processor_name(), os.cpu_count(), *devices]

    def measure(self, job: Job | None = None) -> Speeds | None:
        """Measure with the smallest chat model that is here and the yardstick, and keep the result.

        About ten seconds, as long again for a graphics device. None if it fails. Raises Cancelled if `job` is.
        """
        small = self._smallest()
        if small is None:
            return None
        large = self._yardstick
        try:
            if shutil.disk_usage(large.parent).free < 2 * yardstick.BYTES:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(large))
            yardstick.write(large)
            with self._process(job) as worker:
                devices = self._engine.look(worker)
            processor = self._pace(small, large, 0, job)
            graphics = self._graphics_pace(small, large, job) if devices else None
        except (OSError, TsukueError):
            if job is not None:
                job.check()
            log.warning("the machine could not be measured", exc_info=True)
            return None
        finally:
            with contextlib.suppress(OSError):
                large.unlink(missing_ok=True)
        if processor is None:
            return None
        found = Speeds(processor, graphics)
        self._keep(found)
        return found

    def learn(self, answered: EngineAnswered) -> None:
        """Take the speed of an answer for this machine's, where it says something and is better than what is known.

        A model that is small enough for the processor's cache says nothing of larger ones.
        """
        info, timings = answered.info, answered.timings
        if info.size_bytes < TELLING_BYTES:
            return
        before = self.known()
        # A right guess needs no reading of the weights of its own.
        passes = timings.completion_tokens - 1 - timings.accepted_tokens
        if before is None or passes < TELLING:
            return
        # Where processor and graphics device took turns, it is neither's own speed.
        if 0 < info.gpu_layers < info.layers:
            return
        seconds = (timings.total_s - timings.first_token_s) / passes
        side = "graphics" if info.gpu_layers else "processor"
        pace: Pace | None = getattr(before, side)
        quicker = pace.seconds(info.size_bytes, info.layers) / seconds if pace else None
        if (quicker is None or quicker > 1) and _is_dense(info.path):
            better = (
                Pace(pace.bandwidth * quicker, pace.per_layer / quicker)
                if pace and quicker
                else Pace(info.size_bytes / seconds)
            )
            self._keep(replace(before, **{side: better}))

    def _smallest(self) -> Path | None:
        """The file of the smallest chat model that can be read."""
        for model in sorted(self._library.of_role("chat"), key=lambda model: model.size_bytes):
            with contextlib.suppress(TsukueError):
                gguf.check(model.path)
                return model.path
        return None

    @contextlib.contextmanager
    def _process(self, job: Job | None) -> Iterator[Worker]:
        """An engine of its own, which goes at once when `job` is cancelled."""
        worker = self._new_worker()
        if job is not None:
            job.on_cancel(worker.close)
        try:
            yield worker
        finally:
            worker.close()

    def _keep(self, found: Speeds) -> None:
        """Write down for the next start; where that is not possible, this one goes on with what it has."""
        kept = {
            "machine": self._machine(),
            "processor": found.processor and astuple(found.processor),
            "graphics": found.graphics and astuple(found.graphics),
        }
        try:
            files.write_json(self._file, kept)
        except (DiskFull, HomeNotWritable):
            log.warning("the machine's speed could not be kept", exc_info=True)

    def _pace(self, small: Path, large: Path, gpu_layers: int, job: Job | None) -> Pace | None:
        """What bytes and layers cost, from what a token of each of the two models takes."""
        header = gguf.read_header(small)
        seconds = [self._token_seconds(path, gpu_layers, job) for path in (small, large)]
        if seconds[0] is None or seconds[1] is None:
            return None
        layers = header.number("block_count") or USUAL_LAYERS
        return solve(
            (gguf.size_bytes(small) * header.active_share, layers, seconds[0]),
            (gguf.size_bytes(large), yardstick.LAYERS, seconds[1]),
        )

    def _graphics_pace(self, small: Path, large: Path, job: Job | None) -> Pace | None:
        """The same for the graphics device; None where that fails, for the processor's pace is worth knowing alone."""
        try:
            return self._pace(small, large, -1, job)
        except TsukueError:
            if job is not None:
                job.check()
            log.warning("the graphics device could not be measured", exc_info=True)
            return None

    def _token_seconds(self, path: Path, gpu_layers: int, job: Job | None) -> float | None:
        """Seconds a token, the best of several short answers."""
        greedy = Sampling(temperature=0)
        found = []
        with self._process(job) as worker:
            load = LoadModel(str(path), CONTEXT, gpu_layers=gpu_layers, speculation="off")
            worker.call(load).result()
            for number in range(REPEATS):
                turn = Turn("user", "Tell me a very long story about a desk.")
                timings = (
                    worker.call(Generate(f"m{number}", [turn], greedy, max_tokens=TOKENS)).result().timings
                )
                if timings.tokens_per_second:
                    found.append(1 / timings.tokens_per_second)
        return min(found, default=None)


def _is_dense(path: str) -> bool:
    """Whether each token reads all of a model; of a mixture of experts, how much is known only roughly."""
    try:
        return not gguf.read_header(path).number("expert_count")
    except (ModelMissing, ModelUnreadable):  # a server's model, or a file that has gone meanwhile
        return False


def solve(small: tuple[float, int, float], large: tuple[float, int, float]) -> Pace:
    """The pace at which two models, each of (active bytes, layers, seconds a token), take as long as they do.

    Where noise makes bytes or layers cost less than nothing, layers cost nothing and the second model's bytes tell.
    """
    (size, layers, seconds), (other_size, other_layers, other_seconds) = small, large
    # Cramer's rule for size / bandwidth + layers * per_layer = seconds.
    determinant = size * other_layers - other_size * layers
    per_byte = (seconds * other_layers - other_seconds * layers) / determinant if determinant else 0.0
    per_layer = (size * other_seconds - other_size * seconds) / determinant if determinant else 0.0
    if per_byte <= 0 or per_layer < 0:
        return Pace(other_size / other_seconds)
    return Pace(1 / per_byte, per_layer)
