"""Vertical lines, laid down as a strip of upright characters, from left to right.

The recognition network only knows horizontal lines. It reads a vertical line that lies on its side too, but
loses one character in ten: small kana, punctuation, brackets and ー, which look otherwise there. So a line is
cut into its characters, which are set side by side; the marks that have a form of their own in vertical text
get their horizontal one (on two pages of 574 characters: errors 11.5 % on the side, 8.5 % as a strip, 2.1 %
with the marks turned). The fractions below were found on those pages.

A line is a picture in RGB with its text running down; lengths are pixels of it, `em` is the width of its
characters.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from core.documents.ocr.networks import Floats

Mask = NDArray[np.bool_]
Rows = NDArray[np.float64]

INK = 0.45  # of the way from the paper to the darkest: here is ink
GRAIN = 3  # of 255: where the paper differs so much from its surroundings, places are taken from the median
LEAST_EM = 4  # thinner lines cannot be cut
MARGIN = 0.22  # of an em, around a strip
IMPOSSIBLE = 1e9
SMALL_TSU, LARGE_TSU = 0.735, 0.765  # widths of っ and つ by the pitch: narrower is small, wider is large


@dataclass(frozen=True, slots=True)
class Cell:
    """A character's place: from `left` to `right` in the strip, from `top` to `bottom` in the line.

    `extent` is the width of its ink by the pitch; None for marks that were moved or turned, and where there
    is no ink.
    """

    left: int
    right: int
    top: int
    bottom: int
    extent: float | None = None


@dataclass(frozen=True, slots=True)
class Strip:
    """A line laid down; without `cells` it lies on its side.

    `width` is the strip's and `height` the line's, in the pixels that the cells are in. `pitch` is the
    distance from one character to the next.
    """

    image: Image.Image
    width: int
    height: int
    cells: list[Cell]
    pitch: float | None


@dataclass(frozen=True, slots=True)
class _Cuts:
    """A line cut into cells (top, bottom), which may stick out above and below; its column is from `left` to
    `right`.
    """

    cells: list[tuple[int, int]]
    pitch: float
    left: int
    right: int


def laid_down(line: Image.Image, pitch: float | None = None) -> Strip:
    """A vertical line as a horizontal one.

    `pitch` is that of the lines beside it, where it is too short to tell.
    """
    ink = _ink(line)
    cuts = _cut(ink, pitch)
    em = cuts.right - cuts.left
    if not cuts.cells or em < LEAST_EM:
        return Strip(line.transpose(Image.Transpose.ROTATE_90), line.height, line.height, [], None)
    step = round(max(cuts.pitch, em))
    pixels = np.asarray(line).reshape(-1, 3)
    red, green, blue = (int(value) for value in np.percentile(pixels, 85, axis=0))
    paper = red, green, blue
    length = line.height
    above = max(0, -cuts.cells[0][0])
    below = max(0, cuts.cells[-1][1] - length)
    if above or below:
        higher = Image.new("RGB", (line.width, length + above + below), paper)
        higher.paste(line, (0, above))
        line, ink = higher, _ink(higher)
    height = round(em * (1 + 2 * MARGIN))
    strip = Image.new("RGB", (step * len(cuts.cells) + int(em * MARGIN * 2), height), paper)
    upper = round(em * MARGIN)
    place = int(em * MARGIN)
    cells = []
    for top, bottom in cuts.cells:
        column = cuts.left, top + above, cuts.right, bottom + above
        mask = ink[column[1] : column[3], column[0] : column[2]] > INK
        glyph = _Glyph(line, column, mask, em)
        moved = glyph.moved(step)
        if moved is not None:
            picture, x, y, width = moved
            strip.paste(picture, (place + x, upper + y))
            cells.append(Cell(place, place + width, top, bottom))
            place += width
            continue
        strip.paste(line.crop(column), (place + (step - em) // 2, upper + (em - (bottom - top)) // 2))
        extent = glyph.width / cuts.pitch if glyph.there else None
        cells.append(Cell(place, place + step, top, bottom, extent))
        place += step
    width = min(place + int(em * MARGIN), strip.width)
    return Strip(strip.crop((0, 0, width, height)), width, length, cells, cuts.pitch)


def settled(characters: list[str], cells: list[Cell | None]) -> list[str]:
    """What a strip says, where the sizes and the neighbours of characters tell better than the network.

    `cells` are those that the characters were read in.
    """
    said: list[str] = []
    for character, cell in zip(characters, cells, strict=True):
        if cell is not None and cell.extent is not None:
            if character == "つ" and cell.extent < SMALL_TSU:
                character = "っ"
            elif character == "っ" and cell.extent > LARGE_TSU:
                character = "つ"
        wide = bool(said) and ord(said[-1][0]) > 0x2E80
        if character in "|｜丨":
            character = "ー"
        elif character in "`´" and wide:  # marks that were not moved
            character = "、"
        elif character == "°" and wide:
            character = "。"
        said.append(character)
    return said


# ------------------------------------------------------------ cutting


def _ink(line: Image.Image) -> Floats:
    """How dark each pixel is, from 0 (paper) to 1; single specks are paper."""
    grey = line.convert("L")
    values = np.asarray(grey, np.float32)
    if min(grey.size) > 8:
        smooth = np.asarray(grey.filter(ImageFilter.MedianFilter(3)), np.float32)
        paper = smooth >= np.percentile(smooth, 60)
        if np.median(np.abs(values - smooth)[paper]) > GRAIN:
            values = smooth
    white, black = float(np.percentile(values, 85)), float(np.percentile(values, 2))
    ink: Floats = np.clip((white - values) / max(20.0, white - black), 0, 1).astype(np.float32)
    dark = ink > INK
    framed = np.pad(dark, 1).astype(np.int8)
    height, width = ink.shape
    around = sum(framed[y : y + height, x : x + width] for y in range(3) for x in range(3))
    ink[dark & (around <= 1)] = 0
    return ink


def _cut(ink: Floats, hint: float | None) -> _Cuts:
    """Cut a line at the rows that cost least: little ink, at distances near the pitch."""
    height, width = ink.shape
    column = _column(ink, hint)
    if column is None:
        return _Cuts([], width, 0, width)
    left, right = column
    rows = (ink[:, left:right] > INK).sum(axis=1).astype(float) / (right - left)
    inked = np.flatnonzero(rows > 0.02)
    if not len(inked):
        return _Cuts([], width, left, right)
    top, bottom = int(inked[0]), int(inked[-1]) + 1
    smooth = np.convolve(rows, [0.25, 0.5, 0.25], "same")
    pitch = _pitch(smooth, top, bottom, right - left, hint)
    return _Cuts(_cells(smooth, top, bottom, height, pitch), pitch, left, right)


def _column(ink: Floats, hint: float | None) -> tuple[int, int] | None:
    """From where to where a line's characters are: the ink around its middle, without the ruby beside it."""
    height, width = ink.shape
    dark = (ink > INK).sum(axis=0)
    inked = np.flatnonzero(dark > max(1, 0.01 * height))
    if not len(inked):
        return None
    filled = dark > max(1, 0.012 * height)
    middle = int(np.average(np.arange(width), weights=dark + 1e-9))
    if not filled[middle]:
        middle = int(inked[np.abs(inked - middle).argmin()])
    left, right = middle, middle + 1
    while left > 0 and (filled[left - 1] or middle - left < 0.22 * width):
        left -= 1
    while right < width and (filled[right] or right - middle < 0.22 * width):
        right += 1
    # A short line may only have narrow characters.
    wanted = hint * 0.96 if hint else 0.62 * width if height < 3.5 * width else 0.0
    if right - left < wanted:
        left = int(max(0, min(left, (width - wanted) / 2)))
        right = int(min(width, max(right, (width + wanted) / 2)))
    return left, right


def _pitch(rows: Rows, top: int, bottom: int, em: int, hint: float | None) -> float:
    """The distance of the regular grid whose lines meet the least ink, and is not far from 1.06 em.

    `rows` is the ink of each row, by the width. Without a grid to be found it is the hint, or 1.05 em.
    """
    if hint:
        tried = np.arange(0.94 * hint, 1.06 * hint, max(0.25, hint * 0.01))
    else:
        tried = np.arange(0.88 * em, 1.32 * em, max(0.25, em * 0.008))
    best: tuple[float, float] | None = None
    if hint and (bottom - top) / hint < 1.5:
        best = 0.0, hint
    for pitch in tried.tolist():
        if (bottom - top) / pitch < 1.5:
            best = (0.0, em * 1.08) if best is None else best
            continue
        for phase in np.arange(0, pitch, max(1, pitch / 16)):
            grid = np.round(np.arange(top - phase, bottom + 1, pitch)).astype(int)
            grid = grid[(grid >= top) & (grid < bottom)]
            if not len(grid):
                continue
            cost = float(rows[grid].mean()) + 0.04 * abs(pitch / em - 1.06)
            if best is None or cost < best[0]:
                best = cost, pitch
    return best[1] if best else hint or em * 1.05


def _cells(rows: Rows, top: int, bottom: int, height: int, pitch: float) -> list[tuple[int, int]]:
    """The cells of a line (top, bottom) by dynamic programming.

    A cut costs 1.5 times the ink of its row, a cell 3 times the square by which it differs from the pitch, or
    from half of it, which costs 0.12 more; the first and the last cell may be as short as they are, for up to
    0.12.
    """
    before, behind = int(0.6 * pitch), int(0.75 * pitch)
    ys = np.arange(top - before, bottom + behind + 1)
    count = len(ys)
    inside = (ys >= 0) & (ys < height)
    ink = np.where(inside, rows[np.clip(ys, 0, height - 1)], 0.0)
    cost = np.full(count, IMPOSSIBLE)
    previous = np.full(count, -1)
    cost[:before] = 0.12 * np.linspace(1, 0, before)
    lengths = np.arange(max(2, int(0.38 * pitch)), int(1.3 * pitch) + 1)
    penalty = np.minimum(
        ((lengths - pitch) / pitch) ** 2 * 3, ((lengths - 0.5 * pitch) / pitch) ** 2 * 3 + 0.12
    )
    for i in range(before + 1, count):
        begins = i - lengths
        possible = begins >= 0
        if not possible.any():
            continue
        costs = cost[begins[possible]] + penalty[possible]
        least = int(costs.argmin())
        if costs[least] < IMPOSSIBLE:
            cost[i] = costs[least] + ink[i] * 1.5
            previous[i] = begins[possible][least]
    tail = np.arange(bottom - int(ys[0]) - 1, count)
    last = int(tail[(cost[tail] + 0.12 * np.linspace(0, 1, len(tail))).argmin()])
    if cost[last] >= IMPOSSIBLE:
        return [(top, bottom)]
    cuts = [last]
    while previous[cuts[-1]] >= 0:
        cuts.append(int(previous[cuts[-1]]))
    places = [int(ys[cut]) for cut in reversed(cuts)]
    return list(itertools.pairwise(places))


# ------------------------------------------------------------ marks


class _Glyph:
    """What stands in a cell, and whether it is a mark that looks otherwise in a horizontal line."""

    def __init__(self, line: Image.Image, column: tuple[int, int, int, int], mask: Mask, em: int) -> None:
        """`column` is the cell (left, top, right, bottom) in the line, `mask` its ink."""
        self._line = line
        self._column = column
        self._em = em
        ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        self.there = len(ys) > 0
        if self.there:
            self._left, self._right = int(xs[0]), int(xs[-1]) + 1
            self._top, self._bottom = int(ys[0]), int(ys[-1]) + 1
            self._mask = mask[self._top : self._bottom, self._left : self._right]

    @property
    def width(self) -> int:
        """Of its ink."""
        return self._right - self._left

    def moved(self, step: int) -> tuple[Image.Image, int, int, int] | None:
        """A mark as it is in a horizontal line: its picture, its place in an em's square, the width it takes.

        None for what looks the same in both directions. `step` is the width of a character.
        """
        if not self.there:
            return None
        em, width, height = self._em, self.width, self._bottom - self._top
        turn = _bracket(self._mask)
        right_half = (self._left + self._right - 1) / 2 / em > 0.5
        if max(width, height) < 0.45 * em and width * height < 0.17 * em * em and right_half and not turn:
            mark = self._tight()  # 、 and 。 belong into the lower left corner
            return mark, 2, em - mark.height - int(0.04 * em), max(step // 2, width + 4)
        if width < 0.3 * em and height > 0.55 * em and self._mask.any(axis=1).all():  # ー
            mark = self._tight().transpose(Image.Transpose.ROTATE_90)
            return mark, (step - mark.width) // 2, (em - mark.height) // 2, step
        if height < 0.55 * em and 0.25 * em < width < 0.95 * em and turn:
            mark = self._tight().transpose(Image.Transpose.ROTATE_90)
            taken = max(step // 2, mark.width + 4)
            x = taken - mark.width - 2 if turn > 0 else 2
            if mark.height >= 0.8 * em:  # a round bracket is as high as the line
                return mark, x, (em - mark.height) // 2, taken
            return mark, x, int(0.02 * em) if turn > 0 else em - mark.height, taken
        return None

    def _tight(self) -> Image.Image:
        """Its picture with a pixel around the ink."""
        x, y = self._column[0], self._column[1]
        return self._line.crop(
            (x + max(0, self._left - 1), y + max(0, self._top - 1), x + self._right + 1, y + self._bottom + 1)
        )


def _bracket(ink: Mask) -> int:
    """1 for an opening bracket of a vertical line (﹁ ︵), -1 for a closing one (﹂ ︶), 0 for anything else.

    `ink` is its mask, without margins.
    """
    height, width = ink.shape
    if height < 3 or width < 4 or ink.mean() > 0.5:
        return 0
    third = max(1, int(0.34 * height))
    top, bottom = ink[:third].any(axis=0).mean(), ink[-third:].any(axis=0).mean()
    right = ink[:, -max(1, width // 3) :].any(axis=1).mean()
    left = ink[:, : max(1, width // 3)].any(axis=1).mean()
    # A corner: one row along its whole length, one stroke at its end, nothing in the corner across.
    if top > 0.9 and right > 0.85 and ink[height // 2 :, : int(width * 0.6)].mean() < 0.04:
        return 1
    if bottom > 0.9 and left > 0.85 and ink[: height // 2, int(width * 0.4) :].mean() < 0.04:
        return -1
    # An arc: both ends bent to the same side, nothing between them.
    middle = slice(width // 3, width - width // 3)
    bent = ink[:, : max(1, width // 5)].any(axis=1).mean() > 0.55 and right > 0.8
    arched = ink[: third + 1, middle].any(axis=0).mean() > 0.95
    if top > 0.9 and ink[int(height * 0.6) :, middle].mean() < 0.03 and bent and arched:
        return 1
    if bottom > 0.9 and ink[: int(height * 0.4), middle].mean() < 0.03 and left > 0.8 and right > 0.8:
        return -1
    return 0
