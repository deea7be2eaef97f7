"""The section about the version: nothing without a press of the button, and each step as it is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import minisign
import pytest
from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from pytestqt.qtbot import QtBot

from core import updates as module
from core.updates import Updates
from desktop.main_window import MainWindow
from desktop.settings.updates import UpdatesPanel
from tests.support.hub import Hub
from tests.support.releases import PLACE, address, publish, write_key

KEYS = minisign.KeyPair.generate()
DATA = b"package" * 100_000


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        publish(hub, KEYS, "9.0", {"tsukue_9.0_amd64.deb": DATA, "tsukue-9.0-x86_64.run": DATA})
        yield hub


@pytest.fixture
def updates(window: MainWindow, hub: Hub, tmp_path: Path) -> Updates:
    app = window.app
    app.settings.change(release_address=address(hub))
    key = write_key(KEYS, tmp_path / "release.pub")
    return Updates(app.network, app.settings, tmp_path / "updates", lambda: "0.1.0", key)


@pytest.fixture
def panel(qtbot: QtBot, window: MainWindow, updates: Updates) -> UpdatesPanel:
    panel = UpdatesPanel(updates, window.operations)
    qtbot.addWidget(panel)
    panel.show()
    return panel


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was given to other programs."""
    given: list[str] = []
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: bool(given.append(QUrl(url).toLocalFile() or url.toString()))
    )
    return given


def _as(monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    monkeypatch.setattr(module, "this_package", lambda: (form, "full"))
    monkeypatch.setattr(module.platform, "machine", lambda: "x86_64")


def _press(qtbot: QtBot, window: MainWindow, panel: UpdatesPanel, *, look: bool = False) -> None:
    (panel.look if look else panel.next).click()
    qtbot.waitUntil(lambda: not window.operations.busy, timeout=20_000)


def test_nothing_is_asked_before_the_button_is_pressed(
    qtbot: QtBot, window: MainWindow, panel: UpdatesPanel, hub: Hub
) -> None:
    window.show_page("settings")
    qtbot.waitUntil(lambda: not window.operations.busy, timeout=20_000)
    assert hub.requests == []
    assert panel.next.isHidden()


@pytest.mark.parametrize(("form", "handed"), [("deb", "tsukue_9.0_amd64.deb"), ("run", "9.0")])
def test_a_new_version_is_found_fetched_and_handed_over(
    qtbot: QtBot,
    window: MainWindow,
    panel: UpdatesPanel,
    opened: list[str],
    monkeypatch: pytest.MonkeyPatch,
    form: str,
    handed: str,
) -> None:
    _as(monkeypatch, form)
    _press(qtbot, window, panel, look=True)
    assert panel.said.text() == "Tsukue 9.0 is available."
    assert "They are faster" in panel.notes.text()
    assert panel.next.text() == "Download (700 kB)"
    _press(qtbot, window, panel)
    assert "downloaded and verified" in panel.said.text()
    _press(qtbot, window, panel)
    assert [Path(one).name for one in opened] == [handed]


def test_where_no_package_fits_its_page_is_opened(
    qtbot: QtBot, window: MainWindow, panel: UpdatesPanel, opened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _as(monkeypatch, "rpm")
    _press(qtbot, window, panel, look=True)
    _press(qtbot, window, panel)
    assert opened == [module.PAGE]


def test_the_newest_and_the_unsigned_are_told(
    qtbot: QtBot, window: MainWindow, panel: UpdatesPanel, hub: Hub
) -> None:
    publish(hub, KEYS, "0.1.0", {})
    _press(qtbot, window, panel, look=True)
    assert panel.said.text() == "Tsukue is up to date."
    publish(hub, minisign.KeyPair.generate(), "9.0", {})
    _press(qtbot, window, panel, look=True)
    assert "not signed by the makers" in panel.said.text()
    assert panel.look.isEnabled()
    assert panel.next.isHidden()


def test_a_pause_keeps_what_has_arrived(
    qtbot: QtBot, window: MainWindow, panel: UpdatesPanel, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    _as(monkeypatch, "deb")
    _press(qtbot, window, panel, look=True)
    hub.faults.bytes_per_second = 200_000
    panel.next.click()
    assert panel.next.text() == "Pause"
    qtbot.waitUntil(lambda: panel.bar.value() > 0, timeout=20_000)
    _press(qtbot, window, panel)
    assert "what has arrived is kept" in panel.said.text()
    hub.faults.bytes_per_second = 0
    before = hub.asked
    _press(qtbot, window, panel)
    assert "downloaded and verified" in panel.said.text()
    assert hub.asked - before < len(DATA)
    assert PLACE in hub.repositories


def test_a_section_that_has_gone_is_not_written_to(
    qtbot: QtBot, window: MainWindow, updates: Updates, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another language makes the section anew while a download goes on."""
    import shiboken6

    panel = UpdatesPanel(updates, window.operations)
    _as(monkeypatch, "deb")
    _press(qtbot, window, panel, look=True)
    hub.faults.bytes_per_second = 2_000_000
    panel.next.click()
    shiboken6.delete(panel)
    qtbot.waitUntil(lambda: not window.operations.busy, timeout=20_000)
