"""What is done with models: listed, added, tried out, adjusted, judged, fetched. Both front ends use it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.engine.ladder import Ladder
from core.engine.local import LocalEngine
from core.engine.messages import Device
from core.errors import ModelMissing, ProjectorUnsuitable
from core.jobs import Job
from core.models import projectors
from core.models.adjustments import USUAL, Adjustments, AdjustmentsFile
from core.models.downloads import Downloads
from core.models.library import Library, LocalModel
from core.models.measure import MachineSpeed
from core.settings import SettingsFile
from core.workers.supervisor import Worker

if TYPE_CHECKING:
    from core.models.hub import Hub


@dataclass(frozen=True)
class Models:
    """The parts that have to do with models. `folder` is where the person may put files of their own."""

    folder: Path
    library: Library
    downloads: Downloads
    speed: MachineSpeed
    settings: SettingsFile
    hub: Callable[[], Hub]
    _engine: LocalEngine
    _new_worker: Callable[[], Worker]

    @property
    def devices(self) -> list[Device]:
        """The graphics devices that the engine saw last."""
        return self._engine.record.devices

    @property
    def adjustments(self) -> AdjustmentsFile:
        """What was set by hand for each model."""
        return self._engine.adjustments

    @property
    def ladder(self) -> Ladder:
        """The safer settings that crashes have led to."""
        return self._engine.ladder

    def sees(self, model: LocalModel) -> bool:
        """Whether a chat model can look at pictures."""
        return model.role == "chat" and not model.lacks and self._engine.sees(model.id)

    def leaves_alone(self, projector: Path) -> bool:
        """Whether a projector is not used, since the engine refused it or crashed with it."""
        return not self._engine.eyes.usable(str(projector))

    def adjust(self, model: LocalModel, wishes: Adjustments) -> None:
        """Keep what the person has set for a model. Raises ProjectorUnsuitable, DiskFull, HomeNotWritable."""
        chosen = wishes.projector
        changed = chosen != self.adjustments.get(model.id).projector
        if chosen and changed and not projectors.fits(Path(chosen), model.path):
            raise ProjectorUnsuitable(Path(chosen).name, model.name)
        if changed or wishes == USUAL:  # "all as it comes" is another try, too
            self._engine.eyes.forgive(chosen or str(projectors.of(model.path) or ""))
        self.adjustments.set(model.id, wishes)

    def try_out(self, model: LocalModel, job: Job | None = None) -> None:
        """Load a model that has just come and have it write a few words, in a process of its own.

        What cannot chat is not tried. Raises what loading and generating raise; the model stays in the list.
        Cancelling `job` ends the process.
        """
        if model.role != "chat":
            return
        worker = self._new_worker()
        if job is not None:
            job.on_cancel(worker.close)
        try:
            self._engine.try_out(model.id, worker)
        finally:
            worker.close()

    def use(self, model: str) -> LocalModel:
        """Let this model answer from now on where no other is chosen.

        Raises ModelMissing (also for what cannot chat), DiskFull, HomeNotWritable.
        """
        found = self.library.find(model)
        if found.role != "chat":
            raise ModelMissing(model)
        self.settings.change(chat_model=found.id)
        return found
