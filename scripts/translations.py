"""Translations: gettext catalogues under resources/translations.

translations.py compile   .po -> .mo, where the .po is newer (setup calls this; standard library only)
translations.py update    collect the sources' strings into the .po files (needs Babel)
"""

from __future__ import annotations

import ast
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "resources/translations"
DOMAIN = "tsukue"
# Functions whose first literal argument is a string for people: see desktop/i18n.py and core/errors.py.
KEYWORDS = {"tr": None, "tr_n": (1, 2), "N_": None}


def read_po(path: Path) -> dict[str, str]:
    """Parse a .po file into {msgid: msgstr}; plural forms are joined by NUL as the .mo format wants."""
    messages: dict[str, str] = {}
    entry: dict[str, str] = {}
    field, fuzzy = "", False

    def flush() -> None:
        nonlocal fuzzy
        if "msgid" in entry and not fuzzy:
            plural = entry.get("msgid_plural")
            key = entry["msgid"] + (f"\0{plural}" if plural is not None else "")
            forms = [entry[name] for name in sorted(entry) if name.startswith("msgstr")]
            if all(forms):
                messages[key] = "\0".join(forms)
        entry.clear()
        fuzzy = False

    for raw in path.read_text(encoding="utf-8").splitlines():
        line = raw.strip()
        if line.startswith("#,") and "fuzzy" in line:
            flush()
            fuzzy = True
        elif line.startswith("#") or not line:
            if not line:
                flush()
        elif line.startswith('"'):
            entry[field] += ast.literal_eval(line)
        else:
            field, _, value = line.partition(" ")
            if field == "msgid" and "msgid" in entry:
                flush()
            entry[field] = ast.literal_eval(value)
    flush()
    return messages


def write_mo(messages: dict[str, str], path: Path) -> None:
    """Write the binary catalogue that Python's gettext reads (GNU gettext manual, 'The Format of GNU MO Files')."""
    keys = sorted(messages, key=lambda key: key.encode())
    ids, strings, index = b"", b"", []
    for key in keys:
        source, target = key.encode(), messages[key].encode()
        index.append((len(source), len(ids), len(target), len(strings)))
        ids += source + b"\0"
        strings += target + b"\0"
    start_ids = 7 * 4 + 16 * len(keys)
    start_strings = start_ids + len(ids)
    header = struct.pack("<7I", 0x950412DE, 0, len(keys), 28, 28 + 8 * len(keys), 0, 0)
    table = b"".join(struct.pack("<2I", length, start_ids + offset) for length, offset, _, _ in index)
    table += b"".join(struct.pack("<2I", length, start_strings + offset) for _, _, length, offset in index)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(header + table + ids + strings)


def compile_all() -> None:
    for po in sorted(FOLDER.glob("*.po")):
        mo = FOLDER / po.stem / "LC_MESSAGES" / f"{DOMAIN}.mo"
        if not mo.exists() or mo.stat().st_mtime < po.stat().st_mtime:
            write_mo(read_po(po), mo)


def template() -> object:
    """The catalogue of all strings for people that the sources contain (a Babel Catalog)."""
    from babel.messages.catalog import Catalog
    from babel.messages.extract import extract_from_dir

    catalog = Catalog(project="Tsukue", domain=DOMAIN, charset="utf-8")
    for folder in ("core", "desktop", "sound"):
        found = extract_from_dir(str(ROOT / folder), method_map=[("**.py", "python")], keywords=KEYWORDS)
        for file, line, message, _, _ in found:
            catalog.add(message, locations=[(f"{folder}/{file}", line)])
    return catalog


def update() -> None:
    from babel.messages.pofile import read_po as babel_read
    from babel.messages.pofile import write_po

    for po in sorted(FOLDER.glob("*.po")):
        with po.open("rb") as data:
            catalog = babel_read(data, locale=po.stem, domain=DOMAIN)
        catalog.update(template(), no_fuzzy_matching=True)
        catalog.obsolete.clear()
        with po.open("wb") as out:
            write_po(out, catalog, width=0, omit_header=False, include_lineno=False, sort_output=True)
        missing = [
            message.id
            for message in catalog
            if message.id
            and not all([message.string] if isinstance(message.string, str) else message.string or [""])
        ]
        print(f"{po.name}: {len(catalog)} strings, {len(missing)} not translated")
        for text in missing:
            print(f"  {text!r}")


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in ("compile", "update"):
        sys.exit(__doc__)
    compile_all() if sys.argv[1] == "compile" else update()
