"""Makes documents out of what packages hold in other forms: feeds, records, tables, DocBook with entities."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Callable
from email.message import EmailMessage
from xml.sax.saxutils import escape

import openpyxl

# What manuals call themselves: the entities of GnuCash's and KDE's DocBook.
_ENTITIES = {
    "app": "GnuCash", "appname": "GnuCash", "mac": "macOS", "lin": "Linux", "win": "Windows", "img-w": "510px",
    "skrooge": "Skrooge", "kmymoney": "KMyMoney", "kde": "KDE", "ie": "i.e.", "eg": "e.g.", "language": "en",
    "plasma": "Plasma", "systemsettings": "System Settings", "RMB": "right mouse button", "FDLNotice": "",
    "underFDL": "", "underGPL": "",
}  # fmt: skip


def entities(data: bytes) -> bytes:
    """DocBook without its document type, and with words for its entities."""
    text = re.sub(r"<!DOCTYPE[^\[>]*(\[.*?\]\s*)?>", "", data.decode(), count=1, flags=re.DOTALL)

    def word(match: re.Match[str]) -> str:
        name = match[1]
        if name in ("lt", "gt", "amp", "quot", "apos"):
            return match[0]
        return escape(_ENTITIES.get(name, "" if "." in name else name))

    return re.sub(r"&([A-Za-z][\w.-]*);", word, text).encode()


def _entries(data: bytes) -> tuple[str, str, list[tuple[str, str, str]]]:
    """A feed's encoding, title and entries: title, date, text."""
    match = re.search(rb'encoding="([^"]+)"', data)
    declared = match[1].decode().lower() if match else "utf-8"
    encoding = {"shift_jis": "cp932"}.get(declared, declared)
    head, *bodies = re.split(r"<entry[ >]|<item[ >]", data.decode(encoding, "replace"))

    def first(text: str, *names: str) -> str:
        for name in names:
            found = re.search(rf"<{name}(?:\s[^>]*)?>(.*?)</{name}>", text, re.DOTALL)
            if found and found[1].strip():
                plain = re.search(r"<!\[CDATA\[(.*?)\]\]>", found[1], re.DOTALL)
                return plain[1] if plain else html.unescape(found[1].strip())
        return ""

    said = [
        (
            first(body, "title"),
            first(body, "issued", "dc:date", "pubDate", "published"),
            first(body, "content:encoded", "content", "description", "summary"),
        )
        for body in bodies
    ]
    return encoding, first(head, "title"), said


def feed2html(data: bytes) -> bytes:
    """A web log's feed as one page, in the feed's own encoding."""
    encoding, title, entries = _entries(data)
    name = {"cp932": "shift_jis"}.get(encoding, encoding)
    meta = f'<meta http-equiv="Content-Type" content="text/html; charset={name}">'
    parts = [f'<!DOCTYPE html>\n<html lang="ja"><head>{meta}<title>{escape(title)}</title></head>\n<body>']
    parts.append(f"<h1>{escape(title)}</h1>")
    for heading, date, body in entries:
        text = body if re.search(r"<(p|br|div|pre)\b", body) else f"<p>{body}</p>"
        parts.append(f"<h2>{escape(heading)}</h2>\n<p>{escape(date)}</p>\n{text}")
    return "\n".join([*parts, "</body></html>\n"]).encode(encoding, "xmlcharrefreplace")


def feed2eml(data: bytes) -> bytes:
    """A mail magazine's back numbers as one message in ISO-2022-JP."""
    _, title, entries = _entries(data)
    parts = []
    for heading, date, body in entries:
        text = html.unescape(re.sub(r"<[^>]+>", "", re.sub(r"<br[^>]*>", "\n", body)))
        parts.append(f"■ {heading} （{date}）\n\n" + re.sub(r"\n{3,}", "\n\n", text).strip())
    said = "\n\n".join(parts).translate(str.maketrans("～－∥￠￡￢―", "〜−‖¢£¬—"))
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "magazine@example.jp", "dokusha@example.jp", title
    message["Date"] = "Wed, 28 Dec 2005 21:39:12 +0900"
    body = said.encode("iso2022_jp_2", "replace").decode("iso2022_jp_2")
    message.set_content(body, charset="iso-2022-jp", cte="7bit")
    return message.as_bytes()


def jsonl2html(data: bytes) -> bytes:
    """Statutes, one JSON object a line, as headings and paragraphs."""
    parts = ['<html lang="ja"><head><meta charset="utf-8"><title>税法の条文と通達</title></head><body>']
    for record in map(json.loads, filter(str.strip, data.decode().splitlines())):
        parts.append(f"<h2>{escape(record['juri_id'])}</h2>")
        parts += [f"<p>{escape(line.strip())}</p>" for line in record["text"].split("\n") if line.strip()]
    return "\n".join([*parts, "</body></html>"]).encode()


def csv2xlsx(data: bytes, rows: str) -> bytes:
    """The first rows of a CSV as a workbook of one sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "地名"
    for number, row in enumerate(csv.reader(io.StringIO(data.decode("utf-8-sig")))):
        if number > int(rows):
            break
        sheet.append([float(v) if number and re.fullmatch(r"-?\d+\.\d+", v) else v for v in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def csvrows(data: bytes, rows: str) -> bytes:
    """The first rows of a CSV below its names, lines as they are."""
    return b"".join(data.splitlines(keepends=True)[: int(rows) + 1])


def head(data: bytes, lines: str) -> bytes:
    """The first lines."""
    return b"".join(data.splitlines(keepends=True)[: int(lines)])


def latin1(data: bytes) -> bytes:
    """Latin-1 as UTF-8."""
    return data.decode("latin-1").encode()


STEPS: dict[str, Callable[..., bytes]] = {
    step.__name__: step
    for step in (entities, feed2html, feed2eml, jsonl2html, csv2xlsx, csvrows, head, latin1)
}
