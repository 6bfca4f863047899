"""A span of frames as the followers of an exercise get it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from worker.motion.features.body_segments import Body


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
            x, y, score = (
                np.ascontiguousarray(joints[rows])
                for joints in (self.body.x, self.body.y, self.body.score)
            )
            yield Frames(
                first=self.first + rows.start,
                times_us=self.times_us[rows],
                joints=self.joints[rows],
                body=Body(x=x, y=y, score=score),
                known=self.known[rows],
                blocks=(slice(0, rows.stop - rows.start),),
            )


def joined(parts: Sequence[Frames]) -> Frames:
    """The frames of consecutive parts, of which there is one at least, in one."""
    starts = [part.first - parts[0].first for part in parts]
    x, y, score = (
        np.concatenate([getattr(part.body, name) for part in parts]) for name in ("x", "y", "score")
    )
    return Frames(
        first=parts[0].first,
        times_us=np.concatenate([part.times_us for part in parts]),
        joints=np.concatenate([part.joints for part in parts]),
        body=Body(x=x, y=y, score=score),
        known=np.concatenate([part.known for part in parts]),
        blocks=tuple(
            slice(start + block.start, start + block.stop)
            for start, part in zip(starts, parts, strict=True)
            for block in part.blocks
        ),
    )
