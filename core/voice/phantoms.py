"""Whether words were said, or made up: Whisper writes subtitles' closing words into silence, noise and music.

Nothing is dropped for being on a list: people do say "Thank you for watching." and おやすみなさい. Words are dropped where the
sound under them gives no evidence: no voice, or far too little of it for so many words, or the model itself not believing
that anybody spoke. Phrases that Whisper is known to make up need more evidence than others.
"""

from __future__ import annotations

import re

import regex

# What Whisper is known to write where nobody speaks (from subtitles it was trained on); compared without punctuation.
STOCK = (
    "ご視聴ありがとうございました",
    "ご清聴ありがとうございました",
    "最後までご視聴いただき",
    "チャンネル登録",
    "字幕視聴ありがとうございました",
    "高評価",
    "おやすみなさい",
    "次回の動画",
    "ありがとうございました",
    "thank you",
    "thanks for watching",
    "thank you for watching",
    "thanks for listening",
    "please subscribe",
    "like and subscribe",
    "subtitles by",
    "see you next time",
    "see you in the next video",
    "bye bye",
    "you",
)
_ALONE = frozenset({"you"})  # words that much else begins with
_SYMBOLS = regex.compile(r"[\p{P}\p{S}\s]+")
_DESCRIPTION = re.compile(
    r"^\s*[\[(（【♪*].*[\])）】♪*]\s*$"
)  # "[Music]", "(拍手)": what is heard, not what is said

QUICKEST_CHARACTERS = (
    30.0  # a second of voice; the quickest speakers of English stay below 25, of Japanese below 15
)
QUICKEST_CHARACTERS_JA = 18.0
SURE_VOICE = 0.25  # seconds of voice that make any text believable, where it is not far too long for them
NO_SPEECH, UNLIKELY = 0.6, -1.0  # Whisper's own thresholds (OpenAI's transcribe defaults)


def plain(text: str) -> str:
    """The words without punctuation, blanks and capitals."""
    return str(_SYMBOLS.sub("", text).casefold())


def is_stock(text: str) -> bool:
    """Whether all of it is something that Whisper likes to make up."""
    words = plain(text)
    return any(
        words == phrase
        or (phrase not in _ALONE and words.startswith(phrase) and len(words) <= len(phrase) + 8)
        for phrase in map(plain, STOCK)
    )


def made_up(text: str, *, voice: float, loudest: float, log_probability: float, no_speech: float) -> bool:
    """Whether nobody said this. `voice`: seconds of speech in the sound that it was made of; `loudest`: the highest probability of
    speech there; `log_probability` and `no_speech` are the model's (`Hypothesis`)."""
    words = plain(text)
    if not words or _DESCRIPTION.match(text):
        return True
    if loudest < 0.3:
        return True
    if no_speech > NO_SPEECH and log_probability < UNLIKELY:
        return True
    quickest = QUICKEST_CHARACTERS if words.isascii() else QUICKEST_CHARACTERS_JA
    if len(words) > quickest * max(voice, 0.05) * 2:
        return True
    if is_stock(text):
        return len(words) > quickest * voice or loudest < 0.7
    return voice < SURE_VOICE and log_probability < UNLIKELY
