"""What all measures share: the table of results, and turning the window's event loop."""

from __future__ import annotations

import json
import subprocess
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.chat.conversation import AnswerDetails

ROOT = Path(__file__).resolve().parents[2]
STARTER = "smollm2-135m-instruct"
BRIGHTER = "qwen2.5-coder-0.5b-instruct"
ROWS: list[tuple[str, str, str]] = []
NOT_TAKEN: list[str] = []  # measures that are missing from the table, because something went wrong


class NotTaken(Exception):
    """A measure could not be taken, for a reason in words: mostly other work on this machine."""


def report(measure: str, value: str, aim: str) -> None:
    ROWS.append((measure, value, aim))
    print(f"{measure}: {value}  (aim: {aim})", flush=True)


@contextmanager
def taking(measure: str) -> Iterator[None]:
    """Whatever goes wrong inside costs this measure: it is named in the table, and the others go on."""
    try:
        yield
    except Exception as error:  # noqa: BLE001 - a bench of an hour must not end at its first surprise
        traceback.print_exc()
        said = str(error) or type(error).__name__
        if isinstance(error, subprocess.CalledProcessError) and error.stderr:
            said = str(error.stderr).strip().splitlines()[-1]
        NOT_TAKEN.append(measure)
        report(measure, f"not taken: {said[:200]}", "")


def live(condition: Callable[[], bool], seconds: float = 600) -> None:
    """Run the window's event loop until a condition holds. Raises NotTaken where it does not in time."""
    from PySide6.QtCore import QEventLoop, QTimer

    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotTaken(f"what was waited for did not come in {seconds:.0f} s")
        loop = QEventLoop()
        QTimer.singleShot(20, loop.quit)
        loop.exec()


def ask(window: object, text: str) -> AnswerDetails:
    """Send a message through the window; returns the answer's details. Raises NotTaken where it failed."""
    chat = window.chat  # type: ignore[attr-defined]
    chat.composer.text.setPlainText(text)
    chat.composer.text.submitted.emit()
    live(lambda: not chat.busy)
    details: AnswerDetails = chat._store.branch(chat.conversation)[-1].details
    if details.timings is None:
        raise NotTaken(f"an answer failed: {details.error}")
    return details


def read_lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
