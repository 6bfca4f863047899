"""Faces that are blurred: nothing of them is left, and the rest stays."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from worker.media.decoding.video import decode
from worker.media.encoding.export import export_video
from worker.media.probing.probe import probe
from worker.media.rendering.face_blur import blur_face, face_of
from worker.media.rendering.overlay_track import Drawing
from worker.media.rendering.planes import rgb_planes

MakeClip = Callable[..., Path]


def person(x: float = 0.5, joints: int = 17) -> NDArray[np.float32]:
    """Somebody upright at `x`: the head at 0.2, shoulders at 0.3, hips at 0.55 of the height."""
    pose = np.full((joints, 3), 0.9, np.float32)
    head = 5 if joints == 17 else 11
    pose[:, 0] = x
    pose[:head, 1] = 0.2
    pose[:head, 0] += np.linspace(-0.02, 0.02, head)
    pose[head:, 1] = 0.8
    pose[head : head + 2, 1] = 0.3
    hips = 11 if joints == 17 else 23
    pose[hips : hips + 2, 1] = 0.55
    return pose


def detail(image: NDArray[np.uint8]) -> float:
    """How much neighbours differ."""
    return float(np.abs(np.diff(image.astype(np.float64), axis=1)).mean())


@pytest.mark.parametrize("joints", [17, 33])
def test_the_face_goes_and_the_rest_stays(joints: int) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (400, 400, 3), dtype=np.uint8)
    shown = noise.copy()
    blur_face(rgb_planes(shown), person(joints=joints), 400, 400)
    face = face_of(person(joints=joints), 400, 400)
    assert face is not None
    x, y, radius = face
    assert 30 < radius < 60
    half = int(radius / 2)
    middle = np.s_[int(y) - half : int(y) + half, int(x) - half : int(x) + half]
    assert detail(shown[middle]) < 0.1 * detail(noise[middle])
    rows, columns = np.mgrid[:400, :400]
    outside = (rows - y) ** 2 + (columns - x) ** 2 > (radius + 2) ** 2
    assert (shown[outside] == noise[outside]).all()


@pytest.mark.parametrize("pose", [None, np.zeros((17, 3), np.float32),
                                  np.full((17, 3), np.nan, np.float32)])  # fmt: skip
def test_all_goes_where_the_face_is_not_known(pose: NDArray[np.float32] | None) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    shown = noise.copy()
    blur_face(rgb_planes(shown), pose, 300, 200)
    assert detail(shown) < 0.1 * detail(noise)


@pytest.mark.parametrize("x", [-3.0, 0.0, 1.0, 5.0])
def test_a_face_at_the_edge(x: float) -> None:
    shown = np.zeros((100, 100, 3), np.uint8)
    blur_face(rgb_planes(shown), person(x), 100, 100)


@pytest.mark.parametrize("skeleton", [True, False])
def test_faces_in_an_export(make_clip: MakeClip, tmp_path: Path, skeleton: bool) -> None:
    noisy = "color=gray:size=320x240:rate=25:duration=2,noise=alls=90:allf=t"
    plain = make_clip("noisy.mp4", source=noisy)
    info = probe(plain)
    out = tmp_path / "out.mp4"
    known = [Drawing(round(n * 40_000), person()) for n in range(25)]
    nobody = [Drawing(round(n * 40_000)) for n in range(25, 50)]
    export_video(plain, info, out, lambda: [*known, *nobody], skeleton=skeleton, blur_faces=True)

    def frames(path: Path) -> list[NDArray[np.uint8]]:
        with decode(path, probe(path), max_fps=None) as reader:
            return [frame.image for frame in reader]

    before, after = frames(plain), frames(out)
    assert len(before) == len(after) == 50
    face = np.s_[36:60, 148:172]
    below = np.s_[150:230, 20:100]
    for place in (2, 20):
        if not skeleton:  # its joints are drawn over the face
            assert detail(after[place][face]) < 0.4 * detail(before[place][face])
        assert detail(after[place][below]) > 0.6 * detail(before[place][below])
    # where nobody is seen, nothing is shown
    assert detail(after[40]) < 0.4 * detail(before[40])
