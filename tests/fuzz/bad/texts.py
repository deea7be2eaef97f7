"""Bad plain text, Markdown, HTML, CSV and TSV."""

from __future__ import annotations

import codecs

from tests.fuzz.bad.base import Maker, http_canary


def light(maker: Maker) -> None:
    """Everything which is quick to make."""
    _encodings(maker)
    _shapes(maker)
    _markdown(maker)
    _html(maker)
    _tables(maker)


def heavy(maker: Maker) -> None:
    """Slow or large files."""
    word = maker.word()
    maker.add(
        "text/line-50mb.txt",
        f"{word} " + "all on one line " * 3_300_000,
        "long",
        "txt",
        "read",
        "50 MB on one line",
        [word],
    )
    word = maker.word()
    maker.add(
        "text/word-20mb.txt", f"{word} " + "x" * 20_000_000, "long", "txt", "read", "a word of 20 MB", [word]
    )
    word = maker.word()
    rows = "".join(f"{row}{',1' * 99}\n" for row in range(10_000))
    maker.add(
        "table/cells-million.csv",
        f"{rows}{word}\n",
        "many",
        "csv",
        "read",
        "a million cells, the word is in the last row",
        [word],
    )
    word = maker.word()
    maker.add(
        "html/divs-million.html",
        f"<p>{word}</p>" + "<div>" * 1_000_000,
        "deep",
        "html",
        "either",
        "a million divs in each other",
        [word],
    )


def _encodings(maker: Maker) -> None:
    """What a text may be written in. `@` is the word."""
    other = "Grüße, naïve café, 12 €"
    for name, data, expect, note in (
        ("utf16-le", codecs.BOM_UTF16_LE + f"@ {other}".encode("utf-16-le"), "read", "UTF-16 with mark"),
        ("utf16-be", codecs.BOM_UTF16_BE + f"@ {other}".encode("utf-16-be"), "read", "UTF-16, big end first, with mark"),
        ("utf16-bare", f"@ {other}".encode("utf-16-le"), "either", "UTF-16 without mark"),
        ("utf16-odd", codecs.BOM_UTF16_LE + "@ text ".encode("utf-16-le") + b"x", "read", "UTF-16 with an odd number of bytes"),
        ("utf16-surrogates", codecs.BOM_UTF16_LE + "@ \ud800 \udc00\ud800".encode("utf-16-le", "surrogatepass"), "read",
         "UTF-16 with lone surrogates"),
        ("utf32", codecs.BOM_UTF32_LE + f"@ {other}".encode("utf-32-le"), "either", "UTF-32 with mark"),
        ("utf7", b"@ " + other.encode("utf-7"), "read", "UTF-7"),
        ("utf8-mark", codecs.BOM_UTF8 + f"@ {other}".encode(), "read", "UTF-8 with mark"),
        ("utf8-marks", codecs.BOM_UTF8 * 1000 + b"@ " + codecs.BOM_UTF8 + b"text", "read", "a thousand marks"),
        ("utf8-overlong", b"@ \xc0\xaf \xe0\x80\xaf \xf0\x80\x80\xaf text", "read", "overlong UTF-8"),
        ("utf8-surrogates", b"@ \xed\xa0\x80 \xed\xb0\x80 text", "read", "lone surrogates in UTF-8"),
        ("utf8-beyond", b"@ \xf4\x90\x80\x80 \xf8\x88\x80\x80\x80 \xfe\xff text", "read", "beyond the last character"),
        ("utf8-cut", "@ €".encode()[:-1], "read", "the last character is cut"),
        ("utf8-tails", b"@ " + b"\x80" * 10_000, "read", "10,000 continuation bytes"),
        ("utf8-twice", f"@ {other}".encode().decode("latin-1").encode(), "read", "UTF-8 encoded twice"),
        ("latin1", f"@ {other[:17]}".encode("latin-1"), "read", "Latin-1"),
        ("cp1252", f"@ {other} „a“".encode("cp1252"), "read", "Windows 1252"),
        ("mixed", f"@ {other}\n".encode() + f"{other}\n".encode("cp1252"), "read", "UTF-8, then Windows 1252"),
        ("late", b"@ " + b"plain ascii " * 20_000 + "ä".encode("latin-1"), "read", "ASCII, and a Latin-1 letter after 240 kB"),
        ("shift-jis", "@ 日本語のテキスト".encode("shift-jis"), "read", "Shift-JIS"),
        ("gb18030", "@ 中文文本".encode("gb18030"), "read", "GB 18030"),
        ("koi8", "@ русский текст".encode("koi8-r"), "read", "KOI8-R"),
        ("ebcdic", "@ text".encode("cp500"), "either", "EBCDIC"),
        ("zeros", b"@ a\0b\0\0\0 text", "read", "zero bytes"),
        ("zeros-mostly", b"@" + bytes(100_000) + b"text", "either", "100 kB of zero bytes in a text"),
        ("controls", b"@ " + bytes(range(32)) + b"\x7f text", "read", "all control characters"),
        ("bidi", "@ \u202a\u202b\u202d\u202e\u2066\u2067\u2068 text \u202c\u2069\u200e\u200f\u061c".encode(), "read",
         "characters which change the direction"),
        ("invisible", "@ \u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\u180e\u3164 \U000e0041\U000e007f text".encode(), "read",
         "characters which cannot be seen"),
        ("no-characters", "@ \ufffe\uffff\U0010ffff\ufdd0 text".encode(), "read", "code points which are no characters"),
        ("private", "@ \ue000\U000f0000\U00100000 text".encode(), "read", "characters for private use"),
        ("combining", ("@ a" + "\u0301\u0489\u0323" * 20_000).encode(), "read", "a letter with 60,000 accents"),
        ("joined", ("@ " + "👩\u200d" * 20_000).encode(), "read", "an emoji joined of 20,000"),
        ("expanding", ("@ " + "\ufdfa\u0390\ufb03" * 50_000).encode(), "read", "characters which grow 18-fold when normalized"),
        ("escapes", b"@ \x1b[2J\x1b[31m\x1b]0;title\x07\x1b]8;;http://127.0.0.1\x07 text", "read", "terminal escapes"),
        ("ends", "@ a\rb\r\nc\n\rd\x0be\x0cf\x85g\u2028h\u2029i".encode(), "read", "every kind of line end"),
        ("case", "@ İıſßẞΣςǅ text".encode(), "read", "letters whose case is odd"),
    ):  # fmt: skip
        word = maker.word()
        coding = {"utf16-be": "utf-16-be", "utf32": "utf-32-le", "ebcdic": "cp500"}.get(
            name, "utf-16-le" if name.startswith("utf16") else "ascii"
        )
        maker.add(
            f"text/{name}.txt",
            data.replace("@".encode(coding), word.encode(coding)),
            "encoding",
            "txt",
            expect,
            note,
            [word],
        )


def _shapes(maker: Maker) -> None:
    def add(name: str, data: str | bytes, kind: str, expect: str, note: str, *words: str) -> None:
        maker.add(f"text/{name}", data, kind, "txt", expect, note, words)

    for name, filler, kind, note in (
        ("line-2mb", "all on one line " * 130_000, "long", "2 MB on one line"),
        ("word-1mb", "x" * 1_000_000, "long", "a word of 1 MB"),
        ("word-cjk", "語" * 100_000, "long", "100,000 characters without a blank"),
        ("lines-empty", "\n" * 500_000, "many", "500,000 empty lines"),
        ("blanks", " " * 500_000, "long", "500 kB of blanks"),
        ("tabs", "\t" * 500_000, "long", "500,000 tabs"),
        ("letters", "a " * 200_000, "many", "200,000 words of one letter"),
        (
            "words-all-new",
            " ".join(f"w{number}q" for number in range(100_000)),
            "many",
            "100,000 words, each once",
        ),
        ("signs", "@" * 200_000 + "a@" * 100_000, "slow", "mail signs, for greedy patterns"),
        ("dots", "a." * 200_000 + "!", "slow", "dots, for greedy patterns"),
        ("slashes", "http://" * 50_000, "slow", "beginnings of addresses"),
        ("digits", "9" * 300_000, "slow", "a number of 300,000 digits"),
        ("date-like", "2024-05-17T" * 30_000, "slow", "beginnings of dates"),
        ("brackets", "(" * 300_000, "deep", "300,000 opening brackets"),
        ("hyphens", "-\n" * 100_000, "slow", "100,000 lines which end in a hyphen"),
        ("base64", maker.noise(100_000).hex(), "long", "200 kB of hexadecimal digits"),
    ):
        word = maker.word()
        add(f"{name}.txt", f"{word}\n{filler}\n", kind, "read", note, word)
    word = maker.word()
    add(
        "word-at-end.txt",
        maker.prose(100_000) + f" {word}",
        "long",
        "read",
        "500 kB of text, the word is the last",
        word,
    )
    for name, data, note in (
        ("blank-only.txt", " \t\r\n" * 1000, "only blanks"),
        ("mark-only.txt", codecs.BOM_UTF8, "only a mark"),
        ("zero-only.txt", bytes(9), "only zeros"),
    ):
        add(name, data, "empty", "either", note)
    for name, data, note in (
        ("binary.txt", maker.noise(60_000), "random bytes"),
        ("elf.txt", b"\x7fELF\2\1\1\0" + maker.noise(9000), "a program"),
        ("sqlite.txt", b"SQLite format 3\0" + maker.noise(9000), "a database"),
        ("gzip.txt", b"\x1f\x8b\x08\0" + maker.noise(9000), "a packed file"),
    ):
        add(name, data, "disguise", "either", f"{note} named .txt")
    for suffix in ("pdf", "docx", "xlsx", "odt", "epub", "png", "eml"):
        word = maker.word()
        add(
            f"text-named.{suffix}",
            f"A plain text about {word}.\n",
            "disguise",
            "either",
            f"text named .{suffix}",
            word,
        )


def _markdown(maker: Maker) -> None:
    """The usual ways to make a Markdown parser slow; the word stands before all of it."""
    count = maker.rng.randint(20_000, 30_000)
    for name, text, note in (
        ("brackets", "[" * count, "opening brackets"), ("pictures", "![" * count, "opening pictures"), ("stars", "*a **a " * count,
         "nested emphasis"),
        ("underscores", "_a __a " * count, "nested emphasis"), ("quotes", ">" * count + "a", "nested quotations"), ("ticks",
         "".join("e" + "`" * n for n in range(700)), "ticks"),
        ("lists", "".join(" " * (2 * n) + "- a\n" for n in range(600)), "nested lists"), ("angles", "<" * count, "opening angles"),
         ("fence", "```\n" + "a\n" * count, "an open fence"),
        ("references", "".join(f"[a{n}]: b\n" for n in range(count)) + "[a1][a2]", "references"), ("pipes",
         "|" * count + "\n" + "|-" * count + "|\n", "columns"),
        ("html-open", "<div><!-- " + "a " * count, "an open comment"), ("entities", "&" * count, "ampersands"), ("links", "[a](" * count,
         "nested links"),
    ):  # fmt: skip
        word = maker.word()
        maker.add(
            f"markdown/{name}.md",
            f"About {word}.\n\n{text}\n",
            "slow",
            "md",
            "read",
            f"{count} {note}",
            [word],
        )
    word = maker.word()
    aliases = "\n".join(f"e{n}: &e{n} [{', '.join([f'*e{n - 1}'] * 9)}]" for n in range(1, 10))
    maker.add(
        "markdown/front-laughs.md",
        f"---\ne0: &e0 ha\n{aliases}\n---\n\nAbout {word}.\n",
        "entity",
        "md",
        "read",
        "billion laughs in YAML",
        [word],
    )
    word = maker.word()
    text = f"---\na: !!python/object/apply:os.system ['false']\nb: [\n---\n\nAbout {word}.\n"
    maker.add(
        "markdown/front-code.md",
        text,
        "active",
        "md",
        "read",
        "a program in YAML, which is broken as well",
        [word],
    )
    word = maker.word()
    text = f"![]({http_canary('md')}) ![]({maker.canary.as_uri()}) [[../../canary]] {{{{< readfile ../canary.txt >}}}} About {word}.\n"
    maker.add(
        "markdown/outside.md", text, "active", "md", "read", "pictures and inclusions from outside", [word]
    )


def _html(maker: Maker) -> None:
    depth = maker.rng.randint(90_000, 110_000)
    for name, page, kind, expect, note in (
        ("divs", "<p>@</p>" + "<div>" * depth, "deep", "read", f"{depth} divs in each other"),
        ("divs-inside", "<div>" * depth + "@" + "</div>" * depth, "deep", "either", f"the word lies in {depth} divs"),
        ("tables", "<p>@</p>" + "<table><tr><td>" * 20_000, "deep", "read", "20,000 tables in each other"),
        ("formatting", "<p>@</p>" + "<a><b><i><p>" * 5000, "slow", "read", "formatting which never closes, 5,000 times"),
        ("fonts", "<p>@</p>" + "".join(f"<font size={n}>" for n in range(5000)) + "<p>" * 500, "slow", "read",
         "5,000 fonts to restore in each paragraph"),
        ("angles", "<p>@</p>" + "<" * 300_000, "slow", "read", "300,000 opening angles"),
        ("comment-open", "<p>@</p><!-- hidden", "truncated", "read", "a comment which never ends"),
        ("comments", "<p>@</p>" + "<!--" * 100_000, "slow", "read", "100,000 beginnings of comments"),
        ("script-open", "<p>@</p><script>while(1){}", "truncated", "read", "a script which never ends"),
        ("attribute-long", '<p title="' + "x" * 500_000 + '">@</p>', "long", "read", "an attribute of 500 kB"),
        ("attributes-many", "<p " + " ".join(f"a{n}=b" for n in range(50_000)) + ">@</p>", "many", "read", "50,000 attributes"),
        ("attribute-open", "<p>@</p><p title='hidden>text", "truncated", "read", "a quotation which never ends"),
        ("entities-bad", "<p>@ &#x110000; &#xD800; &#0; &#99999999999999999999; &nonsense; &#x;</p>", "encoding", "read",
         "entities which do not exist"),
        ("entities-many", "<p>@</p>" + "&amp" * 200_000, "many", "read", "200,000 entities without semicolon"),
        ("zeros", "<p\0>@</\0p>\0", "encoding", "read", "zero bytes in tags"),
        ("charset-lie", '<meta charset="utf-16"><p>@ ä</p>', "encoding", "read", "claims UTF-16, is UTF-8"),
        ("charset-unknown", '<meta charset="x-nonsense"><p>@</p>', "encoding", "read", "an unknown character set"),
        ("charset-utf7", '<meta charset="utf-7"><p>@ +ADw-script+AD4-</p>', "encoding", "read", "claims UTF-7"),
        ("refresh", f'<meta http-equiv="refresh" content="0;url={http_canary("refresh")}"><p>@</p>', "active", "read",
         "leads to an address"),
        ("outside",
         f'<iframe src="{maker.canary.as_uri()}"></iframe><img src="{http_canary("html")}"><link rel=style href="{http_canary("css")}">'
         + "<p>@</p>",
         "active", "read", "takes in the canary and the web"),
        ("base", f'<base href="{http_canary("base")}"><p>@</p><img src="a.png">', "active", "read", "all links lead to an address"),
        ("include", '<!--#include file="../canary.txt" --><p>@</p><object data="include.html"></object>', "cyclic", "read",
         "a page which shows itself"),
        ("data-uri", '<p>@</p><img src="data:image/png;base64,' + "A" * 200_000 + '">', "long", "read", "a picture of 200 kB in the page"),
        ("frames-nested", "<p>@</p>" + '<iframe srcdoc="' * 10_000, "deep", "read", "10,000 frames in each other"),
        ("plaintext", "<p>@</p><plaintext></html><b>text", "odd", "read", "all after it is text"),
        ("select", "<p>@</p>" + "<select><option>" * 20_000, "deep", "read", "20,000 lists of choices"),
        ("template", "<p>@</p>" + "<template>" * 20_000, "deep", "read", "20,000 templates in each other"),
        ("svg", "<p>@</p>" + "<svg><foreignObject>" * 10_000, "deep", "read", "10,000 drawings in each other"),
        ("frameset", '<frameset><frame src="a.html"></frameset><noframes>@</noframes>', "odd", "either",
         "text only for those without frames"),
        ("text-only", "@ text without any tag", "odd", "read", "no tags at all"),
        ("tag-long", "<p>@</p><" + "x" * 300_000 + ">", "long", "read", "a tag name of 300 kB"),
        ("doctype", '<!DOCTYPE html [<!ENTITY a "b">]><p>@</p>', "entity", "read", "a document type with entities"),
    ):  # fmt: skip
        word = maker.word()
        maker.add(f"html/{name}.html", page.replace("@", word), kind, "html", expect, note, [word])


def _tables(maker: Maker) -> None:
    for name, text, suffix, kind, expect, note in (
        ("quote-open", 'a,"@ text\nb,c\n' + "d,e\n" * 50_000, "csv", "truncated", "read", "a quotation which never ends"),
        ("quotes", '@,"' + '""' * 200_000 + '"\n', "csv", "long", "read", "200,000 doubled quotes"),
        ("columns", "@" + "," * 200_000 + "\n", "csv", "many", "read", "200,000 columns"),
        ("ragged", "@\n" + "".join("," * (n % 50) + "a\n" for n in range(20_000)), "csv", "damaged", "read", "rows of unlike length"),
        ("zeros", "@,\0,\0\0\na,b\n", "csv", "encoding", "read", "zero bytes in cells"),
        ("field-long", "@," + "x" * 500_000 + "\n", "csv", "long", "read", "a cell of 500 kB (Python's csv stops at 131,072)"),
        ("rows-empty", "\n" * 500_000 + "@\n", "csv", "many", "read", "500,000 empty rows before the text"),
        ("formulas", f'@,=WEBSERVICE("{http_canary("csv")}"),+1+cmd|\' /C calc\'!A0,@SUM(1)\n', "csv", "active", "read", "formulas"),
        ("delimiters", "a;b|c\td,e\n@;1|2\t3,4\n", "csv", "lie", "read", "four delimiters at once"),
        ("delimiter-line", "sep=\x01\n@\x01b\n", "csv", "odd", "read", "an odd delimiter, named in the first line"),
        ("ends", "@,b\rc,d\n\re,f\r\n", "csv", "encoding", "read", "every kind of line end"),
        ("header-same", "a," * 5000 + "a\n" + "@\n", "csv", "duplicate", "read", "5,000 columns of one name"),
        ("header-only", "@,amount\n", "csv", "empty", "read", "only a header"),
        ("one-column", "@\n" * 3 + "a\n" * 100_000, "csv", "many", "read", "100,000 rows of one cell"),
        ("comma-named", "@,a,b\n", "tsv", "disguise", "read", "commas, named .tsv"),
        ("tabs", "@" + "\t" * 200_000 + "\n", "tsv", "many", "read", "200,000 columns"),
        ("backslashes", "@\ta\\\tb\\\n\\\\\t\n", "tsv", "odd", "read", "escaped tabs and newlines"),
    ):  # fmt: skip
        word = maker.word()
        data = text.replace("@SUM", "\1SUM").replace("@", word).replace("\1SUM", "@SUM")
        if name == "delimiter-line":
            data = text.replace("@", word)
        maker.add(f"table/{name}.{suffix}", data, kind, suffix, expect, note, [word])
    word = maker.word()
    maker.add(
        "table/utf16.csv",
        f"a\tb\n{word}\tä\n".encode("utf-16"),
        "encoding",
        "csv",
        "read",
        "UTF-16 with tabs, as Excel writes it",
        [word],
    )
