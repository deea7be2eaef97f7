"""Katakana, as pronounced, to the phonemes that Kokoro's voices were trained on (IPA; hexgrad's misaki 0.7 defines them)."""

from __future__ import annotations

# Of each consonant (those phonemes) the kana with アイウエオ.
ROWS = {
    "": "アイウエオ",
    "k": "カキクケコ",
    "ɡ": "ガギグゲゴ",
    "s": "サシスセソ",
    "ʣ": "ザジズゼゾ",
    "t": "タチツテト",
    "d": "ダヂヅデド",
    "n": "ナニヌネノ",
    "h": "ハヒフヘホ",
    "b": "バビブベボ",
    "p": "パピプペポ",
    "m": "マミムメモ",
    "ɾ": "ラリルレロ",
}
_VOWELS = "aiɯeo"
_ODD = {
    "シ": "ɕi",
    "ジ": "ʥi",
    "ス": "sɨ",
    "ズ": "zɨ",
    "チ": "ʨi",
    "ヂ": "ʥi",
    "ツ": "ʦɨ",
    "ヅ": "zɨ",
    "ニ": "ɲi",
    "ヒ": "çi",
    "フ": "ɸɯ",
    "ヤ": "ja",
    "ユ": "jɯ",
    "ヨ": "jo",
    "ワ": "βa",
    "ヰ": "i",
    "ヱ": "e",
    "ヲ": "o",
    "ヴ": "vɯ",
}
_SOFT = "kɡbpmɾ"  # consonants that are palatal before i: "kʲi"
_SMALL = {"ャ": "a", "ュ": "ɨ", "ョ": "o", "ェ": "e", "ァ": "a", "ィ": "i", "ゥ": "ɯ", "ォ": "o"}
# Consonant of a kana that a small one follows: キャ is "kʲ" + "a".
_BEFORE_SMALL = {
    "キ": "kʲ",
    "ギ": "ɡʲ",
    "シ": "ɕ",
    "ジ": "ʥ",
    "チ": "ʨ",
    "ヂ": "ʥ",
    "ニ": "ɲ",
    "ヒ": "ç",
    "ビ": "bʲ",
    "ピ": "pʲ",
    "ミ": "mʲ",
    "リ": "ɾʲ",
    "ク": "kᵝ",
    "グ": "ɡᵝ",
    "ツ": "ʦ",
    "フ": "ɸ",
    "ヴ": "v",
    "ウ": "β",
    "イ": "j",
    "テ": "tʲ",
    "デ": "dʲ",
    "ト": "t",
    "ド": "d",
    "ス": "s",
    "ズ": "z",
}


def _table() -> dict[str, str]:
    table: dict[str, str] = {}
    for consonant, kana in ROWS.items():
        for one, vowel in zip(kana, _VOWELS, strict=True):
            soft = "ʲ" if consonant in _SOFT and consonant and vowel == "i" else ""
            table[one] = consonant + soft + vowel
    table.update(_ODD)
    for first, consonant in _BEFORE_SMALL.items():
        for small, vowel in _SMALL.items():
            soft = "ʲ" if consonant in ("ɸ", "v", "ʦ") and vowel in ("i", "ɨ") else ""
            table[first + small] = consonant + soft + vowel
    for small, kana in zip("ァィゥェォャュョヮ", "アイウエオヤユヨワ", strict=True):
        table.setdefault(small, table[kana])
    return table


_TABLE = _table()


def phonemes(kana: str) -> str:
    """The phonemes of one phrase."""
    out: list[str] = []
    index = 0
    while index < len(kana):
        step = 2 if kana[index : index + 2] in _TABLE else 1
        one = kana[index : index + step]
        index += step
        after = _TABLE.get(kana[index : index + 2]) or _TABLE.get(kana[index : index + 1], "")
        if one == "ー":
            out.append("ː")
        elif one == "ッ":
            out.append("ʔ" if after else "")
        elif one == "ン":
            out.append(_nasal(after))
        else:
            out.append(_TABLE.get(one, ""))
    return "".join(out)


def _nasal(after: str) -> str:
    """ン takes on what follows it."""
    for nasal, before in (("m", "mpb"), ("ŋ", "kɡ"), ("ɲ", "ɲʨʥ"), ("n", "ntdɾz")):
        if after and after[0] in before:
            return nasal
    return "ɴ"
