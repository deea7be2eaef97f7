"""kill -9 while a folder is indexed: a few of the kills of `python -m tests.fuzz.indexing 30`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.fuzz import indexing


@pytest.mark.timeout(300)
@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
@pytest.mark.logs("a file was not added", "filling it again")
def test_what_is_found_after_kills_is_what_is_found_without(tmp_path: Path) -> None:
    assert indexing.compare(tmp_path, 6, 5) == []
