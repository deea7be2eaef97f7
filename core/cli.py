"""The command line: parse, call a service, print. English only; `--json` prints one object a result.

Exit codes: 0 done (an honest no included), 1 failed wholly or in part, 2 wrong usage. Errors are one
line on stderr. Without arguments the window opens.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from core.errors import TsukueError


def main(arguments: list[str] | None = None) -> int:
    """The `tsukue` command."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        command = [sys.executable, "-P", "-m", "desktop", *(["--home", options.home] if options.home else [])]
        if os.name == "posix":
            os.execv(command[0], command)  # this process becomes the window's
        return subprocess.call(command)
    try:
        return int(options.run(options))
    except TsukueError as error:
        print(f"tsukue: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("tsukue: stopped", file=sys.stderr)
        return 1
    except BrokenPipeError:
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="tsukue",
        description="A private assistant on your own machine. Without a command, the window opens.",
    )
    parser.add_argument("--home", metavar="DIR", help="use this folder instead of the usual one")
    parser.add_argument("--version", action="version", version=f"tsukue {_version()}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def command(
        name: str, run: Callable[[argparse.Namespace], int], text: str, into: Any = commands
    ) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = into.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    chat = command(
        "chat", _chat, "Chat: one answer to PROMPT ('-' reads stdin), or a conversation without it."
    )
    chat.add_argument("prompt", nargs="?", metavar="PROMPT")
    chat.add_argument("--model", default="", metavar="M")
    chat.add_argument("--system", metavar="TEXT", help="the instruction for a new conversation")
    chat.add_argument("--conversation", type=int, metavar="ID", help="go on with this conversation")
    chat.add_argument("--json", action="store_true")

    models = commands.add_parser("models", help="The models on this computer.")
    kinds = models.add_subparsers(dest="action", required=True, metavar="ACTION")
    listing = command("list", _models_list, "List the models on this computer.", kinds)
    listing.add_argument("--json", action="store_true")

    docs = commands.add_parser("docs", help="Add, list, search and remove documents.")
    actions = docs.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = command("add", _docs_add, "Add files and folders to a collection.", actions)
    add.add_argument("paths", nargs="+", metavar="PATH")
    status = command("status", _docs_status, "What a collection holds, and what is not finished.", actions)
    everything = command("list", _docs_list, "List collections, or the documents of one.", actions)
    everything.add_argument("-c", "--collection", metavar="NAME")
    remove = command("remove", _docs_remove, "Remove a document, or a whole collection.", actions)
    remove.add_argument("file", nargs="?", metavar="PATH")
    search = command("search", _docs_search, "Find passages.", actions)
    search.add_argument("query", nargs="?", metavar="QUERY")
    search.add_argument("--top", type=int, default=5, metavar="N")
    ask = command("ask", _ask, "Ask a question about the documents of a collection.")
    ask.add_argument("question", nargs="?", metavar="QUESTION")
    ask.add_argument("--model", default="", metavar="M")
    for needs in (add, status, remove, search, ask):
        needs.add_argument("-c", "--collection", metavar="NAME", required=True)
    for batch in (search, ask):
        batch.add_argument("--batch", metavar="FILE.jsonl", help="questions as {id, question}, one a line")
    for printing in (add, status, everything, remove, search, ask):
        printing.add_argument("--json", action="store_true")

    listen = command("listen", _listen, "Write down what is said in sound files.")
    listen.add_argument("files", nargs="+", metavar="FILE")
    listen.add_argument("--language", default="auto", help="auto, en, ja, …")
    listen.add_argument("--json", action="store_true")

    doctor = command("doctor", _doctor, "Look the program and the machine over.")
    doctor.add_argument("--json", action="store_true")

    export = command("export", _export, "Write a conversation, or all of them, as Markdown.")
    export.add_argument("conversation", nargs="?", type=int, metavar="ID")
    export.add_argument("--all", action="store_true")
    export.add_argument("-o", "--output", metavar="PATH", help="a file, or with --all a folder")
    return parser


def _version() -> str:
    from importlib.metadata import version

    return version("tsukue")


def _app(options: argparse.Namespace, *, own: bool = True) -> Any:
    from core.app import App
    from core.paths import find_home

    return App(find_home(options.home), own=own)


def _print(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False), flush=True)


def _warn(error: TsukueError) -> None:
    print(f"tsukue: {error}", file=sys.stderr)


# ---------------------------------------------------------------- chat


def _chat(options: argparse.Namespace) -> int:
    app = _app(options)
    try:
        conversation = options.conversation
        if conversation is None:
            conversation = app.chat.new_conversation(system=options.system).id
        else:
            app.conversations.get(conversation)
        if options.prompt is None and sys.stdin.isatty():
            return _chat_loop(app, conversation, options)
        prompt = sys.stdin.read() if options.prompt in (None, "-") else options.prompt
        if not prompt.strip():
            print("tsukue: the prompt is empty", file=sys.stderr)
            return 2
        _one_answer(app, conversation, prompt, options)
        return 0
    finally:
        app.close()


def _chat_loop(app: Any, conversation: int, options: argparse.Namespace) -> int:
    while True:
        try:
            line = input("> ")
        except EOFError:
            print()
            return 0
        if line.strip():
            try:
                _one_answer(app, conversation, line, options)
            except TsukueError as error:
                _warn(error)


def _one_answer(app: Any, conversation: int, prompt: str, options: argparse.Namespace) -> None:
    from core.chat.service import AnswerGrew, ContextTrimmed

    # What is no UTF-8 came through as lone surrogates; nothing further on could store or send them.
    prompt = prompt.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    leave = []
    if not options.json:
        leave.append(app.events.listen(AnswerGrew, lambda grew: print(grew.text, end="", flush=True)))
    leave.append(
        app.events.listen(
            ContextTrimmed,
            lambda e: print(
                f"tsukue: the context is full: {e.left_out} old messages are no longer read", file=sys.stderr
            ),
        )
    )
    job = app.chat.send(conversation, prompt, model=options.model)
    try:
        answer = job.wait()
    except KeyboardInterrupt:
        job.cancel()
        answer = job.wait()
    finally:
        for function in leave:
            function()
    if options.json:
        _print(
            {
                "conversation": conversation,
                "model": answer.model,
                "answer": answer.text,
                "thinking": answer.thinking,
                "timings": answer.details.get("timings"),
            }
        )
    else:
        print()


# ---------------------------------------------------------------- models


def _models_list(options: argparse.Namespace) -> int:
    from core.models.library import Library
    from core.paths import find_home

    models = Library(find_home(options.home)).all()
    if options.json:
        _print(
            [
                {
                    "id": m.id,
                    "name": m.name,
                    "role": m.role,
                    "size_bytes": m.size_bytes,
                    "languages": m.languages,
                    "licence": m.licence,
                    "path": str(m.path),
                    "starter": m.starter,
                }
                for m in models
            ]
        )
        return 0
    for model in models:
        print(f"{model.id:32} {model.role:10} {model.size_bytes / 1e6:7.0f} MB  {model.name}")
    return 0


# ---------------------------------------------------------------- documents


def _docs_add(options: argparse.Namespace) -> int:
    from core.documents.ingest import IngestProgress

    app = _app(options)
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
        _warn(failed.error)
    if options.json:
        _print(
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


def _docs_list(options: argparse.Namespace) -> int:
    app = _app(options, own=False)
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
        _print(rows)
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


def _docs_status(options: argparse.Namespace) -> int:
    app = _app(options, own=False)
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
        _print(value)
    else:
        print(
            f"{value['documents']} documents, {value['pages']} pages, {value['passages']} passages;"
            f" {len(unfinished)} not finished (add them again to go on)"
        )
    return 0


def _docs_remove(options: argparse.Namespace) -> int:
    app = _app(options)
    try:
        removed = app.ingest.remove(options.collection, options.file)
    finally:
        app.close()
    if options.json:
        _print({"removed": removed})
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
            print(
                f"tsukue: {options.batch} cannot be read as one {{id, question}} a line: {error}",
                file=sys.stderr,
            )
            return None
    if not text:
        print("tsukue: a question or --batch is needed", file=sys.stderr)
        return None
    return iter([(None, text)])


def _docs_search(options: argparse.Namespace) -> int:
    import time

    from core.documents import retrieve

    questions = _questions(options, options.query)
    if questions is None:
        return 2
    app = _app(options)
    try:
        for number, question in questions:
            started = time.perf_counter()
            found = retrieve.search(app.documents, app.index, options.collection, question, options.top)
            seconds = time.perf_counter() - started
            if options.json:
                _print(
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
    app = _app(options)
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
                _warn(error)
                if options.json:
                    _print({"id": number, "question": question, "error": str(error)})
            finally:
                app.engine.forget(str(conversation.id))
                app.conversations.delete(conversation.id)
    finally:
        app.close()
    return 1 if failed else 0


def _print_answer(number: Any, question: str, answer: Any, *, as_json: bool) -> None:
    details = answer.details
    outcome = details.get("outcome", "quotation")
    timings = details.get("timings") or {
        "first_token_s": 0.0,
        "total_s": 0.0,
        "prompt_tokens": 0,
        "cached_tokens": 0,
        "completion_tokens": 0,
    }

    def place(entry: dict[str, Any], *names: str) -> dict[str, Any]:
        return {name: entry[name] for name in (*names, "file", "page", "text")}

    quotation = details.get("quotation")
    citations = details.get("citations", [])
    if as_json:
        _print(
            {
                "id": number,
                "question": question,
                "outcome": outcome,
                "answer": answer.text,
                "abstained": outcome == "not found",
                "quotation": place(quotation) if quotation else None,
                "citations": [place(c, "marker") for c in citations],
                "passages": details.get("passages", []),
                "timings": {"retrieval_s": details.get("retrieval_s", 0.0), **timings},
            }
        )
        return
    if outcome == "not found":
        print("Not in the documents.")
        return
    print(_marked(answer.text, details.get("marks", [])))
    if outcome == "quotation":
        print("\nThe documents do not support this answer. What they say:")
    for citation in citations:
        page = f", p. {citation['page']}" if citation["page"] else ""
        print(f"[{citation['marker']}] {citation['file']}{page}: “{citation['text']}”")


def _marked(text: str, marks: list[list[Any]]) -> str:
    """The answer with [n] behind supported sentences and [?] behind the others."""
    for _, end, marker in reversed(marks):
        text = f"{text[:end]} [{marker if marker is not None else '?'}]{text[end:]}"
    return text


# ---------------------------------------------------------------- voice, doctor, export


def _listen(options: argparse.Namespace) -> int:
    app = _app(options)
    failed = False
    try:
        for file in options.files:
            try:
                heard = app.voice.file(file, options.language)
            except TsukueError as error:
                failed = True
                _warn(error)
                if options.json:
                    _print({"file": file, "error": str(error)})
                continue
            if options.json:
                _print(
                    {
                        "file": file,
                        "transcript": heard.text,
                        "language": heard.language,
                        "duration_s": round(heard.duration_s, 3),
                        "seconds": round(heard.seconds, 3),
                        "segments": [
                            {"start": s.start, "end": s.end, "text": s.text} for s in heard.segments
                        ],
                    }
                )
            else:
                print(heard.text if len(options.files) == 1 else f"{file}: {heard.text}")
    finally:
        app.close()
    return 1 if failed else 0


def _doctor(options: argparse.Namespace) -> int:
    from core import doctor

    app = _app(options)
    try:
        report = doctor.examine(app)
    finally:
        app.close()
    good = bool(report["engine"]["self_test"]["ok"] and report["storage"]["ok"])
    if options.json:
        _print(report)
    else:
        for name, value in report.items():
            if isinstance(value, dict):
                print(f"{name}:")
                for key, inner in value.items():
                    print(f"  {key}: {inner}")
            elif isinstance(value, list):
                print(f"{name}: {', '.join(m['id'] for m in value)}")
            else:
                print(f"{name}: {value}")
    return 0 if good else 1


def _export(options: argparse.Namespace) -> int:
    from core.chat.export import markdown

    if (options.conversation is None) != options.all:
        print("tsukue: name a conversation, or use --all with -o FOLDER", file=sys.stderr)
        return 2
    if options.all and not options.output:
        print("tsukue: --all needs -o FOLDER", file=sys.stderr)
        return 2
    app = _app(options, own=False)
    try:
        if not options.all:
            text = markdown(
                app.conversations.get(options.conversation), app.conversations.branch(options.conversation)
            )
            if options.output:
                Path(options.output).write_text(text, encoding="utf-8")
            else:
                print(text, end="")
            return 0
        folder = Path(options.output)
        folder.mkdir(parents=True, exist_ok=True)
        for conversation in app.conversations.all():
            text = markdown(conversation, app.conversations.branch(conversation.id))
            (folder / f"{conversation.id:05d}.md").write_text(text, encoding="utf-8")
        return 0
    except OSError as error:
        print(f"tsukue: {options.output} cannot be written ({error.strerror})", file=sys.stderr)
        return 1
    finally:
        app.close()


if __name__ == "__main__":
    sys.exit(main())
