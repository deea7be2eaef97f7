"""What a package is made of, without making one: `make package` does, and takes minutes."""

from __future__ import annotations

import configparser
import enum
import plistlib
import shutil
import sys
from pathlib import Path

import pytest

from core import paths
from core.paths import starter_folder

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "installers"))

import frozen  # noqa: E402
import notices  # noqa: E402
from linux import debian, tree  # noqa: E402


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
        "libreadline.so.8",
        "grpc/__init__.py",
        "libstdc++.so.6",
        "llama_cpp/lib/libggml-cpu-sapphirerapids.so",
    ):
        (inside / name).parent.mkdir(parents=True, exist_ok=True)
        (inside / name).touch()
        found = frozen.unwanted(tmp_path)
        assert len(found) == 1, name
        for path in sorted(tmp_path.rglob("*"), reverse=True):
            path.unlink() if path.is_file() else path.rmdir()
    for name in ("libggml-vulkan.so", "libggml-cpu-x64.so", "libQt6Widgets.so.6", "avatar.py"):
        inside.mkdir(exist_ok=True)
        (inside / name).touch()
    assert frozen.unwanted(tmp_path) == []


def test_the_menu_entry_names_what_there_is_in_both_languages() -> None:
    entry = configparser.ConfigParser(interpolation=None)
    entry.optionxform = str  # type: ignore[method-assign, assignment]
    entry.read_string(tree.desktop_entry())
    fields = entry["Desktop Entry"]
    assert (fields["Exec"], fields["Icon"], fields["Terminal"]) == ("tsukue open %F", "tsukue", "false")
    assert {"application/pdf", "application/x-gguf"} <= set(fields["MimeType"].split(";"))
    for name in ("Name", "GenericName", "Comment", "Keywords"):
        assert fields[name]
        assert fields[f"{name}[ja]"] != fields[name]


def test_lintian_is_told_only_of_files_that_the_package_has(tmp_path: Path) -> None:
    """It complains of what it is told in vain; the small package has no torch."""
    program, helper = (
        tmp_path / "usr/lib/tsukue/tsukue",
        tmp_path / "usr/lib/tsukue/_internal/torch/bin/torch_shm_manager",
    )
    for path in (program, helper):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    full = tree.overrides(tmp_path, "tsukue").decode()
    helper.unlink()
    small = tree.overrides(tmp_path, "tsukue-small").decode()
    assert "tsukue: hardening-no-pie [usr/lib/tsukue/tsukue]" in full
    assert "torch_shm_manager" in full
    assert "tsukue-small: hardening-no-pie [usr/lib/tsukue/tsukue]" in small
    assert "torch_shm_manager" not in small
    assert "embedded-library * [usr/lib/tsukue/_internal/*]" in small


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
    libraries, libc = tree.system_libraries(Path(sys.executable).resolve().parent)
    assert "libc.so.6" in libraries
    assert "libc6" in debian.packages_of(libraries)
    assert libc >= "2.2"


def test_a_model_that_needs_torch_says_so_where_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.documents.cross_encoders import Reranker
    from core.documents.embedder import SentenceTransformerEmbedder
    from core.errors import NeedsFullPackage

    monkeypatch.setitem(sys.modules, "torch", None)
    for kind in (Reranker, SentenceTransformerEmbedder):
        with pytest.raises(NeedsFullPackage) as refused:
            kind(tmp_path / "ruri")
        assert "ruri" in str(refused.value)


def test_whose_work_is_in_a_bundle_is_known_or_refused(tmp_path: Path) -> None:
    """Each file that was taken is traced to a package and its licence; one that belongs to nobody stops the build."""
    import importlib_metadata  # noqa: F401  takes importlib.metadata's place once anything imports it
    import markdown_it

    code = Path(markdown_it.__file__)
    toc = tmp_path / "tsukue"
    toc.mkdir()
    (toc / "PYZ-00.toc").write_text(
        repr(
            (
                "x.pyz",
                [
                    ("markdown_it", str(code), "PYMODULE"),
                    ("core.jobs", str(ROOT / "core/jobs.py"), "PYMODULE"),
                ],
            )
        )
    )
    (toc / "COLLECT-00.toc").write_text(repr(([("enum.py", str(Path(enum.__file__)), "DATA")],)))
    found = {part.name: part for part in notices.parts(tmp_path)}
    assert found.keys() == {"markdown-it-py", "python"}
    assert "Permission is hereby granted" in "".join(found["markdown-it-py"].texts.values())
    listed = notices.sbom(list(found.values()))
    assert "pkg:pypi/markdown-it-py@" in str(listed["components"])
    (toc / "COLLECT-00.toc").write_text(repr(([("stray.so", "/opt/somewhere/stray.so", "BINARY")],)))
    with pytest.raises(notices.Unowned, match=r"stray\.so"):
        notices.parts(tmp_path)


def test_a_library_that_nobody_brings_stops_a_package() -> None:
    with pytest.raises(frozen.SetupFailed, match=r"libjpeg-6dc8d115\.so"):
        debian.packages_of({"libc.so.6", "libjpeg-6dc8d115.so.62.4.0"})


def test_macos_is_told_why_the_microphone_is_used_in_both_languages() -> None:
    macos = ROOT / "installers/macos"
    told = plistlib.loads((macos / "Info.plist").read_bytes())
    japanese = (macos / "ja.lproj/InfoPlist.strings").read_text(encoding="utf-8")
    assert told["NSMicrophoneUsageDescription"]
    assert "NSMicrophoneUsageDescription" in japanese
    assert "マイク" in japanese or "音声" in japanese
    assert plistlib.loads((macos / "entitlements.plist").read_bytes())[
        "com.apple.security.device.audio-input"
    ]


def test_windows_offers_the_program_for_all_that_it_reads() -> None:
    from windows import setup

    assert r'SupportedTypes" ".pdf"' in setup.associations()
    assert r'SupportedTypes" ".gguf"' in setup.associations()
