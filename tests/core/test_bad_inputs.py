"""A sample of the broken and hostile files of tests/fuzz/bad is dropped; all of them by hand: `python -m tests.fuzz.dropped`."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

import pytest

from core.app import App
from tests.fuzz import dropped
from tests.fuzz.bad import changing, inputs


@pytest.mark.timeout(400)
@pytest.mark.skipif(sys.platform == "win32", reason="names, links and rights as POSIX has them")
@pytest.mark.logs("a file was not added", "process ended while", "already recognised")
def test_every_bad_file_is_read_or_named_and_nothing_leaks(tmp_path: Path) -> None:
    folder = tmp_path / "dropped"
    try:
        outcome = dropped.drop(folder, tmp_path / "home", 1, share=4)
    finally:
        inputs.remove(folder)
    assert len(outcome.made) > 300
    assert outcome.leaks == []
    assert outcome.unnamed == []
    assert outcome.read_anyway == []
    assert len(outcome.lost) <= 0.03 * len(outcome.made), outcome.lost
    assert len(outcome.unexpected) <= dropped.DEATHS * len(outcome.made) + 1, outcome.unexpected
    healthy = [bad for bad in outcome.made if bad.kind == "healthy" and bad.format not in dropped.PICTURES]
    assert healthy
    assert not [entry for entry in outcome.lost for bad in healthy if entry.startswith(bad.name)]


@pytest.mark.skipif(sys.platform == "win32", reason="files that are open cannot be changed there")
@pytest.mark.logs("a file was not added", "process ended while")
@pytest.mark.parametrize(
    "change", [changing.grow, changing.shrink, changing.vanish, changing.replace, changing.to_folder]
)
def test_files_that_change_while_they_are_read_are_read_as_they_are_or_named(
    app: App, tmp_path: Path, change: object
) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    path = folder / "a.txt"
    path.write_text("\n".join(f"Line {n} says {n * 7919}." for n in range(20_000)))
    (folder / "gate.txt").write_text("The gate closes at eight.")
    with changing.Changer(path, change, 3, pause=0.01) as changer:  # type: ignore[arg-type]
        report = app.additions.add([str(folder)], "c").wait(120)
    assert changer.times > 0
    named = {Path(f.file).name for f in report.failed} | {Path(file).name for file in report.taken}
    expected = [{"a.txt", "gate.txt"}, {"inner.txt", "gate.txt"}]  # where it had become a folder already
    if change is changing.vanish:
        expected.append({"gate.txt"})  # it was not there when the folder was looked at
    assert named in expected
    assert "gate.txt" in {Path(file).name for file in report.taken}
    assert threading.active_count() < 50
    assert os.path.lexists(folder)
