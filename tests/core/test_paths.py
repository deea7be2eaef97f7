"""Where things lie on disk."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.cli import main
from core.errors import HomeAway, HomeNotWritable
from core.paths import Home, cache_folder, find_home, keep_in
from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))


def test_setup_and_program_agree_on_the_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import setup

    for value in (None, str(tmp_path)):
        monkeypatch.delenv("TSUKUE_CACHE", raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", value or "")
        assert setup.cache_folder() == cache_folder()
    monkeypatch.setenv("TSUKUE_CACHE", str(tmp_path / "other"))
    assert setup.cache_folder() == cache_folder() == tmp_path / "other"


def test_home_is_replaced_entirely(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TSUKUE_HOME", str(tmp_path / "a"))
    assert find_home().root == tmp_path / "a"
    assert find_home(str(tmp_path / "b")).database == tmp_path / "b" / "tsukue.db"


@pytest.fixture
def usual(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The usual home of a person who has just installed Tsukue."""
    monkeypatch.delenv("TSUKUE_HOME", raising=False)
    monkeypatch.setattr("platformdirs.user_data_path", lambda *_, **__: tmp_path / "usual")
    return tmp_path / "usual"


def test_another_folder_is_kept_to_and_left_again(usual: Path, tmp_path: Path) -> None:
    assert find_home() == Home(usual)
    disk = tmp_path / "disk 外付け"
    (disk / "photos").mkdir(parents=True)
    assert keep_in(disk).root == find_home().root == disk / "Tsukue"  # beside what is there
    find_home().create()
    assert find_home(str(tmp_path / "b")).root == tmp_path / "b"
    (disk / "Tsukue/tsukue.db").touch()
    assert keep_in(disk / "Tsukue").root == disk / "Tsukue"  # a home that is there already
    (tmp_path / "empty").mkdir()
    assert keep_in(tmp_path / "empty").root == tmp_path / "empty"
    assert keep_in(None) == find_home() == Home(usual)
    assert keep_in(usual) == find_home() == Home(usual)


def test_a_disk_that_is_away_is_not_taken_for_an_empty_desk(usual: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    home = keep_in(disk)
    disk.rename(tmp_path / "unplugged")
    with pytest.raises(HomeAway, match="not connected"):
        find_home().create()
    assert not disk.exists()
    (tmp_path / "unplugged").rename(disk)
    find_home().create()
    assert find_home() == home


def test_a_folder_that_cannot_be_used_changes_nothing(usual: Path, tmp_path: Path) -> None:
    with pytest.raises(HomeNotWritable):
        keep_in(tmp_path / "nowhere")
    assert find_home() == Home(usual)


def test_the_command_shows_and_chooses_the_folder(
    usual: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "disk").mkdir()
    assert main(["home", str(tmp_path / "disk")]) == 0
    assert str(tmp_path / "disk") in capsys.readouterr().out
    assert main(["home"]) == 0
    assert capsys.readouterr().out.strip() == str(tmp_path / "disk")
    assert main(["home", "--usual"]) == 0
    assert find_home() == Home(usual)
