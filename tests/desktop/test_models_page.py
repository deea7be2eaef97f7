"""The library in the window: adjusting a model, renaming and moving it, and what the engine has to tell."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import gguf
import pytest
from PySide6.QtWidgets import QInputDialog, QLabel, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from core.engine.messages import Adapter
from core.errors import DiskFull
from core.models import fit
from core.models.adjustments import USUAL, Adjustments
from core.models.fit import Speeds
from core.paths import Home
from core.voice.messages import Pace, Way
from desktop.main_window import MainWindow
from desktop.models.adjust import AdjustDialog
from tests.desktop.conftest import Open, answered, send
from tests.support.gguf_files import Shape, finish, write_adapter, write_random
from tests.support.remote import Server

STARTER = "smollm2-135m-instruct"
CARD = {"name": "Vulkan0", "description": "A card", "kind": "gpu", "memory": 8 << 30, "memory_free": 8 << 30}


def adjust(qtbot: QtBot, window: MainWindow, model: str = STARTER) -> AdjustDialog:
    window.show_page("models")
    window.models._adjust(window.app.library.find(model))
    qtbot.waitUntil(lambda: window.models.adjusting is not None)
    assert window.models.adjusting is not None
    return window.models.adjusting


def texts(dialog: AdjustDialog) -> str:
    return " | ".join(label.text() for label in dialog.findChildren(QLabel) if label.isVisible())


def test_what_is_adjusted_is_kept_and_its_memory_shown(qtbot: QtBot, window: MainWindow) -> None:
    dialog = adjust(qtbot, window)
    assert dialog.layers is None, "there is no graphics card here"
    assert dialog.thinking is None, "this model does not think"
    usual = texts(dialog)
    dialog.context.setCurrentIndex(dialog.context.findData(2048))
    dialog.cache.setCurrentIndex(dialog.cache.findData("q8_0"))
    kept = window.app.engine.adjustments
    qtbot.waitUntil(lambda: kept.get(STARTER) == Adjustments(context_length=2048, cache_type="q8_0"))
    assert texts(dialog) != usual
    send(qtbot, window, "Hello")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    assert window.app.engine.request(STARTER).context_length == 2048
    dialog.automatic.click()
    qtbot.waitUntil(lambda: kept.get(STARTER) == USUAL)
    dialog.close()


def test_an_adapter_is_chosen_for_a_model(qtbot: QtBot, window: MainWindow, tmp_path: Path) -> None:
    library = window.app.library
    library.add(write_adapter(library.path_of(STARTER), tmp_path / "style.gguf", strength=0.1))
    dialog = adjust(qtbot, window)
    ((check, strength),) = dialog.adapters.values()
    check.setChecked(True)
    strength.setValue(0.5)

    def kept() -> list[tuple[str, float]]:
        found = window.app.engine.adjustments.get(STARTER).adapters
        return [(Path(adapter.path).name, adapter.scale) for adapter in found]

    qtbot.waitUntil(lambda: kept() == [("style.gguf", 0.5)])
    dialog.close()


def test_only_models_with_the_same_words_are_offered_to_guess(
    qtbot: QtBot, window: MainWindow, bright_model: str
) -> None:
    library = window.app.library
    tiny = Shape("qwen3", 1, 32, 1, 1, 32, 32, 49_152)
    write_random(library.path_of(STARTER), window.app.home.models / "tiny.gguf", tiny)
    library.add(library.path_of(bright_model))  # larger, and of another family
    dialog = adjust(qtbot, window)
    offered = [dialog.draft.itemData(number) for number in range(dialog.draft.count())]
    assert offered == [None, "", "tiny"]
    assert dialog.draft.currentData() is None
    dialog.draft.setCurrentIndex(2)
    kept = window.app.engine.adjustments
    qtbot.waitUntil(lambda: kept.get(STARTER) == Adjustments(draft="tiny"))
    dialog.close()


def test_safer_settings_are_undone_where_they_are_shown(qtbot: QtBot, window: MainWindow) -> None:
    from core.engine.ladder import key_of

    key = key_of(str(window.app.library.path_of(STARTER)))
    window.app.engine.ladder.step_down(key, "SIGSEGV", gpu=False, guesses=False)
    dialog = adjust(qtbot, window)
    assert "without flash attention" in texts(dialog)
    (back,) = [b for b in dialog.findChildren(QPushButton) if b.text() == "Try the original settings again"]
    back.click()
    assert window.app.engine.ladder.remembered() == {}
    assert "without flash attention" not in texts(dialog)
    dialog.close()


def test_a_model_is_renamed(qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QInputDialog, "getText", lambda *a, **k: ("小さなモデル", True))
    window.models._rename(window.app.library.find(STARTER))

    def names() -> list[str]:
        labels = window.models.findChildren(QLabel)
        return [label.text() for label in labels if label.property("role") == "name"]

    qtbot.waitUntil(lambda: "小さなモデル" in names(), timeout=10_000)
    assert window.app.library.name_of(STARTER) == "小さなモデル"


def test_a_model_is_moved(qtbot: QtBot, window: MainWindow, home: Home, tmp_path: Path) -> None:
    shutil.copy(window.app.library.path_of(STARTER), home.models / "mine.gguf")
    window.models.move_to(window.app.library.find("mine"), tmp_path)
    qtbot.waitUntil(lambda: window.app.library.find("mine").path.is_relative_to(tmp_path / "mine"))
    qtbot.waitUntil(lambda: any("mine is now in" in text for _, text in window.notify.history))


def test_a_speech_model_is_recommended_once_this_computer_is_measured(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[Way] = []

    def measure(folder: str, way: Way, job: object) -> Pace:
        measured.append(way)
        return Pace(0.28, 0.29)  # of two shared cores

    monkeypatch.setattr(window.app.voice.paces, "_measure", measure)
    window.app.speed._keep(Speeds(fit.Pace(20e9)))
    page = window.models
    window.show_page("models")
    qtbot.waitUntil(lambda: page._speeds is not None)
    page.show_tab("catalogue")
    assert not page._measuring, "speech models are not shown yet"
    page.kind.setCurrentIndex(page.kind.findData("speech"))

    def shown() -> list[str]:
        return [label.text() for label in page._catalogue.parentWidget().findChildren(QLabel)]

    best = "The best choice for this computer. Quick speech recognition"  # Whisper base, on two cores
    qtbot.waitUntil(lambda: any(text.startswith(best) for text in shown()), timeout=20_000)
    assert not page.note.isVisible()
    texts = shown()
    assert any(
        text.startswith("It needs 0.6 GB; five seconds of speech take it about 0.6 s") for text in texts
    )
    offered = [button.accessibleName() for button in page._catalogue.parentWidget().findChildren(QPushButton)]
    assert any("Whisper small" in one for one in offered)
    assert not any("Whisper base" in one for one in offered), "it is here"
    assert any("on this computer" in text for text in texts)
    assert any("too slow to follow you while you speak" in text for text in texts)
    ways = len(measured)
    page.kind.setCurrentIndex(0)
    page.kind.setCurrentIndex(page.kind.findData("speech"))
    page.show_tab("here")
    page.show_tab("catalogue")
    assert not page._measuring, "it is known"
    assert len(measured) == ways


def test_a_model_that_has_gone_is_shown_said_and_removed(
    qtbot: QtBot,
    open_window: Open,
    script: Callable[..., Path],
    home: Home,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    script({"when": "", "say": "Yes."})
    file = tmp_path / "theirs.gguf"
    (home.models / "theirs.gguf").symlink_to(file)
    window = open_window(chat_model="theirs")
    qtbot.waitUntil(window.chat.banner.isVisible)
    said = window.chat.banner.text.text()
    assert said.startswith(f"theirs cannot be used: its file is missing ({file}). SmolLM2 135M is used")
    assert window.composer.model_button.text().startswith("SmolLM2 135M")
    window.show_page("models")

    def shown() -> list[str]:
        return [label.text() for label in window.models.findChildren(QLabel) if label.isVisible()]

    sentence = f"This model cannot be used: its file is missing ({file})"
    qtbot.waitUntil(lambda: any(text.startswith(sentence) for text in shown()), timeout=10_000)
    monkeypatch.setattr(QMessageBox, "question", lambda *_: QMessageBox.StandardButton.Yes)
    (remove,) = [
        b for b in window.models.findChildren(QPushButton) if b.accessibleName() == "Remove…: theirs"
    ]
    remove.click()
    qtbot.waitUntil(lambda: not (home.models / "theirs.gguf").is_symlink(), timeout=10_000)
    qtbot.waitUntil(lambda: "theirs" not in shown(), timeout=10_000)
    send(qtbot, window, "Hello")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)


@pytest.mark.logs("the draft tiny .* is not there any more", "the adapter .* is not there any more")
def test_helpers_that_have_gone_are_said(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path], tmp_path: Path
) -> None:
    script({"when": "", "say": "Yes."})
    window = open_window()
    wishes = Adjustments(adapters=(Adapter("/gone/style.gguf"),), draft="tiny")
    window.app.engine.adjustments.set(STARTER, wishes)
    send(qtbot, window, "Hello")
    qtbot.waitUntil(lambda: answered(window), timeout=20_000)
    qtbot.waitUntil(lambda: len(window.notify.history) == 2)
    assert "tiny, the draft model for SmolLM2 135M, is missing" in window.notify.history[0][1]
    assert "The adapter /gone/style.gguf for SmolLM2 135M is missing" in window.notify.history[1][1]


@pytest.mark.logs("shown to the person: DiskFull")
def test_an_adjustment_that_cannot_be_kept_is_said(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: object) -> None:
        raise DiskFull(str(path))

    dialog = adjust(qtbot, window)
    monkeypatch.setattr("core.files.write", full)
    dialog.context.setCurrentIndex(dialog.context.findData(2048))
    qtbot.waitUntil(lambda: bool(window.notify.history))
    assert "no room left" in window.notify.history[-1][1]
    assert window.app.engine.adjustments.get(STARTER) == USUAL
    dialog.close()


def test_a_card_that_has_gone_is_said_on_the_screen(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path]
) -> None:
    script({"when": "", "say": "Yes."}, devices=[CARD])
    first = open_window()
    send(qtbot, first, "Hello")
    qtbot.waitUntil(lambda: answered(first), timeout=20_000)
    assert first.app.engine.info is not None
    assert first.app.engine.info.gpu_layers > 0
    first.app.engine.worker.close()

    script({"when": "", "say": "Yes."})
    from desktop.engine_news import EngineNews

    assert isinstance(first.engine_news, EngineNews)
    first.close()
    first.app.close()
    second = open_window()
    send(qtbot, second, "Hello")
    qtbot.waitUntil(lambda: answered(second), timeout=20_000)
    assert second.chat.banner.isVisible()
    assert "The graphics card A card was not found" in second.chat.banner.text.text()


def test_the_engine_is_tested_quietly_and_without_a_model_too(
    qtbot: QtBot, window: MainWindow, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.test_engine()
    qtbot.waitUntil(lambda: window.app.engine.record.tested, timeout=20_000)
    assert window.notify.history == []


@pytest.mark.logs("shown to the person: RemoteUnreachable")
def test_a_server_is_shown_as_not_offline(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path]
) -> None:
    script({"when": "", "say": "From here."})
    with Server() as server:
        window = open_window(remote_url=server.url, chat_model="remote")
        host = server.url.split("//")[1]
        qtbot.waitUntil(lambda: window.status.offline.text() == f"Online: {host}")
        send(qtbot, window, "Hello")
        qtbot.waitUntil(lambda: answered(window), timeout=20_000)
        window.chat.choices.use_model(STARTER)
        qtbot.waitUntil(lambda: "Online" not in window.status.offline.text())
        server.behave = "vanish"
        window.chat.choices.use_model("remote")
        send(qtbot, window, "And now?")
        qtbot.waitUntil(lambda: answered(window), timeout=20_000)
        assert window.chat.banner.isVisible()
        assert host in window.chat.banner.text.text()


def test_thinking_is_chosen_beside_the_model_that_can(
    qtbot: QtBot, open_window: Open, script: Callable[..., Path], home: Home
) -> None:
    script({"when": "", "say": "Yes."})
    writer = gguf.GGUFWriter(str(home.models / "thinker.gguf"), arch="llama")
    writer.add_chat_template(
        "{% if enable_thinking is defined and not enable_thinking %}<think></think>{% endif %}"
    )
    finish(writer)
    window = open_window(chat_model="thinker")
    button = window.composer.thinking_button
    qtbot.waitUntil(button.isVisible, timeout=10_000)
    assert button.text() == "Thinking ▾"
    next(action for action in button.menu().actions() if action.text() == "Answer right away").trigger()
    qtbot.waitUntil(lambda: button.text() == "Answer right away ▾")
    assert window.app.engine.adjustments.get("thinker").thinking is False
    window.chat.choices.use_model(STARTER)
    qtbot.waitUntil(lambda: not button.isVisible())
    window.chat.choices.use_model("thinker")
    qtbot.waitUntil(button.isVisible, timeout=10_000)
    assert button.text() == "Answer right away ▾"
