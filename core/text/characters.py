"""Character ranges by script, and when two spellings count as the same.

Ranges are for the inside of a regular expression's brackets. Each module joins those it needs; what differs
between them differs on purpose, and is named where they are joined.
"""

from __future__ import annotations

import re
import unicodedata

MARKS = "\u3005-\u3007"  # 々〆〇: written like Han characters
HIRAGANA = "\u3041-\u309f"
KATAKANA = "\u30a0-\u30ff"  # with ・ and ー
KANA = f"\u3040{HIRAGANA}{KATAKANA}"
KATAKANA_SMALL = "\u31f0-\u31ff"  # for Ainu
HAN_COMMON = "\u4e00-\u9fff"
HAN = f"\u3400-\u4dff{HAN_COMMON}"
HAN_COMPATIBLE = "\uf900-\ufaff"  # doubles of others, such as 﨑 (which is none)
HAN_RARE = "\U00020000-\U0003ffff"
HANGUL = "\uac00-\ud7af"
PUNCTUATION = "\u3000-\u303f"  # the wide space, 、。「」 and the like; MARKS are among them
HALF_KATAKANA = "\uff66-\uff9f"
WIDE_FORMS = "\uff00-\uffef"  # full-width Latin, HALF_KATAKANA

# Written without spaces between words; looked for in pairs of characters (core/storage/fulltext.py).
UNSPACED = f"{MARKS}{KANA}{KATAKANA_SMALL}{HAN}{HANGUL}{HAN_COMPATIBLE}{HAN_RARE}"
# By this a text is taken for Japanese.
JAPANESE = f"{MARKS}{HIRAGANA}{KATAKANA}{HAN}{HAN_COMPATIBLE}"

_JAPANESE = re.compile(f"[{JAPANESE}]")
_HAN = re.compile(f"[{HAN}]")


def is_japanese(text: str) -> bool:
    """Whether there is a kana or a Han character in a text."""
    return _JAPANESE.search(text) is not None


def count_japanese(text: str) -> int:
    """How many kana and Han characters a text has."""
    return len(_JAPANESE.findall(text))


def count_han(text: str) -> int:
    """How many Han characters a text has."""
    return len(_HAN.findall(text))


def width(text: str) -> str:
    """Full-width and half-width forms, ligatures and other doubles of a character as the character itself (NFKC)."""
    return unicodedata.normalize("NFKC", text)


# Other forms of a kanji, each with the usual one.
_USUAL = dict(
    zip(
        "髙﨑邊邉齋齊斉濵濱澤櫻廣國學會圓讀龍瀧嶋嶌冨舘槇鷗",
        "高崎辺辺斎斎斎浜浜沢桜広国学会円読竜滝島島富館槙鴎",
        strict=True,
    )
)
_TO_USUAL = str.maketrans(_USUAL)
OTHER_FORMS = {usual: [other for other, one in _USUAL.items() if one == usual] for usual in _USUAL.values()}
_LONG_END = re.compile("(?<=[ァ-ヺー]{2}[ァ-ヺ])ー(?![ァ-ヺー])")


def usual(text: str) -> str:
    """Other forms of a kanji as the usual one (髙橋, 渡邊), and サーバー as サーバ: the same word, written either way."""
    return _LONG_END.sub("", text.translate(_TO_USUAL))


def normalise(text: str) -> str:
    """`width`, and upper and lower case count as the same."""
    return width(text).casefold()


def utf16_length(text: str) -> int:
    """How many characters a text has as Qt counts them, which are UTF-16's code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
