"""The catalogue's check against a hub: what agrees is quiet, each difference is named."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support import hub as double

ROOT = Path(__file__).resolve().parents[2]


def entry(**changes: Any) -> dict[str, Any]:
    catalogue = json.loads((ROOT / "resources/catalogue.json").read_text(encoding="utf-8"))
    chat = next(e for e in catalogue["models"] if e["role"] == "chat" and e["files"])
    file = {**chat["files"][0], "file": "m-Q4_K_M.gguf", "size_bytes": 400, "exact": True, "sha256": None}
    return {**chat, "repository": "desk/m-GGUF", "licence": "apache-2.0", "files": [{**file, **changes}]}


def check(tmp_path: Path, server: double.Hub, *entries: dict[str, Any]) -> tuple[int, str]:
    catalogue = tmp_path / "catalogue.json"
    catalogue.write_text(json.dumps({"format": 1, "models": list(entries)}))
    command = [sys.executable, "scripts/catalogue_check.py", "--endpoint", server.url]
    command += ["--catalogue", str(catalogue)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "0 to look at"),
        ({"size_bytes": 500}, "has 400 bytes, the catalogue says 500"),
        ({"size_bytes": 410, "exact": False}, "0 to look at"),
        ({"sha256": "0" * 64}, "has another hash"),
        ({"file": "other-Q4_K_M.gguf"}, "other-Q4_K_M.gguf is not there"),
    ],
)
def test_each_difference_is_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    with double.Hub() as server:
        server.repositories["desk/m-GGUF"] = double.Repository({"m-Q4_K_M.gguf": b"4" * 400})
        code, output = check(tmp_path, server, entry(**changes))
    assert said in output
    assert code == ("0 to look at" not in output)


def test_a_repository_that_has_gone_is_named(tmp_path: Path) -> None:
    with double.Hub() as server:
        code, output = check(tmp_path, server, entry())
    assert code == 1
    assert "was not found on" in output
