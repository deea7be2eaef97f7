"""Text is recognised in pictures of pages: which it is, in which order it is read, and where it stands.

The pages are those of tests/data/scans/make.py.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.documents.model import Kind, Page
from core.documents.ocr.boxes import Box, Sheet, boxes_of, components, prepared
from core.documents.ocr.order import Placed, arranged, placed, ruby_of
from core.documents.ocr.page import page_of
from core.documents.ocr.recogniser import Recognised, Recogniser
from core.paths import starter_folder
from core.storage.passages import packed_lines, unpacked_lines

SCANS = Path(__file__).resolve().parent.parent / "data/scans"
POINTS = 0.48  # a pixel, at 150 dots an inch
Read = Callable[[str], Recognised]


@pytest.fixture(scope="module")
def recogniser() -> Recogniser:
    given = os.environ.get("TSUKUE_OCR_MODELS")
    folder = Path(given) if given else starter_folder() / "ppocr-v6-small"
    if not (folder / "recognition.onnx").is_file():
        pytest.skip("the models for text recognition are not there; `make setup` unpacks them")
    return Recogniser(folder)


@pytest.fixture(scope="module")
def read(recogniser: Recogniser) -> Read:
    """What a page of the folder says; each is read once."""
    known: dict[str, Recognised] = {}

    def one(name: str) -> Recognised:
        if name not in known:
            with Image.open(SCANS / f"{name}.png") as image:
                known[name] = recogniser.read(image)
        return known[name]

    return one


def blocks(page: Page) -> list[tuple[Kind, str]]:
    return [(block.kind, page.text[block.start : block.end]) for block in page.blocks]


def places(page: Page, words: str) -> list[tuple[float, float, float, float]]:
    """The boxes that a highlight of these words has (left, top, right, bottom), as `PassageStore.boxes` finds them."""
    start = page.text.index(words)
    end = start + len(words)
    found = []
    for line in unpacked_lines(packed_lines(page.lines)):
        first, last = max(start, line.start), min(end, line.end)
        if first < last:
            a, b = sorted((line.edges[first - line.start], line.edges[last - line.start]))
            found.append((line.left, a, line.right, b) if line.vertical else (a, line.top, b, line.bottom))
    return found


# ------------------------------------------------------------ what it says


def test_a_letter_that_lies_at_an_angle(read: Read) -> None:
    page = page_of(read("letter"), 1, POINTS)
    assert abs(read("letter").skew + 1.5) < 0.3
    assert page.number == 1
    assert blocks(page) == [
        (Kind.PARAGRAPH, "Dear Ms. Hartley,"),
        (
            Kind.PARAGRAPH,
            "Thank you for the desk you sent us in April. It arrived in good order, and every drawer runs smoothly."
            " We have placed it beside the window, where the light is best until noon.",
        ),
        (
            Kind.PARAGRAPH,
            "Please send the invoice to our new address: 14 Mill Lane, Ashford. We will pay within thirty days of its"
            " arrival. If anything is missing, call Mr. Pollock at 01632 960 147.",
        ),
        (Kind.PARAGRAPH, "Yours sincerely,"),
        (Kind.PARAGRAPH, "Theodora Quill"),
    ]


def test_columns_are_read_one_after_the_other(read: Read) -> None:
    assert blocks(page_of(read("columns"), 1, POINTS)) == [
        (Kind.HEADING, "机の使い方"),
        (
            Kind.PARAGRAPH,
            "机の上を片づけることから一日の仕事は始まります。必要な資料だけを手もとに置き、残りは棚に戻してください。"
            "これで探しものに使う時間が減ります。",
        ),
        (
            Kind.PARAGRAPH,
            "午後には届いた手紙を読み返事が要るものを右の箱に入れておきます。急ぎの件は赤い札をつけて、"
            "その日のうちに返します。週末には箱を空にしましょう。",
        ),
    ]


def test_vertical_lines_and_ruby(read: Read) -> None:
    recognised = read("novel")
    assert all(line.vertical for line in recognised.lines if not line.ruby)
    assert "めがね" in [line.text for line in recognised.lines if line.ruby]
    assert page_of(recognised, 1, POINTS).text == (
        "朝の光が机の角を照らしていた。祖父は眼鏡をかけ、ゆっくりと万年筆を取った。「今日は何を書くの」と私が"
        "たずねると、祖父は少し笑って「手紙だよ」と答えた。"
    )


def test_a_receipt_is_a_table(read: Read) -> None:
    page = page_of(read("receipt"), 1, POINTS)
    assert [kind for kind, _ in blocks(page)] == [Kind.HEADING, Kind.TABLE, Kind.PARAGRAPH]
    rows = [[page.text[a:b] for a, b in row.cells] for row in page.blocks[1].rows]
    assert rows == [
        ["品名", "数量", "単価", "金額"],
        ["Notebook A5", "2", "480", "960"],
        ["万年筆インク", "1", "1,650", "1,650"],
        ["消しゴム", "3", "110", "330"],
        ["Paper clips", "5", "95", "475"],
    ]
    assert blocks(page)[2][1] == "お買い上げありがとうございました。"


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_is_turned_until_it_can_be_read(recogniser: Recogniser, turn: int) -> None:
    with Image.open(SCANS / "notice.png") as image:  # upside down
        recognised = recogniser.read(image.rotate(turn, expand=True))
    assert recognised.turn == (540 - turn) % 360
    assert recognised.text == (
        "The reading room is closed on Thursday. Books that were ordered by Monday are kept at the front desk until"
        " the end of the month. Please bring your green card."
    )


def test_a_faint_page_with_noise(read: Read) -> None:
    assert read("faint").text == (
        "Meeting of the garden committee The old pear tree stays where it is. New benches will be painted in May."
        " Water the roses only after sunset."
    )


# ------------------------------------------------------------ where it stands


def test_a_highlight_covers_its_words(read: Read) -> None:
    receipt = page_of(read("receipt"), 1, 1.0)
    # Drawn from 80, 244, six characters of 26 pixels.
    [(left, top, right, bottom)] = places(receipt, "万年筆インク")
    assert abs(left - 80) < 14
    assert abs(right - 236) < 14
    assert top < 252
    assert 268 < bottom < 290
    [(left, _, right, _)] = places(receipt, "A5")
    assert 80 < left < right < 260

    novel = page_of(read("novel"), 1, 1.0)
    # In the third line, behind four characters of 36 pixels.
    [(left, top, right, bottom)] = places(novel, "万年筆")
    assert left < 372 < 400 < right
    assert abs(top - (90 + 4 * 36)) < 14
    assert abs(bottom - (90 + 7 * 36)) < 14
    assert len(places(novel, "笑って「手紙")) == 2


def test_a_highlight_on_a_page_that_was_turned(read: Read) -> None:
    page = page_of(read("notice"), 1, 1.0)  # 900 x 360, upside down; drawn from 90, 90
    [(left, top, right, bottom)] = places(page, "The reading")
    assert 790 < right < 825
    assert 600 < left < 700
    assert 225 < top < 250
    assert 260 < bottom < 290
    assert all(not line.vertical for line in page.lines)


def test_the_box_of_a_line_at_an_angle_does_not_grow_over_its_neighbours(read: Read) -> None:
    page = page_of(read("letter"), 1, 1.0)
    assert max(line.bottom - line.top for line in page.lines) < 60
    for line in page.lines:
        assert len(line.edges) == line.end - line.start + 1
        assert line.edges == sorted(line.edges)
        assert 0 <= line.left <= line.edges[0] <= line.edges[-1] <= line.right <= 1000
    covered = {i for line in page.lines for i in range(line.start, line.end)}
    assert all(i in covered for i, character in enumerate(page.text) if not character.isspace())


# ------------------------------------------------------------ robustness


def test_what_check_raises_cancels(recogniser: Recogniser) -> None:
    calls = 0

    def check() -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise KeyboardInterrupt

    with Image.open(SCANS / "receipt.png") as image:
        with pytest.raises(KeyboardInterrupt):
            recogniser.read(image, check)
        assert calls == 5
        calls = 10
        recogniser.read(image, check)
        assert calls > 20


def test_pictures_without_text(recogniser: Recogniser) -> None:
    random = np.random.default_rng(1)
    for image in (
        Image.new("L", (800, 1000), 255),
        Image.new("RGB", (0, 0)),
        Image.new("RGB", (1, 1)),
        Image.new("L", (20_000, 10), 255),
        Image.fromarray(random.integers(0, 256, (10, 20_000), dtype=np.uint8)),
        Image.fromarray(random.integers(0, 256, (20_000, 10), dtype=np.uint8)),
    ):
        recognised = recogniser.read(image)
        page = page_of(recognised, None, 1.0)
        assert (recognised.lines, page.text, page.blocks, page.lines) == ([], "", [], [])
    noise = Image.fromarray(random.integers(0, 256, (1000, 800), dtype=np.uint8))
    assert len(recogniser.read(noise).text) < 5


@pytest.mark.parametrize("mode", ["1", "P", "RGB", "RGBA", "LA", "CMYK", "YCbCr", "I;16", "I", "F", "LAB"])
def test_pictures_of_any_mode(recogniser: Recogniser, mode: str) -> None:
    with Image.open(SCANS / "notice.png") as scan:
        grey = scan.convert("L").rotate(180).crop((80, 80, 900, 130))
    pixels = np.asarray(grey)
    if mode == "I;16":
        image = Image.fromarray(pixels.astype(np.uint16) * 257)
    elif mode == "F":
        fractions = pixels.astype(np.float32) / 255
        fractions[0] = np.nan
        image = Image.fromarray(fractions)
    elif mode == "LAB":
        image = Image.merge(mode, (grey, Image.new("L", grey.size, 128), Image.new("L", grey.size, 128)))
    elif mode in ("CMYK", "YCbCr"):
        image = grey.convert("RGB").convert(mode)
    else:
        image = grey.convert(mode)
    assert image.mode == mode
    before = image.tobytes()
    assert recogniser.read(image).text == "The reading room is closed on Thursday."
    assert image.tobytes() == before


def test_black_on_nothing_is_black_on_white() -> None:
    ink = Image.new("LA", (4, 4), (0, 0))
    ink.putpixel((1, 2), (0, 255))
    page = prepared(ink).convert("L")
    assert page.getpixel((0, 0)) == 255
    assert page.getpixel((1, 2)) == 0


def test_large_pictures_are_made_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.documents.ocr.boxes.MOST_PIXELS", 1_000)
    monkeypatch.setattr("core.documents.ocr.boxes.BAND", 300)
    page = prepared(Image.new("RGB", (100, 35), "white"))
    assert page.size == (50, 18)
    assert page.convert("L").getextrema() == (255, 255)


def test_missing_models(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        Recogniser(tmp_path).read(Image.new("L", (100, 100), 255))


# ------------------------------------------------------------ boxes


def test_connected_components() -> None:
    mask = np.array(
        [
            [1, 1, 0, 0, 1],
            [0, 0, 1, 0, 1],
            [0, 0, 0, 0, 1],
            [1, 0, 1, 1, 1],
        ],
        bool,
    )
    found = sorted(sum(int(end - start) for _, start, end in runs) for runs in components(mask))
    assert found == [1, 3, 6]  # a diagonal connects


def test_a_box_is_grown_and_turned() -> None:
    probabilities = np.zeros((64, 128), np.float32)
    probabilities[20:30, 16:112] = 0.9
    [box], skew = boxes_of(probabilities, (256, 128))
    assert abs(skew) < 1e-6
    # 97 x 11 after dilation, grown by 1.6 x area / perimeter on each side, at two pixels for each of the map.
    distance = 1.6 * 97 * 11 / (2 * (97 + 11))
    assert box.width == pytest.approx(2 * (97 + 2 * distance))
    assert box.height == pytest.approx(2 * (11 + 2 * distance))
    turned = box.turned(90, (256, 128))
    assert (turned.x, turned.y) == (box.y, 256 - box.x)
    assert (turned.width, turned.height) == (box.height, box.width)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
@pytest.mark.parametrize("angle", [0.0, 0.2])
def test_a_crop_is_the_same_from_the_page_and_from_the_turned_page(turn: int, angle: float) -> None:
    random = np.random.default_rng(5)
    image = Image.fromarray(random.integers(0, 256, (60, 90), dtype=np.uint8))
    whole = image.rotate(turn, expand=True)
    box = Box(whole.width / 2 + 3, whole.height / 2 - 4, angle, 30, 12)
    sheet = Sheet(image, turn)
    assert sheet.size == whole.size
    ours = np.asarray(sheet.crop(box), int)
    assert np.abs(ours - np.asarray(Sheet(whole).crop(box), int)).max() <= 1
    assert sheet.area((0, 0, *whole.size)) == (0, 0, 90, 60)


# ------------------------------------------------------------ order


def line(text: str, x: float, y: float, width: float = 0, *, vertical: bool = False) -> Placed:
    """A line of 20 pixels from its upper left corner."""
    width = width or 20 * len(text)
    box = Box(x + 10, y + width / 2, 0, 20, width) if vertical else Box(x + width / 2, y + 10, 0, width, 20)
    return placed(box, text, vertical=vertical, skew=0)


def order(lines: list[Placed]) -> list[str]:
    return [lines[position.index].text for position in arranged(lines)]


def test_a_heading_over_columns_comes_first() -> None:
    left = [line(f"left{n}", 0, 60 + n * 30, 300) for n in range(4)]
    right = [line(f"right{n}", 360, 60 + n * 30, 300) for n in range(4)]
    lines = [*reversed(right), *left, line("title", 0, 0, 600)]
    names = [f"left{n}" for n in range(4)] + [f"right{n}" for n in range(4)]
    assert order(lines) == ["title", *names]


def test_rows_of_a_table_and_empty_cells() -> None:
    rows = [["item", "size", "cost"], ["bolt", "", "120"], ["nut", "m4", "80"]]
    lines = [
        line(cell, column * 200, n * 40)
        for n, row in enumerate(rows)
        for column, cell in enumerate(row)
        if cell
    ]
    mixed = lines[::-1]
    found = {mixed[p.index].text: p.cell for p in arranged(mixed)}
    assert found == {
        cell: (n, column) for n, row in enumerate(rows) for column, cell in enumerate(row) if cell
    }


def test_vertical_lines_from_right_to_left() -> None:
    lines = [line(f"line{n}", 400 - n * 40, 50, 400, vertical=True) for n in range(5)]
    assert order(lines[::-1]) == [f"line{n}" for n in range(5)]


def test_ruby_belongs_to_the_line_beside_it() -> None:
    def box(text: str, x: float, y: float, width: float, height: float) -> Placed:
        return placed(Box(x, y, 0, width, height), text, vertical=True, skew=0)

    lines = [
        box("本文の一行", 100, 200, 40, 400),
        box("ほんぶん", 125, 80, 20, 80),
        box("次の行", 40, 200, 40, 400),
    ]
    assert ruby_of(lines) == {1: 0}
    across = [line("本文の一行です", 0, 20), placed(Box(40, 16, 0, 40, 10), "ほん", vertical=False, skew=0)]
    assert ruby_of(across) == {1: 0}
    assert ruby_of([across[0], placed(Box(40, 16, 0, 40, 10), "12", vertical=False, skew=0)]) == {}


def test_a_picture_that_nothing_here_can_read_is_not_called_empty() -> None:
    from core.documents.ingest import _nothing
    from core.errors import FileEmpty, FileScanned

    assert isinstance(_nothing("receipt.png", [], pictures=True), FileScanned)
    assert isinstance(_nothing("empty.txt", [], pictures=False), FileEmpty)
