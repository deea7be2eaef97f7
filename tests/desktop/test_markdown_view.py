"""Streaming Markdown: frozen blocks, the same result as at once, and nothing fetched."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, cast
from unicodedata import combining

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QTextBlockFormat
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from core.chat.formulas import Drawing
from desktop.chat.formulas import Formulas
from desktop.chat.markdown_blocks import LONG, cuts, reopened
from desktop.chat.markdown_view import SHOWN, MarkdownView
from desktop.reads import Reads as Reads_
from desktop.theme import Theme
from tests.fuzz import markdown

TEXT = """# Title

A paragraph with **bold** and 日本語.

- one
- two

```python
x = 1

y = 2
```

Last | words
"""


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("a\n\nb", "a\n\n"),
        ("a", ""),
        ("```\na\n\nb", ""),
        ("```\na\n```\n\nb", "```\na\n```\n\n"),
        ("a\n\n", "a\n\n"),
        ("", ""),
    ],
)
def test_only_whole_blocks_are_finished(text: str, finished: str) -> None:
    places = cuts(text)
    assert text[: places[-1].end if places else 0] == finished


def test_long_code_is_cut_between_lines_and_opened_again() -> None:
    code = "```python\n" + "x = 1  # a line of code\n" * 200 + "```\n\nThe end."
    places = cuts(code)
    inside = [place for place in places if place.opening]
    assert inside
    assert all(place.opening == "```python" and code[place.end - 1] == "\n" for place in inside)
    rest, goes_on = reopened(code[inside[-1].end :], inside[-1].opening)
    assert rest.startswith("```python\nx = 1")
    assert goes_on
    assert reopened("```\nafter", "```") == ("after", False)


def test_long_lists_are_cut_between_items() -> None:
    text = "".join(f"{n}. an item with some words in it\n" for n in range(1, 200))
    places = cuts(text)
    assert places
    assert all(text[place.end].isdigit() for place in places)


@pytest.mark.parametrize("step", [1, 5, 40])
def test_streamed_text_looks_like_the_whole(qtbot: QtBot, qapp: QApplication, step: int) -> None:
    theme = Theme(qapp, "light")
    streamed, whole = MarkdownView(theme), MarkdownView(theme)
    qtbot.addWidget(streamed)
    qtbot.addWidget(whole)
    for start in range(0, len(TEXT), step):
        streamed.append(TEXT[start : start + step])
    whole.set_text(TEXT)
    qtbot.waitUntil(lambda: whole.complete and streamed.complete)
    assert streamed.toPlainText().split() == whole.toPlainText().split()
    assert streamed.text() == TEXT


def test_finished_blocks_are_not_laid_out_again(qtbot: QtBot, qapp: QApplication) -> None:
    view = MarkdownView(Theme(qapp, "light"))
    qtbot.addWidget(view)
    view.append("First paragraph.\n\nSecond")
    changed: list[int] = []
    view.document().contentsChange.connect(lambda position, removed, added: changed.append(position))
    view.append(" goes on")
    assert changed
    assert min(changed) >= len("First paragraph.")


def test_images_and_html_fetch_nothing(qtbot: QtBot, qapp: QApplication) -> None:
    view = MarkdownView(Theme(qapp, "light"))
    qtbot.addWidget(view)
    view.set_text("![x](http://127.0.0.1:9/a.png) <img src='http://127.0.0.1:9/b.png'> <script>x</script>")
    assert view.document().loadResource(2, "http://127.0.0.1:9/a.png") is None
    assert "<script>" in view.toPlainText()


@pytest.mark.parametrize(
    "text",
    [
        "\n\n".join(f"Paragraph {n} with some words in it." for n in range(300)),
        "```python\n" + "x = 1  # a line of code\n" * 600 + "```\n\nThe end.",
        "".join(f"- item {n} with some words in it\n" for n in range(400)),
    ],
)
def test_whatever_is_rendered_stays(qtbot: QtBot, qapp: QApplication, text: str) -> None:
    """Streaming renders an open end of bounded length with each piece, and ending renders no block again."""
    view = MarkdownView(Theme(qapp, "light"))
    qtbot.addWidget(view)
    steps = 0
    for start in range(0, len(text), 400):
        view.append(text[start : start + 400])
        steps += 1
    qtbot.waitUntil(lambda: view.complete)
    assert view.rendered <= len(text) + steps * 2 * LONG
    before = view.rendered
    view.set_text(text)
    assert view.rendered - before <= 2 * LONG
    assert len(view.toPlainText().split()) >= len(text.replace("```", "").replace("- ", "").split()) - 1


def test_a_very_long_text_is_shown_in_parts(qtbot: QtBot, qapp: QApplication) -> None:
    view = MarkdownView(Theme(qapp, "light"))
    qtbot.addWidget(view)
    text = "word " * 1_000_000
    view.set_text(text)
    qtbot.waitUntil(lambda: view.complete)
    assert view.text() == text
    assert view.hidden_characters == len(text) - SHOWN
    shown = len(view.toPlainText())
    assert shown <= SHOWN
    view.show_more()
    qtbot.waitUntil(lambda: view.complete)
    assert len(view.toPlainText()) > shown


def test_a_changed_end_leaves_the_beginning_as_it_is(qtbot: QtBot, qapp: QApplication) -> None:
    view = MarkdownView(Theme(qapp, "light"))
    qtbot.addWidget(view)
    view.append("First paragraph.\n\nSecond goes on")
    changed: list[int] = []
    view.document().contentsChange.connect(lambda position, removed, added: changed.append(position))
    view.set_text("First paragraph.\n\nSecond is another")
    assert min(changed) >= len("First paragraph.")
    view.set_text("Nothing in common")
    assert view.toPlainText() == "Nothing in common"


# ---------------------------------------------------------------- what Markdown can hold

WHOLE = """# Title

**bold** *italic* ~~struck~~ `code` [link](https://example.com) https://example.com/a?b=1。
Second line[^1]

- one
  - inner

    further
- [ ] open
- [x] done

3. three
4. four

> quoted
> > deeper

```python
def f(x):
    return "text"  # comment
```

| a | b |
|---|--:|
| 1 | 2 |

$$\\frac{a}{b}$$

[^1]: The note.
"""


def _formats(view: MarkdownView) -> list[tuple[object, ...]]:
    """What every stretch of text looks like."""
    found: list[tuple[object, ...]] = []
    block = view.document().begin()
    while block.isValid():
        format_ = block.blockFormat()
        listed = block.textList().format().style() if block.textList() else None
        found.append((format_.indent(), format_.leftMargin(), format_.marker(), listed, block.text()))
        parts = block.begin()
        while not parts.atEnd():
            style = parts.fragment().charFormat()
            colour = style.foreground().color().name()
            found.append((parts.fragment().text(), style.fontWeight(), style.anchorHref(), colour))
            parts += 1
        block = block.next()
    return found


@pytest.mark.parametrize("step", [1, 7, 60])
def test_a_streamed_text_has_the_looks_of_the_whole(qtbot: QtBot, qapp: QApplication, step: int) -> None:
    theme = Theme(qapp, "light")
    streamed, whole = MarkdownView(theme), MarkdownView(theme)
    qtbot.addWidget(streamed)
    qtbot.addWidget(whole)
    for start in range(0, len(WHOLE), step):
        streamed.append(WHOLE[start : start + step])
    whole.set_text(WHOLE)
    qtbot.waitUntil(lambda: whole.complete and streamed.complete)
    assert _formats(streamed) == _formats(whole)
    assert [code.text for code in streamed.codes] == ['def f(x):\n    return "text"  # comment\n']


def test_the_kinds_of_blocks(qtbot: QtBot, qapp: QApplication) -> None:
    view = MarkdownView(Theme(qapp, "light"))
    qtbot.addWidget(view)
    view.set_text(WHOLE)
    qtbot.waitUntil(lambda: view.complete)
    shown = view.toPlainText()
    for text in ("**", "~~", "`", "[ ]", "[x]", "[^1]", "> ", "|"):
        assert text not in shown
    blocks, block = [], view.document().begin()
    while block.isValid():
        blocks.append(block)
        block = block.next()
    by_text = {block.text(): block for block in blocks}
    markers = QTextBlockFormat.MarkerType
    assert by_text["open"].blockFormat().marker() is markers.Unchecked
    assert by_text["done"].blockFormat().marker() is markers.Checked
    assert by_text["three"].textList().format().start() == 3
    assert by_text["further"].textList() is None
    assert by_text["further"].blockFormat().indent() == 2
    assert by_text["deeper"].blockFormat().leftMargin() > by_text["quoted"].blockFormat().leftMargin() > 0
    links = {part[2] for part in _formats(view) if len(part) == 4 and part[2]}
    assert links == {"https://example.com", "https://example.com/a?b=1"}


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "file:///etc/passwd",
        "vbscript:x",
        "data:text/html,x",
        "tsukue:run",
        "smb://a/b",
    ],
)
def test_only_addresses_of_the_web_are_links(qtbot: QtBot, qapp: QApplication, address: str) -> None:
    view = MarkdownView(Theme(qapp, "light"))
    qtbot.addWidget(view)
    view.set_text(f"[here]({address}) <{address}> ![there]({address})")
    assert not [part[2] for part in _formats(view) if len(part) == 4 and part[2]]


@pytest.mark.parametrize(
    "text", ["It costs $5 to $10.", "US$5–$10", "`$x$`", "```\n$x$\n```", "\\$x\\$", "$ x $"]
)
def test_what_is_no_formula(qtbot: QtBot, qapp: QApplication, text: str) -> None:
    formulas = _formulas(qapp)
    view = MarkdownView(Theme(qapp, "light"), formulas=formulas)
    qtbot.addWidget(view)
    view.set_text(text)
    assert "\ufffc" not in view.document().toPlainText()


def _formulas(qapp: QApplication, *, hopeless: bool = False) -> Formulas:
    """Formulas that are drawn in the next turn of the event loop."""

    class Reads:
        def ask(self, read: Callable[[], Any], then: Callable[[Any], None]) -> None:
            QTimer.singleShot(0, lambda: then(read()))

    drawing = Drawing(b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 40"/>', 80.0, 40.0, 10.0)
    draw = lambda source, display: None if hopeless else drawing  # noqa: E731
    return Formulas(draw, cast(Reads_, Reads()), Theme(qapp, "light"), qapp)


@pytest.mark.parametrize("text", ["a $x^2$ b", "a \\(x^2\\) b", "$$x^2$$", "\\[x^2\\]", "\\[\nx^2\n\\]"])
def test_a_formula_is_drawn_and_copied_as_it_was_written(qtbot: QtBot, qapp: QApplication, text: str) -> None:
    view = MarkdownView(Theme(qapp, "light"), formulas=_formulas(qapp))
    qtbot.addWidget(view)
    view.set_text(text)
    view.lay_out(400)
    before = view.height()
    assert view.document().toPlainText().count("\ufffc") == 1
    qtbot.waitUntil(lambda: view.height() > before)  # the drawing is higher than its source
    assert "x^2$" in view.toPlainText()
    view.select(0, view.length)
    assert "\ufffc" not in view.selected_text()
    assert "x^2$" in view.selected_text()


def test_a_formula_that_cannot_be_drawn_is_shown_as_it_was_written(qtbot: QtBot, qapp: QApplication) -> None:
    view = MarkdownView(Theme(qapp, "light"), formulas=_formulas(qapp, hopeless=True))
    qtbot.addWidget(view)
    view.append("First $\\frac{a}{$ and \\(\\oops{\\) end.\n\nNext $\\x{$ para")
    view.lay_out(400)
    qtbot.waitUntil(lambda: "\ufffc" not in view.document().toPlainText())
    view.append("graph.")
    assert view.toPlainText() == "First \\frac{a}{ and \\oops{ end.\nNext \\x{ paragraph."


def test_code_is_copied_by_its_button(qtbot: QtBot, qapp: QApplication) -> None:
    view = MarkdownView(Theme(qapp, "light"))
    qtbot.addWidget(view)
    code = "".join(f"x{n} = {n}\n" for n in range(400))
    view.set_text(f"Here:\n\n```python\n{code}```\n\nand\n\n```\nplain\n```\n")
    qtbot.waitUntil(lambda: view.complete)
    view.lay_out(500)
    view.show()
    assert [c.text for c in view.codes] == [code, "plain\n"]
    top = next(y for y in range(view.height()) if view.code_at(QPointF(480, y)) is view.codes[0])
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(480, top + 5))
    assert QApplication.clipboard().text() == code
    assert view.code_at(QPointF(100, top + 5)) is None


def test_long_tables_and_lines_are_cut() -> None:
    table = "| a | b |\n|---|---|\n" + "| one | two |\n" * 400
    places = cuts(table)
    assert places
    assert all(place.opening == "| a | b |\n|---|---|" for place in places)
    assert reopened(table[places[0].end :], places[0].opening)[0].startswith("| a | b |\n|---|---|\n| one")
    for text in ("word " * 4000, "語" * 9000, "文です。" * 3000, "a\u0301" * 6000):
        ends = [0, *(place.end for place in cuts(text)), len(text)]
        assert max(b - a for a, b in pairwise(ends)) <= 2 * LONG
        assert not any(combining(text[end]) for end in ends[1:-1])


def test_a_sample_of_broken_and_hostile_markdown(qapp: QApplication) -> None:
    """Streamed as whole; all of it by hand: `python -m tests.fuzz.markdown 5000`."""
    took = markdown.run(qapp, 200, seed=11)
    assert len(took) == 200 + len(markdown.BOMBS)
