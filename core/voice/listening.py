"""Somebody is listened to: sound goes in as it is captured, what was heard comes out, and nothing said is lost.

The sound stays here until its text has come. If the voice worker dies meanwhile, another one begins again with what is not
written yet; if that fails, too, the person can try again, with the same sound.
"""

from __future__ import annotations

import difflib
import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from core.errors import Cancelled, CardFailed, TsukueError, WorkerDied, WorkerFault
from core.voice.messages import Began, Heard, Hearing, Listen, Partial, Sound, Utterance
from core.workers.calls import Fed, PendingCall
from core.workers.supervisor import Worker

log = logging.getLogger(__name__)

TRIES = 3  # worker processes for one stretch of sound
LOOK_SECONDS = 0.2
CHUNK_SECONDS = 0.5  # of kept sound, sent at a time after a restart
BYTES = 2  # a sample
COMPARED = 300  # characters at the end of what was shown


@dataclass(frozen=True)
class Finished:
    """All that was fed is written, or cannot be (`error`; then `Listening.retry`)."""

    error: TsukueError | None = None


Told = Heard | Finished
Keep = Callable[[bytes, int, int, Utterance], None]


class Listening:
    """One stretch of listening; begun by `Voice.listen`. `told` is called on a thread of this object's own."""

    def __init__(
        self,
        worker: Worker,
        request: Callable[[], Listen],
        told: Callable[[Told], None],
        keep: Keep | None = None,
        *,
        names: Callable[[], list[str]] = list,
        card_failed: Callable[[CardFailed], None] = lambda _: None,
        over: Callable[[], None] = lambda: None,
    ) -> None:
        """`request` says how to listen; it is asked in the background, and may raise what a person is to be told. `keep` gets the
        sound of each turn, how many samples a second and channels it has, and what was heard. `names` says what may be said now (`renew`).
        After `card_failed` the request is asked again. `over` is called when it has ended, in whatever way. All on threads of this
        object's own."""
        self._worker = worker
        self._request = request
        self._told = told
        self._keep = keep
        self._say_names = names
        self._card_failed = card_failed
        self._over = over
        self._lock = threading.RLock()
        self._kept: deque[bytes] = deque()  # sound whose text has not come
        self._kept_from = 0  # frames of sound before it
        self._frames = 0  # of sound that has come
        self._sent = 0  # pieces of `_kept` that the call was given
        self._frame_bytes = BYTES
        self._rate = 16_000
        self._names: list[str] | None = None  # what may be said from now on, and was not told yet
        self._ended = False  # no more sound comes
        self._cancelled = False
        self._call: PendingCall | None = None
        self._count = 0  # utterances of processes before
        self._shown = ""  # what was told to be settled of the utterance that was under way when one died
        self._settled = ""
        self._thread: threading.Thread | None = None

    # ------------------------------------------------------------ any thread

    def start(self, rate: int, channels: int) -> None:
        """Begin: sound of this kind will follow."""
        self._rate, self._frame_bytes = rate, channels * BYTES
        self._begin()

    def feed(self, data: bytes) -> None:
        """Sound as it was captured: little-endian 16-bit integers, channels interleaved, whole frames. Never waits."""
        with self._lock:
            if data and not self._ended:
                self._kept.append(data)
                self._frames += len(data) // self._frame_bytes
                self._push()

    def renew(self) -> None:
        """What is spoken about has changed: what may be said is asked anew, in the background."""
        threading.Thread(target=self._renew, name="names", daemon=True).start()

    def _renew(self) -> None:
        try:
            names = self._say_names()
        except TsukueError:
            log.info("what may be said could not be asked anew", exc_info=True)
            return
        with self._lock:
            self._names = names

    def finish(self) -> None:
        """No more sound comes; the last words follow, then `Finished`."""
        with self._lock:
            self._ended = True
            self._push()

    def cancel(self) -> None:
        """What was said is not wanted any more. Nothing more is told."""
        with self._lock:
            self._ended = self._cancelled = True
            self._kept.clear()
            call = self._call
        if call is not None:
            call.cancel()

    def retry(self) -> None:
        """After a `Finished` with an error: try again, with the sound that was kept."""
        self._worker.forgive()
        self._begin()

    @property
    def seconds(self) -> float:
        """How much sound has come."""
        return self._frames / self._rate

    @property
    def kept_seconds(self) -> float:
        """How much of it waits for its text."""
        with self._lock:
            return sum(map(len, self._kept)) / self._frame_bytes / self._rate

    # ------------------------------------------------------------ its own thread

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._run, name="listening", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        error: TsukueError | None = None
        for tried in range(TRIES):
            error = None
            try:
                self._listen()
                break
            except Cancelled:
                break
            except WorkerDied as fell:
                error = fell
                log.warning("speech recognition fell over while it listened (%d of %d)", tried + 1, TRIES)
            except CardFailed as failed:
                error = failed
                self._card_failed(failed)
            except TsukueError as other:
                error = other
                break
            except Exception as fault:  # whoever waits for the end is told
                log.exception("listening failed")
                error = WorkerFault(self._worker.spec.name, type(fault).__name__)
                break
        with self._lock:
            self._call = None
            cancelled = self._cancelled
        if not cancelled:
            self._told(Finished(error))
        self._over()

    def _listen(self) -> None:
        request = self._request()
        request.rate, request.channels = self._rate, self._frame_bytes // BYTES
        with self._lock:
            if self._cancelled:
                raise Cancelled
            self._sent = 0
            self._shown, self._settled = self._settled or self._shown, ""
            self._call = call = self._worker.call(request)
            offset, before = self._kept_from, self._count
            self._push()
        while True:
            try:
                for item in call.items(LOOK_SECONDS):
                    self._take(item, offset / self._rate, before)
                    self._push()
                return
            except TimeoutError:
                self._push()

    def _push(self) -> None:
        """Send what has come, as far as there is room."""
        with self._lock:
            call = self._call
            if call is None:
                return
            chunk = int(CHUNK_SECONDS * self._rate) * self._frame_bytes
            while self._sent < len(self._kept):
                pieces, size = [], 0
                for index in range(self._sent, len(self._kept)):
                    pieces.append(self._kept[index])
                    size += len(self._kept[index])
                    if size >= chunk:
                        break
                if call.feed(Sound(b"".join(pieces), self._names)) is not Fed.TAKEN:
                    return
                self._names = None
                self._sent += len(pieces)
            if self._ended:
                call.end_feed()

    def _take(self, item: Heard, offset: float, before: int) -> None:
        if self._cancelled:
            return
        if isinstance(item, Hearing):
            self._release(offset + item.needed)
            self._told(item)
            return
        item = msgspec.structs.replace(item, utterance=item.utterance + before)
        if isinstance(item, Began):
            if not self._shown:  # else it has begun before
                self._told(msgspec.structs.replace(item, at=item.at + offset))
        elif isinstance(item, Partial):
            item = self._going_on(item)
            self._settled = item.settled
            self._told(item)
        elif isinstance(item, Utterance):
            text = self._shown + after(self._shown, item.text)
            self._shown = self._settled = ""
            whole = msgspec.structs.replace(item, text=text, start=item.start + offset, end=item.end + offset)
            sound = self._between(whole.start, whole.end) if self._keep is not None else b""
            self._release(whole.end)
            self._count = item.utterance
            self._told(whole)
            if self._keep is not None:
                self._keep(sound, self._rate, self._frame_bytes // BYTES, whole)

    def _going_on(self, item: Partial) -> Partial:
        """The same, beginning with what was settled before the process died."""
        if not self._shown:
            return item
        if item.settled.startswith(self._shown):
            self._shown = ""
            return item
        rest = after(self._shown, item.settled + item.tentative)
        return msgspec.structs.replace(item, settled=self._shown, tentative=rest)

    def _between(self, start: float, end: float) -> bytes:
        """The sound from second `start` to `end`, as far as it is still here."""
        with self._lock:
            sound, first = b"".join(self._kept), self._kept_from
        begin, stop = (max(int(at * self._rate) - first, 0) * self._frame_bytes for at in (start, end))
        return sound[begin:stop]

    def _release(self, end: float) -> None:
        """The sound before `end` (seconds) has its text."""
        with self._lock:
            frame = int(end * self._rate)
            while self._kept and self._sent:
                size = len(self._kept[0]) // self._frame_bytes
                if self._kept_from + size > frame:
                    break
                self._kept.popleft()
                self._kept_from += size
                self._sent -= 1


def after(shown: str, text: str) -> str:
    """What `text` says after the words of `shown`, which it says again, perhaps a little otherwise."""
    if not shown or text.startswith(shown):
        return text[len(shown) :]
    if len(shown) > 2 * COMPARED:  # the ends are enough, and comparing costs the square of the length
        cut = len(shown) - COMPARED
        return after(shown[cut:], text[max(cut - COMPARED // 2, 0) :])
    blocks = difflib.SequenceMatcher(None, shown, text, autojunk=False).get_matching_blocks()
    last = max((block for block in blocks if block.size), key=lambda block: block.a, default=None)
    if last is None:
        return ""
    at = last.b + last.size + (len(shown) - last.a - last.size)
    while 0 < at < len(text) and text[at - 1].isascii() and text[at - 1].isalnum() and text[at].isalnum():
        at += 1  # not within a word
    return text[at:]
