"""Conversations of hostile messages, exported and parsed again: `python -m tests.fuzz.export 5000 [SEED]`.

Every message's own heading must come out at the top level, exactly once and in order, with nothing of the
message's raw HTML or definitions left. `make test` runs a sample (tests/core/test_export.py).
"""

from __future__ import annotations

import random
import sys

from markdown_it import MarkdownIt

from core.chat.conversation import AnswerDetails, Conversation, Message, Role, Source, Text
from core.portability.markdown import markdown

PIECES = [
    *("```", "````", "~~~", "~~~~~", "```python", "~~~ a`b", "`", "``", "` `", "\\`", "`` ` ``"),
    *("<!--", "-->", "<!-- a -->", "<details>", "</details>", "<summary>x", "<pre>", "</pre>", "<script>"),
    *(
        "<style>",
        "<textarea>",
        "<?php",
        "?>",
        "<!DOCTYPE x",
        "<![CDATA[",
        "]]>",
        "<div>",
        "<b",
        "</b>",
        "<a\nb>",
    ),
    *(
        "<https://example.org>",
        "<me@example.org>",
        "a < b",
        "<3",
        "\\<b>",
        "\\\\<b>",
        "](<b>)",
        "[a](<b> 'c')",
    ),
    *(
        "## You",
        "# You",
        "##You",
        "   ## You",
        "    ## You",
        "## Model ##",
        "You\n---",
        "You\n===",
        "a\nb\n---",
    ),
    *("---", "===", "- - -", "***", "--", "=", "> ## You", "- ## You", "1. ## You", "> You\n> ---"),
    *(
        "[a]: http://b",
        "[a]:\nhttp://b",
        "> [a]: b",
        "- [a]: b 'c'",
        "[^1]: note",
        "[You]: x",
        "[a][You]",
        "![a]",
    ),
    *("[a]: <b>\n'title\nmore'", "[", "]", "](", "![", "**", "_", "\\", "$$", ":::", "&lt;", "&#60;b&#62;"),
    *(
        "> ",
        "> > ",
        "- ",
        "* ",
        "1. ",
        "10) ",
        "  ",
        "    ",
        "\t",
        "\t\t",
        "-\t",
        ">\t",
        "| a | b |\n|---|---|\n",
    ),
    *(
        "| ` | <b> ` |",
        "| a <!-- |",
        "words",
        "資料",
        "word word\n",
        "\n",
        "\n\n",
        "\r",
        "\r\n",
        "\x0b## You",
    ),
    *(
        "\x0c```",
        "\x85## You",
        "\u2028## You",
        "\x00",
        "\ue000",
        "## \ue000",
        "\ue001",
        "text  \n",
        "text\\\n",
    ),
]


def message_text(chance: random.Random) -> str:
    """A text of a few pieces, glued in ways that make constructs of them."""
    glue = chance.choice(["\n", "\n", "\n\n", "", " "])
    return glue.join(chance.choice(PIECES) for _ in range(chance.randint(0, 14)))


def conversation(seed: int) -> tuple[Conversation, list[Message]]:
    """A made-up conversation: hostile titles, texts, thinking, names of models and sources."""
    chance = random.Random(seed)
    messages = []
    for number in range(chance.randint(1, 5)):
        role = Role.ASSISTANT if number % 2 else Role.USER
        details = AnswerDetails()
        if role is Role.ASSISTANT and chance.random() < 0.4:
            source = Source(message_text(chance), 1, message_text(chance), marker=1)
            details = AnswerDetails(citations=[source])
        messages.append(
            Message(
                number,
                1,
                number - 1 or None,
                role,
                (Text(message_text(chance)),),
                thinking=message_text(chance) if role is Role.ASSISTANT and chance.random() < 0.5 else "",
                model=f"model {number}",
                details=details,
            )
        )
    title = message_text(chance)
    return conversation_row(title), messages


def conversation_row(title: str) -> Conversation:
    """A conversation of this title."""
    return Conversation(1, title, None, False, False, 0.0, 0.0, None, "", "", "", None, None)


def faults(text: str, messages: list[Message]) -> list[str]:
    """What is wrong with an export."""
    wrong = []
    for options in ([], ["table"]):
        tokens = (
            MarkdownIt("commonmark", {"inline_definitions": True, "maxNesting": 200})
            .enable(options)
            .parse(text)
        )
        headings = [
            (token.tag, tokens[number + 1].content)
            for number, token in enumerate(tokens)
            if token.type == "heading_open" and not token.level and token.tag in ("h1", "h2")
        ]
        expected = [("h2", "You" if m.role is Role.USER else m.model) for m in messages]
        if [tag for tag, _ in headings[:1]] != ["h1"] or headings[1:] != expected:
            wrong.append(f"headings {headings[1:]}, not {expected}")
        kinds = {t.type for token in tokens for t in (token, *(token.children or []))}
        wrong += sorted(kinds & {"html_block", "html_inline", "definition"})
    return wrong


def fuzz(count: int, first: int = 1) -> list[str]:
    """Try the seeds `first` to `first + count`; returns what was wrong, with its seed."""
    found = []
    for seed in range(first, first + count):
        row, messages = conversation(seed)
        wrong = faults(markdown(row, messages), messages)
        if wrong:
            found.append(f"seed {seed}: {'; '.join(wrong)}")
    return found


if __name__ == "__main__":
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    results = fuzz(number, *map(int, sys.argv[2:3]))
    print("\n".join(results[:20]))
    print(f"{len(results)} of {number} came out wrong")
    sys.exit(bool(results))
