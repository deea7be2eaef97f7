"""Chats as HTML pages and files: nothing that was written in them reaches beyond them, and any title is a file's name."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from core.app import App
from core.chat.conversation import Message, Role, Text
from core.chat.formulas import Drawing
from core.portability import html
from core.portability.exporting import Chosen, Form, file_name
from core.portability.html import page, render
from tests.fuzz import export as fuzz


class _Tags(HTMLParser):
    """What a browser would find: tags with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


HOSTILE = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "![x](http://example.com/track.png)",
    "[x](javascript:alert(1)) [y](file:///etc/passwd) [z](data:text/html,x)",
    "</div></body><iframe src=//example.com>",
    "$</code><script>x</script>$",
    "```html\n</code></pre><script>x</script>\n```",
    '```"><script>\nx\n```',
    "| <svg onload=x> | b |\n|---|---|\n| 1 | 2 |",
    "[^1]\n\n[^1]: <script>x</script>",
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("role", list(Role))
def test_nothing_hostile_becomes_a_tag(text: str, role: Role) -> None:
    message = Message(1, 1, None, role, (Text(text),), model="<b>m</b>", thinking=text)
    written = page(fuzz.conversation_row(text), [message])
    for tag, attributes in _Tags(written).found:
        assert tag not in ("script", "iframe", "svg", "b", "object", "img")
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "http:").partition(":")[0] in ("http", "https", "mailto")


def test_a_page_shows_what_the_window_shows() -> None:
    text = "# T\n\n- [x] done\n- [ ] open\n\n$x$ and\n\n$$\ny\n$$\n\n```python\nprint(1)\n```\n\n~~no~~ note[^1]\n\n[^1]: here\n"
    drawn: list[tuple[str, bool]] = []

    def draw(source: str, display: bool) -> Drawing:
        drawn.append((source, display))
        return Drawing(b"<svg/>", 10, 10)

    shown = render(text, draw)
    assert "<h3>T</h3>" in shown
    assert "☑ done" in shown
    assert "☐ open" in shown
    assert drawn == [("x", False), ("y", True)]
    assert len(re.findall('<img class="formula"', shown)) == 2
    assert '<span class="nb">print</span>' in shown
    assert "<s>no</s>" in shown
    assert "<sup>1</sup>" in shown
    assert "<code>x</code>" in html.render("$x$")


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("a/b\\c:d*?", "a b c d"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("..", "chat"),
        ("", "chat"),
        (" . x . ", "x"),
        ("机の上🍵", "机の上🍵"),
        ("a\u202eb", "ab"),
        ("長" * 300, "長" * 80),
    ],
)
def test_any_title_is_a_name_on_any_system(title: str, name: str) -> None:
    assert file_name(title) == name
    assert len(file_name(title).encode()) < 250


def test_chats_of_one_name_do_not_take_one_anothers_file(app: App, tmp_path: Path) -> None:
    for title in ("Same", "same", "Same"):
        one = app.conversations.create(title, "")
        app.conversations.add(one.id, Role.USER, "x", parent=None)
    job = app.jobs.start("export", lambda job: app.exports.many(Chosen(), tmp_path, Form.HTML, job))
    assert job.wait() == 3
    assert len({path.name.casefold() for path in tmp_path.glob("*.html")}) == 3
