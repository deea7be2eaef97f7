"""Streaming Markdown: frozen blocks, the same result as at once, and nothing fetched."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from desktop.chat.markdown_view import MarkdownView, split_open_block
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
    done, still_open = split_open_block(text)
    assert done == finished
    assert done + still_open == text


@pytest.mark.parametrize("step", [1, 5, 40])
def test_streamed_text_looks_like_the_whole(qtbot: QtBot, qapp: QApplication, step: int) -> None:
    theme = Theme(qapp, "light")
    streamed, whole = MarkdownView(theme), MarkdownView(theme)
    qtbot.addWidget(streamed)
    qtbot.addWidget(whole)
    for start in range(0, len(TEXT), step):
        streamed.append(TEXT[start : start + step])
    whole.set_text(TEXT)
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
    assert view.loadResource(2, "http://127.0.0.1:9/a.png") is None
    assert "<script>" in view.toPlainText()
