"""The window on the home of ten years, in a process of its own: what tests/benchmarks/ten_years.py reports.

python -m tests.benchmarks.ten_years_window HOME CONVERSATION       the home is changed

Prints a line of JSON for each measure: its name, its value, its aim, and where long turns went.
"""

from __future__ import annotations

import gc
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
from PySide6.QtCore import QEventLoop, QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from core.app import App
from core.paths import Home
from desktop import i18n, theme
from desktop.chat.conversation_model import Role
from desktop.main_window import MainWindow
from tests.benchmarks.watching import Painted, Spent, Turns, Watch

AIM = "99th percentile at most 16 ms, longest at most 50 ms"
PATIENCE = 300.0  # seconds for anything to happen


def say(measure: str, value: str, aim: str, turns: Turns | None = None) -> None:
    most = sorted(turns.blamed.items(), key=lambda item: -item[1])[:6] if turns is not None else []
    blamed = [(place, round(seconds * 1000)) for place, seconds in most]
    sys.stdout.write(json.dumps([measure, value, aim, blamed]) + "\n")
    sys.stdout.flush()


def turn(seconds: float) -> None:
    """Let the event loop run for so long."""
    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


class Bench:
    def __init__(self, home: str, conversation: int) -> None:
        gc.disable()
        application = QApplication(["bench", "-style", "Fusion"])
        application.setFont(theme.font())
        i18n.choose("en")
        self.long = conversation
        self.app = App(Home(Path(home)))
        self.window = MainWindow(theme.Theme(application, "light"))
        self.window.fill(self.app)
        self.window.show()
        gc.enable()
        self.chat, self.list = self.window.chat, self.window.sidebar.list
        self.painted = Painted(self.window)
        self.watch = Watch()
        self._until_shown: Turns | None = None
        self.until(lambda: self.window.sidebar.model.rowCount() > 1)
        turn(2)

    # ------------------------------------------------------------ driving the window

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "it did not happen in time"
            turn(0.01)

    def settle(self) -> None:
        """Wait until everything that was begun is shown."""
        self.until(lambda: not self.chat.transcript.busy and self.chat._reading is None)
        turn(0.2)

    @contextmanager
    def watched(self, what: str, aim: str = AIM) -> Iterator[None]:
        self.watch.take()
        yield
        turns = self.watch.take()
        say(f"turns of the event loop: {what}", str(turns), aim, turns)

    def row_point(self, conversation: int) -> QPoint:
        index = self.window.sidebar.model.row_of(conversation)
        assert index.isValid(), f"conversation {conversation} is not in the list"
        self.list.scrollTo(index)
        turn(0.1)
        return self.list.visualRect(index).center()

    def on_screen(self, conversation: int) -> bool:
        """Whether the end of a conversation is visible."""
        transcript = self.chat.transcript
        if self.chat.conversation != conversation or self.chat._reading is not None or not transcript.ids:
            return False
        widget = transcript.widget_of(transcript.ids[-1])
        return (
            self.chat.stack.currentWidget() is transcript
            and widget is not None
            and widget.isVisible()
            and not widget.visibleRegion().isEmpty()
        )

    def open(self, conversation: int) -> Spent:
        """Click on a conversation in the list; how long until its last message is painted."""
        point = self.row_point(conversation)
        viewport = self.list.viewport()
        return self.painted.wait(
            lambda: QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=point),
            lambda: self.on_screen(conversation),
        )

    def steps(self, count: int, seconds: float, step: Callable[[int], object]) -> None:
        """Do something so many times, `seconds` apart, from within the event loop."""
        loop = QEventLoop()
        timer = QTimer()
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.setInterval(int(seconds * 1000))
        done = 0

        def one() -> None:
            nonlocal done
            if done == count:
                timer.stop()
                loop.quit()
                return
            step(done)
            done += 1

        timer.timeout.connect(one)
        timer.start()
        loop.exec()

    # ------------------------------------------------------------ measures

    def idle(self) -> None:
        with self.watched("idle window", "to compare with"):
            turn(4)

    def open_long(self) -> None:
        self.watch.take()
        spent = self.open(self.long)
        self.settle()
        turns = self.watch.take()
        count = len(self.chat.transcript.ids)
        say(
            f"a conversation of {count:,} messages: click to painted",
            str(spent),
            "at most 150 ms",
        )
        say("turns of the event loop: opening it", str(turns), AIM, turns)
        others = self._listed()[:4]
        again = []
        for number in others:
            self.open(number)
            self.settle()
            again.append(self.open(self.long))
            self.settle()
        said = "; ".join(map(str, again))
        say("the same, coming back from another conversation", said, "at most 150 ms")

    def wheel(self, notches: int) -> None:
        viewport = self.chat.transcript.viewport()
        middle = QPointF(viewport.rect().center())
        event = QWheelEvent(
            middle,
            QPointF(viewport.mapToGlobal(middle.toPoint())),
            QPoint(),
            QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(viewport, event)

    def scroll(self) -> None:
        with self.watched("scrolling it with the wheel"):
            self.steps(600, 0.016, lambda _: self.wheel(1))
        self.settle()
        bar = self.chat.transcript.verticalScrollBar()
        with self.watched("dragging its scroll bar from end to end"):
            self.steps(300, 0.030, lambda i: bar.setValue(bar.maximum() * (299 - i) // 299))
            self.settle()
        assert bar.value() == 0
        with self.watched("scrolling down from its beginning"):
            self.steps(300, 0.016, lambda _: self.wheel(-1))
        bar.setValue(bar.maximum())
        self.settle()

    def stream(self) -> None:
        with self.watched("an answer of 12,000 characters streams into it"):
            self.send("Go on with the long one, please.")
            self.until(lambda: not self.app.chat.answering(self.long) and not self.chat.composer._answering)
            self.settle()
        self.memory("after an answer in it")

    def send(self, text: str) -> Spent:
        """Type a message and press Enter; how long until it is painted in the transcript."""
        field = self.chat.composer.text
        field.setFocus()
        field.setPlainText(text)
        before = set(self.chat.transcript.ids)

        def shown() -> bool:
            new = [number for number in self.chat.transcript.ids if number not in before]
            widget = self.chat.transcript.widget_of(new[0]) if new else None
            return widget is not None and widget.isVisible()

        return self.painted.wait(lambda: QTest.keyClick(field, Qt.Key.Key_Return), shown)

    def appearance(self) -> None:
        for wanted in ("dark", "light"):
            with self.watched(f"changing the theme ({wanted})"):
                QTimer.singleShot(0, lambda wanted=wanted: self.window.theme.set_wanted(wanted))
                turn(0.3)
                self.settle()
        with self.watched("resizing the window"):
            self.steps(
                40, 0.016, lambda i: self.window.resize(1280 - 10 * abs(20 - i), 800 - 4 * abs(20 - i))
            )
            self.settle()
        with self.watched("resizing it so that the text's width changes"):
            self.steps(40, 0.016, lambda i: self.window.resize(1280 - 25 * (20 - abs(20 - i)), 800))
            self.settle()

    def memory(self, when: str) -> None:
        info = psutil.Process().memory_full_info()
        say(
            f"memory of the window's process {when}",
            f"{info.rss / 1e6:.0f} MB RSS, {info.uss / 1e6:.0f} MB of its own (USS)",
            "at most 250 MB RSS",
        )

    def _listed(self) -> list[int]:
        model = self.window.sidebar.model
        rows = [model.index(i).data(Role.CONVERSATION) for i in range(model.rowCount())]
        return [row.id for row in rows if row is not None and row.id != self.long]

    def clicks(self, when: str) -> None:
        """A click, a new message, a rename: time to the change on the screen, and the longest turn."""
        listed = self._listed()
        chosen = [listed[i * (len(listed) - 1) // 15] for i in range(16)]
        model = self.window.sidebar.model

        def rename(number: int, title: str) -> Spent:
            self.row_point(number)
            chat = self.app.chat

            def renamed() -> bool:
                return self.window.sidebar.title_of(number) == title

            return self.painted.wait(
                lambda: self.window.sidebar._do("rename", lambda: chat.rename(number, title)), renamed
            )

        def message(number: int) -> Spent:
            self.open(number)
            self.settle()
            self.watch.take()
            spent = self.send("A new message?")
            self._until_shown = self.watch.take()  # without the answer that follows
            self.until(lambda: not self.app.chat.answering(number) and not self.chat.composer._answering)
            self.settle()
            return spent

        kinds: list[tuple[str, Callable[[int], Spent], list[int]]] = [
            ("click on a conversation", self.open, chosen),
            ("rename", lambda number: rename(number, f"Renamed {number} {time.monotonic()}"), chosen),
            ("new message", message, chosen[:6]),
        ]
        for name, do, numbers in kinds:
            spent: list[Spent] = []
            longest, blamed = 0.0, Turns()
            for number in numbers:
                self.row_point(number)
                self._until_shown = None
                self.watch.take()
                spent.append(do(number))
                turn(0.05)
                turns = self._until_shown or self.watch.take()
                longest = max(longest, turns.longest)
                for place, seconds in turns.blamed.items():
                    blamed.blamed[place] += seconds
                self.settle()
            spent.sort(key=lambda value: value.wall)
            say(
                f"{name}, {when} ({model.rowCount():,} rows): to the change on the screen",
                f"median {spent[len(spent) // 2]}, slowest {spent[-1]}",
                "at most 50 ms",
            )
            say(f"{name}, {when}: longest turn", f"{longest * 1000:.0f} ms", "at most 16 ms", blamed)

    def whole_list(self) -> None:
        """Scroll the list to its end, page by page."""
        model, bar = self.window.sidebar.model, self.list.verticalScrollBar()
        begun = time.perf_counter()
        with self.watched("scrolling the list of conversations to its end"):
            while model._more:
                bar.setValue(bar.maximum())
                turn(0.01)
            turn(0.2)
        say(
            "scrolling the list to its end",
            f"{model.rowCount():,} rows in {time.perf_counter() - begun:.1f} s",
            "printed",
        )

    def search(self, words: list[str]) -> None:
        """Type into the search field."""
        field = self.window.sidebar.search
        with self.watched("searching as typed"):
            for word in words:
                for end in range(1, len(word) + 1):
                    field.setText(word[:end])
                    turn(0.08)
                turn(0.4)
        field.clear()
        turn(1)

    def delete(self) -> None:
        self.window.sidebar.model.refresh()  # the beginning of the list, as after a start
        turn(1)
        self.open(self.long)
        self.settle()
        self.row_point(self.long)
        with self.watched("deleting the long conversation", "50 ms at most"):
            spent = self.painted.wait(
                lambda: self.window.sidebar._do("delete", lambda: self.app.chat.delete(self.long)),
                lambda: self.chat.conversation is None,
            )
            turn(0.3)
        say("deleting it: to the change on the screen", str(spent), "at most 50 ms")
        begun = time.perf_counter()
        with self.watched("removing it for good", "50 ms at most"):
            job = self.app.jobs.start("purge", lambda job: self.app.chat.purge(job, only=self.long))
            self.until(lambda: job.done)
        say("removing it for good", f"{time.perf_counter() - begun:.1f} s, in the background", "printed")

    def close(self) -> None:
        self.watch.stop()
        self.window.close()
        self.app.close()


def main() -> int:
    home, conversation = sys.argv[1:]
    bench = Bench(home, int(conversation))
    chosen = set(filter(None, os.environ.get("TSUKUE_BENCH_ONLY", "").split(",")))
    parts: list[tuple[str, Callable[[], None]]] = [
        ("idle", bench.idle),
        ("memory", lambda: bench.memory("at rest, with the list of conversations")),
        ("open", bench.open_long),
        ("scroll", bench.scroll),
        ("memory2", lambda: bench.memory("after scrolling it from end to end")),
        ("appearance", bench.appearance),
        ("stream", bench.stream),
        ("clicks", lambda: bench.clicks("as the list opens")),
        ("search", lambda: bench.search(["document", "設定", "例外処理", "zzqq", "のための"])),
        ("list", bench.whole_list),
        ("clicks2", lambda: bench.clicks("with the whole list read")),
        ("memory3", lambda: bench.memory("with the whole list read")),
        ("delete", bench.delete),
        ("idle2", bench.idle),
    ]
    for name, measure in parts:
        if not chosen or name in chosen:
            measure()
    bench.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
