from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from worker.contract.errors import ErrorCode, JobError
from worker.media.decoding.video import Frame, decode
from worker.media.probing.probe import probe
from worker.media.sandbox.limits import MediaLimits

MakeClip = Callable[..., Path]


def frames_of(path: Path, **options: object) -> list[Frame]:
    with decode(path, probe(path), **options) as frames:  # type: ignore[arg-type]
        return list(frames)


def test_every_frame_once_with_its_time(plain: Path) -> None:
    frames = frames_of(plain)
    assert [frame.index for frame in frames] == list(range(50))
    assert [frame.time_us for frame in frames] == [40_000 * n for n in range(50)]
    assert {frame.image.shape for frame in frames} == {(240, 320, 3)}


def test_uneven_times_are_kept(uneven: Path) -> None:
    times = [frame.time_us for frame in frames_of(uneven)]
    assert times == [40_000 * (n * (n + 1) // 2) for n in range(10)]


def test_images_are_the_holders_to_keep(plain: Path) -> None:
    frames = frames_of(plain)
    assert not frames[0].image.flags.writeable
    assert len({frame.image.tobytes() for frame in frames}) == 50


def test_going_on_from_a_frame_gives_the_same_rest(uneven: Path) -> None:
    whole, rest = frames_of(uneven), frames_of(uneven, start_frame=6)
    assert [(f.index, f.time_us) for f in rest] == [(f.index, f.time_us) for f in whole[6:]]
    assert all((a.image == b.image).all() for a, b in zip(whole[6:], rest, strict=True))


def test_going_on_from_the_end_gives_nothing_and_does_not_hang(plain: Path) -> None:
    assert frames_of(plain, start_frame=50) == []


@pytest.mark.parametrize(("rate", "kept"), [(120, 60), (90, 45), (60, 60), (50, 50)])
def test_too_many_frames_are_thinned_by_time(make_clip: MakeClip, rate: int, kept: int) -> None:
    clip = make_clip(f"rate{rate}.mp4", source=f"testsrc2=size=64x64:rate={rate}:duration=1")
    frames = frames_of(clip, max_fps=60.0)
    assert len(frames) == kept
    assert [frame.index for frame in frames] == list(range(kept))
    assert len(frames_of(clip, max_fps=None)) == rate


def test_shrunk_to_the_longest_side(plain: Path) -> None:
    assert frames_of(plain, max_side=160)[0].image.shape == (120, 160, 3)


def test_pixels_that_are_not_square(make_clip: MakeClip) -> None:
    clip = make_clip("wide.mp4", "-vf", "setsar=2/1")
    assert (probe(clip).width, probe(clip).height) == (640, 240)
    assert frames_of(clip)[0].image.shape == (240, 640, 3)


TURNS = {
    ("-display_rotation", "0", "-display_hflip"): lambda image: image[:, ::-1],
    ("-display_rotation", "0", "-display_vflip"): lambda image: image[::-1],
    ("-display_rotation", "-90"): lambda image: np.rot90(image, -1),
    ("-display_rotation", "180"): lambda image: np.rot90(image, 2),
    ("-display_rotation", "90"): lambda image: np.rot90(image, 1),
}


@pytest.mark.parametrize("tags", list(TURNS), ids=" ".join)
def test_tags_lay_the_picture_upright(
    make_clip: MakeClip, plain: Path, tags: tuple[str, ...]
) -> None:
    name = "turned" + "".join(tags) + ".mp4"
    turned = make_clip(name, "-c:v", "copy", source=str(plain), before=tags)
    expected = TURNS[tags](frames_of(plain)[10].image)
    found = frames_of(turned)[10].image
    assert found.shape == expected.shape
    assert np.abs(found.astype(int) - expected).mean() < 1.0


def test_a_change_of_size_midway_does_not_slip(make_clip: MakeClip, tmp_path: Path) -> None:
    small = make_clip("small.ts", source="testsrc=size=160x120:rate=25:duration=1")
    large = make_clip("large.ts", source="testsrc2=size=320x240:rate=25:duration=1")
    joined = tmp_path / "joined.ts"
    joined.write_bytes(small.read_bytes() + large.read_bytes() + small.read_bytes())
    frames = frames_of(joined)
    assert [frame.index for frame in frames] == list(range(75))
    assert {frame.image.shape for frame in frames} == {(120, 160, 3)}
    assert (np.diff([frame.time_us for frame in frames]) > 0).all()
    assert [f.time_us for f in frames_of(joined, start_frame=60)] == [
        f.time_us for f in frames[60:]
    ]


def test_a_late_start_is_shown_as_late(make_clip: MakeClip, plain: Path) -> None:
    late = make_clip(
        "late.mkv", "-c:v", "copy", "-copyts", source=str(plain), before=("-itsoffset", "0.5")
    )
    assert frames_of(late)[0].time_us == 500_000


def test_a_clock_that_runs_on_starts_at_nothing(make_clip: MakeClip, plain: Path) -> None:
    clip = make_clip(
        "clock.ts", "-c:v", "copy", "-copyts", source=str(plain), before=("-itsoffset", "5000")
    )
    assert frames_of(clip)[0].time_us == 0


def test_leaving_early_ends_the_child(plain: Path) -> None:
    with decode(plain, probe(plain)) as frames:
        next(frames)
        process = frames._raw._child._process
    assert process.returncode is not None


def test_a_cut_off_clip_gives_what_there_is_and_then_says_so(
    make_clip: MakeClip, tmp_path: Path
) -> None:
    clip = make_clip("front.mp4", "-movflags", "+faststart")
    path = tmp_path / "cut.mp4"
    path.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])
    frames = []
    with decode(path, probe(path)) as reader, pytest.raises(JobError) as caught:
        frames.extend(reader)
    assert 5 < len(frames) < 50
    assert caught.value.code == ErrorCode.MEDIA_DECODE_ERROR


def test_no_frame_at_all_is_an_error(make_clip: MakeClip, tmp_path: Path) -> None:
    data = bytearray(make_clip("front.mp4", "-movflags", "+faststart").read_bytes())
    start = data.index(b"mdat") + 4
    data[start:] = bytes(len(data) - start)
    path = tmp_path / "a.mp4"
    path.write_bytes(data)
    with pytest.raises(JobError) as caught:
        frames_of(path)
    assert caught.value.code == ErrorCode.MEDIA_DECODE_ERROR


def test_more_frames_than_the_header_says_are_refused(plain: Path) -> None:
    info = probe(plain)
    with pytest.raises(JobError) as caught:
        list(decode(plain, info, limits=MediaLimits(max_frames=20)))
    assert caught.value.code == ErrorCode.MEDIA_TOO_LARGE


def test_an_animated_gif(make_clip: MakeClip) -> None:
    clip = make_clip("moving.gif", source="testsrc2=size=64x64:rate=10:duration=1")
    assert [frame.time_us for frame in frames_of(clip)] == [100_000 * n for n in range(10)]


@pytest.mark.parametrize("name", ["sought.mp4", "sought.mkv"])
def test_a_sought_decode_hands_out_the_frames_of_a_whole_one(
    make_clip: MakeClip, name: str
) -> None:
    clip = make_clip(name, "-g", "40", "-bf", "2", "-preset", "medium",
                     source="testsrc2=size=160x120:rate=25:duration=8")  # fmt: skip
    whole = frames_of(clip)
    for start_us in (whole[1].time_us, 3_999_999, whole[150].time_us, whole[-1].time_us):
        rest = [frame for frame in whole if frame.time_us >= start_us]
        found = frames_of(clip, start_us=start_us, start_frame=7)
        assert [frame.time_us for frame in found] == [frame.time_us for frame in rest]
        assert [frame.index for frame in found] == list(range(7, 7 + len(rest)))
        assert all((a.image == b.image).all() for a, b in zip(found, rest, strict=True))


def test_a_sought_decode_of_a_late_start(make_clip: MakeClip, plain: Path) -> None:
    late = make_clip(
        "late4.mkv", "-c:v", "copy", "-copyts", source=str(plain), before=("-itsoffset", "4")
    )
    whole, found = frames_of(late), frames_of(late, start_us=5_500_000)
    assert whole[0].time_us == 4_000_000
    assert [frame.time_us for frame in found] == [f.time_us for f in whole[-len(found) :]]
    assert found[0].time_us == 5_520_000
