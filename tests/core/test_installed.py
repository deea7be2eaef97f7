"""What is installed from a wheel finds its resources and its migrations, outside of any checkout."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

LOOK = """
import sys
from pathlib import Path
from core.documents import ingest
from core.events import Events
from core.models import catalogue
from core.paths import RESOURCES, Home
from core.storage.database import Database, migrations
from core.workers.messages import Request
from core.workers.supervisor import Worker

place, home = Path(sys.argv[1]), Home(Path(sys.argv[2]))
assert RESOURCES == place / "resources", RESOURCES
assert catalogue.entries()
home.create()
Database(home).close()
assert migrations()
worker = Worker(ingest.parser_spec(), Events())
worker.start()
assert worker._process.ready.wait(60)
worker.close()
print("all there")
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel's files in a folder of their own."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for name in ("core", "desktop", "resources", "sound"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "LICENSE"):
        shutil.copy(ROOT / name, source)
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-index"]
    command += ["--no-build-isolation", "--no-deps", "--wheel-dir", str(folder), str(source)]
    subprocess.run(command, check=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def test_the_wheel_holds_every_file_that_the_program_reads(installed: Path) -> None:
    read = {
        path.relative_to(ROOT)
        for package in ("core", "desktop", "resources", "sound")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in (".pyc", ".po")
    }
    assert {path for path in read if not (installed / path).exists()} == set()


def test_what_is_installed_works_from_any_folder(installed: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", LOOK, str(installed), str(tmp_path / "home")],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("all there\n", "")
