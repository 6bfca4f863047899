"""Files of strangers that once went wrong: analysis and export see one picture, sound stays."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pillow_heif
import pytest
from PIL import Image

from tests.media.mp4_boxes import with_sample_entry_box
from worker.contract.errors import ErrorCode, JobError
from worker.media.decoding.still import read_still
from worker.media.decoding.video import Frame, decode
from worker.media.encoding.export import export_video
from worker.media.probing.ffmpeg_tools import find_tools
from worker.media.probing.probe import VideoInfo, probe
from worker.media.probing.sniff import sniff
from worker.pipeline.frame_chunks import PrefetchingReader

MakeClip = Callable[..., Path]
BALL = (
    "color=black:size=320x240:rate=25:duration=2[room];color=white:size=40x40:rate=25[ball];"
    "[room][ball]overlay=x=20+t*100:y=100:shortest=1"
)


def frames_of(path: Path) -> list[Frame]:
    return list(decode(path, probe(path), max_fps=None, max_side=4096))


def exported(clip: Path, folder: Path) -> tuple[list[Frame], VideoInfo]:
    out = folder / "out.mp4"
    assert export_video(clip, probe(clip), out, lambda: ()) is None
    return frames_of(out), probe(out)


def same_pictures(one: list[Frame], other: list[Frame], apart: float = 6.0) -> bool:
    return len(one) == len(other) and all(
        a.image.shape == b.image.shape and np.abs(a.image.astype(int) - b.image).mean() < apart
        for a, b in zip(one, other, strict=True)
    )


def run(*arguments: str | Path) -> None:
    subprocess.run([find_tools().ffmpeg, "-nostdin", "-v", "error", *arguments], check=True)


def joined(folder: Path, *parts: Path) -> Path:
    path = folder / "joined.ts"
    with open(path, "wb") as out:
        for part in parts:
            with open(part, "rb") as given:
                shutil.copyfileobj(given, out)
    return path


def tones(path: Path) -> list[tuple[float, float]]:
    """Each tenth of a second of the sound with its loudest frequency."""
    with av.open(str(path)) as given:
        track = given.streams.audio[0]
        rate = track.codec_context.sample_rate
        rows = [(float(f.time or 0), f.to_ndarray()[0]) for f in given.decode(track)]
    sound = np.concatenate([samples for _, samples in rows])
    assert abs(rows[-1][0] + len(rows[-1][1]) / rate - rows[0][0] - len(sound) / rate) < 0.01
    size = rate // 10
    spectra = [
        np.abs(np.fft.rfft(sound[at : at + size])) for at in range(0, len(sound) - size, size)
    ]
    return [(0.1 * n, float(s.argmax()) * rate / size) for n, s in enumerate(spectra)]


def test_a_cover_that_is_flagged_as_the_clip_is_not_it(plain: Path, tmp_path: Path) -> None:
    path = tmp_path / "cover.mkv"
    cover = tmp_path / "cover.jpg"
    run("-f", "lavfi", "-i", "testsrc=size=640x480:rate=1:duration=1", cover)
    run("-i", plain, "-i", cover, "-map", "1:v", "-map", "0:v", "-c", "copy",
        "-disposition:v:0", "default", "-disposition:v:1", "0", path)  # fmt: skip
    info = probe(path)
    assert (info.width, info.stream, info.frames, info.warnings) == (320, 1, 50, ())
    made = tmp_path / "made"
    made.mkdir()
    after, _ = exported(path, made)
    assert same_pictures(frames_of(plain), after)


def test_of_two_clips_the_default_one_is_taken_and_the_other_named(
    plain: Path, tmp_path: Path
) -> None:
    path = tmp_path / "two.mkv"
    run("-i", plain, "-f", "lavfi", "-i", "testsrc=size=640x480:rate=25:duration=2",
        "-map", "0:v", "-map", "1:v", "-c:v:0", "copy", "-c:v:1", "libx264",
        "-disposition:v:0", "default", "-disposition:v:1", "0", path)  # fmt: skip
    assert (probe(path).width, probe(path).warnings) == (320, ("second_track",))


def test_what_the_container_cuts_off_is_cut_off_everywhere(plain: Path, tmp_path: Path) -> None:
    path = tmp_path / "clap.mp4"
    # a clean aperture of 240x200, in the middle (ISO/IEC 14496-12, 12.1.4.1)
    aperture = b"".join(n.to_bytes(4, "big") for n in (240, 1, 200, 1, 0, 1, 0, 1))
    path.write_bytes(with_sample_entry_box(plain.read_bytes(), b"clap", aperture))
    info = probe(path)
    if not info.cropped:
        pytest.skip("this ffprobe does not read clean apertures")
    assert (info.width, info.height) == (240, 200)
    before, (after, _) = frames_of(path), exported(path, tmp_path)
    assert same_pictures(before, after)
    whole = frames_of(plain)[10].image[20:220, 40:280].astype(int)
    assert np.abs(after[10].image - whole).mean() < 6


@pytest.mark.parametrize("first", ["240x320", "241x321"])
def test_a_frame_of_another_shape_gets_bars(first: str, tmp_path: Path) -> None:
    parts = []
    for name, size in (("a", first), ("b", "320x240")):
        parts.append(tmp_path / f"{name}.ts")
        run("-f", "lavfi", "-i", f"color=white:size={size}:rate=25:duration=1",
            "-c:v", "libx264", "-pix_fmt", "yuv444p", parts[-1])  # fmt: skip
    path = joined(tmp_path, *parts)
    before, (after, _) = frames_of(path), exported(path, tmp_path)
    assert len(before) == len(after) == 50
    for frames in (before, after):
        rows = (frames[-1].image[:, 120].mean(axis=1) > 128).nonzero()[0]
        assert len(rows) == pytest.approx(240 * 240 / 320, abs=3)
        assert abs((rows[0] + rows[-1]) / 2 - 160) < 3
        assert frames[5].image.min() > 200


@pytest.mark.parametrize("flagged", [True, False])
def test_half_pictures_are_parted(flagged: bool, tmp_path: Path) -> None:
    path = tmp_path / "fields.mts"
    source = BALL.replace("rate=25", "rate=50").replace("320x240", "640x480")
    marks = ("-flags", "+ilme+ildct", "-x264-params", "tff=1") if flagged else ()
    run("-f", "lavfi", "-i", source, "-vf", "tinterlace=interleave_top" + (
        ",setfield=tff" if flagged else ",setfield=prog"), "-c:v", "libx264", "-pix_fmt",
        "yuv420p", *marks, path)  # fmt: skip
    info = probe(path)
    assert (info.parity, info.fps, info.frames) == ("tff", 50, 100)
    before, (after, _) = frames_of(path), exported(path, tmp_path)
    assert len(before) == len(after) == pytest.approx(100, abs=1)
    assert np.diff([frame.time_us for frame in after]) == pytest.approx(20_000, abs=100)
    assert same_pictures(before, after)
    for frame in after[20:30]:  # the ball's left edge is the same in all of its lines
        edges = (frame.image[104:136, :, 0] > 128).argmax(axis=1)
        assert np.ptp(edges) <= 2


def test_whole_pictures_of_that_size_are_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "whole.mp4"
    run("-f", "lavfi", "-i", BALL.replace("320x240", "640x480"), "-c:v", "libx264", path)
    assert (probe(path).parity, probe(path).fps) == ("", 25)


def test_a_clock_that_restarts_loses_neither_sound_nor_seconds(tmp_path: Path) -> None:
    parts = []
    for tone in (440, 880):
        parts.append(tmp_path / f"{tone}.ts")
        run("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=2", "-f", "lavfi",
            "-i", f"sine=frequency={tone}:duration=2", "-c:v", "libx264", "-c:a", "aac",
            parts[-1])  # fmt: skip
    path = joined(tmp_path, *parts)
    assert probe(path).duration_ms == pytest.approx(4000, abs=50)
    after, info = exported(path, tmp_path)
    assert len(after) == 100
    assert info.audio == "aac"
    for time, tone in tones(tmp_path / "out.mp4"):
        if abs(time - 2) > 0.2 and 0.1 < time < 3.9:
            assert tone == pytest.approx(440 if time < 2 else 880, abs=15)


def test_sound_that_begins_before_the_picture_moves_no_frame(tmp_path: Path) -> None:
    path = tmp_path / "lead.ts"
    tune = (
        "sine=frequency=440:duration=1[a];sine=frequency=880:duration=1.5[b];[a][b]concat=v=0:a=1"
    )
    run("-itsoffset", "0.5", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=2",
        "-f", "lavfi", "-i", tune, "-c:v", "libx264", "-c:a", "aac", path)  # fmt: skip
    before, (after, info) = frames_of(path), exported(path, tmp_path)
    assert [frame.time_us for frame in after] == [frame.time_us for frame in before]
    assert info.has_audio
    for time, tone in tones(tmp_path / "out.mp4"):
        if abs(time - 0.5) > 0.15 and 0 < time < 1.9:
            assert tone == pytest.approx(440 if time < 0.5 else 880, abs=15)


@pytest.mark.parametrize(("rate", "kept"), [(11024, 11025), (7000, 8000), (96000, 48000)])
def test_odd_rates_of_sound_are_resampled(
    make_clip: MakeClip, tmp_path: Path, rate: int, kept: int
) -> None:
    clip = make_clip(
        f"rate{rate}.avi", "-c:a", "pcm_u8", "-ar", str(rate),
        before=("-f", "lavfi", "-i", "sine=frequency=440:duration=2"),
    )  # fmt: skip
    _, info = exported(clip, tmp_path)
    assert info.has_audio
    with av.open(str(tmp_path / "out.mp4")) as given:
        assert given.streams.audio[0].codec_context.sample_rate == kept
    assert [tone for _, tone in tones(tmp_path / "out.mp4")][5] == pytest.approx(440, abs=15)


def test_sound_that_cannot_be_read_is_named(make_clip: MakeClip, tmp_path: Path) -> None:
    clip = make_clip(
        "loud.avi", "-c:a", "pcm_s16le", before=("-f", "lavfi", "-i", "sine=duration=2")
    )
    data = bytearray(clip.read_bytes())
    at = data.index(b"auds") + 4
    at = data.index(b"strf", at) + 8
    data[at : at + 2] = b"\x34\x12"  # a codec that nobody knows
    broken = tmp_path / "broken.avi"
    broken.write_bytes(data)
    out = tmp_path / "out.mp4"
    assert export_video(broken, probe(broken), out, lambda: ()) == "unsupported_codec"
    assert (probe(out).frames, probe(out).has_audio) == (50, False)


def test_a_recording_that_broke_off_is_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "pieces.mp4"
    run("-f", "lavfi", "-i", "testsrc2=size=320x240:rate=25:duration=4", "-c:v", "libx264",
        "-g", "25", "-movflags", "frag_keyframe+empty_moov+default_base_moof", path)  # fmt: skip
    assert (probe(path).fragmented, probe(path).warnings) == (True, ())
    data = path.read_bytes()
    last = data.rindex(b"mdat")
    path.write_bytes(data[: last + (len(data) - last) // 2])
    assert probe(path).warnings == ("truncated",)
    assert 75 <= len(frames_of(path)) < 100


@pytest.mark.parametrize("name", ["whole.mkv", "whole.avi", "whole.mov"])
def test_files_that_are_cut_off_say_so(make_clip: MakeClip, tmp_path: Path, name: str) -> None:
    options = ("-movflags", "faststart") if name.endswith("mov") else ()
    whole = make_clip(name, *options)
    assert probe(whole).warnings == ()
    cut = tmp_path / name
    cut.write_bytes(whole.read_bytes()[:-3000])
    assert probe(cut).warnings == ("truncated",)
    trailed = tmp_path / f"trailed-{name}"
    trailed.write_bytes(whole.read_bytes() + b"\x00\x10\x00\x00SEFH" + bytes(40))
    assert probe(trailed).warnings == ()


def test_hdr_that_cannot_be_converted_is_named(
    make_clip: MakeClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = make_clip(
        "pq.mp4", "-vf", "setparams=color_trc=smpte2084:color_primaries=bt2020:colorspace=bt2020nc"
    )
    assert probe(clip).hdr
    assert probe(clip).warnings == ()
    monkeypatch.setattr("worker.media.probing.probe.maps_brightness", lambda: False)
    assert probe(clip).warnings == ("colour_lost",)


@pytest.mark.parametrize(("compatible", "warnings"), [(0, ("colour_lost",)), (4, ())])
def test_colours_that_only_dolby_vision_has_are_named(
    plain: Path, tmp_path: Path, compatible: int, warnings: tuple[str, ...]
) -> None:
    # profile 5 or 8, level 4 (Dolby Vision streams within ISOBMFF, 2.2)
    profile = 8 if compatible else 5
    record = bytes((1, 0, profile << 1, 4 << 3 | 0b101, compatible << 4)) + bytes(19)
    path = tmp_path / "dolby.mp4"
    path.write_bytes(with_sample_entry_box(plain.read_bytes(), b"dvcC", record))
    assert probe(path).warnings == warnings


LOSSES = {
    "shown.mp4": ("-c:v", "libx264", "-g", "25"),
    "dropped.mp4": ("-c:v", "libx265", "-x265-params", "log-level=none"),
    "skipped.mkv": ("-c:v", "libx264"),
    "still.avi": ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p"),
}


@pytest.mark.parametrize("name", list(LOSSES))
def test_frames_that_do_not_decode_are_noticed(
    make_clip: MakeClip, tmp_path: Path, name: str
) -> None:
    clip = make_clip(name, *LOSSES[name], source="testsrc2=size=320x240:rate=25:duration=4")
    data = bytearray(clip.read_bytes())
    noise = np.random.default_rng(1)
    for start in (len(data) * 45 // 100, len(data) // 2):
        data[start : start + 3000] = noise.bytes(3000)
    broken = tmp_path / name
    broken.write_bytes(data)
    for path, incomplete in ((clip, False), (broken, True)):
        reader = decode(path, probe(path), max_side=64)
        with PrefetchingReader(reader) as chunks:
            assert [chunk.incomplete for chunk in chunks][-1] is incomplete


@pytest.mark.parametrize(
    ("name", "encoder", "fps"),
    [("a.png", ("-f", "apng"), 25), ("a.mxf", ("-c:v", "mpeg2video"), 25),
     ("a.dv", ("-target", "pal-dv"), 25), ("a.gif", (), 25)],
)  # fmt: skip
def test_clips_in_forms_that_few_send(
    plain: Path, tmp_path: Path, name: str, encoder: tuple[str, ...], fps: int
) -> None:
    clip = tmp_path / name
    run("-i", plain, "-an", *encoder, clip)
    assert sniff(clip) == "video"
    info = probe(clip)
    assert info.fps == pytest.approx(fps, rel=0.01)
    assert len(frames_of(clip)) == info.frames
    frames, out = exported(clip, tmp_path)
    assert len(frames) == info.frames and out.duration_ms == pytest.approx(info.duration_ms, abs=60)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.heic", "a.avif", "a.bmp", "a.gif"])
def test_a_picture_is_no_video_and_says_what_to_do(tmp_path: Path, name: str) -> None:
    pillow_heif.register_heif_opener()
    Image.new("RGB", (64, 48), "red").save(tmp_path / name)
    with pytest.raises(JobError) as refused:
        probe(tmp_path / name)
    assert refused.value.code == ErrorCode.MEDIA_UNSUPPORTED
    assert "send it with source=image" in refused.value.message


def test_a_video_is_no_picture_and_says_what_to_do(plain: Path) -> None:
    with pytest.raises(JobError, match="send it with source=video") as refused:
        read_still(plain)
    assert refused.value.code == ErrorCode.MEDIA_UNSUPPORTED


def test_pictures_that_move_in_a_form_that_is_not_read_are_named(tmp_path: Path) -> None:
    one, other = Image.new("RGB", (64, 48), "red"), Image.new("RGB", (64, 48), "blue")
    one.save(tmp_path / "a.webp", save_all=True, append_images=[other], duration=100)
    with pytest.raises(JobError, match="An animated WebP is not a format we read"):
        probe(tmp_path / "a.webp")
    assert read_still(tmp_path / "a.webp").info.width == 64
