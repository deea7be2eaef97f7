"""How often past chats answer: forty chats of somebody, and sixty questions by who wrote them and has not seen the program.

    python -m tests.evaluation.past --part tune|report

Counted of the questions with an answer: its chat is among the first five passages; its chat is quoted; the line that answers is in
what a model is given to read; it was refused all the same. And of those without one, how many are refused.
"""

from __future__ import annotations

import argparse
import json
import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

from core.app import App
from core.chat.conversation import Role
from core.paths import Home
from core.storage.collections import CHATS

DATA = Path(__file__).resolve().parent.parent / "data/past_chats"


def fill(app: App) -> dict[str, str]:
    """Write the chats into a home; returns their titles by the ids that the questions use."""
    titles = {}
    for chat in json.loads((DATA / "chats.json").read_text(encoding="utf-8")):
        row, parent = app.conversations.create(chat["title"], ""), None
        for turn in chat["turns"]:
            parent = app.conversations.add(row.id, Role(turn["role"]), turn["text"], parent=parent).id
        titles[chat["id"]] = chat["title"]
    app.jobs.start("read past chats", app.past.prepare).wait().wait()
    return titles


def measure(app: App, questions: list[dict[str, Any]], titles: dict[str, str]) -> Counter[str]:
    """The counts that are named above."""
    count: Counter[str] = Counter()
    for question in questions:
        found = app.answerer.find(CHATS, question["question"])
        if question["chat"] is None:
            count["without an answer"] += 1
            count["refused, and rightly"] += not found.fits
            continue
        wanted = titles[question["chat"]]
        quoted = found.quotation.passage.file if found.quotation is not None else ""
        read = _letters(" ".join(one.text for one in found.reading))
        count["with an answer"] += 1
        count["its chat among the first five"] += wanted in [p.passage.file for p in found.passages[:5]]
        count["its chat quoted"] += found.fits and quoted == wanted
        count["its line given to the model"] += _letters(question["sentence"]) in read
        count["refused, and wrongly"] += not found.fits
    return count


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--part", choices=["tune", "report"], default="tune")
    part = parser.parse_args().part
    questions = json.loads((DATA / "questions.json").read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        home.create()
        app = App(home)
        try:
            titles = fill(app)
            for name, number in measure(app, [q for q in questions if q["part"] == part], titles).items():
                print(f"{name:32} {number}")
        finally:
            app.close()


if __name__ == "__main__":
    main()
