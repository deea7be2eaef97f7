"""The sound worker's one long call: commands in, what happens out, and Qt's events between them."""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path
from typing import Any

from core import garbage
from core.sound.messages import (
    CloseMicrophone,
    ListDevices,
    ListVoices,
    OpenMicrophone,
    Pause,
    Play,
    SayWords,
    Silence,
    UseSound,
    Voices,
)
from core.workers.messages import Nothing, Request
from core.workers.process import Context, Handler

STEP_SECONDS = 0.005  # between looks at commands while something is played
IDLE_SECONDS = 0.5  # and while none does; a command wakes it up


def choose_sound_server() -> None:
    """Have Qt use PulseAudio where no PipeWire runs; to be called before Qt Multimedia is first used.

    Qt 6.12 prefers PipeWire wherever its library is, and dies (a null pointer after `pw_context_new`) where its configuration is
    not: a desk with PulseAudio has that library without it as soon as anything else wants it. PipeWire's socket is named as in
    https://docs.pipewire.org/page_man_pipewire_1.html (PIPEWIRE_RUNTIME_DIR, XDG_RUNTIME_DIR, PIPEWIRE_REMOTE).
    """
    if sys.platform != "linux":
        return
    folder = os.environ.get("PIPEWIRE_RUNTIME_DIR") or os.environ.get("XDG_RUNTIME_DIR")
    if not folder or not Path(folder, os.environ.get("PIPEWIRE_REMOTE") or "pipewire-0").exists():
        os.environ.setdefault("QT_AUDIO_BACKEND", "pulseaudio")


def use(request: UseSound, context: Context, application: Any) -> Nothing:
    """Do what is fed, until the feeds end."""
    from PySide6.QtCore import QEventLoop

    from sound.echo import Echo
    from sound.loudspeakers import Loudspeakers
    from sound.microphone import Microphone

    tell = partial(context.item)
    echo = Echo()
    loudspeakers = Loudspeakers(tell, echo.played, echo.anew, echo.unknown)
    microphone = Microphone(tell, echo.clean)
    try:
        while True:
            wait = microphone.wait if microphone.open else IDLE_SECONDS
            try:
                command = context.next_feed(STEP_SECONDS if loudspeakers.playing else wait)
            except TimeoutError:
                pass
            else:
                if command is None:
                    return Nothing()
                if isinstance(command, OpenMicrophone):
                    echo.begin(command.cancel_echo)
                    microphone.start(command.device)
                elif isinstance(command, CloseMicrophone):
                    microphone.stop(command.after)
                elif isinstance(command, Play):
                    loudspeakers.play(command)
                elif isinstance(command, SayWords):
                    loudspeakers.say(command)
                elif isinstance(command, ListVoices):
                    tell(Voices(loudspeakers.voice.languages()))
                elif isinstance(command, Pause):
                    loudspeakers.pause(command.paused)
                elif isinstance(command, Silence):
                    loudspeakers.silence()
                elif isinstance(command, ListDevices):
                    microphone.list_devices()
            garbage.collect()
            application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents)
            application.sendPostedEvents(None, 52)  # QEvent.DeferredDelete: nothing else runs it here
    finally:
        loudspeakers.silence()
        microphone.shut()


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    """The worker's operations (called by core/workers/process.py)."""
    choose_sound_server()
    from PySide6.QtCore import QCoreApplication

    application = QCoreApplication.instance() or QCoreApplication(["tsukue"])
    import PySide6.QtMultimedia  # noqa: F401 - now, so that the microphone opens fast

    garbage.keep_to_this_thread()  # which has Qt's objects; commands are read on another
    return {UseSound: partial(use, application=application)}
