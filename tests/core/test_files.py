"""Small files are replaced whole or not at all."""

import errno
import os
import stat
import threading
from pathlib import Path

import pytest

from core import files
from core.errors import DiskFull, HomeNotWritable


def test_a_file_is_replaced_and_only_its_owner_may_read_it(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text("old")
    path.chmod(0o644)
    files.write_json(path, {"name": "机"})
    assert path.read_text(encoding="utf-8") == '{\n "name": "机"\n}'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [p.name for p in tmp_path.iterdir()] == ["settings.json"]


def test_what_cannot_be_written_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    path = tmp_path / "settings.json"
    path.write_text("old")

    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(DiskFull) as raised:
        files.write(path, b"new")
    assert raised.value.path == str(path)
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["settings.json"]


def test_what_is_set_aside_overwrites_nothing(tmp_path):
    path = tmp_path / "names.json"
    for text in ("one", "two"):
        path.write_text(text)
        aside = files.set_aside(path)
        assert aside.name.startswith("names.json.unreadable-")
    assert sorted(p.read_text() for p in tmp_path.iterdir()) == ["one", "two"]


def test_a_folder_that_is_not_there_is_said(tmp_path):
    with pytest.raises(HomeNotWritable):
        files.write(tmp_path / "gone" / "settings.json", "text")


def test_a_file_that_the_person_names_stays_what_it_was(tmp_path: Path) -> None:
    """A link is followed, rights stay, and a pipe is written to: nothing takes their place."""
    real = tmp_path / "real.csv"
    real.write_text("old", encoding="utf-8")
    real.chmod(0o664)
    link = tmp_path / "link.csv"
    link.symlink_to("real.csv")
    files.save(link, "new")
    assert link.is_symlink()
    assert real.read_text("utf-8") == "new"
    assert stat.S_IMODE(real.stat().st_mode) == 0o664
    files.save(tmp_path / "fresh.csv", b"new")
    assert stat.S_IMODE((tmp_path / "fresh.csv").stat().st_mode) & 0o600 == 0o600
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text("utf-8")))
    reader.start()
    files.save(pipe, "through")
    reader.join(10)
    assert read == ["through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    with pytest.raises(HomeNotWritable):
        files.save(tmp_path / "no" / "such", "x")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fresh.csv", "link.csv", "pipe", "real.csv"]
