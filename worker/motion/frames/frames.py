"""Frames as the followers of an exercise get them: upright, smoothed, in blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.contract.media import MediaInfo
from worker.contract.poses import TURN, PoseChunk, coco_joints, turned_joints
from worker.motion.features.body_segments import Body
from worker.motion.frames.blocks import Blocks, Span
from worker.motion.frames.smoothing import smoothed


@dataclass(frozen=True)
class Frames:
    """n consecutive frames from the index `first`: `times_us` [n], the logged `joints` [n, 17, 3]
    (0-1 of the frame, score), the smoothed `body`, `known` [n]: whether it has joints, and
    `blocks`, the rows of each block: states step by these (see `blocks`)."""

    first: int
    times_us: NDArray[np.int64]
    joints: NDArray[np.float32]
    body: Body
    known: NDArray[np.bool_]
    blocks: tuple[slice, ...]

    def each(self) -> Iterator[Frames]:
        """The frames of one block after the other."""
        for rows in self.blocks:
            yield Frames(
                first=self.first + rows.start,
                times_us=self.times_us[rows],
                joints=self.joints[rows],
                body=self.body[rows],
                known=self.known[rows],
                blocks=(slice(0, rows.stop - rows.start),),
            )


def frames_of(span: Span, aspect: float, turn: int = 0) -> Frames:
    """The frames of a span, turned clockwise by `turn` quarters of a circle, which makes the
    picture `aspect` times as wide as high."""
    window = turned_joints(coco_joints(span.joints), turn)
    body, known = smoothed(span.times_us, window, span.inside, aspect)
    return Frames(
        span.first, span.times_us[span.inside], window[span.inside], body, known, span.blocks
    )


def frames_of_log(
    media: MediaInfo, chunks: Iterable[PoseChunk], *, upright: bool = True
) -> tuple[Frames, float] | None:
    """All frames of a log, and the picture's width by its height; None where it has none.

    Unless `upright` is false, a picture in which bodies were found to lie is turned.
    """
    chunks = list(chunks)
    turn = next((int(chunk.state[TURN]) for chunk in chunks if TURN in chunk.state), 0)
    turn = turn if upright else 0
    blocks, aspect = Blocks(media.fps), media.turned(turn).aspect
    spans = [*blocks.feed(*chunks), *blocks.finish()]
    if not spans:
        return None
    return joined([frames_of(span, aspect, turn) for span in spans]), aspect


def joined(parts: Sequence[Frames]) -> Frames:
    """The frames of consecutive parts, of which there is one at least, in one."""
    starts = [part.first - parts[0].first for part in parts]
    return Frames(
        first=parts[0].first,
        times_us=np.concatenate([part.times_us for part in parts]),
        joints=np.concatenate([part.joints for part in parts]),
        body=Body.joined([part.body for part in parts]),
        known=np.concatenate([part.known for part in parts]),
        blocks=tuple(
            slice(start + block.start, start + block.stop)
            for start, part in zip(starts, parts, strict=True)
            for block in part.blocks
        ),
    )
