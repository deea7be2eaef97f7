"""Planted facts that somebody else wrote down are kept by the readers (tests/evaluation/reading.py)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.evaluation import reading


def lines(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (reading.SET / name).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("kind", sorted({fact["format"] for fact in lines("facts.jsonl")}))
def test_planted_facts_are_read_in_their_places(kind: str) -> None:
    read: dict[str, list[reading.Piece]] = {}
    lost = []
    for fact in lines("facts.jsonl"):
        if fact["format"] != kind or fact["kind"] == "paragraph-over-page":  # no block goes over a page's end
            continue
        if fact["file"] not in read:
            read[fact["file"]] = reading.ours(reading.SET / "files" / fact["file"])
        if wrong := reading.kept(fact, read[fact["file"]], place=True):
            lost.append((fact["id"], wrong))
    assert lost == []


def test_tables_keep_their_rows_and_cells() -> None:
    rows = right = 0
    for table in lines("tables.jsonl"):
        found = reading.rows_of(reading.SET / "files" / table["file"])
        wanted = [reading._cells(row) for row in table["rows"]]
        rows += len(wanted)
        right += sum(row in found for row in wanted)
    assert right >= 0.96 * rows
