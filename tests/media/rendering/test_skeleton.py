from __future__ import annotations

import cv2
import numpy as np
import pytest

from worker.contract.keypoints import INDEX
from worker.contract.landmarks import COCO_PLACES, MEDIAPIPE_NAMES
from worker.media.rendering import theme
from worker.media.rendering.hud import NO_HUD, Hud, draw_hud
from worker.media.rendering.overlay_image import overlay_image
from worker.media.rendering.planes import rgb_planes, yuv_inks, yuv_planes
from worker.media.rendering.skeleton import draw_pose

WIDTH, HEIGHT = 640, 480


@pytest.fixture
def pose() -> np.ndarray:
    """A standing body, float32 [17, 3]; the person's left is at the right of the picture."""
    keypoints = np.zeros((17, 3), np.float32)
    keypoints[:, 2] = 0.9
    rows = {"shoulder": 0.3, "elbow": 0.45, "wrist": 0.6, "hip": 0.6, "knee": 0.75, "ankle": 0.9}
    for name, y in rows.items():
        keypoints[INDEX[f"left_{name}"], :2] = 0.7, y
        keypoints[INDEX[f"right_{name}"], :2] = 0.3, y
    keypoints[:5, :2] = 0.5, 0.15
    return keypoints


def canvas(value: int = 128) -> np.ndarray:
    return np.full((HEIGHT, WIDTH, 3), value, np.uint8)


def drawn(keypoints: np.ndarray) -> np.ndarray:
    image = canvas()
    draw_pose(rgb_planes(image), keypoints, WIDTH, HEIGHT)
    return image


def at(image: np.ndarray, x: float, y: float) -> tuple[int, ...]:
    return tuple(int(value) for value in image[round(y * HEIGHT), round(x * WIDTH)])


def test_limbs_have_the_colour_of_their_side(pose: np.ndarray) -> None:
    image = drawn(pose)
    assert at(image, 0.7, 0.68) == theme.LEFT
    assert at(image, 0.3, 0.68) == theme.RIGHT
    assert at(image, 0.5, 0.3) == theme.MIDDLE


@pytest.mark.parametrize(
    ("score", "colour"), [(0.9, theme.SURE), (0.6, theme.DOUBTFUL), (0.4, theme.UNSURE)]
)
def test_joints_show_their_confidence(pose: np.ndarray, score: float, colour: theme.Colour) -> None:
    pose[INDEX["left_knee"], 2] = score
    assert at(drawn(pose), 0.7, 0.75) == colour


def test_what_is_not_seen_is_not_drawn(pose: np.ndarray) -> None:
    pose[:, 2] = 0.29
    assert (drawn(pose) == canvas()).all()


@pytest.mark.parametrize("wild", [np.nan, np.inf, 1e30, -1e30])
def test_wild_numbers_do_no_harm(pose: np.ndarray, wild: float) -> None:
    pose[3, 0] = wild
    drawn(pose)


@pytest.mark.parametrize("bt709", [True, False])
def test_planes_show_what_rgb_shows(pose: np.ndarray, bt709: bool) -> None:
    inks = yuv_inks(bt709=bt709)
    rows = np.array([ink.rows[0] for ink in inks])
    luma = np.full((HEIGHT, WIDTH), round(rows[0] @ (128, 128, 128, 1)), np.uint8)
    u, v = np.full((2, HEIGHT // 2, WIDTH // 2), 128, np.uint8)
    planes = yuv_planes((luma, u, v), inks)
    draw_pose(planes, pose, WIDTH, HEIGHT)
    draw_hud(planes, Hud(7, "B", 0.5), WIDTH, HEIGHT)
    expected = drawn(pose)
    draw_hud(rgb_planes(expected), Hud(7, "B", 0.5), WIDTH, HEIGHT)
    full = [cv2.resize(plane.pixels, (WIDTH, HEIGHT)).astype(float) for plane in planes]
    back = np.linalg.inv(rows[:, :3]) @ (np.stack(full).reshape(3, -1) - rows[:, 3:])
    found = np.clip(back.T.reshape(HEIGHT, WIDTH, 3), 0, 255)
    assert np.abs(found - expected).mean() < 1.5


def test_matrix_of_white_and_black() -> None:
    rows = np.array([ink.rows[0] for ink in yuv_inks(bt709=True)])
    assert rows @ (255, 255, 255, 1) == pytest.approx((235, 128, 128))
    assert rows @ (0, 0, 0, 1) == pytest.approx((16, 128, 128))


@pytest.mark.parametrize("value", [0, 128, 255])
def test_the_panel_is_legible_on_any_background(value: int) -> None:
    image = canvas(value)
    draw_hud(rgb_planes(image), Hud(12, "A", 0.5), WIDTH, HEIGHT)
    corner = image[14:110, 14:150].astype(int).sum(-1)
    assert corner.max() - corner.min() > 450


def test_the_bar_grows_and_nothing_is_nothing() -> None:
    def green(progress: float) -> int:
        image = canvas(0)
        draw_hud(rgb_planes(image), Hud(progress=progress), WIDTH, HEIGHT)
        return int((image == theme.BAR).all(-1).sum())

    assert green(0.0) == 0
    assert 0 < green(0.4) < green(0.8)
    image = canvas()
    draw_hud(rgb_planes(image), NO_HUD, WIDTH, HEIGHT)
    assert (image == canvas()).all()


@pytest.mark.parametrize("size", [(2, 2), (16, 16), (2, 900), (900, 2)])
def test_tiny_frames(pose: np.ndarray, size: tuple[int, int]) -> None:
    image = np.zeros((size[1], size[0], 3), np.uint8)
    draw_pose(rgb_planes(image), pose, *size)
    draw_hud(rgb_planes(image), Hud(3, "A", 0.5), *size)


def test_overlay_picks_the_smaller_form(pose: np.ndarray) -> None:
    noise = np.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    before = noise.copy()
    assert overlay_image(noise, pose)[0] == "image/jpeg"
    assert (noise == before).all()
    for plain in (canvas(0), canvas(0)[:1]):
        kind, data = overlay_image(plain, None)
        assert (kind, data[:4]) == ("image/png", b"\x89PNG")


def test_landmarks_have_hands_and_feet_but_no_crowded_face(pose: np.ndarray) -> None:
    whole = np.zeros((len(MEDIAPIPE_NAMES), 7), np.float32)
    whole[list(COCO_PLACES), :3] = pose
    plain = drawn(whole)
    assert at(plain, 0.7, 0.68) == theme.LEFT
    assert at(plain, 0.3, 0.68) == theme.RIGHT
    assert at(plain, 0.5, 0.3) == theme.MIDDLE
    assert (plain == drawn(pose)).all()
    toe = MEDIAPIPE_NAMES.index("left_foot_index")
    whole[toe, :3] = 0.8, 0.95, 0.9
    assert at(drawn(whole), 0.75, 0.925) == theme.LEFT
    whole[toe, 2] = 0
    whole[MEDIAPIPE_NAMES.index("mouth_left"), :3] = 0.52, 0.3, 0.9
    assert (drawn(whole) == plain).all()
