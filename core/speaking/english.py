"""How English is pronounced: words to the phonemes that Kokoro's voices were trained on. Runs in the speech worker.

Words are looked up (hexgrad's misaki, 90,000 of them); endings of known words, and letters, follow rules; what is left is
spelt to sound by a small network (g2p_en's). Both travel with the voice, as data: the packages around them need spaCy, NLTK,
espeak-ng (GPL) and downloads.
"""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import numpy as np
import numpy.typing as npt

from core.speaking.english_numbers import written_out

Array = npt.NDArray[np.float32]

_TOKEN = re.compile(r"[A-Za-z]+(?:'[A-Za-z]+)*|[;:,.!?—…“”]|-")
_VOWELS = frozenset("AIOQWYaiuæɑɒɔəɛɜɪʊʌᵻ")
_VOICED_BEFORE_T = frozenset("AIOWYiuæɑəɛɪɹʊʌ")  # an American t after these, between vowels, is a flap
_LONGEST_LETTERS = 5  # capitals that are said letter by letter

# ARPAbet, in which the network answers, to Kokoro's alphabet.
_ARPA = dict(
    zip(
        [
            "AA",
            "AE",
            "AO",
            "AW",
            "AY",
            "EH",
            "EY",
            "IH",
            "IY",
            "OW",
            "OY",
            "UH",
            "UW",
            "B",
            "CH",
            "D",
            "DH",
            "F",
            "G",
            "HH",
            "JH",
            "K",
            "L",
            "M",
            "N",
            "NG",
            "P",
            "R",
            "S",
            "SH",
            "T",
            "TH",
            "V",
            "W",
            "Y",
            "Z",
            "ZH",
        ],
        [
            "ɑ",
            "æ",
            "ɔ",
            "W",
            "I",
            "ɛ",
            "A",
            "ɪ",
            "i",
            "O",
            "Y",
            "ʊ",
            "u",
            "b",
            "ʧ",
            "d",
            "ð",
            "f",
            "ɡ",
            "h",
            "ʤ",
            "k",
            "l",
            "m",
            "n",
            "ŋ",
            "p",
            "ɹ",
            "s",
            "ʃ",
            "t",
            "θ",
            "v",
            "w",
            "j",
            "z",
            "ʒ",
        ],
        strict=True,
    )
)
# The network's own list of what it can answer (g2p_en 2.1.0, `g2p.py`).
_ANSWERS = ["<pad>", "<unk>", "<s>", "</s>", *["AA0", "AA1", "AA2", "AE0", "AE1", "AE2", "AH0", "AH1", "AH2", "AO0", "AO1", "AO2", "AW0", "AW1", "AW2", "AY0", "AY1", "AY2", "B", "CH", "D", "DH", "EH0", "EH1", "EH2", "ER0", "ER1", "ER2", "EY0", "EY1", "EY2", "F", "G", "HH", "IH0", "IH1", "IH2", "IY0", "IY1", "IY2", "JH", "K", "L", "M", "N", "NG", "OW0", "OW1", "OW2", "OY0", "OY1", "OY2", "P", "R", "S", "SH", "T", "TH", "UH0", "UH1", "UH2", "UW", "UW0", "UW1", "UW2", "V", "W", "Y", "Z", "ZH"]]  # fmt: skip
_STRESS = {"1": "ˈ", "2": "ˌ"}
_LONGEST_ANSWER = 20


class English:
    """`folder` holds `us_gold.json` and `spelling.npz`."""

    def __init__(self, folder: Path) -> None:
        self._words: dict[str, str | dict[str, str | None]] = json.loads(
            (folder / "us_gold.json").read_text(encoding="utf-8")
        )
        with np.load(folder / "spelling.npz") as weights:
            self._weights = {name: np.asarray(weights[name], np.float32) for name in weights.files}

    def phonemes(self, text: str) -> str:
        """The phonemes of a sentence, with its marks."""
        letters = unicodedata.normalize("NFKD", written_out(text).replace("’", "'"))
        letters = "".join(c for c in letters if not unicodedata.combining(c))
        tokens = _TOKEN.findall(letters)
        out = ""
        for index, token in enumerate(tokens):
            if token == "-":
                out = out.rstrip() + " "
            elif not token[0].isalpha():
                out = out.rstrip() + token + " "
            else:
                following = tokens[index + 1] if index + 1 < len(tokens) else ""
                out += self._in_sentence(token, following) + " "
        return out.strip().replace("ɾ", "T").replace("ʔ", "t")

    def knows(self, word: str) -> bool:
        """Whether it is a word, or a form of one, of the list."""
        return bool(self._known(word) or self._ending(word.lower()))

    def _in_sentence(self, word: str, following: str) -> str:
        """Small words are said otherwise before others than by themselves."""
        small = word.lower()
        goes_on = following[:1].isalpha()
        vowel = goes_on and next((c in _VOWELS for c in self.word(following) if c not in "ˈˌ"), False)
        if small == "the":
            return "ði" if vowel else "ðə"
        if small == "to" and goes_on:
            return "tʊ" if vowel else "tə"
        if small in ("a", "an") and goes_on:
            return "ɐ" if small == "a" else "ɐn"
        if small == "i":
            return "ˌI"
        return self.word(word)

    def word(self, word: str) -> str:
        """The phonemes of a word by itself."""
        known = self._known(word)
        if known:
            return known
        if word.isupper() and 1 < len(word) <= _LONGEST_LETTERS:
            return self._letters(word)
        if re.fullmatch("[A-Z]{2,5}s", word):
            return self._letters(word[:-1]) + "z"
        ending = self._ending(word.lower())
        if ending:
            return ending
        parts = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z']+", word)
        if len(parts) > 1:
            return "".join(self.word(part) for part in parts)
        return self._spelling(re.sub("[^a-z]", "", word.lower()))

    def _known(self, word: str) -> str:
        for form in (word, word.lower(), word.capitalize()):
            found = self._words.get(form)
            if isinstance(found, dict):
                found = found.get("DEFAULT")
            if found:
                return found
        return ""

    def _letters(self, word: str) -> str:
        """Each by its name, the last with the stress."""
        said = "".join(self._known(letter).replace("ˈ", "ˌ") for letter in word)
        at = said.rfind("ˌ")
        return said if at < 0 else said[:at] + "ˈ" + said[at + 1 :]

    def _ending(self, word: str) -> str:
        """Plurals, pasts and -ing of known words."""
        stem = ""
        if word.endswith("'s"):
            stem = self._known(word[:-2]) or self.word(word[:-2])
        elif word.endswith("s") and not word.endswith("ss"):
            forms = (
                word[:-1],
                word[:-2] if word.endswith("es") else "",
                word[:-3] + "y" if word.endswith("ies") else "",
            )
            stem = next(filter(None, map(self._known, filter(None, forms))), "")
        if stem:
            hiss = stem[-1] in "szʃʒʧʤ"
            return stem + ("ᵻz" if hiss else "s" if stem[-1] in "ptkfθ" else "z")
        for ending, said in (("ed", "d"), ("ing", "ɪŋ")):
            if not word.endswith(ending):
                continue
            bare = word[: -len(ending)]
            forms = (bare, bare + "e", bare[:-1] if bare[-1:] == bare[-2:-1] else "")
            stem = next(filter(None, map(self._known, filter(None, forms))), "")
            if not stem:
                continue
            if stem[-1] == "t" and stem[-2:-1] in _VOICED_BEFORE_T and (ending == "ing" or said == "d"):
                stem = stem[:-1] + "ɾ"
                return stem + ("ɪŋ" if ending == "ing" else "ᵻd")
            if ending == "ed":
                said = "ᵻd" if stem[-1] in "td" else "t" if stem[-1] in "pkfθʃsʧ" else "d"
            return stem + said
        return ""

    # ------------------------------------------------------------ the network for words that nobody has written down

    def _spelling(self, word: str) -> str:
        if not word:
            return ""
        weights = self._weights
        state = np.zeros(weights["enc_w_hh"].shape[1], np.float32)
        for letter in [ord(c) - ord("a") + 3 for c in word] + [2]:
            state = self._step(weights["enc_emb"][letter], state, "enc")
        answer, out = 2, []
        for _ in range(_LONGEST_ANSWER):
            state = self._step(weights["dec_emb"][answer], state, "dec")
            answer = int((weights["fc_w"] @ state + weights["fc_b"]).argmax())
            if answer == 3:
                break
            if answer > 3:
                out.append(_kokoro(_ANSWERS[answer]))
        return "".join(out)

    def _step(self, seen: Array, state: Array, part: str) -> Array:
        """A gated recurrent unit (Cho et al. 2014), as PyTorch defines it."""
        size = len(state)
        given = self._weights[f"{part}_w_ih"] @ seen + self._weights[f"{part}_b_ih"]
        kept = self._weights[f"{part}_w_hh"] @ state + self._weights[f"{part}_b_hh"]
        reset, update = np.split(1 / (1 + np.exp(-(given[: 2 * size] + kept[: 2 * size]))), 2)
        new = np.tanh(given[2 * size :] + reset * kept[2 * size :])
        return np.asarray((1 - update) * new + update * state, np.float32)


def _kokoro(arpa: str) -> str:
    sound, stress = (arpa[:-1], arpa[-1]) if arpa[-1].isdigit() else (arpa, "")
    mark = _STRESS.get(stress, "")
    if sound == "AH":
        return mark + ("ə" if stress == "0" else "ʌ")
    if sound == "ER":
        return "əɹ" if stress == "0" else mark + "ɜɹ"
    return mark + _ARPA[sound]
