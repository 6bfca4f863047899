"""Whether a picture lies on its side or stands on its head, as bodies tell.

Files lose the tag by which a phone says how it was held. Whose body lies may really lie, so a
picture is taken for turned only where a standing body is seen far better in it once it is turned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from worker.pose.detectors.nanodet import Detections
from worker.pose.geometry.boxes import Boxes, area

STANDS = 0.7
"""Least share of the trunk's length by which the shoulders are over the hips: within 45 degrees."""
BETTER = 1.4
"""How much surer (score of the person x score of its joints) a body must be seen in the turned
picture. Clips on their side gave 1.7 to 2.6, push-ups, planks and sit-ups at most 1.15."""
CLEAR = 0.35
"""Mean score of joints under which a standing body is made up: seen so in clips on their side with
0.1 to 0.3, in dark upright ones with 0.39."""
LEAST = 0.25
"""Surety of a body, as above, that is one for certain."""
LOOKS = 3
"""Frames of a chunk that are looked at."""
_SHOULDERS, _HIPS = [5, 6], [11, 12]

Image = NDArray[np.uint8]
Pose = NDArray[np.float32]
Detect = Callable[[Image, Boxes | None], Detections]
Estimate = Callable[[Image, Boxes], Pose]


def stands(pose: Pose) -> float:
    """Share of the trunk's length by which the shoulders of the joints [17, 3] in pixels are over
    the hips: 1 upright, -1 upside down."""
    trunk = pose[_HIPS, :2].mean(axis=0) - pose[_SHOULDERS, :2].mean(axis=0)
    return float(trunk[1]) / max(float(np.hypot(*trunk)), 1e-6)


def turned(image: Image, quarters: int) -> Image:
    """The picture uint8 [h, w, 3] turned clockwise by quarters of a circle."""
    return np.ascontiguousarray(np.rot90(image, -quarters)) if quarters else image


def turned_boxes(boxes: NDArray[np.float32], quarters: int) -> NDArray[np.float32]:
    """Boxes [n, 4] (0-1) as they are in the picture that is `turned`; empty ones stay."""
    places, empty = boxes.copy(), np.flatnonzero(~boxes.any(axis=1))
    for _ in range(quarters % 4):
        left, top, right, bottom = (places[:, n] for n in range(4))
        places = np.stack([1 - bottom, left, 1 - top, right], axis=1)
    places[empty] = 0
    return places


def turn_of(
    images: Sequence[Image], poses: Sequence[Pose], detect: Detect, estimate: Estimate
) -> int | None:
    """By how many quarters of a circle, clockwise, frames must be turned for a body to stand in
    them: 0 where it stands, or lies; None where nobody is seen. `poses` [17, 3] are those found in
    the first of `images` as they are, in pixels; none where nobody was."""
    upright = float(np.median([stands(pose) for pose in poses])) if poses else 0.0
    clear = bool(poses) and float(np.median([pose[:, 2].mean() for pose in poses])) >= CLEAR
    if clear and upright >= STANDS:
        return 0
    turns: tuple[int, ...] = (1, 2, 3)
    if clear:
        turns = (2,) if upright <= -STANDS else (1, 3)
    seen = _seen(images, 0, detect, estimate)[0] if poses else 0.0
    best = 0, max(LEAST, BETTER * seen)
    for quarters in turns:
        surety, standing = _seen(images, quarters, detect, estimate, least=seen)
        if standing >= STANDS and surety > best[1]:
            best = quarters, surety
    return best[0] if poses or best[0] else None


def _seen(
    images: Sequence[Image], quarters: int, detect: Detect, estimate: Estimate, least: float = 0.0
) -> tuple[float, float]:
    """How surely somebody is seen in the turned pictures, and how upright; means. Where it is less
    than `least` in the first, the others are not looked at."""
    sureties: list[float] = []
    standings: list[float] = []
    for image in images:
        if sureties and sureties[0] < least:
            break
        shown = turned(image, quarters)
        people = detect(shown, None)
        if not len(people):
            sureties.append(0.0)
            continue
        row = int(np.argmax(people.scores * area(people.boxes)))
        pose = estimate(shown, people.boxes[row])
        sureties.append(float(people.scores[row] * pose[:, 2].mean()))
        standings.append(stands(pose))
    return float(np.mean(sureties)), float(np.mean(standings)) if standings else 0.0
