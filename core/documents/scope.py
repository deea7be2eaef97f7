"""What a question is asked of: one collection or all of them, and in them the documents that it names.

`file:manual.pdf`, `folder:contracts`, `kind:pdf`, `after:2024-03` and `before:2025` in a question (「ファイル:」「フォルダ:」
「種類:」「以降:」「以前:」) narrow the search to such documents, and are no part of what is asked.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from core.documents import formats
from core.errors import NothingFits
from core.storage.documents import Document

_LABELS = {
    "file": "file|ファイル",
    "folder": "folder|フォルダー?",
    "kind": "kind|種類|形式",
    "after": "after|以降",
    "before": "before|以前",
}
# A value in quotation marks may have spaces; a web address (file://) is none.
_TERM = re.compile(
    rf"(?<![\w/-])(?P<label>{'|'.join(_LABELS.values())})[:：](?!//)"
    r"(?:\s?(?:\"(?P<double>[^\"]+)\"|「(?P<corner>[^」]+)」|“(?P<curled>[^”]+)”)|(?P<plain>[^\s\"「」“”、。？?]+))",
    re.IGNORECASE,
)
_EMPTY = re.compile(r"\s*[(（\[]\s*(?:[)）\]]|(?=[\s.?？。]|$))\s*")  # brackets around a wish, without it
_EDGES = ".,;:!)]）］」』"  # of a value without quotation marks, which belong to the sentence around it
_DATE = re.compile(r"(\d{4})(?:[-/.年](\d{1,2})(?:[-/.月](\d{1,2}))?)?[年月日]?")


@dataclass(frozen=True)
class Narrowing:
    """What is asked of the documents. Of several values of one kind one has to fit, and something of each kind.

    `after` and `before`: dates as (year,), (year, month) or (year, month, day), of the file's last change; both days count.
    """

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    after: tuple[int, ...] = ()
    before: tuple[int, ...] = ()
    typed: str = ""  # all of it, as it was typed

    def __bool__(self) -> bool:
        return bool(self.typed)

    def fits(self, document: Document, names: set[str]) -> bool:
        """Whether a document is meant; `names`: of the files, those that are there in just this form."""
        changed = datetime.fromtimestamp(document.modified or document.added)
        day = (changed.year, changed.month, changed.day)
        path = _plain(document.path.replace("\\", "/"))
        folder, _, name = path.rpartition("/")
        return (
            (not self.files or any(_called(wanted, name, path, names) for wanted in self.files))
            and (not self.folders or any(wanted.strip("/") in folder for wanted in self.folders))
            and (not self.kinds or any(wanted in _kinds(document) for wanted in self.kinds))
            and (not self.after or day[: len(self.after)] >= self.after)
            and (not self.before or day[: len(self.before)] <= self.before)
        )


NONE = Narrowing()


def _names(known: formats.Format) -> set[str]:
    """What a kind of file may be called: its key and the endings of such files."""
    return {known.key, *(suffix[1:] for suffix in known.suffixes)}


_KINDS = {name for known in formats.FORMATS for name in _names(known)}


def parse(question: str) -> tuple[str, Narrowing]:
    """A question without what narrows it, and that. A term that means nothing (after:lunch) stays with the question, as does
    everything where nothing else would be left of it."""
    values: dict[str, list[str]] = {}
    dates: dict[str, tuple[int, ...]] = {}
    typed, rest = [], question
    for match in reversed(list(_TERM.finditer(question))):
        label = next(k for k, names in _LABELS.items() if re.fullmatch(names, match["label"], re.IGNORECASE))
        value = next(filter(None, (match[name] for name in ("double", "corner", "curled", "plain"))))
        if match["plain"]:
            value = value.rstrip(_EDGES)
        if label in ("after", "before"):
            date = _DATE.fullmatch(value)
            if date is None:
                continue
            dates[label] = tuple(int(part) for part in date.groups() if part)
        else:
            named = [_plain(value).replace("\\", "/").lstrip("." if label == "kind" else "")]
            if label == "kind":
                named = named[0].split(",")
                if not _KINDS.issuperset(named):
                    continue  # a word with a colon behind it
            values.setdefault(label, []).extend(filter(None, named))
        typed.append(match[0].strip())
        rest = f"{rest[: match.start()].rstrip()} {rest[match.end() :].lstrip()}".strip()
    rest = _EMPTY.sub(" ", rest).strip()
    if not typed or not any(c.isalnum() for c in rest):
        return question, NONE
    found = Narrowing(
        tuple(values.get("file", ())),
        tuple(values.get("folder", ())),
        tuple(values.get("kind", ())),
        dates.get("after", ()),
        dates.get("before", ()),
        " ".join(reversed(typed)),
    )
    return rest, found


def documents(there: Iterable[Document], narrowing: Narrowing) -> list[int]:
    """The ids of the documents that are meant. Raises NothingFits."""
    there = [document for document in there if document.gone is None]
    names = {_plain(document.name) for document in there}.intersection(narrowing.files)
    found = [document.id for document in there if narrowing.fits(document, names)]
    if not found:
        raise NothingFits(narrowing.typed)
    return found


def of_file(name: str, *, japanese: bool = False) -> str:
    """What narrows a question to the files of this name, in words of a language."""
    if japanese:
        return f"ファイル:「{name}」" if "」" not in name else f'ファイル:"{name}"'
    return f'file:"{name}"' if '"' not in name else f"file:“{name}”"


def _plain(text: str) -> str:
    """A name as it is compared: width, case and how letters are put together do not count."""
    return unicodedata.normalize("NFKC", text).casefold()


def _called(wanted: str, name: str, path: str, names: set[str]) -> bool:
    """Whether a file is meant by what was typed: it is called so, or, where none is, that is a part of its name or path."""
    if wanted in names:
        return name == wanted
    return wanted in name or ("/" in wanted and wanted in path)


def _kinds(document: Document) -> set[str]:
    """What the kind of a document may be called: as its format, and by its own ending."""
    known = formats.BY_KEY.get(document.format)
    own = {_plain(document.name).rpartition(".")[2]}
    return own | _names(known) if known is not None else own
