"""Finding passages, quoting, citing, and the honest no."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tests.benchmarks.report import ROOT, read_lines, report


def measure_documents(app: object) -> None:
    from core.jobs import Job

    corpus = sorted((ROOT / "tests/data/corpus").glob("*.pdf"))
    app.ingest.add([str(path) for path in corpus], "corpus", Job(0, "bench"))  # type: ignore[attr-defined]
    for name, file in (("", "questions.jsonl"), (", held out", "questions_held_out.jsonl")):
        measure_questions(app, name, read_lines(ROOT / "tests/data" / file))
    measure_support()


def right_page(question: dict[str, Any], file: str, page: int | None) -> bool:
    return question["file"] in file and page == question["page"]


def measure_questions(app: object, name: str, questions: list[dict[str, Any]]) -> None:
    """Retrieval, the quoted sentence and the honest no: everything that needs no model."""
    from core.documents import retrieve

    hits = Counter[str]()
    for q in questions:
        evidence = app.answerer.find("corpus", q["question"])  # type: ignore[attr-defined]
        if q["file"] is None:
            hits["unanswerable"] += 1
            hits["honest no"] += not evidence.fits
            continue
        hits["questions"] += 1
        found = retrieve.search(app.documents, app.index, "corpus", q["question"], 5)  # type: ignore[attr-defined]
        hits["first five"] += any(right_page(q, f.passage.file, f.passage.page) for f in found)
        if not evidence.fits:
            hits["wrong no"] += 1
            continue
        quoted = evidence.quotation.passage
        hits["quoted page"] += right_page(q, quoted.file, quoted.page)
    n = hits["questions"]
    report(f"gold page in the first five{name}", f"{hits['first five']} of {n}", "all")
    report(f"quoted page right{name}", f"{hits['quoted page']} of {n}", "all")
    report(f"said no where there is an answer{name}", f"{hits['wrong no']} of {n}", "none")
    aim = "all" if name else "all (the threshold was chosen on these)"
    report(f"honest no where nothing fits{name}", f"{hits['honest no']} of {hits['unanswerable']}", aim)


def measure_citations(app: object, model: str) -> None:
    """The 40 questions, answered by a real model: where do the citations that are shown point?"""
    questions = [q for q in read_lines(ROOT / "tests/data/questions.jsonl") if q["file"] is not None]
    outcomes = Counter[str]()
    right, cited, every = 0, 0, 0
    for q in questions:
        conversation = app.chat.new_conversation(collection="corpus").id  # type: ignore[attr-defined]
        details = app.chat.send(conversation, q["question"], model=model).wait().details  # type: ignore[attr-defined]
        outcomes[details.outcome] += 1
        pages = [right_page(q, c["file"], c["page"]) for c in details.citations]
        right += bool(pages) and pages[0]
        every += sum(pages)
        cited += len(pages)
    said = ", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common())
    report(f"first citation's page right, {model}", f"{right} of {len(questions)} ({said})", "all")
    report(f"citations on the gold page, {model}", f"{every} of {cited}", "all")


def measure_support() -> None:
    from core.documents import support

    lines = (ROOT / "tests/data/support_pairs.jsonl").read_text(encoding="utf-8").splitlines()
    for name, half in (("tuned", lines[::2]), ("held out", lines[1::2])):
        table = Counter[tuple[str, str, bool]]()
        for line in half:
            pair = json.loads(line)
            table[
                pair["id"][:2], pair["kind"], support.find(pair["statement"], pair["passage"]) is not None
            ] += 1
        print(f"\nsupport rule, {name} half ({len(half)} pairs): kind, taken as supported / as unsupported")
        for language in ("en", "ja"):
            for kind in ("supported", "numbers", "negated", "names", "off"):
                print(
                    f"  {language} {kind:10} {table[language, kind, True]:3} / {table[language, kind, False]:3}"
                )
        right = sum(count for (_, kind, said), count in table.items() if said == (kind == "supported"))
        report(f"support rule right, {name} half", f"{right} of {len(half)}", "as many as possible")
