"""`tsukue listen` and `tsukue speak`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from core.cli.console import Commands, command, open_app, path, print_json, show, text, warn
from core.errors import TsukueError


def register(commands: Commands) -> None:
    """Declare the commands of this module."""
    listen = command(commands, "listen", _listen, "Turn speech in audio files into text.")
    listen.add_argument("files", nargs="+", type=path, metavar="FILE")
    listen.add_argument("--language", type=text, default="", help="auto, any, en, ja, …")
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


def _listen(options: argparse.Namespace) -> int:
    app = open_app(options)
    failed = False
    try:
        for file in options.files:
            try:
                heard = app.voice.file(file, options.language)
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
                            {"start": s.start, "end": s.end, "text": s.text} for s in heard.segments
                        ],
                    }
                )
            else:
                show(heard.text if len(options.files) == 1 else f"{file}: {heard.text}")
    finally:
        app.close()
    return 1 if failed else 0
