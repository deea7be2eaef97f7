"""`tsukue docs` and `tsukue ask`."""

from __future__ import annotations

import argparse
import json
import shlex
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from core.chat.conversation import Mark, Message, Source
from core.cli import collections
from core.cli.console import (
    Commands,
    command,
    lent,
    note,
    open_app,
    path,
    print_json,
    read_password,
    show,
    text,
    warn,
)
from core.engine.messages import Timings
from core.errors import NothingFits, TsukueError
from core.jobs import Job
from core.storage.collections import ALL, CHATS

if TYPE_CHECKING:
    from core.app import App
    from core.documents.additions import Addition
    from core.documents.ingest import IngestReport
    from core.documents.progress import IngestProgress


NAMED = 20  # files that are listed after an addition


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    docs = commands.add_parser("docs", help="Add, list, search and remove documents.")
    actions = docs.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = command(actions, "add", _add, "Add files and folders to a collection.")
    add.add_argument("paths", nargs="+", type=path, metavar="PATH")
    unlock = command(
        actions, "unlock", _unlock, "Read a protected PDF; the password is read from standard input."
    )
    unlock.add_argument("file", type=path, metavar="PATH")
    status = command(actions, "status", _status, "Show what a collection contains and what is unfinished.")
    finish = command(actions, "finish", _finish, "Finish indexing unfinished documents, in all collections.")
    everything = command(actions, "list", _list, "List collections, or the documents of one.")
    everything.add_argument("-c", "--collection", type=text, metavar="NAME")
    remove = command(actions, "remove", _remove, "Remove a document, or a whole collection.")
    remove.add_argument("file", nargs="?", type=path, metavar="PATH")
    search = command(actions, "search", _search, "Find passages in a collection.")
    search.add_argument("query", nargs="?", type=text, metavar="QUERY")
    search.add_argument("--top", type=int, default=5, metavar="N")
    checkup = command(actions, "check", _check, "Test how well a collection's own sentences are found.")
    checkup.add_argument("--questions", type=int, default=40, metavar="N", help="how many (default: 40)")
    checkup.add_argument("--model", type=text, default="", metavar="M", help="let this model write them")
    collections.register(actions)
    ask = command(commands, "ask", _ask, "Ask a question about the documents of a collection.")
    ask.add_argument("question", nargs="?", type=text, metavar="QUESTION")
    ask.add_argument("--model", type=text, default="", metavar="M")
    ask.add_argument("--quote", action="store_true", help="quote what answers best, without a model")
    for needs in (add, unlock, status, remove):
        needs.add_argument("-c", "--collection", type=text, metavar="NAME", required=True)
    for asks in (search, ask, checkup):
        which = asks.add_mutually_exclusive_group(required=True)
        which.add_argument("-c", "--collection", type=text, metavar="NAME")
        which.add_argument(
            "--all", dest="collection", action="store_const", const=ALL, help="all collections at once"
        )
        which.add_argument(
            "--chats", dest="collection", action="store_const", const=CHATS, help="your past chats"
        )
    for asks in (search, ask):
        asks.epilog = (
            "A question may say which documents it is about: file:manual.pdf, folder:contracts, kind:pdf,"
            " after:2024-03, before:2025."
        )
    for batch in (search, ask):
        batch.add_argument(
            "--batch", type=path, metavar="FILE.jsonl", help="questions as {id, question}, one per line"
        )
    for printing in (add, unlock, status, finish, everything, remove, search, ask, checkup):
        printing.add_argument("--json", action="store_true")


def _tell(progress: IngestProgress) -> None:
    parts = f" {progress.part}/{progress.parts}" if progress.parts else ""
    left = f", about {round(progress.left)} s left" if progress.left is not None else ""
    note(
        f"[{min(progress.done + 1, progress.files)}/{progress.files}] {progress.file}: {progress.stage}{parts}{left}"
    )


def _wait(addition: Addition) -> IngestReport:
    """Wait for an addition; Ctrl+C stops it, and what is finished stays."""
    try:
        return addition.wait()
    except KeyboardInterrupt:
        addition.cancel()
        return addition.wait()


def _read_later(app: App, report: IngestReport) -> None:
    """Wait until the text of pictures is recognised and recordings are written down, and say what was, in place of what was not read
    before; Ctrl+C leaves it for later."""
    from core.documents.ingest import FailedFile, PartlyRead

    jobs = [app.recognition.start(), app.transcription.start()]
    try:
        for job in jobs:
            if job is not None and not report.cancelled:
                job.wait()
    except KeyboardInterrupt:
        if lent.get() is None:  # the window's own goes on
            app.recognition.stop()
            app.transcription.stop()
        report.cancelled = True
    said = {d.file: d.notes for c in app.documents.collections() for d in app.documents.documents(c.name)}
    failed = {f.file: f.error for c in app.documents.collections() for f in app.documents.failures(c.name)}
    named = [p.file for p in report.partly]
    report.failed += [FailedFile(file, failed[file]) for file in report.taken if file in failed]
    report.taken = [file for file in report.taken if file not in failed]
    report.partly = [PartlyRead(file, said[file]) for file in named if said.get(file)]


def _add(options: argparse.Namespace) -> int:
    return _added(options, lambda app: app.additions.add(options.paths, options.collection))


def _unlock(options: argparse.Namespace) -> int:
    return _added(
        options, lambda app: app.document_service.unlock(options.collection, options.file, read_password())
    )


def _added(options: argparse.Namespace, begin: Callable[[App], Addition]) -> int:
    from core.documents import notes
    from core.documents.progress import IngestProgress

    app = open_app(options)
    try:
        app.events.listen(IngestProgress, _tell)
        report = _wait(begin(app))
        _read_later(app, report)
    finally:
        app.close()
    for failed in report.failed:
        warn(failed.error)
    for partly in report.partly:
        for said in partly.notes:
            warn(f"{partly.file}: {notes.sentence(said)}")
    for file in report.gone:
        warn(f"{file} is not there any more; it is kept, but answers no longer")
    if options.json:
        print_json(
            {
                "added": report.added,
                "replaced": report.replaced,
                "unchanged": report.unchanged,
                "taken": report.taken,
                "moved": report.moved,
                "gone": report.gone,
                "partly": [
                    {"file": p.file, "notes": [notes.sentence(said) for said in p.notes]}
                    for p in report.partly
                ],
                "failed": [{"file": f.file, "error": str(f.error)} for f in report.failed],
                "passages": report.passages,
                "seconds": round(report.seconds, 3),
            }
        )
    else:
        show(
            f"{report.added} added, {report.replaced} replaced, {report.unchanged} unchanged,"
            f" {len(report.partly)} read in part, {len(report.failed)} failed;"
            f" {report.passages} passages in {report.seconds:.1f} s"
        )
        for file in report.taken[:NAMED]:
            show(f"  {file}")
        if len(report.taken) > NAMED:
            show(f"  and {len(report.taken) - NAMED} more; --json names all")
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
        show("\n".join(lines) if lines else "nothing yet")
    return 0


def _state(document: Any) -> str:
    from core.documents import notes

    if document.gone is not None:
        return "gone"
    if document.changed is not None:
        return "changed"
    if document.state == "ready" and document.recognising:
        return "transcribing" if document.format == "recording" else "recognising"
    return "in part" if document.state == "ready" and notes.lacks(document.notes) else str(document.state)


def _document(document: Any) -> dict[str, Any]:
    return {
        "file": document.file,
        "path": document.path,
        "pages": document.pages,
        "passages": document.passages,
        "state": _state(document),
        "size_bytes": document.size,
    }


def _status(options: argparse.Namespace) -> int:
    from core.documents import notes

    app = open_app(options, own=False)
    try:
        documents = app.documents.documents(options.collection)
        left = {d.id for d in app.documents.unfinished(app.index.embedder)}
    finally:
        app.close()
    unfinished = [d.file for d in documents if d.id in left]
    value: dict[str, Any] = {
        "collection": options.collection,
        "documents": len(documents),
        "pages": sum(d.pages for d in documents),
        "passages": sum(d.passages for d in documents),
        "unfinished": unfinished,
        "partly": [
            {"file": d.file, "notes": [notes.sentence(said) for said in d.notes]}
            for d in documents
            if d.notes
        ],
        "gone": [d.file for d in documents if d.gone is not None],
    }
    if options.json:
        print_json(value)
    else:
        show(
            f"{value['documents']} documents, {value['pages']} pages, {value['passages']} passages;"
            f" {len(unfinished)} not finished"
        )
        for file in unfinished:
            show(f"unfinished: {file}")
        for entry in value["partly"]:
            for said in entry["notes"]:
                show(f"{entry['file']}: {said}")
        for file in value["gone"]:
            show(f"{file}: its file is not there any more; it answers no longer")
        if unfinished:
            show("run `tsukue docs finish` to finish them")
    return 0


def _finish(options: argparse.Namespace) -> int:
    from core.documents.progress import IngestProgress

    app = open_app(options)
    try:
        app.events.listen(IngestProgress, _tell)
        report = _wait(app.additions.resume())
        for addition in app.additions.line:
            _wait(addition)
        _read_later(app, report)
    finally:
        app.close()
    if options.json:
        value = {"finished": report.added, "passages": report.passages, "seconds": round(report.seconds, 3)}
        print_json(value)
    else:
        show(f"{report.added} finished; {report.passages} passages in {report.seconds:.1f} s")
    return 1 if report.cancelled else 0


def _remove(options: argparse.Namespace) -> int:
    app = open_app(options)
    try:
        removed = len(app.document_service.remove(options.collection, options.file).documents)
        app.document_service.purge(Job(0, "remove"))  # nobody could bring it back later
    finally:
        app.close()
    if options.json:
        print_json({"removed": removed})
    else:
        show(f"{removed} removed")
    return 0


def _questions(options: argparse.Namespace, text: str | None) -> Iterator[tuple[Any, str]] | None:
    """The questions of a batch file or the one on the command line; None (and a word) where there is none."""
    if options.batch:

        def lines() -> Iterator[tuple[Any, str]]:
            with Path(options.batch).open(encoding="utf-8") as stream:
                for line in stream:
                    if line.strip():
                        entry = json.loads(line)
                        entry["question"].encode()  # half a character (\\ud800) could go nowhere
                        yield entry.get("id"), entry["question"]

        try:
            return iter(list(lines()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            warn(f"{options.batch} does not contain one {{id, question}} per line: {error}")
            return None
    if not text:
        warn("enter a question, or use --batch")
        return None
    return iter([(None, text)])


def _search(options: argparse.Namespace) -> int:
    from core.documents import retrieve, scope

    questions = _questions(options, options.query)
    if questions is None:
        return 2
    app = open_app(options)
    failed = False
    try:
        _prepare(app, options.collection)
        for number, question in questions:
            started = time.perf_counter()
            asked, narrowing = scope.parse(question)
            try:
                found = retrieve.find(
                    app.documents, app.index, options.collection, asked, options.top, None, narrowing
                )
            except NothingFits as error:  # the questions behind it may name others
                warn(error)
                failed = True
                continue
            missing = found.words_only
            seconds = time.perf_counter() - started
            if missing:
                warn(_words_only(missing))
            if options.json:
                print_json(
                    {
                        "id": number,
                        "query": question,
                        "passages": [
                            {
                                "file": f.passage.file,
                                "page": f.passage.page,
                                "section": f.passage.context,
                                "text": f.passage.text,
                                "score": round(f.score, 5),
                            }
                            for f in found.passages
                        ],
                        "seconds": round(seconds, 3),
                        **({"words_only": missing} if missing else {}),
                    }
                )
                continue
            for f in found.passages:
                show(f"{_of(f.passage.source())}\n  {f.passage.text[:300]}\n")
    finally:
        app.close()
    return 1 if failed else 0


def _check(options: argparse.Namespace) -> int:
    from core.chat import questions
    from core.documents.checkup import SUGGESTIONS, Checkup

    def tell(done: int, of: int) -> None:
        note(f"{done} of {of} questions")

    app = open_app(options)
    try:
        job = Job(0, "check")
        model = app.engines.choose(options.model, strict=True) if options.model else ""
        ask = questions.writer(app.engines, model, job) if model else None
        checkup = Checkup(app.documents, app.index, ask, app.engines.name_of(model) if model else "")
        report = checkup.run(options.collection, job, questions=max(1, options.questions), tell=tell)
    finally:
        app.close()
    if options.json:
        value = msgspec.to_builtins(report)
        print_json({**value, "suggestions": {key: SUGGESTIONS[key] for key in report.suggestions}})
        return 0
    show(
        f"{report.all.found} of {report.all.asked} questions found their place among the first five passages"
    )
    for title, shares in (
        ("", {"all": report.all}),
        ("by kind", report.kinds),
        ("by language", report.by_language),
    ):
        if title and len(shares) > 1:
            show(f"\n{title}")
        for name, share in shares.items() if not title or len(shares) > 1 else ():
            show(f"  {name:<6} {_bar(share.value)} {share.found} of {share.asked}, first {share.first}")
    show(f"\ntime to find: {report.middle_ms:.0f} ms in the middle, {report.slow_ms:.0f} ms at the slow end")
    for missed in report.not_found:
        show(f"not found: {missed.question}  ({_where(missed.file, missed.page)})")
    for one in report.unreadable:
        show(f"badly readable: {_where(one.file, one.page)}: {one.share:.0%} of its characters mean nothing")
    for key in report.suggestions:
        show(f"→ {SUGGESTIONS[key]}")
    return 0


def _bar(share: float) -> str:
    """A share as a bar of twenty characters."""
    full = round(20 * share)
    return "█" * full + "░" * (20 - full)


def _ask(options: argparse.Namespace) -> int:
    questions = _questions(options, options.question)
    if questions is None:
        return 2
    app = open_app(options)
    failed = False
    try:
        _prepare(app, options.collection)
        app.documents.asked(options.collection)
        for number, question in questions:
            conversation = app.chat.new_conversation(collection=options.collection)
            try:
                answer = app.chat.send(
                    conversation.id, question, model=options.model, quote=options.quote
                ).wait()
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


def _prepare(app: App, collection: str) -> None:
    """Past chats are read and embedded before they are asked."""
    if collection == CHATS:
        app.jobs.start("read past chats", app.past.prepare).wait().wait()


def _words_only(passages: int) -> str:
    many = "passages are not embedded yet and were" if passages > 1 else "passage is not embedded yet and was"
    return f"{passages} {many} searched by words only; `tsukue docs finish` embeds what is missing"


def _print_answer(number: Any, question: str, answer: Message, *, as_json: bool) -> None:
    details = answer.details
    if details.words_only:
        warn(_words_only(details.words_only))
    outcome = details.outcome or "quotation"
    if as_json:
        print_json(
            {
                "id": number,
                "question": question,
                "outcome": outcome,
                "answer": answer.text,
                "abstained": outcome == "not found",
                "missing": details.missing,
                "nearest": [_place(source) for source in details.nearest],
                "unsure": [answer.text[m.start : m.end] for m in details.marks if m.marker is None],
                "implied": [answer.text[m.start : m.end] for m in details.marks if m.implied],
                "quotation": _place(details.quotation) if details.quotation else None,
                "extracts": [
                    {**_place(e.source), "before": e.before, "after": e.after} for e in details.extracts
                ],
                "elsewhere": details.elsewhere,
                "otherwise": [_place(source) for source in details.otherwise],
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
        show("Not in the documents.")
        if details.missing:
            show(f"Not found: {', '.join(details.missing)}")
        for source in details.nearest:
            show(f"Nearest: {_of(source)}: “{source.text}”")
        for name in details.elsewhere:
            show(f"Another collection seems to have it: tsukue ask -c {shlex.quote(name)} …")
        return
    if answer.text:
        show(_marked(answer.text, details.marks))
    if details.unspoken:
        show("The model does not write the language of the question. What the documents say:")
    elif outcome == "quotation" and answer.text:
        show("\nThe documents do not support this answer. What they say:")
    for extract in details.extracts:
        place = _of(extract.source)
        show(
            f"{place}: " + " ".join(filter(None, [extract.before, f"“{extract.source.text}”", extract.after]))
        )
    for citation in [] if details.extracts else details.citations:
        show(f"[{citation.marker}] {_of(citation)}: “{citation.text}”")
    for source in details.otherwise:
        show(f"Another document says otherwise: {_of(source)}: “{source.text}”")


def _of(source: Source) -> str:
    """Where a source stands, as it is printed."""
    return _where(source.file, source.page, source.label)


def _where(file: str, page: int | None, label: str = "") -> str:
    """A place as it is printed."""
    from core.documents import formats

    return ", ".join(filter(None, (file, formats.printed_place(file, page, label))))


def _place(source: Source) -> dict[str, Any]:
    place = {"place": source.label} if source.label else {}
    return {"file": source.file, "page": source.page, "text": source.text, **place}


def _marked(text: str, marks: list[Mark]) -> str:
    """The answer with [n] behind sentences that a source says, [≈n] where a model says that it implies them, [?] behind others."""
    for mark in reversed(marks):
        number = "?" if mark.marker is None else f"≈{mark.marker}" if mark.implied else str(mark.marker)
        text = f"{text[: mark.end]} [{number}]{text[mark.end :]}"
    return text
