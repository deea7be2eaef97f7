"""The orders in which an English sentence could say the same: "the key is kept by the porter" is "the porter keeps the key".

Sentences are rewritten by form, without knowing what they mean: a passive actively, "the load of the crane" as "the crane's
load", what stands in front of the subject ("On firm ground the crane …") or between commas at the end. Two sentences say the
same things of the same things where one of these orders is the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_VERB = r"\w+(?:ed|en|wn|ne|t|ld|ght)"
_BE = r"(?:is|are|was|were|be|been)"
_DETERMINER = r"(?:the|a|an|this|these|that|those|its|their|his|her|my|our)"
_AGENT = (
    rf"(?:{_DETERMINER}\s+)?(?!\d)[\w.'’-]+(?:\s+[A-Z][\w'’-]*)*"
    r"(?:\s+\w+(?=\s+(?:in|on|at|for|to|from|with|of|during|before|after|until|and|who|which)\b|[,.;]|$))?"
)
_PASSIVE = re.compile(
    rf"(?P<subject>.+?)\s+(?:(?:may|must|can|should|will|could|might|shall|has|have|had)\s+)?(?:{_BE}\s+)?{_BE}\s+"
    rf"(?:not\s+)?(?:\w+ly\s+)?(?P<verb>{_VERB})\b(?P<rest>.*)",
    re.DOTALL,
)
_BY = re.compile(rf"\s*\bby\s+(?P<agent>{_AGENT})")
_COORDINATED = re.compile(
    rf"(?P<subject>.+?)\s+{_BE}\s+.*?\band\s+(?P<verb>{_VERB})\s+by\s+(?P<agent>{_AGENT})(?P<rest>.*)",
    re.DOTALL,
)
_ASIDE = re.compile(rf"(?P<before>.+?),\s+(?P<aside>{_VERB}\b[^,]+),\s+(?P<behind>.+)", re.DOTALL)
_OF = re.compile(
    rf"\b(?P<thing>(?:the|a|an)\s+(?:\w+\s+){{0,2}}\w+)\s+of\s+(?:{_DETERMINER}\s+)?(?P<owner>\w+)",
    re.IGNORECASE,
)
_FRONT = r"(?:In|On|At|For|By|Before|After|During|From|Until|With|Within|When|If|To|Under|Over|Every|Each)\b"
# Up to a comma; or, without one, up to the article of the subject, behind a noun at least.
_FRONTED = [
    re.compile(r"\s*(?P<front>In the (?:last|next|first|same) \w+),?(?P<behind>\s+\w.+)", re.DOTALL),
    re.compile(rf"\s*(?P<front>{_FRONT}[^,]{{2,80}}),\s*(?P<behind>\w.+)", re.DOTALL),
    re.compile(
        rf"\s*(?P<front>{_FRONT}\s+(?:{_DETERMINER}\s+)?\w[^,]*?)"
        rf"(?=\s+{_DETERMINER}\s)(?P<behind>\s+\w.+)",
        re.DOTALL,
    ),
]
_TOPIC_LATER = re.compile(
    r"\s*(?P<before>[^はが]{2,30}?[にで、])(?P<topic>[^はが、にで]{1,20}は)(?P<behind>.+)", re.DOTALL
)

# 階段を使えるのは職員だけです is 階段は職員だけが使えます.
_CLEFT = re.compile(
    r"\s*(?P<rest>.+?[をにで])(?P<verb>[^はがをにでの]{1,12})のは、?(?P<who>[^はがを、]{1,20}?)(?P<only>だけ|のみ)?(?:です|だ|である|でした)[。．]?\s*",
    re.DOTALL,
)

LONGEST = 400  # characters of a sentence whose orders are looked for


def said_otherwise(text: str) -> Iterator[str]:
    """A sentence, and other orders of its words that say the same."""
    texts = [text]
    if len(text) > LONGEST:
        yield text
        return
    for rewrite in (_cleft, _without_aside, _without_front, _possessive, _active, _coordinated):
        texts += [other for one in texts for other in rewrite(one)]
    yield from dict.fromkeys(texts)


def _without_aside(text: str) -> Iterator[str]:
    match = _ASIDE.fullmatch(text)
    if match:
        yield f"{match['before']} {match['behind']} {match['aside']}"


def _without_front(text: str) -> Iterator[str]:
    for match in filter(None, (pattern.fullmatch(text) for pattern in _FRONTED)):
        yield f"{match['behind']} {match['front']}"
    topic = _TOPIC_LATER.fullmatch(text)
    if topic:
        yield f"{topic['topic']}{topic['before']}{topic['behind']}"


def _cleft(text: str) -> Iterator[str]:
    match = _CLEFT.fullmatch(text)
    if match:
        yield f"{match['rest']}{match['who']}{match['only'] or ''}が{match['verb']}"


def _possessive(text: str) -> Iterator[str]:
    yield _OF.sub(r"\g<owner> \g<thing>", text)


def _active(text: str) -> Iterator[str]:
    match = _PASSIVE.fullmatch(text)
    if match is None:
        return
    by = _BY.search(match["rest"])
    if by is None:
        yield f"{match['verb']} {match['subject']} {match['rest']}"
    else:
        rest = match["rest"][: by.start()] + match["rest"][by.end() :]
        yield f"{by['agent']} {match['verb']} {match['subject']} {rest}"


def _coordinated(text: str) -> Iterator[str]:
    """Of "the plan was drawn by Berg and approved by Lund" what the second one did."""
    match = _COORDINATED.fullmatch(text)
    if match:
        yield f"{match['agent']} {match['verb']} {match['subject']} {match['rest']}"


def agents(text: str) -> Iterator[tuple[str, str]]:
    """The verbs of a text that are followed by who did it, each with that."""
    for match in re.finditer(rf"\b({_VERB})\s+by\s+({_AGENT})", text[:LONGEST]):
        yield match[1], match[2]


def passive_verbs(text: str) -> list[str]:
    """The verbs that are in the passive, or followed by who did it."""
    said = re.findall(rf"\b{_BE}\s+(?:not\s+)?(?:\w+ly\s+)?({_VERB})\b", text[:LONGEST])
    return said + re.findall(rf"\b({_VERB})\s+by\b", text[:LONGEST])
