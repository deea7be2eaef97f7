"""What a package is made of, without making one: `make package` does, and takes minutes."""

from __future__ import annotations

import configparser
import shutil
import sys
from pathlib import Path

import pytest

from core import paths
from core.paths import starter_folder

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "installers"))

import package  # noqa: E402


def test_what_must_not_be_in_a_package_is_found(tmp_path: Path) -> None:
    inside = tmp_path / "_internal"
    for name in (
        "libvulkan.so.1",
        "PySide6/libQt6WebEngineCore.so.6",
        "kubernetes/client.py",
        "av/container.py",
        "torch/lib/libcudart.so.13",
        "PySide6/Qt/lib/libQt6VirtualKeyboard.so.6",
        "libgtk-3.so.0",
        "libstdc++.so.6",
        "llama_cpp/lib/libggml-cpu-sapphirerapids.so",
    ):
        (inside / name).parent.mkdir(parents=True, exist_ok=True)
        (inside / name).touch()
        found = package.unwanted(tmp_path)
        assert len(found) == 1, name
        for path in sorted(tmp_path.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
    for name in ("libggml-vulkan.so", "libggml-cpu-x64.so", "libQt6Widgets.so.6", "avatar.py"):
        inside.mkdir(exist_ok=True)
        (inside / name).touch()
    assert package.unwanted(tmp_path) == []


def test_the_menu_entry_names_what_there_is_in_both_languages() -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[method-assign, assignment]
    entry.read(package.LINUX / "tsukue.desktop", encoding="utf-8")
    fields = entry["Desktop Entry"]
    assert (fields["Exec"], fields["Icon"], fields["Terminal"]) == ("tsukue", "tsukue", "false")
    for name in ("Name", "GenericName", "Comment", "Keywords"):
        assert fields[name]
        assert fields[f"{name}[ja]"] != fields[name]


def test_a_package_that_brings_starter_models_is_asked_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    assert starter_folder() == paths.cache_folder() / "starter"
    (tmp_path / "starter").mkdir()
    assert starter_folder() == tmp_path / "starter"


@pytest.mark.skipif(shutil.which("dpkg") is None, reason="packages for Debian are made on Debian")
def test_the_system_brings_what_a_bundle_lacks() -> None:
    """Of this very Python: it needs the C library, which Debian calls libc6."""
    folder = Path(sys.executable).resolve().parent
    libraries = package.system_libraries(folder)
    assert "libc.so.6" in libraries
    assert "libc6" in package.debian_packages(libraries)
