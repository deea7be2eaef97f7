"""`tsukue listen` and `tsukue speak`."""

from __future__ import annotations

import argparse
import contextlib
import queue
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from core.cli.console import (
    Commands,
    command,
    errors_are_tty,
    harmless,
    note,
    open_app,
    path,
    print_json,
    show,
    text,
    warn,
    write_error,
)
from core.documents.model import clock
from core.errors import TsukueError
from core.jobs import meanwhile
from core.sound.messages import CAPTURED_RATE, Captured
from core.sound.service import State
from core.voice.listening import Finished, Told
from core.voice.messages import Partial, Utterance, Written

if TYPE_CHECKING:
    from core.app import App
    from core.voice.service import Transcript

LOOK_SECONDS = 0.2


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    listen = command(commands, "listen", _listen, "Turn speech in audio files into text.")
    listen.add_argument("files", nargs="*", type=path, metavar="FILE")
    listen.add_argument("--live", action="store_true", help="write down what you say into the microphone")
    listen.add_argument(
        "--once", action="store_true", help="with --live: end when you have finished speaking"
    )
    listen.add_argument(
        "-o",
        "--output",
        type=path,
        default="",
        metavar="FILE",
        help="write what is said into a file: subtitles (.srt, .vtt), or text with times",
    )
    listen.add_argument("--language", type=text, default="", help="auto, any, en, ja, …")
    listen.add_argument(
        "--speakers",
        type=int,
        default=0,
        metavar="N",
        help="how many people speak, with -o or --json; 0 (usual) finds out",
    )
    listen.add_argument("--json", action="store_true")
    speak = command(commands, "speak", _speak, "Read a text aloud into a sound file (WAV).")
    speak.add_argument(
        "text", type=text, help="what to say, also as Markdown; - reads it from standard input"
    )
    speak.add_argument("-o", "--output", type=path, required=True, metavar="FILE.wav")
    speak.add_argument("--json", action="store_true")


def _speak(options: argparse.Namespace) -> int:
    words = sys.stdin.read() if options.text == "-" else options.text
    app = open_app(options)
    try:
        seconds = app.speaking.write(words, Path(options.output).expanduser())
    finally:
        app.close()
    if options.json:
        print_json({"file": options.output, "duration_s": round(seconds, 3)})
    return 0


class _Terminal:
    """Who listens on a terminal: what was said is printed line by line, what is being said only where somebody looks."""

    def __init__(self, app: App, *, json: bool, once: bool, language: str) -> None:
        self._json, self._once = json, once
        self.error: TsukueError | None = None
        self._told: queue.Queue[Told] = queue.Queue()
        self._listening = app.voice.listen(self._told.put, hands_free=True, language=language)
        self._listening.start(CAPTURED_RATE, 1)

    def captured(self, heard: Captured) -> None:
        """See core.sound.service.Listener."""
        self._listening.feed(heard.data)

    def changed_to(self, state: State, error: TsukueError | None) -> None:
        """See core.sound.service.Listener."""
        if state is State.OPEN and errors_are_tty():
            note("Listening; Ctrl+C ends it.")
        if state is State.CLOSED:
            self.error = self.error or error
            self._listening.finish()

    def show(self) -> bool:
        """Print what has come; whether more may come."""
        with contextlib.suppress(queue.Empty):
            told = self._told.get(timeout=LOOK_SECONDS)
            if isinstance(told, Partial) and errors_are_tty():
                room = shutil.get_terminal_size().columns // 2 - 1  # full-width characters take two
                write_error(f"\r\x1b[K{harmless(told.settled + told.tentative)[-room:]}")
            elif isinstance(told, Utterance) and told.text:
                if errors_are_tty():
                    write_error("\r\x1b[K")
                if self._json:
                    print_json(
                        {"text": told.text, "language": told.language, "start": told.start, "end": told.end}
                    )
                else:
                    show(told.text)
                return not self._once
            elif isinstance(told, Finished):
                self.error = self.error or told.error
                return False
        return True

    def cancel(self) -> None:
        """Nothing more is wanted."""
        self._listening.cancel()


def _show_all(terminal: _Terminal) -> None:
    """Print what comes until the end. Raises KeyboardInterrupt, also for a command that another process was started with."""
    while terminal.show():
        look = meanwhile.get()
        if look is not None:
            look()


def _listen_live(app: App, options: argparse.Namespace) -> int:
    terminal = _Terminal(app, json=options.json, once=options.once, language=options.language)
    try:
        app.sound.open(terminal, app.settings.values.microphone)
        try:
            _show_all(terminal)
        except KeyboardInterrupt:  # what was said is still written; once more gives it up
            app.sound.shut(terminal)
            _show_all(terminal)
    except KeyboardInterrupt:
        pass
    finally:
        terminal.cancel()
        app.sound.shut(terminal)
    if terminal.error is not None:
        raise terminal.error
    return 0


def _tell(written: Written) -> None:
    """How far it has come, where somebody looks."""
    if errors_are_tty():
        write_error(f"\r\x1b[K{clock(written.done)}")


def _write(heard: Transcript, speakers: list[str], target: Path) -> None:
    from core.documents import transcripts

    said = zip(heard.segments, speakers, strict=True)
    transcripts.write([transcripts.Line(s.start, s.end, s.text, who) for s, who in said], target)


def _speakers(app: App, file: str, heard: Transcript, count: int) -> list[str]:
    """Who says each line, as a number; '' where all is said by one."""
    from core.documents import speakers
    from core.documents.transcripts import Line

    lines = [Line(segment.start, segment.end, segment.text) for segment in heard.segments]
    try:
        return speakers.numbers(app.voice, file, lines, None, count)
    except TsukueError as error:  # what is said is worth having also where nobody knows by whom
        warn(error)
        return [""] * len(lines)


def _listen(options: argparse.Namespace) -> int:
    if bool(options.files) == options.live:
        warn("Name files, or use --live.")
        return 2
    if options.output and len(options.files) != 1:
        warn("-o takes what is said in one file.")
        return 2
    app = open_app(options)
    if options.live:
        try:
            return _listen_live(app, options)
        finally:
            app.close()
    failed = False
    try:
        for file in options.files:
            try:
                heard = app.voice.file(file, options.language, told=_tell)
                speakers = (
                    _speakers(app, file, heard, options.speakers) if options.output or options.json else []
                )
                if options.output:
                    _write(heard, speakers, Path(options.output).expanduser())
            except TsukueError as error:
                failed = True
                warn(error)
                if options.json:
                    print_json({"file": file, "error": str(error)})
                continue
            if options.json:
                print_json(
                    {
                        "file": file,
                        "transcript": heard.text,
                        "language": heard.language,
                        "duration_s": round(heard.duration_s, 3),
                        "seconds": round(heard.seconds, 3),
                        "segments": [
                            {"start": s.start, "end": s.end, "speaker": who, "text": s.text}
                            for s, who in zip(heard.segments, speakers, strict=True)
                        ],
                    }
                )
            elif not options.output:
                show(heard.text if len(options.files) == 1 else f"{file}: {heard.text}")
    finally:
        app.close()
    return 1 if failed else 0
