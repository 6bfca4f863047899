"""Person boxes by YOLOX as exported by OpenMMLab, with suppression inside the network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.pose.detectors.nanodet import Detections
from worker.pose.geometry.boxes import Boxes
from worker.pose.inference.preprocessing import letterbox, tensor
from worker.pose.inference.session import Session
from worker.pose.weights.spec import ModelSpec

THRESHOLD = 0.3
PERSON = 0


class YoloxDetector:
    """A YOLOX network: outputs `dets` [1, m, 5] of x0, y0, x1, y1, score, and maybe `labels` [1,
    m]."""

    def __init__(self, session: Session, spec: ModelSpec) -> None:
        self._session = session
        self._spec = spec

    def detect(self, image: NDArray[np.uint8], _expected: Boxes | None = None, /) -> Detections:
        """People in `image` uint8 RGB [h, w, 3]."""
        shown, scale = letterbox(image, self._spec.input_size)
        found, *labels = self._session.run(tensor(shown, self._spec.pixels)[None])
        found = found[0]
        likely = found[:, 4] > THRESHOLD
        if labels:
            likely &= labels[0][0] == PERSON
        found = found[likely][np.argsort(-found[likely, 4], kind="stable")]
        height, width = image.shape[:2]
        boxes = np.clip(found[:, :4] / scale, 0, [width, height, width, height])
        return Detections(boxes.astype(np.float32), found[:, 4].astype(np.float32))
