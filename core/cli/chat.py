"""`tsukue chat`."""

from __future__ import annotations

import argparse
import contextlib
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from core.chat.conversation import Attached, Image, Message, Role
from core.cli.console import (
    Commands,
    OutputGone,
    command,
    input_is_tty,
    note,
    number,
    open_app,
    path,
    print_json,
    read_line,
    read_text,
    show,
    text,
    warn,
)
from core.errors import ConversationMissing, ProjectMissing, SchemaUnusable, TsukueError

if TYPE_CHECKING:
    from core.app import App
    from core.jobs import Job


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    chat = command(
        commands, "chat", _chat, "Answer PROMPT ('-' reads stdin), or start a conversation if it is left out."
    )
    chat.add_argument("prompt", nargs="?", metavar="PROMPT")
    chat.add_argument("--model", type=text, default="", metavar="M")
    chat.add_argument("--system", type=text, metavar="TEXT", help="the instruction for a new chat")
    chat.add_argument("--assistant", type=text, default="", metavar="NAME", help="whom a new chat is with")
    chat.add_argument("--project", type=text, metavar="NAME", help="the project of a new chat")
    chat.add_argument(
        "-c", "--collection", type=text, default="", metavar="NAME", help="the documents that a new chat asks"
    )
    chat.add_argument("--conversation", type=number, metavar="ID", help="continue this chat")
    again = chat.add_mutually_exclusive_group()
    again.add_argument("--regenerate", action="store_true", help="answer its last question again")
    again.add_argument("--edit", action="store_true", help="replace its last question with PROMPT")
    again.add_argument(
        "--go-on", action="store_true", help="let its last answer, which a limit or a stop has cut, go on"
    )
    again.add_argument(
        "--fork", action="store_true", help="continue in a new chat that begins as this one, which stays"
    )
    again.add_argument(
        "--version",
        type=int,
        metavar="N",
        help="switch to the Nth answer to its last question and print it",
    )
    chat.add_argument(
        "--attach",
        action="append",
        default=[],
        type=path,
        metavar="FILE",
        help="let a file or a picture hang on the message; can be given several times",
    )
    chat.add_argument(
        "--schema", type=path, metavar="FILE", help="answer in JSON that follows this JSON schema"
    )
    chat.add_argument("--json", action="store_true")


def _chat(options: argparse.Namespace) -> int:
    again = options.regenerate or options.edit or options.go_on or options.fork
    if (again or options.version is not None) and options.conversation is None:
        warn("--regenerate, --edit, --go-on, --fork and --version need --conversation ID")
        return 2
    if options.schema and not Path(options.schema).is_file():
        warn(f"{options.schema} was not found")
        return 2
    app = open_app(options)
    try:
        if options.conversation is not None:
            app.conversations.get(options.conversation)
        if options.version is not None:
            return _show_version(app, options)
        if options.regenerate:
            answer = _last(app, options.conversation, Role.ASSISTANT)
            _one_answer(app, options, lambda _: app.chat.regenerate(answer.id, model=options.model))
            return 0
        if options.go_on:
            answer = _last(app, options.conversation, Role.ASSISTANT)
            if not answer.can_go_on:
                warn("its last answer has come to its end")
                return 1
            _one_answer(app, options, lambda _: app.chat.go_on(answer.id, model=options.model))
            return 0
        if options.fork:
            answer = _last(app, options.conversation, Role.ASSISTANT)
            options.conversation = app.chat.copy_from(answer.id).id
        if options.prompt is None and input_is_tty() and not options.edit:
            return _chat_loop(app, options)
        prompt = read_text() if options.prompt in (None, "-") else options.prompt
        if not prompt.strip():
            warn("the prompt is empty")
            return 2
        if options.edit:
            asked = _last(app, options.conversation, Role.USER)
            _one_answer(
                app,
                options,
                lambda schema: app.chat.edit(
                    asked.id,
                    _clean(prompt),
                    model=options.model,
                    schema=schema,
                    attached=_attached(app, options) or None,
                ),
            )
        else:
            _ask(app, options, prompt)
        return 0
    finally:
        app.close()


def _last(app: App, conversation: int, role: Role) -> Message:
    """The last question or answer on the branch that is shown. Raises ConversationMissing."""
    found = next((m for m in reversed(app.conversations.branch(conversation)) if m.role is role), None)
    if found is None:
        raise ConversationMissing(f"{conversation} with a question and an answer")
    return found


def _show_version(app: App, options: argparse.Namespace) -> int:
    answer = _last(app, options.conversation, Role.ASSISTANT)
    versions = app.conversations.siblings(answer)
    if not 1 <= options.version <= len(versions):
        warn(f"the last answer has {len(versions)} versions")
        return 2
    chosen = versions[options.version - 1]
    app.chat.show_version(chosen)
    _print_answer(app.conversations.message(chosen), as_json=options.json, streamed=False)
    return 0


def _chat_loop(app: App, options: argparse.Namespace) -> int:
    while True:
        try:
            line = read_line("> ")
        except EOFError:
            show()
            return 0
        if line.strip():
            try:
                _ask(app, options, line)
            except TsukueError as error:
                warn(error)


def _ask(app: App, options: argparse.Namespace, prompt: str) -> None:
    """Send a question; the first one starts the conversation that the next ones go on with."""

    attached = _attached(app, options)

    def send(schema: str) -> Job:
        given = {"model": options.model, "schema": schema, "attached": attached}
        if options.conversation is not None:
            job = app.chat.send(options.conversation, _clean(prompt), **given)
        else:
            options.conversation, job = app.chat.begin(_clean(prompt), **_begun_with(app, options), **given)
        _say_what_is_not_seen(app, options, attached)
        return job

    _one_answer(app, options, send)


def _say_what_is_not_seen(app: App, options: argparse.Namespace, attached: list[Attached]) -> None:
    """Where the model that answers cannot see pictures that hang on the message."""
    if any(isinstance(one, Image) for one in attached):
        wanted = (
            options.model
            or app.conversations.get(options.conversation).model
            or app.settings.values.chat_model
        )
        model = app.engines.choose(wanted)
        if not app.engines.sees(model):
            note(
                f"{app.engines.name_of(model)} cannot see pictures; it reads the text that was recognised in them"
            )


def _attached(app: App, options: argparse.Namespace) -> list[Attached]:
    """What hangs on the first message that is sent. Raises the typed errors for files, and AttachmentTooLong."""
    files, options.attach = options.attach, []
    take = app.attaching.take
    return [app.jobs.start("read an attachment", partial(take, Path(file))).wait() for file in files]


def _begun_with(app: App, options: argparse.Namespace) -> dict[str, Any]:
    """What a new chat begins with. Raises AssistantMissing, ProjectMissing, CollectionMissing."""
    assistant = app.assistants.get(options.assistant) if options.assistant else None
    collection = options.collection or (assistant.collection if assistant is not None else "")
    if options.collection:
        app.documents.collection(collection)
    project = app.projects.store.named(options.project) if options.project else None
    if options.project and project is None:
        raise ProjectMissing(options.project)
    return {
        "system": options.system,
        "assistant": assistant.id if assistant is not None else "",
        "project": project.id if project is not None else None,
        "collection": collection,
    }


def _clean(prompt: str) -> str:
    """What is no UTF-8 came through as lone surrogates; nothing further on could store or send them."""
    return prompt.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _one_answer(app: App, options: argparse.Namespace, start: Callable[[str], Job]) -> None:
    """Start an answer, with the JSON schema that was asked for, and print it as it comes."""
    from core.chat.events import AnswerGrew, ContextTrimmed

    ours: list[int] = []  # the conversation, once it is known
    early: list[AnswerGrew] = []
    lock = threading.Lock()

    def grown(grew: AnswerGrew) -> None:
        with lock:
            early.append(grew)
            if ours:
                show_early()

    def show_early() -> None:
        for grew in early:
            if grew.conversation == ours[0]:  # the window that does this for us may have others under way
                show_piece(grew)
        early.clear()

    def show_piece(grew: AnswerGrew) -> None:
        try:
            show(grew.text, end="")
        except OutputGone:  # nobody reads on; what is printed after the answer tells it once more
            app.chat.stop(grew.conversation)

    def tell_trimmed(event: ContextTrimmed) -> None:
        if not ours or event.conversation == ours[0]:
            warn(f"the context is full: the model no longer reads {event.left_out} earlier messages")

    try:
        schema = Path(options.schema).read_text(encoding="utf-8") if options.schema else ""
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaUnusable(str(error)) from error
    with contextlib.ExitStack() as listening:  # whatever comes, the next answer is not printed by these too
        if not options.json:
            listening.callback(app.events.listen(AnswerGrew, grown))
        listening.callback(app.events.listen(ContextTrimmed, tell_trimmed))
        job = start(schema)
        with lock:
            ours.append(options.conversation)
            show_early()
        try:
            answer = job.wait()
        except KeyboardInterrupt:
            job.cancel()
            answer = job.wait()
    _print_answer(answer, as_json=options.json, streamed=True)


def _print_answer(answer: Message, *, as_json: bool, streamed: bool) -> None:
    if as_json:
        print_json(
            {
                "conversation": answer.conversation,
                "model": answer.model,
                "answer": answer.text,
                "thinking": answer.thinking,
                "timings": msgspec.to_builtins(answer.details.timings),
            }
        )
    else:
        show("" if streamed else answer.text)
