"""English words as Japanese say them: phonemes to katakana, by the habits with which Japanese borrows words.

Open JTalk's dictionary knows some hundreds of them; others it spells letter by letter (`latin.py` tells which). A vowel that English swallows is said as it is
written ("Notion": the o's), one at the end of a short word is cut off by a small ッ ("click": クリック), -er is long (サーバー).
"""

from __future__ import annotations

import re

from core.speaking import kana

_PLAIN = {"z": "ʣ", "v": "b", "l": "ɾ", "ɹ": "ɾ", "θ": "s", "ð": "ʣ"}  # said as Japanese say these
_ROWS = {
    **kana.ROWS,
    **{sound: kana.ROWS[like] for sound, like in _PLAIN.items()},
    "t": ("タ", "ティ", "トゥ", "テ", "ト"),
    "T": ("タ", "ティ", "トゥ", "テ", "ト"),
    "d": ("ダ", "ディ", "ドゥ", "デ", "ド"),
    "f": ("ファ", "フィ", "フ", "フェ", "フォ"),
    "ʃ": ("シャ", "シ", "シュ", "シェ", "ショ"),
    "ʧ": ("チャ", "チ", "チュ", "チェ", "チョ"),
    "ʤ": ("ジャ", "ジ", "ジュ", "ジェ", "ジョ"),
    "ʒ": ("ジャ", "ジ", "ジュ", "ジェ", "ジョ"),
    "w": ("ワ", "ウィ", "ウ", "ウェ", "ウォ"),
    "j": ("ヤ", "イ", "ユ", "イェ", "ヨ"),
    "ŋ": ("ンガ", "ンギ", "ング", "ンゲ", "ンゴ"),
}
_ALONE = {
    "t": "ト",
    "T": "ト",
    "d": "ド",
    "ʧ": "チ",
    "ʤ": "ジ",
    "ʃ": "シュ",
    "ʒ": "ジュ",
    "n": "ン",
    "ŋ": "ング",
    "j": "イ",
    "w": "ウ",
}
# Vowels of Kokoro's alphabet: which of アイウエオ, and what follows.
_VOWELS = {
    "A": (3, "イ"),
    "I": (0, "イ"),
    "O": (4, "ー"),
    "Q": (4, "ー"),
    "W": (0, "ウ"),
    "Y": (4, "イ"),
    "a": (0, ""),
    "i": (1, "ー"),
    "u": (2, "ー"),
    "æ": (0, ""),
    "ɑ": (0, ""),
    "ɒ": (4, ""),
    "ɔ": (4, ""),
    "ə": (0, ""),
    "ɐ": (0, ""),
    "ᵊ": (0, ""),
    "ɛ": (3, ""),
    "ɜ": (0, "ー"),
    "ɪ": (1, ""),
    "ʊ": (2, ""),
    "ʌ": (0, ""),
    "ᵻ": (1, ""),
}
_AS_WRITTEN = {"a": 0, "e": 3, "i": 1, "o": 4, "u": 0, "y": 1}
_SWALLOWED = "əɐᵊᵻ"
_BEFORE_STOP = "æɛɪʌʊɑɒɔ"
_STOPS = "ptkdʧʤʃf"
# What is heard, after a short vowel, behind a small ッ where it is written so.
_DOUBLED = {"p": "pp", "tT": "tt", "k": "kk|ck|ook|cc", "ʃ": "ss", "x": "x(?:e[sd])?$"}
_SYLLABLES = 4  # in words of so many a "u" is short ("コミュニティー")


def katakana(word: str, phonemes: str) -> str:
    """How a word with these phonemes (Kokoro's alphabet) is said in Japanese."""
    phonemes = phonemes.replace("ɾ", "T").replace("ʔ", "t")
    word = word.lower()
    if re.search("[^aeiouy]les?$", word):
        phonemes = re.sub("[əᵊ](l[sz]?)$", r"\1", phonemes)
    phonemes = re.sub("ə(Ti|ti)$", r"ɪ\1", phonemes)
    sounds = re.findall(r"[^ˈˌː\s'-]", phonemes)
    syllables = sum(one in _VOWELS for one in sounds)
    letters = _vowel_letters(word, syllables)
    if word.startswith("re") and sounds[1:2] == ["ə"]:
        sounds[1] = "ɪ"
    prefix = re.match("de(?![aeiou])|pre(?![aeiou])", word)
    if prefix and len(sounds) > len(prefix[0]) and sounds[len(prefix[0]) - 1] in "əɪi":
        sounds[len(prefix[0]) - 1] = "ɛ"
    if word.startswith("ex") and sounds[0] == "ɪ":
        sounds[0] = "ɛ"
    doubled = "".join(heard for heard, written in _DOUBLED.items() if re.search(written, word))
    out, number, index = "", 0, 0
    while index < len(sounds):
        sound = sounds[index]
        following = sounds[index + 1] if index + 1 < len(sounds) else ""
        if sound in _VOWELS:
            out, index = _vowel(out, "", sounds, index, letters[number], doubled)
            number += 1
        elif following in _VOWELS:
            out, index = _vowel(out, sound, sounds, index + 1, letters[number], doubled)
            number += 1
        elif following == "j" and index + 2 < len(sounds) and sounds[index + 2] in ("u", "ʊ", "ə", "ɜ"):
            out += (_ROWS[sound][1] if sound in _ROWS else "") + "ュ"
            long = sounds[index + 2] in "uɜ" and (syllables < _SYLLABLES or index + 3 == len(sounds))
            index += 3
            out += "ー" if long else ""
            if index < len(sounds) and sounds[index] == "ɹ" and not _vowel_after(sounds, index):
                out += "ア" if sounds[index - 1] == "ʊ" else ""
                index += 1
            number += 1
        else:
            out, index = _consonant(out, sounds, index)
    return re.sub(r"ーー+", "ー", out)


def _vowel_after(sounds: list[str], index: int) -> bool:
    return index + 1 < len(sounds) and sounds[index + 1] in _VOWELS


def _vowel_letters(word: str, count: int) -> list[str]:
    """For each vowel that is heard the letters that it is written with; '' where they do not fit."""
    word = word.replace("qu", "q")
    silent = re.sub(r"(?<=[^aeiouy])e(s?)$", r"\1", word) if len(word) > 3 else word
    for form in (silent, word):
        groups = re.findall(r"[aeiouy]+", re.sub(r"^y|(?<=[aeiou])y(?=[aeiou])", "", form))
        if len(groups) == count:
            return groups
    return [""] * count


def _vowel(out: str, before: str, sounds: list[str], at: int, letters: str, doubled: str) -> tuple[str, int]:
    """Add a vowel with the consonant before it; what comes next. `doubled`: consonants that are written twice."""
    sound = sounds[at]
    row, more = _VOWELS[sound]
    following = sounds[at + 1] if at + 1 < len(sounds) else ""
    last = at == len(sounds) - 1
    ends = at + 2 >= len(sounds)
    if following == "ɹ" and not _vowel_after(sounds, at + 1):
        at += 1
        more = {"ɪ": "ア", "i": "ア", "ɛ": "ア", "ʊ": "ア", "I": "イア", "W": "ワー"}.get(sound, "ー")
        if sound == "ɔ" and at == len(sounds) - 1:
            more = "ア"
        if sound == "ə" and at < len(sounds) - 1 and letters[:1] == "o":
            row = 4
    elif (sound == "ɜ" and following == "ɹ") or (
        sound == "A" and following == "n" and sounds[at + 2 : at + 3] == ["ʤ"]
    ):
        more = ""
    elif sound in _SWALLOWED and letters:
        row = _AS_WRITTEN.get(letters[0], row)
        if sound == "ə" and letters in ("io", "ia", "iou", "eo"):
            row = {"io": 4, "ia": 0, "iou": 0, "eo": 4}[letters]
        if sound == "ᵻ":
            row = 1 if letters[0] in "iy" else 3
    elif sound == "ɪ" and letters[:1] == "a":
        row = 3
    elif sound == "ɑ":
        row = 4 if letters[:1] == "o" else 0
        more = "ー" if last else ""
    elif sound == "ɔ":
        more = (
            "ー" if letters in ("au", "aw", "a", "ou", "oa") or (following == "l" and letters == "a") else ""
        )
    elif sound == "A" and letters in ("a", "ai", "ay"):
        more = "ー"
    elif (
        (sound == "i" and not last and (following in _VOWELS or (letters in ("i", "e", "y") and not ends)))
        or (
            sound == "O"
            and not last
            and letters == "o"
            and following in "tT"
            and _vowel_after(sounds, at + 1)
        )
        or (sound == "i" and last and letters == "i")
    ):
        more = ""
    last_stop = at + 2 == len(sounds) and following in _STOPS
    if before == "t" and sound == "u":
        return out + "ツ" + more, at + 1
    if before == "ʧ" and letters == "io":
        before = "ʃ"
    if before == "w" and out.endswith("ク") and row in (1, 3):
        before = ""
    said = _ROWS[before][row] if before in _ROWS else ""
    if sound == "æ" and (before == "k" or (before == "ɡ" and last_stop)):
        said = _ROWS[before][1] + "ャ"
    out += said + more
    if sound in _BEFORE_STOP and not more:
        out += _stopped(sounds, at, doubled)
    return out, at + 1


def _stopped(sounds: list[str], at: int, doubled: str) -> str:
    """A small ッ where a short vowel is cut off by a stop at the end of a word."""
    rest = sounds[at + 1 :]
    if not rest or rest[0] not in _STOPS + doubled:
        return ""
    if rest[:2] == ["k", "s"] and "x" in doubled and len(rest) < 4:
        return "ッ"
    if rest[0] in "ptk" and len(rest) > 2 and rest[1] in "bfdɡmw":
        return "ッ"
    if len(rest) == 1 or (len(rest) == 2 and rest[1] in "sz" and rest[0] in "ptkd"):
        return "ッ"
    if len(rest) > 1 and rest[1] in "iɪəᵊɜ" and rest[0] in doubled:
        return "ッ"
    return ""


def _consonant(out: str, sounds: list[str], index: int) -> tuple[str, int]:
    """Add a consonant that no vowel follows."""
    sound = sounds[index]
    following = sounds[index + 1] if index + 1 < len(sounds) else ""
    if sound in "tT" and following == "s" and not _vowel_after(sounds, index + 1):
        return out + "ツ", index + 2
    if sound == "d" and following == "z" and not _vowel_after(sounds, index + 1):
        return out + "ズ", index + 2
    if sound == "t" and following == "ɹ" and sounds[index + 2 : index + 3] in (["i"], ["u"]):
        return out + ("ツ" if sounds[index + 2] == "i" else "トゥ"), index + 1
    if sound == "m" and following in ("p", "b"):
        return out + "ン", index + 1
    if sound == "ŋ":
        return out + ("ン" if following in ("k", "ɡ") else "ング"), index + 1
    if sound == "ɹ":
        return out + ("" if out.endswith("ー") else "ル"), index + 1
    return out + _ALONE.get(sound, _ROWS[sound][2] if sound in _ROWS else ""), index + 1
