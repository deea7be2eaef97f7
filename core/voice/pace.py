"""Which way speech recognition is computed fastest on this computer: found out once for each model, and remembered.

On most processors that is eight-bit numbers on all cores, on some it is not (Apple's multiply floats faster; of eight cores four may
be slow ones), and where CUDA works a graphics card is many times as fast. Whether it works cannot be asked: CTranslate2 finds the card,
loads the model, and ends the process at the first sound where cuDNN is missing. So each way is tried in a process of its own, which may
die of it, some time after somebody has spoken, while nobody waits for anything. Where the chosen way fails later (a driver was
changed), the usual one is taken from then on; where the card only has no memory left, for some minutes.
"""

from __future__ import annotations

import logging
import platform
import threading
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import msgspec

from core import files
from core.errors import (
    N_,
    CardFailed,
    DiskFull,
    HomeNotWritable,
    ModelUnreadable,
    WorkerDied,
    WorkerFault,
    WorkerStopped,
)
from core.jobs import Job, Jobs, turn
from core.models.hardware import look, processor_name
from core.voice.messages import ListWays, MeasureWay, Pace, Way
from core.workers.supervisor import Worker, WorkerFell, WorkerSpec

log = logging.getLogger(__name__)

NAME = N_("measuring speech recognition")
QUIET_SECONDS = 20.0  # nobody waits for anything for so long before it begins
FLOATS = 2  # times the file, whose numbers have 16 bits mostly, is what a model of 32-bit numbers takes
BETTER = 0.87  # of the usual way's time: less is within what other work on the computer makes of it
STEADY = BETTER  # twice the same way: a larger difference means that the computer worked meanwhile
RESTING_SECONDS = 600.0  # in which the card has perhaps given memory back

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
        self._measuring = threading.Lock()  # two at once would measure each other
        self._wanted: set[Job] = set()  # what measures, or will
        self._used: dict[
            str, tuple[str, Way]
        ] = {}  # by which model, and how, each worker was last told to compute
        self._resting: dict[
            str, float
        ] = {}  # until when the usual way is taken, by the clock that never stands
        self._found = self._read()

    def way(self, folder: str, user: str) -> Way:
        """How the model in `folder` is to be computed by the worker of that name; the usual way as long as nothing is known."""
        key = _key(folder)
        with self._lock:
            found = self._found.get(key)
            rests = self._resting.get(key, 0.0) > time.monotonic()
            way = found.way if found is not None and not rests else Way()
            self._used[user] = (key, way)
        return way

    def found(self, folder: str) -> Found | None:
        """What is known of the model in `folder`."""
        with self._lock:
            return self._found.get(_key(folder))

    # ------------------------------------------------------------ finding out

    def find_out_later(self, folder: str) -> None:
        """Measure in the background, as soon as it is quiet, unless it is known already."""
        key = _key(folder)
        with self._lock:
            self._wanted = {job for job in self._wanted if not job.done}
            if key in self._found or self._wanted:
                return
            self._wanted.add(
                self._jobs.start("measure speech recognition", lambda job: self._when_quiet(job, folder))
            )

    def make_way(self) -> None:
        """Somebody begins to speak: what is being measured would be wrong, and be in the way."""
        with self._lock:
            wanted, self._wanted = self._wanted, set()
        for job in wanted:
            job.cancel()

    def _wait_for_quiet(self, job: Job) -> None:
        while self._busy():
            job.pause(QUIET_SECONDS)

    def _when_quiet(self, job: Job, folder: str) -> None:
        job.pause(QUIET_SECONDS)
        self._wait_for_quiet(job)
        with turn(self._measuring, job):
            if self.found(folder) is None:  # not meanwhile
                self._find_out(folder, job)

    def find_out(self, folder: str, job: Job | None = None) -> Found:
        """Try all ways now, and take the fastest from now on. Raises ModelUnreadable, WorkerDied, where not even the usual one works;
        Cancelled, also by who begins to speak (`make_way`)."""
        if job is not None:
            with self._lock:
                self._wanted.add(job)
        with turn(self._measuring, job):
            return self._find_out(folder, job)

    def _find_out(self, folder: str, job: Job | None) -> Found:
        usual, *others = self._worker.call(ListWays()).result().of
        if (
            _size(folder) * FLOATS > look().memory_free / 2
        ):  # there is no room for the model in 32-bit numbers
            others = [way for way in others if way.numbers != "float32"]
        if job is not None:
            self._wait_for_quiet(job)
        before = self._measure(folder, usual, job)
        paces: list[tuple[Way, Pace]] = []
        failed: list[str] = []
        for way in others:
            if way.device in failed:
                continue
            if job is not None:
                self._wait_for_quiet(job)
            try:
                paces.append((way, self._measure(folder, way, job)))
            except WorkerDied as error:
                failed.append(way.device)
                self._worker.forgive()
                log.info("speech recognition by %s does not work here: %s", way, error.cause)
            except (CardFailed, ModelUnreadable, WorkerFault) as error:
                log.info("speech recognition by %s does not work here: %s", way, error)
        after = self._measure(folder, usual, job)
        paces.insert(0, (usual, min(before, after, key=_seconds)))
        best, shortest = min(paces, key=lambda one: _seconds(one[1]))
        if _seconds(shortest) > BETTER * _seconds(paces[0][1]):
            best = usual
        found = Found(best, paces)
        slow, quick = max(before, after, key=_seconds), min(before, after, key=_seconds)
        if _seconds(quick) < STEADY * _seconds(slow):
            log.info("the computer was busy while it was measured: it will be measured again")
        else:
            log.info("speech recognition is computed by %s", best)
            self._keep(_key(folder), found)
        return found

    def _measure(self, folder: str, way: Way, job: Job | None) -> Pace:
        if job is not None:
            job.check()
        call = self._worker.call(MeasureWay(folder, way))
        leave = job.on_cancel(self._give_up) if job is not None else lambda: None
        try:
            pace: Pace = call.result()
            return pace
        except WorkerStopped:
            if job is not None:
                job.check()
            raise
        finally:
            leave()

    def _give_up(self) -> None:
        """End the process, whatever it is at: a large model takes long to load. Not here, since who speaks must not wait."""
        threading.Thread(target=self._worker.stop, args=(0.0,), name="give up measuring", daemon=True).start()

    # ------------------------------------------------------------ where it fails

    def fell(self, event: WorkerFell) -> None:
        """A worker died. If it computed another way than the usual one, that was its last time."""
        self._failed(event.error.worker)

    def card_failed(self, user: str, error: CardFailed) -> None:
        """The worker of this name could not compute the way that it was told to: it is not told so again, or not for some time."""
        if not error.passing:
            self._failed(user)
            return
        with self._lock:
            key, _ = self._used.get(user, ("", Way()))
            self._resting[key] = time.monotonic() + RESTING_SECONDS
        log.info("the graphics card has no memory left for speech recognition")

    def _failed(self, user: str) -> None:
        with self._lock:
            key, way = self._used.get(user, ("", Way()))
            found = self._found.get(key)
        if way.device != Way().device and found is not None and found.way == way:
            log.warning("speech recognition failed by %s: the usual way from now on", way)
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
