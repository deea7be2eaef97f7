"""JSON files of any size, read piece by piece: an export of ten years does not fit into memory, nor does a hostile one.

Reading in small steps also lets other threads go on: the standard library's parser would hold them up for seconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from core.errors import N_, ImportBroken

DEEPEST = 200  # levels; Cherry Studio, the deepest, has about fifteen
LARGEST = 256 << 20  # bytes of one element: a conversation, all its pictures written into it
CHUNK = 1 << 16


class _Counting:
    """A stream that knows how much was read of it."""

    def __init__(self, stream: Readable) -> None:
        self._stream = stream
        self.count = 0

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self.count += len(data)
        return data


class Readable(Protocol):
    """What gives bytes, piece by piece."""

    def read(self, size: int = ..., /) -> bytes: ...


def whole(stream: Readable, name: str) -> Any:
    """A JSON file's list or object. Raises ImportBroken as `elements`; all of it counts as one element."""
    return next((value for _, value in _given(stream, name, split=False)), None)


def elements(stream: Readable, name: str) -> Iterator[tuple[str, Any]]:
    """What a JSON file holds: of a list its elements (key ''), of an object its values by key, of a list among them each element.

    Raises ImportBroken (with `name`) where the file is no JSON, ends early, nests too deep or has one element that is too large.
    """
    return _given(stream, name, split=True)


def _given(stream: Readable, name: str, *, split: bool) -> Iterator[tuple[str, Any]]:
    import ijson

    source = _Counting(stream)
    # What is open, outermost first: the container and the key in its parent under which it belongs.
    open_: list[tuple[Any, str | None]] = []
    key: str | None = None
    given = 0  # bytes read when the last element was given away
    try:
        for kind, value in ijson.basic_parse(source, use_float=True, buf_size=CHUNK):
            if source.count - given > LARGEST:
                raise ImportBroken(name, N_("one part of it is too large"))
            if kind == "map_key":
                key = value
                continue
            if kind in ("start_map", "start_array"):
                if len(open_) >= DEEPEST:
                    raise ImportBroken(name, N_("nested too deep"))
                open_.append(({} if kind == "start_map" else [], key))
                key = None
                continue
            if kind in ("end_map", "end_array"):
                value, key = open_.pop()
            if not open_:
                if kind not in ("end_map", "end_array"):
                    raise ImportBroken(name, N_("no list and no object"))
                if not split:
                    yield "", value
                return
            top, top_key = open_[-1]
            if split and len(open_) == 1:  # the file's own list or object
                if isinstance(top, list):
                    yield "", value
                elif not (kind == "end_array" and value == []):  # a list was given element by element
                    yield key or "", value
                given = source.count
            elif split and len(open_) == 2 and isinstance(top, list) and isinstance(open_[0][0], dict):
                yield top_key or "", value
                given = source.count
            elif isinstance(top, dict):
                top[key] = value
            else:
                top.append(value)
            key = None
    except (ijson.JSONError, UnicodeDecodeError, EOFError, ValueError) as error:
        raise ImportBroken(name, (str(error).splitlines() or [""])[0][:80]) from error
