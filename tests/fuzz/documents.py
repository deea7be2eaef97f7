"""Damaged files of every kind that is read: `python -m tests.fuzz.documents 2000 [SEED]`.

Small whole files are changed at random (bytes flipped, cut, doubled, parts of archives exchanged for noise) and read as the parser worker
reads them. Either pages come, or a typed error; nothing else, and not for longer than a moment. `make test` runs a sample
(tests/core/test_fuzz.py).
"""

from __future__ import annotations

import importlib
import io
import random
import sys
import tempfile
import time
import zipfile
from collections import Counter
from email.message import EmailMessage
from pathlib import Path

import docx
import openpyxl
import pptx
from reportlab.pdfgen.canvas import Canvas

from core.documents import formats, passages
from core.documents.model import Note
from core.errors import TsukueError

SLOW = 20  # seconds that no small file may take


def seeds(folder: Path) -> list[Path]:
    """A small whole file of each kind."""
    made = []

    def put(name: str, data: bytes) -> None:
        (folder / name).write_bytes(data)
        made.append(folder / name)

    buffer = io.BytesIO()
    canvas = Canvas(buffer)
    for y in range(700, 500, -14):
        canvas.drawString(72, y, "The gate closes at eight.")
        canvas.drawString(300, y, "41 kg")
    canvas.acroForm.textfield(name="x", value="filled", x=72, y=300)
    canvas.bookmarkPage("a")
    canvas.addOutlineEntry("Gate", "a")
    canvas.save()
    put("a.pdf", buffer.getvalue())
    document, buffer = docx.Document(), io.BytesIO()
    document.add_heading("Rules", 1)
    document.add_paragraph("The gate closes at eight.", style="List Number")
    document.add_table(2, 2).cell(0, 0).text = "x"
    document.save(buffer)
    put("a.docx", buffer.getvalue())
    deck, buffer = pptx.Presentation(), io.BytesIO()
    deck.slides.add_slide(deck.slide_layouts[1]).shapes.title.text = "Title"
    deck.save(buffer)
    put("a.pptx", buffer.getvalue())
    book, buffer = openpyxl.Workbook(), io.BytesIO()
    book.active.append(["a", 1, 2.5])
    book.save(buffer)
    put("a.xlsx", buffer.getvalue())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("META-INF/container.xml", '<c><rootfile full-path="b.opf"/></c>')
        archive.writestr("b.opf", '<p><item id="a" href="a.html"/><itemref idref="a"/></p>')
        archive.writestr("a.html", "<h1>One</h1><p>It began.</p>")
    put("a.epub", buffer.getvalue())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
        archive.writestr(
            "content.xml",
            "<d><body><text><h>One</h><p>It <s/>began.</p><table><table-row/></table></text></body></d>",
        )
    put("a.odt", buffer.getvalue())
    mail = EmailMessage()
    mail["Subject"] = "点検"
    mail.set_content("Words.")
    mail.add_alternative("<p>Words.</p>", subtype="html")
    put("a.eml", mail.as_bytes())
    put(
        "a.html",
        b"<html><h1>Hi</h1><table><tr><td rowspan=2>a<td>b<tr><td>c</table><ul><li>x<ol><li>y</ol></ul>",
    )
    put(
        "a.md",
        "---\ntitle: x\n---\n# 見出し\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```\n- item\n".encode(),
    )
    put("a.csv", '品名,値段\n"鍵",300\n'.encode("cp932"))
    put("a.srt", b"1\n00:00:01,000 --> 00:00:02,000\nHello.\n")
    put("a.txt", "鍵は受付にあります。 The key. Für alle.\n\n".encode() * 3)
    put("a.py", b"def f():\n    return 1\n")
    return made


def changed(data: bytes, chance: random.Random) -> bytes:
    """The same file, damaged."""
    if data[:2] == b"PK" and chance.random() < 0.7:
        return _inside(data, chance)
    out = bytearray(data)
    for _ in range(chance.choice([1, 1, 2, 5, 30])):
        if not out:
            break
        place = chance.randrange(len(out))
        match chance.randrange(5):
            case 0:
                out[place] = chance.randrange(256)
            case 1:
                del out[place : place + chance.randrange(1, 40)]
            case 2:
                out[place:place] = chance.randbytes(chance.randrange(1, 20))
            case 3:
                out[place:place] = out[place : place + chance.randrange(1, 200)] * chance.randrange(1, 4)
            case _:
                del out[place:]
    return bytes(out)


def _inside(data: bytes, chance: random.Random) -> bytes:
    """An archive with a part that is damaged, empty, or another's."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(buffer, "w") as archive:
        names = whole.namelist()
        victim = chance.choice(names)
        for name in names:
            content = whole.read(name)
            if name == victim:
                match chance.randrange(4):
                    case 0:
                        continue
                    case 1:
                        content = whole.read(chance.choice(names))
                    case 2:
                        content = b""
                    case _:
                        content = changed(content, chance)
            archive.writestr(name, content)
    return buffer.getvalue()


def run(count: int, seed: int, kinds: tuple[str, ...] = ()) -> Counter[str]:
    """How reading so many damaged files ended, by kind. Raises what was no typed error, with the file's place."""
    chance = random.Random(seed)
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        whole = [path for path in seeds(folder) if not kinds or path.suffix in kinds]
        contents = {path: path.read_bytes() for path in whole}
        for number in range(count):
            path = chance.choice(whole)
            path.write_bytes(changed(contents[path], chance))
            begun = time.monotonic()
            notes: list[Note] = []
            try:
                module, _, function = formats.tell(path).reader.partition(":")
                reader = getattr(importlib.import_module(f"core.documents.readers.{module}"), function)
                pages = list(reader(path, path.name, notes))
                passages.split(pages)
                outcomes[f"{path.suffix} read"] += 1
            except TsukueError as error:
                str(error)
                outcomes[f"{path.suffix} {type(error).__name__}"] += 1
            except Exception as error:
                kept = Path(tempfile.gettempdir()) / f"tsukue-fuzz-{seed}-{number}{path.suffix}"
                kept.write_bytes(path.read_bytes())
                raise AssertionError(f"{type(error).__name__}: {error}; the file is {kept}") from error
            assert time.monotonic() - begun < SLOW, (
                f"{path.suffix} of seed {seed}, number {number} took too long"
            )
    return outcomes


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 300
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    for outcome, times in sorted(run(count, seed).items()):
        print(f"{times:6} {outcome}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
