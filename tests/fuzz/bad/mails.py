"""Bad mails (EML) and mailboxes (MBOX)."""

from __future__ import annotations

from tests.fuzz.bad.base import MEGABYTE, Maker, http_canary
from tests.fuzz.bad.builders import attachment, healthy, mail, part_mail
from tests.fuzz.bad.zip import Entry, zip_raw


def light(maker: Maker) -> None:
    """Everything which is quick to make."""
    _structure(maker)
    _content(maker)
    _headers(maker)
    _attachments(maker)
    _boxes(maker)


def heavy(maker: Maker) -> None:
    """Slow or large files."""
    word = maker.word()
    text = mail(f"About {word}.", subject="x" * 10_000_000)
    maker.add("eml/header-10mb.eml", text, "long", "eml", "read", "a subject of 10 MB", [word])
    word = maker.word()
    one = "From ann@example.org Fri May 17 10:00:00 2024\n" + mail("About nothing.")
    maker.add(
        "mbox/mails-100000.mbox",
        one * 100_000 + one.replace("nothing", word),
        "many",
        "mbox",
        "read",
        "100,001 mails; the word is in the last",
        [word],
    )


def _structure(maker: Maker) -> None:
    word = maker.word()
    innermost = maker.word()
    inner = mail(f"About {innermost}.")
    for _ in range(200):
        inner = mail(inner, "Content-Type: message/rfc822\n")
    parts = part_mail("b", f"\nAbout {word}.\n", "Content-Type: message/rfc822\n\n" + inner)
    maker.add(
        "eml/nested-200.eml",
        parts,
        "deep",
        "eml",
        "read",
        f"200 mails in each other ({innermost} in the innermost may be found)",
        [word],
    )
    depth = maker.rng.randint(900, 1100)
    word = maker.word()
    deep = f"\nAbout {word}.\n"
    for number in range(depth):
        deep = f'Content-Type: multipart/mixed; boundary="b{number}"\n\n--b{number}\n{deep}\n--b{number}--\n'
    maker.add(
        "eml/multipart-deep.eml",
        mail(deep.partition("\n\n")[2], deep.partition("\n\n")[0] + "\n"),
        "deep",
        "eml",
        "either",
        f"parts in parts, {depth} deep",
        [word],
    )
    for name, headers, body, expect, note in (
        ("boundary-missing", "Content-Type: multipart/mixed\n", "--b\n\n@\n--b--", "either", "no boundary is named"),
        ("boundary-never", 'Content-Type: multipart/mixed; boundary="b"\n', "@", "either", "the boundary never comes"),
        ("boundary-empty", 'Content-Type: multipart/mixed; boundary=""\n', "--\n\n@\n----", "either", "an empty boundary"),
        ("boundary-open", 'Content-Type: multipart/mixed; boundary="b"\n', "--b\n\n@", "read", "the last boundary is missing"),
        ("boundary-prefix", 'Content-Type: multipart/mixed; boundary="b"\n',
         "--b\nContent-Type: multipart/mixed; boundary=bb\n\n--bb\n\n@\n--bb--\n--b--", "either", "one boundary begins with another"),
        ("boundary-same", 'Content-Type: multipart/mixed; boundary="b"\n',
         "--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\n@\n--b--\n--b--", "either", "inner and outer boundary are the same"),
        ("boundary-long", f'Content-Type: multipart/mixed; boundary="{"b" * 100_000}"\n', f"--{'b' * 100_000}\n\n@\n", "either",
         "a boundary of 100 kB"),
        ("boundaries-many", 'Content-Type: multipart/mixed; boundary="b"\n', "--b\n\n@\n" + "--b\n\n" * 50_000 + "--b--", "read",
         "50,000 empty parts"),
        ("types-two", "Content-Type: image/png\nContent-Type: text/plain\n", "@", "either", "two content types"),
        ("type-nonsense", "Content-Type: ;;;=/\n", "@", "either", "nonsense as content type"),
        ("partial", "Content-Type: message/partial; number=2; total=3; id=a\n", "@", "either", "the second of three parts of a mail"),
        ("external", f"Content-Type: message/external-body; access-type=local-file; name={maker.canary}\n",
         "Content-Type: text/plain\n\n@", "either",
         "a body which is the canary file"),
        ("empty-parts", 'Content-Type: multipart/alternative; boundary="b"\n', "--b\nContent-Type: text/html\n\n\n--b\n\n@\n--b--", "read",
         "an empty and a full version"),
        ("encrypted-pgp", 'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"\n',
         "--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\n\n-----BEGIN PGP MESSAGE-----\n@\n-----END PGP MESSAGE-----",
         "either", "encrypted with PGP"),
    ):  # fmt: skip
        word = maker.word()
        kind = "encrypted" if "pgp" in name else "structure"
        maker.add(
            f"eml/{name}.eml", mail(body.replace("@", word), headers), kind, "eml", expect, note, [word]
        )


def _content(maker: Maker) -> None:
    plain = "Content-Type: text/plain; charset={0}\nContent-Transfer-Encoding: {1}\n"
    for name, charset, encoding, body, expect, note in (
        ("charset-lie", "us-ascii", "8bit", "@ äöü €".encode(), "read", "claims ASCII, is UTF-8"),
        ("charset-utf16", "utf-16", "8bit", b"@ text", "either", "claims UTF-16, is ASCII"),
        ("charset-utf7", "utf-7", "7bit", b"@ +AOQA9gD8- +ADw-script+AD4-", "either", "UTF-7"),
        ("charset-unknown", "x-nonsense", "8bit", b"@ text", "read", "an unknown character set"),
        (
            "charset-codec",
            "rot13",
            "8bit",
            b"@ text",
            "read",
            "a name which Python knows, but as no character set",
        ),
        ("charset-long", "x" * 50_000, "8bit", b"@ text", "read", "a name of a character set of 50 kB"),
        (
            "charset-zero",
            "utf-8\0",
            "8bit",
            b"@ text",
            "either",
            "a zero byte in the name of the character set",
        ),
        (
            "bytes-bad",
            "utf-8",
            "8bit",
            b"@ \xff\xfe\xc0\xaf\xed\xa0\x80",
            "read",
            "bytes which are not UTF-8",
        ),
        ("zeros", "utf-8", "8bit", b"@ \0\0\0 text", "read", "zero bytes in the text"),
        ("base64-noise", "utf-8", "base64", b"@@@@!!!! \xff\xff ====", "either", "garbage as base64"),
        (
            "base64-text",
            "utf-8",
            "base64",
            b"This is @, and it is no base64 at all.",
            "either",
            "plain text which claims to be base64",
        ),
        ("quoted-bad", "utf-8", "quoted-printable", b"@ =ZZ =4 =\n= =C3", "read", "broken quoted-printable"),
        ("encoding-unknown", "utf-8", "x-nonsense", b"@ text", "read", "an unknown transfer encoding"),
        (
            "uuencode",
            "utf-8",
            "x-uuencode",
            b"@\nbegin 644 ../../escaped.txt\n#0V%T\n`\nend",
            "either",
            "uuencoded, named to escape",
        ),
        ("line-long", "utf-8", "8bit", b"@ " + b"x" * 400_000, "read", "a line of 400 kB"),
        ("returns", "utf-8", "8bit", b"@\r\r\r\rtext\r", "read", "lone carriage returns"),
    ):
        word = maker.word()
        data = (
            mail("\1", plain.format(charset, encoding))
            .encode()
            .replace(b"\1", body.replace(b"@", word.encode()))
        )
        words = [] if name == "base64-noise" else [word]
        maker.add(
            f"eml/{name}.eml", data, "encoding" if name != "line-long" else "long", "eml", expect, note, words
        )
    word = maker.word()
    page = (
        f'<p>{word}</p><img src="{http_canary("eml")}"><iframe src="{maker.canary.as_uri()}"></iframe>'
        + "<div>" * 50_000
    )
    maker.add(
        "eml/html-deep.eml",
        mail(page, "Content-Type: text/html\n"),
        "deep",
        "eml",
        "either",
        "50,000 divs and remote pictures",
        [word],
    )


def _headers(maker: Maker) -> None:
    for name, lines, kind, note in (
        ("header-1mb", f"X-Long: {'x' * 1_000_000}\n", "long", "a header of 1 MB"),
        ("header-folded", "X-Long: a\n" + " b\n" * 50_000, "long", "a header of 50,000 lines"),
        ("headers-50000", "".join(f"X-{number}: a\n" for number in range(50_000)), "many", "50,000 headers"),
        (
            "comments-deep",
            f"Cc: {'(' * 20_000}a{')' * 20_000} a@example.org\n",
            "deep",
            "20,000 comments in each other in an address",
        ),
        ("groups-many", f"Cc: {'a:;,' * 20_000}\n", "many", "20,000 groups of addresses"),
        ("quotes-open", 'Cc: "' + '\\"' * 50_000 + "\n", "long", "a quotation which never ends"),
        (
            "words-bad",
            "X-A: =?utf-8?B?!!!?= =?x?Q?=ZZ?= =?utf-8?Z?a?= =?utf-8?q?" + "=C3" * 20_000 + "?=\n",
            "encoding",
            "broken encoded words",
        ),
        (
            "parameters",
            "Content-Disposition: inline; a*0*=utf-8''x; a*2=z; a*99999999999=b; a*-1=c; a*=x'y'%ZZ\n",
            "encoding",
            "broken parameters",
        ),
        (
            "parameters-many",
            "Content-Disposition: inline" + "".join(f"; a*{n}=b" for n in range(20_000)) + "\n",
            "many",
            "20,000 pieces of a parameter",
        ),
        ("date-bad", "Date: Xyz, 99 Foo 99999 99:99:99 +9999999\n", "lie", "an impossible date"),
        (
            "received-3000",
            "Received: from a by b; Fri, 17 May 2024 10:00:00 +0000\n" * 3000,
            "many",
            "3,000 stations",
        ),
        ("references", f"References: {'<a@b> ' * 50_000}\n", "long", "50,000 references"),
        ("zeros-in-header", "X-A: a\0b\0c\n\0: d\n", "encoding", "zero bytes in headers"),
        (
            "colon-missing",
            "this is no header\n:\n: a\n",
            "damaged",
            "lines which are no headers among the headers",
        ),
        (
            "subject-bidi",
            "X-A: \u202e\u2066\ud800\u200f\n",
            "encoding",
            "characters which change the direction, raw",
        ),
    ):
        word = maker.word()
        text = lines + mail(f"About {word}.")
        maker.add(
            f"eml/{name}.eml",
            text,
            kind,
            "eml",
            "either" if name in ("colon-missing", "date-bad") else "read",
            note,
            [word],
        )
    word = maker.word()
    maker.add(
        "eml/headers-none.eml",
        f"\nOnly a body about {word}.\n",
        "damaged",
        "eml",
        "either",
        "no headers",
        [word],
    )
    word = maker.word()
    maker.add(
        "eml/headers-only.eml",
        f"Subject: {word}\nFrom: ann@example.org",
        "truncated",
        "eml",
        "read",
        "no body; the word is the subject",
        [word],
    )
    word = maker.word()
    maker.add(
        "eml/returns-only.eml",
        mail(f"About {word}.").replace("\n", "\r"),
        "encoding",
        "eml",
        "either",
        "lines end in CR only",
        [word],
    )
    word = maker.word()
    maker.add(
        "eml/mark-first.eml",
        "\ufeff" + mail(f"About {word}."),
        "encoding",
        "eml",
        "read",
        "a byte order mark before the headers",
        [word],
    )
    maker.add("eml/noise.eml", maker.noise(20_000), "garbage", "eml", "either", "random bytes")


def _attachments(maker: Maker) -> None:
    bomb = zip_raw([Entry.bomb("zeros.txt", b"", bytes(MEGABYTE), 256)])
    for name, part, kind, note in (
        (
            "attached-escape",
            attachment("../../../../tmp/escaped.txt", b"out"),
            "escape",
            "an attachment named to escape",
        ),
        (
            "attached-absolute",
            attachment("/tmp/escaped.txt", b"out"),
            "escape",
            "an attachment with an absolute name",
        ),
        ("attached-bomb", attachment("a.zip", bomb, "application/zip"), "bomb", "a ZIP bomb attached"),
        (
            "attached-broken",
            attachment("a.pdf", b"%PDF-1.7\n", "application/pdf"),
            "truncated",
            "a broken PDF attached",
        ),
        (
            "attached-noise",
            attachment("winmail.dat", maker.noise(5000), "application/ms-tnef"),
            "garbage",
            "random bytes as winmail.dat",
        ),
        (
            "attached-lie",
            attachment("a.txt", maker.noise(5000), "text/plain"),
            "disguise",
            "random bytes which claim to be text",
        ),
        (
            "attached-long-name",
            attachment("a" * 100_000 + ".txt", b"text"),
            "name",
            "an attachment with a name of 100 kB",
        ),
        (
            "attached-same",
            "\n--b\n".join([attachment("a.txt", b"text")] * 1000),
            "duplicate",
            "1,000 attachments of one name",
        ),
        (
            "attached-2000",
            "\n--b\n".join(attachment(f"{n}.txt", b"text") for n in range(2000)),
            "many",
            "2,000 attachments",
        ),
        (
            "attached-encoded",
            attachment("=?utf-8?B?Li4vLi4vZXNjYXBlZC50eHQ=?=", b"out"),
            "escape",
            "an encoded name which escapes",
        ),
    ):
        word = maker.word()
        maker.add(
            f"eml/{name}.eml",
            part_mail("b", f"\nAbout {word}.\n", part),
            kind,
            "eml",
            "read",
            f"a letter with {note}",
            [word],
        )
    word, inner = maker.word(), maker.word()
    parts = part_mail("b", f"\nAbout {word}.\n", attachment("a.docx", healthy("docx", inner)))
    maker.add(
        "eml/attached-healthy.eml",
        parts,
        "healthy",
        "eml",
        "read",
        f"a healthy letter; a DOCX with {inner} is attached and may be found",
        [word],
    )


def _boxes(maker: Maker) -> None:
    start = "From ann@example.org Fri May 17 10:00:00 2024\n"
    one = start + mail("About nothing.") + "\n"
    for name, text, kind, expect, note in (
        ("from-inside", start + mail("text\nFrom here on\nit is about @.\n"), "odd", "read", "a line of text which begins with From"),
        ("from-missing", mail("About @."), "damaged", "either", "the first line is missing"),
        ("from-only", start * 10_000 + mail("About @."), "many", "either", "10,000 lines which begin a mail, and one mail"),
        ("from-bad", "From \n" + mail("About @."), "damaged", "either", "a first line without sender and date"),
        ("length-lie", start + "Content-Length: 999999999\n" + mail("About nothing.") + "\n" + start + mail("About @."), "lie", "read",
         "a mail which claims 1 GB"),
        ("length-negative", start + "Content-Length: -5\n" + mail("About @."), "lie", "read", "a mail which claims -5 bytes"),
        ("mails-3000", one * 3_000 + start + mail("About @."), "many", "read", "3,001 mails; the word is in the last"),
        ("bad-among", one + start + "\xff\0\0\0\n" * 50 + "\n" + start + mail("About @."), "damaged", "read", "garbage between two mails"),
        ("open-boundary", start + mail("--b\n\ntext", 'Content-Type: multipart/mixed; boundary="b"\n') + "\n" + start + mail("About @."),
         "structure", "read",
         "a mail without its last boundary, then a healthy one"),
        ("noise-tail", one + start + mail("About @.") + "\x00\x01\x02" * 5000, "garbage", "read", "two mails, then zero bytes"),
        ("returns", (start + mail("About @.")).replace("\n", "\r\n"), "odd", "read", "lines end in CR LF"),
        ("same-id", one * 50 + start + mail("About @."), "duplicate", "read", "51 mails with one message id"),
    ):  # fmt: skip
        word = maker.word()
        maker.add(f"mbox/{name}.mbox", text.replace("@.", f"{word}."), kind, "mbox", expect, note, [word])
