"""What is said of a clip as a whole, and pictures that lie on their side."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from tests.synthetic.analysis import entries_of
from tests.synthetic.perform import Script, perform, split
from worker.contract.messages import ExerciseSummary, Posture, decode, encode, type_of
from worker.contract.options import JobOptions
from worker.contract.poses import DAMAGED, PEOPLE, TURN, LogHead, PoseChunk, turned_joints
from worker.motion.analysis import Analysis


def analysed(head: LogHead, chunks: list[PoseChunk]) -> tuple[ExerciseSummary, Analysis]:
    entries, analysis = entries_of(head, chunks, JobOptions(exercise="squat", keypoints=True))
    summary = next(e.message for e in entries if isinstance(e.message, ExerciseSummary))
    return summary, analysis


def recorded(script: Script) -> tuple[LogHead, list[PoseChunk]]:
    head, chunk = perform(script)
    return head, split(chunk, [60, 60])


def first_frame(chunk: PoseChunk) -> PoseChunk:
    return replace(
        chunk, times_us=chunk.times_us[:1], keypoints=chunk.keypoints[:1], boxes=chunk.boxes[:1]
    )


def test_the_length_is_what_was_decoded() -> None:
    head, chunks = recorded(Script())
    promising = msgspec.structs.replace(
        head, media=msgspec.structs.replace(head.media, duration_ms=90_000.0)
    )
    summary, _ = analysed(promising, chunks)
    step_ms = float(np.diff(chunks[-1].times_us)[-1]) / 1000
    assert summary.durationMs == pytest.approx(chunks[-1].times_us[-1] / 1000 + step_ms, abs=0.2)
    assert (summary.people, summary.warnings) == (0, ())
    # of the last few frames not every one may have been analysed
    ends = chunks[-1].times_us[-1] / 1000 + 0.4 * step_ms
    known = msgspec.structs.replace(head.media, duration_ms=ends)
    summary, _ = analysed(msgspec.structs.replace(head, media=known), chunks)
    assert summary.durationMs == pytest.approx(ends, abs=0.1)


def test_what_the_file_gave_reason_for_and_who_was_seen() -> None:
    head, chunks = recorded(Script())
    media = msgspec.structs.replace(head.media, warnings=("truncated",))
    chunks[1] = replace(chunks[1], state={PEOPLE: 3})
    summary, analysis = analysed(msgspec.structs.replace(head, media=media), chunks)
    assert (summary.people, summary.warnings) == (3, ("truncated",))
    assert analysis.warnings == ("truncated",)


def test_frames_that_did_not_decode_are_told() -> None:
    head, chunks = recorded(Script())
    chunks[0] = replace(chunks[0], state={DAMAGED: True})
    summary, analysis = analysed(head, chunks)
    assert summary.warnings == analysis.warnings == ("damaged",)


def test_few_frames_are_told() -> None:
    head, chunks = recorded(Script())
    few, first = [], 0
    for number, c in enumerate(chunks):
        few.append(PoseChunk(number, first, c.times_us[::10], c.keypoints[::10], c.boxes[::10]))
        first += len(few[-1])
    media = msgspec.structs.replace(head.media, fps=head.media.fps / 10)
    summary, _ = analysed(msgspec.structs.replace(head, media=media), few)
    assert summary.warnings == ("low_frame_rate",)


@pytest.mark.parametrize("quarters", [1, 2, 3])
def test_who_lies_in_the_picture_is_analysed_upright(quarters: int) -> None:
    head, chunks = recorded(Script())
    upright, _ = analysed(head, chunks)
    media = head.media
    if quarters % 2:
        media = msgspec.structs.replace(media, width=media.height, height=media.width)
    lying = [
        replace(c, keypoints=turned_joints(c.keypoints, -quarters), state={TURN: quarters})
        for c in chunks
    ]
    summary, _ = analysed(msgspec.structs.replace(head, media=media), lying)
    assert summary.counter == upright.counter > 0
    assert summary.avg_rep_score == pytest.approx(upright.avg_rep_score, abs=1.0)
    assert summary.warnings == ("turned",)
    again = [turned_joints(c.keypoints, quarters) for c in lying]
    for one, other in zip(again, chunks, strict=True):
        assert one == pytest.approx(other.keypoints, abs=1e-6)


def test_that_a_picture_lies_may_be_known_late_whatever_the_chunks() -> None:
    head, chunk = perform(Script(lead=3.0))
    empty = chunk.times_us < 2.5e6
    joints = np.where(empty[:, None, None], 0, turned_joints(chunk.keypoints, -1))
    media = msgspec.structs.replace(head.media, width=head.media.height, height=head.media.width)
    head = msgspec.structs.replace(head, media=media)
    late = split(replace(chunk, keypoints=joints.astype(np.float32)), [60])
    chunks = [late[0], replace(late[1], state={TURN: 1})]
    options = JobOptions(exercise="squat")
    singly, _ = entries_of(head, chunks, options)
    analysis = Analysis(head, options)
    together = [*analysis.start(), *analysis.feed(*chunks), *analysis.finish()]
    assert together == singly
    assert analysis.result.count == len(Script().depths) > 0
    guided = [e.message for e in together if isinstance(e.message, Posture)]
    assert [one.ready for one in guided] == [False, True], "told to step into the picture once"


def test_keypoints_are_those_of_the_picture_as_it_lies() -> None:
    head, chunks = recorded(Script())
    lying = [replace(c, keypoints=turned_joints(c.keypoints, -1), state={TURN: 1}) for c in chunks]
    entries, _ = entries_of(head, lying, JobOptions(exercise="squat", keypoints=True))
    first = decode(encode(next(e.message for e in entries if type_of(e.message) == "keypoints")))
    assert first.keypoints[0].x == pytest.approx(lying[0].keypoints[first.frameId, 0, 0], abs=1e-3)


def test_angles_and_warnings_of_a_picture_that_lies_are_those_of_the_upright_one() -> None:
    head, chunks = recorded(Script())
    lying = [replace(c, keypoints=turned_joints(c.keypoints, -1), state={TURN: 1}) for c in chunks]
    media = head.media
    media = msgspec.structs.replace(media, width=media.height, height=media.width)
    image = msgspec.structs.replace(media, kind="image")
    options = JobOptions(exercise="squat", angles=True)
    said = []
    for shown, given, of in (
        (head.media, chunks, options),
        (media, lying, options),
        (image, [first_frame(lying[0])], JobOptions(source="image", angles=True)),
    ):
        entries, analysis = entries_of(msgspec.structs.replace(head, media=shown), given, of)
        said.append(next(e.message.data for e in entries if type_of(e.message) == "angles"))
        assert analysis.warnings == (("turned",) if given is not chunks else ())
    assert said[0] == said[1] == said[2]
