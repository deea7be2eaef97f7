"""Subtitles as files: SubRip (.srt) and WebVTT (https://www.w3.org/TR/webvtt1/).

Lines of a transcript are cut into what can be read at a glance: two lines of 42 letters or of 20 full-width characters, which is
what broadcasters allow (EBU, BBC and Netflix guides: 37 to 42; in Japanese 13 to 23).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

WIDE, LINES = 42, 2  # halves of a full-width character a line, and lines at once
SHORTEST = 0.3  # seconds that a part is shown

_BREAKS = re.compile(r"(?<=[.!?;:,、。！？])\s*|\s+")


@dataclass(frozen=True)
class Cue:
    """Words that are shown from second `start` to `end`."""

    start: float
    end: float
    text: str
    speaker: str = ""


def srt(cues: Sequence[Cue]) -> str:
    """SubRip: numbered, commas in the times."""
    parts = []
    for number, cue in enumerate(_readable(cues), 1):
        who = f"{cue.speaker}: " if cue.speaker else ""
        parts.append(f"{number}\n{_time(cue.start, ',')} --> {_time(cue.end, ',')}\n{who}{cue.text}\n")
    return "\n".join(parts)


def vtt(cues: Sequence[Cue]) -> str:
    """WebVTT."""
    parts = ["WEBVTT\n"]
    for cue in _readable(cues):
        text = cue.text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        who = f"<v {cue.speaker}>" if cue.speaker else ""
        parts.append(f"{_time(cue.start, '.')} --> {_time(cue.end, '.')}\n{who}{text}\n")
    return "\n".join(parts)


def _time(seconds: float, point: str) -> str:
    whole = round(seconds * 1000)
    minutes, rest = divmod(whole, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}{point}{rest % 1000:03d}"


def width(text: str) -> int:
    """How wide it is, in halves of a full-width character."""
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _readable(cues: Sequence[Cue]) -> Iterator[Cue]:
    """The same in parts of at most two lines; one that overlaps the next ends where that begins."""
    for place, cue in enumerate(cues):
        following = cues[place + 1].start if place + 1 < len(cues) else float("inf")
        end = max(min(cue.end, following), cue.start + SHORTEST)
        parts = list(_parts(cue.text))
        whole = sum(map(width, parts)) or 1
        start = cue.start
        for part in parts:
            until = min(start + (end - cue.start) * width(part) / whole, end)
            yield Cue(start, until, "\n".join(_lines(part)), cue.speaker)
            start = until


def _parts(text: str) -> Iterator[str]:
    """Cut into what two lines hold, at punctuation where there is some."""
    text = " ".join(text.split())
    while width(text) > WIDE * LINES:
        cut = _cut(text, WIDE * LINES)
        yield text[:cut].strip()
        text = text[cut:].strip()
    if text:
        yield text


def _lines(text: str) -> list[str]:
    if width(text) <= WIDE:
        return [text]
    cut = _cut(text, WIDE, nearest=width(text) / 2)
    rest = text[cut:].strip()
    if width(rest) > WIDE:  # the middle was no place: as much as there is room for
        cut = _cut(text, WIDE)
        rest = text[cut:].strip()
    return [text[:cut].strip(), *([rest] if rest else [])]


def _cut(text: str, most: float, nearest: float | None = None) -> int:
    """Where to cut, so that the first part is at most `most` wide: at punctuation, else between words, else anywhere; as late as
    can be, or nearest to the width `nearest`."""
    widths = [0]
    for character in text:
        widths.append(widths[-1] + width(character))
    reach = max(i for i in range(len(widths)) if widths[i] <= most)
    places = [m.end() for m in _BREAKS.finditer(text) if 0 < m.start() <= reach and m.end() < len(text)]
    if nearest is not None:
        return min(places, key=lambda i: abs(widths[i] - nearest), default=reach)
    marked = [i for i in places if text[:i].rstrip()[-1:] in ".!?;:,、。！？" and widths[i] >= most / 2]
    return max(marked or places, default=reach) or 1
