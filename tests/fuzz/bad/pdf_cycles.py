"""PDF files in which something contains, follows or describes itself."""

from __future__ import annotations

from tests.fuzz.bad.base import Maker
from tests.fuzz.bad.builders import Pdf, pdf_frame


def add_page(maker: Maker, name: str, word: str, pdf: Pdf, kind: str, expect: str, note: str) -> None:
    """Adds a PDF made from `pdf_frame`."""
    words = [] if expect == "refused" else [word]
    maker.add(f"pdf/{name}.pdf", pdf.build(), kind, "pdf", expect, note, words)


def cycles(maker: Maker) -> None:
    """Everything which may point to itself does so. The page itself is healthy where the file must be read."""
    rows: list[tuple[str, str, dict[str, str], list[str], str]] = [
        ("kids-self", "either", {"pages": "/Kids [2 0 R 3 0 R] /Count 2"}, [], "the page tree is its own child"),
        ("kids-only-self", "refused", {"pages": "/Kids [2 0 R] /Count 1"}, [], "the page tree has only itself as a child"),
        ("kids-two", "either", {"pages": "/Kids [6 0 R 3 0 R] /Count 2"}, ["<< /Type /Pages /Kids [2 0 R] /Count 1 /Parent 2 0 R >>"],
         "two page tree nodes are each other's children"),
        ("kids-catalog", "either", {"pages": "/Kids [1 0 R 3 0 R] /Count 2"}, [], "the catalog is a page"),
        ("parents", "either", {"pages": "/Kids [3 0 R] /Count 1 /Parent 2 0 R", "box": ""}, [],
         "inherited box, the parent is its own parent"),
        ("outlines-next", "read", {"catalog": "/Outlines 6 0 R"},
         ["<< /First 7 0 R /Last 7 0 R /Count 1 >>", "<< /Title (a) /Parent 6 0 R /Next 7 0 R >>"], "an outline entry follows itself"),
        ("outlines-first", "read", {"catalog": "/Outlines 6 0 R"},
         ["<< /First 7 0 R /Last 7 0 R /Count 9 >>", "<< /Title (a) /First 6 0 R /Last 7 0 R >>"], "an outline entry contains its parent"),
        ("outlines-two", "read", {"catalog": "/Outlines 6 0 R"},
         ["<< /First 7 0 R >>", "<< /Title (a) /Next 8 0 R >>", "<< /Title (b) /Next 7 0 R /Prev 7 0 R >>"],
             "two outline entries in a ring"),
        ("names", "read", {"catalog": "/Names << /Dests 6 0 R /EmbeddedFiles 6 0 R >>"}, ["<< /Kids [6 0 R 6 0 R] >>"],
         "the name tree is its own child"),
        ("labels", "read", {"catalog": "/PageLabels 6 0 R"}, ["<< /Kids [6 0 R] >>"], "the tree of page labels is its own child"),
        ("fields", "read", {"catalog": "/AcroForm << /Fields [6 0 R] >>"}, ["<< /T (a) /FT /Tx /Kids [6 0 R] /Parent 6 0 R >>"],
         "a form field is its own child"),
        ("structure", "read", {"catalog": "/StructTreeRoot 6 0 R /MarkInfo << /Marked true >>"},
         ["<< /Type /StructTreeRoot /K 7 0 R >>", "<< /S /P /P 7 0 R /K [7 0 R 6 0 R] >>"], "the structure tree is a ring"),
        ("role-map", "read", {"catalog": "/StructTreeRoot 6 0 R"}, ["<< /K 7 0 R /RoleMap << /A /B /B /A >> >>",
         "<< /S /A /P 6 0 R /K 0 >>"],
         "two roles stand for each other"),
        ("threads", "read", {"catalog": "/Threads [6 0 R]"}, ["<< /F 7 0 R >>", "<< /N 7 0 R /V 7 0 R /P 3 0 R >>"],
         "an article's bead follows itself"),
        ("annotations", "read", {"page": "/Annots [6 0 R]"}, ["<< /Subtype /Text /Popup 6 0 R /Parent 6 0 R /IRT 6 0 R /Rect [0 0 1 1] >>"],
         "a note is its own answer"),
        ("annotation-array", "read", {"page": "/Annots 6 0 R"}, ["[6 0 R]"], "the list of notes contains itself"),
        ("actions", "read", {"catalog": "/OpenAction 6 0 R"}, ["<< /S /GoTo /D [3 0 R /Fit] /Next 6 0 R >>"], "an action follows itself"),
        ("layers", "read", {"catalog": "/OCProperties << /OCGs [6 0 R] /D << /Order 7 0 R >> >>"}, ["<< /Type /OCG /Name (a) >>",
         "[6 0 R 7 0 R]"],
         "the order of layers contains itself"),
        ("contents-array", "either", {"pages": "/Kids [3 0 R 7 0 R] /Count 2"},
         ["[6 0 R]", "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Contents 6 0 R >>"],
             "the content of page 2 is a list which contains itself"),
        ("references", "either", {"catalog": "/Metadata 6 0 R /Lang 7 0 R", "page": "/Rotate 6 0 R"}, ["7 0 R", "6 0 R"],
         "two objects are references to each other"),
        ("reference-self", "either", {"page": "/Rotate 6 0 R"}, ["6 0 R"], "an object is a reference to itself"),
        ("catalog-pages", "refused", {"catalog": "/Pages 1 0 R"}, [], "the page tree is the catalog"),
    ]  # fmt: skip
    for name, expect, frame, objects, note in rows:
        word = maker.word()
        pdf = pdf_frame(word, **frame)
        if name == "catalog-pages":
            pdf.put(1, "<< /Type /Catalog /Pages 1 0 R /Kids [1 0 R] /Count 1 >>")
        for body in objects:
            pdf.add(body)
        add_page(maker, f"cycle-{name}", word, pdf, "cyclic", expect, note)
    _cyclic_streams(maker)


def _cyclic_streams(maker: Maker) -> None:
    """Cycles through content, forms, fonts, object streams and the cross-reference table."""
    state = "/ExtGState << /G << /SMask << /S /Alpha /G 6 0 R >> >> >>"
    resources = f"<< /Font << /F1 4 0 R >> /XObject << /X 6 0 R >> /Pattern << /P 6 0 R >> {state} >>"
    forms = f"/Type /XObject /Subtype /Form /BBox [0 0 99 99] /Resources {resources}"
    pattern = f"/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /XStep 1 /YStep 1 /BBox [0 0 9 9] /Resources {resources}"
    for name, start, inner, entries, note in (
        (
            "form",
            "/X Do",
            b"/X Do /X Do",
            forms,
            "a form draws itself twice (depth limits alone make it two to the power of the depth)",
        ),
        (
            "pattern",
            "/Pattern cs /P scn 0 0 99 99 re f",
            b"/Pattern cs /P scn 0 0 99 99 re f",
            pattern,
            "a pattern is filled with itself",
        ),
        (
            "mask",
            "/G gs 0 0 9 9 re f",
            b"/G gs 0 0 9 9 re f",
            forms + " /Group << /S /Transparency >>",
            "a mask is masked by itself",
        ),
    ):
        word = maker.word()
        pdf = pdf_frame()
        pdf.put(
            3,
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Resources {resources} /Contents 5 0 R >>",
        )
        body = f"BT /F1 12 Tf 72 720 Td ({word}) Tj ET {start}".encode()
        pdf.put(5, b"<< /Length %d >>\nstream\n" % len(body) + body + b"\nendstream")
        pdf.stream(inner, entries)
        add_page(maker, f"cycle-{name}", word, pdf, "cyclic", "either" if name == "form" else "read", note)
    word = maker.word()
    pdf = pdf_frame(word)
    pdf.put(
        5,
        pdf.objects[4].replace(
            b"/Length %d" % len(f"BT /F1 12 Tf 72 720 Td ({word}) Tj ET"), b"/Length 5 0 R"
        ),
    )
    add_page(
        maker,
        "cycle-length",
        word,
        pdf,
        "cyclic",
        "either",
        "the length of the content is the content itself",
    )
    word = maker.word()
    pdf = pdf_frame(word, catalog="/Metadata 20 0 R")
    pdf.stream(b"20 0 21 9 null null", "/Type /ObjStm /N 2 /First 11 /Extends 6 0 R")
    add_page(maker, "cycle-extends", word, pdf, "cyclic", "read", "an object stream extends itself")
    for name, trailer, note in (
        ("prev-self", "/Prev {0}", "the table is its own predecessor"),
        ("prev-zero", "/Prev 0", "the table before lies at 0"),
    ):
        word = maker.word()
        pdf = pdf_frame(word)
        place = len(pdf.write_objects()[0])
        data = pdf.build(trailer=trailer.format(place))
        maker.add(f"pdf/cycle-{name}.pdf", data, "cyclic", "pdf", "read", note, [word])
    word = maker.word()
    pdf = pdf_frame(word)
    first = len(pdf.write_objects()[0])
    second = len(pdf.build(trailer=f"/Prev {0:010d}"))
    update = (
        f"xref\n0 0\ntrailer\n<< /Size 6 /Root 1 0 R /Prev {first} >>\nstartxref\n{second}\n%%EOF\n".encode()
    )
    data = pdf.build(trailer=f"/Prev {second:010d}") + update
    maker.add(
        "pdf/cycle-prev-two.pdf", data, "cyclic", "pdf", "either", "two tables precede each other", [word]
    )
    pdf = pdf_frame()
    rows = b"".join(bytes([2, 0, 6, number]) if number else b"\0\0\0\0" for number in range(7))
    pdf.objects = pdf.objects[:5]
    head = pdf.write_objects()[0]
    cross = f"<< /Type /XRef /Size 7 /W [1 2 1] /Root 1 0 R /Length {len(rows)} >>"
    data = (
        head
        + b"6 0 obj\n"
        + cross.encode()
        + b"\nstream\n"
        + rows
        + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % len(head)
    )
    maker.add(
        "pdf/cycle-object-stream.pdf",
        data,
        "cyclic",
        "pdf",
        "either",
        "every object lies in object stream 6, which lies in itself",
    )
