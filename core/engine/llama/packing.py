"""Halves a conversation's state for the disk by storing keys and values in 8 bits instead of 16.

A model of four billion parameters keeps over 100 kB for each token. Each 32 values of a row share one scale and
become whole numbers from -127 to 127: ggml's Q8_0, which llama.cpp offers for its cache too. What llama.cpp writes
is followed field by field (its src/llama-kv-cache.cpp, `state_write`); a state that is not built as expected, or
whose values are not in 16 bits, is kept as it is.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

Part = bytes | memoryview

_F16 = 1  # ggml's number for half precision
_BLOCK = 32  # values that share a scale
_MOST = 127
_LARGEST = 65504.0  # of half precision
_SMALLEST_SCALE = 6.2e-5  # half precision is exact enough from here on: no value comes out larger than 127
_AT_ONCE = 1 << 18  # values converted in one go, so that they stay in the processor's caches
_PLAIN, _PACKED = b"\0", b"\1"
# Of a cell: its position, the count of its sequences and their number; for models of pictures two more coordinates.
_CELL_BYTES = (12, 20)


@dataclass(frozen=True)
class _Run:
    """Half-precision values in a state: where they begin, and how many."""

    start: int
    count: int


class _Unexpected(Exception):
    """The state is not built as this module knows it."""


def pack(state: memoryview) -> list[Part]:
    """A state of `llama_state_seq_get_data` for the disk, in parts that follow each other."""
    try:
        runs = _runs(state)
        return _pack(state, runs) if runs else [_PLAIN, state]
    except _Unexpected:
        return [_PLAIN, state]


def unpack(packed: bytes) -> memoryview:
    """The state of which `pack` made this, with values rounded to what 8 bits hold."""
    if packed[:1] == _PLAIN:
        return memoryview(packed)[1:]
    count, size = struct.unpack_from("<IQ", packed, 1)
    at = 1 + 12
    runs = [_Run(*struct.unpack_from("<QQ", packed, at + 16 * i)) for i in range(count)]
    at += 16 * count
    state = bytearray(size)
    done = 0
    places = []
    for run in runs:
        between = run.start - done
        state[done : run.start] = packed[at : at + between]
        at += between
        places.append(at)
        at += run.count // _BLOCK * 2 + run.count
        done = run.start + 2 * run.count
    state[done:] = packed[at:]
    _side_by_side(lambda run, place: _widen(packed, place, state, run), runs, places)
    return memoryview(state)


def _pack(state: memoryview, runs: list[_Run]) -> list[Part]:
    parts: list[Part] = [_PACKED, struct.pack("<IQ", len(runs), len(state))]
    parts += [struct.pack("<QQ", run.start, run.count) for run in runs]
    done = 0
    for run, narrow in zip(runs, _side_by_side(lambda run: _narrow(state, run), runs), strict=True):
        parts += [state[done : run.start], *narrow]
        done = run.start + 2 * run.count
    return [*parts, state[done:]]


def _side_by_side(function: Callable[..., Any], *arguments: Iterable[Any]) -> list[Any]:
    """numpy lets other threads run while it computes."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return list(pool.map(function, *arguments))


def _narrow(state: memoryview, run: _Run) -> tuple[Part, Part]:
    """The scales and the values of a run. Raises _Unexpected where they are not finite."""
    rows = np.frombuffer(state, np.float16, run.count, run.start).reshape(-1, _BLOCK)
    scales = np.empty(len(rows), np.float16)
    values = np.empty(rows.shape, np.int8)
    for some in _slices(len(rows)):
        exact = rows[some].astype(np.float32)
        largest = np.maximum(exact.max(axis=1), -exact.min(axis=1))
        scales[some] = np.maximum(largest / _MOST, _SMALLEST_SCALE)
        if not np.isfinite(scales[some]).all():
            raise _Unexpected
        exact *= (1.0 / scales[some].astype(np.float32))[:, None]
        values[some] = np.rint(exact, out=exact)
    return scales.data.cast("B"), values.data.cast("B")


def _widen(packed: bytes, place: int, state: bytearray, run: _Run) -> None:
    blocks = run.count // _BLOCK
    scales = np.frombuffer(packed, np.float16, blocks, place)
    values = np.frombuffer(packed, np.int8, run.count, place + 2 * blocks).reshape(blocks, _BLOCK)
    target = np.frombuffer(state, np.float16, run.count, run.start).reshape(blocks, _BLOCK)
    for some in _slices(blocks):
        exact = values[some] * scales[some, None].astype(np.float32)
        # Rounding may lead beyond half precision.
        target[some] = np.clip(exact, -_LARGEST, _LARGEST, out=exact)


def _slices(blocks: int) -> list[slice]:
    step = _AT_ONCE // _BLOCK
    return [slice(start, start + step) for start in range(0, blocks, step)]


def _runs(state: memoryview) -> list[_Run]:
    """Where half-precision values lie. Raises _Unexpected."""
    for cell_bytes in _CELL_BYTES:
        try:
            return _follow(state, cell_bytes)
        except (_Unexpected, struct.error):
            continue
    raise _Unexpected


def _follow(state: memoryview, cell_bytes: int) -> list[_Run]:
    """The same, if a cell's description has so many bytes. Raises _Unexpected, struct.error."""
    runs: list[_Run] = []
    at = 8  # a magic number and the sequence's
    while at < len(state):  # models with two kinds of layers write two caches
        streams, cells = struct.unpack_from("<II", state, at)
        at += 8
        if streams != 1:
            raise _Unexpected
        if cells:
            at = _cache(state, at + cells * cell_bytes, cells, runs)
    if at != len(state):
        raise _Unexpected
    return runs


def _cache(state: memoryview, at: int, cells: int, runs: list[_Run]) -> int:
    """Follow one cache behind its cells: the layers' keys, then their values; returns where it ends."""
    transposed, layers = struct.unpack_from("<II", state, at)
    if transposed or not 0 < layers < 1000:
        raise _Unexpected
    at += 8
    for _ in range(2 * layers):
        kind, row_bytes = struct.unpack_from("<iQ", state, at)
        at += 12
        if not 0 < row_bytes <= len(state) - at:
            raise _Unexpected
        if kind == _F16 and row_bytes % (2 * _BLOCK) == 0:
            runs.append(_Run(at, cells * row_bytes // 2))
        at += cells * row_bytes
        if at > len(state):
            raise _Unexpected
    return at
