"""Which sound server Qt is to use, chosen before it is asked (installers/sessions.py speaks into the packaged window)."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from sound.worker import choose_sound_server


@pytest.mark.parametrize(
    ("session", "chosen"),
    [
        ({}, "pulseaudio"),
        ({"XDG_RUNTIME_DIR": "empty"}, "pulseaudio"),
        ({"XDG_RUNTIME_DIR": "running"}, None),
        ({"XDG_RUNTIME_DIR": "empty", "PIPEWIRE_RUNTIME_DIR": "running"}, None),
        ({"XDG_RUNTIME_DIR": "running", "PIPEWIRE_REMOTE": "pipewire-1"}, "pulseaudio"),
        ({"QT_AUDIO_BACKEND": "pipewire"}, "pipewire"),
    ],
)
def test_pipewire_is_used_only_where_it_runs(
    session: dict[str, str],
    chosen: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where it does not, Qt would die at the press of the microphone's button if PipeWire's library is there."""
    for folder in ("empty", "running"):
        (tmp_path / folder).mkdir()
    for name in ("XDG_RUNTIME_DIR", "PIPEWIRE_RUNTIME_DIR", "PIPEWIRE_REMOTE", "QT_AUDIO_BACKEND"):
        monkeypatch.delenv(name, raising=False)
    for name, value in session.items():
        monkeypatch.setenv(name, str(tmp_path / value) if name.endswith("_DIR") else value)
    monkeypatch.chdir(tmp_path / "running")  # a socket's path may be no longer than a hundred letters
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("pipewire-0")
        choose_sound_server()
    assert os.environ.get("QT_AUDIO_BACKEND") == chosen
