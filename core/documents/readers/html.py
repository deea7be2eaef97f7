"""Web pages and saved ones: what they say, without menus, scripts and forms. Nothing that they refer to is fetched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from core.documents.model import Kind, Note, Page, Writer
from core.documents.readers.packages import local
from core.documents.readers.text import text_of
from core.errors import FileDamaged, FileEmpty

_SKIPPED = frozenset(
    [
        "script",
        "style",
        "noscript",
        "template",
        "svg",
        "math",
        "nav",
        "aside",
        "form",
        "button",
        "select",
        "input",
        "textarea",
        "iframe",
        "object",
        "head",
    ]
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "ul",
        "caption",
    ]
)
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)
_CHARSET = re.compile(
    rb"""<(?:meta[^>]+charset\s*=|\?xml[^>]+encoding\s*=)\s*["']?\s*([\w.:-]+)""", re.IGNORECASE
)
_SPACE = re.compile(r"\s+")


def read(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """One page without a number."""
    page = Writer()
    write(decode(path.read_bytes(), name, notes), page, name)
    if page.empty:
        raise FileEmpty(name)
    yield page.page()


def decode(data: bytes, name: str, notes: list[Note]) -> str:
    """A page's source: in the encoding that it names, if that is one and it fits, else as any text."""
    named = _CHARSET.search(data[:4096])
    # One that says UTF-16 in single bytes is not in it (the HTML standard's rule, too).
    wide = named is not None and named[1].lower().startswith((b"utf-16", b"utf-32", b"utf16"))
    if named and not wide and not data.startswith((b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode(
                {"shift_jis": "cp932", "iso-8859-1": "cp1252"}.get(c := named[1].decode().lower(), c)
            )
        except (LookupError, UnicodeDecodeError):
            pass
    return text_of(data, name, notes)


def write(source: str, page: Writer, name: str) -> None:
    """Add a web page's content to `page`. Raises FileDamaged."""
    # A declaration of an encoding is none any more: this is text.
    source = re.sub(r"^\s*<\?xml[^>]*\?>", "", source)
    try:
        root: Any = lxml_html.document_fromstring(
            source, parser=lxml_html.HTMLParser(huge_tree=True, no_network=True)
        )
    except (etree.ParserError, etree.XMLSyntaxError, ValueError) as error:
        raise FileEmpty(name) from error
    except RecursionError as error:
        raise FileDamaged(name) from error
    title = _words("".join(root.xpath("string(//head/title)")))
    first = _words("".join(root.xpath("string((//h1)[1])")))
    if title and (not first or first not in title):
        page.heading(title, 1)
    # Where the page says which part is its content, the rest is menus.
    contents = root.xpath("//main | //*[@role='main']") or root.xpath("//article[count(//article)=1]")
    for content in contents[:1] or root.xpath("//body") or [root]:
        try:
            _Walk(page).block(content)
        except (
            RecursionError
        ):  # elements deeper within each other than anybody means: their words are what there is
            for words in content.itertext():
                page.paragraph(_words(words))


def _words(text: str) -> str:
    return _SPACE.sub(" ", text).strip()


_NOTE_MARKS = frozenset({"noteref", "doc-noteref", "backlink", "doc-backlink"})
_NOTES = frozenset({"footnote", "endnote", "rearnote", "note", "doc-footnote", "doc-endnote"})


def _kind_of(element: Any) -> str:
    """What a book says that an element is (EPUB's structural semantics, or the web's roles for books)."""
    if not isinstance(element.tag, str):
        return ""
    for name, value in element.attrib.items():
        if name.endswith("type") and "epub" in name:
            return str(value).split(" ")[0]
    return str(element.get("role", ""))


def _is_layout(rows: list[list[Any]]) -> bool:
    """Whether a table is there to place parts of a page beside each other: its cells hold headings, quotations or other tables."""
    for row in rows:
        for cell in row:
            inside = {local(e).lower() for e in cell.iter() if e is not cell}
            if inside & {"h1", "h2", "h3", "h4", "pre", "blockquote", "table", "form", "article", "hr"}:
                return True
    return False


def _is_mark(element: Any) -> bool:
    """Whether what is raised is the mark of a footnote: a link within the page."""
    links = [e for e in element.iter() if local(e).lower() == "a"]
    return bool(links) and all(link.get("href", "").startswith("#") for link in links)


class _Walk:
    """Goes through the elements of a page once; words that stand between blocks are paragraphs."""

    def __init__(self, page: Writer) -> None:
        self._page = page
        self._loose: list[str] = []
        self._lists: list[int | None] = []

    def block(self, element: Any) -> None:
        self._inside(element)
        self._flush()

    def _flush(self) -> None:
        text = "\n".join(filter(None, (_words(line) for line in "".join(self._loose).split("\0"))))
        self._loose.clear()
        self._page.paragraph(text)

    def _inside(self, element: Any) -> None:
        self._loose.append(element.text or "")
        for child in element:
            self._one(child)
            self._loose.append(child.tail or "")

    def _one(self, element: Any) -> None:
        name = local(element).lower()
        if _kind_of(element) in _NOTES:
            self._flush()
            self._page.add(Kind.FOOTNOTE, text_within(element))
            return
        if (
            name in _SKIPPED
            or name == ""
            or _HIDDEN.search(element.get("style", ""))
            or "hidden" in element.attrib
        ):
            return
        if name == "br":
            self._loose.append("\0")
        elif name == "img":
            self._loose.append(f" {element.get('alt', '')} ")
        elif name in ("rt", "rp"):
            pass  # how the base text is read
        elif (name == "sup" and _is_mark(element)) or _kind_of(element) in _NOTE_MARKS:
            pass  # the mark of a footnote: no digit of what it follows
        elif name not in _BLOCKS:
            self._inside(element)
        else:
            self._flush()
            self._named(name, element)
            self._flush()

    def _named(self, name: str, element: Any) -> None:
        if name[0] == "h" and name[1:].isdecimal():
            self._page.heading(text_within(element), int(name[1:]))
        elif name == "table":
            self._table(element)
        elif name == "pre":
            self._page.add(Kind.CODE, element.text_content())
        elif name == "blockquote":
            self._page.add(Kind.QUOTATION, text_within(element))
        elif name in ("figcaption", "caption"):
            self._page.add(Kind.CAPTION, text_within(element))
        elif name in ("ul", "ol"):
            start = element.get("start", "1")
            self._lists.append(
                int(start) if name == "ol" and start.isdecimal() else 1 if name == "ol" else None
            )
            self._inside(element)
            self._lists.pop()
        elif name == "li" and self._lists:
            self._item(element)
        else:
            self._inside(element)

    def _item(self, element: Any) -> None:
        """An item's own words; lists in it are items of their own."""
        number = self._lists[-1]
        mark = f"{number}. " if number is not None else ""
        if number is not None:
            self._lists[-1] = number + 1
        nested = [child for child in element if local(child).lower() in ("ul", "ol", "table", "pre")]
        words = text_within(element, without=nested)
        if words:
            self._page.item(mark + words, len(self._lists))
        for child in nested:
            self._one(child)
        self._loose.clear()

    def _table(self, table: Any) -> None:
        rows = [row for row in table.iter("tr") if next(row.iterancestors("table")) is table]
        cells = [[c for c in row if local(c).lower() in ("td", "th")] for row in rows]
        if all(len(row) <= 1 for row in cells) or _is_layout(cells):  # a frame, not a table
            for row in cells:
                for cell in row:
                    self._inside(cell)
                    self._flush()
            return
        for caption in table.iter("caption"):
            self._page.add(Kind.CAPTION, text_within(caption))
        texts: list[list[str]] = []
        down: dict[
            int, tuple[int, str]
        ] = {}  # by column: how many rows more a cell reaches, and what it says
        for row in cells:
            written: list[str] = []
            for cell in row:
                while down.get(len(written), (0, ""))[0]:
                    _repeat(down, written)
                text = text_within(cell)
                reach, wide = (
                    int(v) if (v := cell.get(k, "1")).isdecimal() else 1 for k in ("rowspan", "colspan")
                )
                if 1 < reach < 1000:
                    down[len(written)] = (reach - 1, text)
                written.append(text)
                written += [""] * (min(max(wide, 1), 100) - 1)
            while down.get(len(written), (0, ""))[0]:
                _repeat(down, written)
            texts.append(written)
        heads = 0
        while heads < len(cells) - 1 and cells[heads] and all(local(c).lower() == "th" for c in cells[heads]):
            heads += 1
        self._page.table(texts, headers=heads)


def _repeat(down: dict[int, tuple[int, str]], written: list[str]) -> None:
    left, text = down[len(written)]
    down[len(written)] = (left - 1, text)
    written.append(text)


def text_within(element: Any, without: list[Any] | None = None) -> str:
    """The words of an element in one line, but for what is skipped anyway and for these elements."""
    parts: list[str] = []

    def collect(parent: Any) -> None:
        parts.append(parent.text or "")
        for child in parent:
            name = local(child).lower()
            if not (
                name in _SKIPPED
                or name in ("", "rt", "rp")
                or (name == "sup" and _is_mark(child))
                or _kind_of(child) in _NOTE_MARKS
                or (without and any(child is w for w in without))
            ):
                parts.append(" " if name in _BLOCKS or name in ("br", "td", "th") else "")
                collect(child)
                parts.append(" " if name in _BLOCKS else "")
            parts.append(child.tail or "")

    collect(element)
    return _words("".join(parts))
