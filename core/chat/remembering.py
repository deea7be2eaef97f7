"""Whether a message asks that something be remembered, and what. Nothing is remembered before the person has confirmed it.

The request is told by its verb in a form that asks ("please remember", 覚えておいて); what is to be remembered is what else its
sentence says, or the sentence beside it where that is nothing ("My birthday is in May. Please remember that.").
"""

from __future__ import annotations

import re

from core.chat.projects import FACT_LENGTH
from core.text import sentences

_VERB = (
    r"(?:remember(?:ing)?|keep(?:ing)? (?:that |this |it )?in mind|bear in mind|(?:never |don'?t |not )forget|take note|note"
    r"|(?:make|take) a note(?: of (?:this|that))?|(?:save|commit) (?:this|that|it) to (?:your )?memory)"
)
# What may stand before the verb where it asks: the sentence begins with it, or somebody is asked to.
_LEAD = (
    r"(?:(?:hey|hi|ok(?:ay)?|oh|also|and|so|well|now|just|btw|by the way|from now on|for (?:the )?future(?: reference)?|in future"
    r"|always|please|pls|kindly|make sure (?:to|you(?: always)?)|be sure to|let'?s|you should(?: know)?|i'?d like you to"
    r"|i (?:want|need) you to|it would (?:be \w+|help)(?: me)? if you could|(?:can|could|would|will) you(?: please| mind)?"
    r"|just so you)[,]?\s+)*"
)
_ENGLISH = re.compile(rf"(?:^|[,;—–-]\s*|\band\s+|\bso\s+){_LEAD}{_VERB}\b(?P<rest>.*)$", re.IGNORECASE)
_LATER = re.compile(
    r"\A(?:for (?:the )?future reference|(?:just )?so you (?:know|remember)[\w ]*)\s*[:,]\s*(?P<rest>.+)$",
    re.IGNORECASE,
)
_ASKS_BACK = re.compile(
    r"\b(?:do|did|don'?t|can'?t) (?:you|i|we|they|people)\b[^,]*\bremember|\bremember (?:when|what|how|where|who|why|which|me\?|to)\b|\bto remember\b(?! that)",
    re.IGNORECASE,
)
_JOINT = re.compile(
    r"\A[\s,]*(?:please|pls|this|that|it)?[\s,]*(?:for (?:me|later|next time|any [\w ]+)|from now on|would you|when [\w ]+|ok)?[\s,.!?]*\Z",
    re.IGNORECASE,
)
_BEGIN = re.compile(
    r"\A[\s,]*(?:please\s+)?(?:this\s*[:,]|that\s+(?!['’])|[:,]|would you\s*:)\s*", re.IGNORECASE
)

_REQUEST = (
    r"(?:(?:覚え|憶え|おぼえ|記憶し|メモし|記録し|頭に入れ|心に留め)(?:て(?:おい|い)?|と(?:い|け))(?:て|で)?|忘れないで)"
    r"(?:(?:ください|下さい|ほしい|欲しい|くれ|もら(?:え|い)|いただ(?:け|き)|頂(?:け|き)|ね|よ)[^、。！!？?]{0,12})?"
)
_JAPANESE = re.compile(rf"(?P<before>.*?)(?P<verb>{_REQUEST})(?P<after>[、:：]?.*)$", re.DOTALL)
# "…を覚えていますか" and "覚えている人" ask and tell; "覚えて" alone asks only where nothing follows.
_NO_REQUEST = re.compile(
    r"(?:え|し)て(?:い|る|た)(?:ます|る|た|な)|(?:え|し)て(?:き|し|み|から|も)|忘れないで(?:い|す|済)"
)
_POINTS = re.compile(
    r"\A(?:これ|それ|このこと|そのこと|次のこと|以下|以下のこと)?[をはも]?(?:ちゃんと|しっかり|どうか|ぜひ)?[、]?\Z"
)
_OPENING = re.compile(
    r"\A(?:あと|それと|ちなみに|実は|お手数ですが|これから(?:は)?|今後(?:のために|は)?|できれば|どうか|メモ|そうだ)[、,:：]?\s*"
)
_ENDING = re.compile(
    r"(?:という(?:こと|の)|っていうこと|ってこと|こと|の)?(?:を|と|って|は|も)?[、,]?(?:ちゃんと|しっかり|今後のために)?[、,]?\Z"
)
_QUOTED = re.compile("「[^」]*」|『[^』]*』")  # what somebody else says
_BECAUSE = re.compile(r"(?:ので|から|んだけど|けど|が)[、,]?\Z")


def wish(text: str) -> str:
    """What is to be remembered, in the words of the message; '' where it asks for no such thing."""
    text = text.replace("’", "'").strip()[: 4 * FACT_LENGTH]
    parts = [part.strip() for line in text.splitlines() for part in sentences.split(line) if part.strip()]
    for place, part in enumerate(parts):
        before, after = parts[place - 1] if place else "", parts[place + 1] if place + 1 < len(parts) else ""
        found = _english(part, before, after) or _japanese(part, before, after)
        if found:
            return found.strip(" 、。.!！,:：")[:FACT_LENGTH]
    return ""


def _english(part: str, before: str, after: str) -> str:
    if later := _LATER.match(part):
        return later["rest"]
    found = _ENGLISH.search(part)
    if found is None or _ASKS_BACK.search(part):
        return ""
    rest = found["rest"]
    if _JOINT.match(rest):  # what is meant stands before it, in the same sentence or the one before
        return re.sub(r"[\s,]*(?:and|so)?\s*\Z", "", part[: found.start()]) or before or after
    if part.endswith("?") and not re.match(
        r"[\s,]*(?:please\s+)?(?:that|this|my|our|i\b|i'|we\b|:)", rest, re.IGNORECASE
    ):
        return ""
    said = _BEGIN.sub("", rest).strip()
    return re.sub(r"[,\s]*(?:ok(?:ay)?|please|from now on)?[?.!\s]*\Z", "", said, flags=re.IGNORECASE)


def _japanese(part: str, before: str, after: str) -> str:
    found = _JAPANESE.match(part)
    if found is None or not re.search(_REQUEST, _QUOTED.sub("", part)):
        return ""
    verb, rest = found["verb"], found["after"]
    if _NO_REQUEST.search(part[found.start("verb") :]) and not re.search(r"ほしい|欲しい|ください", part):
        return ""
    asks = re.search(
        r"おい|いて|とい|とけ|ください|下さい|ほしい|欲しい|くれ|もら|いただ|頂|ないで|ね|よ", verb[2:]
    )
    if not asks and rest.strip(" 。！!"):
        return ""
    said = _OPENING.sub("", found["before"].strip())
    if _POINTS.match(_ENDING.sub("", said)) or not _ENDING.sub("", said):
        tail = rest.lstrip("、:： 。！!")
        tail = re.sub(r"\A(?:んだけど|ね|よ)[、,]?", "", tail)
        return tail or after or before
    said = _OPENING.sub("", said)
    return _BECAUSE.sub("", _ENDING.sub("", said))
