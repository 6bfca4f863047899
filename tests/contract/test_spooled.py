"""A batch that lies in a file says byte for byte what one in memory says."""

from __future__ import annotations

import pytest

from worker.contract.editions import to_plain
from worker.contract.message_parts import Keypoint, PoseSample
from worker.contract.messages import (
    Counter,
    KeypointsBatch,
    decode,
    encode,
    encoded_pieces,
    encoded_size,
    spooled_batch,
)
from worker.contract.spooled_list import MOST_IN_MEMORY, SpooledList, encoded


def samples(count: int, first: int = 0) -> list[PoseSample]:
    joints = tuple(Keypoint(f"joint_{n}", 0.123 + n, -0.5, 0.0, 0.999) for n in range(17))
    return [
        PoseSample(timestampMs=33.3 * n, frameId=n, score=0.5, keypoints=joints)
        for n in range(first, first + count)
    ]


@pytest.mark.parametrize("steps", [[], [1], [1, 0, 2], [40] * 50])
def test_the_same_bytes(steps: list[int]) -> None:
    frames: SpooledList[PoseSample] = SpooledList(PoseSample)
    known: list[PoseSample] = []
    for step in steps:
        more = samples(step, len(known))
        frames.extend(more)
        known += more
    plain = KeypointsBatch(fps=29.97, frames=tuple(known))
    batch = spooled_batch(29.97, frames)
    assert encode(batch) == encode(plain)
    pieces = list(encoded_pieces(batch))
    assert b"".join(pieces) == encode(plain)
    assert encoded_size(batch) == len(encode(plain))
    assert decode(encode(batch)) == plain
    assert (len(frames), list(frames)) == (len(known), known)
    assert to_plain(batch) == to_plain(plain)
    frames.extend(samples(1, len(known)))  # and it may go on
    assert len(list(frames)) == len(known) + 1


def test_a_long_one_is_never_whole_in_memory() -> None:
    frames: SpooledList[PoseSample] = SpooledList(PoseSample)
    for start in range(0, 3000, 100):
        frames.extend(samples(100, start))
    assert frames.bytes > 2 * MOST_IN_MEMORY
    assert frames._file._rolled  # type: ignore[attr-defined]
    assert max(map(len, encoded_pieces(spooled_batch(30.0, frames)))) < MOST_IN_MEMORY / 8


def test_other_messages_are_one_piece() -> None:
    said = Counter(current_count=1)
    assert list(encoded_pieces(said)) == [encode(said)]
    assert encoded_size(said) == len(encode(said))
    with pytest.raises(NotImplementedError):
        encoded(object())
