"""What pyproject.toml declares is what requirements/ pins by hash. Needs no network; `make lock` mends what fails here."""

from __future__ import annotations

import re
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.conftest import ROOT

sys.path.insert(0, str(ROOT / "scripts"))

import lock

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DECLARED = {"app": PROJECT["project"]["dependencies"], **PROJECT["dependency-groups"]}
BLOCK = re.compile(r"(?m)^([A-Za-z0-9._-]+)==([^\s;]+)(.*(?:\n[ \t]+.*)*)")


def locked(file: str) -> dict[str, tuple[str, str]]:
    """name -> (version, the lines below it) of one lock."""
    text = (ROOT / "requirements" / f"{file}.txt").read_text(encoding="utf-8")
    return {canonicalize_name(name): (version, rest) for name, version, rest in BLOCK.findall(text)}


def test_every_group_has_a_lock() -> None:
    assert tuple(PROJECT["dependency-groups"]) == lock.GROUPS


@pytest.mark.parametrize("name", DECLARED)
def test_the_lock_names_what_is_declared_and_only_that(name: str) -> None:
    left_out = {canonicalize_name(package) for package in lock.LEFT_OUT}
    wanted = [Requirement(line) for line in DECLARED[name]]
    pins = locked(name)
    for requirement in wanted:
        if canonicalize_name(requirement.name) not in left_out:
            version, _ = pins[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(version, prereleases=True), requirement
    directly = {package for package, (_, lines) in pins.items() if "tsukue (pyproject.toml" in lines}
    assert directly == {canonicalize_name(requirement.name) for requirement in wanted} - left_out


@pytest.mark.parametrize("name", DECLARED)
def test_every_pin_has_its_hashes(name: str) -> None:
    for package, (_, lines) in locked(name).items():
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", lines), package


def test_torch_is_locked_in_the_version_that_is_declared() -> None:
    (declared,) = [line for line in DECLARED["app"] if line.startswith("torch==")]
    assert f"torch=={locked('torch')['torch'][0]}" == declared
    assert f"torch=={Version(locked('torch-cpu')['torch'][0]).public}" == declared


def test_locks_that_are_installed_together_agree() -> None:
    app = locked("app")
    for name in lock.GROUPS:
        for package, (version, _) in locked(name).items():
            assert app.get(package, (version,))[0] == version, f"{package} of {name}.txt"
