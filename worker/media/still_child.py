"""Program of the child process that decodes one still image: bytes in, raw RGB out.

Runs alone (`python -I still_child.py MAX_PIXELS MAX_SIDE`), the image on standard input. Writes
one line of JSON, `{"format", "width", "height", "orientation", "shape"}` or `{"code", "message"}`,
and after the first kind the pixels, uint8 [h, w, 3].
"""

from __future__ import annotations

import io
import json
import sys
import warnings

import numpy as np
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

# Importing a plugin registers it; all of them would cost more than decoding a photo.
from PIL import (  # noqa: F401  isort: skip
    AvifImagePlugin, BmpImagePlugin, GifImagePlugin, JpegImagePlugin, MpoImagePlugin,
    PngImagePlugin, TiffImagePlugin, WebPImagePlugin,
)  # fmt: skip

# What these import while they decode, which nobody may be able to.
import copy  # noqa: F401  isort: skip
from PIL import ImageCms, ImageColor, ImageFilter, ImagePalette  # noqa: F401  isort: skip

from worker.media.privileges import drop  # isort: skip

FORMATS = ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "AVIF"]
_ORIENTATION = 0x0112  # EXIF 2.32, 4.6.4
_DEEP_GREY = ("I;16", "I;16L", "I;16B", "I;16N", "I", "F")


class Refused(Exception):
    """The image is not taken; the arguments are an error code and a text for the user."""


def prepared(data: bytes) -> list[str]:
    """The formats that may be tried on `data`, their plugins loaded: after `drop` none can be."""
    Image.preinit()
    if data[4:8] != b"ftyp":
        return FORMATS
    import pillow_heif  # costs 50 ms, and most images are not HEIC

    pillow_heif.register_heif_opener()
    return [*FORMATS, "HEIF"]


def _open(data: bytes, max_pixels: int, formats: list[str]) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=formats)
    except UnidentifiedImageError as error:
        raise Refused("media_unsupported", "The file is not an image we can read.") from error
    except Image.DecompressionBombError as error:
        raise Refused("media_too_large", "The image is too large.") from error
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
        return image.convert("RGB")
    picture = image.convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture).convert("RGB")


def decode(
    data: bytes, max_pixels: int, max_side: int, formats: list[str]
) -> tuple[dict[str, object], bytes]:
    """Description and upright RGB pixels of the first picture in `data`; raises Refused."""
    image = _open(data, max_pixels, formats)
    width, height = image.size
    form = image.format or ""
    orientation = int(image.getexif().get(_ORIENTATION, 1) or 1)
    try:
        image.draft("RGB", (max_side, max_side))  # JPEG: decode at a fraction where that is enough
        image.load()
        upright = ImageOps.exif_transpose(image)
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, MemoryError) as error:
        raise Refused("media_decode_error", f"The image is damaged ({error}).") from error
    except Image.DecompressionBombError as error:
        raise Refused("media_too_large", "The image is too large.") from error
    shown = _opaque(_eight_bit(upright))
    shown.thumbnail((max_side, max_side), Image.Resampling.LANCZOS, reducing_gap=3.0)
    if (upright.width > upright.height) != (width > height):
        width, height = height, width
    about: dict[str, object] = {
        "format": form,
        "width": width,
        "height": height,
        "orientation": orientation if 1 <= orientation <= 8 else 1,
        "shape": [shown.height, shown.width, 3],
    }
    return about, shown.tobytes()


def main() -> None:
    """Reads the image, writes the answer."""
    warnings.simplefilter("ignore")
    Image.MAX_IMAGE_PIXELS = None  # checked in _open, by our own limit
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    pixels = b""
    try:
        data = sys.stdin.buffer.read()
        formats = prepared(data)
        drop()
        answer, pixels = decode(data, int(sys.argv[1]), int(sys.argv[2]), formats)
    except Refused as refusal:
        answer = {"code": refusal.args[0], "message": refusal.args[1]}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n")
    sys.stdout.buffer.write(pixels)


if __name__ == "__main__":
    main()
