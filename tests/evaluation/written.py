"""What a model writes of real documents, and how much of what is right is shown as supported.

`python -m tests.evaluation.written [--part tune|choose|report] [--model M] [--count N]` asks N questions in each language and
writes questions, passages, answers and marks to the cache, for somebody to read: {"id", "right": true|false, "sentences":
[{"text", "verdict": "true"|"false"|"none"}]} a line. `--judged FILE` then counts; the marks are made again by today's check.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

from core.app import App
from tests.evaluation import answers
from tests.evaluation.answers import COLLECTION, FOLDER, Question

MODEL = "qwen2.5-coder-0.5b-instruct"


def chosen(part: str, count: int) -> list[Question]:
    """The same questions every time, as many in each language, those without an answer and follow-ups left out."""
    asked = [q for q in answers.questions(part) if q.answerable and not q.earlier]
    by_language = [[q for q in asked if q.language == language] for language in ("en", "ja")]
    for questions in by_language:
        random.Random(4).shuffle(questions)
    return [
        question for pair in zip(*(some[:count] for some in by_language), strict=False) for question in pair
    ]


def ask(app: App, question: Question, model: str) -> dict[str, Any]:
    """One question with its answer and what was shown for it."""
    conversation = app.chat.new_conversation(collection=COLLECTION).id
    try:
        answer = app.chat.send(conversation, question.text, model=model).wait()
    finally:
        app.chat.discard(conversation)
    details = answer.details
    return {
        "id": question.id,
        "question": question.text,
        "gold": [[f"{gold.begin} … {gold.end}" for gold in places[:1]] for places in question.gold],
        "outcome": details.outcome,
        "answer": answer.text,
        "marks": [[answer.text[m.start : m.end], m.marker] for m in details.marks],
        "quotation": details.quotation.text if details.quotation else "",
        "passages": [[Path(p.file).name, p.page, p.section, p.text] for p in details.passages[:4]],
    }


def count(app: App, part: str, judged: Path) -> None:
    """How much of what somebody has found right is shown as supported, and how much of what is false."""
    by_id = {question.id: question for question in answers.questions(part)}
    shown, every = Counter[str](), Counter[str]()
    for line in judged.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        evidence = app.answerer.find(COLLECTION, by_id[record["id"]].text)
        verdicts = [(s["verdict"], s["text"]) for s in record["sentences"]]
        for verdict, text in verdicts:
            marked = any(m.marker for m in app.answerer.judge(evidence, text).marks)
            every[f"{verdict} sentences"] += 1
            shown[f"{verdict} sentences"] += marked
        outcome = app.answerer.judge(evidence, "\n".join(text for _, text in verdicts)).outcome
        kind = f"{'right' if record['right'] else 'wrong'} answers"
        every[kind] += 1
        shown[kind] += outcome == "answered"
    for kind in sorted(every):
        print(f"{kind} shown as supported: {shown[kind]} of {every[kind]}")


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--part", choices=("tune", "choose", "report"), default="tune")
    parser.add_argument("--model", default=MODEL)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--judged", type=Path)
    arguments = parser.parse_args()
    app = answers.opened()
    try:
        if arguments.judged:
            count(app, arguments.part, arguments.judged)
            return
        outcomes = Counter[str]()
        path = FOLDER / f"written-{arguments.part}.jsonl"
        with path.open("w", encoding="utf-8") as stream:
            for question in chosen(arguments.part, arguments.count):
                record = ask(app, question, arguments.model)
                outcomes[record["outcome"]] += 1
                stream.write(json.dumps(record, ensure_ascii=False) + "\n")
                stream.flush()
        print(path, dict(outcomes))
    finally:
        app.close()


if __name__ == "__main__":
    main()
