"""kill -9 at random moments of the migration of a small home; `python -m tests.fuzz.migration` does it at full size."""

from __future__ import annotations

from pathlib import Path

from tests.fuzz.migration import Kills
from tests.support import ten_years

SIZE = ten_years.FULL.scaled(0.01)
KILLS = 8


def test_a_migration_that_is_killed_is_done_again_and_nothing_changes(tmp_path: Path) -> None:
    kills = Kills(tmp_path, SIZE)
    for _ in range(KILLS):
        kills.kill()  # which looks at everything that version 0.1 had
    kills.let_through()
    assert kills.outcomes.total() == KILLS + 2
    assert any(outcome.startswith("killed") for outcome in kills.outcomes)
