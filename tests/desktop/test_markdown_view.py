"""Streaming Markdown: frozen blocks, the same result as at once, and nothing fetched."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.chat.markdown_blocks import LONG, cuts, with_fence
from desktop.chat.markdown_view import SHOWN, MarkdownView
from desktop.theme import Theme

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
    inside = [place for place in places if place.fence]
    assert inside
    assert all(place.fence == "```python" and code[place.end - 1] == "\n" for place in inside)
    rest = with_fence(code[inside[-1].end :], inside[-1].fence)
    assert rest.startswith("```python\nx = 1")
    assert with_fence("```\nafter", "```") == "after"


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
