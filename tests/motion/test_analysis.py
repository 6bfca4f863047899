"""What a job says, in which order, with which ids, whatever the chunks."""

from __future__ import annotations

import itertools
from dataclasses import replace

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.synthetic.analysis import analyse, entries_of
from tests.synthetic.perform import Camera, Script, perform, split
from worker.contract.errors import JobError
from worker.contract.messages import Counter, Entry, Posture, decode, encode, entry_key, type_of
from worker.contract.options import JobOptions
from worker.contract.poses import PoseChunk
from worker.motion.analysis import Analysis
from worker.motion.form import advice_text

THREE = Script(noise=0.006)
ALL = {"keypoints": True, "angles": True, "progression": True, "recommendations": True}


def kinds(entries: list[Entry]) -> list[str]:
    return [type_of(entry.message) for entry in entries]


def test_ids_rise_and_messages_round_trip() -> None:
    entries, _ = analyse(THREE, **ALL)
    keys = [entry_key(entry.id) for entry in entries]
    assert keys == sorted(set(keys))
    for data in [encode(entry.message) for entry in entries]:
        assert encode(decode(data)) == data


def test_the_order_of_a_video() -> None:
    entries, analysis = analyse(THREE, **ALL)
    said = kinds(entries)
    assert said[:2] == ["initialization", "environment"]
    first = {kind: said.index(kind) for kind in set(said)}
    ready = next(i for i, e in enumerate(entries) if isinstance(e.message, Posture))
    assert entries[ready].message.ready
    assert ready < first["counter"] < first["exercise_summary"] < first["keypoints_batch"]
    assert said[-3:] == ["counter", "exercise_summary", "keypoints_batch"]
    completed = entries[len(said) - 1 - said[::-1].index("initialization")].message
    assert completed.ready and completed.message == "Analysis completed"
    last = max(e.message.frameId for e in entries if type_of(e.message) == "keypoints")
    assert entries[-1].id.startswith(f"{last + 2}-")
    assert analysis.result.count == 3 and analysis.result.frames == last + 1


def test_counters_go_up_by_one_and_the_last_is_final() -> None:
    entries, _ = analyse(THREE)
    counters = [e.message for e in entries if isinstance(e.message, Counter)]
    assert [c.current_count for c in counters] == [1, 2, 3, 3]
    assert [c.final for c in counters] == [False, False, False, True]
    assert all(c.form_score is not None for c in counters)


def test_progress_of_the_media_is_said_at_each_step() -> None:
    entries, _ = analyse(THREE)
    texts = [e.message.message for e in entries if type_of(e.message) == "initialization"]
    assert texts[0] == "loading video" and texts[-1] == "Analysis completed"
    assert texts[1] == "Your video is processing, please stay on this page (5%)"
    assert len(texts) == len(set(texts)) == 21


def test_options_that_were_not_asked_for_are_silent() -> None:
    entries, _ = analyse(THREE)
    assert not {"keypoints", "angles", "progression", "recommendations"} & set(kinds(entries))


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 90), max_size=30), st.integers(0, 3))
def test_chunks_do_not_change_a_bit(sizes: list[int], seed: int) -> None:
    script = replace(THREE, dropout=0.1, uneven=0.6, seed=seed)
    whole, first = analyse(script, **ALL)
    parts, second = analyse(script, sizes=sizes, **ALL)
    assert [(e.id, encode(e.message)) for e in whole] == [(e.id, encode(e.message)) for e in parts]
    assert first.result == second.result
    assert first.take_hud() == second.take_hud()


def test_entries_stream_within_about_a_second() -> None:
    head, chunk = perform(THREE)
    analysis = Analysis(head, JobOptions(exercise="squat", keypoints=True))
    newest = -1
    for part in split(chunk, [10] * 100):
        for entry in analysis.feed(part):
            newest = max(newest, entry_key(entry.id)[0] - 1)
        fed = part.first + len(part)
        assert newest >= fed - 1 - 1.2 * 30


def test_frames_that_do_not_follow_are_refused() -> None:
    head, chunk = perform(THREE)
    parts = split(chunk, [30, 30])
    analysis = Analysis(head, JobOptions())
    analysis.feed(parts[0])
    with pytest.raises(ValueError, match="does not follow"):
        analysis.feed(parts[2])


def test_progression_runs_from_nought_to_a_hundred_in_each_rep() -> None:
    entries, _ = analyse(replace(THREE, depths=(1.0,) * 6), progression=True)
    values = [e.message.value for e in entries if type_of(e.message) == "progression"]
    runs = [
        list(run) for rising, run in itertools.groupby(values, lambda value: value > 0) if rising
    ]
    whole = [run for run in runs if run[-1] == 100]
    assert len(whole) >= 5
    assert all(run == sorted(run) for run in whole)
    frames = [e.id.split("-")[0] for e in entries if type_of(e.message) == "progression"]
    assert len(frames) == len(set(frames))


def test_live_form_is_no_flicker() -> None:
    entries, _ = analyse(replace(THREE, lopsided=0.3))
    frames = [int(e.id.split("-")[0]) for e in entries if type_of(e.message) == "form_score"]
    assert frames
    assert all(b - a >= 6 for a, b in itertools.pairwise(frames))


def test_keypoints_are_the_logged_ones() -> None:
    head, chunk = perform(replace(THREE, dropout=0.2, seed=4))
    entries, _ = entries_of(head, [chunk], JobOptions(keypoints=True, angles=True))
    seen = [decode(encode(e.message)) for e in entries if type_of(e.message) == "keypoints"]
    present = np.flatnonzero(chunk.keypoints[..., 2].any(axis=1))
    assert [m.frameId for m in seen] == present.tolist()
    message = seen[7]
    logged = chunk.keypoints[message.frameId]
    assert [k.x for k in message.keypoints] == pytest.approx(logged[:, 0], abs=6e-6)
    assert message.timestampMs == pytest.approx(chunk.times_us[message.frameId] / 1000, abs=0.05)
    assert kinds(entries).count("angles") == len(present)
    batch = entries[-1].message
    assert batch.fps == 30.0 and [f.frameId for f in batch.frames] == present.tolist()
    assert batch.frames[7].keypoints == message.keypoints


def test_nobody_in_the_picture_is_a_warning_and_a_final_nought() -> None:
    head, chunk = perform(THREE)
    empty = replace(chunk, keypoints=np.zeros_like(chunk.keypoints))
    entries, analysis = entries_of(head, [empty], JobOptions(exercise="squat", keypoints=True))
    assert "no_person_detected" in [getattr(e.message, "code", None) for e in entries]
    final = next(e.message for e in entries if isinstance(e.message, Counter))
    assert final.final and final.current_count == 0 and final.form_score is None
    assert analysis.result.personFrames == 0
    postures = [e.message for e in entries if isinstance(e.message, Posture)]
    assert [p.direction for p in postures] == ["in-frame"]
    assert "left_hip" in postures[0].requirements


def test_no_frames_at_all() -> None:
    head, _ = perform(THREE)
    entries, analysis = entries_of(head, [], JobOptions(exercise="squat", keypoints=True))
    assert entries[-1].id == "1-5" and analysis.result.frames == 0


def test_no_exercise_counts_nothing() -> None:
    head, chunk = perform(THREE)
    entries, analysis = entries_of(head, [chunk], JobOptions(angles=True))
    said = ["initialization", "counter", "exercise_summary"]
    assert kinds(entries)[-3:] == said
    assert set(kinds(entries)) == {*said, "environment", "keypoints", "angles"}
    *_, final, summary = (entry.message for entry in entries)
    assert (final.current_count, final.final) == (0, True)
    assert (summary.exercise, summary.counter, summary.history) == ("", 0, ())
    assert summary.durationMs > 8000
    assert analysis.result.count == 0


def test_an_image_says_its_pose_once() -> None:
    head, chunk = perform(THREE)
    media = msgspec.structs.replace(head.media, kind="image", duration_ms=0, fps=0)
    one = split(chunk, [1])[0]
    options = JobOptions(source="image", exercise="plank", keypoints=True, angles=True)
    entries, _ = entries_of(msgspec.structs.replace(head, media=media), [one], options)
    assert kinds(entries) == [
        "initialization", "initialization", "initialization", "environment", "keypoints", "angles",
    ]  # fmt: skip
    texts = [e.message.message for e in entries[:3]]
    assert texts == ["loading image", "initializing pose model", "running"]
    assert all(e.message.source == "image" for e in entries[:3])


def test_an_image_without_anybody_warns() -> None:
    head, chunk = perform(THREE)
    media = msgspec.structs.replace(head.media, kind="image", duration_ms=0, fps=0)
    one: PoseChunk = replace(split(chunk, [1])[0], keypoints=np.zeros((1, 17, 3), np.float32))
    entries, _ = entries_of(
        msgspec.structs.replace(head, media=media), [one], JobOptions(source="image", angles=True)
    )
    assert kinds(entries)[-2:] == ["environment", "error"]


def test_a_gpu_and_a_fallback_are_told() -> None:
    head, _ = perform(THREE)
    gpu = msgspec.structs.replace(head.environment, gpu=True)
    entries, _ = entries_of(msgspec.structs.replace(head, environment=gpu), [], JobOptions())
    assert entries[1].message.poseBackend == "webgl" and entries[1].message.webgl
    cpu = msgspec.structs.replace(head.environment, fallback=True)
    entries, _ = entries_of(msgspec.structs.replace(head, environment=cpu), [], JobOptions())
    assert entries[1].message.warnings == ("backend_fallback_cpu",)
    assert "backend_fallback_cpu" not in {getattr(e.message, "code", "") for e in entries}


@pytest.mark.parametrize("exercise", ["no_such_thing", "jumping"])
def test_an_exercise_without_data_is_refused(exercise: str) -> None:
    head, _ = perform(THREE)
    with pytest.raises(JobError) as caught:
        entries_of(head, [], JobOptions(exercise=exercise))
    assert caught.value.code == "invalid_exercise"
    assert caught.value.message == f"Exercise '{exercise}' is not available"


def test_min_grade_keeps_a_rep_in_the_history_only() -> None:
    script = replace(THREE, depths=(1.0, 0.72, 1.0), camera=Camera(yaw=90))
    entries, analysis = analyse(script, minGrade="A")
    history = entries[-1].message.history
    assert [rep.counted for rep in history] == [True, False, True]
    assert analysis.result.count == 2
    kept = [rep.formScore for rep in history if rep.counted]
    assert analysis.result.avgScore == pytest.approx(sum(kept) / 2, abs=0.06)


def test_guidance_returns_when_the_subject_leaves() -> None:
    head, chunk = perform(replace(THREE, lead=3.0))
    joints = chunk.keypoints.copy()
    joints[-75:] = 0.0
    entries, _ = entries_of(
        head, [replace(chunk, keypoints=joints)], JobOptions(exercise="squat", language="de")
    )
    said = [e.message for e in entries if isinstance(e.message, Posture)]
    assert [(p.ready, p.direction) for p in said] == [(True, "in-frame"), (False, "in-frame")]
    assert said[0].message == "Du stehst richtig"


def test_advice_comes_in_the_language_asked_for() -> None:
    script = replace(THREE, depths=(0.45,) * 3, camera=Camera(yaw=90))
    entries, _ = analyse(script, recommendations=True, language="fr")
    said = [e.message for e in entries if type_of(e.message) == "recommendations"]
    assert "squat_deeper" in said[0].codes
    assert advice_text("squat_deeper", "fr") in said[0].data


def test_what_does_not_count_says_why() -> None:
    entries, analysis = analyse(
        replace(THREE, depths=(0.35,) * 3, camera=Camera(yaw=90)), recommendations=True
    )
    assert analysis.result.count == 0
    history = entries[-1].message.history
    assert [rep.reason for rep in history] == ["too_shallow"] * 3
    last = [e.message for e in entries if isinstance(e.message, Posture)][-1]
    assert not last.ready and last.message == "We saw 3 movements, too shallow to count"
    said = [e.message for e in entries if type_of(e.message) == "recommendations"]
    assert said[-1].codes == ("too_shallow",)


def test_standing_still_is_told_too() -> None:
    entries, _ = analyse(Script(move="standing", noise=0.006), "squat", language="de")
    last = [e.message for e in entries if isinstance(e.message, Posture)][-1]
    assert last.message == "Wir haben dich gesehen, aber keine Bewegung dieser Übung"


def test_the_hud_follows_the_count() -> None:
    _, analysis = analyse(THREE)
    hud = analysis.take_hud()
    times, counts, progress, grades = zip(*hud, strict=True)
    assert list(times) == sorted(times)
    assert list(counts) == sorted(counts) and counts[-1] == 3
    assert min(progress) == 0 and max(progress) == 1
    assert grades[0] is None and grades[-1] is not None


def test_a_rep_that_the_end_cuts_on_its_way_back_counts() -> None:
    head, chunk = perform(replace(THREE, noise=0.0, camera=Camera(yaw=90)))
    counter = [e for e in entries_of(head, [chunk], JobOptions(exercise="squat"))[0]
               if isinstance(e.message, Counter)][2]  # fmt: skip
    stop = int(counter.id.split("-")[0]) - 2
    cut = split(chunk, [stop])[0]
    entries, analysis = entries_of(head, [cut], JobOptions(exercise="squat"))
    counters = [e.message for e in entries if isinstance(e.message, Counter)]
    assert [c.current_count for c in counters] == [1, 2, 3, 3] and counters[-1].final
    assert analysis.result.count == 3 and len(entries[-1].message.history) == 3
