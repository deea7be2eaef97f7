"""How recognised words are written: joined, with blanks where a language has them, and closed with a mark."""

from __future__ import annotations

import re

_WIDE = r"[\u3000-\u30ff\u3400-\u9fff\uff00-\uff60]"
_BETWEEN_WIDE = re.compile(rf"(?<={_WIDE})[ \t]+(?={_WIDE})")
_ENDS_WIDE = re.compile(rf"{_WIDE}$")
_BEGINS_WIDE = re.compile(rf"^{_WIDE}")
_CLOSED = re.compile(r"[.!?。！？…」』)）\"”]$")
_ASKS_JA = re.compile(r"(です|ます|ません|でした|ました|でしょう|だろう|ない|の|る|た|い)か$")
_POLITE_END = re.compile(r"(です|ます|ません|でした|ました|でしょう|ましょう|ください|下さい)(よ|ね|よね)?$")
_WHO = r"(i|you|he|she|it|we|they|there|this|that|these|those|the|my|your|our|his|her|their|any\w*|some(body|one|thing))"
_ASKS_EN = re.compile(
    r"^((how|when|where|who|whom|whose|why|which|what(?! an?\b))\b"
    rf"|(do|does|did|can|could|will|would|should|may|have|has|had) {_WHO}\b|(is|are|was|were) ({_WHO}|an?)\b)",
    re.IGNORECASE,
)


def tidy(text: str) -> str:
    """Whisper parts Japanese phrases with blanks, where people write 、 or 。 or nothing; the start and the end have none."""
    text = text.strip()
    return _BETWEEN_WIDE.sub(lambda blank: _mark(text[: blank.start()]), text)


def _mark(before: str) -> str:
    """What stands in the place of a blank behind these words."""
    if _CLOSED.search(before) or before.endswith("、"):
        return ""
    if _ASKS_JA.search(before) and re.search(r"(です|ます|ません|でした|ました|でしょう)か$", before):
        return "？"
    return "。" if _POLITE_END.search(before) else "、"


def begin(text: str) -> str:
    """With a capital where a sentence begins; Whisper now and then takes it for the middle of one."""
    return text[:1].upper() + text[1:]


def join(before: str, after: str) -> str:
    """What was said before, and what follows."""
    if not before or not after:
        return before or after
    between = "" if _ENDS_WIDE.search(before) or _BEGINS_WIDE.search(after) else " "
    return f"{before}{between}{after}"


def follow(before: str, after: str) -> str:
    """As `join`; where Japanese ends like a sentence and has no mark, it gets one."""
    if before and after and _ENDS_WIDE.search(before) and not _CLOSED.search(before):
        mark = _mark(before)
        before += mark if mark in ("。", "？") else ""
    return join(before, after)


def close(text: str, language: str) -> str:
    """With a mark at its end, where Whisper has left it out."""
    if not text or _CLOSED.search(text):
        return text
    text = text.rstrip("、, ")
    if language == "ja":
        return text + ("？" if _ASKS_JA.search(text) else "。")
    if language == "en":
        last = re.split(r"(?<=[.!?])\s", text)[-1]
        return text + ("?" if _ASKS_EN.match(last) else ".")
    return text
