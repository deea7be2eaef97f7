"""Where things lie on disk."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.paths import cache_folder, find_home
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
