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
    `blocks`, the rows of each block: states step by these (see `blocks`). The picture is `aspect`
    times as wide as high."""

    first: int
    times_us: NDArray[np.int64]
    joints: NDArray[np.float32]
    body: Body
    known: NDArray[np.bool_]
    blocks: tuple[slice, ...]
    aspect: float

    def __len__(self) -> int:
        return len(self.times_us)

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
                aspect=self.aspect,
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
    return Frames(span.first, times_us, joints, body, known, span.blocks, aspect)


def frames_of_log(
    media: MediaInfo, chunks: Iterable[PoseChunk], *, upright: bool = True
) -> Frames | None:
    """All frames of a log; None where it has none. Unless `upright` is false, a picture in which
    bodies were found to lie is turned."""
    chunks = list(chunks)
    turn = next((int(chunk.state[TURN]) for chunk in chunks if TURN in chunk.state), 0)
    turn = turn if upright else 0
    blocks, aspect = Blocks(media.fps), media.turned(turn).aspect
    spans = [*blocks.feed(*chunks), *blocks.finish()]
    return joined([frames_of(span, aspect, turn) for span in spans]) if spans else None


def joined(parts: Sequence[Frames]) -> Frames:
    """The frames of consecutive parts, of which there is one at least, in one."""
    first = parts[0].first
    return Frames(
        first=first,
        times_us=np.concatenate([part.times_us for part in parts]),
        joints=np.concatenate([part.joints for part in parts]),
        body=Body.joined([part.body for part in parts]),
        known=np.concatenate([part.known for part in parts]),
        blocks=tuple(
            slice(part.first - first + block.start, part.first - first + block.stop)
            for part in parts
            for block in part.blocks
        ),
        aspect=parts[0].aspect,
    )
