"""Broken and hostile Markdown, as models and other people write it: `python -m tests.fuzz.markdown 5000` (needs a display or
QT_QPA_PLATFORM=offscreen).

Whatever comes, it is shown, in pieces as at once, and no piece takes long. Prints the slowest pieces.
"""

from __future__ import annotations

import random
import sys
import time

from PySide6.QtWidgets import QApplication

from desktop.chat.markdown_view import SHOWN, MarkdownView
from desktop.theme import Theme

FRAGMENTS = [
    *(
        "**",
        "*",
        "_",
        "~~",
        "`",
        "``",
        "```",
        "~~~",
        "```python",
        "$",
        "$$",
        "\\[",
        "\\]",
        "\\(",
        "\\)",
        "\\",
    ),
    *("[", "](", ")", "![", "<", ">", "&amp;", "&#0;", "&#x1F600;", "<script>alert(1)</script>", "<!--"),
    *("- ", "1. ", "10) ", "- [ ] ", "- [x] ", "> ", ">> ", "# ", "###### ", "    ", "\t", "---", "***"),
    *(
        "| a | b |",
        "|---|:-:|",
        "|",
        "[^1]",
        "[^1]: note",
        "[a]: http://x.y",
        "[a]",
        "https://example.com/a)b",
    ),
    *(
        "word",
        "言葉です。",
        "שלום",
        "مرحبا",
        "e\u0301",
        "👩\u200d👩\u200d👧",
        "\u202e",
        "\u2028",
        "\u0000",
        "\ufffc",
    ),
    *(r"\frac{a}{b}", r"x^2", "javascript:alert(1)", "file:///etc/passwd", "tsukue-0:cite/1"),
    *(" ", "  ", "\n", "\n\n", "\n\n\n"),
]
BOMBS = {
    "a line": lambda n: "x" * n,
    "words": lambda n: "word " * (n // 5),
    "quotes": lambda n: ">" * n,
    "nested quotes": lambda n: "".join(">" * (k % 500) + " x\n" for k in range(n // 250)),
    "nested lists": lambda n: "".join(" " * (2 * (k % 300)) + "- x\n" for k in range(n // 300)),
    "fence": lambda n: "```\n" + "x" * n,
    "brackets": lambda n: "[" * n,
    "images": lambda n: "![a](" * (n // 5),
    "stars": lambda n: "*a " * (n // 3),
    "backticks": lambda n: "".join("`" * (k % 90) + " " for k in range(n // 45)),
    "dollars": lambda n: "$a" * (n // 2),
    "formulas": lambda n: "$x$ " * (n // 4),
    "table": lambda n: "|a|b|\n|-|-|\n" + "|x|y|\n" * (n // 6),
    "columns": lambda n: "|a" * (n // 4) + "\n" + "|-" * (n // 4) + "\n",
    "emoji": lambda n: "👩\u200d👩\u200d👧" * (n // 5),
    "right to left": lambda n: "\u202eשלום " * (n // 6),
    "marks": lambda n: "a" + "\u0301" * n,
    "entities": lambda n: "&amp;" * (n // 5),
    "html": lambda n: "<div>" * (n // 5),
    "links": lambda n: "[a](http://b) " * (n // 14),
    "footnotes": lambda n: "[^1] " * (n // 5),
}


def text(random_: random.Random) -> str:
    """A few lines of anything."""
    return "".join(random_.choice(FRAGMENTS) for _ in range(random_.randrange(1, 60)))


def run(application: QApplication, count: int, seed: int, size: int = SHOWN) -> list[tuple[float, str]]:
    """Show `count` texts, streamed and whole, and every bomb of `size` characters; the seconds of each one's slowest piece."""
    theme, random_ = Theme(application, "light"), random.Random(seed)
    took = []
    for number in range(count):
        said = text(random_)
        streamed, whole = MarkdownView(theme), MarkdownView(theme)
        step = random_.randrange(1, 20)
        for start in range(0, len(said), step):
            streamed.append(said[start : start + step])
        slowest = _show(application, whole, said)
        if streamed.toPlainText().split() != whole.toPlainText().split():
            raise AssertionError(f"{number}: {said!r} streamed in {step} is {streamed.toPlainText()!r}")
        took.append((slowest, repr(said[:60])))
        streamed.deleteLater()
        whole.deleteLater()
    for name, make in BOMBS.items():
        view = MarkdownView(theme)
        took.append((_show(application, view, make(size)), name))
        view.deleteLater()
    return sorted(took, reverse=True)


def _show(application: QApplication, view: MarkdownView, said: str) -> float:
    began = time.perf_counter()
    view.set_text(said)
    view.lay_out(700)
    slowest = time.perf_counter() - began
    while not view.complete:
        began = time.perf_counter()
        application.processEvents()  # one turn of the event loop, which is what is timed
        slowest = max(slowest, time.perf_counter() - began)
    return slowest


if __name__ == "__main__":
    asked = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for seconds, what in run(QApplication(sys.argv[:1]), asked, seed)[:12]:
        print(f"{1000 * seconds:6.1f} ms  {what}")
