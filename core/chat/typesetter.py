"""The worker that typesets formulas (ziamath: TeX to MathML to SVG paths, in STIX Two)."""

from __future__ import annotations

import unicodedata
from typing import Any

from core.chat.formulas import INK, PIXELS, DrawFormula, Drawing
from core.workers.messages import Request
from core.workers.process import Context, Handler


def draw(request: DrawFormula, context: Context) -> Drawing:
    """One formula; an empty drawing where it is no TeX that is known, or has letters that the typeface lacks."""
    import ziamath

    if any(unicodedata.east_asian_width(character) in "WF" for character in request.source):
        return Drawing(b"")
    try:
        formula = ziamath.Latex(request.source, size=PIXELS, color=INK, inline=not request.display)
        width, height = formula.getsize()
        svg = formula.svg().encode()
    except Exception:  # noqa: BLE001 - the library raises whatever it stumbles over
        return Drawing(b"")
    return Drawing(svg, float(width), float(height), -float(formula.getyofst()))


def create(options: dict[str, Any]) -> dict[type[Request], Handler]:
    """The worker's operations (called by core/workers/process.py)."""
    import ziamath

    ziamath.config.svg2 = False  # Qt draws SVG Tiny 1.2, which has no <symbol>
    return {DrawFormula: draw}
