"""The numbers are right: clips with known truth through the whole pipeline."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.bench.exact_motion import lag
from tests.bench.exact_scores import PCK_SHARE, Taken
from tests.bench.exact_subject import kept
from tests.bench.exact_truth import exact
from worker.contract.message_parts import Rep
from worker.contract.messages import Counter, Done, ErrorMessage, ExerciseSummary, Message
from worker.contract.options import parse_options
from worker.contract.pose_log import END
from worker.contract.poses import decode_chunk
from worker.pipeline.local_job import LocalJob
from worker.pose.engine import PoseEngine

pytestmark = [pytest.mark.models, pytest.mark.slow]

CLIPS = Path(__file__).resolve().parents[1] / "clips"
TRUTH = {
    Path(clip["file"]).stem: clip
    for clip in json.loads((CLIPS / "truth.json").read_text())["clips"]
}
CHOSEN = ("squat_5", "jumping_jack_5")
SLACK_MS = 450.0
"""A rep is said to begin where the movement is clear of the start pose, not where it starts."""
DEVELOPMENT = (
    ("dev01_squat_side_3reps.mp4", "squat", 3),
    ("dev06_pushup_front_2reps.mp4", "push_up", 2),
    ("dev10_jumpingjack_front_4reps.mp4", "jumping_jack", 4),
)


def messages_of(clip: Path, exercise: str, engine: PoseEngine) -> list[Message]:
    job = LocalJob(clip, parse_options({"exercise": exercise}), lambda: engine)
    return [entry.message for entry in job.messages()]


def poses_of(clip: Path, exercise: str, engine: PoseEngine) -> NDArray[np.float32]:
    """The joints of every frame."""
    options = parse_options({"exercise": exercise, "keypoints": True})
    job = LocalJob(clip, options, lambda: engine)
    list(job.messages())
    return np.concatenate([decode_chunk(entry).keypoints for entry in job.log[1:] if entry != END])


def final_count(messages: list[Message]) -> int:
    done = messages[-1]
    assert isinstance(done, Done)
    assert done.status == "succeeded"
    assert not [message for message in messages if isinstance(message, ErrorMessage)]
    counts = [m for m in messages if isinstance(m, Counter) and m.final]
    assert len(counts) == 1
    return counts[0].current_count


def within(rep: Rep, truth: dict[str, float]) -> bool:
    """Whether the peak lies in the rep, and the rep's ends near the truth's."""
    return (
        rep.startMs < 1000 * truth["peak_s"] < rep.endMs
        and abs(rep.startMs - 1000 * truth["start_s"]) < SLACK_MS
        and abs(rep.endMs - 1000 * truth["end_s"]) < SLACK_MS
    )


@pytest.mark.parametrize("name", CHOSEN)
def test_shipped_clip_counts_exactly(name: str, engine: PoseEngine) -> None:
    truth = TRUTH[name]
    messages = messages_of(CLIPS / truth["file"], truth["exercise"], engine)
    assert final_count(messages) == truth["reps"]
    summary = next(m for m in messages if isinstance(m, ExerciseSummary))
    counted = [rep for rep in summary.history if rep.counted]
    assert len(counted) == truth["reps"]
    for rep, true in zip(counted, truth["times"], strict=True):
        assert within(rep, true), (rep.startMs, rep.endMs, true)


@pytest.mark.parametrize("name", CHOSEN)
def test_joints_are_where_they_are_and_when(name: str, engine: PoseEngine) -> None:
    poses = poses_of(CLIPS / f"{name}.mp4", TRUTH[name]["exercise"], engine)
    truth = next(one for one in exact(CLIPS / "keypoints.npz") if one.name == name)
    times = np.arange(len(truth.places)) / TRUTH[name]["fps"]
    portrait = (360, 480)
    places = poses[..., :2] * np.array(portrait, float)
    taken = Taken(truth, places, poses[..., 2].any(axis=1), times)
    assert taken.there.all()
    assert taken.oks().mean() > 0.93
    assert (taken.far < 100 * PCK_SHARE).mean() > 0.97
    moving = (9, 10) if name == "jumping_jack_5" else (11, 12)
    assert abs(lag(taken, moving).ms) < 10


def test_who_is_crossed_by_others_stays_the_subject(engine: PoseEngine) -> None:
    name = "crossed_squat_3"
    assert final_count(messages_of(CLIPS / f"{name}.mp4", "squat", engine)) == 3
    truth = next(one for one in exact(CLIPS / "keypoints.npz") if one.name == name)
    poses = poses_of(CLIPS / f"{name}.mp4", "squat", engine)
    places = poses[..., :2] * np.array((480, 360), float)
    times = np.arange(len(places)) / TRUTH[name]["fps"]
    fared = kept(Taken(truth, places, poses[..., 2].any(axis=1), times))
    # for some frames the subject is nearly hidden
    assert fared.swapped + fared.lost + fared.away < 0.08 * fared.frames


def test_a_hold_counts_its_seconds(engine: PoseEngine) -> None:
    truth = TRUTH["balance_leg_5s"]
    count = final_count(messages_of(CLIPS / truth["file"], "balance_leg", engine))
    assert abs(count - truth["hold_s"]) <= 1.5


def test_standing_counts_nothing(engine: PoseEngine) -> None:
    assert final_count(messages_of(CLIPS / "standing_5s.mp4", "squat", engine)) == 0


@pytest.mark.parametrize(("file", "exercise", "reps"), DEVELOPMENT)
def test_clips_of_real_people_count_exactly(
    file: str, exercise: str, reps: int, shared: Path, engine: PoseEngine
) -> None:
    messages = messages_of(shared / "media" / "videos" / file, exercise, engine)
    assert final_count(messages) == reps


def test_clips_are_small_and_their_truth_is_whole() -> None:
    assert set(TRUTH) == {path.stem for path in CLIPS.glob("*.mp4")}
    for name, truth in TRUTH.items():
        clip = (CLIPS / f"{name}.mp4").read_bytes()
        assert len(clip) <= 300_000
        assert hashlib.sha256(clip).hexdigest() == truth["sha256"]
    known = {one.name: len(one.places) for one in exact(CLIPS / "keypoints.npz")}
    assert known == {name: truth["frames"] for name, truth in TRUTH.items()}
