"""Whether words can be all of what somebody wanted to say: by how they end, in English and Japanese.

The voice alone does not tell: read aloud, many a clause sounds like an end. So a turn ends soon only where its words may end, too.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[\w'’]+")
# Words that something has to follow.
_OPEN_EN = frozenset(
    [
        "a",
        "an",
        "the",
        "this",
        "that",
        "these",
        "those",
        "my",
        "your",
        "his",
        "her",
        "its",
        "our",
        "their",
        "of",
        "to",
        "in",
        "on",
        "at",
        "by",
        "for",
        "with",
        "from",
        "into",
        "onto",
        "over",
        "under",
        "about",
        "between",
        "through",
        "during",
        "before",
        "after",
        "without",
        "within",
        "against",
        "among",
        "and",
        "or",
        "but",
        "nor",
        "so",
        "because",
        "since",
        "although",
        "though",
        "while",
        "if",
        "unless",
        "until",
        "when",
        "where",
        "which",
        "who",
        "whom",
        "whose",
        "what",
        "how",
        "why",
        "than",
        "as",
        "like",
        "very",
        "really",
        "quite",
        "more",
        "most",
        "less",
        "too",
        "also",
        "not",
        "is",
        "are",
        "was",
        "were",
        "be",
        "been",
        "am",
        "has",
        "have",
        "had",
        "do",
        "does",
        "did",
        "will",
        "would",
        "can",
        "could",
        "should",
        "may",
        "might",
        "must",
        "shall",
        "let's",
        "let",
        "i",
        "we",
        "they",
        "he",
        "she",
        "there",
        "it's",
        "i'm",
        "you're",
        "we're",
        "they're",
        "please",
        "just",
        "every",
        "each",
        "some",
        "any",
        "no",
        "other",
        "another",
        "such",
        "both",
        "either",
        "neither",
        "first",
        "second",
        "third",
        "one",
        "two",
        "three",
        "and/or",
        "um",
        "uh",
        "er",
        "well",
        "okay",
        "hmm",
        "whether",
        "maybe",
        "perhaps",
    ]
)
# These may end a question or an answer after all ("Who is it for?", "Yes, I am.").
_MAY_END_EN = frozenset(
    [
        "for",
        "about",
        "in",
        "on",
        "to",
        "with",
        "from",
        "of",
        "is",
        "are",
        "was",
        "were",
        "am",
        "do",
        "does",
        "did",
        "can",
        "could",
        "will",
        "would",
        "should",
        "have",
        "has",
        "had",
        "not",
        "so",
        "too",
        "also",
        "more",
        "less",
        "please",
    ]
)
_QUESTION_EN = re.compile(
    r"^(?:who|what|which|where|when|why|how|whose|whom|is|are|was|were|do|does|did|can|could|will|would|should|may)\b",
    re.IGNORECASE,
)
# How Japanese goes on: particles, conjunctions, forms before a comma.
_OPEN_JA = re.compile(
    r"(?:は|が|を|に|へ|と|で|の|も|や|から|まで|より|って|ので|のに|けど|けども|けれど|けれども|し|ば|たら|なら|ながら|つつ|て|ても|では|には|とは|へは|からは"
    r"|という|ための|ような|その|この|あの|えっと|ええと|えー|あの|まあ|で、|それで|そして|だから|しかし|また|例えば|つまり|、|,|…"
    r"|ため|なく|ず|すぐ|とき|場合|ところ|まま|ほど|続き|および|及び|または|あるいは)$"
)
_HIRAGANA = re.compile(r"[ぁ-ゖ]$")
# Requests and greetings that end like what goes on.
_ENDS_AFTER_ALL_JA = re.compile(
    r"(?:(?:教え|おしえ|見せ|みせ|調べ|しらべ|探し|さがし|書い|直し|まとめ|訳し|要約し|説明し|比較し|計算し|聞かせ|きかせ|止め|とめ|やめ|待っ|出し|作っ|つくっ|開い"
    r"|開け|閉じ|続け|つづけ|助け|手伝っ|覚え|消し|送っ|数え)て|(?:読ん|選ん)で|こんにちは|こんばんは|どうも|かも|はず|(?:後|あと)で)$"
)
_LONGEST_WORD_JA = 5  # characters: answers and requests that are no sentences
_ENDS_JA = re.compile(
    r"(?:です|ます|ました|でした|ません|でしょう|ましょう|ください|下さい|くださいね|か|かな|よ|ね|よね|わ|ぞ|さ|だ|だった|た|ない|る|い|う|く|す|む|ぶ|ぬ|ぐ|つ|はい|いいえ|うん|くれ|こちら|そちら|どちら|ここ|そこ|どこ|これ|それ|あれ|どれ|って|でしょ|じゃん|もん|かしら|っけ|[だいかるよ]な)[。？！?!]*$"
)


def may_end(text: str, language: str) -> bool:
    """Whether somebody may have finished with these words. Only what clearly goes on is told from the rest; of languages that it
    does not know it says yes."""
    text = text.strip()
    if not text:
        return False
    if language == "ja":
        bare = text.rstrip("。？！?!. ")
        if text[-1:] in "？?" or bare.endswith(
            ("か", "ください", "です", "ます", "ません", "でした", "ました")
        ):
            return True
        if _ENDS_AFTER_ALL_JA.search(bare):
            return True
        if _OPEN_JA.search(bare):
            return False
        return (
            bool(_ENDS_JA.search(bare))
            or not _HIRAGANA.search(bare)  # a noun, as many a request and headline ends with
            or len(bare) <= _LONGEST_WORD_JA
        )
    if language == "en":
        if text.endswith((",", "-", "…", "...", ":", ";")):
            return False
        words = _WORD.findall(text.casefold())
        if not words:
            return False
        last = words[-1]
        if last in _OPEN_EN:
            question = bool(_QUESTION_EN.match(re.split(r"(?<=[.!?])\s+", text)[-1]))
            short = len(words) <= 4 and last in (
                "please",
                "not",
                "am",
                "is",
                "are",
                "do",
                "can",
                "will",
                "one",
                "two",
                "three",
                "first",
                "second",
                "maybe",
                "okay",
                "so",
                "too",
            )
            return (question and last in _MAY_END_EN and len(words) > 2) or short or text.endswith("?")
        return text.endswith((".", "?", "!")) or len(words) <= 3
    return True
