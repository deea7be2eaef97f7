"""Names and terms that may be said, and what the person has corrected before. Runs in the voice worker.

Whisper can be told names in its prompt, but then it also hears other words otherwise: with 24 names that were not said it made one
Japanese character in seven more mistakes (docs/voice.md). So what was heard is written twice, without and with the names, and of the
second writing only the names are taken, where they stand in the place of something that was heard.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from core.voice.whisper import WITHOUT_SPACES, Ear, Hypothesis, Whisper

_MOSTLY = 0.5  # of what is taken has to be a name
_SHORTEST, _LONGEST = 0.4, 2.5  # what it stands for, by its length


def heard_with(
    whisper: Whisper,
    ear: Ear,
    found: Hypothesis,
    names: Sequence[str],
    *,
    begun: Sequence[int] = (),
    before: Sequence[int] = (),
    times: bool = False,
) -> Hypothesis:
    """A writing, with the names that are said in it. `begun`, `before` and `times` are those that it was written with."""
    if not names or not found.text or found.repetitive:
        return found
    hinted = whisper.write(ear, found.language, begun=begun, before=before, hints=names, times=times)
    if times and found.pieces:
        texts = [piece.text for piece in found.pieces]
        told = merged(texts, hinted.text, names, found.language)
        pieces = tuple(
            replace(piece, text=text) for piece, text in zip(found.pieces, told, strict=True) if text
        )
        return replace(found, pieces=pieces)
    rest = whisper.text(found.tokens[len(begun) :])
    (told_rest,) = merged([rest], whisper.text(hinted.tokens[len(begun) :]), names, found.language)
    return rewritten(whisper, found, begun, rest, told_rest)


def corrected(
    whisper: Whisper, found: Hypothesis, corrections: Mapping[str, str], *, begun: Sequence[int] = ()
) -> Hypothesis:
    """A writing, with what the person has corrected before; what is settled (`begun`) stays."""
    if not corrections or not found.text:
        return found
    if found.pieces:
        pieces = tuple(
            replace(piece, text=put_right(piece.text, corrections, found.language)) for piece in found.pieces
        )
        return replace(found, pieces=pieces)
    rest = whisper.text(found.tokens[len(begun) :])
    return rewritten(whisper, found, begun, rest, put_right(rest, corrections, found.language))


def rewritten(whisper: Whisper, found: Hypothesis, begun: Sequence[int], rest: str, told: str) -> Hypothesis:
    """The same with other words behind those that are settled."""
    if told == rest:
        return found
    tokens = (*begun, *whisper.tokens(told, found.language))
    return replace(found, tokens=tokens, text=whisper.text(tokens).strip())


def units(text: str, language: str) -> list[str]:
    """What is compared: characters where words have no blanks between them, else words with the blank before them."""
    return list(text) if language in WITHOUT_SPACES else re.findall(r"\s*\S+", text)


def plain(unit: str) -> str:
    """A unit without case, blanks and marks; a mark alone stays."""
    return re.sub(r"[^\w']", "", unit).casefold() or unit.strip()


def merged(parts: Sequence[str], hinted: str, names: Sequence[str], language: str) -> list[str]:
    """Texts that follow each other, with the names that `hinted`, the same as written with names in mind, has in the place of some of
    their words."""
    ours = [(unit, part) for part, text in enumerate(parts) for unit in units(text, language)]
    theirs = units(hinted, language)
    one, other = [plain(unit) for unit, _ in ours], [plain(unit) for unit in theirs]
    named: set[int] = set()
    for name in names:
        wanted = [plain(unit) for unit in units(name, language)]
        for at in range(len(other) - len(wanted) + 1):
            if wanted and other[at : at + len(wanted)] == wanted:
                named.update(range(at, at + len(wanted)))
    out = [""] * len(parts)
    blocks = difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    for kind, begin, end, from_, to in blocks:
        size, new = end - begin, to - from_
        taken = (
            kind == "replace"
            and sum(at in named for at in range(from_, to)) >= _MOSTLY * new
            and any(at in named for at in range(from_, to))
            and _SHORTEST * new <= size <= _LONGEST * new + 1
        )
        if taken and size == new:  # word for word
            for (unit, part), at in zip(ours[begin:end], range(from_, to), strict=True):
                out[part] += _spaced(theirs[at], unit) if at in named else unit
        elif taken:
            out[ours[begin][1]] += _spaced(theirs[from_], ours[begin][0]) + "".join(theirs[from_ + 1 : to])
        else:
            for unit, part in ours[begin:end]:
                out[part] += unit
    return out


def _spaced(unit: str, instead: str) -> str:
    """A unit with the blanks of that in whose place it stands."""
    return instead[: len(instead) - len(instead.lstrip())] + unit.lstrip()


def put_right(text: str, corrections: Mapping[str, str], language: str) -> str:
    """With what was heard wrongly before replaced, where it stands as a whole word."""
    for heard, meant in corrections.items():
        replacement = meant.replace("\\", r"\\")
        if language in WITHOUT_SPACES:
            pattern = re.escape(heard)
            kind = _script(heard)
            if kind:  # not inside a longer run of the same script
                pattern = rf"(?<!{kind}){pattern}(?!{kind})"
        else:
            pattern = rf"(?<!\w){re.escape(heard)}(?!\w)"
        text = re.sub(pattern, replacement, text, flags=re.IGNORECASE)
    return text


def _script(text: str) -> str:
    """The characters that a word goes on with, as a class, where all of it is of one script."""
    for kind in (r"[ァ-ヺー]", r"[ぁ-ゖ]", r"[々㐀-鿿]", r"[A-Za-z0-9]"):
        if re.fullmatch(f"{kind}+", text):
            return kind
    return ""
