"""Pictures as documents: each (of a TIFF each page) is a page whose text is still to be recognised; drawn and loaded here too."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from core.documents.messages import PageImage
from core.documents.model import Note, Page
from core.errors import FileDamaged, FileMissing, FileTooLarge

MOST_FRAMES = 2_000
MOST_PIXELS = 250_000_000  # of one; nobody's scanner makes more, and a bomb does not unpack
Image.MAX_IMAGE_PIXELS = MOST_PIXELS
_BROKEN = (
    UnidentifiedImageError,
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    OverflowError,
)


def read(path: Path, name: str, notes: list[Note]) -> Iterator[Page]:
    """A page for each picture in a file, without text. Raises FileMissing, FileDamaged, FileTooLarge."""
    with _open(path, name) as picture:
        try:
            count = min(int(getattr(picture, "n_frames", 1)), MOST_FRAMES)
        except _BROKEN:
            count = 1
        if picture.format in ("PNG", "WEBP", "GIF", "JPEG"):
            count = 1  # what moves says it once
    load(
        path, 1, name
    )  # a picture that cannot be unpacked is said to be damaged now, not when somebody waits for its text
    for number in range(1, count + 1):
        yield Page(number, "", picture=True, of=count)


def _open(path: str | Path, name: str) -> Image.Image:
    try:
        picture = Image.open(path)
    except FileNotFoundError as error:
        raise FileMissing(name) from error
    except Image.DecompressionBombError as error:
        raise FileTooLarge(name, Path(path).stat().st_size // 1_000_000, MOST_PIXELS // 1_000_000) from error
    except _BROKEN as error:
        raise FileDamaged(name) from error
    if picture.width * picture.height > MOST_PIXELS:
        picture.close()
        raise FileTooLarge(name, picture.width * picture.height // 1_000_000, MOST_PIXELS // 1_000_000)
    return picture


def load(path: str | Path, number: int, name: str) -> Image.Image:
    """Picture `number` (from 1) of a file, turned as its camera says, on white. Raises FileMissing, FileDamaged, FileTooLarge."""
    with _open(path, name) as picture:
        try:
            if number > 1:
                picture.seek(number - 1)
            turned = ImageOps.exif_transpose(picture)
            if turned.mode in ("RGBA", "LA", "PA") or "transparency" in turned.info:
                layered = turned.convert("RGBA")
                white = Image.new("RGB", layered.size, "white")
                white.paste(layered, mask=layered.getchannel("A"))
                return white
            if turned.mode.startswith("I") or turned.mode == "F":  # 16 bits a pixel
                low, high = (float(str(value)) for value in turned.getextrema())
                scale = 255 / max(high - low, 1.0)
                turned = turned.point(lambda value: value * scale - low * scale).convert("L")
            return turned.convert("RGB")
        except (MemoryError, Image.DecompressionBombError) as error:
            raise FileDamaged(name) from error
        except _BROKEN as error:
            raise FileDamaged(name) from error


def render(path: str, number: int, width: int, boxes: list[tuple[float, float, float, float]]) -> PageImage:
    """Draw a picture, `width` pixels wide. `boxes` (left, top, right, bottom, in its own pixels) come back in those drawn.

    Raises FileMissing, FileDamaged, FileTooLarge.
    """
    picture = load(path, number, Path(path).name)
    scale = width / picture.width
    height = max(round(picture.height * scale), 1)
    drawn = picture.resize((max(width, 1), height), Image.Resampling.LANCZOS)
    rectangles = [
        (left * scale, top * scale, (right - left) * scale, (bottom - top) * scale)
        for left, top, right, bottom in boxes
    ]
    return PageImage(drawn.width, drawn.height, drawn.width * 4, _bgrx(drawn), rectangles)


def _bgrx(picture: Image.Image) -> bytes:
    return picture.convert("RGBX").tobytes("raw", "BGRX")


def of_page(page: PageImage) -> Image.Image:
    """A drawn page as a picture."""
    return Image.frombytes("RGB", (page.width, page.height), page.pixels, "raw", "BGRX", page.stride)


def as_png(picture: Image.Image, side: int) -> bytes:
    """A picture as a PNG file that says nothing but its pixels, its longer side at most `side` of them."""
    small = picture.copy()
    small.info.clear()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.convert("RGB").save(out, "PNG")
    return out.getvalue()
