"""Writes Word documents part by part: what word processors write and python-docx cannot."""

from __future__ import annotations

import zipfile
from pathlib import Path

NAMESPACES = {
    "w": "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
    "r": "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "m": "http://schemas.openxmlformats.org/officeDocument/2006/math",
    "mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
    "wps": "http://schemas.microsoft.com/office/word/2010/wordprocessingShape",
    "v": "urn:schemas-microsoft-com:vml",
}
STRICT = {
    "http://schemas.openxmlformats.org/wordprocessingml/2006/main": "http://purl.oclc.org/ooxml/wordprocessingml/main"
}
_TYPES = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def run(text: str, properties: str = "") -> str:
    """A run of text."""
    inside = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{inside}<w:t xml:space="preserve">{text}</w:t></w:r>'


def paragraph(*content: str, properties: str = "") -> str:
    """A paragraph of runs, or of plain words."""
    inside = "".join(c if c.startswith("<") else run(c) for c in content)
    return f"<w:p>{f'<w:pPr>{properties}</w:pPr>' if properties else ''}{inside}</w:p>"


def cell(*content: str, properties: str = "") -> str:
    """A cell of a table."""
    inside = "".join(c if c.startswith("<") else paragraph(c) for c in content)
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{inside}</w:tc>"


def table(*rows: list[str], properties: str = "") -> str:
    """A table of cells, or of plain words."""
    written = ["".join(c if c.startswith("<") else cell(c) for c in row) for row in rows]
    return (
        f"<w:tbl><w:tblPr>{properties}</w:tblPr>{''.join(f'<w:tr>{row}</w:tr>' for row in written)}</w:tbl>"
    )


def write(
    path: Path, *body: str, strict: bool = False, main: str = "word/document.xml", **parts: str
) -> Path:
    """A document. `parts` are the insides of other parts by kind: styles, numbering, footnotes, header1, …"""
    declared = " ".join(f'xmlns:{name}="{uri}"' for name, uri in NAMESPACES.items())
    roots = {"styles": "styles", "numbering": "numbering", "footnotes": "footnotes", "endnotes": "endnotes",
             "comments": "comments", "header": "hdr", "footer": "ftr"}  # fmt: skip
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        relations = ""
        for number, (name, inside) in enumerate(parts.items(), start=1):
            kind = name.rstrip("0123456789")
            relations += f'<Relationship Id="r{number}" Type="{_TYPES}/{kind}" Target="{name}.xml"/>'
            content = (
                inside
                if inside.startswith("!")
                else f"<w:{roots[kind]} {declared}>{inside}</w:{roots[kind]}>"
            )
            archive.writestr(f"word/{name}.xml", content.removeprefix("!"))
        document = f"<w:document {declared}><w:body>{''.join(body)}</w:body></w:document>"
        if strict:
            for usual, other in STRICT.items():
                document = document.replace(usual, other)
        archive.writestr(main, document)
        head = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        archive.writestr(
            "_rels/.rels",
            f'{head}<Relationship Id="a" Type="{_TYPES}/officeDocument" Target="{main}"/></Relationships>',
        )
        archive.writestr(f"word/_rels/{main.rpartition('/')[2]}.rels", f"{head}{relations}</Relationships>")
    return path
