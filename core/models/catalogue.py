"""The catalogue: models that were looked up and are worth offering, with what the fit needs while offline.

`resources/catalogue.json` holds only repositories and files that a source confirms (each entry names
it). Sizes marked exact and hashes are the hub's at the revision given; when a file is fetched, the hub's
own answer counts.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from core.paths import RESOURCES

ROLES = ("chat", "embedding", "reranker", "entailment", "speech")
# Parameters of a dense transformer encoder take two bytes each in the form that is fetched.
BYTES_PER_PARAMETER = 2


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What decides the size of a model's cache; heads and widths of the layers with a window where they differ."""

    layers: int
    kv_heads: int
    head_width: int
    attention_layers: int | None = None  # hybrids: only these keep keys and values
    sliding_window: int | None = None  # tokens
    global_every: int | None = None  # every n-th layer sees the whole context
    global_kv_heads: int | None = None
    global_head_width: int | None = None
    kv_shared_layers: int | None = None  # the last layers that use another layer's cache
    embedding: int | None = None  # width of the model; known from a file's header
    feed_forward: int | None = None
    vocabulary: int | None = None
    merges: int | None = None  # of a byte-pair vocabulary; None: not known


class SpeechShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What decides how much work a speech model of Whisper's kind is."""

    width: int
    encoder_layers: int
    decoder_layers: int
    vocabulary: int = 51_865


class File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One quantisation. `size_bytes` is rounded where `exact` is false."""

    file: str
    quantisation: str
    size_bytes: int
    exact: bool
    sha256: str | None
    revision: str | None


class Entry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One model. `files` is empty where the whole repository is fetched."""

    id: str
    name: str
    role: str
    purpose: dict[str, str]  # by language
    languages: list[str]
    japanese: str  # good, fair, weak, none
    thinking: bool
    licence: str
    released: str | None
    repository: str
    revision: str | None
    files: list[File]
    size_bytes: int | None
    parameters: int | None
    active_parameters: int | None
    context: int | None
    shape: Shape | None
    sources: dict[str, str]
    prefixes: dict[str, str] | None = None
    speech: SpeechShape | None = None

    @property
    def size(self) -> int:
        """Bytes to fetch: the first file's, or about what the repository weighs; 0 if nobody knows."""
        if self.files:
            return self.files[0].size_bytes
        return self.size_bytes or (self.parameters or 0) * BYTES_PER_PARAMETER


class _Catalogue(msgspec.Struct, forbid_unknown_fields=True):
    format: int
    models: list[Entry]


def read(path: Path) -> list[Entry]:
    """The entries of a catalogue file. Raises msgspec.ValidationError where it breaks the schema."""
    return msgspec.json.decode(path.read_bytes(), type=_Catalogue).models


@cache
def entries() -> list[Entry]:
    """The program's own catalogue."""
    return read(RESOURCES / "catalogue.json")


def find(model: str) -> Entry | None:
    """The entry with this id."""
    return next((entry for entry in entries() if entry.id == model), None)
