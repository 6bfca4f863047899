"""Decoding on a GPU, without one: what ffmpeg is told, when, and that software takes over with not
a frame more or less. A stand-in for ffmpeg does in software what it is told to do on a GPU."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import ffmpeg
import msgspec
import numpy as np
import pytest

from worker.contract.errors import JobError
from worker.media.decoding import filter_graph, nvdec
from worker.media.decoding.video import Frame, decode
from worker.media.probing.ffmpeg_tools import find_tools
from worker.media.probing.probe import VideoInfo, probe
from worker.observability import gpu_fallbacks
from worker.observability.metrics import GPU_FALLBACKS, MetricSpec, listening

MakeClip = Callable[..., Path]
StandIn = Callable[[str], list[list[str]]]
FRAME = 320 * 240 * 3

STAND_IN = """#!{python} -IS
import os, re, subprocess, sys
args = sys.argv[1:]
if "-hwaccel" not in args:
    os.execv({real!r}, [{real!r}, *args])
for name in ("-hwaccel", "-hwaccel_output_format"):
    del args[args.index(name) : args.index(name) + 2]
place = args.index("-filter_complex") + 1
told = r"scale_cuda=format=yuv420p:h=([0-9]+):interp_algo=bilinear:w=([0-9]+)"
args[place] = re.sub(told, r"scale=w=\\2:h=\\1:flags=bilinear", args[place])
args[place] = args[place].replace("hwdownload", "null")
command = [{real!r}, *args]

def first(frames):
    child = subprocess.Popen(command, stdout=subprocess.PIPE, close_fds=False)
    sys.stdout.buffer.write(child.stdout.read(frames * {frame}))
    sys.stdout.buffer.flush()
    return child

{does}
"""
WORKS = "os.execv(command[0], command)"
DIES = "first(20).kill(); sys.exit(1)"
REFUSES = """child = first(20)
print("[h264] hardware accelerator failed to decode picture", file=sys.stderr, flush=True)
while piece := child.stdout.read(1 << 16):
    sys.stdout.buffer.write(piece)
"""
ENDS_EARLY = "subprocess.run([*command[:-1], '-frames:v', '20', command[-1]], close_fds=False)"
ENDS_EARLY += "; sys.exit(69)"
MISSING = nvdec.unavailable_reason


@pytest.fixture(autouse=True)
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, ...]]]:
    """A process that decodes on a GPU, and the fallbacks it counts."""
    seen: list[tuple[str, ...]] = []

    def hear(measure: MetricSpec, _value: float, labels: tuple[str, ...]) -> None:
        if measure is GPU_FALLBACKS:
            seen.append(labels)

    monkeypatch.setattr(nvdec, "unavailable_reason", lambda: None)
    monkeypatch.setattr(nvdec, "_failures", 0)
    monkeypatch.setattr(gpu_fallbacks, "_told", set())
    with listening(hear):
        yield seen


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    """Puts an ffmpeg in place whose GPU does what the given lines say; returns what it is told to
    do on a GPU."""

    def make(does: str) -> list[list[str]]:
        tools, told = find_tools(), list[list[str]]()
        script, command = tmp_path / "ffmpeg", filter_graph.command
        given = {"python": sys.executable, "real": str(tools.ffmpeg)}
        script.write_text(STAND_IN.format(**given, frame=FRAME, does=does))

        def heard(*outputs: object) -> list[str]:
            args = command(*outputs)
            told.extend([args] if "-hwaccel" in args else [])
            return args

        monkeypatch.setattr(filter_graph, "command", heard)
        script.chmod(0o755)
        put = dataclasses.replace(tools, ffmpeg=script)
        monkeypatch.setattr(filter_graph, "find_tools", lambda: put)
        return told

    return make


def frames_of(path: Path, **options: object) -> list[Frame]:
    with decode(path, probe(path), **options) as frames:  # type: ignore[arg-type]
        return list(frames)


def assert_same(ours: list[Frame], theirs: list[Frame]) -> None:
    assert [(f.index, f.time_us) for f in ours] == [(f.index, f.time_us) for f in theirs]
    assert [f.image.tobytes() for f in ours] == [f.image.tobytes() for f in theirs]


WAYS: list[dict[str, object]] = [
    {}, {"start_frame": 7}, {"start_us": 800_000, "start_frame": 3}, {"max_fps": 12.0},
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize("name", ["plain", "uneven"])
def test_this_machine_s_ffmpeg_falls_back_to_the_same_frames(
    name: str, way: dict[str, object], request: pytest.FixtureRequest, counted: list[object]
) -> None:
    if gpu_fallbacks.DRIVER.exists():
        pytest.skip("needs a machine without a GPU")
    clip: Path = request.getfixturevalue(name)
    expected = frames_of(clip, **way)
    assert counted == []
    assert_same(frames_of(clip, **way, gpu=True), expected)
    assert counted == [("decode", "software")]


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_frames_of_a_gpu_are_those_of_software(
    uneven: Path, stand_in: StandIn, way: dict[str, object], counted: list[object]
) -> None:
    told = stand_in(WORKS)
    assert_same(frames_of(uneven, **way, gpu=True), frames_of(uneven, **way))
    assert len(told) == 1
    assert counted == []


@pytest.mark.parametrize("does", [DIES, REFUSES, ENDS_EARLY], ids=["dies", "refuses", "ends"])
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_software_goes_on_where_the_gpu_fails(
    plain: Path, stand_in: StandIn, does: str, way: dict[str, object], counted: list[object]
) -> None:
    told = stand_in(does)
    assert_same(frames_of(plain, **way, gpu=True), frames_of(plain, **way))
    assert len(told) == 1
    assert counted == [("decode", "software")]


def test_what_software_does_not_decode_either_is_no_fault_of_the_gpu(
    make_clip: MakeClip, tmp_path: Path, counted: list[object]
) -> None:
    whole = make_clip("nvdec_soon_broken.mkv")
    info = probe(whole)
    broken = tmp_path / "broken.mkv"
    data = whole.read_bytes()
    broken.write_bytes(data[:600] + bytes(len(data) - 600))
    with pytest.raises(JobError), decode(broken, info, gpu=True) as frames:
        list(frames)
    assert counted == []
    assert nvdec._failures == 0


def test_a_process_whose_gpu_fails_again_and_again_leaves_it(
    plain: Path, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nvdec, "unavailable_reason", MISSING)
    monkeypatch.setattr(nvdec, "DRIVER", Path("/"))
    monkeypatch.setattr(nvdec, "_unbuilt", lambda: None)
    told = []
    for does in (DIES, DIES, WORKS, DIES, DIES):
        told = stand_in(does)
        frames_of(plain, gpu=True)
        assert nvdec.unavailable_reason() is None
    frames_of(plain, gpu=True)
    assert nvdec.unavailable_reason() == "it failed 3 times in a row"
    tried = len(told)
    frames_of(plain, gpu=True)
    assert len(told) == tried


def test_it_can_be_switched_off_and_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nvdec, "unavailable_reason", MISSING)
    monkeypatch.setattr(nvdec, "DRIVER", Path("/nowhere"))
    assert nvdec.unavailable_reason() == "no GPU"
    monkeypatch.setattr(nvdec, "DRIVER", Path("/"))
    nvdec._unbuilt.cache_clear()
    monkeypatch.setattr(nvdec, "accelerators", lambda: frozenset({"vaapi"}))
    assert nvdec.unavailable_reason() == "this ffmpeg is built without it"
    monkeypatch.setattr(nvdec, "accelerators", lambda: frozenset({"cuda"}))
    monkeypatch.setattr(nvdec, "filters", lambda: frozenset({"scale_cuda", "hwdownload"}))

    def no_library(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file")

    monkeypatch.setattr(nvdec.ctypes, "CDLL", no_library)
    nvdec._unbuilt.cache_clear()
    assert "libnvcuvid" in (nvdec.unavailable_reason() or "")
    monkeypatch.setattr(nvdec.ctypes, "CDLL", lambda name: name)
    nvdec._unbuilt.cache_clear()
    assert nvdec.unavailable_reason() is None
    monkeypatch.setenv(nvdec.SETTING, "off")
    assert nvdec.unavailable_reason() == "switched off"
    nvdec._unbuilt.cache_clear()


@pytest.mark.parametrize(
    ("changes", "fits"),
    [
        ({}, True),
        ({"codec": "hevc", "pixel_format": "yuvj420p"}, True),
        ({"codec": "mpeg4"}, False),
        ({"pixel_format": "yuv420p10le"}, False),
        ({"pixel_format": "yuv422p"}, False),
        ({"transfer": "arib-std-b67"}, False),
        ({"crop": (2, 0, 0, 0)}, False),
        ({"stored_width": 128}, False),
    ],
)
def test_what_suits_a_gpu(plain: Path, changes: dict[str, object], fits: bool) -> None:
    assert nvdec.is_supported(msgspec.structs.replace(probe(plain), **changes)) is fits


def test_what_does_not_suit_is_not_tried(plain: Path, stand_in: StandIn, counted: object) -> None:
    told = stand_in(WORKS)
    info = msgspec.structs.replace(probe(plain), pixel_format="yuv420p10le")
    with decode(plain, info, gpu=True) as frames:
        assert len(list(frames)) == 50
    with decode(plain, probe(plain), gpu=True, for_viewing=True) as frames:
        assert len(list(frames)) == 50
    assert told == []
    assert counted == []


def test_what_ffmpeg_is_told(make_clip: MakeClip, stand_in: StandIn) -> None:
    clip = make_clip("nvdec_large.mp4", source="testsrc2=size=960x540:rate=25:duration=0.4")
    turned = make_clip(
        "nvdec_turned.mp4", "-c:v", "copy", source=str(clip), before=("-display_rotation", "90")
    )
    told = stand_in(WORKS)
    ours = frames_of(turned, max_side=320, gpu=True)
    (words,) = told
    given = words.index("-i")
    for name in ("-hwaccel", "-hwaccel_output_format"):
        assert words[words.index(name) + 1] == "cuda"
        assert words.index(name) < given
    assert words[words.index("-threads") + 1] == "1"
    theirs = frames_of(turned, max_side=320)
    assert [(f.index, f.time_us) for f in ours] == [(f.index, f.time_us) for f in theirs]
    assert {f.image.shape for f in ours} == {f.image.shape for f in theirs} == {(320, 180, 3)}
    apart = [
        np.abs(a.image.astype(int) - b.image).mean() for a, b in zip(ours, theirs, strict=True)
    ]
    assert max(apart) < 4  # of 255: another scaler


@pytest.mark.parametrize(
    ("stored", "size", "steps"),
    [
        ((1920, 1080), (640, 360), [(1280, 720), (640, 360)]),
        ((3840, 2160), (640, 360), [(2560, 1440), (1280, 720), (640, 360)]),
        ((1280, 720), (640, 360), [(640, 360)]),
        ((640, 360), (640, 360), [(640, 360)]),
    ],
)
def test_a_picture_is_halved_until_it_is_small(
    plain: Path, stored: tuple[int, int], size: tuple[int, int], steps: list[tuple[int, int]]
) -> None:
    video: VideoInfo = msgspec.structs.replace(
        probe(plain), stored_width=stored[0], stored_height=stored[1]
    )
    stream = nvdec.downloaded(ffmpeg.input("x"), video, *size)
    arguments = stream.output("y").get_args()
    text = arguments[arguments.index("-filter_complex") + 1]
    expected = [f"scale_cuda=format=yuv420p:h={h}:interp_algo=bilinear:w={w}" for w, h in steps]
    places = [text.index(one) for one in expected]
    assert places == sorted(places)
    assert text.count("scale_cuda") == len(steps)
    assert places[-1] < text.index("hwdownload") < text.index("format=yuv420p[")


def test_odd_sides_are_made_of_even_ones(make_clip: MakeClip, stand_in: StandIn) -> None:
    clip = make_clip("nvdec_odd.mp4", source="testsrc2=size=600x338:rate=25:duration=0.2")
    told = stand_in(WORKS)
    frames = frames_of(clip, max_side=301, gpu=True)
    assert {f.image.shape for f in frames} == {(170, 301, 3)}
    assert "h=170:interp_algo=bilinear:w=302" in " ".join(told[0])
