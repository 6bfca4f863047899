from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from worker.media.probing.sniff import sniff


@pytest.mark.parametrize("form", ["jpeg", "png", "webp", "tiff", "bmp", "avif", "gif"])
def test_stills(tmp_path: Path, form: str) -> None:
    path = tmp_path / "misnamed.mp4"
    Image.new("RGB", (20, 10), "red").save(path, form)
    assert sniff(path) == "image"


def test_an_animated_gif_is_a_video(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    frames = [Image.new("RGB", (20, 10), name) for name in ("red", "blue", "lime")]
    frames[0].save(path, "gif", save_all=True, append_images=frames[1:])
    assert sniff(path) == "video"


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"GIF89a" + b"\x2c" * 30, b"hello", b"\0" * 99])
def test_odd_bytes_do_no_harm(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "odd"
    path.write_bytes(data)
    assert sniff(path) in ("video", "image")


def test_a_video_named_as_an_image(plain: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(plain.read_bytes())
    assert sniff(path) == "video"
