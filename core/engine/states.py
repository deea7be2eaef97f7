"""Keeps the state of conversations on disk, so that their history need not be evaluated again after a restart.

A file is named after its conversation and what the state depends on: the model file, the build of the
engine, the cache's type. It holds the tokens and the packed bytes of `llama_state_seq_get_data`, with a checksum,
since native code must never see a damaged one. The folder has a size limit; the state of the conversation that
was used longest ago leaves first. Losing a file costs time, nothing else.
"""

from __future__ import annotations

import array
import contextlib
import hashlib
import json
import logging
import os
import re
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

log = logging.getLogger(__name__)

SUFFIX = ".kv"
ABANDONED = 60  # seconds after which half a state belongs to no living process
_MAGIC = b"TSUKUE-KV2\n"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}$")


def key(*parts: object) -> str:
    """A short name for everything that a state depends on."""
    return hashlib.blake2b("\0".join(map(str, parts)).encode(), digest_size=8).hexdigest()


def file_version(path: str | Path) -> tuple[int, int]:
    """Size and time of a model's file: another file under the same name is another model. Zeros where there is none."""
    try:
        about = Path(path).stat()
    except OSError:
        return 0, 0
    return about.st_size, about.st_mtime_ns


def forget(folder: Path, conversation: str) -> None:
    """Delete every state of a conversation, whatever model it was for. Both sides of the pipe call this."""
    if _NAME.match(conversation) and folder.is_dir():
        # All endings: there may be half a state, of a process that was ended while it wrote.
        for path in folder.glob(f"{conversation}.*"):
            try:
                path.unlink(missing_ok=True)
            except OSError as error:  # a system that does not delete what is open
                log.warning("a conversation's state could not be deleted: %s", error)


def sweep(folder: Path, conversations: set[str]) -> None:
    """Delete the states of conversations (named by numbers) other than these: one may be written while its conversation is deleted."""
    there = {path.name.partition(".")[0] for path in folder.glob("*.*")} if folder.is_dir() else set()
    for conversation in there - conversations:
        if conversation.isdigit():
            forget(folder, conversation)


class StateFiles:
    """The states of one model in a folder; `limit` bytes for all models together, 0 keeps nothing."""

    def __init__(self, folder: Path, key: str, limit: int) -> None:
        self._folder = folder
        self._key = key
        self._limit = limit

    def _path(self, conversation: str) -> Path | None:
        if not self._limit or not _NAME.match(conversation):
            return None
        return self._folder / f"{conversation}.{self._key}{SUFFIX}"

    def write(
        self, conversation: str, tokens: list[int], state: Sequence[bytes | memoryview], used: int
    ) -> bool:
        """Keep a state, given in parts; whether it was kept. A full disk is no error here: it is only a shortcut.

        `used` is when its conversation was used last (time.time_ns()). None that was used later leaves for it.
        """
        path = self._path(conversation)
        size = sum(len(part) for part in state)
        if path is None or size > self._limit:
            return False
        raw = array.array("i", tokens).tobytes()
        digest = hashlib.blake2b(raw, digest_size=16)
        for part in state:
            digest.update(part)
        head = {"tokens": len(tokens), "bytes": size, "digest": digest.hexdigest()}
        half = path.with_suffix(".half")
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if not self._make_room(len(raw) + size, path, used):
                return False
            with half.open("wb") as out:
                out.write(_MAGIC + json.dumps(head).encode() + b"\n")
                out.write(raw)
                out.writelines(state)
            half.chmod(0o600)
            os.utime(half, ns=(used, used))
            half.replace(path)
        except OSError as error:
            log.warning("a conversation's state was not kept: %s", error)
            with contextlib.suppress(OSError):
                half.unlink(missing_ok=True)
            return False
        return True

    def read(self, conversation: str) -> tuple[list[int], bytes] | None:
        """A kept state; None where there is none or it is damaged (then it is deleted)."""
        path = self._path(conversation)
        if path is None or not path.exists():
            return None
        try:
            with path.open("rb") as stream:
                return _parse(stream, path.stat().st_size)
        except (OSError, ValueError, KeyError, TypeError) as error:
            log.warning("a conversation's state cannot be used: %s", error)
            with contextlib.suppress(OSError):
                path.unlink()
            return None

    def _make_room(self, needed: int, but: Path, used: int) -> bool:
        """Delete states used before `used`, the oldest first, if so many bytes fit then; whether they do."""
        for half in self._folder.glob("*.half"):  # of a process that was ended while it wrote
            with contextlib.suppress(OSError):
                if time.time() - half.stat().st_mtime > ABANDONED:
                    half.unlink()
        files = sorted((p.stat().st_mtime_ns, p) for p in self._folder.glob(f"*{SUFFIX}") if p != but)
        total = sum(p.stat().st_size for _, p in files)
        leaving = []
        for when, path in files:
            if total + needed <= self._limit or when >= used:
                break
            total -= path.stat().st_size
            leaving.append(path)
        if total + needed > self._limit:
            return False
        for path in leaving:
            path.unlink()
        return True


def _parse(stream: BinaryIO, size: int) -> tuple[list[int], bytes]:
    if stream.readline(64) != _MAGIC:
        raise ValueError("not a state")
    head = json.loads(stream.readline(512))
    count, length = int(head["tokens"]), int(head["bytes"])
    if count < 0 or length < 0 or stream.tell() + 4 * count + length != size:
        raise ValueError("the file is cut short")
    raw, state = stream.read(4 * count), stream.read(length)
    digest = hashlib.blake2b(raw, digest_size=16)
    digest.update(state)
    if digest.hexdigest() != head["digest"]:
        raise ValueError("the checksum is wrong")
    tokens = array.array("i")
    tokens.frombytes(raw)
    return tokens.tolist(), state
