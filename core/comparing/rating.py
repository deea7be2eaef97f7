"""From votes to ratings with their uncertainty, and from counts to shares with theirs."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np

from core.comparing.model import Comparison, Contestant, Rating, Vote

PRIOR = 1.0  # standard deviation of the strengths (in natural logarithms of odds) before any vote
ELO = 400 / math.log(10)  # points for a factor e of the odds
MIDDLE = 1000.0
Z95 = 1.959964  # of the normal distribution: 95 % lie within so many standard deviations
STEPS = 50


def ratings(comparisons: Iterable[Comparison]) -> list[Rating]:
    """The contestants by strength, the strongest first.

    Bradley and Terry's model (1952): the odds that one beats another are the ratio of their strengths. A vote for one of several
    is a win over each other; a tie, and "none is any good", is half a win each way, which says that they are alike. The
    logarithms of strengths have a normal prior, so that a few votes do not make a giant; the most likely ones are found
    by Newton's method, and their spread by the curvature there (Laplace's approximation).
    """
    names: dict[tuple[str, float | None, str], int] = {}
    contestants: list[Contestant] = []
    counts: list[int] = []
    won: list[float] = []
    pairs: list[tuple[int, int, float]] = []  # one, other, how much of a win for the one
    for comparison in comparisons:
        if comparison.vote is None:
            continue
        here = []
        for contestant in comparison.contestants:
            if contestant.key not in names:
                names[contestant.key] = len(contestants)
                contestants.append(contestant)
                counts.append(0)
                won.append(0.0)
            here.append(names[contestant.key])
        for number in set(here):
            counts[number] += 1
        for place, one in enumerate(here):
            for later, other in enumerate(here[place + 1 :], place + 1):
                if one == other:
                    continue
                if isinstance(comparison.vote, Vote):
                    pairs.append((one, other, 0.5))
                elif comparison.vote in (place, later):
                    pairs.append((one, other, 1.0 if comparison.vote == place else 0.0))
        if not isinstance(comparison.vote, Vote):
            won[here[comparison.vote]] += 1
    strengths, spread = _fit(len(contestants), pairs)
    found = [
        Rating(
            contestant,
            MIDDLE + ELO * float(strengths[number]),
            Z95 * ELO * float(spread[number]),
            counts[number],
            won[number],
        )
        for number, contestant in enumerate(contestants)
    ]
    return sorted(found, key=lambda one: -one.rating)


def _fit(count: int, pairs: list[tuple[int, int, float]]) -> tuple[np.ndarray, np.ndarray]:
    """The most likely logarithms of strength, and their standard deviations."""
    theta = np.zeros(count)
    curvature = np.eye(count) / PRIOR**2
    for _ in range(STEPS):
        gradient = -theta / PRIOR**2
        curvature = np.eye(count) / PRIOR**2
        for one, other, win in pairs:
            expected = 1 / (1 + math.exp(theta[other] - theta[one]))
            gradient[one] += win - expected
            gradient[other] += expected - win
            weight = expected * (1 - expected)
            curvature[one, one] += weight
            curvature[other, other] += weight
            curvature[one, other] -= weight
            curvature[other, one] -= weight
        step = np.linalg.solve(curvature, gradient)
        theta += step
        if not count or np.abs(step).max() < 1e-9:
            break
    if not count:
        return theta, theta
    # Only differences count: how strong all are together, which the prior leaves open (PRIOR² ÷ count), is fixed at MIDDLE.
    return theta, np.sqrt(np.maximum(np.diag(np.linalg.inv(curvature)) - PRIOR**2 / count, 0.0))


def interval(right: int, of: int) -> tuple[float, float]:
    """Wilson's interval (1927) of a share, with 95 %: it is right also for few questions and for none or all right."""
    if not of:
        return 0.0, 1.0
    share, z2 = right / of, Z95**2
    middle = (share + z2 / (2 * of)) / (1 + z2 / of)
    half = Z95 / (1 + z2 / of) * math.sqrt(share * (1 - share) / of + z2 / (4 * of * of))
    return max(middle - half, 0.0), min(middle + half, 1.0)
