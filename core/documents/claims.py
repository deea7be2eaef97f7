"""What a sentence says, taken apart to be compared: its content words, numbers, limits, and what it denies.

English words come as stems of their base forms, so that "wrote" is "write"; a few pairs that mean the same everywhere count as
one word. Japanese has no spaces: its words are runs of kanji and katakana, which are looked for as they stand or in parts.
"""

from __future__ import annotations

import re
from functools import cached_property

from core.documents import word_order
from core.storage.fulltext import STOP_WORDS
from core.text import characters, figures
from core.text.figures import Number
from core.text.stems import stem


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


def _groups(words: str) -> list[list[str]]:
    return [group.split() for group in words.split("|")]


# Words that carry no fact; they may be missing from the passage.
FILLER = STOP_WORDS | _listed(
    "also according document documents passage text states state stated says said mentions mentioned based answer however"
    " therefore thus has its per within called named given provided following means mean one ones they those even still yes"
    " well very quite really much such being having been doing done does got get got here own same other another else although"
    " though while whether someone something everything anybody somebody everybody anything upon itself himself herself"
    " themselves thereby already simply just"
)
# Small words that do carry one: what they limit is another claim without them, or with another of them.
_LIMITS = _listed("no not any some than before after all")
_MODALS = _listed("must may might shall")  # what they say, they say of all of a sentence
_NEGATIONS = _listed("not no never cannot without nor neither none")
_FORMS = {
    form: forms[0]
    for forms in _groups(
        "go went gone|write wrote written|make made|build built|give gave given|take took taken|find found|hold held|keep kept"
        "|say said|sell sold|send sent|show shown|know knew known|begin began begun|come came|become became|bring brought"
        "|buy bought|choose chose chosen|do did done|draw drew drawn|drive drove driven|eat ate eaten|fall fell fallen|feel felt"
        "|fly flew flown|grow grew grown|hear heard|lead led|lend lent|use used|lose lost|mean meant|meet met|pay paid|rise rose risen|run ran"
        "|see saw seen|sit sat|speak spoke spoken|spend spent|stand stood|steal stole stolen|teach taught|tell told"
        "|think thought|throw threw thrown|understand understood|wear wore worn|win won|break broke broken|catch caught"
        "|fight fought|forget forgot forgotten|hide hid hidden|lay laid|lie lain|shoot shot|sleep slept|strike struck|swim swam"
        "|wake woke woken|man men|woman women|child children|tooth teeth|mouse mice|person people|die dead death"
    )
    for form in forms
}
_SAME = {
    stem(word): stem(words[0])
    for words in _groups(
        "begin start commence|purchase buy|large big|use utilise utilize|help assist|show display|need require necessary"
        "|allow permit enable|forbid prohibit|about approximately around roughly|obtain receive|remove delete|choose select pick"
        "|change modify alter|picture image|often frequent|fast quick rapid|end finish|increase rise|decrease fall|happen occur|contain include|reply answer"
        "|error mistake|close shut|speed velocity|illness disease|car automobile|quantity amount|price cost|maximum max|minimum min"
    )
    for word in words
}
_LATIN = re.compile(r"[A-Za-z][A-Za-z’'-]*")
_RUN = re.compile(f"[々〆ァ-ヺー{characters.HAN}]+")
_NO_WORD = _listed(
    "資料 文書 記載 説明 質問 回答 以下 場合 為 事 物 者 時 中 内 方 等 的 用 化 何 誰 際 前述 上記 年 月 日 人 円 個 回 度 歳 本 枚 分 秒"
    " 時間 々"
)
# What may be added to a Japanese word, or left off, and says nothing against it.
_AFFIXES = frozenset("的性化者用等第各約毎中間時日年月人々")
_LIMITS_JAPANESE = re.compile(
    r"以上|以下|未満|以内|以外|以前|以後|以降|だけ|のみ|しか|すべて|全て|全部|一部|必ず|常に|いつも|時々|たまに|ほとんど|(?<=[々ァ-ヺー㐀-鿿\d])(?:まで|から|より)|最も|最大|最小"
    "|最高|最低|初めて|最初|最後|唯一|前に|後に|前の|後の|上に|下に|右|左|東|西|南|北|多い|少ない|大きい|小さい|高い|低い|長い|短い|速い|遅い|増|減"
    "|可能性|だろう|でしょう|ことがある|場合がある|べき|てもよい|かかわらず|限らず"
)
# Denied twice, or only perhaps: nothing is denied.
_DUTY = re.compile(
    "(?:なければ|ねば|ないと|なくては)(?:なら|いけ)(?:ない|ません)|かもしれ(?:ない|ません)"
    "|(?:かまい|構い)ません|(?:かまわ|構わ)ない|差し支え(?:ありません|ない)"
)
_DENIED_JAPANESE = re.compile(
    f"([{characters.HAN}ァ-ヺー]+)[ぁ-ん]{{0,6}}?(?:ない(?!し)|なかっ|ません|なく|ず[、にはと]|ずに|ざる|せず|ぬ[。、]|不可)"
)
_NAMED = re.compile(
    "[「『“]([^」』”]{1,60})[」』”]|は([ぁ-ん]{2,12}?)(?:です|だ|である|でした|だった)(?:。|$)"
)
_DENIED_ENGLISH = re.compile(
    r"(?:\b(?:not|never|cannot|no|without)\b|n[’']t\b)((?:\W+\w+){1,3})", re.IGNORECASE
)


def word(text: str) -> str:
    """An English word as it is compared."""
    text = re.sub(r"[’']s$", "", text.lower().strip("'’-"))
    found = stem(_FORMS.get(text, text))
    return _SAME.get(found, found)


class Said:
    """A text, taken apart when it is asked for."""

    def __init__(self, text: str) -> None:
        self.plain = _DUTY.sub("べき", figures.plain(characters.usual(text)))

    @cached_property
    def numbers(self) -> list[Number]:
        """Its numbers and dates, in order."""
        return figures.numbers(self.plain)

    @cached_property
    def words(self) -> list[tuple[str, int]]:
        """Its content words, each with its place: English ones first, then Japanese runs."""
        found = []
        for match in _LATIN.finditer(self.plain):
            lower = match[0].lower()
            bare = re.sub(r"[’'](?:s|re|ve|ll|d|m)$", "", lower)
            if bare in _LIMITS - _NEGATIONS:
                found.append((bare, match.start()))
            elif not (
                len(lower) == 1 or bare in FILLER or lower.endswith(("n't", "n’t")) or bare in _NEGATIONS
            ):
                parts = [part for part in lower.split("-") if part]
                found += [(word(part), match.start()) for part in parts if part not in FILLER]
        found += [(m[0], m.start()) for m in _RUN.finditer(self.plain) if m[0] not in _NO_WORD]
        return found

    @cached_property
    def english(self) -> frozenset[str]:
        """Its English content words."""
        return frozenset(found for found, _ in self.words if found.isascii())

    @cached_property
    def limits(self) -> frozenset[str]:
        """Its Japanese words that limit or compare."""
        return frozenset(_LIMITS_JAPANESE.findall(self.plain))

    @cached_property
    def denied(self) -> frozenset[str]:
        """The words that it denies: the one behind "not", the verb before ない."""
        found = {match[1][-2:] for match in _DENIED_JAPANESE.finditer(self.plain)}
        for match in _DENIED_ENGLISH.finditer(self.plain):
            behind = [w for w in re.findall(r"[a-z]+", match[1].lower()) if w not in FILLER]
            found |= {word(w) for w in behind[:1]}
        return frozenset(found)

    @cached_property
    def order(self) -> list[str]:
        """Its words and numbers in the order in which they stand."""
        places = [(number.start, number.value) for number in self.numbers]
        places += [(place, found) for found, place in self.words if found not in _MODALS]
        return [found for _, found in sorted(places)]

    @cached_property
    def named(self) -> list[str]:
        """What it quotes, and Japanese names and nouns in hiragana of which it says something: whole, as they stand."""
        return [match[1] or match[2] for match in _NAMED.finditer(self.plain)]

    @cached_property
    def orders(self) -> list[list[str]]:
        """`order`, and what it is where the same is said otherwise."""
        return [
            self.order,
            *(Said(text).order for text in word_order.said_otherwise(self.plain) if text != self.plain),
        ]

    @cached_property
    def agents(self) -> dict[str, str]:
        """The verbs that it has in the passive with who did it, each with the first word of that."""
        found = {}
        for verb, agent in word_order.agents(self.plain):
            words = Said(agent).order
            if words:
                found[word(verb)] = words[0]
        return found

    @cached_property
    def passives(self) -> frozenset[str]:
        """The verbs that it has in the passive."""
        return frozenset(map(word, word_order.passive_verbs(self.plain)))

    def has(self, wanted: str) -> bool:
        """Whether it has a content word: an English one among its own; a Japanese run as it stands, or in parts of two and
        more characters."""
        if wanted.isascii():
            return wanted in self.english
        if wanted in self.plain:
            return True
        if not any(c >= "一" for c in wanted):  # katakana is whole or another word
            return False
        reached = [True] + [False] * len(wanted)
        for end in range(1, len(wanted) + 1):
            for start in range(max(0, end - 6), end):
                part = wanted[start:end]
                known = part in _AFFIXES or (len(part) > 1 and part in self.plain)
                if reached[start] and known:
                    reached[end] = True
                    break
        return reached[-1]

    def share(self, words: list[str]) -> float:
        """Which share of some content words it has; 1 where there are none."""
        return sum(map(self.has, words)) / len(words) if words else 1.0
