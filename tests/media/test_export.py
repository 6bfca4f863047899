from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from worker.contract.errors import ErrorCode, JobError
from worker.media import export
from worker.media.decode import Frame, decode
from worker.media.export import export_video
from worker.media.hud import Hud
from worker.media.probe import VideoInfo, probe
from worker.media.track import PoseTrack

NOBODY = PoseTrack(np.empty(0, np.int64), np.empty((0, 17, 3), np.float32))

MakeClip = Callable[..., Path]


def frames_of(path: Path) -> list[Frame]:
    return list(decode(path, probe(path), max_fps=None, max_side=4096))


def exported(clip: Path, folder: Path, poses: PoseTrack = NOBODY) -> tuple[Path, VideoInfo]:
    out = folder / "out.mp4"
    export_video(clip, probe(clip), out, poses)
    assert os.listdir(folder) == ["out.mp4"]
    return out, probe(out)


def standing(times_us: list[int]) -> PoseTrack:
    keypoints = np.full((len(times_us), 17, 3), 0.9, np.float32)
    keypoints[..., 0] = np.linspace(0.4, 0.6, 17)
    keypoints[..., 1] = np.linspace(0.3, 0.7, 17)
    return PoseTrack(np.array(times_us), keypoints)


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
    out, _ = exported(plain, tmp_path, standing([400_000, 440_000]))
    changes = [
        np.abs(old.image.astype(int) - new.image)[70:170, 120:200].mean()
        for old, new in zip(frames_of(plain), frames_of(out), strict=True)
    ]
    assert [place for place, change in enumerate(changes) if change > 8] == [10, 11]


def test_the_panel_follows_the_clock(plain: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mp4"
    asked = []

    def hud(time_us: int) -> Hud:
        asked.append(time_us)
        return Hud(count=1) if time_us >= 1_000_000 else Hud()

    export_video(plain, probe(plain), out, NOBODY, hud)
    assert asked == [40_000 * n for n in range(50)]
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
    monkeypatch.setattr(export, "_PRESET", "no such preset")
    with pytest.raises(JobError) as caught:
        export_video(plain, probe(plain), tmp_path / "out.mp4", NOBODY)
    assert caught.value.code == ErrorCode.INTERNAL
    assert os.listdir(tmp_path) == []


def test_an_error_while_drawing_ends_both_children(plain: Path, tmp_path: Path) -> None:
    def broken(time_us: int) -> Hud:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        export_video(plain, probe(plain), tmp_path / "out.mp4", NOBODY, broken)
    assert os.listdir(tmp_path) == []
