"""Formulas are drawn by a process of their own, which a bad one can cost and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.app import App
from core.chat.formulas import LONGEST

GOOD = [
    r"\frac{a}{b}+\sqrt{x^2+1}",
    r"\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2}",
    r"\begin{pmatrix}1&2\\3&4\end{pmatrix}",
    r"\sum_{i=1}^n i",
    r"\mathbb{R}^n \to \mathcal{L}",
    r"\begin{cases}x & x>0\\-x & \text{otherwise}\end{cases}",
]
BAD = [
    r"\frac{a}{",
    "{" * 400 + "x" + "}" * 400,
    r"\text{速度}",  # the typeface has no such letters
    "x" * (LONGEST + 1),
    "",
    "\x00",
    r"\begin{align}" * 50,
]


@pytest.mark.parametrize("display", [True, False])
def test_formulas_are_drawn(app: App, display: bool) -> None:
    for source in GOOD:
        drawing = app.formulas.draw(source, display=display)
        assert drawing is not None, source
        assert drawing.svg.startswith(b"<svg")
        assert b"<symbol" not in drawing.svg  # which Qt does not draw
        assert drawing.width > 5
        assert drawing.height > drawing.below >= 0
    fraction, letter = (app.formulas.draw(s, display=display) for s in (r"\frac{a}{b}", "x"))
    assert fraction is not None
    assert letter is not None
    assert fraction.below > letter.below


@pytest.mark.logs("process ended while drawing a formula")
def test_bad_formulas_are_not_drawn_and_cost_nothing_else(app: App) -> None:
    assert app.formulas.draw("x", display=False)
    for source in BAD:
        assert app.formulas.draw(source, display=True) is None, source
    pid = app.formulas.worker.pid
    # Twice as long with every level: this one would take days.
    assert app.formulas.draw(r"\frac{" * 40 + "1" + "}{2}" * 40, display=True) is None
    assert app.formulas.draw("x", display=False)
    assert app.formulas.worker.pid not in (None, pid)


def test_formulas_name_no_file(app: App, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("sesame")
    drawing = app.formulas.draw(rf"\input{{{secret}}} \href{{file://{secret}}}{{x}}", display=False)
    assert drawing is None or b"href" not in drawing.svg
