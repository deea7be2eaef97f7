"""Words with which somebody who is read to wants it to stop, and nothing else."""

from __future__ import annotations

import re
import unicodedata

_STOPS = {
    "en": (
        r"(?:(?:no|okay|ok|please|hey|oh|alright|thanks|thank you|i said|sorry) )*"
        r"(?:stop|wait|hold on|hang on|one moment|just a moment|just a second|one second|quiet|be quiet|enough|that's enough|that is enough|that will do|never mind|shut up|hush|silence)"
        r"(?: (?:it|that|there|now|for now|reading|talking|please|a moment|a minute|a second|a sec|for a moment|thanks|thank you|stop|wait))*"
    ),
    "ja": (
        r"(?:あ|あの|はい|ええと|えっと|えーと|ちょっと|もう|いや|すみません|ごめん|ありがとう|わかった|分かった|一旦|いったん|そこで|読むのを|話すのを)*?"
        r"(?:(?:ストップ|(?:止|と)めて|(?:止|や)めて|(?:止|と)まって|待って|まって|もういい|もう十分|もう結構|もうけっこう|静かに|しずかに|黙って|だまって|終わりにして|お待ち|待て|止まれ|黙れ|やめろ)(?:ちょっと)?)+"
        r"(?:ください|下さい|です|だよ|して|よ|ね|な|ありがとう(?:ございます)?|くれる?|もらえますか)*"
    ),
}
_COMPILED = {language: re.compile(pattern) for language, pattern in _STOPS.items()}


def only_stops(text: str) -> bool:
    """Whether these words ask for nothing but silence ("Stop.", "Wait a moment, please.", 「もういいです。」)."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    english = " ".join(re.sub(r"[^\w' ]", " ", plain).split())
    if plain.rstrip().endswith("?") and not plain.rstrip("? ").endswith(("くれる", "か")):
        return False
    japanese = re.sub(r"[^\w]|_", "", plain)
    return bool(_COMPILED["en"].fullmatch(english) or _COMPILED["ja"].fullmatch(japanese))
