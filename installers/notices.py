"""Whose work a frozen program holds: its notices and licences, and a list of its parts for machines (SBOM, CycloneDX 1.6).

PyInstaller wrote down where each file and module came from (its .toc files). Each is traced to the Python package, the system's
package, the interpreter, the engine or ourselves; one that belongs to nobody is an error, so that neither list can be incomplete.
"""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import sysconfig
import uuid
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

import frozen

LICENCE_FILES = re.compile(r"(?i)(?:^|/)(?:licen[cs]e|copying|notice|authors|copyright)[^/]*$")
_WITHOUT_FILE = "It brings no file with its licence; its metadata say: {licence}\n"
_COMMON = Path("/usr/share/common-licenses")  # Debian's
# What packages without a file of their licence are under, in their authors' words.
_TEXTS = {
    "ctranslate2": "MIT License. Copyright (c) 2018- SYSTRAN. Copyright (c) 2019- The OpenNMT Authors. The text is as llama_cpp_python's.\n",
    "tokenizers": "Apache License 2.0, as in LICENSE.\n",
    "pypdfium2": "BSD-3-Clause and Apache-2.0; PDFium's own notices are in pypdfium2's files.\n",
}
# What libmtmd, with which models see pictures, is linked with (llama.cpp's folder `vendor`), and has to be named.
_LIBMTMD = """libmtmd holds xxHash, rotate-bits, stb_image and miniaudio (both used under their public domain dedication), and
implementations of SHA-1 (Steve Reid) and SHA-256 (Igor Pavlov) that are in the public domain.

rotate-bits: MIT License. Copyright (c) 2021 William Casarin. The text is as llama_cpp_python's.

xxHash: BSD 2-Clause License. Copyright (C) 2012-2023 Yann Collet

Redistribution and use in source and binary forms, with or without modification, are permitted provided that the following
conditions are met:

  * Redistributions of source code must retain the above copyright notice, this list of conditions and the following disclaimer.
  * Redistributions in binary form must reproduce the above copyright notice, this list of conditions and the following
    disclaimer in the documentation and/or other materials provided with the distribution.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS "AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT
NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE
COPYRIGHT OWNER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES
(INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION)
HOWEVER CAUSED AND ON ANY THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE)
ARISING IN ANY WAY OUT OF THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
"""
_QT = """Qt and PySide6 are used under the GNU Lesser General Public License, version 3. Their libraries are files of their own in
_internal/PySide6 (and _internal/shiboken6): put other builds of the same version with the same names in their place, and
Tsukue runs on those. Their source is at https://download.qt.io and https://code.qt.io. libsndfile and libsoxr (LGPL 2.1)
are files of their own too, in _internal/_soundfile_data and _internal/soxr.
"""


@dataclass
class Part:
    """One piece of somebody's work."""

    name: str
    version: str
    kind: str  # as in a package URL: pypi, deb, generic
    licence: str
    texts: dict[str, str] = field(default_factory=dict)  # file -> licence text


class Unowned(Exception):
    """Files of a bundle that belong to nobody known."""


def sources(work: Path) -> set[Path]:
    """The files that PyInstaller took, from the .toc files in its work folder."""
    found = set()
    for toc in ("PYZ-00.toc", "COLLECT-00.toc"):
        text = (work / "tsukue" / toc).read_text(encoding="utf-8")
        for entry in _entries(ast.literal_eval(text)):
            if entry[2] not in ("SYMLINK", "EXECUTABLE", "PKG") and entry[1] not in ("-", "", None):
                found.add(Path(entry[1]))
    return found


def _entries(value: object) -> list[tuple[str, str, str]]:
    if isinstance(value, tuple) and len(value) == 3 and all(isinstance(one, str | None) for one in value):
        return [value]
    if isinstance(value, list | tuple):
        return [entry for one in value for entry in _entries(one)]
    return []


def parts(work: Path) -> list[Part]:
    """Whose work was taken, by name. Raises Unowned."""
    owners: dict[Path, Distribution] = {}
    for one in distributions():
        for file in one.files or []:
            owners[Path(os.path.normpath(str(one.locate_file(file))))] = one
    ours = (frozen.ROOT / "core", frozen.ROOT / "desktop", frozen.ROOT / "resources", work)
    python = {Path(sysconfig.get_path("stdlib")), Path(sys.base_prefix)}
    engine = frozen.BUILD / "engine"
    found: dict[str, Part] = {}
    unowned = []
    for path in sorted(sources(work)):
        if owner := owners.get(path):
            if f"pypi/{owner.name}" not in found:  # of thousands of torch's files, one reads its licences
                found[f"pypi/{owner.name}"] = _of_python_package(owner)
        elif any(path.is_relative_to(folder) for folder in ours):
            continue
        elif path.is_relative_to(engine):
            found.setdefault("engine", _of_engine(engine / path.relative_to(engine).parts[0]))
        elif any(path.is_relative_to(folder) for folder in python):
            found.setdefault("python", _of_python())
        elif (frozen.ROOT / ".venv") in path.parents and "dist-info" in str(path):
            continue  # metadata of a package whose code was found, or of ourselves
        elif package := _system_package(path):
            found.setdefault(f"deb/{package.name}", package)
        else:
            unowned.append(str(path))
    if unowned:
        raise Unowned("\n  ".join(unowned))
    return [found[name] for name in sorted(found)]


def _of_python_package(one: Distribution) -> Part:
    told = one.metadata

    def field(name: str) -> str:
        # not told[name]: a missing field is None to importlib.metadata and a KeyError to the
        # importlib_metadata package, which takes its place once anything imports it
        return next(iter(told.get_all(name) or []), "")

    licence = (
        field("License-Expression")
        or " / ".join(
            c.split(" :: ")[-1] for c in told.get_all("Classifier") or [] if c.startswith("License ::")
        )
        or field("License").strip().partition("\n")[0]
    )
    texts = {}
    for file in one.files or []:
        if LICENCE_FILES.search(str(file)) and not str(file).endswith((".py", ".pyc")):
            path = Path(str(one.locate_file(file)))
            if path.is_file():
                texts[str(file)] = path.read_text(encoding="utf-8", errors="replace")
    if "LGPL-3.0" in licence:
        for name in ("LGPL-3", "GPL-3"):  # the first is written as an addition to the second
            if (_COMMON / name).is_file():
                texts[name] = (_COMMON / name).read_text(encoding="utf-8")
    if not texts and one.name in _TEXTS:
        texts[""] = _TEXTS[one.name]
    if not texts:
        texts[""] = _WITHOUT_FILE.format(licence=licence or "nothing")
    return Part(one.name, one.version, "pypi", licence, texts)


def _of_engine(folder: Path) -> Part:
    one = next(iter(distributions(path=[str(folder)])))
    part = _of_python_package(one)
    part.texts["libmtmd.txt"] = _LIBMTMD
    return part


def _of_python() -> Part:
    text = Path(sysconfig.get_path("stdlib"), "LICENSE.txt")
    version = ".".join(map(str, sys.version_info[:3]))
    return Part("python", version, "generic", "PSF-2.0", {"LICENSE.txt": text.read_text(encoding="utf-8")})


def _system_package(path: Path) -> Part | None:
    """The Debian package that a library of the build machine belongs to."""
    for place in (path, path.resolve(), Path(str(path).removeprefix("/usr")), Path(f"/usr{path}")):
        owner = subprocess.run(["dpkg", "-S", place], capture_output=True, text=True, check=False)
        if owner.returncode == 0:
            name = owner.stdout.split(":")[0]
            version = subprocess.run(
                ["dpkg-query", "-W", "-f", "${Version}", owner.stdout.split(": ")[0].split(",")[0]],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            file = Path("/usr/share/doc", name, "copyright")
            return Part(
                name, version, "deb", "", {"copyright": file.read_text(encoding="utf-8", errors="replace")}
            )
    return None


def write(bundle: Path, work: Path) -> list[Part]:
    """Put NOTICES.txt and sbom.cdx.json into a bundle. Raises Unowned."""
    bootloader = _of_python_package(distribution("pyinstaller"))  # the executable, which no file names
    found = sorted([*parts(work), bootloader], key=lambda part: part.name)
    lines = [
        "Tsukue is under the Apache License 2.0 (LICENSE). It holds the work of others, with their licences below.\n\n",
        _QT,
        "\n",
        *(f"{part.name} {part.version}: {part.licence or 'see below'}\n" for part in found),
        *(f"{one['name']} (model): {one['licence']}\n" for one in _models(bundle)),
    ]
    seen: dict[str, str] = {}
    for part in found:
        lines.append(f"\n{'=' * 100}\n{part.name} {part.version}\n")
        for file, text in part.texts.items():
            lines.append(f"\n---- {file}\n" if file else "\n")
            if text in seen:  # hundreds of the same Apache License
                lines.append(f"The same text as {seen[text]}.\n")
            else:
                seen[text] = f"{part.name}'s {file}"
                lines.append(text)
    (bundle / "NOTICES.txt").write_text("".join(lines), encoding="utf-8")
    (bundle / "LICENSE").write_bytes((frozen.ROOT / "LICENSE").read_bytes())
    (bundle / "sbom.cdx.json").write_text(json.dumps(sbom(found), indent=1) + "\n", encoding="utf-8")
    return found


def _models(bundle: Path) -> list[dict[str, str]]:
    listed = bundle / "_internal/starter/manifest.json"
    return json.loads(listed.read_text(encoding="utf-8")) if listed.is_file() else []


def sbom(found: list[Part]) -> dict[str, object]:
    """The parts as CycloneDX 1.6, without a time, so that two builds write the same."""
    components = [
        {
            "type": "library",
            "bom-ref": f"pkg:{part.kind}/{part.name.lower()}@{part.version}",
            "name": part.name,
            "version": part.version,
            "purl": f"pkg:{part.kind}/{'debian/' if part.kind == 'deb' else ''}{part.name.lower()}@{part.version}",
            **({"licenses": [{"license": {"name": part.licence}}]} if part.licence else {}),
        }
        for part in found
    ]
    names = "\n".join(one["bom-ref"] for one in components)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, names)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "name": "tsukue",
                "version": frozen.VERSION,
                "bom-ref": "tsukue",
            }
        },
        "components": components,
    }
