"""Word documents are read as their readers see them, whatever stands inside what."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from core.documents.model import Kind, Note, Page
from core.documents.readers import docx
from core.errors import FileDamaged, FileEmpty, FileTooLarge
from tests.support.word_files import cell, paragraph, run, table, write


def read(path: Path, notes: list[Note] | None = None) -> Page:
    (page,) = docx.read(path, path.name, notes if notes is not None else [])
    return page


def blocks(page: Page) -> list[tuple[Kind, str]]:
    return [(block.kind, page.text[block.start : block.end]) for block in page.blocks]


def written(tmp_path: Path, *body: str, **parts: str) -> Page:
    return read(write(tmp_path / "a.docx", *body, **parts))


def test_tracked_changes_count_as_accepted(tmp_path: Path) -> None:
    page = written(
        tmp_path,
        paragraph(
            "Pay within ",
            f'<w:del w:id="1"><w:r><w:delText>ten</w:delText></w:r></w:del><w:ins w:id="2">{run("thirty")}</w:ins>',
            " days.",
        ),
        f'<w:moveFrom w:id="3">{paragraph("Moved away.")}</w:moveFrom>',
        paragraph(f'<w:moveTo w:id="4">{run("Moved here.")}</w:moveTo>'),
        paragraph("First half ", properties='<w:rPr><w:del w:id="5"/></w:rPr>'),
        paragraph("and second half."),
        table(["kept", "1"]).replace(
            "</w:tbl>", "<w:tr><w:trPr><w:del/></w:trPr>" + cell("gone") + "</w:tr></w:tbl>"
        ),
    )
    assert page.text == "Pay within thirty days.\nMoved here.\nFirst half and second half.\nkept | 1"


def test_boxes_controls_fields_and_furigana(tmp_path: Path) -> None:
    box = f"<w:txbxContent>{paragraph('In the box.')}</w:txbxContent>"
    page = written(
        tmp_path,
        paragraph(
            "Before the box.",
            f"<w:r><mc:AlternateContent><mc:Choice Requires='wps'><wps:txbx>{box}</wps:txbx></mc:Choice>"
            f"<mc:Fallback><w:pict><v:textbox>{box}</v:textbox></w:pict></mc:Fallback></mc:AlternateContent></w:r>",
        ),
        f"<w:sdt><w:sdtPr/><w:sdtContent>{paragraph('Chosen: glass.')}</w:sdtContent></w:sdt>",
        paragraph(
            "Invoice ",
            '<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>REF x</w:instrText></w:r>'
            f'<w:r><w:fldChar w:fldCharType="separate"/></w:r>{run("INV-7")}<w:r><w:fldChar w:fldCharType="end"/></w:r>',
            f"<w:fldSimple w:instr='DATE'>{run(' of May')}</w:fldSimple>",
        ),
        paragraph(
            "担当は",
            f"<w:r><w:ruby><w:rt>{run('ごのかみ')}</w:rt><w:rubyBase>{run('五之神')}</w:rubyBase></w:ruby></w:r>",
            "です。",
        ),
        paragraph(
            "<m:oMath><m:r><m:t>T=</m:t></m:r><m:f><m:num><m:r><m:t>P</m:t></m:r></m:num>"
            "<m:den><m:r><m:t>n</m:t></m:r></m:den></m:f></m:oMath>"
        ),
        paragraph(
            run("seen"),
            run("hidden", "<w:vanish/>"),
            "<w:r><w:noBreakHyphen/></w:r>",
            run("X"),
            "<w:r><w:tab/></w:r>",
            run("end"),
        ),
    )
    assert page.text.splitlines() == [
        "Before the box.",
        "In the box.",
        "Chosen: glass.",
        "Invoice INV-7 of May",
        "担当は五之神です。",
        "T=P/n",
        "seen-X\tend",
    ]


def test_notes_stand_behind_their_paragraph_and_margins_once(tmp_path: Path) -> None:
    page = written(
        tmp_path,
        paragraph(
            "Sown early.",
            '<w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:commentReference w:id="0"/></w:r>',
        ),
        paragraph("Next."),
        footnotes=f'<w:footnote w:type="separator" w:id="0">{paragraph("---")}</w:footnote>'
        f'<w:footnote w:id="2">{paragraph("On 17 February.")}</w:footnote>',
        comments=f'<w:comment w:id="0" w:author="Ito">{paragraph("Check this.")}</w:comment>',
        header1=paragraph("File ZQ-7741"),
        header2=paragraph("File ZQ-7741"),
        footer1=paragraph("3"),
    )
    assert blocks(page) == [
        (Kind.PARAGRAPH, "File ZQ-7741"),
        (Kind.PARAGRAPH, "Sown early."),
        (Kind.FOOTNOTE, "On 17 February."),
        (Kind.NOTE, "Comment by Ito: Check this."),
        (Kind.PARAGRAPH, "Next."),
    ]


def test_numbers_of_headings_and_lists_are_read(tmp_path: Path) -> None:
    levels = "".join(
        f'<w:lvl w:ilvl="{i}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/><w:lvlText w:val="{text}"/></w:lvl>'
        for i, (kind, text) in enumerate(
            [("decimal", "%1."), ("lowerLetter", "%2)"), ("upperRoman", "%1.%3")]
        )
    )
    listed = '<w:numPr><w:ilvl w:val="{}"/><w:numId w:val="1"/></w:numPr>'
    page = written(
        tmp_path,
        paragraph("Terms", properties='<w:pStyle w:val="H1"/>'),
        *(
            paragraph(text, properties=listed.format(depth))
            for depth, text in [(0, "a"), (1, "b"), (1, "c"), (2, "d"), (0, "e"), (1, "f")]
        ),
        styles='<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/><w:pPr><w:outlineLvl w:val="0"/>'
        '<w:numPr><w:numId w:val="2"/></w:numPr></w:pPr></w:style>',
        numbering=f'<w:abstractNum w:abstractNumId="0">{levels}</w:abstractNum>'
        '<w:abstractNum w:abstractNumId="9"><w:lvl w:ilvl="0"><w:start w:val="4"/><w:numFmt w:val="japaneseCounting"/>'
        '<w:lvlText w:val="第%1条"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="9"/></w:num>',
    )
    assert page.text.splitlines() == ["第四条 Terms", "1. a", "a) b", "b) c", "1.I d", "2. e", "a) f"]
    assert page.blocks[0].kind is Kind.HEADING
    assert [block.level for block in page.blocks[1:]] == [1, 2, 2, 3, 1, 2]


def test_tables_merged_nested_and_uneven(tmp_path: Path) -> None:
    page = written(
        tmp_path,
        table(
            ["Place", "Day", "Hours"],
            [cell("Library", properties='<w:vMerge w:val="restart"/>'), "Monday", "9 to 17"],
            [cell("", properties="<w:vMerge/>"), "Tuesday", "closed"],
            [cell("Closed on holidays.", properties='<w:gridSpan w:val="3"/>')],
            [cell("cider", properties="<w:vMerge/>")],
            ["Lathe", cell(table(["Speed", "2350"], ["Oil", "rape"]))],
            properties='<w:tblLook w:firstRow="1"/>',
        ),
        table([cell(paragraph("A frame, not a table."), table(["k", "v"]))]),
    )
    assert page.text.splitlines() == [
        "Place | Day | Hours",
        "Library | Monday | 9 to 17",
        "Library | Tuesday | closed",
        "Closed on holidays.",
        "Closed on holidays.",
        "Lathe",
        "Lathe | Speed | 2350",
        "Lathe | Oil | rape",
        "A frame, not a table.",
        "k | v",
    ]
    assert [row.header for row in page.blocks[0].rows][:2] == [True, False]


def test_strict_documents_and_other_names_of_the_main_part(tmp_path: Path) -> None:
    body = [paragraph("The organ is tuned.")]
    assert read(write(tmp_path / "s.docx", *body, strict=True)).text == "The organ is tuned."
    assert read(write(tmp_path / "m.docx", *body, main="word/document2.xml")).text == "The organ is tuned."


def test_a_bad_part_costs_that_part(tmp_path: Path) -> None:
    notes: list[Note] = []
    path = write(
        tmp_path / "a.docx",
        paragraph("The text stays."),
        styles="!<w:styles",
        footnotes="!\x00\x01 nothing",
        numbering="!",
    )
    assert read(path, notes).text == "The text stays."
    assert {note.code for note in notes} == {"part"}


@pytest.mark.parametrize("kind", ["bomb", "entity", "no document", "nothing", "cut"])
def test_what_cannot_be_read_is_refused_within_bounds(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.docx"
    expected: type[Exception] = FileDamaged
    if kind == "bomb":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("word/document.xml", b"\0" * 310_000_000)
        expected = FileTooLarge
    elif kind == "entity":
        secret = tmp_path / "secret.txt"
        secret.write_text("secret")
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr(
                "word/document.xml",
                f'<!DOCTYPE d [<!ENTITY x SYSTEM "{secret}">]><d><body><p><r><t>&x;</t></r></p></body></d>',
            )
        expected = FileEmpty
    elif kind == "no document":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("hello.txt", "no document")
    elif kind == "nothing":
        write(path, paragraph(" "))
        expected = FileEmpty
    else:
        write(path, paragraph("words"))
        path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(expected):
        read(path)
