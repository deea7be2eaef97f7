"""How far the marks of an answer can be trusted: `python -m tests.evaluation.support [--part tune|choose|report] [--missed]
[--entailment FOLDER]`.

660 statements beside the passages that they speak of, half of them false by one thing: a number, a unit, a date, a name, who did
it, a negation, a direction, another row, another section, a mixture. Printed by kind: how many are shown as supported.
"""

from __future__ import annotations

import argparse
import functools
import json
from collections import Counter
from pathlib import Path
from typing import Any

from core.app import App
from core.documents import entailment, support
from core.documents.cross_encoders import EntailmentModel
from core.storage.documents import StoredPassage
from tests.evaluation import answers
from tests.evaluation.corpus import fetch

PAIRS = fetch.LIST.with_name("pairs.jsonl")


class Passages:
    """The stretches that pairs speak of, as today's readers have them."""

    def __init__(self, app: App) -> None:
        self._texts: dict[str, list[str]] = {}
        self._bared: dict[str, list[tuple[str, list[int], str]]] = {}
        for row in app.database.rows(
            "SELECT d.path, p.text FROM pages p JOIN documents d ON d.id = p.document ORDER BY p.id"
        ):
            self._texts.setdefault(row["path"].rpartition("/")[2], []).append(row["text"])

    def find(self, pair: dict[str, Any]) -> str | None:
        """The stretch of a pair; None where it is read otherwise today, or over two pages."""
        place = pair["passage"]
        begin = answers.bare(place.get("from") or place["text"])[:40]
        end = answers.bare(place.get("to") or place["text"])
        for text, places, bare in self._bare(pair["file"]):
            first = bare.find(begin)
            last = bare.find(end, first) if first >= 0 else -1
            if last >= 0:
                return text[places[first] : places[last + len(end) - 1] + 1]
        return None

    def _bare(self, file: str) -> list[tuple[str, list[int], str]]:
        if file in self._bared:
            return self._bared[file]
        found = self._bared[file] = []
        for text in self._texts.get(file, []):
            pairs = [(place, one) for place, character in enumerate(text) for one in _bare(character)]
            found.append((text, [place for place, _ in pairs], "".join(one for _, one in pairs)))
        return found


@functools.cache
def _bare(character: str) -> str:
    return answers.bare(character)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--part", choices=("tune", "choose", "report"), default="tune")
    parser.add_argument("--missed", action="store_true")
    parser.add_argument(
        "--entailment", type=Path, help="folder of an entailment model, asked where words do not tell"
    )
    arguments = parser.parse_args()
    app = answers.opened()
    try:
        passages = Passages(app)
    finally:
        app.close()
    model = EntailmentModel(arguments.entailment) if arguments.entailment else None
    marked, every, lost = Counter[tuple[bool, str]](), Counter[tuple[bool, str]](), 0
    for line in PAIRS.read_text(encoding="utf-8").splitlines():
        pair = json.loads(line)
        if pair["part"] != arguments.part:
            continue
        passage = passages.find(pair)
        if passage is None:
            lost += 1
            continue
        found: object = support.find(
            pair["statement"], passage, question=pair["question"], above=pair["context"]
        )
        if found is None and model is not None:
            places = support.stated(passage, pair["context"])
            stored = StoredPassage(1, 1, pair["file"], pair["file"], None, 1, 0, "", passage)
            found = entailment.find(pair["statement"], pair["question"], [(stored, places)], model.entails)
        for kind in (pair["kind"], f"all, {pair['lang']}"):
            every[pair["supported"], kind] += 1
            marked[pair["supported"], kind] += found is not None
        if arguments.missed and (found is not None) != pair["supported"]:
            print(f"{pair['id']} {pair['kind']}: {pair['statement']}")
    for true in (True, False):
        kinds = sorted(kind for value, kind in every if value is true)
        total = sum(every[true, kind] for kind in kinds if kind.startswith("all"))
        shown = sum(marked[true, kind] for kind in kinds if kind.startswith("all"))
        print(
            f"{'true' if true else 'false'} ones shown as supported: {shown} of {total} ({shown / total:.3f})"
        )
        print("   ", ", ".join(f"{kind} {marked[true, kind]} of {every[true, kind]}" for kind in kinds))
    print(f"{lost} pairs whose passage is read otherwise today")


if __name__ == "__main__":
    main()
