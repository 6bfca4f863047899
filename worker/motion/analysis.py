"""One job's messages from its pose log and options: pure, in order, the same for every chunking."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from worker.contract.errors import ErrorCode
from worker.contract.jobs import Result
from worker.contract.media import WarningCode
from worker.contract.message_parts import PoseSample
from worker.contract.messages import Angles, Entry, ErrorMessage, Keypoints, Message, spooled_batch
from worker.contract.options import JobOptions
from worker.contract.poses import TURN, LogHead, PoseChunk, coco_joints
from worker.contract.reference_poses import ReferencePoses
from worker.contract.spooled_list import SpooledList
from worker.exercises import EXERCISES
from worker.exercises.model import HoldExercise, RepExercise
from worker.motion.clip_facts import ClipFacts
from worker.motion.feedback.factory import make_reporter
from worker.motion.feedback.reporter import uncounted
from worker.motion.frames.blocks import Blocks, Span
from worker.motion.frames.frames import HudFrame, frames_of
from worker.motion.frames.smoothing import has_person
from worker.motion.pose_messages import angle_rows, samples_of
from worker.motion.status_messages import ProgressMessages, opening, ready


class Analysis:
    """Everything a job says that follows from its pose log and options.

    Call `start`, then `feed` with every chunk in order, then `finish`. Entries come out in frame
    order, at most about a second of media behind the frames that were fed; several chunks at once
    give what each by itself gives, for less. Raises JobError
    `invalid_exercise` for an exercise that has no data and `reference_not_found` where the options
    name a reference and `reference`, what they name, is not given.
    """

    def __init__(
        self, head: LogHead, options: JobOptions, reference: ReferencePoses | None = None
    ) -> None:
        self._head = head
        self._media = head.media
        self._turn: int | None = None
        self._options = options
        self._reference = reference
        self._video = head.media.kind == "video"
        self._reporter = make_reporter(options, head.media, reference) if self._video else None
        self._blocks = Blocks(head.media.fps)
        self._progress = ProgressMessages(head.media.duration_ms if self._video else 0.0)
        self._hud: list[HudFrame] = []
        self._lying = _is_lying(options.exercise)
        self._facts = ClipFacts(head.media, self._lying)
        self._batch = SpooledList(PoseSample)
        self._finished: Result | None = None

    def start(self) -> list[Entry]:
        """What is said before the first frame."""
        return _numbered(0, [opening(self._head)])

    def feed(self, *chunks: PoseChunk) -> list[Entry]:
        """The entries that `chunks` complete. Raises ValueError if they do not follow on."""
        place = next((place for place, chunk in enumerate(chunks) if TURN in chunk.state), None)
        if place is None or self._turn is not None:
            return self._fed(chunks)
        before = self._fed(chunks[:place])
        self._lay_upright(int(chunks[place].state[TURN]))
        return before + self._fed(chunks[place:])

    def finish(self) -> list[Entry]:
        """The rest, and what is said at the end."""
        entries = [entry for span in self._blocks.finish() for entry in self._span(span)]
        closing = self._facts.complete(self._closing())
        persons, frames = self._facts.person_frames, self._facts.frames
        if self._reporter is None:
            self._finished = Result(personFrames=persons, frames=frames)
        else:
            self._finished = self._reporter.result(persons, frames)
        return entries + _numbered(self._facts.next_frame + 1, [closing])

    @property
    def result(self) -> Result:
        """What came of it. Raises RuntimeError before `finish`."""
        if self._finished is None:
            raise RuntimeError("the analysis is not finished")
        return self._finished

    @property
    def warnings(self) -> tuple[WarningCode, ...]:
        """What users should know of the clip; whole after `finish`."""
        return self._facts.warnings

    def take_hud(self) -> list[HudFrame]:
        """What an export draws, for the frames since the last time; they are forgotten, so that an
        export's memory does not grow with the clip."""
        taken, self._hud = self._hud, []
        return taken

    def _lay_upright(self, turn: int) -> None:
        """Has movement analysed as it is in the picture turned by quarters; so far nobody was seen.

        From pictures alone a plank cannot be told from a standing person in a picture on its side:
        where the exercise is done lying down, a body that lies is as it should be.
        """
        self._turn = 0 if self._lying or self._facts.person_frames else turn
        self._media = self._head.media.turned(self._turn)
        if self._reporter is not None and self._media is not self._head.media:
            upright = make_reporter(self._options, self._media, self._reference)
            if upright is not None:
                # what the guide said of the empty picture stays said
                upright.guide = self._reporter.guide
            self._reporter = upright

    def _fed(self, chunks: Sequence[PoseChunk]) -> list[Entry]:
        for chunk in chunks:
            self._facts.add(chunk)
        return [entry for span in self._blocks.feed(*chunks) for entry in self._span(span)]

    def _span(self, span: Span) -> list[Entry]:
        times = span.times_us[span.inside]
        said = self._progress.of(times)
        if self._reporter is not None:
            frames = frames_of(span, self._media.aspect, self._turn or 0)
            self._reporter.span(frames, said, self._hud)
        else:
            self._hud += map(HudFrame, times.tolist())
        self._add_poses(said, span)
        return _numbered(span.first + 1, said)

    def _add_poses(self, said: list[list[Message]], span: Span) -> None:
        """Adds to what is `said` in each frame of a span the keypoints and angles of who is in
        it."""
        rows = np.flatnonzero(has_person(span.joints[span.inside]))
        if not len(rows):
            return
        seen = span.joints[span.inside][rows]
        numbers, times = (span.first + rows).tolist(), span.times_us[span.inside][rows].tolist()
        messages = [said[row] for row in rows.tolist()]
        if self._options.streams_keypoints:
            samples = samples_of(numbers, times, seen)
            for own, sample in zip(messages, samples, strict=True):
                own.append(Keypoints(*msgspec.structs.astuple(sample)))
            if self._video and self._options.keypoints:
                self._batch.extend(samples)
        if self._options.angles:
            width, height = max(self._head.media.width, 1), max(self._head.media.height, 1)
            angles = angle_rows(coco_joints(seen), width, height)
            for own, number, time, data in zip(messages, numbers, times, angles, strict=True):
                own.append(Angles(timestampMs=round(time / 1000, 1), frameId=number, data=data))

    def _closing(self) -> list[Message]:
        messages: list[Message] = [ready(self._head)] if self._video else []
        if not self._facts.person_frames:
            messages.append(
                ErrorMessage(
                    code=ErrorCode.NO_PERSON_DETECTED,
                    message=f"No person was found in the {self._head.media.kind}",
                )
            )
        if self._reporter is not None:
            messages += self._reporter.closing(self._facts.last_us)
        elif self._video:
            messages += uncounted(self._facts.last_us)
        if self._video and self._options.keypoints:
            messages.append(spooled_batch(round(self._facts.fps, 2), self._batch))
        return messages


def _is_lying(exercise: str | None) -> bool:
    """Whether the exercise is done lying down or on hands and feet."""
    found = EXERCISES.get(exercise or "")
    return isinstance(found, RepExercise | HoldExercise) and found.lying


def _numbered(first: int, said: list[list[Message]]) -> list[Entry]:
    """The messages of consecutive places from `first` on."""
    return [
        Entry(f"{place}-{n}", message)
        for place, messages in enumerate(said, first)
        for n, message in enumerate(messages, 1)
    ]
