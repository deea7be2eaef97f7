"""What the endings of model files mean: each quantisation in one sentence, for people who choose.

Names and bits: llama.cpp's quantize tool (tools/quantize/README.md). The sentences are ours.
"""

from __future__ import annotations

import re

from core.errors import N_

_NAME = re.compile(
    r"(?i)(?:^|[-._])((?:UD-)?(?:IQ\d_[A-Z]+|Q\d_K_[A-Z]+|Q\d_K|Q\d_\d(?:_\d)*|TQ\d_0|MXFP4(?:_MOE)?|BF16|F16|F32))(?=[-._]|$)"
)
_SPLIT = re.compile(r"^(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})\.gguf$")

# By beginning of the name, the more exact first.
_MEANINGS = (
    ("F32", N_("Full 32-bit precision. Not worth its size.")),
    ("BF16", N_("The original precision. Large and slow; useful for comparison.")),
    ("F16", N_("The original precision. Large and slow; useful for comparison.")),
    ("Q8", N_("Practically as good as the original, at half the size.")),
    ("Q6", N_("Very close to the original. A good choice if memory allows.")),
    ("Q5", N_("Barely worse than the original, a little larger than the usual choice.")),
    ("Q4_K", N_("The usual choice: a quarter of the size, little quality lost.")),
    ("MXFP4", N_("The model's original 4-bit format: no quality is lost.")),
    ("Q4", N_("An older 4-bit format: fast on some processors, slightly less accurate.")),
    ("IQ4", N_("4 bits; a little smaller than the usual choice, slower without a graphics card.")),
    ("Q3", N_("Small and noticeably worse. Use only when nothing better fits.")),
    ("IQ3", N_("Small and noticeably worse. Use only when nothing better fits.")),
    ("Q2", N_("Very small and clearly worse. For very large models only.")),
    ("IQ2", N_("Very small and clearly worse. For very large models only.")),
    ("IQ1", N_("The smallest of all, and often confused.")),
    ("TQ", N_("Three values per weight; only for models trained that way.")),
)


def of_file(name: str) -> str:
    """The quantisation that a file's name states, such as 'Q4_K_M'; '' where it states none."""
    found = _NAME.findall(name.removesuffix(".gguf"))
    return str(found[-1]).upper().removeprefix("UD-") if found else ""


def meaning(quantisation: str) -> str:
    """One English sentence (translate it where it is shown); '' for a name that is not known."""
    for beginning, text in _MEANINGS:
        if quantisation.startswith(beginning):
            return text
    return ""


def split_of(name: str) -> tuple[str, int, int] | None:
    """For a part of a split model: (stem, number, count); None for any other file."""
    match = _SPLIT.match(name)
    return (match["stem"], int(match["number"]), int(match["count"])) if match else None
