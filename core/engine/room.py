"""Chooses what a model is loaded with where the person has not: as much as fits at the moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from core.engine.messages import LoadModel
from core.errors import ModelMissing, ModelUnreadable
from core.models import fit, gguf
from core.models.hardware import Machine


@dataclass(frozen=True)
class Fitting:
    """A request that there is room for, with the count of the model's layers (0 where its header does not say)."""

    request: LoadModel
    layers: int = 0


def fitting(
    wanted: LoadModel,
    machine: Machine,
    freed: int,
    *,
    shorten: bool,
    smaller: Callable[[int], list[Path]] = lambda free: [],
) -> Fitting:
    """The request with a context, layers on the graphics devices and a model that guesses ahead, as far as there is room.

    `freed` are the bytes that the model in memory would give back. With `shorten` false the context was chosen by hand
    and stays; so do layers that are not -1. `smaller` names models of at most so many bytes that may guess ahead, the preferred first.
    """
    try:
        header = gguf.read_header(wanted.path)
        size = gguf.size_bytes(Path(wanted.path))
    except (ModelMissing, ModelUnreadable):
        return Fitting(wanted)  # the worker will say it
    trained = header.number("context_length") or 0
    if wanted.speculation == "off":
        wanted = msgspec.structs.replace(wanted, draft="")
    asked = wanted.context_length
    beside = _need(Path(wanted.draft), wanted).total if wanted.draft else 0
    beside += _size(wanted.projector)
    if shorten:
        found = fit.judge(
            size,
            header.shape,
            trained,
            replace(machine, memory_free=machine.memory_free + freed),
            context=wanted.context_length,
            cache_type=wanted.cache_type,
            gpu_layers=wanted.gpu_layers if wanted.gpu_layers >= 0 else None,
            beside=beside,
        )
        if found.context < min(wanted.context_length, trained or found.context):
            wanted = msgspec.structs.replace(wanted, context_length=found.context)
    need = fit.need(size, header.shape, wanted.context_length, wanted.cache_type, beside)
    total = header.shape.layers if header.shape else 0
    if wanted.gpu_layers < 0 and machine.devices:
        layers = fit.layers_on_gpu(need, header.shape, machine)
        if layers < (total or layers):
            wanted = msgspec.structs.replace(wanted, gpu_layers=layers)
    if wanted.draft is None:
        # What a shorter context has left over is for the person's other programs.
        free = _free_beside(wanted, need, machine, freed) if wanted.context_length == asked else 0
        draft = next((path for path in smaller(free) if _need(path, wanted).total <= free), "")
        wanted = msgspec.structs.replace(wanted, draft=str(draft))
    return Fitting(wanted, total)


def _free_beside(wanted: LoadModel, need: fit.Need, machine: Machine, freed: int) -> int:
    """Bytes for a second model where the whole of the first one computes; 0 where the card holds only a part of that."""
    if not machine.gpu_free or wanted.gpu_layers == 0:
        return machine.memory_free + freed - fit.SPARE - fit.PROCESS_BYTES - need.total
    return machine.gpu_free - fit.GPU_SPARE - need.total if wanted.gpu_layers < 0 else 0


def _size(projector: str) -> int:
    """Bytes of the file with which a model sees; what it computes with is small beside it."""
    try:
        return gguf.size_bytes(Path(projector)) if projector else 0
    except (ModelUnreadable, OSError):
        return 0  # looking at a picture will say it


def _need(path: Path, wanted: LoadModel) -> fit.Need:
    """Of a model that guesses ahead."""
    try:
        shape = gguf.read_header(path).shape
        return fit.need(gguf.size_bytes(path), shape, wanted.context_length, wanted.cache_type)
    except (ModelMissing, ModelUnreadable):
        return fit.Need(0, 0, 0)  # it will be left out
