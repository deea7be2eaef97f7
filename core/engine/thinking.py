"""Separates a model's thinking (<think> … </think>) from its answer while both stream."""

from __future__ import annotations

OPEN, CLOSE = "<think>", "</think>"


def _held_back(text: str, mark: str) -> int:
    """How many characters at the end of `text` may be the beginning of `mark`."""
    for length in range(min(len(mark) - 1, len(text)), 0, -1):
        if text.endswith(mark[:length]):
            return length
    return 0


class ThinkingSplitter:
    """Feed it text; it returns (answer, thinking) pieces. Only an opening mark at the very start counts."""

    def __init__(self, *, open_at_start: bool = False) -> None:
        self._buffer = ""
        self._state = "thinking" if open_at_start else "start"

    def feed(self, text: str) -> tuple[str, str]:
        """Take the next piece of output; what may be half a mark is kept for the next call."""
        self._buffer += text
        answer = thinking = ""
        if self._state == "start":
            stripped = self._buffer.lstrip()
            if stripped.startswith(OPEN):
                self._buffer = stripped.removeprefix(OPEN)
                self._state = "thinking"
            elif OPEN.startswith(stripped):
                return "", ""
            else:
                self._state = "answer"
        if self._state == "thinking":
            before, mark, after = self._buffer.partition(CLOSE)
            if mark:
                thinking, self._buffer, self._state = before, after.lstrip("\n"), "answer"
            else:
                keep = _held_back(self._buffer, CLOSE)
                thinking = self._buffer[: len(self._buffer) - keep]
                self._buffer = self._buffer[len(thinking) :]
        if self._state == "answer":
            answer, self._buffer = self._buffer, ""
        return answer, thinking

    def end(self) -> tuple[str, str]:
        """What was held back when the output ended."""
        rest, self._buffer = self._buffer, ""
        return ("", rest) if self._state == "thinking" else (rest, "")
