"""What stands in a picture of a page: its lines in reading order, with the place of every character.

Lines are found on a reduced copy and read from the picture's own pixels; 200 dots an inch are enough, 120
lose little. How the page lies is found by reading some of its lines in all four directions.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from core.documents.ocr.boxes import Area, Box, Sheet, boxes_of, prepared, weighted_median
from core.documents.ocr.networks import Letter, Networks, Reading, never, scaled
from core.documents.ocr.order import Placed, Position, arranged, placed, ruby_of
from core.documents.ocr.vertical import Cell, Strip, laid_down, settled

# Pixels of the detection's copy: 960 to 1920 find the same lines (8.5 points and more on A4), in 2.2 to 4.8 s.
SIDE = 1_280
LEAST_SCORE = 0.5  # of a line; less sure ones are mostly no text (PaddleOCR's own limit)
WEAK = 0.6  # a vertical line below it is also read on its side, and taken so if that is better by:
BETTER = 0.15
SAMPLES, SAMPLE_LENGTH = 4, 12  # lines that are read to find how a page lies; their length by their thickness
UPRIGHT = 0.95  # Latin text that reads so well lies as it should
UPRIGHT_BONUS = 0.02  # most pages do
LONG, TALL = 2.2, 1.5  # by these ratios of its sides a box is a line, and a vertical line
STACKED = 1.15  # a vertical line of less is one character
PITCH_LENGTH = 6.0  # a vertical line that is so much longer than wide knows its own pitch


@dataclass(frozen=True, slots=True)
class Character:
    """A character that was read, with its confidence from 0 to 1 and its box in pixels."""

    text: str
    confidence: float
    box: Area


@dataclass(frozen=True, slots=True)
class RecognisedLine:
    """A line of a page; boxes are in pixels of the picture as it was given, `score` is from 0 to 1.

    `vertical`: it runs downwards once the page is upright. `thickness` is its characters' size in pixels,
    about. `paragraph` counts from 0; `cell` is a table's row and column, from 0. `before` is what parts it
    from the line before in the page's text: nothing, a blank, tabs or a line break. Ruby has no part in that
    text; it follows the line that it belongs to, with its paragraph and cell.
    """

    characters: list[Character]
    score: float
    vertical: bool
    box: Area
    thickness: float
    paragraph: int
    cell: tuple[int, int] | None = None
    before: str = ""
    ruby: bool = False

    @property
    def text(self) -> str:
        return "".join(character.text for character in self.characters)


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a picture of `width` x `height` pixels says.

    `turn`: the degrees counterclockwise (0, 90, 180, 270) by which it has to be turned to be read; `skew`:
    those, within 45, by which its lines then still slope downwards.
    """

    lines: list[RecognisedLine]
    turn: int
    skew: float
    width: int
    height: int

    @property
    def text(self) -> str:
        """The lines in reading order, a paragraph or a table's row a line, with a tab for each column."""
        return "".join(line.before + line.text for line in self.lines if not line.ruby)


@dataclass(frozen=True, slots=True)
class _Read:
    """A line before it has its place: `characters` have their boxes on the turned page."""

    box: Box
    vertical: bool
    characters: list[Character]
    score: float

    @property
    def text(self) -> str:
        return "".join(character.text for character in self.characters)


class Recogniser:
    """Reads pictures, one at a time, with the networks of a folder."""

    def __init__(self, folder: Path, threads: int = 1, *, chinese: bool = False) -> None:
        """`folder` holds detection.onnx and recognition.onnx; `threads`: processors to use; `chinese`: see
        `Networks`.
        """
        self._networks = Networks(folder, threads, chinese=chinese)

    def read(self, image: Image.Image, check: Callable[[], None] = never) -> Recognised:
        """What a picture says, of any mode and size; it is not changed.

        `check` is called at least every few seconds; what it raises goes through. Raises FileNotFoundError
        without models, OSError where the picture's own file is damaged.
        """
        check()
        nothing = Recognised([], 0, 0.0, image.width, image.height)
        if not image.width or not image.height:
            return nothing
        page = prepared(image)
        check()
        boxes, skew = boxes_of(self._networks.probabilities(page, SIDE), page.size)
        check()
        if not boxes:
            return nothing
        turn = self._turn(Sheet(page), boxes, check)
        sheet = Sheet(page, turn)
        read = self._lines(sheet, [box.turned(turn, page.size) for box in boxes], check)
        scale = image.width / page.width, image.height / page.height
        lines = _in_order(read, skew, lambda area: _scaled(sheet.area(area), scale))
        return replace(nothing, lines=lines, turn=turn, skew=math.degrees(skew))

    # ------------------------------------------------------------ which way up

    def _turn(self, sheet: Sheet, boxes: list[Box], check: Callable[[], None]) -> int:
        """By how many degrees counterclockwise the page has to be turned to be read.

        The recognition network also reads characters that lie on their left side. So what is right way up
        reads well twice: a horizontal line as it is, and as a strip when turned by 90 degrees; a vertical one
        as a strip, and turned. The best sum of the two is clear where the best single score is not (a page on
        its side read with 0.975, in the wrong order).
        """
        long = [box for box in boxes if box.longer > LONG * box.shorter] or boxes
        long = sorted(long, key=lambda box: -box.longer * box.shorter**0.5)[:SAMPLES]
        samples = [sheet.crop(box.beginning(SAMPLE_LENGTH * box.shorter)) for box in long]

        def tried(turn: int, *, strip: bool) -> tuple[float, str]:
            turned = [sample.rotate(turn, expand=True) if turn else sample for sample in samples]
            readings = self._networks.read(
                [laid_down(line).image if strip else line for line in turned], check
            )
            # A single character says nothing: many look like another one when turned.
            score = statistics.fmean(r.score * min(1.0, len(r.letters) / 3) for r in readings)
            return score, "".join(r.text for r in readings)

        wide = sum(sample.width for sample in samples) >= sum(sample.height for sample in samples)
        upright, text = tried(0, strip=not wide)
        latin = sum(ord(character) < 0x2000 for character in text) > 0.8 * len(text)
        if wide and latin and upright >= UPRIGHT:
            return 0
        over = tried(180, strip=not wide)[0]
        left, right = tried(90, strip=wide)[0], tried(270, strip=wide)[0]
        sums = {
            0: upright + left + UPRIGHT_BONUS,
            180: over + right,
            270: upright + right,
            90: over + left,
        }
        return max(sums, key=lambda turn: sums[turn])

    # ------------------------------------------------------------ lines

    def _lines(self, sheet: Sheet, boxes: list[Box], check: Callable[[], None]) -> list[_Read]:
        """Read the lines of a page that is right way up."""
        directed = _directions(boxes)
        # Long vertical lines first: their pitch helps the short ones.
        directed.sort(key=lambda pair: -pair[0].height / pair[0].width)
        pitches: list[tuple[float, float]] = []  # and the width of the line
        crops, strips = [], []
        for box, vertical in directed:
            check()
            crop = sheet.crop(box)
            strip = None
            if vertical and box.height > STACKED * box.width:
                near = [pitch for pitch, width in pitches if abs(width - box.width) < 0.25 * width]
                short = box.height < PITCH_LENGTH * box.width
                strip = laid_down(crop, statistics.median(near) if short and near else None)
                if not short and strip.pitch is not None:
                    pitches.append((strip.pitch, box.width))
                crop = strip.image
            crops.append(scaled(crop))  # those of a large page would take hundreds of megabytes
            strips.append(None if strip is None else replace(strip, image=crops[-1]))
        readings = self._networks.read(crops, check)
        lying = self._lying(sheet, directed, strips, readings, check)
        read = []
        for i, (box, vertical) in enumerate(directed):
            strip = strips[i]
            if i in lying:
                readings[i] = lying[i]
                characters = _along(box, lying[i].letters, vertical=True)
            elif strip is not None:
                characters = _in_cells(box, strip, readings[i].letters)
            else:
                characters = _along(box, readings[i].letters, vertical=False)
            said = _by_neighbours([character.text for character in characters])
            characters = [replace(c, text=text) for c, text in zip(characters, said, strict=True)]
            read.append(_Read(box, vertical, characters, readings[i].score))
        return read

    def _lying(
        self,
        sheet: Sheet,
        directed: list[tuple[Box, bool]],
        strips: Sequence[Strip | None],
        readings: list[Reading],
        check: Callable[[], None],
    ) -> dict[int, Reading]:
        """Strips that read badly, and better on their side, by their place.

        They have Latin words in them, or were cut wrong.
        """
        weak = [i for i, strip in enumerate(strips) if strip is not None and readings[i].score < WEAK]
        turned = (
            self._networks.read([sheet.crop(directed[i][0]).rotate(90, expand=True) for i in weak], check)
            if weak
            else []
        )
        return {
            i: reading
            for i, reading in zip(weak, turned, strict=True)
            if reading.score > readings[i].score + BETTER
        }


def _directions(boxes: list[Box]) -> list[tuple[Box, bool]]:
    """Boxes with whether they are vertical lines.

    What could be either goes with the page: a lone 1 is higher than wide.
    """
    down = sum(box.height * box.width for box in boxes if box.height > TALL * box.width)
    across = sum(box.height * box.width for box in boxes if box.width > TALL * box.height)
    usual = weighted_median((box.shorter, box.longer) for box in boxes)
    directed = []
    for box in boxes:
        vertical = down > across
        single = box.longer < 2.6 * box.shorter and box.longer < 1.8 * usual  # a character or two
        if not single and box.longer > TALL * box.shorter:
            vertical = box.height > box.width
        directed.append((box, vertical))
    return directed


def _along(box: Box, letters: list[Letter], *, vertical: bool) -> list[Character]:
    """Characters of a line by their centres: each reaches halfway to its neighbours."""
    length = box.height if vertical else box.width
    centres = [letter.centre * length for letter in letters]
    middles = [(a + b) / 2 for a, b in itertools.pairwise(centres)]
    if not centres:
        return []
    before = middles[0] - centres[0] if middles else length / 2
    behind = centres[-1] - middles[-1] if middles else length / 2
    begins = [max(0.0, centres[0] - before), *middles]
    ends = [*middles, min(length, centres[-1] + behind)]
    x, y = box.width / 2, box.height / 2
    return [
        Character(
            letter.text,
            letter.confidence,
            box.part(-x, begin - y, x, end - y) if vertical else box.part(begin - x, -y, end - x, y),
        )
        for letter, begin, end in zip(letters, begins, ends, strict=True)
    ]


def _in_cells(box: Box, strip: Strip, letters: list[Letter]) -> list[Character]:
    """Characters of a strip, with the boxes of the cells that they were read in."""
    texts = [letter.text for letter in letters]
    if not strip.cells:
        said = settled(texts, [None] * len(texts))
        characters = _along(box, letters, vertical=True)
        return [replace(c, text=text) for c, text in zip(characters, said, strict=True)]

    def cell_at(centre: float) -> Cell:
        return min(strip.cells, key=lambda cell: abs((cell.left + cell.right) / 2 - centre * strip.width))

    cells = [cell_at(letter.centre) for letter in letters]
    # Cells are in pixels of the crop, of which there are fewer where the box is very large.
    scale = box.height / strip.height
    said = settled(texts, list(cells))
    x, y = box.width / 2, box.height / 2
    return [
        Character(text, letter.confidence, box.part(-x, cell.top * scale - y, x, cell.bottom * scale - y))
        for text, letter, cell in zip(said, letters, cells, strict=True)
    ]


def _in_order(read: list[_Read], skew: float, given: Callable[[Area], Area]) -> list[RecognisedLine]:
    """Lines in reading order, each with its ruby behind it.

    `given` brings an area of the turned page to the picture as it was given.
    """
    places = [placed(line.box, line.text, vertical=line.vertical, skew=skew) for line in read]
    ruby: dict[int, list[int]] = {}
    for small, line in ruby_of(places).items():
        ruby.setdefault(line, []).append(small)
    hung = {small for group in ruby.values() for small in group}
    kept = [i for i in range(len(read)) if i not in hung and _certain(read[i])]
    if not kept:
        return []
    lines = []
    for position in arranged([places[i] for i in kept]):
        i = kept[position.index]
        lines.append(_line(read[i], places[i], position, given))
        for small in ruby.get(i, []):
            if _certain(read[small]):
                lines.append(_line(read[small], places[small], position, given, ruby=True))
    return lines


def _line(
    read: _Read, place: Placed, position: Position, given: Callable[[Area], Area], *, ruby: bool = False
) -> RecognisedLine:
    """A line at its position; `ruby` where it belongs to the line that is there."""
    return RecognisedLine(
        characters=[replace(c, box=given(c.box)) for c in read.characters],
        score=read.score,
        vertical=read.vertical,
        box=given(read.box.area),
        thickness=place.thickness,
        paragraph=position.paragraph,
        cell=position.cell,
        before="" if ruby else position.before,
        ruby=ruby,
    )


def _certain(line: _Read) -> bool:
    return line.score >= LEAST_SCORE and bool(line.text.strip())


def _scaled(area: Area, scale: tuple[float, float]) -> Area:
    return area[0] * scale[0], area[1] * scale[1], area[2] * scale[0], area[3] * scale[1]


# ------------------------------------------------------------ characters that look the same

_KATAKANA_OF = dict(zip("力口二工夕八卜一", "カロニエタハトー", strict=True))
_BEFORE_POWER = frozenset("入出努能学体圧電協全有効気重動馬迫実")  # 入力, 協力, …


def _is_katakana(character: str) -> bool:
    return "\u30a1" <= character <= "\u30fa" or character == "ー"


def _by_neighbours(said: list[str]) -> list[str]:
    """Characters that look like others as what their neighbours make of them: 力 and カ, 一 and ー, 口 and ロ, …"""
    settled_ones = list(said)
    for i, character in enumerate(said):
        before = said[i - 1] if i else ""
        after = said[i + 1] if i + 1 < len(said) else ""
        if character == "カ" and before in _BEFORE_POWER:
            katakana = _is_katakana(after) or (i > 1 and _is_katakana(said[i - 2]))
            settled_ones[i] = character if katakana else "力"
        elif character in _KATAKANA_OF and _is_katakana(before) and _is_katakana(after):
            settled_ones[i] = _KATAKANA_OF[character]
    return settled_ones
