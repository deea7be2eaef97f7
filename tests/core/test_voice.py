"""Speech to text with the real models; speech comes from espeak-ng."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from core.app import App
from core.errors import AudioUnknown, FileMissing


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    assert shutil.which("espeak-ng"), "make test installs espeak-ng"
    path = tmp_path / "speech.wav"
    subprocess.run(["espeak-ng", "-w", path, "How long does the battery warranty last?"], check=True)
    return path


def test_spoken_english_is_written_down(app: App, speech: Path) -> None:
    heard = app.voice.file(str(speech))
    assert heard.text.lower().rstrip("?") == "how long does the battery warranty last"
    assert heard.language == "en"
    assert heard.segments[0].end <= heard.duration_s + 0.5


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3"])
def test_the_usual_formats_are_read(app: App, speech: Path, tmp_path: Path, suffix: str) -> None:
    data, rate = soundfile.read(speech)
    path = tmp_path / f"speech.{suffix}"
    soundfile.write(path, np.column_stack([data, data]), rate)
    assert "battery" in app.voice.file(str(path)).text.lower()


def test_japanese_takes_the_same_way(app: App, tmp_path: Path) -> None:
    """espeak-ng reads kana only and the starter model is weak at Japanese: the path is tested, not the quality."""
    path = tmp_path / "ja.wav"
    subprocess.run(["espeak-ng", "-v", "ja", "-s", "120", "-w", path, "おはようございます"], check=True)
    heard = app.voice.file(str(path), "ja")
    assert heard.language in ("ja", "")


def test_what_is_no_sound_is_refused_by_name(app: App, tmp_path: Path) -> None:
    (tmp_path / "a.wav").write_bytes(b"RIFF nothing")
    with pytest.raises(AudioUnknown):
        app.voice.file(str(tmp_path / "a.wav"))
    with pytest.raises(FileMissing):
        app.voice.file(str(tmp_path / "b.wav"))
