from __future__ import annotations

import io
import resource
import time
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageOps

from worker.contract.errors import ErrorCode, JobError
from worker.media.decoding.still import read_still
from worker.media.sandbox.limits import MediaLimits


@pytest.fixture(scope="module")
def photo() -> Image.Image:
    """64x48, smooth, unlike in every corner."""
    y, x = np.mgrid[0:48, 0:64]
    planes = np.stack((x * 4, y * 5, 255 - x * 2 - y), -1)
    return Image.fromarray(np.clip(planes, 0, 255).astype(np.uint8))


def saved(folder: Path, image: Image.Image, form: str, **options: object) -> Path:
    path = folder / "image"
    image.save(path, form, **options)
    return path


def near(found: np.ndarray, expected: Image.Image, tolerance: float = 3.0) -> bool:
    wanted = np.asarray(expected.convert("RGB"), int)
    return found.shape == wanted.shape and np.abs(found - wanted).mean() < tolerance


@pytest.mark.parametrize("form", ["jpeg", "png", "webp", "tiff", "bmp", "avif", "heif"])
def test_formats(tmp_path: Path, photo: Image.Image, form: str) -> None:
    if form == "heif":
        pytest.importorskip("pillow_heif").register_heif_opener()
    still = read_still(saved(tmp_path, photo, form, quality=95))
    assert (still.info.kind, still.info.width, still.info.height) == ("image", 64, 48)
    assert near(still.image, photo)
    assert not still.image.flags.writeable


@pytest.mark.parametrize(
    ("form", "orientation"),
    [(form, number) for form in ("jpeg", "heif") for number in range(1, 9)]
    + [(form, number) for form in ("tiff", "png", "avif") for number in (5, 6)],
)
def test_orientation_is_applied_once(
    tmp_path: Path, photo: Image.Image, form: str, orientation: int
) -> None:
    if form == "heif":
        pytest.importorskip("pillow_heif").register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = orientation
    tagged = Image.open(io.BytesIO(_jpeg(photo, exif)))
    expected = ImageOps.exif_transpose(tagged)
    still = read_still(saved(tmp_path, photo, form, exif=exif.tobytes(), quality=95))
    assert near(still.image, expected)
    assert (still.info.width, still.info.height) == expected.size


def _jpeg(photo: Image.Image, exif: Image.Exif) -> bytes:
    buffer = io.BytesIO()
    photo.save(buffer, "jpeg", exif=exif.tobytes(), quality=95)
    return buffer.getvalue()


def test_sixteen_bits_of_grey(tmp_path: Path) -> None:
    ramp = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    still = read_still(saved(tmp_path, Image.fromarray(ramp), "png"))
    assert (still.image[0, 0, 0], still.image[-1, -1, 0]) == (0, 255)
    assert np.abs(still.image[..., 0] - ramp / 257.0).max() <= 1


def test_transparency_lies_on_white(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (8, 8), (255, 0, 0, 0))
    assert (read_still(saved(tmp_path, clear, "png")).image == 255).all()


def test_palette_and_cmyk(tmp_path: Path, photo: Image.Image) -> None:
    assert near(read_still(saved(tmp_path, photo.quantize(256), "png")).image, photo, 12)
    printed = photo.convert("CMYK")
    assert near(read_still(saved(tmp_path, printed, "jpeg", quality=95)).image, photo, 4)


def test_first_frame_of_an_animation(tmp_path: Path) -> None:
    red, blue = Image.new("RGB", (8, 8), "red"), Image.new("RGB", (8, 8), "blue")
    path = saved(tmp_path, red, "gif", save_all=True, append_images=[blue])
    assert tuple(read_still(path).image[0, 0]) == (255, 0, 0)


def test_large_photos_are_handed_out_smaller(tmp_path: Path, photo: Image.Image) -> None:
    still = read_still(saved(tmp_path, photo.resize((640, 480)), "jpeg"), max_side=100)
    assert (still.info.width, still.info.height) == (640, 480)
    assert still.image.shape == (75, 100, 3)
    assert still.within(100) is still.image
    assert still.within(50).shape == (38, 50, 3)
    assert near(still.within(50), photo.resize((50, 38)), 6)


def test_none_has_more_pixels_than_its_overlay(tmp_path: Path, photo: Image.Image) -> None:
    still = read_still(saved(tmp_path, photo.resize((1600, 2400)), "jpeg"))
    assert (still.info.width, still.info.height) == (1600, 2400)
    assert still.image.shape == (1920, 1280, 3)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", ErrorCode.IMAGE_LOAD_ERROR),
        (b"hello", ErrorCode.MEDIA_UNSUPPORTED),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", ErrorCode.MEDIA_UNSUPPORTED),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), ErrorCode.MEDIA_UNSUPPORTED),
    ],
)
def test_not_images(tmp_path: Path, data: bytes, code: ErrorCode) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    with pytest.raises(JobError) as caught:
        read_still(path)
    assert caught.value.code == code


def test_a_cut_off_photo_is_damaged(tmp_path: Path, photo: Image.Image) -> None:
    path = saved(tmp_path, photo.resize((640, 480)), "jpeg")
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(JobError) as caught:
        read_still(path)
    assert caught.value.code == ErrorCode.MEDIA_DECODE_ERROR


def test_too_many_pixels(tmp_path: Path, photo: Image.Image) -> None:
    path = saved(tmp_path, photo, "png")
    with pytest.raises(JobError) as caught:
        read_still(path, MediaLimits(max_pixels=64 * 48 - 1))
    assert caught.value.code == ErrorCode.MEDIA_TOO_LARGE


def cut(photo: Image.Image, share: float, **options: object) -> bytes:
    buffer = io.BytesIO()
    photo.resize((320, 240)).save(buffer, "jpeg", quality=90, **options)
    data = buffer.getvalue()
    return data[: int(len(data) * share)] if share < 1 else data[:-2]


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("share", [1.0, 0.95])
def test_a_jpeg_without_its_end_is_a_picture(
    tmp_path: Path, photo: Image.Image, share: float, progressive: bool
) -> None:
    path = tmp_path / "image"
    path.write_bytes(cut(photo, share, progressive=progressive))
    still = read_still(path)
    assert still.info.warnings == ("truncated",)
    assert near(still.image[:200], photo.resize((320, 240)).crop((0, 0, 320, 200)), 8)


@pytest.mark.parametrize(("share", "progressive"), [(0.5, False), (0.3, True)])
def test_half_a_jpeg_is_none(
    tmp_path: Path, photo: Image.Image, share: float, progressive: bool
) -> None:
    path = tmp_path / "image"
    path.write_bytes(cut(photo, share, progressive=progressive))
    with pytest.raises(JobError) as caught:
        read_still(path)
    assert caught.value.code == ErrorCode.MEDIA_DECODE_ERROR


def test_thousands_of_scans_end_soon(tmp_path: Path, photo: Image.Image) -> None:
    buffer = io.BytesIO()
    large = photo.resize((3000, 2000))
    large.save(buffer, "jpeg", progressive=True)
    data = buffer.getvalue()
    last = data.rindex(b"\xff\xda")
    path = tmp_path / "image"
    path.write_bytes(data[:-2] + data[last:-2] * 5000 + b"\xff\xd9")
    began = resource.getrusage(resource.RUSAGE_CHILDREN)
    began_s = began.ru_utime + time.process_time()
    assert near(read_still(path, max_side=3000).image, large, 6)
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ended.ru_utime + time.process_time() - began_s < 10


@pytest.mark.parametrize("orientation", [1, 6])
def test_the_full_preview_of_a_raw_file(
    tmp_path: Path, photo: Image.Image, orientation: int
) -> None:
    """A thumbnail in the first directory, sensor data and a JPEG behind it, as in a DNG."""
    buffer = io.BytesIO()
    photo.resize((32, 24)).save(buffer, "tiff", tiffinfo={274: orientation})
    large = photo.resize((320, 240))
    preview = io.BytesIO()
    large.save(preview, "jpeg", quality=95)
    lossless = b"\xff\xd8\xff\xc3\0\x0b\x0e\xff\xff\xff\xff\1\0\0\0" + bytes(64)
    path = tmp_path / "image"
    path.write_bytes(buffer.getvalue() + lossless + preview.getvalue())
    still = read_still(path)
    expected = large if orientation == 1 else large.transpose(Image.Transpose.ROTATE_270)
    assert (still.info.width, still.info.height) == expected.size
    assert near(still.image, expected)


def test_jpeg_2000_is_read_and_what_is_not_is_named(tmp_path: Path, photo: Image.Image) -> None:
    assert near(read_still(saved(tmp_path, photo, "JPEG2000")).image, photo)
    for head, name in ((b"\xff\x0a", "JPEG XL"), (b"8BPS", "PSD")):
        path = tmp_path / "other"
        path.write_bytes(head + bytes(100))
        with pytest.raises(JobError, match=name) as caught:
            read_still(path)
        assert caught.value.code == ErrorCode.MEDIA_UNSUPPORTED


@pytest.mark.parametrize("name", ["cut.png", "cut.webp", "cut.tif", "cut.gif", "cut.heic"])
def test_what_is_damaged_says_so_without_the_program_that_found_it(
    tmp_path: Path, name: str
) -> None:
    pillow_heif.register_heif_opener()
    noise = np.random.default_rng(1).integers(0, 255, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / name)
    data = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(data[: len(data) * 2 // 3])
    with pytest.raises(JobError, match="The image is damaged") as refused:
        read_still(tmp_path / name)
    assert refused.value.code == ErrorCode.MEDIA_DECODE_ERROR
    assert "py" not in f"{refused.value.message}{refused.value.details}"
