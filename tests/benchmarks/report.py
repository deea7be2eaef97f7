"""What all measures share: the table of results, and turning the window's event loop."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STARTER = "smollm2-135m-instruct"
BRIGHTER = "qwen2.5-coder-0.5b-instruct"
ROWS: list[tuple[str, str, str]] = []


def report(measure: str, value: str, aim: str) -> None:
    ROWS.append((measure, value, aim))
    print(f"{measure}: {value}  (aim: {aim})", flush=True)


def live(condition: Callable[[], bool], seconds: float = 600) -> None:
    """Run the window's event loop until a condition holds."""
    from PySide6.QtCore import QEventLoop, QTimer

    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        loop = QEventLoop()
        QTimer.singleShot(20, loop.quit)
        loop.exec()


def ask(window: object, text: str) -> dict[str, object]:
    """Send a message through the window; returns the answer's details."""
    chat = window.chat  # type: ignore[attr-defined]
    chat.composer.text.setPlainText(text)
    chat.composer.text.submitted.emit()
    live(lambda: not chat.busy)
    return chat._store.branch(chat.conversation)[-1].details  # type: ignore[no-any-return]


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
