"""Still images, each decoded in a process of its own under limits."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from worker.contract.errors import ErrorCode, JobError
from worker.contract.media import MediaInfo
from worker.media.probing.orientation import fitted
from worker.media.probing.sniff import head_of
from worker.media.sandbox.fork_client import ForkServer
from worker.media.sandbox.limits import MediaLimits
from worker.media.sandbox.media_process import ChildLimits, ChildStalled, MediaProcess
from worker.observability.loggers import LazyLogger

STILL_LIMITS = MediaLimits(max_bytes=256 << 20, max_pixels=210_000_000)
"""Phones take up to 200 megapixels; nothing taller is a photo."""

MAX_SIDE = 1920
"""Longest side of the pixels handed out, as overlays show them; models see less than that."""

DECODERS = ForkServer(Path(__file__).with_name("still_process.py"))
"""Each picture is decoded in a process of its own, which is forked off this one's template."""

log = LazyLogger()

_CHILD_LIMITS = ChildLimits(cpu_seconds=30, stall_seconds=60, wall_seconds=300)
_HEAD_BYTES = 4096  # of its answer before the pixels
_ROTATION = {1: 0, 2: 0, 3: 180, 4: 180, 5: 90, 6: 90, 7: 270, 8: 270}
_MIRRORED = frozenset({2, 4, 5, 7})


@dataclass(frozen=True)
class Still:
    """An image: its description (`info` has the full upright size) and upright RGB pixels uint8
    [h, w, 3], read-only, scaled down to `MAX_SIDE` where larger."""

    info: MediaInfo
    image: NDArray[np.uint8]

    def within(self, max_side: int) -> NDArray[np.uint8]:
        """Its pixels, scaled down so that no side has more than `max_side`."""
        height, width = self.image.shape[:2]
        size = fitted(width, height, max_side)
        if size == (width, height):
            return self.image
        return np.asarray(cv2.resize(self.image, size, interpolation=cv2.INTER_AREA), np.uint8)


def read_still(path: Path, limits: MediaLimits = STILL_LIMITS, max_side: int = MAX_SIDE) -> Still:
    """The image at `path`, of an animation the first picture.

    Raises JobError: `image_load_error` (empty, unreadable), `media_unsupported` (no image),
    `media_decode_error` (damaged or cut off), `media_too_large` (over `limits`).
    """
    head = _checked_head(path, limits)
    args = [str(limits.max_pixels), str(max_side)]
    threads = head[4:8] == b"ftyp"  # HEIC's decoder does not work without
    try:
        with DECODERS.run(args, _CHILD_LIMITS, path, threads=threads) as child:
            about, pixels = _answer(child)
            if about is None:
                child.finish()
                raise _died(child)
    except ChildStalled as error:
        raise JobError(ErrorCode.MEDIA_DECODE_ERROR, "The image takes too long to read.") from error
    if "code" in about:
        raise JobError(about["code"], about["message"])
    image = pixels.reshape(about["shape"])
    image.flags.writeable = False
    return Still(_info(about), image)


def _checked_head(path: Path, limits: MediaLimits) -> bytes:
    try:
        size = path.stat().st_size
        head = head_of(path, 8)
    except OSError as error:
        raise JobError(ErrorCode.IMAGE_LOAD_ERROR, "The image cannot be opened.") from error
    if not head:
        raise JobError(ErrorCode.IMAGE_LOAD_ERROR, "The image file is empty.")
    if size > limits.max_bytes:
        message = f"The image file is larger than {limits.max_bytes // 2**20} MiB."
        raise JobError(ErrorCode.MEDIA_TOO_LARGE, message)
    return head


def _answer(child: MediaProcess) -> tuple[dict[str, Any] | None, NDArray[np.uint8]]:
    """The child's description and pixels; None where it died before it had written all."""
    head, none = bytearray(_HEAD_BYTES), np.empty(0, np.uint8)
    if child.read_into(memoryview(head)) < len(head):
        return None, none
    about: dict[str, Any] = msgspec.json.decode(head)
    if "code" in about:
        return about, none
    pixels = np.empty(int(np.prod(about["shape"])), np.uint8)
    complete = child.read_into(pixels.data) == pixels.size
    return (about if complete else None), pixels


def _died(child: MediaProcess) -> JobError:
    if child.out_of_limits or "MemoryError" in child.tail:
        return JobError(ErrorCode.MEDIA_TOO_LARGE, "The image needs too much memory or time.")
    log.warning("image_decoder_died", said=child.tail[-300:])
    return JobError(ErrorCode.MEDIA_DECODE_ERROR, "The image is damaged.")


def _info(about: dict[str, Any]) -> MediaInfo:
    return MediaInfo(
        kind="image",
        duration_ms=0.0,
        width=about["width"],
        height=about["height"],
        fps=0.0,
        frames=1,
        codec=about["format"].lower(),
        rotation=_ROTATION[about["orientation"]],
        mirrored=about["orientation"] in _MIRRORED,
        warnings=tuple(about["warnings"]),
    )
