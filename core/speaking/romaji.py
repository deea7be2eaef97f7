"""Japanese in Latin letters ("shinjuku"), as names of people and places come in texts, in katakana."""

from __future__ import annotations

import re

from core.speaking import kana

_SYLLABLES = re.compile(
    r"(?:(?:[kgsztdnhbpmr]y|sh|ch|ts|[kgsztdnhbpmyrwjf])?[aiueo]|n(?![aiueoy])|([kstp])(?=\1)|t(?=ch))+"
)
_LIKE = {"g": "ɡ", "z": "ʣ", "r": "ɾ"}  # as kana.py names these consonants
_ROWS = {
    **{letter: kana.ROWS[_LIKE.get(letter, letter)] for letter in ("", *"kgsztdnhbpmr")},
    "y": "ヤイユエヨ",
    "w": "ワイウエオ",
    "f": ("ファ", "フィ", "フ", "フェ", "フォ"),
    "j": ("ジャ", "ジ", "ジュ", "ジェ", "ジョ"),
    "sh": ("シャ", "シ", "シュ", "シェ", "ショ"),
    "ch": ("チャ", "チ", "チュ", "チェ", "チョ"),
    "ts": ("ツァ", "ツィ", "ツ", "ツェ", "ツォ"),
}


def katakana(word: str) -> str:
    """Small letters that can be nothing but Japanese syllables ("shinjuku"), in katakana; '' for others."""
    if not _SYLLABLES.fullmatch(word) or word.endswith(("k", "s", "t", "p")):
        return ""
    out = ""
    for consonant, vowel, alone in re.findall("([^aiueon]*n?y?)([aiueo])|(n|[kstp])", word):
        if alone:
            out += "ン" if alone == "n" else "ッ"
            continue
        while len(consonant) > 1 and (consonant[0] == consonant[1] or consonant.startswith("tch")):
            out, consonant = out + "ッ", consonant[1:]
        at = "aiueo".index(vowel)
        if consonant in _ROWS:
            out += _ROWS[consonant][at]
        elif consonant.endswith("y") and consonant[:-1] in _ROWS and vowel in "auo":
            out += _ROWS[consonant[:-1]][1] + {"a": "ャ", "u": "ュ", "o": "ョ"}[vowel]
        elif consonant[:1] == "n" and consonant[1:] in _ROWS:
            out += "ン" + _ROWS[consonant[1:]][at]
        else:
            return ""
    return out
