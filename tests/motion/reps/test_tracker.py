"""What makes a cycle of progress a rep: it was seen at both ends, and both arms do it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.synthetic.analysis import analyse, entries_of, reps_of
from tests.synthetic.perform import Camera, Script, perform
from worker.contract.messages import Counter, ExerciseSummary
from worker.contract.options import JobOptions


@pytest.mark.parametrize(
    ("first", "last", "reasons"),
    [
        (2.0, 2.7, []),  # most of the way back, but for the standing after it
        (1.3, 1.8, []),  # most of the way down
        (2.0, 4.4, ["not_tracked"]),  # the way back and, for long, what came after it
    ],
)
def test_a_rep_counts_that_is_seen_at_its_bottom_and_at_rest(
    first: float, last: float, reasons: list[str]
) -> None:
    # The first rep takes from 1 to 2.8 s, the second begins at 3.3 s.
    head, chunk = perform(Script(camera=Camera(yaw=90), noise=0.005))
    joints, seconds = chunk.keypoints.copy(), chunk.times_us * 1e-6
    joints[(seconds > first) & (seconds < last), :, 2] = 0.05
    entries, analysis = entries_of(
        head, [replace(chunk, keypoints=joints)], JobOptions(exercise="squat")
    )
    summary = next(e.message for e in entries if isinstance(e.message, ExerciseSummary))
    refused = [rep.reason for rep in summary.history if not rep.counted]
    assert refused[:1] == reasons
    assert analysis.result.count == 3 if not reasons else analysis.result.count < 3


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


def test_a_slow_repetition_is_told_once_another_is_like_it() -> None:
    """A third one is not waited for."""
    script = Script(move="squat", seconds=(2.5, 0.5, 2.5, 1.5), camera=Camera(yaw=90))
    entries, _ = analyse(script, sizes=[12])
    counts = [e for e in entries if isinstance(e.message, Counter) and not e.message.final]
    told = [int(entry.id.split("-")[0]) / script.fps for entry in counts]
    assert told[0] < script.lead + 2 * sum(script.seconds) + 1
