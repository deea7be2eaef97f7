"""From the map of where text stands to boxes of lines, which lie as the page does, and to the pictures in
them.

The map is made into boxes as the paper on DB does it (Liao et al., "Real-time Scene Text Detection with
Differentiable Binarization", 2020, arXiv:1911.08947): a threshold, connected components, rectangles, which
are then grown. PaddleOCR's thresholds are used, except where noted. A rectangle is grown by arithmetic
instead of a polygon library: the paper's distance is area x ratio / perimeter.

Coordinates have their origin in the upper left corner and y downwards; angles are in radians, clockwise for
the eye.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.documents.ocr.networks import Floats

Area = tuple[float, float, float, float]  # left, top, right, bottom

THRESHOLD = 0.3  # of the map: here is text
SURE = 0.45  # mean of the map over a component; PaddleOCR takes 0.5, at which faint lines were lost
GROWTH = 1.6  # the ratio of the paper's formula: the network is trained on shrunk boxes
LEAST_AREA = 12  # pixels of the map
LEAST_SIDE = 3  # pixels of the map
MOST_BOXES = 3_000  # more than any page has lines; the time for ordering grows with the square
TELLING = 4.0  # a component of such an elongation has a direction that says how the page lies
OWN_ANGLE = 6.0  # and of such a one is cut out along its own direction
SAME_ANGLE = 0.06  # unless that is further from the page's
STRAIGHT = 0.002  # at most two pixels over a line's length: cut out without interpolation
MOST_CROPPED = 4_000_000  # pixels of a cut-out line; the networks need a height of 48
MOST_PIXELS = 100_000_000
MOST_COLOUR = 40_000_000  # pixels of a copy that is in colour: an A4 page at 600 dots an inch has 35 million
BAND = 4_000_000  # pixels


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: its centre in pixels, the lengths of its sides, and the `angle` at which `width` runs."""

    x: float
    y: float
    angle: float
    width: float
    height: float

    @property
    def longer(self) -> float:
        return max(self.width, self.height)

    @property
    def shorter(self) -> float:
        return min(self.width, self.height)

    @property
    def area(self) -> Area:
        """The upright rectangle around it."""
        return self.part(-self.width / 2, -self.height / 2, self.width / 2, self.height / 2)

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the box's own frame (its centre is 0, 0) is in the picture."""
        cosine, sine = math.cos(self.angle), math.sin(self.angle)
        return self.x + x * cosine - y * sine, self.y + x * sine + y * cosine

    def part(self, left: float, top: float, right: float, bottom: float) -> Area:
        """The upright rectangle around a part, which is given in the box's own frame."""
        corners = [self.point(x, y) for x in (left, right) for y in (top, bottom)]
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        return min(xs), min(ys), max(xs), max(ys)

    def beginning(self, length: float) -> Box:
        """The first part of the line in it, which is the upper one where it is higher than wide."""
        if self.longer <= length:
            return self
        if self.width >= self.height:
            x, y = self.point((length - self.width) / 2, 0)
            return replace(self, x=x, y=y, width=length)
        x, y = self.point(0, (length - self.height) / 2)
        return replace(self, x=x, y=y, height=length)

    def turned(self, turn: int, size: tuple[int, int]) -> Box:
        """The box after a picture of `size` was turned by `turn` degrees (a multiple of 90) counterclockwise."""
        width, height = size
        if turn == 180:
            return replace(self, x=width - self.x, y=height - self.y)
        if turn == 90:
            return replace(self, x=self.y, y=width - self.x, width=self.height, height=self.width)
        if turn == 270:
            return replace(self, x=height - self.y, y=self.x, width=self.height, height=self.width)
        return self


def weighted_median(values: Iterable[tuple[float, float]]) -> float:
    """The value at which half of the weight is reached, of (value, weight); 0 without any."""
    ordered = sorted(values)
    half = sum(weight for _, weight in ordered) / 2
    reached = 0.0
    for value, weight in ordered:
        reached += weight
        if reached >= half:
            return value
    return 0.0


# ------------------------------------------------------------ boxes


@dataclass(frozen=True, slots=True)
class _Component:
    """Connected pixels of the map, with the moments that describe them.

    `runs` are rows of (y, first x, x behind the last).
    """

    runs: NDArray[np.int64]
    angle: float  # of the longer axis, within 45 degrees of the map's nearest axis
    elongation: float  # the longer axis by the shorter one
    length: float
    score: float  # mean of the map


def boxes_of(probabilities: Floats, size: tuple[int, int]) -> tuple[list[Box], float]:
    """The boxes of the lines on a page of `size` pixels, and the angle at which the page lies (within 45
    degrees).

    `probabilities` is the map of `Networks.probabilities`.
    """
    mask = probabilities > THRESHOLD
    wider = mask.copy()  # by one pixel down and right, as PaddleOCR does it
    wider[1:] |= mask[:-1]
    wider[:, 1:] |= wider[:, :-1]
    sums = np.zeros((probabilities.shape[0], probabilities.shape[1] + 1))
    sums[:, 1:] = np.cumsum(probabilities, axis=1, dtype=np.float64)
    found = [c for runs in components(wider) if (c := _component(runs, sums)) is not None]
    skew = weighted_median((c.angle, c.length) for c in found if c.elongation > TELLING)
    sure = [c for c in found if c.score >= SURE]
    if len(sure) > MOST_BOXES:
        sure = sorted(sure, key=lambda c: -c.length)[:MOST_BOXES]
    scale = size[0] / probabilities.shape[1], size[1] / probabilities.shape[0]
    boxes = [_box(component, skew, scale) for component in sure]
    return [box for box in boxes if box is not None], skew


def components(mask: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """The 8-connected components of a mask, each as rows of (y, first x, x behind the last).

    Runs of set pixels are joined with those they touch in the row above (union-find).
    """
    height, width = mask.shape
    framed = np.zeros((height, width + 2), np.int8)
    framed[:, 1:-1] = mask
    steps = np.diff(framed, axis=1)
    ys, begins = np.nonzero(steps == 1)
    _, ends = np.nonzero(steps == -1)
    if not len(ys):
        return []
    parents = list(range(len(ys)))

    def root(run: int) -> int:
        while parents[run] != run:
            parents[run] = parents[parents[run]]
            run = parents[run]
        return run

    rows = np.searchsorted(ys, np.arange(height + 1)).tolist()
    first, last = begins.tolist(), ends.tolist()
    for y in range(1, height):
        above, here = rows[y - 1], rows[y]
        while above < rows[y] and here < rows[y + 1]:
            if first[above] <= last[here] and first[here] <= last[above]:
                parents[root(here)] = root(above)
            if last[above] < last[here]:
                above += 1
            else:
                here += 1
    labels = np.array([root(run) for run in range(len(ys))])
    order = np.argsort(labels, kind="stable")
    runs = np.stack([ys, begins, ends], axis=1)[order]
    return np.split(runs, np.flatnonzero(np.diff(labels[order])) + 1)


def _component(runs: NDArray[np.int64], sums: NDArray[np.float64]) -> _Component | None:
    """The moments of a component, None for a speck. `sums` are those of the map along its rows."""
    lengths = runs[:, 2] - runs[:, 1]
    area = int(lengths.sum())
    if area < LEAST_AREA:
        return None
    y, middle = runs[:, 0].astype(float), (runs[:, 1] + runs[:, 2] - 1) / 2
    x_mean, y_mean = (middle * lengths).sum() / area, (y * lengths).sum() / area
    # Second moments; (n² - 1) / 12 is that of n pixels in a row about their middle.
    xx = (lengths * ((middle - x_mean) ** 2 + (lengths * lengths - 1) / 12)).sum() / area
    yy = (lengths * (y - y_mean) ** 2).sum() / area
    xy = (lengths * (middle - x_mean) * (y - y_mean)).sum() / area
    greater = (xx + yy) / 2 + math.hypot((xx - yy) / 2, xy)
    lesser = max(1e-6, xx + yy - greater)
    angle = 0.5 * math.atan2(2 * xy, xx - yy)
    return _Component(
        runs,
        (angle + math.pi / 4) % (math.pi / 2) - math.pi / 4,
        math.sqrt(greater / lesser),
        math.sqrt(12 * greater),  # of a rod with this moment
        float((sums[runs[:, 0], runs[:, 2]] - sums[runs[:, 0], runs[:, 1]]).sum() / area),
    )


def _box(component: _Component, skew: float, scale: tuple[float, float]) -> Box | None:
    """The grown rectangle around a component, in pixels of the page; None where it is too thin."""
    own = component.elongation > OWN_ANGLE and abs(component.angle - skew) < SAME_ANGLE
    angle = component.angle if own else skew
    cosine, sine = math.cos(angle), math.sin(angle)
    runs = component.runs
    xs = np.concatenate([runs[:, 1], runs[:, 2]]).astype(float)
    ys = np.concatenate([runs[:, 0], runs[:, 0]]) + 0.5
    along, across = xs * cosine + ys * sine, -xs * sine + ys * cosine
    left, right = along.min(), along.max()
    top, bottom = across.min() - 0.5, across.max() + 0.5
    width, height = right - left, bottom - top
    if min(width, height) < LEAST_SIDE:
        return None
    distance = width * height * GROWTH / (2 * (width + height))
    x, y = (left + right) / 2, (top + bottom) / 2
    return Box(
        float((x * cosine - y * sine) * scale[0]),
        float((x * sine + y * cosine) * scale[1]),
        angle,
        float((width + 2 * distance) * scale[0]),
        float((height + 2 * distance) * scale[1]),
    )


# ------------------------------------------------------------ pictures


def prepared(image: Image.Image) -> Image.Image:
    """A picture in mode RGB or L, of at most a hundred million pixels: itself, where it is one already.

    What is transparent is on white paper; grey of more than eight bits, and fractions, are brought to eight.
    Copies of large pictures are grey, since colour takes four bytes a pixel, and are made band by band.
    """
    pixels = image.width * image.height
    plain = image.mode in ("L", "RGB") and "transparency" not in image.info
    if plain and pixels <= MOST_PIXELS:
        return image
    grey = pixels > MOST_COLOUR or image.mode in ("1", "L") or image.mode.startswith(("I", "F"))
    copy = Image.new("L" if grey else "RGB", image.size, "white")
    span = _range(image) if image.mode.startswith(("I", "F")) else (0.0, 255.0)
    for top, band in _bands(image):
        copy.paste(_opaque(band, span).convert(copy.mode), (0, top))
    return copy.reduce(math.ceil(math.sqrt(pixels / MOST_PIXELS))) if pixels > MOST_PIXELS else copy


def _bands(image: Image.Image) -> Iterator[tuple[int, Image.Image]]:
    """A picture in bands of a few million pixels from the top, each with its first row."""
    rows = max(1, BAND // image.width)
    for top in range(0, image.height, rows):
        yield top, image.crop((0, top, image.width, min(image.height, top + rows)))


def _range(image: Image.Image) -> tuple[float, float]:
    """What is black and what is white in a picture of whole numbers (mode I) or fractions (F)."""
    low, high = math.inf, -math.inf
    for _, band in _bands(image):
        values = np.asarray(band, np.float64)
        values = values[np.isfinite(values)]
        if values.size:
            low, high = min(low, float(values.min())), max(high, float(values.max()))
    if image.mode.startswith("I"):
        return min(low, 0.0), max(high, 255.0)
    return (low, high) if high > low else (0.0, 1.0)


def _opaque(band: Image.Image, span: tuple[float, float]) -> Image.Image:
    if band.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in band.info:
        layer = band.convert("RGBA")
        paper = Image.new("RGB", band.size, "white")
        paper.paste(layer, mask=layer.getchannel("A"))
        return paper
    if band.mode.startswith(("I", "F")):
        values = np.nan_to_num(np.asarray(band, np.float64))
        values = (values - span[0]) * (255 / (span[1] - span[0]))
        return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    try:
        return band.convert("RGB")
    except ValueError:  # of LAB, for one, Pillow only knows how to make it
        return band.getchannel(0)


class Sheet:
    """A picture as it is seen after a turn; lines are cut out of it upright, from its own pixels.

    Only what is cut out is turned and made RGB: a copy of a whole page would take up to 400 MB.
    """

    def __init__(self, image: Image.Image, turn: int = 0) -> None:
        """`image` in mode L or RGB; `turn` in degrees counterclockwise, a multiple of 90."""
        self._image = image
        self._turn = turn

    @property
    def size(self) -> tuple[int, int]:
        """Width and height after the turn."""
        width, height = self._image.size
        return (height, width) if self._turn % 180 else (width, height)

    def crop(self, box: Box) -> Image.Image:
        """The picture in a box, with `width` to the right; at least a pixel wide and high.

        What is off the page is white where the box is at an angle, and left out where it is not.
        """
        width, height = max(1, round(box.width)), max(1, round(box.height))
        smaller = math.sqrt(width * height / MOST_CROPPED)
        if abs(box.angle) < STRAIGHT:
            left, top = round(box.x - box.width / 2), round(box.y - box.height / 2)
            cut = self._straight(left, top, left + width, top + height)
            while cut.width * cut.height > MOST_CROPPED and min(cut.size) > 1:
                cut = cut.reduce(2)
            return cut.convert("RGB")
        if smaller > 1:
            width, height = max(1, int(width / smaller)), max(1, int(height / smaller))
        x, y = box.width / 2, box.height / 2
        corners = [self._before(*box.point(*corner)) for corner in ((-x, -y), (-x, y), (x, y), (x, -y))]
        return self._image.transform(
            (width, height),
            Image.Transform.QUAD,
            [value for corner in corners for value in corner],
            Image.Resampling.BICUBIC,
            fillcolor="white",
        ).convert("RGB")

    def _straight(self, left: int, top: int, right: int, bottom: int) -> Image.Image:
        width, height = self.size
        left, top = min(max(0, left), width - 1), min(max(0, top), height - 1)
        right, bottom = max(left + 1, min(width, right)), max(top + 1, min(height, bottom))
        before = [round(value) for value in self.area((left, top, right, bottom))]
        cut = self._image.crop((before[0], before[1], before[2], before[3]))
        if self._turn == 90:
            return cut.transpose(Image.Transpose.ROTATE_90)
        if self._turn == 180:
            return cut.transpose(Image.Transpose.ROTATE_180)
        if self._turn == 270:
            return cut.transpose(Image.Transpose.ROTATE_270)
        return cut

    def _before(self, x: float, y: float) -> tuple[float, float]:
        """Where a point of the turned page was before the turn."""
        width, height = self._image.size
        if self._turn == 90:
            return width - y, x
        if self._turn == 180:
            return width - x, height - y
        if self._turn == 270:
            return y, height - x
        return x, y

    def area(self, area: Area) -> Area:
        """An upright rectangle of the turned page in the picture as it was given, cut at its edges."""
        width, height = self._image.size
        (a, b), (c, d) = self._before(area[0], area[1]), self._before(area[2], area[3])
        left, right = sorted((min(max(a, 0), width), min(max(c, 0), width)))
        top, bottom = sorted((min(max(b, 0), height), min(max(d, 0), height)))
        return left, top, right, bottom
