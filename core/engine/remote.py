"""An engine elsewhere: any server that speaks OpenAI's chat API (llama.cpp's, vLLM, Ollama, …).

Only what the person configured is contacted, through core/network.py; the window says that it is not offline. The
server is not trusted: what it sends is checked and bounded in time and size, and any misbehaviour ends in an error message.
API: platform.openai.com/docs/api-reference/chat; streams are server-sent events (WHATWG HTML, section 9.2).
"""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import logging
import queue
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from core import secrets
from core.engine.interface import Answer, EngineLoaded
from core.engine.messages import LEAST_RESERVE, Completion, Generate, ModelInfo, Picture, Piece, Timings, Turn
from core.engine.thinking import ThinkingSplitter
from core.errors import (
    N_,
    Cancelled,
    ContextFull,
    NetworkRefused,
    PictureGone,
    RemoteBroken,
    RemoteModelMissing,
    RemoteRefused,
    RemoteUnreachable,
    TsukueError,
    WorkerDied,
)
from core.events import Events
from core.jobs import Job
from core.network import Network, words_of
from core.settings import SettingsFile

if TYPE_CHECKING:
    import httpx2

log = logging.getLogger(__name__)

MODEL = "remote"  # the id under which the server's model is chosen
PURPOSE = "remote engine"
SILENCE_SECONDS = 120.0  # a long prompt may be read for as long without a word
LIST_SECONDS = 10.0  # nothing needs to be computed for the list of models
GO_ON = "Go on exactly where you stopped, without repeating anything."
PICTURE_TOKENS = 1024  # of a picture: what most models make of one at most
SHORT_ANSWER = 256  # tokens, where a question fills the window and nobody knows how long that is
LONGEST_LINE = 1 << 20  # bytes of one event
BYTES_PER_TOKEN = 2048  # events of more bytes than that for each token are no answer
LONGEST_LIST = 4 << 20  # bytes of the list of models
_CONTEXT_WORDS = ("context", "maximum length", "too long", "exceed")


class RemoteEngine:
    """The configured server as an Engine. Thread-safe; nothing is kept between requests but the model's name."""

    def __init__(self, network: Network, settings: SettingsFile, events: Events) -> None:
        self._network = network
        self._settings = settings
        self._events = events
        self._known: tuple[str, str, ModelInfo] | None = None  # address, wanted model, what was found
        self._stated = False  # whether the server has said how long its window is

    @property
    def configured(self) -> bool:
        """Whether the person has named a server."""
        return bool(self._settings.values.remote_url.strip())

    @property
    def host(self) -> str:
        """The server's name for people, without a password that the address may hold."""
        return secrets.host_of(self._base)

    @property
    def _base(self) -> str:
        address = self._settings.values.remote_url.strip().rstrip("/")
        if "://" not in address:
            address = f"http://{address}"
        return address.removesuffix("/v1")

    def name_of(self, model: str) -> str:
        """What the answers are signed with."""
        values = self._settings.values
        name = values.remote_model or (self._known[2].description if self._known else "")
        return f"{name} @ {self.host}" if name else self.host

    def writes(self, model: str, language: str) -> bool:
        """A server does not say; what it serves is taken to write."""
        return True

    # ------------------------------------------------------------ Engine

    def load(self, model: str, job: Job | None = None) -> ModelInfo:
        """See whether the server is there and has the model. One short request: a cancelled job waits for its end.

        Raises RemoteUnreachable, RemoteRefused, RemoteModelMissing, RemoteBroken, NetworkRefused.
        """
        wanted = self._settings.values.remote_model
        if self._known is not None and self._known[:2] == (self._base, wanted):
            return self._known[2]
        listed = self._models()
        names = [str(entry["id"]) for entry in listed if isinstance(entry, dict) and "id" in entry]
        if not names:
            raise RemoteBroken(self.host, N_("it has no models"))
        if wanted and wanted not in names:
            raise RemoteModelMissing(self.host, wanted, ", ".join(names[:5]))
        name = wanted or names[0]
        entry = next(e for e in listed if isinstance(e, dict) and e.get("id") == name)
        length = _context_of(entry)
        self._stated = bool(length)
        length = length or self._settings.values.context_length
        info = ModelInfo(self._base, name, length, 0, 0, 0, 0, 0)
        self._known = (self._base, wanted, info)
        self._events.publish(EngineLoaded(model, info))
        return info

    def generate(
        self,
        model: str,
        request: Generate,
        on_read: Callable[[int, int], None] | None = None,
        job: Job | None = None,
    ) -> Answer:
        """See Engine.generate. How far the prompt was read, the server does not say."""
        info, sampling = self.load(model), request.sampling
        counted = sum(self.count_tokens(model, _turns(request)))
        longest = request.max_tokens
        # Strict servers refuse a prompt whose longest answer does not fit, too.
        if self._stated:
            longest = min(longest, max(request.reserve, info.context_length - counted))
        elif request.reserve <= LEAST_RESERVE:  # it was refused with the usual room for an answer
            longest = min(longest, SHORT_ANSWER)
        body: dict[str, Any] = {
            "model": info.description,
            "messages": [{"role": turn.role, "content": _content(turn)} for turn in _turns(request)],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": longest,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
        }
        if sampling.seed >= 0:
            body["seed"] = sampling.seed
        if request.schema:
            form = {"name": "answer", "schema": json.loads(request.schema), "strict": True}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return RemoteAnswer(self, body, info.context_length, counted)

    def step_down(self, model: str, error: WorkerDied) -> bool:
        """No settings of ours make another's server safer."""
        return False

    def count_tokens(self, model: str, turns: list[Turn], job: Job | None = None) -> list[int]:
        """About as many tokens as the turns have: the API has no way to ask. Three bytes make one, on the careful side."""
        return [len(turn.text.encode()) // 3 + 1 + PICTURE_TOKENS * len(turn.pictures) for turn in turns]

    def lose_eyes(self, model: str, error: TsukueError) -> bool:
        """Its eyes are the server's."""
        return False

    def sees(self, model: str) -> bool:
        """As the person has said of the server's model: the API has no way to ask."""
        return self._settings.values.remote_sees

    def forget(self, conversation: str) -> None:
        """Nothing is kept here, and what the server keeps is its own."""

    # ------------------------------------------------------------ requests

    def client(self, seconds: float = 0) -> httpx2.Client:
        """A client for this server, which may be silent for so long; it is not led elsewhere by redirects."""
        return self._network.client(PURPOSE, read_seconds=seconds or SILENCE_SECONDS, follow_redirects=False)

    def request(self, path: str) -> tuple[str, dict[str, str]]:
        """Address and headers of a request. The key travels encrypted, or within the house."""
        headers = {"Accept-Encoding": "identity"}
        key = secrets.get(self._settings, secrets.REMOTE, self._base)
        if key and secrets.may_travel_to(self._base, in_house=True):
            headers["Authorization"] = f"Bearer {key}"
        return f"{self._base}/v1/{path}", headers

    def _models(self) -> list[Any]:
        address, headers = self.request("models")
        with (
            self.errors(),
            self.client(LIST_SECONDS) as client,
            client.stream("GET", address, headers=headers) as answer,
        ):
            self.judge(answer)
            data = bytearray()
            for part in answer.iter_raw():
                data += part
                if len(data) > LONGEST_LIST:
                    raise RemoteBroken(self.host, N_("its list of models does not end"))
            try:
                listed = json.loads(data)["data"]
            except (ValueError, KeyError, TypeError) as error:
                raise RemoteBroken(self.host, N_("it did not send a list of models")) from error
            if not isinstance(listed, list):
                raise RemoteBroken(self.host, N_("it did not send a list of models"))
            return listed

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """The client's errors turned into ours."""
        import httpx2

        try:
            yield
        except (RemoteUnreachable, RemoteRefused):
            self._known = None  # it may come back with another model
            raise
        except httpx2.TimeoutException as error:
            self._known = None
            raise RemoteUnreachable(self.host, N_("it took too long")) from error
        except (httpx2.InvalidURL, httpx2.UnsupportedProtocol, ValueError) as error:
            raise RemoteUnreachable(self.host, N_("its address is not valid")) from error
        except httpx2.RemoteProtocolError as error:
            raise RemoteBroken(self.host, words_of(error)) from error
        except NetworkRefused:
            raise
        except (httpx2.HTTPError, OSError) as error:
            self._known = None
            raise RemoteUnreachable(self.host, words_of(error)) from error

    def judge(self, answer: httpx2.Response, counted: int = 0) -> None:
        """Raise what a status means. `counted` is about how many tokens were sent."""
        if answer.status_code == 200:
            return
        said, answer_said = _message(answer)
        if answer.status_code == 400 and any(word in said.lower() for word in _CONTEXT_WORDS):
            raise ContextFull(*self._full(answer_said, counted))
        reason = f"HTTP {answer.status_code}{': ' if said else ''}{said}"
        if answer.status_code >= 500:
            raise RemoteUnreachable(self.host, reason)
        raise RemoteRefused(self.host, reason)

    def _full(self, error: dict[str, Any], counted: int) -> tuple[int, int]:
        """Tokens needed and there are, after the server said that its window is full.

        Where it names no number, what was sent is what is too much: less is sent next time, and nothing is remembered.
        """
        assert self._known is not None
        base, wanted, info = self._known
        length = _number(error.get("n_ctx"))
        if length:
            self._stated = True
            self._known = (base, wanted, msgspec.structs.replace(info, context_length=length))
        else:
            length = min(info.context_length, counted)
        return max(_number(error.get("n_prompt_tokens")), length + 1), length


class RemoteAnswer:
    """An answer under way; it is read on a thread of its own, so that a stop need not wait for the server."""

    def __init__(self, engine: RemoteEngine, body: dict[str, Any], context: int, counted: int) -> None:
        """`counted` is about how many tokens the prompt has."""
        self._engine = engine
        self._body = body
        self._context = context
        self._counted = counted
        self._bytes_left = max(body["max_tokens"], 1) * BYTES_PER_TOKEN + LONGEST_LINE
        self._queue: queue.Queue[Piece | BaseException | None] = queue.Queue()
        self._streams: list[Any] = []  # the sockets that were opened, as httpcore wraps them
        self._stopped = threading.Event()
        self._completion: Completion | None = None
        self._started = time.perf_counter()
        self._first = 0.0
        self._pieces = 0
        self._usage: dict[str, Any] = {}
        self._finish = "stop"
        threading.Thread(target=self._run, name="remote answer", daemon=True).start()

    def items(self) -> Iterator[Piece]:
        """See Answer.items."""
        while True:
            item = self._queue.get()
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item

    def result(self, timeout: float | None = None) -> Completion:
        """See Answer.result; call it when `items` has ended."""
        for _ in self.items() if self._completion is None else ():
            pass
        assert self._completion is not None
        return self._completion

    def cancel(self) -> None:
        """See Answer.cancel. The connection is cut, which tells servers to stop."""
        self._stopped.set()
        self._queue.put(Cancelled())
        self._cut()

    def _cut(self) -> None:
        for stream in list(self._streams):
            with contextlib.suppress(OSError, AttributeError):  # it may have ended by itself
                # The plain socket's own: an encrypted one would first say goodbye to a server that is silent.
                socket.socket.shutdown(stream.get_extra_info("socket"), socket.SHUT_RDWR)

    def _traced(self, event: str, info: dict[str, Any]) -> None:
        """httpcore tells each step; connections are noted, so that a silent one can be cut."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            self._streams.append(info["return_value"])
            if self._stopped.is_set():
                self._cut()

    # ------------------------------------------------------------ on the answer's thread

    def _run(self) -> None:
        try:
            with self._engine.errors():
                self._read()
            total = time.perf_counter() - self._started
            read = _number(self._usage.get("prompt_tokens"))
            details = self._usage.get("prompt_tokens_details")
            cached = _number(details.get("cached_tokens")) if isinstance(details, dict) else 0
            written = _number(self._usage.get("completion_tokens")) or self._pieces
            timings = Timings(self._first or total, total, read, min(cached, read), written)
            used = min(read + written, self._context)
            self._completion = Completion(self._finish, timings, used)
            self._queue.put(None)
        except BaseException as error:  # noqa: BLE001 - it is raised where the answer is waited for
            self._queue.put(Cancelled() if self._stopped.is_set() else error)

    def _read(self) -> None:
        address, headers = self._engine.request("chat/completions")
        splitter = ThinkingSplitter()
        with (
            self._engine.client() as client,
            client.stream(
                "POST", address, headers=headers, json=self._body, extensions={"trace": self._traced}
            ) as response,
        ):
            self._engine.judge(response, self._counted)
            ended = False
            for data in self._events(response):
                if data == "[DONE]":
                    ended = True
                    break
                ended = self._take(data, splitter) or ended
            self._send(*splitter.end())
            if not ended:
                raise RemoteUnreachable(self._engine.host, N_("the connection was lost during the answer"))

    def _events(self, response: httpx2.Response) -> Iterator[str]:
        """The data of each server-sent event."""
        buffer = b""
        for part in response.iter_raw():
            if self._stopped.is_set():
                return
            self._bytes_left -= len(part)
            buffer += part
            if len(buffer) > LONGEST_LINE or self._bytes_left < 0:
                raise RemoteBroken(self._engine.host, N_("its response does not end"))
            *lines, buffer = buffer.split(b"\n")
            for line in lines:
                if line.startswith(b"data:"):
                    yield line[5:].strip().decode("utf-8", errors="replace")

    def _take(self, data: str, splitter: ThinkingSplitter) -> bool:
        """Take one event in; whether it says that the answer is done."""
        try:
            value = json.loads(data)
            if value.get("error"):
                raise RemoteRefused(self._engine.host, str(value["error"])[:200])
            if isinstance(value.get("usage"), dict):
                self._usage = value["usage"]
            choices = value.get("choices") or []
            if not choices:
                return False
            delta = choices[0].get("delta") or {}
            text, thought = delta.get("content") or "", ""
            for name in ("reasoning_content", "reasoning"):
                thought = thought or delta.get(name) or ""
            finish = choices[0].get("finish_reason")
            if not isinstance(text, str) or not isinstance(thought, str):
                raise TypeError("not a text")
        except (ValueError, TypeError, AttributeError, KeyError, IndexError) as error:
            log.warning("no event of a chat: %d characters", len(data))  # which may be an answer's
            raise RemoteBroken(self._engine.host, N_("it is not a chat response")) from error
        answer, inside = splitter.feed(text) if text else ("", "")
        self._send(answer, thought + inside)
        if finish:
            self._finish = "length" if finish == "length" else "stop"
        return bool(finish)

    def _send(self, answer: str, thinking: str) -> None:
        if answer or thinking:
            self._first = self._first or time.perf_counter() - self._started
            self._pieces += 1
            self._queue.put(Piece(answer, thinking))


def _turns(request: Generate) -> list[Turn]:
    """The turns; an answer that goes on is asked for in words, since few servers go on with a turn of the model's."""
    if not request.begun:
        return request.turns
    return [*request.turns, Turn("assistant", request.begun), Turn("user", GO_ON)]


def _content(turn: Turn) -> str | list[dict[str, Any]]:
    """A turn's text, or with pictures the parts of it in order, the pictures as data.

    Raises PictureGone.
    """
    if not turn.pictures or turn.role != "user":  # strict servers take pictures from nobody else
        return turn.text
    parts: list[dict[str, Any]] = []
    cuts = [0, *(picture.at for picture in turn.pictures), len(turn.text)]
    for number, (start, end) in enumerate(itertools.pairwise(cuts)):
        if number:
            data = _encoded(turn.pictures[number - 1])
            parts.append({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}})
        if turn.text[start:end].strip():
            parts.append({"type": "text", "text": turn.text[start:end]})
    return parts


def _encoded(picture: Picture) -> str:
    try:
        return base64.b64encode(Path(picture.path).read_bytes()).decode("ascii")
    except OSError as error:
        raise PictureGone() from error


def _context_of(entry: dict[str, Any]) -> int:
    """The context length where a server states it: vLLM's as `max_model_len`, llama.cpp's in `meta`; else 0."""
    meta = entry.get("meta")
    inside = meta if isinstance(meta, dict) else {}
    return (
        _number(entry.get("max_model_len"))
        or _number(inside.get("n_ctx"))
        or _number(inside.get("n_ctx_train"))
    )


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _message(answer: httpx2.Response) -> tuple[str, dict[str, Any]]:
    """What a server says of its refusal, in at most a line, and the error's fields if there are any."""
    said = bytearray()
    for part in answer.iter_raw():
        said += part
        if len(said) > 10_000:
            break
    try:
        value = json.loads(said)
        inner = value.get("error", value.get("detail", ""))
    except (ValueError, AttributeError):
        inner = said.decode("utf-8", errors="replace")
    fields = inner if isinstance(inner, dict) else {}
    text = fields.get("message", "") if fields else inner
    return " ".join(str(text).split())[:200], fields
