"""The transcript: only what is on screen exists, nothing under the reader's eyes moves, and several messages are selected."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QTextCharFormat, QTextCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from pytestqt.qtbot import QtBot

from core.chat.conversation import (
    AnswerDetails,
    Extract,
    Link,
    Mark,
    Message,
    MessageState,
    Outline,
    Role,
    Source,
    Text,
    Whole,
)
from core.chat.events import AnswerPhase, Phase
from core.engine.messages import Timings
from desktop.chat.answer import AnswerWidget
from desktop.chat.find_bar import FindBar
from desktop.chat.markdown_view import SHOWN
from desktop.chat.message_widget import MessageWidget
from desktop.chat.question import QuestionWidget
from desktop.chat.transcript import KEPT, SPARE, Transcript
from desktop.theme import Theme
from tests.desktop.conftest import Open

MANY = 1000


def message(number: int, text: str = "", state: MessageState = MessageState.DONE) -> Message:
    """Odd numbers are questions, even ones answers of different lengths."""
    role = Role.USER if number % 2 else Role.ASSISTANT
    words = text or f"Message {number}. " + "Words and more words. " * (number % 7 * 4)
    return Message(number, 1, number - 1 or None, role, (Text(words),), state=state)


class Branch:
    """A conversation of many messages, of which the transcript is given the end, and the rest when it asks."""

    def __init__(self, transcript: Transcript, count: int) -> None:
        self.messages = {number: message(number) for number in range(1, count + 1)}
        self.asked = 0
        self._transcript = transcript
        transcript.needed.connect(self._provide)

    def show(self) -> None:
        outline = [Outline(m.id, m.role, len(m.text)) for m in self.messages.values()]
        self._transcript.show_branch(outline, list(self.messages.values())[-10:], {})

    def _provide(self, ids: list[int]) -> None:
        self.asked += len(ids)
        self._transcript.provide([self.messages[number] for number in ids], {})


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp, "light")


@pytest.fixture
def transcript(qtbot: QtBot, theme: Theme) -> Transcript:
    transcript = Transcript(theme)
    qtbot.addWidget(transcript)
    transcript.resize(800, 600)
    transcript.show()
    qtbot.waitExposed(transcript)
    return transcript


def settled(qtbot: QtBot, transcript: Transcript) -> None:
    qtbot.waitUntil(lambda: not transcript.busy, timeout=10_000)


def on_screen(transcript: Transcript) -> dict[int, int]:
    """The messages that are to be seen, with how far below the view's top each begins."""
    return {
        widget.message.id: widget.y()
        for widget in transcript.findChildren(MessageWidget)
        if widget.isVisible()
        and widget.y() < transcript.viewport().height()
        and widget.geometry().bottom() > 0
    }


def test_five_messages_and_a_thousand_cost_the_same(qtbot: QtBot, transcript: Transcript) -> None:
    branch = Branch(transcript, MANY)
    branch.show()
    settled(qtbot, transcript)
    assert MANY in on_screen(transcript)
    assert len(transcript.findChildren(MessageWidget)) <= KEPT
    assert branch.asked <= 60, "more was read than is shown"
    bar = transcript.verticalScrollBar()
    for step in range(50):
        bar.setValue(bar.maximum() * step // 50)
        settled(qtbot, transcript)
        assert on_screen(transcript)
    qtbot.waitUntil(lambda: len(transcript.findChildren(MessageWidget)) <= KEPT + 2 * SPARE)


TEXTS = [
    "plain words",
    "",
    "# A heading\n\nand *some* **words** with `code`",
    "- one\n- two\n\n1. first\n2. second",
    "```python\nx = 1\n```",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "> quoted\n\n日本語の段落です。",
    "long " * 900,
]


def looks(widget: MessageWidget) -> list[object]:
    """All that a person can see of a message."""
    seen: list[object] = [widget.message.id, widget.lay_out(600), widget.body.document().toHtml()]
    seen += [widget.body.selection, widget.body.accessibleDescription(), widget.body.isVisibleTo(widget)]
    for kind in (QAbstractButton, QLabel):
        shown = [part for part in widget.findChildren(kind) if part.isVisibleTo(widget)]
        seen += [(part.text(), part.toolTip(), part.isEnabled()) for part in shown]
    return seen


def rendered(qtbot: QtBot, widget: MessageWidget) -> None:
    qtbot.waitUntil(lambda: not isinstance(widget, AnswerWidget) or widget.view.complete)


def test_a_widget_that_shows_another_message_looks_like_a_new_one(qtbot: QtBot, theme: Theme) -> None:
    timed = AnswerDetails(timings=Timings(0.2, 1.0, 10, 0, 20))
    answers = [
        Message(number, 1, parent, Role.ASSISTANT, (Text(text),), details=details)
        for number, (text, (parent, details)) in enumerate(
            itertools.product(TEXTS, ((1, AnswerDetails()), (None, timed)))
        )
    ]
    growing = Message(99, 1, 1, Role.ASSISTANT, (Text("half of it"),), state=MessageState.STREAMING)
    questions = [Message(number, 1, None, Role.USER, (Text(text),)) for number, text in enumerate(TEXTS)]
    for kind, messages in ((AnswerWidget, [*answers, growing]), (QuestionWidget, questions)):
        used = kind(messages[0], theme)
        qtbot.addWidget(used)
        for before, after in itertools.permutations(messages, 2):
            used.show_message(before)
            rendered(qtbot, used)
            used.body.select(0, 3)
            used.body.set_highlights([(QTextCursor(used.body.document()), QTextCharFormat())])
            assert used.reusable
            used.show_message(after)
            fresh = kind(after, theme)
            rendered(qtbot, used)
            rendered(qtbot, fresh)
            assert looks(used) == looks(fresh), f"{after.text[:20]!r} after {before.text[:20]!r}"
            assert used.body._highlights == []
            fresh.deleteLater()


def test_what_few_messages_have_is_not_passed_on(qtbot: QtBot, transcript: Transcript) -> None:
    branch = Branch(transcript, MANY)
    thoughtful = replace(branch.messages[MANY], thinking="hm", state=MessageState.STOPPED)
    branch.messages[MANY] = thoughtful
    branch.show()
    settled(qtbot, transcript)
    widget = transcript.answer(MANY)
    assert widget is not None
    assert not widget.reusable
    bar = transcript.verticalScrollBar()
    for step in range(30):
        bar.setValue(bar.maximum() * step // 30)
        settled(qtbot, transcript)
        notes = [w for w in transcript.findChildren(AnswerWidget) if "note" in vars(w)]
        assert all(w.message.id == MANY for w in notes)


def test_messages_follow_one_another_without_gap(qtbot: QtBot, transcript: Transcript) -> None:
    branch = Branch(transcript, MANY)
    branch.show()
    bar = transcript.verticalScrollBar()
    for value in (bar.maximum(), bar.maximum() // 2, 0):
        bar.setValue(value)
        settled(qtbot, transcript)
        shown = sorted(on_screen(transcript))
        assert shown == list(range(shown[0], shown[-1] + 1))
        widgets = [transcript.widget_of(number) for number in shown]
        for above, below in itertools.pairwise(widgets):
            assert above is not None
            assert below is not None
            assert below.y() - above.geometry().bottom() == 21
    assert on_screen(transcript)[1] == 20


def test_what_is_read_stays_while_more_is_measured_above(qtbot: QtBot, transcript: Transcript) -> None:
    """Scrolling up meets messages whose heights were estimates: those on screen must not jump."""
    branch = Branch(transcript, MANY)
    branch.show()
    settled(qtbot, transcript)
    bar = transcript.verticalScrollBar()
    for _ in range(60):
        before = on_screen(transcript)
        value = bar.value()
        bar.setValue(value - 90)
        after = on_screen(transcript)
        both = [number for number in before if number in after]
        assert both
        assert {after[number] - before[number] for number in both} == {90}
        settled(qtbot, transcript)
        assert {number: y for number, y in on_screen(transcript).items() if number in after} == after


def test_the_text_under_the_eyes_stays_while_an_answer_grows_below(
    qtbot: QtBot, transcript: Transcript
) -> None:
    branch = Branch(transcript, 40)
    branch.show()
    transcript.add(message(41, "One more question"))
    transcript.add(message(42, " ", MessageState.STREAMING))
    settled(qtbot, transcript)
    bar = transcript.verticalScrollBar()
    bar.setValue(bar.maximum() // 2)
    settled(qtbot, transcript)
    before, length = on_screen(transcript), 1
    for _ in range(20):
        transcript.grow(42, "A paragraph of the answer.\n\n", "", (length, 0))
        length += len("A paragraph of the answer.\n\n")
        transcript.flush()
        settled(qtbot, transcript)
        assert on_screen(transcript) == before
    bar.setValue(bar.maximum())
    settled(qtbot, transcript)
    transcript.grow(42, "The end is followed.\n\n" * 20, "", (length, 0))
    transcript.flush()
    settled(qtbot, transcript)
    assert bar.value() == bar.maximum()


def test_pieces_that_were_shown_already_are_not_shown_twice(qtbot: QtBot, transcript: Transcript) -> None:
    """A conversation that is opened while it is answered has read what later arrives as pieces again."""
    transcript.add(message(1))
    transcript.add(message(2, "one two ", MessageState.STREAMING))
    transcript.grow(2, "one ", "", (0, 0))
    transcript.grow(2, "two ", "", (4, 0))
    transcript.grow(2, "three", "", (8, 0))
    transcript.flush()
    answer = transcript.answer(2)
    assert answer is not None
    assert answer.view.text() == "one two three"


def test_the_theme_and_the_width_change_what_is_on_screen_only(
    qtbot: QtBot, transcript: Transcript, theme: Theme
) -> None:
    branch = Branch(transcript, MANY)
    branch.show()
    settled(qtbot, transcript)
    transcript.verticalScrollBar().setValue(5000)
    settled(qtbot, transcript)
    first = min(on_screen(transcript))
    theme.set_wanted("dark")
    transcript.resize(500, 600)
    settled(qtbot, transcript)
    assert first in on_screen(transcript), "the reader has lost the place"
    assert len(transcript.findChildren(MessageWidget)) <= KEPT
    widget = transcript.widget_of(first)
    assert widget is not None
    assert widget.width() == transcript.viewport().width() - 48
    theme.set_wanted("light")


def test_a_branch_that_changes_at_its_end_keeps_the_rest(qtbot: QtBot, transcript: Transcript) -> None:
    branch = Branch(transcript, 6)
    branch.show()
    settled(qtbot, transcript)
    kept = [transcript.widget_of(number) for number in range(1, 6)]
    branch.messages[6] = message(6, "Another answer")
    branch.show()
    settled(qtbot, transcript)
    assert [transcript.widget_of(number) for number in range(1, 6)] == kept
    answer = transcript.answer(6)
    assert answer is not None
    assert answer.view.text() == "Another answer"


def test_thinking_that_is_opened_pushes_what_is_below(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.add(message(1))
    thought = Message(2, 1, 1, Role.ASSISTANT, (Text("Four."),), thinking="Two and two.\n" * 10)
    transcript.add(thought)
    transcript.add(message(3))
    settled(qtbot, transcript)
    answer = transcript.answer(2)
    assert isinstance(answer, AnswerWidget)
    height = answer.height()
    answer.thinking_button.click()
    settled(qtbot, transcript)
    assert answer.height() > height + 100
    below = transcript.widget_of(3)
    assert below is not None
    assert below.y() == answer.geometry().bottom() + 21


# ---------------------------------------------------------------- selecting


def drag(transcript: Transcript, first: int, second: int, *, far: bool = False) -> None:
    """Press in one message's text and move to the end of another's."""
    start, end = transcript.widget_of(first), transcript.widget_of(second)
    assert start is not None
    assert end is not None
    body = start.body
    QTest.mousePress(body, Qt.MouseButton.LeftButton, pos=QPoint(1, 4))
    target = end.body.mapToGlobal(QPoint(end.body.width() - 2, end.body.height() - 4))
    move = QMouseEvent(
        QEvent.Type.MouseMove,
        QPointF(body.mapFromGlobal(target)),
        QPointF(target),
        Qt.MouseButton.NoButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(body, move)
    QTest.mouseRelease(body, Qt.MouseButton.LeftButton, pos=body.mapFromGlobal(target))


def test_a_selection_reaches_across_messages_and_is_copied(qtbot: QtBot, transcript: Transcript) -> None:
    texts = ["What is it?", "It is a **desk**.", "And this?", "A lamp."]
    for number, text in enumerate(texts, start=1):
        transcript.add(message(number, text))
    settled(qtbot, transcript)
    drag(transcript, 1, 3)
    QTest.keyClick(transcript, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "What is it?\n\nIt is a **desk**.\n\nAnd this?"
    QTest.keyClick(transcript, Qt.Key.Key_A, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(transcript, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QApplication.clipboard().text() == "What is it?\n\nIt is a **desk**.\n\nAnd this?\n\nA lamp."
    widget = transcript.widget_of(4)
    assert widget is not None
    QTest.mouseClick(widget.body, Qt.MouseButton.LeftButton, pos=QPoint(2, 4))
    assert all(w.body.selected_text() == "" for w in transcript.findChildren(MessageWidget))
    QTest.mouseClick(widget.body, Qt.MouseButton.LeftButton, pos=QPoint(24, 4))
    QTest.mouseDClick(widget.body, Qt.MouseButton.LeftButton, pos=QPoint(24, 4))
    assert widget.body.selected_text() == "lamp"


def test_selecting_upwards_is_the_same(qtbot: QtBot, transcript: Transcript) -> None:
    for number, text in enumerate(["one", "two", "three"], start=1):
        transcript.add(message(number, text))
    settled(qtbot, transcript)
    widget = transcript.widget_of(1)
    assert widget is not None
    drag(transcript, 3, 1)
    transcript.selection.copy()
    assert QApplication.clipboard().text().startswith("two")  # from the end of one to the beginning of three


def test_everything_is_copied_also_what_was_never_on_screen(qtbot: QtBot, transcript: Transcript) -> None:
    branch = Branch(transcript, 200)
    branch.show()
    settled(qtbot, transcript)
    read: list[int] = []

    def provide(ids: list[int], then: object) -> None:
        read.extend(ids)
        then({number: branch.messages[number].text for number in ids})  # type: ignore[operator]

    transcript.selection.missing.connect(provide)
    transcript.selection.select_all()
    transcript.selection.copy()
    assert read
    assert QApplication.clipboard().text() == "\n\n".join(
        m.text.strip() if m.id == 200 else m.text for m in branch.messages.values()
    )


# ---------------------------------------------------------------- finding


def test_words_are_found_shown_and_gone_through(qtbot: QtBot, transcript: Transcript, theme: Theme) -> None:
    branch = Branch(transcript, 300)
    branch.messages[10] = message(10, "A kettle, and another **kettle**.")
    branch.messages[151] = message(151, "Where is the Kettle?")
    branch.show()
    settled(qtbot, transcript)
    bar = FindBar(transcript, lambda words, then: then([10, 10, 151]), theme)
    qtbot.addWidget(bar)
    bar.open_bar("kettle")
    qtbot.waitUntil(lambda: 151 in on_screen(transcript), timeout=10_000)
    assert bar.count.text() == "3/3"
    bar.previous()
    qtbot.waitUntil(lambda: 10 in on_screen(transcript), timeout=10_000)
    assert bar.count.text() == "2/3"
    widget = transcript.widget_of(10)
    assert widget is not None
    qtbot.waitUntil(lambda: len(widget.body._highlights) == 2)
    bar.previous()
    bar.previous()
    assert bar.count.text() == "3/3"
    bar.close_bar()
    assert widget.body._highlights == []


def test_nothing_found_is_said(qtbot: QtBot, transcript: Transcript, theme: Theme) -> None:
    transcript.add(message(1))
    bar = FindBar(transcript, lambda words, then: then([]), theme)
    qtbot.addWidget(bar)
    bar.open_bar("nowhere")
    assert bar.count.text() == "No matches"


@pytest.mark.parametrize("number", [1, 2])
def test_a_message_of_five_megabytes_is_shown_in_parts(
    qtbot: QtBot, transcript: Transcript, number: int
) -> None:
    transcript.add(message(number, "A very long message. " * 250_000))
    settled(qtbot, transcript)
    widget = transcript.widget_of(number)
    assert widget is not None
    shown = len(widget.body.toPlainText())
    assert shown <= SHOWN
    assert widget.more.isVisibleTo(transcript)
    widget.more.click()
    settled(qtbot, transcript)
    assert shown < len(widget.body.toPlainText()) <= 2 * SHOWN


def test_a_link_of_the_models_own_cannot_pass_for_a_checked_one(qtbot: QtBot, transcript: Transcript) -> None:
    transcript.add(message(2, "True.[ 1 ](tsukue:cite/1) [ 1 ](tsukue:cite/x)"))
    settled(qtbot, transcript)
    answer = transcript.answer(2)
    assert answer is not None
    for link in ("tsukue:cite/1", "tsukue:cite/x", "tsukue-0:cite/1"):
        assert answer.view.link_format(link) is None
        with qtbot.assertNotEmitted(answer.source):
            answer.view.link.emit(link)


def test_what_another_document_says_otherwise_stands_below_the_answer(
    qtbot: QtBot, open_window: Open
) -> None:
    window = open_window(welcomed=True)
    opened: list[tuple[object, int]] = []
    mine = Source("/x/lease-2023.txt", None, "The rent is 800 euros.", marker=1)
    other = Source("/x/lease-2024.txt", None, "The rent is 850 euros.")
    details = AnswerDetails(
        outcome="answered", quotation=mine, citations=[mine], marks=[Mark(0, 22, 1)], otherwise=[other]
    )
    message = Message(1, 1, None, Role.ASSISTANT, (Text("The rent is 800 euros."),), details=details)
    widget = AnswerWidget(message, window.theme)
    qtbot.addWidget(widget)
    widget.source.connect(lambda sources, number: opened.append((sources, number)))
    assert [place.text() for place in widget.otherwise.places] == ["lease-2024.txt"]
    qtbot.mouseClick(widget.otherwise.places[0], Qt.MouseButton.LeftButton)
    assert opened == [([other], 0)]
    assert not widget.reusable  # another message's answer may not be shown with these


def test_what_a_model_says_is_implied_is_marked_as_such(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(welcomed=True)
    said = "The rent is 800 euros. It is due monthly. It is fair."
    source = Source("/x/lease-2023.txt", None, "The rent is 800 euros, payable each month.", marker=1)
    details = AnswerDetails(
        outcome="answered",
        quotation=source,
        citations=[source],
        marks=[Mark(0, 22, 1), Mark(23, 41, 1, True), Mark(42, 53, None)],
    )
    widget = AnswerWidget(Message(1, 1, None, Role.ASSISTANT, (Text(said),), details=details), window.theme)
    qtbot.addWidget(widget)
    assert "".join(widget.view.toPlainText().split("\u202f")).replace("\u2009", "") == (
        "The rent is 800 euros.1 It is due monthly.≈1 It is fair.?"
    )
    assert "≈" in widget.note.text()
    assert "?" in widget.note.text()


def test_the_quotation_goes_when_the_model_says_that_nothing_answers(qtbot: QtBot, open_window: Open) -> None:
    """It stood there before the model had read; what comes nearest is shown below then."""
    window = open_window(welcomed=True)
    source = Source("/x/lease-2023.txt", None, "The rent is 800 euros.")
    message = Message(1, 1, None, Role.ASSISTANT, (Text("The passages do not say."),), model="m")
    widget = AnswerWidget(replace(message, state=MessageState.STREAMING), window.theme)
    qtbot.addWidget(widget)
    widget._show_quotation([Extract(source)])
    assert widget.quotation.isVisibleTo(widget)
    widget.finish(replace(message, details=AnswerDetails(outcome="not found", nearest=[source])))
    assert not widget.quotation.isVisibleTo(widget)
    assert [place.text() for place in widget.nearest.places] == ["lease-2023.txt"]
    assert widget.view.isVisibleTo(widget)  # what the model said


def test_an_answer_knows_its_height_in_the_moment_it_is_finished(qtbot: QtBot, open_window: Open) -> None:
    """A layout shows what it is given only a turn later; until then it has no height, and parts lie over one another."""
    window = open_window(welcomed=True)
    sources = [Source("/x/lease-2023.txt", None, "The rent is 800 euros."), Source("/x/b.txt", None, "No.")]
    for details in (
        AnswerDetails(outcome="quotation", quotation=sources[0], extracts=list(map(Extract, sources))),
        AnswerDetails(outcome="quotation", quotation=sources[0], otherwise=sources[1:]),
        AnswerDetails(outcome="not found", nearest=sources, elsewhere=["b", "c"]),
    ):
        message = Message(1, 1, None, Role.ASSISTANT, (), model="m")
        widget = AnswerWidget(message, window.theme)
        qtbot.addWidget(widget)
        widget.resize(672, 400)
        widget.show()
        qtbot.waitExposed(widget)
        widget.finish(replace(message, details=details))
        at_once = widget.lay_out(672)
        qtbot.wait(50)
        assert widget.lay_out(672) == at_once


def test_what_comes_nearest_is_shown_where_nothing_answers(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(welcomed=True)
    opened: list[tuple[object, int]] = []
    nearest = [
        Source("/a/kettle.pdf", 4, "The warranty lasts 24 months."),
        Source("/a/notes.txt", None, "Tea."),
    ]
    details = AnswerDetails(outcome="not found", missing=["Everest"], nearest=nearest)
    message = Message(1, 1, None, Role.ASSISTANT, (), details=details)
    widget = AnswerWidget(message, window.theme)
    qtbot.addWidget(widget)
    widget.source.connect(lambda sources, number: opened.append((sources, number)))
    assert [place.text() for place in widget.nearest.places] == ["kettle.pdf · p. 4", "notes.txt"]
    assert "Everest" in widget.note.text()
    qtbot.mouseClick(widget.nearest.places[1], Qt.MouseButton.LeftButton)
    assert opened == [(nearest, 1)]
    assert not widget.reusable  # another message's answer may not be shown with these


def test_extracts_are_shown_with_what_stands_around_them(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(welcomed=True)
    opened: list[tuple[object, int]] = []
    first = Source("/a/kettle.pdf", 4, "The warranty lasts <24> months.")
    second = Source("/a/notes.txt", None, "Tea & cake.")
    details = AnswerDetails(
        outcome="quotation",
        quotation=first,
        extracts=[Extract(first, before="It is new.", after="It is checked."), Extract(second)],
    )
    widget = AnswerWidget(Message(1, 1, None, Role.ASSISTANT, (), details=details), window.theme)
    qtbot.addWidget(widget)
    widget.source.connect(lambda sources, number: opened.append((sources, number)))
    assert not widget.note.isVisibleTo(widget)  # nothing was written that the documents do not support
    around, alone = (label.text() for label in widget.quotation.texts)
    assert around.index("It is new.") < around.index("The warranty lasts &lt;24&gt; months.")
    assert window.theme.tokens.muted in around
    assert alone == "“Tea &amp; cake.”"
    qtbot.mouseClick(widget.quotation.places[1], Qt.MouseButton.LeftButton)
    assert opened == [([first, second], 1)]
    widget._copy.click()
    assert QApplication.clipboard().text() == (
        "“The warranty lasts <24> months.” (kettle.pdf · p. 4)\n“Tea & cake.” (notes.txt)"
    )


def test_extracts_have_room_when_they_follow_the_first_quotation(
    qtbot: QtBot, transcript: Transcript
) -> None:
    """The quotation is there before the extracts are: what comes in its place is as high as it needs to be."""
    source = Source("/a/kettle.pdf", 4, "The warranty lasts 24 months.")
    under_way = replace(message(2, state=MessageState.STREAMING), parts=())
    transcript.add(under_way)
    settled(qtbot, transcript)
    answer = transcript.answer(2)
    assert answer is not None
    answer._show_quotation([Extract(source)])
    settled(qtbot, transcript)
    low = answer.quotation.height()
    details = AnswerDetails(
        outcome="quotation", quotation=source, extracts=[Extract(source), Extract(source), Extract(source)]
    )
    answer.finish(replace(under_way, state=MessageState.DONE, details=details))
    settled(qtbot, transcript)
    assert answer.quotation.height() > 2 * low
    assert all(place.isVisible() for place in answer.quotation.places)


def test_a_summary_shows_how_far_it_is_and_goes_on(qtbot: QtBot, transcript: Transcript) -> None:
    under_way = replace(message(2, state=MessageState.STREAMING), parts=())
    transcript.add(under_way)
    settled(qtbot, transcript)
    answer = transcript.answer(2)
    assert answer is not None
    transcript.show_phase(AnswerPhase(1, 2, Phase.PARTS, part=3, of=9, left=180.0))
    assert answer.progress.text() == "Reading part 3 of 9 · about 3 minutes left"
    answer.grow("- pp. 1–2: It is new.", "")
    assert answer.progress.isVisibleTo(answer)  # also once there is text
    page = Source("/a/kettle.pdf", 1, "It is new.", "/a/kettle.pdf", 5, 0, 10)
    details = AnswerDetails(outcome="answered", links=[Link(2, 9, page)], whole=Whole([1], 1, 9), marks=[])
    stopped = replace(
        under_way,
        state=MessageState.STOPPED,
        parts=(Text("- pp. 1–2: It is new."),),
        details=details,
    )
    answer.finish(stopped)
    assert not answer.progress.isVisibleTo(answer)
    assert answer.go_on.isVisibleTo(answer)
    with qtbot.waitSignal(transcript.resume) as resumed:
        answer.go_on.click()
    assert resumed.args == [2]
    href = re.search(r'href="([^"]*:place/0)"', answer.view.document().toHtml())
    assert href is not None
    with qtbot.waitSignal(answer.source) as opened:
        answer.view.link.emit(href[1])
    assert opened.args == [[page], 0]


def test_a_no_leads_elsewhere(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(welcomed=True)
    details = AnswerDetails(outcome="not found", elsewhere=["Manuals"])
    widget = AnswerWidget(Message(7, 1, None, Role.ASSISTANT, (), model="m", details=details), window.theme)
    qtbot.addWidget(widget)
    there, alone = widget.elsewhere.buttons
    assert "Manuals" in there.text()
    with qtbot.waitSignal(widget.ask_elsewhere) as asked:
        there.click()
    assert asked.args == [7, "Manuals"]
    with qtbot.waitSignal(widget.ask_elsewhere) as asked:
        alone.click()
    assert asked.args == [7, ""]


def test_a_model_that_does_not_write_the_language_leads_to_others(qtbot: QtBot, open_window: Open) -> None:
    window = open_window(welcomed=True)
    quotation = Source("/a/kettle.pdf", 4, "保証期間は24か月です。", marker=1)
    details = AnswerDetails(outcome="quotation", quotation=quotation, citations=[quotation], unspoken="ja")
    message = Message(1, 1, None, Role.ASSISTANT, (), model="SmolLM2 135M", details=details)
    widget = AnswerWidget(message, window.theme)
    qtbot.addWidget(widget)
    assert widget.note.text().startswith("SmolLM2 135M does not write Japanese")
    with qtbot.waitSignal(widget.models):
        qtbot.mouseClick(widget.choose, Qt.MouseButton.LeftButton)
