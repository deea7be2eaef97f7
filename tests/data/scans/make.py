"""Renders the pages of this folder: `python tests/data/scans/make.py`, with the fonts DejaVu Serif and Noto CJK installed.

The words are Tsukue's own. Pages are grey with 16 shades, at about 150 dots an inch.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

HERE = Path(__file__).resolve().parent
FONTS = Path("/usr/share/fonts")
SERIF = FONTS / "truetype/dejavu/DejaVuSerif.ttf"
MINCHO = FONTS / "opentype/noto/NotoSerifCJK-Regular.ttc"
GOTHIC = FONTS / "opentype/noto/NotoSansCJK-Regular.ttc"

LETTER = """Dear Ms. Hartley,

Thank you for the desk you sent us in April. It arrived in
good order, and every drawer runs smoothly. We have placed
it beside the window, where the light is best until noon.

Please send the invoice to our new address: 14 Mill Lane,
Ashford. We will pay within thirty days of its arrival. If any-
thing is missing, call Mr. Pollock at 01632 960 147.

Yours sincerely,
Theodora Quill"""

LEFT_COLUMN = [
    "机の上を片づけることから",
    "一日の仕事は始まります。",
    "必要な資料だけを手もとに",
    "置き、残りは棚に戻してく",
    "ださい。これで探しものに",
    "使う時間が減ります。",
]
RIGHT_COLUMN = [
    "午後には届いた手紙を読み",
    "返事が要るものを右の箱に",
    "入れておきます。急ぎの件",
    "は赤い札をつけて、その日",
    "のうちに返します。週末に",
    "は箱を空にしましょう。",
]

NOVEL = [
    "　朝の光が机の角を照らして",
    "いた。祖父は眼鏡をかけ、ゆ",
    "っくりと万年筆を取った。",
    "「今日は何を書くの」と私が",
    "たずねると、祖父は少し笑っ",
    "て「手紙だよ」と答えた。",
]
RUBY = {(1, 3): "そふ", (1, 6): "めがね"}  # (line, first character): what is written beside it

RECEIPT = [
    ("品名", "数量", "単価", "金額"),
    ("Notebook A5", "2", "480", "960"),
    ("万年筆インク", "1", "1,650", "1,650"),
    ("消しゴム", "3", "110", "330"),
    ("Paper clips", "5", "95", "475"),
]

NOTICE = """The reading room is closed on Thursday.
Books that were ordered by Monday are
kept at the front desk until the end of
the month. Please bring your green card."""

FAINT = """Meeting of the garden committee
The old pear tree stays where it is.
New benches will be painted in May.
Water the roses only after sunset."""


def paper(width: int, height: int) -> tuple[Image.Image, ImageDraw.ImageDraw]:
    page = Image.new("L", (width, height), 255)
    return page, ImageDraw.Draw(page)


def font(path: Path, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


def written(draw: ImageDraw.ImageDraw, lines: list[str], x: int, y: int, path: Path, size: int) -> None:
    for n, line in enumerate(lines):
        draw.text((x, y + round(n * size * 1.65)), line, 0, font(path, size))


def letter() -> Image.Image:
    page, draw = paper(1000, 640)
    written(draw, LETTER.split("\n"), 80, 70, SERIF, 24)
    return page.rotate(1.5, Image.Resampling.BICUBIC, fillcolor=255)


def columns() -> Image.Image:
    page, draw = paper(1000, 560)
    draw.text((90, 60), "机の使い方", 0, font(GOTHIC, 52))
    written(draw, LEFT_COLUMN, 90, 170, MINCHO, 30)
    written(draw, RIGHT_COLUMN, 550, 170, MINCHO, 30)
    return page


def novel() -> Image.Image:
    page, draw = paper(640, 720)
    size, pitch = 36, 76
    for n, line in enumerate(NOVEL):
        x = 640 - 120 - n * pitch
        draw.text(
            (x, 90),
            line,
            0,
            ImageFont.truetype(MINCHO, size, layout_engine=ImageFont.Layout.RAQM),
            "lt",
            direction="ttb",
        )
        for (row, first), ruby in RUBY.items():
            if row == n:
                for i, character in enumerate(ruby):
                    y = 90 + round((first + (i + 0.5) * 2 / len(ruby)) * size) - 8
                    draw.text((x + size + 3, y), character, 0, font(MINCHO, 16), "lt")
    return page


def receipt() -> Image.Image:
    page, draw = paper(900, 500)
    draw.text((360, 40), "領収書", 0, font(GOTHIC, 44))
    for n, row in enumerate(RECEIPT):
        y = 140 + n * 52
        draw.text((80, y), row[0], 0, font(GOTHIC, 26))
        for cell, right in zip(row[1:], (500, 650, 820), strict=True):
            draw.text((right, y), cell, 0, font(GOTHIC, 26), "ra")
        draw.line((70, y + 42, 830, y + 42), 90, 1)
    draw.text((80, 430), "お買い上げありがとうございました。", 0, font(GOTHIC, 26))
    return page


def notice() -> Image.Image:
    page, draw = paper(900, 360)
    written(draw, NOTICE.split("\n"), 90, 90, SERIF, 28)
    return page.rotate(180)


def faint() -> Image.Image:
    page, draw = paper(800, 330)
    written(draw, FAINT.split("\n"), 80, 70, SERIF, 26)
    page = page.filter(ImageFilter.GaussianBlur(1.3))
    noise = np.random.default_rng(7).normal(0, 14, (page.height, page.width))
    pixels = 70 + np.asarray(page, np.float32) * 0.6 + noise
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def main() -> None:
    for make in (letter, columns, novel, receipt, notice, faint):
        page = make().point(lambda value: (value + 8) // 17)
        palette = Image.frombytes("P", page.size, page.tobytes())
        palette.putpalette([shade * 17 for shade in range(16) for _ in range(3)])
        palette.save(HERE / f"{make.__name__}.png", optimize=True, bits=4)


if __name__ == "__main__":
    main()
