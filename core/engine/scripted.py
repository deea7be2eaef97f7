"""An engine with scripted answers: same messages, same process, exact text.

For tests. The worker's options name a JSON file:

    {"load_seconds": 0, "context": 4096, "parameters": 0, "devices": [], "layers_for": 99,
     "answers": [{"when": "words of the question", "say": "text", "seconds_per_piece": 0.01, "fail": ""}]}

The first entry whose `when` occurs in the last turn answers; the text streams word by word. A token
is a word here. `fail` names a signal that the process sends itself after half of the text.
"""

from __future__ import annotations

import json
import os
import re
import signal
import threading
from pathlib import Path
from typing import Any

from core.engine.messages import (
    AskEngine,
    Completion,
    CountTokens,
    Device,
    EngineInfo,
    Forget,
    Generate,
    LoadModel,
    ModelInfo,
    Piece,
    Timings,
    TokenCounts,
)
from core.engine.thinking import ThinkingSplitter
from core.errors import ContextFull, ModelTooLarge
from core.workers.messages import Request
from core.workers.process import Context, Handler


def _words(text: str) -> list[str]:
    return re.findall(r"\s*\S+\s*", text) or [text]


PICTURE = 64  # tokens of a picture
LAYERS = 30  # of the model that it pretends to be


class ScriptedEngine:
    def __init__(self, script: dict[str, Any]) -> None:
        self._script = script
        self._context_length = int(script.get("context", 4096))
        self._cached: dict[str, list[str]] = {}
        self._tick = threading.Event()
        self._request: LoadModel | None = None
        self._blind: bool | None = (
            None  # started without devices, as the real worker is by a load without layers
        )

    def _crash(self, request: LoadModel | None, moment: str) -> None:
        """Die here if the script says so for settings like these, e.g. {"at": "load", "flash_attention": true}.

        Several moments are joined by '+'.
        """
        crash = self._script.get("crash")
        if crash and request is not None and moment in crash["at"].split("+"):
            wanted = {name: value for name, value in crash.items() if name not in ("at", "signal")}
            if all(getattr(request, name) == value for name, value in wanted.items()):
                os.kill(os.getpid(), getattr(signal, crash.get("signal", "SIGSEGV")))

    def load(self, request: LoadModel, context: Context) -> ModelInfo:
        self._request = request
        if self._blind is None:
            self._blind = request.gpu_layers == 0
        self._crash(request, "load")
        if request.context_length > int(self._script.get("memory_for", request.context_length)):
            raise ModelTooLarge(request.path, "the script says so")
        everything = LAYERS if self._script.get("devices") else 0
        layers = everything if request.gpu_layers < 0 else request.gpu_layers
        if layers > int(self._script.get("layers_for", layers)):
            raise ModelTooLarge(request.path, "the script says so")
        for percent in range(0, 101, 20):
            context.check()
            context.progress(percent, 100)
            self._tick.wait(float(self._script.get("load_seconds", 0)) / 6)
        parameters = int(self._script.get("parameters", 0))
        return ModelInfo(request.path, "scripted", self._context_length, parameters, 0, layers, layers, 1)

    def generate(self, request: Generate, context: Context) -> Completion:
        prompt = [word for turn in request.turns for word in _words(turn.text)]
        prompt += [
            picture.name for turn in request.turns for picture in turn.pictures for _ in range(PICTURE)
        ]
        if len(prompt) + request.reserve > self._context_length:
            raise ContextFull(len(prompt) + request.reserve, self._context_length)
        old = self._cached.get(request.conversation, [])
        cached = next(
            (i for i, (a, b) in enumerate(zip(old, prompt, strict=False)) if a != b),
            min(len(old), len(prompt)),
        )
        self._crash(self._request, "prompt")
        cached = min(cached, len(prompt) - 1)
        context.progress(len(prompt) - cached, len(prompt) - cached)
        last = request.turns[-1].text
        entry = next((a for a in self._script["answers"] if a.get("when", "") in last), {"say": "…"})
        said = len(_words(request.begun)) if request.begun else 0
        words = _words(str(entry["say"]))[said : said + request.max_tokens]
        splitter = ThinkingSplitter()
        for i, word in enumerate(words):
            context.check()
            answer, thinking = splitter.feed(word)
            if answer or thinking:
                context.item(Piece(answer, thinking))
            if i >= len(words) // 2:
                self._crash(self._request, "answer")
            if entry.get("fail") and i >= len(words) // 2:
                os.kill(os.getpid(), getattr(signal, str(entry["fail"])))
            self._tick.wait(float(entry.get("seconds_per_piece", 0)))
        context.item(Piece(*splitter.end()))
        self._cached[request.conversation] = prompt + words
        timings = Timings(0.01, 0.02, len(prompt), cached, len(words))
        cut = said + len(words) < len(_words(str(entry["say"])))
        return Completion("length" if cut else "stop", timings, len(prompt) + len(words))

    def count(self, request: CountTokens, context: Context) -> TokenCounts:
        return TokenCounts([len(_words(turn.text)) + PICTURE * len(turn.pictures) for turn in request.turns])

    def forget(self, request: Forget, context: Context) -> None:
        self._cached.pop(request.conversation, None)

    def describe(self, request: AskEngine, context: Context) -> EngineInfo:
        if "ask" in self._script.get("crash", {}).get("at", "").split("+"):
            os.kill(os.getpid(), signal.SIGSEGV)
        self._blind = bool(self._blind)
        devices = [] if self._blind else [Device(**device) for device in self._script.get("devices", [])]
        return EngineInfo("scripted", "0", ["scripted"], "", devices)


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    """The worker's operations (called by core/workers/process.py)."""
    engine = ScriptedEngine(json.loads(Path(options["script"]).read_text(encoding="utf-8")))
    return {
        LoadModel: engine.load,
        Generate: engine.generate,
        CountTokens: engine.count,
        Forget: engine.forget,
        AskEngine: engine.describe,
    }
