"""Program of the processes that decode one still image each: bytes in, raw RGB out.

They are forked off it (`python -I still_process.py`, see fork_server.py). One has the image on
standard input and the arguments MAX_PIXELS and MAX_SIDE. It writes JSON, filled up with spaces,
`{"format", "width", "height", "orientation", "warnings", "shape"}` or `{"code", "message"}`, and
after the first kind the pixels, uint8 [h, w, 3].
"""

from __future__ import annotations

import io
import json
import sys
import warnings
from collections.abc import Iterator, Sequence

import numpy as np
import pillow_heif
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

# Importing a plugin registers it; all of them would cost more than decoding a photo.
from PIL import (  # noqa: F401  isort: skip
    AvifImagePlugin, BmpImagePlugin, GifImagePlugin, Jpeg2KImagePlugin, JpegImagePlugin,
    MpoImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin,
)  # fmt: skip

# What these import while they decode, which nobody may be able to.
import copy  # noqa: F401  isort: skip
from PIL import ImageCms, ImageColor, ImageFilter, ImagePalette  # noqa: F401  isort: skip

from worker.media.decoding.jpeg_stream import (  # isort: skip
    MOST_MISSING,
    fewer_scans,
    missing_rows,
    without_end,
)
from worker.media.decoding.raw_preview import largest_jpeg, may_be_raw, only_raw  # isort: skip
from worker.media.sandbox.fork_server import serve  # isort: skip
from worker.media.probing.sniff import is_container, is_picture, unread_format  # isort: skip

FORMATS = ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF", "JPEG2000"]
_ORIENTATION = 0x0112  # EXIF 2.32, 4.6.4
_HEAD_BYTES = 4096
"""Of the JSON with the spaces behind it; as many as `still.py` reads."""
_WRITTEN_BYTES = 65_536
_DEEP_GREY = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")


_DAMAGE = (OSError, SyntaxError, ValueError, EOFError, IndexError)
"""What Pillow raises where data is broken."""


class Refused(Exception):
    """The image is not taken; the arguments are an error code and a text for the user."""


def formats_of(data: bytes) -> list[str]:
    """The formats that may be tried on `data`."""
    return [*FORMATS, "HEIF"] if data[4:8] == b"ftyp" else FORMATS


def _open(data: bytes, max_pixels: int) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=formats_of(data))
    except UnidentifiedImageError as error:
        if is_container(data) and not is_picture(data):
            said = "The file is a video, not a picture: send it with source=video."
            raise Refused("media_unsupported", said) from error
        name = unread_format(data)
        said = f"{name} is not a format we read." if name else "The file is not an image we read."
        raise Refused("media_unsupported", f"{said} Send a JPEG, PNG, HEIC or WebP.") from error
    if image.width * image.height > max_pixels:
        size = f"{image.width}x{image.height}"
        raise Refused("media_too_large", f"The image is too large ({size} pixels).")
    return image


def _eight_bit(image: Image.Image) -> Image.Image:
    """Grey of more than 8 bits scaled to the full range of 8; Pillow alone would clip it."""
    if image.mode not in _DEEP_GREY:
        return image
    values = np.asarray(image, np.float64)
    low, high = float(values.min()), float(values.max())
    if image.mode != "F" and low >= 0 and high <= 65535:
        low, high = 0.0, 65535.0 if high > 255 else 255.0
    scaled = (values - low) * (255.0 / max(high - low, 1e-9))
    return Image.fromarray(np.rint(scaled).astype(np.uint8), "L")


def _opaque(image: Image.Image) -> Image.Image:
    if not image.has_transparency_data:
        return image if image.mode == "RGB" else image.convert("RGB")
    picture = image.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")


def _unpacked(data: bytes, max_pixels: int) -> tuple[Image.Image, int]:
    """The picture in `data`, of a raw file its full preview, and its EXIF orientation."""
    if only_raw(data):
        data = largest_jpeg(data) or data
    image = _open(fewer_scans(data), max_pixels)
    orientation = int(image.getexif().get(_ORIENTATION, 1) or 1)
    if may_be_raw(data) and (preview := largest_jpeg(data, image.width * image.height)):
        image = _open(preview, max_pixels)
        image.getexif()[_ORIENTATION] = orientation
    return image, orientation if 1 <= orientation <= 8 else 1


def _loaded(image: Image.Image, max_side: int) -> None:
    """Decodes it, as it lies in the file; raises one of _DAMAGE."""
    image.draft("RGB", (max_side, max_side))  # JPEG: decode at a fraction where that is enough
    image.load()


def _mended(data: bytes, max_pixels: int, max_side: int) -> Image.Image | None:
    """The JPEG in `data` whose end is missing, decoded; None where too much of it is."""
    complete = without_end(data)
    if complete is None:
        return None
    image = _open(complete, max_pixels)
    _loaded(image, max_side)
    return image if missing_rows(np.asarray(image)) <= MOST_MISSING else None


def decode(data: bytes, max_pixels: int, max_side: int) -> tuple[dict[str, object], Image.Image]:
    """Description of the first picture in `data`, and the same upright in RGB.

    Raises Refused, Pillow's DecompressionBombError and those of _DAMAGE.
    """
    image, orientation = _unpacked(data, max_pixels)
    width, height = image.size
    form = image.format or ""
    warnings: list[str] = []
    try:
        _loaded(image, max_side)
    except _DAMAGE:
        mended = _mended(data, max_pixels, max_side)
        if mended is None:
            raise
        image, warnings = mended, ["truncated"]
    ImageOps.exif_transpose(image, in_place=True)
    if (image.width > image.height) != (width > height):
        width, height = height, width
    shown = _opaque(_eight_bit(image))
    shown.thumbnail((max_side, max_side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    about: dict[str, object] = {
        "format": form,
        "width": width,
        "height": height,
        "orientation": orientation,
        "warnings": warnings,
        "shape": [shown.height, shown.width, 3],
    }
    return about, shown


def _rows(image: Image.Image) -> Iterator[bytes]:
    """Its pixels, some rows at a time: a whole picture's copy costs as much as decoding it."""
    count = max(1, _WRITTEN_BYTES // (3 * image.width))
    for top in range(0, image.height, count):
        box = (0, top, image.width, min(top + count, image.height))
        yield image.crop(box).tobytes()


def _said(error: Exception) -> tuple[str, str]:
    """Code and text of what `decode` raises."""
    if isinstance(error, Refused):
        return error.args[0], error.args[1]
    if isinstance(error, Image.DecompressionBombError):
        return "media_too_large", "The image is too large."
    return "media_decode_error", f"The image is damaged ({str(error)[:200]})."


def answer(args: Sequence[str]) -> None:
    """Reads the image, writes the answer."""
    out = sys.stdout.buffer
    try:
        about, image = decode(sys.stdin.buffer.read(), int(args[0]), int(args[1]))
    except (Refused, Image.DecompressionBombError, *_DAMAGE) as error:
        code, message = _said(error)
        out.write(json.dumps({"code": code, "message": message}).encode().ljust(_HEAD_BYTES))
        return
    out.write(json.dumps(about).encode().ljust(_HEAD_BYTES))
    for rows in _rows(image):
        out.write(rows)


def main() -> None:
    """The template."""
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # checked in _open, by our own limit
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # it can make none
    Image.preinit()
    pillow_heif.register_heif_opener()
    serve(answer)


if __name__ == "__main__":
    main()
