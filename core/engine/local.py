"""The local engine: client of the engine worker, used by the window and the command line."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from core.engine import room, self_test, states
from core.engine.eyes import EyesRecord, Seeing
from core.engine.interface import (
    Answer,
    EngineContextShortened,
    EngineDevicesGone,
    EngineDraftUnused,
    EngineEyesUnused,
    EngineHelperGone,
    EngineLayersReduced,
    EngineLoaded,
    EngineLoading,
    EngineSteppedDown,
)
from core.engine.ladder import SAFEST, Ladder, is_crash, key_of
from core.engine.messages import (
    Adapter,
    AskEngine,
    CountTokens,
    Device,
    EngineInfo,
    Forget,
    Generate,
    LoadModel,
    ModelInfo,
    Turn,
)
from core.engine.record import EngineRecord
from core.errors import N_, EyesUnusable, ModelCrashed, ModelMissing, ModelTooLarge, TsukueError, WorkerDied
from core.events import Events
from core.jobs import Job
from core.models import draft_models, gguf, hardware, projectors
from core.models.adjustments import Adjustments, AdjustmentsFile
from core.models.library import Library
from core.settings import SettingsFile
from core.workers.messages import Progress
from core.workers.supervisor import Worker, WorkerSpec

log = logging.getLogger(__name__)

SMALLEST_CONTEXT = 2048
WAIT_SECONDS = 0.1  # between looks at whether who waits was cancelled
WORKER_NAME = N_("chat engine")


def spec(module: str = "core.engine.llama.worker", **options: object) -> WorkerSpec:
    """The engine's worker; tests name the scripted module instead."""
    return WorkerSpec(WORKER_NAME, module, options=dict(options), idle_seconds=900, nice=5)


@dataclass(frozen=True)
class Memory:
    """What the engine keeps between starts."""

    ladder: Ladder
    record: EngineRecord
    adjustments: AdjustmentsFile
    eyes: EyesRecord
    states: Path | None = None  # the folder for conversations' states; None keeps none


class LocalEngine:
    """Loads the model that a request needs, in the worker, and passes requests on. Thread-safe."""

    def __init__(
        self,
        worker: Worker,
        library: Library,
        settings: SettingsFile,
        events: Events,
        memory: Memory,
    ) -> None:
        self.worker = worker
        self.ladder = memory.ladder
        self.record = memory.record
        self.adjustments = memory.adjustments
        self.eyes = memory.eyes
        self._states = memory.states
        self._library = library
        self._settings = settings
        self._events = events
        self._lock = threading.Lock()
        # The worker's pid, what was asked for, and the file's size and time.
        self._current: tuple[int | None, LoadModel, tuple[int, ...]] | None = None
        # What there was room for, of what was asked.
        self._worked: dict[tuple[int | None, bytes], LoadModel] = {}
        # Models, and what was chosen for them but does not help: said once.
        self._missed: set[tuple[str, str]] = set()
        self._asked: tuple[int | None, list[Device]] | None = None  # the worker's pid, and its devices
        self._blind: int | None = None  # the pid of a worker that was started without graphics devices
        self._looking = ""  # the projector that was sent with the last pictures
        self.info: ModelInfo | None = None

    @contextlib.contextmanager
    def _turn(self, job: Job | None) -> Iterator[None]:
        """The engine for one request at a time; a job that waits for its turn can be cancelled."""
        while not self._lock.acquire(timeout=WAIT_SECONDS):
            if job is not None:
                job.check()
        try:
            if job is not None:
                job.check()
            yield
        finally:
            self._lock.release()

    def load(self, model: str, job: Job | None = None) -> ModelInfo:
        """Load a model unless it is loaded.

        Raises NoModel, ModelMissing, ModelUnreadable, ModelTooLarge, ModelCrashed, Cancelled.
        """
        with self._turn(job):
            return self._load(model, job)

    def _load(self, model: str, job: Job | None) -> ModelInfo:
        usual = self.request(model)
        wanted = self._with_ladder(usual)
        version = (*states.file_version(wanted.path), *states.file_version(wanted.projector or wanted.path))
        if self.info is not None and self._current == (self.worker.pid, wanted, version):
            return self.info
        # Whether the old model stays beside the new one is for the worker to say.
        self._current = self.info = None
        self.info = info = self._try(model, usual, job)
        self._current = (self.worker.pid, self._with_ladder(usual), version)
        self._events.publish(EngineLoaded(model, info))
        return info

    def request(self, model: str) -> LoadModel:
        """What loading a model asks for: settings, what was set by hand for this model, the rest by itself.

        Raises NoModel, ModelMissing.
        """
        path = self._library.path_of(model)
        values = self._settings.values
        wishes = self.adjustments.get(model)
        draft = self._draft(model, wishes)
        return LoadModel(
            str(path),
            context_length=wishes.context_length or values.context_length,
            threads=values.threads,
            gpu_layers=-1 if wishes.gpu_layers is None else wishes.gpu_layers,
            cache_type=wishes.cache_type or "f16",
            state_folder=str(self._states) if self._states else "",
            state_bytes=values.state_megabytes << 20,
            speculation="auto" if values.speculation else "off",
            draft=draft,
            draft_by_hand=bool(draft),
            projector=self._projector(model, path, wishes),
        )

    def _projector(self, model: str, path: Path, wishes: Adjustments) -> str:
        """The file that gives a model eyes: the one that was chosen, or the one beside it; '' for none."""
        if wishes.projector and not gguf.is_there(Path(wishes.projector)):
            self._helper_gone(model, "projector", wishes.projector)
        elif wishes.projector is not None:
            return wishes.projector if wishes.projector and self.eyes.usable(wishes.projector) else ""
        found = str(projectors.of(path) or "")
        return found if found and self.eyes.usable(found) else ""

    def _draft(self, model: str, wishes: Adjustments) -> str | None:
        """The file of the model that was chosen to guess ahead; '' for none, None where nothing was chosen."""
        if not self._settings.values.speculation:
            return ""
        if not wishes.draft:
            return wishes.draft
        try:
            return str(self._library.path_of(wishes.draft))
        except ModelMissing:
            self._helper_gone(model, "draft", self._library.name_of(wishes.draft))
            return None

    def _adapters(self, model: str) -> list[Adapter]:
        """What was chosen for a model and is where it was; it answers without one that has gone."""
        found = []
        for adapter in self.adjustments.get(model).adapters:
            if gguf.is_there(Path(adapter.path)):
                found.append(adapter)
            else:
                self._helper_gone(model, "adapter", adapter.path)
        return found

    def _helper_gone(self, model: str, kind: str, name: str) -> None:
        if (model, name) not in self._missed:
            self._missed.add((model, name))
            log.warning("the %s %s of %s is not there any more", kind, name, model)
            self._events.publish(EngineHelperGone(model, kind, name))

    def _with_ladder(self, usual: LoadModel) -> LoadModel:
        """The request with what the model's rung changes."""
        return msgspec.structs.replace(usual, **self.ladder.changes(key_of(usual.path)))

    def _devices(self, job: Job | None = None) -> list[Device]:
        """The graphics devices of the worker's process, with their free memory; asked once for each process."""
        if self._blind is not None and self._blind == self.worker.pid:
            if not self.record.devices:
                return []
            # It was started without devices, for another model; the next one sees them. What it is writing is
            # written to its end first.
            its_turn = self.worker.call(AskEngine())
            if job is not None:
                job.on_cancel(its_turn.cancel)
            with contextlib.suppress(WorkerDied):
                its_turn.result()
            self.worker.stop()
        if self._asked is None or self._asked[0] != self.worker.pid:
            found = graphics_of(self.worker)
            if found is None:
                return []
            self._asked = (self.worker.pid, found)
            self._see(found)
        return self._asked[1]

    def _see(self, found: list[Device]) -> None:
        gone = self.record.see(found)
        if gone:
            self._events.publish(EngineDevicesGone(tuple(device.description for device in gone)))

    def look(self, worker: Worker) -> list[Device]:
        """The graphics devices that a worker's process sees, remembered for whoever asks what would fit."""
        found = graphics_of(worker)
        if found is None:
            return []
        self._see(found)
        return found

    def _fitting(
        self, model: str, wanted: LoadModel, devices: list[Device], *, shorten: bool = True
    ) -> LoadModel:
        """The request with what there is room for (room.py), where that was not chosen by hand."""
        found = room.fitting(
            wanted,
            hardware.look(devices),
            hardware.own_memory(self.worker.pid),
            shorten=shorten and self.adjustments.get(model).context_length is None,
            smaller=lambda free: self._smaller_models(Path(wanted.path), free),
        )
        request = found.request
        if request.context_length < wanted.context_length:
            self._events.publish(EngineContextShortened(model, request.context_length))
        if request.gpu_layers != wanted.gpu_layers:
            self._events.publish(EngineLayersReduced(model, request.gpu_layers, found.layers))
        return request

    def _smaller_models(self, path: Path, free: int) -> list[Path]:
        """Those of the library, of at most so many bytes, that may guess ahead."""
        most = min(free, int(draft_models.LARGEST_SHARE * gguf.size_bytes(path)))
        return [found.path for found in draft_models.candidates(self._library, path, most)]

    def _try(self, model: str, usual: LoadModel, job: Job | None) -> ModelInfo:
        """Load, walking down the ladder after crashes, and asking for less where memory is short."""
        asked = usual
        hope = False  # whether some settings are known to help
        while True:
            wanted = self._with_ladder(usual)
            known = self._worked.get((self.worker.pid, msgspec.json.encode(wanted)))
            devices = self._devices(job) if known is None and wanted.gpu_layers != 0 else []
            request = known or self._fitting(model, wanted, devices)
            blind = request.gpu_layers == 0 and (self._asked is None or self._asked[0] != self.worker.pid)
            self._events.publish(EngineLoading(model, 0))
            kills = hardware.kills_for_memory()
            loading = self.worker.call(request, self._progress(model))
            if job is not None:
                job.on_cancel(loading.cancel)
            try:
                info: ModelInfo = loading.result()
            except WorkerDied as error:
                if error.cause == "SIGKILL" and hardware.kills_for_memory() > kills:
                    self.worker.forgive()  # there are as many tries as halves of the context, and one
                    if request.draft:
                        usual = msgspec.structs.replace(usual, draft="")
                    else:  # layers taken off the card would need more
                        usual = self._half_context(model, usual, request)
                else:
                    hope = hope or self._helps(error, self.worker, request, job)
                    if not hope or not self._safer(model, error, self.worker, draft=bool(request.draft)):
                        raise self._crashed(model, error) from error
            except ModelTooLarge:
                usual = self._smaller(model, usual, request)
            else:
                self._blind = self.worker.pid if blind else self._blind
                self._miss_draft(model, asked, info)
                self._worked[self.worker.pid, msgspec.json.encode(self._with_ladder(asked))] = request
                return info

    def _miss_draft(self, model: str, asked: LoadModel, info: ModelInfo) -> None:
        """Say once that a model which was chosen to guess ahead does not."""
        left_out = (model, asked.draft or "")
        switched_off = self._with_ladder(asked).speculation == "off"  # which the ladder has said
        if asked.draft and not info.draft and not switched_off and left_out not in self._missed:
            self._missed.add(left_out)
            self._events.publish(EngineDraftUnused(*left_out))

    def _smaller(self, model: str, usual: LoadModel, tried: LoadModel) -> LoadModel:
        """After a want of memory: fewer layers on the graphics card, then half the context. Raises ModelTooLarge."""
        all_of_them = tried.gpu_layers < 0 and bool(self._devices())
        layers = gguf.read_header(usual.path).number("block_count") or 0 if all_of_them else tried.gpu_layers
        if layers > 0:
            self._events.publish(EngineLayersReduced(model, layers // 2, layers))
            return msgspec.structs.replace(usual, gpu_layers=layers // 2)
        return self._half_context(model, usual, tried)

    def _half_context(self, model: str, usual: LoadModel, tried: LoadModel) -> LoadModel:
        if tried.context_length <= SMALLEST_CONTEXT:
            raise ModelTooLarge(
                Path(usual.path).name, N_("there is not enough memory even for the shortest context")
            )
        length = max(SMALLEST_CONTEXT, tried.context_length // 2)
        self._events.publish(EngineContextShortened(model, length))
        return msgspec.structs.replace(usual, context_length=length)

    def _look_with(self, model: str) -> str:
        """The projector that pictures for a model are sent with now."""
        self._looking = self.request(model).projector
        return self._looking

    def lose_eyes(self, model: str, error: TsukueError) -> bool:
        """See Engine.lose_eyes. A crash is theirs only if no picture has been seen with them since the program began."""
        projector = self._looking
        if isinstance(error, WorkerDied):
            unproven = bool(projector) and not self.eyes.proven(projector)
            if error.queued or error.doing == Generate.then or not unproven or not is_crash(error.cause):
                return False
            reason = N_("the engine crashed when it was used")
            self.worker.forgive()
            self._current = self.info = None
        elif isinstance(error, EyesUnusable):
            if not error.lasting or Path(projector).name != error.projector:
                return True
            reason = error.reason
        else:
            return False
        if self.eyes.usable(projector):
            log.warning("the projector %s is left alone: %s", projector, reason)
            self.eyes.leave(projector)
            self._events.publish(EngineEyesUnused(model, Path(projector).name, reason))
        return True

    def step_down(self, model: str, error: WorkerDied) -> bool:
        """See Engine.step_down. What had not been begun is begun again as it was. Only a crash of native code is answered so, and only while rungs are left."""
        if not error.queued and not self._safer(model, error, self.worker):
            return False
        self._current = self.info = None
        return True

    def _helps(self, error: WorkerDied, worker: Worker, request: LoadModel, job: Job | None = None) -> bool:
        """After a crash at loading: whether the model can be loaded with the safest settings of all.

        Where it cannot, the file is at fault and no rung helps: nothing is remembered against it, and the person
        waits for two starts instead of as many as there are rungs.
        """
        if not is_crash(error.cause):
            return False
        worker.forgive()
        loading = worker.call(msgspec.structs.replace(request, draft="", **SAFEST))
        if job is not None:
            job.on_cancel(loading.cancel)
        try:
            loading.result()
        except ModelTooLarge:  # for the processor alone; a rung in between may do
            pass
        except WorkerDied:
            worker.forgive()
            return False
        worker.stop()  # it was started without graphics devices
        return True

    def _crashed(self, model: str, error: WorkerDied) -> ModelCrashed:
        return ModelCrashed(self.name_of(model), error.cause, error.log)

    def _safer(self, model: str, error: WorkerDied, worker: Worker, *, draft: bool = False) -> bool:
        """Take the model's next rung after `worker` crashed with it; False where it was no crash, or none is left.

        `draft`: a smaller model that guesses ahead was to be loaded with it.
        """
        if not is_crash(error.cause):
            return False
        key = key_of(str(self._library.path_of(model)))
        loaded = self.info if worker is self.worker else None
        gpu = loaded.gpu_layers > 0 if loaded is not None else self._has_gpu(worker)
        guesses = draft or error.doing == Generate.then
        speculates = self._with_ladder(self.request(model)).speculation != "off"
        rung = self.ladder.step_down(key, error.cause, gpu=gpu, guesses=guesses and speculates)
        if rung is None:
            return False
        log.warning("the engine crashed (%s): going on %s", error.cause, rung.name)
        worker.forgive()  # the ladder bounds the tries
        self._events.publish(EngineSteppedDown(model, error.cause, rung.name))
        return True

    def _has_gpu(self, worker: Worker) -> bool:
        """Whether a graphics device could be what crashed: one was seen, is seen, or even looking for one crashes."""
        if self.record.devices:
            return True
        found = graphics_of(worker)
        return found is None or bool(found)

    def test(self, model: str, worker: Worker) -> self_test.Report:
        """Try the engine out in a process of its own, walking down the ladder after crashes; then it counts as tested.

        Raises WorkerDied or ModelCrashed where no rung helps, WorkerStopped, and what loading raises.
        """
        report = self._test(model, worker, self_test.WORDS)
        if report.ok:
            self.record.passed()
        return report

    def try_out(self, model: str, worker: Worker) -> self_test.Report:
        """See in a process of its own whether a model works. Raises what `test` does."""
        return self._test(model, worker, self_test.FEW_WORDS)

    def _test(self, model: str, worker: Worker, words: int) -> self_test.Report:
        hope = False
        while True:
            wanted = self._with_ladder(self.request(model))
            devices = self.look(worker) if wanted.gpu_layers != 0 else []
            # A small context is tested, and not who guesses ahead.
            wanted = msgspec.structs.replace(wanted, draft="", projector="", context_length=self_test.CONTEXT)
            request = self._fitting(model, wanted, devices, shorten=False)
            try:
                return self_test.run(worker, request, words)
            except WorkerDied as error:
                if error.doing == LoadModel.doing:
                    hope = hope or self._helps(error, worker, request)
                    if not hope or not self._safer(model, error, worker):
                        raise self._crashed(model, error) from error
                elif not self._safer(model, error, worker):
                    raise

    def _progress(self, model: str) -> Callable[[Progress], None]:
        return lambda progress: self._events.publish(EngineLoading(model, progress.done))

    def generate(
        self,
        model: str,
        request: Generate,
        on_read: Callable[[int, int], None] | None = None,
        job: Job | None = None,
    ) -> Answer:
        """See Engine.generate. The model is loaded first if it is not; what was set by hand for it is added."""
        with self._turn(job):  # until the request is in the worker's queue: no other model gets in between
            self._load(model, job)
            wishes = self.adjustments.get(model)
            adapters = self._adapters(model)
            seen = any(turn.pictures for turn in request.turns)
            projector = self._look_with(model) if seen else ""
            call = self.worker.call(
                msgspec.structs.replace(
                    request,
                    adapters=adapters,
                    thinking=wishes.thinking if request.thinking is None else request.thinking,
                ),
                (lambda progress: on_read(progress.done, progress.total)) if on_read else None,
            )
        return Seeing(call, self.eyes, projector) if projector else call

    def count_tokens(self, model: str, turns: list[Turn], job: Job | None = None) -> list[int]:
        """See Engine.count_tokens."""
        with self._turn(job):
            self._load(model, job)
            if any(turn.pictures for turn in turns):
                self._look_with(model)
            call = self.worker.call(CountTokens(turns))
        if job is not None:
            job.on_cancel(call.cancel)
        counts: list[int] = call.result().counts
        return counts

    def forget(self, conversation: str) -> None:
        """See Engine.forget; what lies on disk goes too."""
        if self._states is not None:
            states.forget(self._states, conversation)
        if self.worker.pid is not None:
            self.worker.call(Forget(conversation))

    def sees(self, model: str) -> bool:
        """See Engine.sees. Reads the headers of the files in question the first time."""
        try:
            return bool(self._projector(model, self._library.path_of(model), self.adjustments.get(model)))
        except ModelMissing:
            return False

    def name_of(self, model: str) -> str:
        """A model's name for people."""
        return self._library.name_of(model)

    def writes(self, model: str, language: str) -> bool:
        """See Engine.writes."""
        return self._library.writes(model, language)


def graphics_of(worker: Worker) -> list[Device] | None:
    """The graphics devices that a worker's process sees; None where not even that can be asked."""
    try:
        info: EngineInfo = worker.call(AskEngine()).result()
    except WorkerDied as error:
        log.warning("the engine died when it was asked for its devices: %s", error.cause)
        return None
    return [device for device in info.devices if device.graphics]
