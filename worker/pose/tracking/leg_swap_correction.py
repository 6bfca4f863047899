"""Which leg is the left one: labels that a network exchanges for a while are put back.

Of a person seen from the side a network cannot always tell the legs apart and now and then calls
the left one the right one, until it changes its mind. The legs' own motion tells: a path through
"as said" and "exchanged" is chosen that jumps least (Viterbi over the chunk), and being exchanged
costs something by the second, so that what the network says for long is believed.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

LEFT, RIGHT = [11, 13, 15], [12, 14, 16]
LEGS = "legs"
"""Where a chunk's state says where the legs were. A segment begins without."""
DISTRUST = 0.8
"""Cost of a second of exchanged labels, in body sizes that the six joints jump together."""
SWITCH = 0.15
"""Cost of beginning or ending an exchange: fast legs crossing between two frames look like one."""
FAR = 0.25
"""Distance of a joint, in body sizes, from which it does not matter how much farther it jumped."""
GAP_S = 0.5
"""A leg unseen for longer may have gone anywhere."""
_STATES = (0, 1)


def correct_leg_swaps(
    keypoints: NDArray[np.float32], times_us: NDArray[np.int64], before: list[list[float]]
) -> tuple[NDArray[np.float32], list[list[float]]]:
    """The poses with their legs' labels put right, and what the next chunk has to know.

    `keypoints` float32 [n, 17, 3] of x, y in pixels and score, zero rows where nobody was found;
    `before` is what the chunk before gave, at first []: up to two rows of the time in us and the
    left and right leg's places, as they were after mending.
    """
    rows = np.flatnonzero(keypoints[..., 2].any(axis=1))
    if len(rows) == 0:
        return keypoints, before
    legs = keypoints[rows][:, [LEFT, RIGHT], :2].astype(np.float64)  # [n, side, joint, 2]
    known = np.array([row[1:] for row in before], np.float64).reshape(-1, 2, 3, 2)
    times = np.concatenate([[row[0] for row in before], times_us[rows]]) / 1e6
    every = np.concatenate([known, legs])
    size = float(np.median(np.ptp(keypoints[rows, :, :2], axis=1).max(axis=-1)))
    exchanged = _path(every, times, len(known), max(size, 1.0))
    result = keypoints.copy()
    for row in rows[exchanged[len(known) :]]:
        result[row, LEFT + RIGHT] = keypoints[row, RIGHT + LEFT]
    every[exchanged] = every[exchanged][:, ::-1]
    last = [
        [round(time * 1e6), *(round(float(value), 2) for value in pose.ravel())]
        for time, pose in zip(times[-2:], every[-2:], strict=True)
    ]
    return result, last


def _path(
    legs: NDArray[np.float64], times: NDArray[np.float64], known: int, size: float
) -> NDArray[np.bool_]:
    """Where labels are exchanged, bool [n]; the first `known` rows are right as they are.

    A state is a pair of neighbours' labels, as a step is judged by the speed before it too.
    """
    steps = np.diff(times)
    jumps = _jumps(legs, steps, size).tolist()
    price = (np.minimum(steps, GAP_S) * DISTRUST).tolist()
    costs = {(0, state): float(state) for state in _STATES if not (known and state)}
    came: list[dict[tuple[int, int], int]] = []
    for row, jump in enumerate(jumps, 1):
        best: dict[tuple[int, int], float] = {}
        chosen: dict[tuple[int, int], int] = {}
        for (older, old), state in itertools.product(costs, _STATES if row >= known else (0,)):
            cost = costs[older, old] + state * price[row - 1] + jump[older][old][state]
            cost += SWITCH * (state != old)
            if cost < best.get((old, state), np.inf):
                best[old, state], chosen[old, state] = cost, older
        costs = best
        came.append(chosen)
    pair = min(costs, key=lambda key: (costs[key], key))
    states = [pair[1]]
    for chosen in reversed(came):
        states.append(pair[0])
        pair = (chosen[pair], pair[0])
    return np.array(states[::-1], bool)


def _jumps(
    legs: NDArray[np.float64], steps: NDArray[np.float64], size: float
) -> NDArray[np.float64]:
    """How far the joints of row r + 1 are from where they were, or from where they were going, by
    the labels of the rows r - 1, r and r + 1: [n - 1, 2, 2, 2]; 0 across a gap."""
    ways = np.stack([legs, legs[:, ::-1]], axis=1)  # [n, label, side, joint, 2]
    now, last = ways[1:, None, None, :], ways[:-1, None, :, None]
    jumps = np.broadcast_to(_distance(now, last, size), (len(steps), 2, 2, 2)).copy()
    if len(steps) > 1:
        before = ways[:-2, :, None, None]
        ratio = steps[1:] / np.maximum(steps[:-1], 1e-6)
        going = last[1:] + (last[1:] - before) * ratio.reshape(-1, *[1] * 6)
        ahead = _distance(now[1:], going, size)
        ahead[(steps[:-1] > GAP_S) | (steps[:-1] <= 0)] = np.inf
        jumps[1:] = np.minimum(jumps[1:], ahead)
    jumps[steps > GAP_S] = 0
    return jumps


def _distance(
    one: NDArray[np.float64], other: NDArray[np.float64], size: float
) -> NDArray[np.float64]:
    apart: NDArray[np.float64] = np.linalg.norm(one - other, axis=-1) / size
    summed: NDArray[np.float64] = np.minimum(apart, FAR).sum(axis=(-1, -2))
    return summed
