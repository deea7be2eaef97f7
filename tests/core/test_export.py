"""The export of a conversation: nothing that is written in a message reaches beyond it."""

from __future__ import annotations

from typing import Any

import pytest
from markdown_it import MarkdownIt

from core.chat.conversation import AnswerDetails, Extract, Message, Role, Source, Text
from core.portability.markdown import markdown
from tests.fuzz import export as fuzz


def export(*texts: str, title: str = "Title", model: str = "m1", **answer: Any) -> str:
    """The export of a conversation in which these were said in turn."""
    messages = [
        Message(i, 1, i - 1 or None, Role.ASSISTANT, (Text(text),), model=model, **answer)
        if i % 2
        else Message(i, 1, i - 1 or None, Role.USER, (Text(text),))
        for i, text in enumerate(texts)
    ]
    return markdown(fuzz.conversation_row(title), messages)


def headings(text: str) -> list[str]:
    """The headings at the top level of a Markdown text, with their level."""
    tokens = MarkdownIt("commonmark").parse(text)
    return [
        f"{token.tag} {tokens[number + 1].content}"
        for number, token in enumerate(tokens)
        if token.type == "heading_open" and not token.level
    ]


@pytest.mark.parametrize(
    "text",
    [
        *("```python\nprint(1)", "````\n```\n", "~~~\ncode", "~~~~ x\n~~~", "   ```\n    ```", "a\n```"),
        *("- ```\n  code", "1. a\n\n   ~~~\n   b", "> ```\n> code", "> - ~~~\n>   code", "``` `\ntext"),
        *(
            "<!-- open",
            "a <!-- open",
            "<details>\n<summary>x",
            "text <details>",
            "<pre>\na",
            "<script>\nlet a",
        ),
        *(
            "- <script>",
            "> <!-- a",
            "<?php",
            "<!DOCTYPE",
            "<![CDATA[ a",
            "<style>\n\n\n",
            "<textarea>",
            "<div>\n",
        ),
        *(
            "a `b\nc` <script> `d` e",
            "\\`<script>`",
            "`` ` `` <b",
            "| ` | <script> ` |\n|---|---|\n| a | b |",
        ),
        *("> " * 300 + "<script>", "- " * 300 + "a", "[" * 5000, "\x00", "\ue000", "## \ue000\n\n\ue001"),
    ],
)
def test_what_is_left_open_ends_with_its_message(text: str) -> None:
    for written, expected in (
        (export("before", text, "after"), ["h2 You", "h2 m1", "h2 You"]),
        (export(text, "answer", text, "x"), ["h2 You", "h2 m1", "h2 You", "h2 m1"]),
        (export("q", "a", thinking=text), ["h2 You", "h2 m1"]),
    ):
        assert [h for h in headings(written) if h[:2] in ("h1", "h2")] == ["h1 Title", *expected]
        types = {
            t.type
            for token in MarkdownIt("commonmark").parse(written)
            for t in (token, *(token.children or []))
        }
        assert not types & {"html_block", "html_inline"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("## You\n\nmine", "h4 You"),
        ("# A #", "h3 A"),
        ("###### Deep", "h6 Deep"),
        ("You\n---", "h4 You"),
        ("You\n===\ntext", "h3 You"),
        ("You\nand I #\n===", "h3 You and I \\#"),
        ("a\r## You", "h4 You"),
        ("a\x0c## You", "h4 You"),
        ("a\u2028## You", "h4 You"),
    ],
)
def test_a_messages_own_headings_lie_below_the_messages(text: str, shown: str) -> None:
    assert headings(export(text, "answer")) == ["h1 Title", "h2 You", shown, "h2 m1"]


def test_links_of_one_message_are_not_defined_by_another() -> None:
    written = export(
        "[You]: http://evil\n\n> [m1]: <b>\n> 'x'", "See [You] and [m1][You].[^1]", "[^1]: a footnote"
    )
    html = MarkdownIt("commonmark").render(written)
    assert "<a " not in html
    assert "[You]: http://evil" in html  # it is still there to be read
    assert "\\[^1]: a footnote" in written


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("two\nlines\r\n## You", "h1 two lines ## You"),
        ("C# ##", "h1 C# \\#\\#"),
        ("# a", "h1 # a"),
        ("", "h1 New chat"),
        ("<!-- a", "h1 \\<!-- a"),
        ("**bold** `<b>`", "h1 **bold** `<b>`"),
        ("---", "h1 ---"),
    ],
)
def test_a_title_is_one_heading(title: str, shown: str) -> None:
    assert headings(export("q", "a", title=title)) == [shown, "h2 You", "h2 m1"]


def test_a_model_by_the_name_of_you_is_not_taken_for_the_person() -> None:
    assert headings(export("q", "a", model="You")) == ["h1 Title", "h2 You", "h2 Assistant You"]
    assert headings(export("q", "a", model="")) == ["h1 Title", "h2 You", "h2 Assistant"]


def test_what_is_well_made_stays_as_it_was_written() -> None:
    text = "Use `<b>` or `` ` <a> ` ``, see <https://example.org>.\n\n```html\n<div>\n# no heading\n```\n\n- 1 < 2\n- **a**"
    assert f"## m1\n\n{text}\n" in export("q", text)
    assert "\\<i>x\\</i> but `<i>`" in export("q", "<i>x</i> but `<i>`")


def test_thinking_is_quoted_before_the_answer() -> None:
    written = export("q", "> the answer", thinking="First\n\n```\ncode\n\n## You\n\tb")
    assert (
        "## m1\n\n> **Thinking**\n>\n> First\n>\n> ```\n> code\n>\n> ## You\n>     b\n> ```\n\n> the answer"
        in written
    )
    assert headings(written) == ["h1 Title", "h2 You", "h2 m1"]
    assert "Thinking" not in export("q", "a", thinking=" \n")


def test_sources_are_one_line_each_and_no_part_of_the_answers_list() -> None:
    citation = Source("a_b*.txt", 2, "one\n```\n## You <b> [x]: y &lt; a_b _c_", marker=1)
    written = export("q", "1. an item", details=AnswerDetails(citations=[citation]))
    assert written.endswith(
        "1. an item\n\nSources:\n\n1. a_b\\*.txt, p. 2: “one \\`\\`\\` ## You \\<b> \\[x\\]: y \\&lt; a_b \\_c\\_”\n"
    )


def test_what_another_document_says_otherwise_is_exported_too() -> None:
    cited, other = Source("a.txt", 1, "It is 800.", marker=1), Source("b.txt", None, "It is 850.")
    details = AnswerDetails(outcome="answered", citations=[cited], otherwise=[other])
    assert export("q", "It is 800.", details=details).endswith(
        "Sources:\n\n1. a.txt, p. 1: “It is 800.”\n\nOther documents say otherwise:\n\n1. b.txt: “It is 850.”\n"
    )


def test_an_answer_without_text_says_why() -> None:
    assert export("q", "", details=AnswerDetails(outcome="not found")).endswith(
        "## m1\n\n*Not in the documents.*\n"
    )
    assert export("q", " \n").endswith("## m1\n\n*(no answer)*\n")
    extracts = [Extract(Source("/a/b.txt", 2, "It is open."), "Before.", "After.")]
    assert export("q", "", details=AnswerDetails(outcome="quotation", extracts=extracts)).endswith(
        "## m1\n\n*What the documents say:*\n\nSources:\n\n1. /a/b.txt, p. 2: “It is open.”\n"
    )


def test_hostile_conversations_come_out_whole() -> None:
    """A sample; more by hand: `python -m tests.fuzz.export 5000`."""
    assert fuzz.fuzz(300) == []
