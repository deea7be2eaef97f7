"""`tsukue docs` and `tsukue ask`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from core.chat.conversation import Mark, Message, Source
from core.cli.console import Commands, command, open_app, print_json, warn
from core.engine.messages import Timings
from core.errors import TsukueError


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    docs = commands.add_parser("docs", help="Add, list, search and remove documents.")
    actions = docs.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = command(actions, "add", _add, "Add files and folders to a collection.")
    add.add_argument("paths", nargs="+", metavar="PATH")
    status = command(actions, "status", _status, "What a collection holds, and what is not finished.")
    everything = command(actions, "list", _list, "List collections, or the documents of one.")
    everything.add_argument("-c", "--collection", metavar="NAME")
    remove = command(actions, "remove", _remove, "Remove a document, or a whole collection.")
    remove.add_argument("file", nargs="?", metavar="PATH")
    search = command(actions, "search", _search, "Find passages.")
    search.add_argument("query", nargs="?", metavar="QUERY")
    search.add_argument("--top", type=int, default=5, metavar="N")
    ask = command(commands, "ask", _ask, "Ask a question about the documents of a collection.")
    ask.add_argument("question", nargs="?", metavar="QUESTION")
    ask.add_argument("--model", default="", metavar="M")
    for needs in (add, status, remove, search, ask):
        needs.add_argument("-c", "--collection", metavar="NAME", required=True)
    for batch in (search, ask):
        batch.add_argument("--batch", metavar="FILE.jsonl", help="questions as {id, question}, one a line")
    for printing in (add, status, everything, remove, search, ask):
        printing.add_argument("--json", action="store_true")


def _add(options: argparse.Namespace) -> int:
    from core.documents.ingest import IngestProgress

    app = open_app(options)
    try:

        def show(progress: IngestProgress) -> None:
            count = f"{progress.embedded}/{progress.passages}" if progress.passages else "reading"
            print(
                f"[{progress.done + 1}/{progress.files}] {progress.file}: {count}",
                file=sys.stderr,
                flush=True,
            )

        app.events.listen(IngestProgress, show)
        job = app.jobs.start("add", lambda job: app.ingest.add(options.paths, options.collection, job))
        try:
            report = job.wait()
        except KeyboardInterrupt:
            job.cancel()
            report = job.wait()
    finally:
        app.close()
    for failed in report.failed:
        warn(failed.error)
    if options.json:
        print_json(
            {
                "added": report.added,
                "replaced": report.replaced,
                "unchanged": report.unchanged,
                "failed": [{"file": f.file, "error": str(f.error)} for f in report.failed],
                "passages": report.passages,
                "seconds": round(report.seconds, 3),
            }
        )
    else:
        print(
            f"{report.added} added, {report.replaced} replaced, {report.unchanged} unchanged,"
            f" {len(report.failed)} failed; {report.passages} passages in {report.seconds:.1f} s"
        )
    return 1 if report.failed or report.cancelled else 0


def _list(options: argparse.Namespace) -> int:
    app = open_app(options, own=False)
    try:
        if options.collection:
            rows = [_document(d) for d in app.documents.documents(options.collection)]
            lines = [
                f"{row['file']}  {row['pages'] or '-'} pages, {row['passages']} passages, {row['state']}"
                for row in rows
            ]
        else:
            rows = [
                {"name": c.name, "documents": c.documents, "pages": c.pages, "passages": c.passages}
                for c in app.documents.collections()
            ]
            lines = [
                f"{row['name']}  {row['documents']} documents, {row['passages']} passages" for row in rows
            ]
    finally:
        app.close()
    if options.json:
        print_json(rows)
    else:
        print("\n".join(lines) if lines else "nothing yet")
    return 0


def _document(document: Any) -> dict[str, Any]:
    return {
        "file": document.file,
        "path": document.path,
        "pages": document.pages,
        "passages": document.passages,
        "state": document.state,
        "size_bytes": document.size,
    }


def _status(options: argparse.Namespace) -> int:
    app = open_app(options, own=False)
    try:
        documents = app.documents.documents(options.collection)
    finally:
        app.close()
    unfinished = [d.file for d in documents if d.state != "ready"]
    value = {
        "collection": options.collection,
        "documents": len(documents),
        "pages": sum(d.pages for d in documents),
        "passages": sum(d.passages for d in documents),
        "unfinished": unfinished,
    }
    if options.json:
        print_json(value)
    else:
        print(
            f"{value['documents']} documents, {value['pages']} pages, {value['passages']} passages;"
            f" {len(unfinished)} not finished (add them again to go on)"
        )
    return 0


def _remove(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        removed = app.ingest.remove(options.collection, options.file)
    finally:
        app.close()
    if options.json:
        print_json({"removed": removed})
    else:
        print(f"{removed} removed")
    return 0


def _questions(options: argparse.Namespace, text: str | None) -> Iterator[tuple[Any, str]] | None:
    """The questions of a batch file or the one on the command line; None (and a word) where there is none."""
    if options.batch:

        def lines() -> Iterator[tuple[Any, str]]:
            with Path(options.batch).open(encoding="utf-8") as stream:
                for line in stream:
                    if line.strip():
                        entry = json.loads(line)
                        yield entry.get("id"), entry["question"]

        try:
            return iter(list(lines()))
        except (OSError, ValueError, KeyError, TypeError) as error:
            warn(f"{options.batch} cannot be read as one {{id, question}} a line: {error}")
            return None
    if not text:
        warn("a question or --batch is needed")
        return None
    return iter([(None, text)])


def _search(options: argparse.Namespace) -> int:
    from core.documents import retrieve

    questions = _questions(options, options.query)
    if questions is None:
        return 2
    app = open_app(options)
    try:
        for number, question in questions:
            started = time.perf_counter()
            found = retrieve.search(app.documents, app.index, options.collection, question, options.top)
            seconds = time.perf_counter() - started
            if options.json:
                print_json(
                    {
                        "id": number,
                        "query": question,
                        "passages": [
                            {
                                "file": f.passage.file,
                                "page": f.passage.page,
                                "section": f.passage.section,
                                "text": f.passage.text,
                                "score": round(f.score, 5),
                            }
                            for f in found
                        ],
                        "seconds": round(seconds, 3),
                    }
                )
                continue
            for f in found:
                page = f", p. {f.passage.page}" if f.passage.page else ""
                print(f"{f.passage.file}{page}\n  {f.passage.text[:300]}\n")
    finally:
        app.close()
    return 0


def _ask(options: argparse.Namespace) -> int:
    questions = _questions(options, options.question)
    if questions is None:
        return 2
    app = open_app(options)
    failed = False
    try:
        app.documents.collection(options.collection)
        for number, question in questions:
            conversation = app.chat.new_conversation(collection=options.collection)
            try:
                answer = app.chat.send(conversation.id, question, model=options.model).wait()
                _print_answer(number, question, answer, as_json=options.json)
            except TsukueError as error:
                failed = True
                warn(error)
                if options.json:
                    print_json({"id": number, "question": question, "error": str(error)})
            finally:
                app.chat.discard(conversation.id)
    finally:
        app.close()
    return 1 if failed else 0


def _print_answer(number: Any, question: str, answer: Message, *, as_json: bool) -> None:
    details = answer.details
    outcome = details.outcome or "quotation"
    if as_json:
        print_json(
            {
                "id": number,
                "question": question,
                "outcome": outcome,
                "answer": answer.text,
                "abstained": outcome == "not found",
                "quotation": _place(details.quotation) if details.quotation else None,
                "citations": [{"marker": c.marker, **_place(c)} for c in details.citations],
                "passages": msgspec.to_builtins(details.passages),
                "timings": {
                    "retrieval_s": details.retrieval_s,
                    **msgspec.to_builtins(details.timings or Timings(0.0, 0.0, 0, 0, 0)),
                },
            }
        )
        return
    if outcome == "not found":
        print("Not in the documents.")
        return
    print(_marked(answer.text, details.marks))
    if outcome == "quotation":
        print("\nThe documents do not support this answer. What they say:")
    for citation in details.citations:
        page = f", p. {citation.page}" if citation.page else ""
        print(f"[{citation.marker}] {citation.file}{page}: “{citation.text}”")


def _place(source: Source) -> dict[str, Any]:
    return {"file": source.file, "page": source.page, "text": source.text}


def _marked(text: str, marks: list[Mark]) -> str:
    """The answer with [n] behind supported sentences and [?] behind the others."""
    for mark in reversed(marks):
        text = f"{text[: mark.end]} [{mark.marker if mark.marker is not None else '?'}]{text[mark.end :]}"
    return text
