"""`tsukue chat` and `tsukue export`."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from core.cli.console import Commands, OutputGone, command, open_app, print_json, show, text, warn
from core.errors import SchemaUnusable, TsukueError

if TYPE_CHECKING:
    from core.app import App


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    chat = command(
        commands, "chat", _chat, "Chat: one answer to PROMPT ('-' reads stdin), or a conversation without it."
    )
    chat.add_argument("prompt", nargs="?", metavar="PROMPT")
    chat.add_argument("--model", type=text, default="", metavar="M")
    chat.add_argument("--system", type=text, metavar="TEXT", help="the instruction for a new conversation")
    chat.add_argument("--conversation", type=int, metavar="ID", help="go on with this conversation")
    chat.add_argument("--schema", metavar="FILE", help="answer in JSON of this JSON schema")
    chat.add_argument("--json", action="store_true")

    export = command(commands, "export", _export, "Write a conversation, or all of them, as Markdown.")
    export.add_argument("conversation", nargs="?", type=int, metavar="ID")
    export.add_argument("--all", action="store_true")
    export.add_argument("-o", "--output", metavar="PATH", help="a file, or with --all a folder")


def _chat(options: argparse.Namespace) -> int:
    if options.schema and not Path(options.schema).is_file():
        warn(f"{options.schema} was not found")
        return 2
    app = open_app(options)
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
            warn("the prompt is empty")
            return 2
        _one_answer(app, conversation, prompt, options)
        return 0
    finally:
        app.close()


def _chat_loop(app: App, conversation: int, options: argparse.Namespace) -> int:
    while True:
        try:
            line = input("> ")
        except EOFError:
            show()
            return 0
        if line.strip():
            try:
                _one_answer(app, conversation, line, options)
            except TsukueError as error:
                warn(error)


def _one_answer(app: App, conversation: int, prompt: str, options: argparse.Namespace) -> None:
    from core.chat.events import AnswerGrew, ContextTrimmed

    # What is no UTF-8 came through as lone surrogates; nothing further on could store or send them.
    prompt = prompt.encode("utf-8", "surrogateescape").decode("utf-8", "replace")

    def show_piece(grew: AnswerGrew) -> None:
        try:
            show(grew.text, end="")
        except OutputGone:  # nobody reads on; what is printed after the answer tells it once more
            app.chat.stop(conversation)

    def tell_trimmed(event: ContextTrimmed) -> None:
        warn(f"the context is full: {event.left_out} old messages are no longer read")

    try:
        schema = Path(options.schema).read_text(encoding="utf-8") if options.schema else ""
    except (OSError, UnicodeDecodeError) as error:
        raise SchemaUnusable(str(error)) from error
    with contextlib.ExitStack() as listening:  # whatever comes, the next answer is not printed by these too
        if not options.json:
            listening.callback(app.events.listen(AnswerGrew, show_piece))
        listening.callback(app.events.listen(ContextTrimmed, tell_trimmed))
        job = app.chat.send(conversation, prompt, model=options.model, schema=schema)
        try:
            answer = job.wait()
        except KeyboardInterrupt:
            job.cancel()
            answer = job.wait()
    if options.json:
        print_json(
            {
                "conversation": conversation,
                "model": answer.model,
                "answer": answer.text,
                "thinking": answer.thinking,
                "timings": msgspec.to_builtins(answer.details.timings),
            }
        )
    else:
        show()


def _export(options: argparse.Namespace) -> int:
    from core.chat.export import markdown

    if (options.conversation is None) != options.all:
        warn("name a conversation, or use --all with -o FOLDER")
        return 2
    if options.all and not options.output:
        warn("--all needs -o FOLDER")
        return 2
    app = open_app(options, own=False)
    try:
        if not options.all:
            written = markdown(
                app.conversations.get(options.conversation), app.conversations.branch(options.conversation)
            )
            if options.output:
                Path(options.output).write_text(written, encoding="utf-8")
            else:
                show(written, end="")
            return 0
        folder = Path(options.output)
        folder.mkdir(parents=True, exist_ok=True)
        for conversation in app.conversations.all():
            written = markdown(conversation, app.conversations.branch(conversation.id))
            (folder / f"{conversation.id:05d}.md").write_text(written, encoding="utf-8")
        return 0
    except OSError as error:
        warn(f"{options.output} cannot be written ({error.strerror})")
        return 1
    finally:
        app.close()
