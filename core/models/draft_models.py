"""Smaller models of the library that can guess ahead for a larger one (see core/engine/llama/draft_model.py).

Both must mean the same by each token. Models of one family often do, but pad their vocabularies to different lengths.
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from core.errors import ModelMissing, ModelUnreadable
from core.models import gguf
from core.models.library import Library, LocalModel

# Of the larger model's size, for one that guesses unasked: guesses are made one after the other, and each costs
# that part of a token.
LARGEST_SHARE = 1 / 8


def candidates(library: Library, model: Path, most: int | None = None) -> list[LocalModel]:
    """The library's chat models with the vocabulary of the file `model`, smaller than that, the largest first.

    `most`: bytes that they may have.
    """
    try:
        size = gguf.size_bytes(model)
    except (ModelUnreadable, OSError):
        return []  # loading the model will say it
    most = size - 1 if most is None else most
    smaller = [other for other in library.of_role("chat") if other.size_bytes <= most]
    found = [other for other in smaller if same_vocabulary(model, other.path)]
    return sorted(found, key=lambda other: -other.size_bytes)


def same_vocabulary(one: Path, other: Path) -> bool:
    """Whether two model files mean the same by each token that both have. False where one cannot be read."""
    first, second = _digests_of(one), _digests_of(other)
    shared = min(max(first, default=0), max(second, default=0))
    return shared in first and shared in second and first[shared] == second[shared]


def _digests_of(path: Path) -> dict[int, bytes]:
    try:
        about = path.stat()
        return _digests(path, about.st_size, about.st_mtime_ns)
    except (OSError, ModelMissing, ModelUnreadable):
        return {}


@functools.lru_cache(maxsize=64)
def _digests(path: Path, size: int, changed: int) -> dict[int, bytes]:
    """A digest of a vocabulary's first n words, for the last few n: what another, padded otherwise, is compared with."""
    words = gguf.words(path)
    digest, found = hashlib.sha256(), {}
    for number, word in enumerate(words, 1):
        data = word.encode("utf-8", "surrogatepass")
        digest.update(len(data).to_bytes(4, "little") + data)
        if number >= len(words) - gguf.PADDING:
            found[number] = digest.digest()
    return found
