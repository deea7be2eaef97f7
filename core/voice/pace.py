"""Which way speech recognition is computed fastest on this computer: found out once for each model, and remembered.

On most processors that is eight-bit numbers on all cores, on some it is not (Apple's multiply floats faster; of eight cores four may
be slow ones), and where CUDA works a graphics card is many times as fast. Whether it works cannot be asked: CTranslate2 finds the card,
loads the model, and ends the process at the first sound where cuDNN is missing. So each way is tried in a process of its own, which may
die of it, some time after somebody has spoken, while nobody waits for anything. Where the chosen way fails later (a driver was
changed), the usual one is taken from then on.
"""

from __future__ import annotations

import logging
import platform
import threading
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from core import files
from core.errors import N_, DiskFull, HomeNotWritable, ModelUnreadable, WorkerDied
from core.jobs import Job, Jobs
from core.models.hardware import look, processor_name
from core.voice.messages import ListWays, MeasureWay, Pace, Way
from core.workers.supervisor import Worker, WorkerFell, WorkerSpec

log = logging.getLogger(__name__)

NAME = N_("measuring speech recognition")
QUIET_SECONDS = 20.0  # nobody waits for anything for so long before it begins
FLOATS = 2  # times the file, whose numbers have 16 bits mostly, is what a model of 32-bit numbers takes
BETTER = 0.87  # of the usual way's time: less is within what other work on the computer makes of it

_DRIVER = Path("/proc/driver/nvidia/version")


def spec(options: dict[str, int]) -> WorkerSpec:
    """The process that ways are tried in. It has time."""
    return WorkerSpec(NAME, "core.voice.transcriber", options=options, idle_seconds=5, nice=15)


class Found(msgspec.Struct, frozen=True):
    """What was found out about a model: the way that it is computed, and what each that worked took."""

    way: Way
    paces: list[tuple[Way, Pace]] = []
    failed: bool = False  # that the usual one was taken since another had failed


class Paces:
    """Remembers in `path`, a file. `worker` tries the ways out; `busy` tells whether somebody waits for something. Any thread may call."""

    def __init__(self, path: Path, worker: Worker, jobs: Jobs, busy: Callable[[], bool]) -> None:
        self._path = path
        self._worker = worker
        self._jobs = jobs
        self._busy = busy
        self._lock = threading.Lock()
        self._job: Job | None = None
        self._used: dict[
            str, str
        ] = {}  # what the other workers were last told to use: name of the worker to key
        self._found = self._read()

    def way(self, folder: str, user: str) -> Way:
        """How the model in `folder` is to be computed by the worker of that name; the usual way as long as nothing is known."""
        key = _key(folder)
        with self._lock:
            self._used[user] = key
            found = self._found.get(key)
        return found.way if found is not None else Way()

    def found(self, folder: str) -> Found | None:
        """What is known of the model in `folder`."""
        with self._lock:
            return self._found.get(_key(folder))

    # ------------------------------------------------------------ finding out

    def find_out_later(self, folder: str) -> None:
        """Measure in the background, as soon as it is quiet, unless it is known already."""
        with self._lock:
            if _key(folder) in self._found or (self._job is not None and not self._job.done):
                return
            self._job = self._jobs.start(
                "measure speech recognition", lambda job: self._when_quiet(job, folder)
            )

    def make_way(self) -> None:
        """Somebody begins to speak: what is being measured would be wrong, and be in the way."""
        with self._lock:
            job, self._job = self._job, None
        if job is not None:
            job.cancel()

    def _when_quiet(self, job: Job, folder: str) -> None:
        job.pause(QUIET_SECONDS)
        while self._busy():
            job.pause(QUIET_SECONDS)
        if self.found(folder) is None:  # not meanwhile
            self.find_out(folder, job)

    def find_out(self, folder: str, job: Job | None = None) -> Found:
        """Try all ways, and take the fastest from now on. Raises ModelUnreadable, WorkerDied, where not even the usual one works;
        Cancelled, also by who begins to speak (`make_way`)."""
        with self._lock:
            self._job = job
        usual, *others = self._worker.call(ListWays()).result().of
        if (
            _size(folder) * FLOATS > look().memory_free / 2
        ):  # there is no room for the model in 32-bit numbers
            others = [way for way in others if way.numbers != "float32"]
        paces = [(usual, self._measure(folder, usual, job))]
        failed: list[str] = []
        for way in others:
            if way.device in failed:
                continue
            try:
                paces.append((way, self._measure(folder, way, job)))
            except WorkerDied as error:
                failed.append(way.device)
                self._worker.forgive()
                log.info("speech recognition by %s does not work here: %s", way, error.cause)
            except ModelUnreadable as error:
                log.info("speech recognition by %s does not work here: %s", way, error)
        best, shortest = min(paces, key=lambda one: _seconds(one[1]))
        if _seconds(shortest) > BETTER * _seconds(paces[0][1]):
            best = usual
        found = Found(best, paces)
        log.info("speech recognition is computed by %s", best)
        self._keep(_key(folder), found)
        return found

    def _measure(self, folder: str, way: Way, job: Job | None) -> Pace:
        if job is not None:
            job.check()
        call = self._worker.call(MeasureWay(folder, way))
        leave = job.on_cancel(call.cancel) if job is not None else lambda: None
        try:
            pace: Pace = call.result()
            return pace
        finally:
            leave()

    # ------------------------------------------------------------ where it fails

    def fell(self, event: WorkerFell) -> None:
        """A worker died. If it computed another way than the usual one, that was its last time."""
        with self._lock:
            key = self._used.get(event.error.worker, "")
            found = self._found.get(key)
        if found is not None and found.way.device != Way().device:
            log.warning("speech recognition fell over by %s: the usual way from now on", found.way)
            self._keep(key, Found(Way(), found.paces, failed=True))

    # ------------------------------------------------------------ the file

    def _read(self) -> dict[str, Found]:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=dict[str, Found])
        except (OSError, msgspec.DecodeError):
            return {}  # it is found out again

    def _keep(self, key: str, found: Found) -> None:
        with self._lock:
            self._found[key] = found
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                files.write_json(self._path, msgspec.to_builtins(self._found))
            except (OSError, DiskFull, HomeNotWritable):
                log.warning("how speech recognition is computed could not be kept", exc_info=True)


def _seconds(pace: Pace) -> float:
    return pace.hear + pace.write


def _size(folder: str) -> int:
    """Of the model's file, in bytes."""
    try:
        return (Path(folder) / "model.bin").stat().st_size
    except OSError:
        return 0


def _key(folder: str) -> str:
    """A model on this computer as it is: measured anew where the model, CTranslate2, the processor or NVIDIA's driver is another."""
    try:
        number = version("ctranslate2")
    except PackageNotFoundError:
        number = "?"
    try:
        driver = _DRIVER.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0]
    except OSError:
        driver = ""
    parts = (
        Path(folder).name,
        str(_size(folder)),
        number,
        platform.machine(),
        processor_name(),
        driver,
    )
    return " · ".join(part for part in parts if part)
