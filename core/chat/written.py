"""What the program itself writes into an answer, piece by piece: text with checked sentences and pages that open."""

from __future__ import annotations

from dataclasses import dataclass, field

from msgspec.structs import replace

from core.chat.conversation import AnswerDetails, Link, Mark, Source


@dataclass
class Written:
    """What a step adds to the answer, its marks and links counted from its own beginning; a mark's number is a place in
    `sources`, from 1."""

    text: str
    marks: list[Mark] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)

    def link(self, where: str, source: Source) -> None:
        """Add the name of a place that opens it, with a colon behind it; nothing for ''."""
        if where:
            start = len(self.text)
            self.text += where
            self.links.append(Link(start, len(self.text), source))
            self.text += ": "

    def quote(self, text: str, source: Source) -> None:
        """Add what a place says, with its mark."""
        start = len(self.text)
        self.text += text
        self.sources.append(source)
        self.marks.append(Mark(start, len(self.text), len(self.sources)))

    def after(self, text: str, details: AnswerDetails) -> tuple[str, AnswerDetails]:
        """The answer and what is known of it, with this at its end."""
        shift = len(text)
        citations = list(details.citations)
        numbers: list[int] = []
        for source in self.sources:
            place = (source.page_id, source.start)
            same = next((c.marker for c in citations if (c.page_id, c.start) == place), None)
            if same is None:
                same = len(citations) + 1
                citations.append(replace(source, marker=same))
            numbers.append(same)
        return f"{text}{self.text}", replace(
            details,
            citations=citations,
            marks=[
                *details.marks,
                *(
                    replace(
                        m,
                        start=m.start + shift,
                        end=m.end + shift,
                        marker=numbers[m.marker - 1] if m.marker else None,
                    )
                    for m in self.marks
                ),
            ],
            links=[*details.links, *(Link(k.start + shift, k.end + shift, k.source) for k in self.links)],
        )
