"""Makes real multi-page PDFs from small Markdown files: the sample documents and the tests' corpus.

    make_pdf.py --font ipaexg.ttf SOURCE.md... -o FOLDER

Run by hand when a text changes; the PDFs are committed. Only headings, paragraphs and `---` (a new page) are known. The
font (a TrueType one with Japanese, such as IPAex Gothic) is embedded as a subset.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from reportlab.lib.pagesizes import A5
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate


def make_pdf(source: Path, target: Path) -> None:
    """Write `source`'s pages to `target`; the font 'body' must be registered."""
    wrap = "CJK" if any("\u3040" <= c <= "\u30ff" for c in source.read_text(encoding="utf-8")) else None
    styles = {
        "": ParagraphStyle("p", fontName="body", fontSize=10.5, leading=17, spaceAfter=7, wordWrap=wrap),
        "## ": ParagraphStyle(
            "h2", fontName="body", fontSize=12.5, leading=18, spaceBefore=9, spaceAfter=5, wordWrap=wrap
        ),
        "# ": ParagraphStyle("h1", fontName="body", fontSize=16, leading=22, spaceAfter=10, wordWrap=wrap),
    }
    story: list[object] = []
    for number, page in enumerate(source.read_text(encoding="utf-8").split("\n---\n")):
        if number:
            story.append(PageBreak())
        for line in filter(None, page.splitlines()):
            mark = next(mark for mark in ("# ", "## ", "") if line.startswith(mark))
            story.append(Paragraph(line.removeprefix(mark), styles[mark]))
    document = SimpleDocTemplate(
        str(target),
        pagesize=A5,
        leftMargin=42,
        rightMargin=42,
        topMargin=42,
        bottomMargin=42,
        title=source.stem,
        author="Tsukue",
        invariant=1,
    )
    document.build(story)


def main() -> int:
    parser = argparse.ArgumentParser(description="Make PDFs from Markdown.")
    parser.add_argument("sources", nargs="+", type=Path)
    parser.add_argument("--font", required=True)
    parser.add_argument("-o", "--output", type=Path, required=True)
    options = parser.parse_args()
    pdfmetrics.registerFont(TTFont("body", options.font))
    options.output.mkdir(parents=True, exist_ok=True)
    for source in options.sources:
        make_pdf(source, options.output / f"{source.stem}.pdf")
    return 0


if __name__ == "__main__":
    sys.exit(main())
