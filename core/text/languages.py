"""Which language a text is in: by its script, and by the small words that every text of a language is full of.

Made for a block of a page, which may be one line: a statistical model (py3langid, lingua) always names a language, also of
a part number or a surname. Here a text that does not tell has none.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass

from core.text.characters import HANGUL, count_han, count_japanese

JAPANESE = 0.2  # of the characters: a Japanese text, though half of it may be names and commands
LEAST, SHARE = 2, 0.1  # so many of the words, and such a share, must be small ones of the language
KNOWN = 0.9  # of the letters beyond ASCII must be the language's


@dataclass(frozen=True)
class Language:
    """What texts of a language look like: letters beyond ASCII, and the most common small words."""

    letters: frozenset[str]
    words: frozenset[str]


def _language(letters: str, words: str) -> Language:
    return Language(frozenset(letters + letters.upper()), frozenset(words.split()))


# By their codes in ISO 639-1.
LANGUAGES = {
    "en": _language("", "the and of to is in for on with that by are be at it"),
    "de": _language("äöüß", "der die das und ist im für mit den von ein eine nicht wird zu auf alle bei"),
    "fr": _language(
        "àâæçéèêëîïôœùûüÿ", "le la les de des et est un une dans pour que qui du au en à il elle"
    ),
    "es": _language("áéíñóúü¿¡ºª", "el la los de y que en un una es del se por con para no está al"),
    "it": _language("àèéìíòóùî", "il la di che e è un una per non del in con le della sono alla vicino"),
    "pt": _language("àáâãçéêíóôõúü", "o a os de do da em um uma que é não na no para com está se dos"),
    "sv": _language("åäöé", "och att det i en på är som för till den av med inte vid ett om"),
    "da": _language("æøåéö", "og at det i en på er som for til den af med ikke et skal der om før også"),
    "nl": _language("áéíëïöüĳ", "de het een en van in is dat op te voor niet met zijn aan er"),
    "fi": _language("äöåšž", "ja on ei se että joka kun mutta tai niin myös sekä ovat"),
    "is": _language("áæéíðóöþúý", "og að í er sem á til við það ekki um með var"),
    "pl": _language("ąćęłńóśźż", "i w na z się nie do jest że to o jak po co"),
    "cs": _language("áčďéěíňóřšťúůýž", "a v se na je že s z do i o k to pro ve"),
    "sk": _language("áäčďéíĺľňóôŕšťúýž", "a v sa na je že s z do i o k to pre vo"),
    "hu": _language("áéíóöőúüű", "a az és hogy nem is egy van meg ez el de csak már"),
    "ro": _language("ăâîșțşţ", "și de la în a cu pe din că nu este o un care"),
    "hr": _language("čćđšž", "i u je na da se za su od s ne što kao ili"),
    "ru": _language(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюяіїєґў№", "и в на не с что по к из у от до за как это его для"
    ),
    "el": _language("αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐΰ", "και το η ο να της του στο με για από είναι"),
    "tr": _language("çğıöşüâîûİ", "ve bir bu da de için ile olarak çok daha ne"),
    "he": _language("אבגדהוזחטיךכלםמןנסעףפץצקרשת", "של את על לא הוא עם זה אל כל או"),
    "ar": _language("ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگـًٌٍَُِّْ،؛؟", "في من على أن إلى هذا عن مع ما"),
    "lv": _language("ąčęėįšųūžāēģīķļņõäöü", "ir un ja ka kad to tai no ar par iš su"),
    "vi": _language("ăâđêôơưàảãáạằẳẵắặầẩẫấậèẻẽéẹềểễếệ", "và của là có cho các không được một"),
}

_HAVE: dict[str, list[str]] = defaultdict(list)  # the languages that have a small word
for _code, _one in LANGUAGES.items():
    for _small in _one.words:
        if len(_small) > 1 or not _small.isascii():  # y, w and the like are letters in a formula, or keys
            _HAVE[_small].append(_code)

_WORD = re.compile(r"[^\W\d_]+")
_HANGUL = re.compile(f"[{HANGUL}]")
_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_CHINESE = re.compile("[的是了在不和我你他她这這那们們就也]")


def mostly_japanese(text: str) -> bool:
    """Whether a text, which may hold names and commands in Latin letters, is Japanese (or Chinese)."""
    return count_japanese(text) > JAPANESE * len(text)


def tell(text: str) -> str:
    """The language of a text, as its code in ISO 639-1; '' where the text does not tell."""
    if mostly_japanese(text):
        if _KANA.search(text):
            return "ja"
        return "zh" if len(_CHINESE.findall(text)) > max(1, 0.05 * count_han(text)) else ""
    if len(_HANGUL.findall(text)) > JAPANESE * len(text):
        return "ko"
    words = [word.lower() for word in _WORD.findall(text)]
    small = Counter(code for word in words for code in _HAVE.get(word, ()))
    own = [c for word in words for c in word if c > "\x7f"]
    likely = sorted(
        (
            (count, code)
            for code, count in small.items()
            if sum(c in LANGUAGES[code].letters for c in own) >= KNOWN * len(own)
        ),
        reverse=True,
    )
    if not likely or (len(likely) > 1 and likely[0][0] == likely[1][0]):
        return ""
    count, code = likely[0]
    return code if count >= max(LEAST, SHARE * len(words)) else ""
