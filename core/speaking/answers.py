"""What is said of an answer: first what the documents say, with its page; then the answer; then what one should know of it."""

from __future__ import annotations

from collections.abc import Sequence

from core.chat.conversation import Source
from core.documents import formats
from core.speaking import spoken
from core.speaking.spoken import Sentence
from core.text import languages

_SAYS = {
    "en": "{place} says:",
    "ja": "{place}には、こう書かれています。",
}
_IS_SAID = {
    "en": "In {place}, it is said:",
    "ja": "{place}で、こう話されています。",
}
_PLACES = {
    "en": {
        "page": "{file}, page {page}",
        "slide": "{file}, slide {page}",
        "sheet": "{file}, sheet {page}",
        "minute": "{file}, minute {page}",
    },
    "ja": {
        "page": "{file}の{page}ページ",
        "slide": "{file}の{page}枚目のスライド",
        "sheet": "{file}の{page}枚目のシート",
        "minute": "{file}の{page}分目",
    },
}
_WRITTEN_ENDINGS = (
    ".pdf",
    ".docx",
    ".doc",
    ".md",
    ".txt",
    ".html",
    ".xlsx",
    ".pptx",
    ".odt",
    ".epub",
    ".csv",
)
_SAID_ENDINGS = (*_WRITTEN_ENDINGS, *formats.RECORDING.suffixes)


def of_answer(
    text: str, quotation: Source | None = None, notes: Sequence[str] = (), usual: str = "en"
) -> list[Sentence]:
    """The sentences of an answer in Markdown. `quotation` is the best sentence of the documents, where they were asked."""
    found: list[Sentence] = []
    if quotation is not None and quotation.text.strip():
        language = languages.tell(quotation.text) or usual
        language = language if language in ("en", "ja") else "en"
        says = _IS_SAID if formats.unit_of(quotation.file) == formats.RECORDING.unit else _SAYS
        found.append(Sentence(says[language].format(place=_place(quotation, language)), language, ""))
        found += [Sentence(one.text, one.language, "") for one in spoken.of_text(quotation.text, language)]
    found += spoken.of_markdown(text, usual)
    for note in notes:
        found += [Sentence(one.text, one.language, "") for one in spoken.of_text(note, usual)]
    return found


def _place(source: Source, language: str) -> str:
    """A file and its page, as one says them: without the folder, the ending and the joints of its name."""
    name = source.file.replace("\\", "/").rsplit("/", 1)[-1]
    for ending in _SAID_ENDINGS:
        if name.casefold().endswith(ending):
            name = name[: -len(ending)]
            break
    for tag in (".en", ".ja"):  # of manuals in several languages
        name = name.removesuffix(tag)
    said = name.replace("_", " ").replace("-", " ")
    if source.page is None:
        return said
    places = _PLACES[language]
    return places.get(formats.unit_of(source.file), places["page"]).format(file=said, page=source.page)
