"""Real clips and photos in many encodings, from `../shared`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from worker.contract.errors import ErrorCode, JobError
from worker.media.decoding.still import read_still
from worker.media.decoding.video import decode
from worker.media.probing.probe import probe

WHOLE = {
    "anamorphic_sar4_3.mp4": (1280, 720, 365),
    "av1.mp4": (1280, 720, 365),
    "gif10fps.gif": (320, 180, 122),
    "h264_remux.mkv": (1280, 720, 365),
    "hevc_10bit_hlg.mov": (1280, 720, 365),
    "mp4_named.jpg": (1280, 720, 365),
    "mpeg4_xvid.avi": (640, 360, 365),
    "odd_853x479_yuv444.mp4": (853, 479, 365),
    "rot180_sim_phone.mp4": (1280, 720, 365),
    "rot270_sim_phone.mov": (1280, 720, 365),
    "rot90_sim_phone.mp4": (1280, 720, 365),
    "vfr_dropped_frames.mp4": (1280, 720, 222),
    "vp8.webm": (1280, 720, 365),
    "wmv2.wmv": (640, 360, 365),
}
BROKEN = {
    "audio_only.mp4": ErrorCode.MEDIA_UNSUPPORTED,
    "random_bytes.mp4": ErrorCode.MEDIA_UNSUPPORTED,
    "svg_as.mp4": ErrorCode.MEDIA_UNSUPPORTED,
    "text.mp4": ErrorCode.MEDIA_UNSUPPORTED,
    "truncated_no_moov.mp4": ErrorCode.MEDIA_DECODE_ERROR,
    "zero_byte.mp4": ErrorCode.VIDEO_LOAD_ERROR,
}
STRANGE = {
    "sample_fragmented.mp4": 30,
    "sample_missing_stsd.mp4": 30,
    "sample_with_invalid_nalu.mp4": 29,
    "sample_android_slow_motion.mp4": 7,
    "water_180_mvhevc_5frames.mov": 5,
    "dolbyVision-hdr.MOV": 4,
    "bbb_176x144_128kbps_15fps_h263.3gp": 15,
}


def small(path: Path) -> list[np.ndarray]:
    with decode(path, probe(path), max_side=64, max_fps=None) as frames:
        return [frame.image for frame in frames]


@pytest.mark.parametrize("name", list(WHOLE))
def test_one_clip_in_many_encodings(shared: Path, name: str) -> None:
    folder = shared / "media" / "edge" / "video"
    path = folder / f"squat5_{name}"
    info = probe(path)
    frames = small(path)
    assert (info.width, info.height, len(frames)) == WHOLE[name]
    # The same first picture, upright, in every one of them.
    first = small(folder / "squat5_two_frames.mp4")[0].astype(int)
    assert np.abs(frames[0] - first).mean() < 12


@pytest.mark.parametrize("name", list(BROKEN))
def test_broken_clips_end_in_a_clear_error(shared: Path, name: str) -> None:
    with pytest.raises(JobError) as caught:
        probe(shared / "media" / "edge" / "video" / f"squat5_bad_{name}")
    assert caught.value.code == BROKEN[name]


@pytest.mark.parametrize(
    ("name", "word"), [("truncated_faststart", "cut off"), ("bitflips", "damaged")]
)
def test_a_damaged_clip_is_read_and_then_says_so(shared: Path, name: str, word: str) -> None:
    path = shared / "media" / "edge" / "video" / f"squat5_bad_{name}.mp4"
    frames = []
    with decode(path, probe(path), max_side=64) as reader, pytest.raises(JobError) as caught:
        frames.extend(reader)
    assert len(frames) >= 200
    assert caught.value.code == ErrorCode.MEDIA_DECODE_ERROR
    assert word in caught.value.message


@pytest.mark.parametrize("name", list(STRANGE))
def test_strange_clips(shared: Path, name: str) -> None:
    assert len(small(shared / "media" / "edge" / "video" / f"media_{name}")) == STRANGE[name]


def test_hidden_frames_of_an_edit_list(shared: Path) -> None:
    path = shared / "media" / "videos" / "dev15_cmj_diag_ref76cm_editlist.mp4"
    info = probe(path)
    assert info.frames == len(small(path)) == 54
    assert info.duration_ms == pytest.approx(1800, abs=40)


@pytest.mark.parametrize(
    "name",
    ["alpha.png", "animated.webp", "avif.avif", "cmyk.jpg", "gray16.png", "heic.heic",
     "palette.png", "png_named.jpg", "progressive.jpg", "tiff.tif", "webp.webp",
     *(f"exif_orient{number}.jpg" for number in range(2, 9))],
)  # fmt: skip
def test_one_photo_in_many_forms(shared: Path, name: str) -> None:
    folder = shared / "media" / "edge" / "image"
    found = read_still(folder / name).image
    base = read_still(folder / "base.png").image
    assert found.shape == base.shape
    middle = np.s_[:, 400:900]  # one of them is transparent at its edges
    difference = found[middle].mean(-1) - base[middle].mean(-1)
    assert np.abs(difference).mean() < 14


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("bad_bomb_50000x50000.png", ErrorCode.MEDIA_TOO_LARGE),
        ("real_decompression_bomb.gif", ErrorCode.MEDIA_TOO_LARGE),
        ("bad_corrupt_middle.jpg", ErrorCode.MEDIA_DECODE_ERROR),
        ("bad_truncated.jpg", ErrorCode.MEDIA_DECODE_ERROR),
        ("bad_text.jpg", ErrorCode.MEDIA_UNSUPPORTED),
        ("bad_zero.jpg", ErrorCode.IMAGE_LOAD_ERROR),
    ],
)
def test_bad_photos(shared: Path, name: str, code: ErrorCode) -> None:
    with pytest.raises(JobError) as caught:
        read_still(shared / "media" / "edge" / "image" / name)
    assert caught.value.code == code
