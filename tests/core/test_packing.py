"""States in 8 bits: what comes back, and that a state which is not known stays as it is."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from core.engine.llama.packing import pack, unpack

CELLS, LAYERS, WIDTH = 68, 3, 64  # with so many cells, those of 20 bytes look at first as if they had 12


def state(
    rows: np.ndarray, *, cell_bytes: int = 12, kind: int = 1, transposed: int = 0, caches: int = 1
) -> memoryview:
    """What llama.cpp writes for one sequence: `rows` are the keys and values of all layers."""
    data = struct.pack("<Ii", 0xAF143CD8, 0)
    for _ in range(caches):
        data += struct.pack("<II", 1, CELLS)
        for cell in range(CELLS):
            place = struct.pack("<II", 0, 1) if cell_bytes == 20 else b""  # x and y, of pictures
            data += struct.pack("<iI", cell, 1) + place + struct.pack("<i", 0)
        data += struct.pack("<II", transposed, LAYERS)
        for layer in rows:
            data += struct.pack("<iQ", kind, layer[0].nbytes) + layer.tobytes()
    return memoryview(data)


@pytest.fixture
def rows() -> np.ndarray:
    """Two blocks of rows for each layer, some values large, some tiny, some nothing."""
    values = np.random.default_rng(1).normal(0, 1, (2 * LAYERS, CELLS, WIDTH))
    values[0, 0] *= 3000
    values[1, 1] *= 1e-6
    values[2, 2] = 0
    return values.astype(np.float16)


@pytest.mark.parametrize("cell_bytes", [12, 20])
@pytest.mark.parametrize("caches", [1, 2])
def test_values_come_back_within_half_a_step(rows: np.ndarray, cell_bytes: int, caches: int) -> None:
    before = state(rows, cell_bytes=cell_bytes, caches=caches)
    packed = b"".join(pack(before))
    assert len(packed) < 0.8 * len(before)
    after = unpack(packed)
    assert len(after) == len(before)
    begin = len(before) - rows.nbytes - 12 * 2 * LAYERS  # of the last cache's layers
    for layer in rows:
        begin += 12
        assert bytes(after[begin - 12 : begin]) == bytes(before[begin - 12 : begin])
        found = np.frombuffer(after, np.float16, layer.size, begin).reshape(-1, 32).astype(np.float64)
        wanted = layer.reshape(-1, 32).astype(np.float64)
        step = np.abs(wanted).max(axis=1, keepdims=True) / 127
        assert (np.abs(found - wanted) <= 0.51 * step + 4e-5 + np.abs(wanted) * 2**-10).all()
        begin += layer.nbytes


def test_the_largest_values_stay_finite(rows: np.ndarray) -> None:
    rows[0, 0] = 65504
    after = unpack(b"".join(pack(state(rows))))
    begin = len(after) - rows.nbytes - 12 * 2 * LAYERS + 12
    assert np.isfinite(np.frombuffer(after, np.float16, rows[0].size, begin)).all()


def test_what_is_packed_already_loses_nothing_more(rows: np.ndarray) -> None:
    once = unpack(b"".join(pack(state(rows))))
    assert unpack(b"".join(pack(once))) == once


def test_what_is_not_built_as_expected_stays_as_it_is(rows: np.ndarray) -> None:
    usual = bytes(state(rows))
    infinite = rows.copy()
    infinite[1, 2, 3] = np.inf
    for odd in (
        usual[:-1],
        usual + b"x",
        usual[:100],
        b"",
        bytes(5000),
        bytes(state(rows, transposed=1)),
        bytes(state(rows, kind=8)),  # in 8 bits already
        bytes(state(infinite)),
        b"\xff" * 4000,
    ):
        packed = b"".join(pack(memoryview(odd)))
        assert packed[1:] == odd
        assert unpack(packed) == odd
