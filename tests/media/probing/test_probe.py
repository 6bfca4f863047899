from __future__ import annotations

import re
import struct
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from worker.contract.errors import ErrorCode, JobError
from worker.contract.media import MediaInfo
from worker.media.probing.probe import VideoInfo, as_video_info, probe
from worker.media.sandbox.limits import MediaLimits

MakeClip = Callable[..., Path]


def refusal(path: Path, limits: MediaLimits | None = None) -> ErrorCode:
    with pytest.raises(JobError) as caught:
        probe(path, limits) if limits else probe(path)
    assert caught.value.message.endswith((".", "?"))
    return caught.value.code


def test_a_plain_clip(plain: Path) -> None:
    info = probe(plain)
    assert (info.kind, info.width, info.height, info.fps) == ("video", 320, 240, 25)
    assert (info.duration_ms, info.frames, info.codec, info.has_audio) == (2000, 50, "h264", False)


def test_mean_rate_of_uneven_frames(uneven: Path) -> None:
    info = probe(uneven)
    assert info.frames == 10
    assert info.fps == pytest.approx(10 / (info.duration_ms / 1000), rel=0.1)


def test_sound_and_a_larger_hidden_cover(make_clip: MakeClip) -> None:
    cover = ("-f", "lavfi", "-i", "testsrc=size=640x480:rate=25:duration=2")
    sound = ("-f", "lavfi", "-i", "sine=duration=2")
    path = make_clip(
        "cover.mp4", "-map", "0:v", "-map", "1:a", "-map", "2:v", "-c:v:0", "png",
        "-pix_fmt:v:0", "rgb24", "-frames:v:0", "1", "-disposition:v:0", "attached_pic",
        "-disposition:v:1", "default", "-c:a", "aac",
        before=(*cover, *sound),
    )  # fmt: skip
    info = probe(path)
    assert (info.width, info.has_audio, info.audio) == (320, True, "aac")


@pytest.mark.parametrize(
    "text", [b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\1" * 99]
)
def test_other_files(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(text)
    assert refusal(path) == ErrorCode.MEDIA_UNSUPPORTED


def test_nothing(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    assert refusal(path) == ErrorCode.VIDEO_LOAD_ERROR
    path.touch()
    assert refusal(path) == ErrorCode.VIDEO_LOAD_ERROR


def test_cut_off_before_the_index(plain: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(plain.read_bytes()[:-4000])
    assert refusal(path) == ErrorCode.MEDIA_DECODE_ERROR


@pytest.mark.parametrize(
    "limits",
    [
        MediaLimits(max_bytes=1000),
        MediaLimits(max_duration_s=1),
        MediaLimits(max_pixels=1000),
        MediaLimits(max_frames=49),
    ],
)
def test_limits(plain: Path, limits: MediaLimits) -> None:
    assert refusal(plain, limits) == ErrorCode.MEDIA_TOO_LARGE


def test_a_boasting_header_is_not_believed(plain: Path, tmp_path: Path) -> None:
    data = bytearray(plain.read_bytes())
    for box, place in ((b"mvhd", 20), (b"mdhd", 20)):
        at = data.index(box) + place
        scale = struct.unpack_from(">I", data, at - 4)[0]
        struct.pack_into(">I", data, at, min(0xFFFFFFF0, 143165 * scale))
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    info = probe(path)
    assert info.duration_ms == pytest.approx(2000, abs=50)
    assert info.frames == 50


def test_a_description_out_of_a_log_is_completed(plain: Path) -> None:
    info = probe(plain)
    logged = msgspec.json.decode(msgspec.json.encode(info), type=MediaInfo)
    assert not isinstance(logged, VideoInfo)
    assert as_video_info(plain, logged) == info
    assert as_video_info(plain, info) is info


def captured(make_clip: MakeClip, name: str, rate: str) -> Path:
    """A clip of 25 frames a second that says at which rate it was captured."""
    tags = ("-metadata", f"com.android.capture.fps={rate}", "-movflags", "use_metadata_tags")
    return make_clip(name, *tags)


@pytest.mark.parametrize(
    ("rate", "slowdown"),
    [("100", 4.0), ("240.000000", 9.6), ("25", 1.0), ("30.0", 1.0), ("1", 1.0), ("9e9", 1.0),
     ("nan", 1.0), ("fast", 1.0)],
)  # fmt: skip
def test_slow_motion_that_the_container_declares(
    make_clip: MakeClip, rate: str, slowdown: float
) -> None:
    info = probe(captured(make_clip, f"captured-{rate}.mp4", rate))
    assert info.slowdown == pytest.approx(slowdown)
    assert (info.fps, info.duration_ms) == (25, 2000)


def test_the_capture_rate_as_android_writes_it(make_clip: MakeClip, tmp_path: Path) -> None:
    data = bytearray(captured(make_clip, "captured-text.mp4", "text").read_bytes())
    at = data.rindex(b"text")
    data[at - 8 : at + 4] = struct.pack(">IIf", 23, 0, 100.0)  # a big-endian float32
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    assert probe(path).slowdown == 4.0


def test_other_clips_are_as_fast_as_they_play(plain: Path) -> None:
    assert probe(plain).slowdown == 1.0


@pytest.mark.parametrize(
    ("head", "name"),
    [
        (b"%PDF-1.7\n", "PDF"),
        (b"\n<!DOCTYPE html><html><body>404</body></html>", "A web page"),
        (b"PK\x03\x04\x14\0\0\0", "A ZIP archive"),
        (b"#EXTM3U\nfile:///etc/passwd\n", "A playlist (M3U)"),
    ],
)
def test_a_file_of_a_known_format_is_refused_by_its_name(
    tmp_path: Path, head: bytes, name: str
) -> None:
    path = tmp_path / "clip.mp4"
    path.write_bytes(head + bytes(600))
    with pytest.raises(JobError, match=re.escape(f"{name} is not a format we read.")):
        probe(path)
