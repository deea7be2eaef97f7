"""A conversation as one page of HTML that needs nothing else: no script, no address that is loaded, in light and dark.

What people and models wrote is a stranger's: HTML in it is text, only http, https and mailto become links, pictures from
elsewhere stay their descriptions. The page also becomes the PDF that the window writes.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from core.chat.conversation import Attached, Conversation, File, Message, Role, Source
from core.documents import formats
from core.portability.attachments import media_type
from core.portability.markdown import NO_TEXT
from core.text import markdown_tokens
from core.text.markdown_tokens import FOOTNOTE

if TYPE_CHECKING:
    from markdown_it.renderer import RendererHTML
    from markdown_it.token import Token

    from core.chat.formulas import Drawing

Draw = Callable[[str, bool], "Drawing | None"]  # a formula's source, and whether it has a line of its own
Written = Callable[[Conversation, list[Message]], bytes]

PAPER = (600, 800)  # pixels of a picture on a page of A4, as Qt counts them
FORMULA_PIXELS = 16  # of a drawing's letters; the page's are as large

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.65 system-ui, "Hiragino Sans", "Yu Gothic UI", "Noto Sans CJK JP", "Noto Sans JP", sans-serif;
  max-width: 46em; margin: 2.5em auto; padding: 0 1.2em; color: #1d1d1f; background: #fff; overflow-wrap: anywhere; }
h1 { font-size: 1.5em; line-height: 1.3; margin: 0; }
h3, h4, h5, h6 { font-size: 1.05em; margin: 1.2em 0 .4em; }
.made, .who, .sources, figcaption { color: #6b6b70; font-size: .85em; }
.who { font-weight: 600; margin: 2em 0 .3em; }
.question { background: #f1f3f5; border-radius: 12px; padding: .7em 1em; white-space: pre-wrap; }
blockquote { margin: .8em 0; padding: .1em 1em; border-left: 3px solid #c9cdd2; color: #55565a; }
details { margin: .4em 0; color: #6b6b70; }
pre { background: #f6f7f8; border-radius: 8px; padding: .8em 1em; overflow-x: auto; line-height: 1.45; font-size: .88em; }
code { font-family: ui-monospace, "SF Mono", Consolas, "Noto Sans Mono", monospace; }
:not(pre) > code { background: #f1f3f5; border-radius: 4px; padding: .1em .3em; font-size: .9em; }
table { border-collapse: collapse; margin: .8em 0; } th, td { border: 1px solid #d5d8dc; padding: .3em .7em; }
th { background: #f6f7f8; text-align: left; } a { color: #2457c5; } img.formula { vertical-align: middle; } img.picture { max-width: 100%; border-radius: 8px; }
@media (prefers-color-scheme: dark) {
  body { color: #e8e8ea; background: #17181a; } a { color: #8ab4ff; }
  .question, pre, :not(pre) > code, th { background: #232528; } th, td { border-color: #3a3d42; }
  blockquote { border-color: #4a4d52; color: #b9bac0; } .made, .who, .sources, details { color: #9a9ba1; }
  img.formula { filter: invert(1); }
}
"""


def page(
    conversation: Conversation,
    branch: list[Message],
    draw: Draw | None = None,
    style: str | None = None,
    picture: Callable[[str], bytes | None] = lambda _: None,
    *,
    paged: bool = False,
) -> str:
    """The branch as an HTML page. `draw` makes drawings of formulas, which are shown as they were written without it; `style`
    takes the place of the page's own; `picture` gives the bytes of one by its hash; `paged`: for pages of paper, on which
    pictures have to fit, and files that hang on messages are only named."""
    made = time.strftime("%Y-%m-%d %H:%M", time.localtime(conversation.created))
    title = escape(" ".join(conversation.title.split()) or "New chat")
    body = [f"<h1>{title}</h1>", f'<p class="made">{made}</p>']
    for message in branch:
        hanging = [_attached(part, picture, paged) for part in message.attached]
        body += _question(message, hanging) if message.role is Role.USER else _answer(message, draw, hanging)
    return (
        '<!DOCTYPE html>\n<html><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
        f"<title>{title}</title><style>{style or _STYLE + _code_style()}</style></head><body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _question(message: Message, hanging: list[str]) -> list[str]:
    return ['<p class="who">You</p>', *hanging, f'<div class="question">{escape(message.text)}</div>']


def _attached(part: Attached, picture: Callable[[str], bytes | None], paged: bool) -> str:
    """A file or a picture that hangs on a message."""
    name = escape(part.name or "picture")
    if isinstance(part, File):
        if paged:
            return f"<figcaption>[{name}]</figcaption>"
        return f"<details><summary>{name}</summary><pre>{escape(part.text)}</pre></details>"
    data = picture(part.sha256)
    if data is None or media_type(data) != part.media_type:
        return f"<figcaption>[{name}]</figcaption>"
    inside = base64.b64encode(data).decode()
    size = ""
    if paged and part.width and part.height:
        share = min(PAPER[0] / part.width, PAPER[1] / part.height, 1.0)
        size = f' width="{round(part.width * share)}" height="{round(part.height * share)}"'
    return f'<img class="picture" alt="{name}"{size} src="data:{escape(part.media_type)};base64,{inside}">'


def _answer(message: Message, draw: Draw | None, hanging: list[str]) -> list[str]:
    found = [f'<p class="who">{escape(message.model or "Assistant")}</p>']
    if message.thinking.strip():
        thought = escape(message.thinking).replace("\n", "<br>")
        found.append(f"<details><summary>Thinking</summary><p>{thought}</p></details>")
    details = message.details
    found += hanging
    found.append(
        render(message.text, draw) or f"<p><em>{escape(NO_TEXT.get(details.outcome, '(no answer)'))}</em></p>"
    )
    cited = [replace(e.source, marker=n) for n, e in enumerate(details.extracts, 1)] or details.citations
    for heading, sources in (
        ("Sources", cited),
        ("Other documents say otherwise", [replace(s, marker=n) for n, s in enumerate(details.otherwise, 1)]),
    ):
        if sources:
            lines = "".join(f'<li value="{source.marker}">{_source(source)}</li>' for source in sources)
            found.append(f'<div class="sources">{heading}:<ol>{lines}</ol></div>')
    return found


def _source(source: Source) -> str:
    place = formats.printed_place(source.file, source.page, source.label)
    place = f", {escape(place)}" if place else ""
    return f"{escape(source.file)}{place}: “{escape(source.text)}”"


# ---------------------------------------------------------------- Markdown


def render(markdown: str, draw: Draw | None = None) -> str:
    """A message's Markdown as HTML; headings begin below the page's own."""
    if not markdown.strip():
        return ""
    tokens = markdown_tokens.parse(markdown)
    for number, token in enumerate(tokens):
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
        elif (
            token.type == "inline"
            and token.children
            and number > 1
            and tokens[number - 2].type == "list_item_open"
        ):
            first = token.children[0]
            if task := markdown_tokens.TASK.match(first.content):
                first.content = f"{'☐' if task[1] == ' ' else '☑'} {first.content[task.end() :]}"
    return _renderer().render(tokens, markdown_tokens.options(), {"draw": draw})


@cache
def _renderer() -> RendererHTML:
    """markdown-it's renderer with our own for what it shows otherwise, or does not know."""
    from markdown_it.renderer import RendererHTML

    def written(show: Callable[[Token, dict[str, Any]], str]) -> Any:
        return lambda tokens, number, options, env: show(tokens[number], env)

    renderer = RendererHTML()
    inline = written(lambda token, env: _formula(token.content, env["draw"], display=False))
    block = written(lambda token, env: f"<p>{_formula(token.content, env['draw'], display=True)}</p>")
    renderer.rules |= {
        "image": written(
            lambda token, _: f"<em>{escape(token.content)}</em>"
        ),  # nobody asked to load its address
        "fence": written(lambda token, _: _code(token.content, (token.info.split() or [""])[0])),
        "text": written(lambda token, _: FOOTNOTE.sub(r"<sup>\1</sup>", escape(token.content))),
        "footnote_reference_open": written(
            lambda token, _: f'<div class="sources"><sup>{escape(str(token.meta.get("label", "")))}</sup>'
        ),
        "footnote_reference_close": written(lambda *_: "</div>\n"),
        **dict.fromkeys(("math_inline", "math_inline_double"), inline),
        **dict.fromkeys(("math_block", "math_block_eqno", "math_block_label"), block),
    }
    return renderer


def _formula(source: str, draw: Draw | None, *, display: bool) -> str:
    source = source.strip()
    drawing = draw(source, display) if draw is not None else None
    if drawing is None:
        return f"<code>{escape(source)}</code>"
    data = base64.b64encode(drawing.svg).decode()
    return (
        f'<img class="formula" width="{drawing.width:.0f}" height="{drawing.height:.0f}" alt="{escape(source)}"'
        f' src="data:image/svg+xml;base64,{data}">'
    )


def _code(code: str, language: str) -> str:
    from pygments import highlight
    from pygments.formatters.html import HtmlFormatter
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        shown = (
            highlight(code, get_lexer_by_name(language), HtmlFormatter(nowrap=True))
            if language
            else escape(code)
        )
    except ClassNotFound:
        shown = escape(code)
    return f"<pre><code>{shown}</code></pre>\n"


@cache
def _code_style() -> str:
    from pygments.formatters.html import HtmlFormatter

    light: str = HtmlFormatter(style="friendly").get_style_defs("pre")
    dark: str = HtmlFormatter(style="github-dark").get_style_defs("pre")
    return f"{light}\n@media (prefers-color-scheme: dark) {{ {dark} }}"
