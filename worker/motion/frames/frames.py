"""Frames as the trackers of an exercise get them: upright, smoothed, in blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

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
    in blocks of `block` frames, the last shorter at the end of the media, by which states step (see
    `blocks`). The picture is `aspect` times as wide as high."""

    first: int
    times_us: NDArray[np.int64]
    joints: NDArray[np.float32]
    body: Body
    known: NDArray[np.bool_]
    block: int
    aspect: float

    def __len__(self) -> int:
        return len(self.times_us)

    @property
    def blocks(self) -> list[slice]:
        """The rows of each block."""
        starts = range(0, len(self), self.block)
        return [slice(start, min(start + self.block, len(self))) for start in starts]

    def each(self) -> Iterator[Frames]:
        """The frames of one block after the other."""
        for rows in self.blocks:
            yield Frames(
                first=self.first + rows.start,
                times_us=self.times_us[rows],
                joints=self.joints[rows],
                body=self.body[rows],
                known=self.known[rows],
                block=self.block,
                aspect=self.aspect,
            )


NO_FRAMES = Frames(
    first=0,
    times_us=np.zeros(0, np.int64),
    joints=np.zeros((0, 17, 3), np.float32),
    body=Body(*np.zeros((3, 0, 17))),
    known=np.zeros(0, np.bool_),
    block=1,
    aspect=1.0,
)


class HudFrame(NamedTuple):
    """What an export draws in a frame besides the skeleton: reps or whole seconds `counted`,
    `progress` 0-1 within the rep or the next second, `grade` of the last rep."""

    time_us: int
    counted: int = 0
    progress: float = 0.0
    grade: str | None = None


def frames_of(span: Span, aspect: float, turn: int = 0) -> Frames:
    """The frames of a span, turned clockwise by `turn` quarters of a circle, which makes the
    picture `aspect` times as wide as high."""
    window = turned_joints(coco_joints(span.joints), turn)
    body, known = smoothed(span.times_us, window, span.inside, aspect)
    times_us, joints = span.times_us[span.inside], window[span.inside]
    return Frames(span.first, times_us, joints, body, known, span.size, aspect)


def frames_of_log(media: MediaInfo, chunks: Iterable[PoseChunk], *, upright: bool = True) -> Frames:
    """All frames of a log. Unless `upright` is false, a picture in which
    bodies were found to lie is turned."""
    chunks = list(chunks)
    turn = next((int(chunk.state[TURN]) for chunk in chunks if TURN in chunk.state), 0)
    turn = turn if upright else 0
    blocks, aspect = Blocks(media.fps), media.turned(turn).aspect
    spans = [*blocks.feed(*chunks), *blocks.finish()]
    return joined([frames_of(span, aspect, turn) for span in spans]) if spans else NO_FRAMES


def joined(parts: Sequence[Frames]) -> Frames:
    """The frames of consecutive parts, of which there is one at least, in one."""
    return Frames(
        first=parts[0].first,
        times_us=np.concatenate([part.times_us for part in parts]),
        joints=np.concatenate([part.joints for part in parts]),
        body=Body.joined([part.body for part in parts]),
        known=np.concatenate([part.known for part in parts]),
        block=parts[0].block,
        aspect=parts[0].aspect,
    )
