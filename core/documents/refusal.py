"""Whether what was found answers the question at all, or the honest answer is "not in your documents".

A small logistic regression on what the search tells of itself. Its numbers come from `python -m tests.evaluation.refusal`,
which fits them on the tuning questions of the evaluation; they belong to the starter encoder, whose similarities they weigh.
"""

from __future__ import annotations

from core.documents.retrieve import Found

NEAREST = 4.65  # the highest similarity of any passage
MEANING = 1.95  # the similarity of the sentence that would be quoted
MARGIN = 1.47  # by how much the best passage leads
LACKS = -0.35  # the sentence does not hold the number, time or name that is asked for
UNKNOWN = -1.09  # the share of the question's rare words that no passage has
# Refuses a tenth of the questions that have an answer, nearly all that are about something else, and a third of those
# that ask for a detail that is not there: telling these takes reading (docs/answers.md).
THRESHOLD = 2.36


def evidence(found: Found) -> float:
    """How much speaks for an answer; below THRESHOLD there is none."""
    quotation = found.quotation
    if quotation is None:
        return float("-inf")
    nearest = found.nearest
    if (
        found.foreign
    ):  # a passage of many things is near to none of them, and here no word tells it from the others
        nearest = max(nearest, quotation.meaning)
    return (
        NEAREST * nearest
        + MEANING * max(quotation.meaning, 0.0)
        + MARGIN * found.margin
        + LACKS * quotation.lacks
        + UNKNOWN * found.unknown
    )


def answers(found: Found) -> bool:
    """Whether what was found answers the question."""
    # A similar part number is another part: nothing that is like it answers.
    return not found.unheard and evidence(found) >= THRESHOLD
