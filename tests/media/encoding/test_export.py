from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import structlog

from worker.contract.errors import ErrorCode, JobError
from worker.media.decoding.video import Frame, decode
from worker.media.encoding import encoders, export
from worker.media.encoding.export import export_video
from worker.media.probing.ffmpeg_tools import find_tools
from worker.media.probing.probe import VideoInfo, probe
from worker.media.rendering.hud import Hud
from worker.media.rendering.overlay_track import Drawing
from worker.observability.metrics import GPU_FALLBACKS, listening

MakeClip = Callable[..., Path]


def frames_of(path: Path) -> list[Frame]:
    return list(decode(path, probe(path), max_fps=None, max_side=4096))


def exported(clip: Path, folder: Path, *drawings: Drawing) -> tuple[Path, VideoInfo]:
    out = folder / "out.mp4"
    export_video(clip, probe(clip), out, lambda: drawings)
    assert os.listdir(folder) == ["out.mp4"]
    return out, probe(out)


def standing(*times_us: int) -> list[Drawing]:
    pose = np.full((17, 3), 0.9, np.float32)
    pose[:, 0] = np.linspace(0.4, 0.6, 17)
    pose[:, 1] = np.linspace(0.3, 0.7, 17)
    return [Drawing(time_us, pose) for time_us in times_us]


def test_without_poses_frames_and_times_stay(uneven: Path, tmp_path: Path) -> None:
    out, info = exported(uneven, tmp_path)
    before, after = frames_of(uneven), frames_of(out)
    assert [f.time_us for f in after] == [f.time_us for f in before]
    assert (info.codec, info.pixel_format, info.rotation) == ("h264", "yuv420p", 0)
    for old, new in zip(before, after, strict=True):
        assert np.abs(old.image.astype(int) - new.image).mean() < 6


def test_the_index_comes_first(plain: Path, tmp_path: Path) -> None:
    data = exported(plain, tmp_path)[0].read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_poses_are_drawn_at_their_times_only(plain: Path, tmp_path: Path) -> None:
    out, _ = exported(plain, tmp_path, *standing(400_000, 440_000))
    changes = [
        np.abs(old.image.astype(int) - new.image)[70:170, 120:200].mean()
        for old, new in zip(frames_of(plain), frames_of(out), strict=True)
    ]
    assert [place for place, change in enumerate(changes) if change > 8] == [10, 11]


def test_each_frame_of_each_burst_has_its_own_drawing(make_clip: MakeClip, tmp_path: Path) -> None:
    """Twelve frames of this size are drawn and encoded in one go."""
    clip = make_clip("large.mp4", source="testsrc2=size=1280x720:rate=25:duration=1")
    out, _ = exported(clip, tmp_path, *standing(400_000, 440_000, 480_000))
    pairs = list(zip(frames_of(clip), frames_of(out), strict=True))
    assert [old.time_us for old, _ in pairs] == [new.time_us for _, new in pairs]
    changes = [
        np.abs(old.image.astype(int) - new.image)[210:510, 480:800].mean() for old, new in pairs
    ]
    assert [place for place, change in enumerate(changes) if change > 4] == [10, 11, 12]


def test_the_panel_follows_the_clock(plain: Path, tmp_path: Path) -> None:
    rows = Drawing(0), Drawing(1_000_000, hud=Hud(count=1))
    out, _ = exported(plain, tmp_path, *rows)
    frames = frames_of(out)
    changes = [np.abs(frame.image[8:56, 8:50].astype(int)).mean() for frame in frames]
    assert np.mean(changes[25:]) < np.mean(changes[:25]) - 10


@pytest.mark.parametrize(
    ("name", "codec", "kept"), [("a.mp4", "aac", "aac"), ("b.mkv", "libopus", "aac")]
)
def test_sound_is_kept(
    make_clip: MakeClip, tmp_path: Path, name: str, codec: str, kept: str
) -> None:
    clip = make_clip("sound" + name, "-c:a", codec, before=("-f", "lavfi", "-i", "sine=duration=2"))
    _, info = exported(clip, tmp_path)
    assert (info.audio, info.frames) == (kept, 50)


def test_a_late_start_stays_late(make_clip: MakeClip, plain: Path, tmp_path: Path) -> None:
    late = make_clip(
        "late.mkv", "-c:v", "copy", "-copyts", source=str(plain), before=("-itsoffset", "0.5")
    )
    out, _ = exported(late, tmp_path)
    assert frames_of(out)[0].time_us == 500_000


def test_turned_clips_come_out_upright(make_clip: MakeClip, plain: Path, tmp_path: Path) -> None:
    turned = make_clip(
        "right.mp4", "-c:v", "copy", source=str(plain), before=("-display_rotation", "-90")
    )
    out, info = exported(turned, tmp_path)
    assert (info.width, info.height, info.rotation) == (240, 320, 0)
    expected = np.rot90(frames_of(plain)[10].image, -1).astype(int)
    assert np.abs(frames_of(out)[10].image - expected).mean() < 6


def test_odd_sides_lose_a_row(make_clip: MakeClip, tmp_path: Path) -> None:
    clip = make_clip(
        "odd.mp4", "-pix_fmt", "yuv444p", source="testsrc2=size=321x241:rate=25:duration=1"
    )
    _, info = exported(clip, tmp_path)
    assert (info.width, info.height) == (320, 240)


def test_full_range_becomes_limited(make_clip: MakeClip, tmp_path: Path) -> None:
    clip = make_clip("full.mp4", "-vf", "scale=out_range=full", "-color_range", "pc")
    assert probe(clip).full_range
    out, info = exported(clip, tmp_path)
    assert not info.full_range
    before, after = frames_of(clip)[10].image, frames_of(out)[10].image
    assert abs(before.mean() - after.mean()) < 2


def test_failure_leaves_nothing_behind(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "SOFTWARE", "no such encoder")
    monkeypatch.setattr(export, "best_encoder", lambda: "no such encoder")
    with pytest.raises(JobError) as caught:
        exported(plain, tmp_path)
    assert caught.value.code == ErrorCode.INTERNAL
    assert os.listdir(tmp_path) == []


def test_an_encoder_that_fails_is_done_without(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "best_encoder", lambda: "no such encoder")
    counted: list[tuple[str, ...]] = []
    with listening(lambda measure, _value, labels: counted.append((measure.name, *labels))):
        _, info = exported(plain, tmp_path)
    assert (info.codec, info.frames) == ("h264", 50)
    assert (GPU_FALLBACKS.name, "encode", "libx264") in counted


def test_a_gpu_without_an_encoder_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there is none the trial fails, as it does where a driver lacks the library."""
    if encoders.DRIVER.exists():
        pytest.skip("needs a machine without a GPU")
    monkeypatch.setattr(encoders, "DRIVER", tmp_path)
    encoders.best_encoder.cache_clear()
    counted: list[tuple[str, ...]] = []
    with listening(lambda measure, _value, labels: counted.append((measure.name, *labels))):
        assert encoders.best_encoder() == encoders.SOFTWARE
    assert counted == [(GPU_FALLBACKS.name, "encode", "libx264")]


@pytest.mark.parametrize("transfer", ["smpte2084", "arib-std-b67"])
def test_hdr_is_mapped_and_said_in_the_log(
    make_clip: MakeClip, tmp_path: Path, transfer: str
) -> None:
    clip = make_clip(
        f"{transfer}.mp4", "-pix_fmt", "yuv420p10le", "-colorspace", "bt2020nc", "-color_primaries",
        "bt2020", "-color_trc", transfer, "-bsf:v", "h264_metadata=transfer_characteristics="
        + {"smpte2084": "16", "arib-std-b67": "18"}[transfer], "-c:a", "aac",
        before=("-f", "lavfi", "-i", "sine=duration=2"),
    )  # fmt: skip
    assert probe(clip).hdr
    with structlog.testing.capture_logs() as said:
        _, info = exported(clip, tmp_path)
    assert [line["event"] for line in said] == ["export_tone_mapped"]
    assert (info.transfer, info.matrix, info.pixel_format) == ("bt709", "bt709", "yuv420p")
    assert (info.frames, info.audio) == (50, "aac")


def test_an_error_while_it_runs_ends_the_child(plain: Path, tmp_path: Path) -> None:
    def broken() -> Iterator[Drawing]:
        yield Drawing(0)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        export_video(plain, probe(plain), tmp_path / "out.mp4", broken)
    assert os.listdir(tmp_path) == []


def test_a_title_in_another_encoding_costs_nothing(plain: Path, tmp_path: Path) -> None:
    # found by the fuzzer: PyAV refuses such a file unless told otherwise
    titled = tmp_path / "titled.mp4"
    command = [find_tools().ffmpeg, "-nostdin", "-v", "error", "-i", plain, "-c", "copy",
               "-metadata", "title=XXXX", titled]  # fmt: skip
    subprocess.run(command, check=True)
    data = titled.read_bytes()
    assert b"XXXX" in data
    titled.write_bytes(data.replace(b"XXXX", b"\xc4\x80\xff\xfe"))
    out = tmp_path / "out.mp4"
    export_video(titled, probe(titled), out, lambda: ())
    assert probe(out).frames == probe(plain).frames
