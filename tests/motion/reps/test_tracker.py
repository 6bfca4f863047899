"""What makes a cycle of progress a rep: it was watched, and both arms do it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.synthetic.analysis import analyse, entries_of, reps_of
from tests.synthetic.perform import Camera, Script, perform
from worker.contract.messages import Counter
from worker.contract.options import JobOptions


@pytest.mark.parametrize(("hidden", "expected"), [(0.2, 3), (0.8, 2)])
def test_a_rep_that_was_mostly_hidden_does_not_count(hidden: float, expected: int) -> None:
    # The first rep takes from 1 to 2.8 s; but for a glimpse of its bottom, joints are guesses.
    head, chunk = perform(Script(camera=Camera(yaw=90), noise=0.005))
    joints, away = chunk.keypoints.copy(), abs(chunk.times_us * 1e-6 - 1.9)
    joints[(away > 0.1) & (away < 0.1 + hidden), :, 2] = 0.05
    _, analysis = entries_of(head, [replace(chunk, keypoints=joints)], JobOptions(exercise="squat"))
    assert analysis.result.count == expected


def test_arms_that_curl_in_turn_are_judged_each_alone() -> None:
    script = Script(move="bicep_curl", depths=(1.0,) * 4, alternate=True, noise=0.003)
    reps = reps_of(replace(script, seconds=(0.8, 0.0, 0.8, -0.6)))
    assert len(reps) == 4 and min(rep.formScore for rep in reps) >= 90


def test_repetitions_of_a_long_clip_are_told_soon_and_once() -> None:
    """After the first minute most are counted by what is known; the warm-up at first is shallow."""
    script = Script(move="squat", depths=(0.7,) * 10 + (1.0,) * 50, camera=Camera(yaw=90))
    entries, analysis = analyse(script, sizes=[12])
    waits = [
        int(entry.id.split("-")[0]) / script.fps - float(entry.message.timestampMs or 0) / 1000
        for entry in entries
        if isinstance(entry.message, Counter) and not entry.message.final
    ]
    assert analysis.result.count == len(waits) == 60
    assert max(waits[20:]) < 3
