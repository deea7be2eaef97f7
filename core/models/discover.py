"""Models that other programs hold on this computer: LM Studio, Jan, Ollama, GPT4All, and the hub's cache.

They are shown and, if the person wants, used where they lie. Nothing is copied, moved or deleted here.
Places: LM Studio's documentation (`~/.lmstudio/models`, before `~/.cache/lm-studio/models`), Jan's data folder,
GPT4All's (Qt's AppLocalDataLocation of nomic.ai), Ollama's manifests and blobs (`OLLAMA_MODELS`), huggingface_hub's `HF_HOME`.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import ModelUnreadable
from core.models import gguf, projectors, quantisation

DEPTH = 6  # folders below a place that are looked into
MOST = 500  # files that are shown at most
_OLLAMA_MODEL = "application/vnd.ollama.image.model"
_OLLAMA_PROJECTOR = "application/vnd.ollama.image.projector"
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})$")


@dataclass(frozen=True)
class Foreign:
    """A model file of another program. `name` is what a person would call it, without an ending."""

    program: str
    name: str
    path: Path
    size_bytes: int
    projector: Path | None = None  # what gives it eyes, where that does not lie beside it under its name


def places(home: Path) -> list[tuple[str, Path]]:
    """Where the programs keep plain .gguf files, below a person's home folder; not all need exist."""
    windows = Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local")
    roaming = Path(os.environ.get("APPDATA") or home / "AppData/Roaming")
    support = home / "Library/Application Support"
    data = Path(os.environ.get("XDG_DATA_HOME") or home / ".local/share")
    config = Path(os.environ.get("XDG_CONFIG_HOME") or home / ".config")
    return [
        ("LM Studio", home / ".lmstudio/models"),
        ("LM Studio", home / ".cache/lm-studio/models"),
        ("Jan", home / "jan/models"),
        ("Jan", data / "Jan/data"),
        ("Jan", config / "Jan/data"),
        ("Jan", support / "Jan/data"),
        ("Jan", roaming / "Jan/data"),
        ("GPT4All", data / "nomic.ai/GPT4All"),
        ("GPT4All", support / "nomic.ai/GPT4All"),
        ("GPT4All", windows / "nomic.ai/GPT4All"),
        ("Hugging Face", Path(os.environ.get("HF_HOME") or home / ".cache/huggingface") / "hub"),
        ("llama.cpp", home / ".cache/llama.cpp"),
    ]


def find(home: Path | None = None) -> list[Foreign]:
    """All model files of other programs, each once, by name. What cannot be read is left out."""
    home = home or Path.home()
    found: dict[Path, Foreign] = {}
    for program, folder in places(home):
        for path in _files(folder):
            with contextlib.suppress(OSError, ModelUnreadable):  # also a set of which a part is missing
                real = path.resolve()
                split = quantisation.split_of(path.name)
                # The parts of a split model must bear their own names, which links may have.
                files = gguf.parts(path) if split else [real]
                size = sum(file.stat().st_size for file in files)
                # A cache that keeps files under their hashes has names only for its links.
                eyes = projectors.of(path) if real.parent != path.parent else None
                name = split[0] if split else path.stem
                found.setdefault(real, Foreign(program, name, files[0], size, eyes))
    for model in _ollama(Path(os.environ.get("OLLAMA_MODELS") or home / ".ollama/models")):
        found.setdefault(model.path, model)
    return sorted(found.values(), key=lambda model: model.name.lower())[:MOST]


def _files(folder: Path) -> Iterator[Path]:
    """Model files that can be loaded by themselves: no projectors, of split models the first part."""
    for here, folders, names in os.walk(folder):
        if len(Path(here).relative_to(folder).parts) >= DEPTH:
            folders.clear()
        for name in names:
            part = quantisation.split_of(name)
            if name.endswith(".gguf") and not projectors.named(name) and (part is None or part[1] == 1):
                yield Path(here, name)


def _ollama(folder: Path) -> Iterator[Foreign]:
    """Ollama's models: a manifest names the blob that is the model file."""
    root = folder / "manifests"
    for here, _, names in os.walk(root):
        for tag in names:
            with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
                manifest = json.loads(Path(here, tag).read_text(encoding="utf-8"))
                blobs: dict[str, Path] = {}
                for layer in manifest["layers"]:
                    if digest := _DIGEST.match(layer["digest"]):
                        blobs.setdefault(layer["mediaType"], folder / "blobs" / f"sha256-{digest[1]}")
                if model := blobs.get(_OLLAMA_MODEL):
                    name, size = f"{Path(here).name}-{tag}", model.stat().st_size
                    yield Foreign("Ollama", name, model, size, blobs.get(_OLLAMA_PROJECTOR))
