"""Files whose clocks are odd: analysis, export and poster see each frame at one time."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from worker.media.decoding.frame_at import frame_at
from worker.media.decoding.timestamps import FrameClock
from worker.media.decoding.video import decode
from worker.media.encoding.export import export_video
from worker.media.probing.ffmpeg_tools import find_tools
from worker.media.probing.probe import VideoInfo, probe

MakeClip = Callable[..., Path]
PICTURE = ("-f", "lavfi", "-i", "testsrc2=size=160x120:rate=25:duration=2")
X264 = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p")


def run(*arguments: str | Path) -> None:
    subprocess.run([find_tools().ffmpeg, "-nostdin", "-v", "error", *arguments], check=True)


def times_of(path: Path, info: VideoInfo) -> list[float]:
    with decode(path, info, max_fps=None) as frames:
        return [frame.time_us / 1e6 for frame in frames]


def agreed_times(path: Path) -> list[float]:
    """Times of its frames in seconds: the same in analysis and export, as long as it is said."""
    info = probe(path)
    seen = times_of(path, info)
    out = path.with_name(f"out-{path.stem}.mp4")
    assert export_video(path, info, out, lambda: ()) is None
    made = probe(out)
    assert made.has_audio == info.has_audio
    assert times_of(out, made) == pytest.approx(seen, abs=0.001)
    assert info.duration_ms == pytest.approx(1000 * seen[-1] + 40, abs=100)
    return seen


@pytest.mark.parametrize(
    ("stamps", "times"),
    [
        ([0, 40, 80], [0, 40, 80]),
        ([0, 0, 80, 80, 160], [0, 20, 80, 100, 160]),  # two frames of one time
        ([0, 40, 30, 80], [0, 40, 60, 80]),  # a little back
        ([0, 40, 80, 120, 0, 40], [0, 40, 80, 120, 160, 200]),  # a second recording
        ([0, 40, 15_040, 15_080], [0, 40, 80, 120]),  # a clock that jumped
        ([0, None, 80], [0, 40, 80]),
    ],
)
def test_times_always_rise(stamps: list[int | None], times: list[int]) -> None:
    clock = FrameClock(40_000)
    assert [clock.at(None if s is None else 1000 * s) for s in stamps] == [1000 * t for t in times]


def test_frames_of_one_time_stay_at_it(tmp_path: Path) -> None:
    path = tmp_path / "doubled.mkv"
    run(*PICTURE, "-vf", "setpts=floor(N/2)*2/25/TB", *X264, "-fps_mode", "passthrough", path)
    seen = agreed_times(path)
    assert len(seen) == 50
    assert seen[::2] == pytest.approx([0.08 * n for n in range(25)], abs=0.002)


@pytest.mark.parametrize("kind", ["mp4", "mkv"])
def test_a_screen_that_stood_still_keeps_its_time(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"still.{kind}"
    run(*PICTURE, "-f", "lavfi", "-i", "sine=duration=1", "-vf", "setpts=PTS+gte(T\\,1)*15/TB",
        *X264, "-c:a", "aac", "-fps_mode", "passthrough", path)  # fmt: skip
    seen = agreed_times(path)
    assert (seen[24], seen[25]) == pytest.approx((0.96, 16), abs=0.01)


def test_sound_that_begins_before_the_picture_is_no_shift(tmp_path: Path) -> None:
    path = tmp_path / "a.flv"
    run(*PICTURE, "-f", "lavfi", "-i", "sine=duration=2", *X264, "-c:a", "aac", path)
    assert agreed_times(path)[0] == pytest.approx(0.023, abs=0.002)


def test_brightness_is_mapped_at_the_frames_own_times(tmp_path: Path) -> None:
    path = tmp_path / "hlg.mov"
    run(*PICTURE, "-f", "lavfi", "-i", "sine=duration=2", "-vf",
        "setparams=color_trc=arib-std-b67:color_primaries=bt2020:colorspace=bt2020nc",
        *X264, "-c:a", "aac", path)  # fmt: skip
    assert probe(path).hdr
    assert agreed_times(path)[0] == 0


def test_sound_that_runs_on_does_not_make_the_clip_longer(tmp_path: Path) -> None:
    path = tmp_path / "talk.mkv"
    run(*PICTURE, "-f", "lavfi", "-i", "sine=duration=9", "-c:v", "libx264", "-c:a", "aac", path)
    assert len(agreed_times(path)) == probe(path).frames == 50


def test_a_picture_that_begins_late_is_as_long_as_players_show_it(tmp_path: Path) -> None:
    path = tmp_path / "late.mp4"
    run("-itsoffset", "3", *PICTURE, *X264, path)
    assert agreed_times(path)[0] == pytest.approx(3, abs=0.01)


def test_a_picture_of_a_moment_is_that_moment_where_seeking_misses_it(tmp_path: Path) -> None:
    path = tmp_path / "a.ts"
    run(*PICTURE, *X264, "-g", "250", path)
    info = probe(path)
    with decode(path, info, max_fps=None) as frames:
        wanted = list(frames)[30]
    found = frame_at(path, info, wanted.time_us, max_side=160)
    assert np.abs(found.astype(int) - wanted.image).mean() < 2


def test_a_recording_of_another_stream_behind_the_first_is_named(tmp_path: Path) -> None:
    parts = [tmp_path / "a.ts", tmp_path / "b.ts"]
    run(*PICTURE, *X264, parts[0])
    run(*PICTURE, *X264, "-mpegts_start_pid", "0x200", parts[1])
    path = tmp_path / "both.ts"
    path.write_bytes(b"".join(part.read_bytes() for part in parts))
    assert probe(path).warnings == ("second_track",)


@pytest.mark.parametrize(("kind", "sound"), [("avi", "libmp3lame"), ("wmv", "wmav2")])
def test_without_times_of_showing_analysis_and_export_guess_alike(
    kind: str, sound: str, tmp_path: Path
) -> None:
    path = tmp_path / f"a.{kind}"
    run(*PICTURE, "-f", "lavfi", "-i", "sine=duration=2", "-c:v", "libx264", "-c:a", sound, path)
    assert len(agreed_times(path)) == 50
    with av.open(str(tmp_path / "out-a.mp4")) as made:
        track = made.streams.audio[0]
        assert track.duration and float(track.duration * track.time_base) > 1.9


def test_a_video_of_one_frame_has_a_picture_of_every_moment(make_clip: MakeClip) -> None:
    path = make_clip("single.mp4", "-frames:v", "1")
    info = probe(path)
    only = frame_at(path, info, 0, max_side=160)
    for time_us in (round(info.duration_ms * 500), 10_000_000):
        assert (frame_at(path, info, time_us, max_side=160) == only).all()


def test_sound_hours_behind_the_picture_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "hours.mkv"
    run(*PICTURE, "-f", "lavfi", "-i", "sine=duration=2:sample_rate=48000",
        "-af", "asetnsamples=9600,asetpts=PTS+floor(N/9600)*600/TB", *X264, "-c:a", "flac",
        "-fps_mode", "passthrough", path)  # fmt: skip
    made = tmp_path / "made.mp4"
    export_video(path, probe(path), made, lambda: ())
    assert probe(made).duration_ms < 30_000
    with av.open(str(made)) as shown:
        assert float(shown.duration / 1_000_000) < 30
