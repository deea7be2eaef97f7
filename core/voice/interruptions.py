"""Words with which somebody who is read to wants it to stop, and nothing else."""

from __future__ import annotations

import re
import unicodedata

_STOPS = {
    "en": (
        r"(?:(?:no|okay|ok|please|hey|oh|alright|thanks|thank you) )*"
        r"(?:stop|wait|hold on|quiet|be quiet|enough|that's enough|that is enough|that will do|never mind|shut up|hush|silence)"
        r"(?: (?:it|that|there|now|reading|talking|please|a moment|a minute|a second|for a moment|thanks|thank you|stop|wait))*"
    ),
    "ja": (
        r"(?:あ|あの|はい|ええと|えっと|ちょっと|もう|いや|すみません)*?"
        r"(?:ストップ|(?:止|と)めて|(?:止|や)めて|(?:止|と)まって|待って|まって|もういい|もう十分|もう結構|もうけっこう|静かに|しずかに|黙って|だまって|お?終わり(?:に(?:して)?)?)"
        r"(?:ください|下さい|です|だよ|して|よ|ね|な|ありがとう(?:ございます)?|くれる?|もらえますか)*"
    ),
}
_COMPILED = {language: re.compile(pattern) for language, pattern in _STOPS.items()}


def only_stops(text: str) -> bool:
    """Whether these words ask for nothing but silence ("Stop.", "Wait a moment, please.", 「もういいです。」)."""
    plain = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    english = " ".join(re.sub(r"[^\w' ]", " ", plain).split())
    japanese = re.sub(r"[^\w]|_", "", plain)
    return bool(_COMPILED["en"].fullmatch(english) or _COMPILED["ja"].fullmatch(japanese))
