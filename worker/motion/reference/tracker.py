"""Follows a job's frames against a reference movement: reps, their likeness, live feedback.

The reference and its images (mirrored, with the other arm or leg) are followed side by side; what
several find is one rep only once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from worker.contract.message_parts import CriterionScore, Rep
from worker.contract.reference_poses import ReferencePoses
from worker.motion.features.body_segments import Body, Columns, Floats
from worker.motion.form import RepForm, RepFrames, advice_codes, judge
from worker.motion.form.advice import RECENT
from worker.motion.frames.frames import NO_FRAMES, Frames
from worker.motion.reference.excursions import Excursion, ExcursionFinder
from worker.motion.reference.poses import Poses, limbs_of, poses_of
from worker.motion.reference.score import criteria_of, points_of, score_of
from worker.motion.reference.template import Match, templates_of
from worker.motion.reps.frame_events import NOTHING, FrameEvent, Tracker

DEPTHS = {"easy": 0.5, "normal": 0.65, "pro": 0.85}
"""Share of the reference's excursion that a rep must reach, by difficulty."""

MOST_START = 0.5
"""Most progress at a rep's start: a clip may begin on the way, not at the extreme."""

VISIBLE_SHARE = 0.12
"""Least share of the reference's axis that must be seen; a silhouette's deep poses have a fifth."""

SLOWEST_RATIO, SLOWEST_S = 6.0, 4.0
"""A rep may last so many times the reference's time, or so many seconds."""

FASTEST_RATIO, FASTEST_S = 1 / 3, 0.3
"""And at least that share of it, and so many seconds."""

OVERLAP_SHARE = 0.5
"""Share of the shorter of two reps in common that makes them one."""

LEAST_ROWS = 4


@dataclass(frozen=True)
class _Rows(Columns):
    """n frames: `seconds` [n], poses, joints, and the `progress` [n, images] along each image of
    the reference, nan where it is not seen."""

    seconds: Floats
    poses: Poses
    body: Body
    progress: Floats


class ReferenceTracker(Tracker):
    """Events of one reference movement, frame by frame; `least_score` is that of `minGrade`."""

    def __init__(
        self, reference: ReferencePoses, difficulty: str, least_score: float | None
    ) -> None:
        self.name = reference.name
        self._exercise = reference.exercise
        self._duration = max(reference.duration_ms / 1000, 0.1)
        self._depth = DEPTHS[difficulty]
        self._least_score = least_score
        self._longest = max(SLOWEST_RATIO * self._duration, SLOWEST_S)
        self._images = templates_of(reference)
        self._finders = [ExcursionFinder(self._longest) for _ in self._images]
        self._rows = self._measured(NO_FRAMES)
        self._first = 0
        self._forms: deque[RepForm] = deque(maxlen=RECENT)
        self._advice: tuple[str, ...] = ()
        self._last = (-1e9, -1e9)
        self._attempts = 0
        self._progress = 0.0

    def span(self, frames: Frames) -> list[FrameEvent]:
        """One event for each of n frames."""
        events: list[FrameEvent] = []
        for block in frames.each():
            rows = self._measured(block)
            self._keep(rows, block.first)
            courses = zip(rows.seconds.tolist(), rows.progress.tolist(), strict=True)
            events += [self._step(frame, *row) for frame, row in enumerate(courses, block.first)]
            events[-1] = events[-1]._replace(live=self._live(rows))
        return events

    def finish(self) -> FrameEvent:
        """What the media's end completes."""
        reps = self._judged(finder.finish() for finder in self._finders)
        return self._told(reps) if reps else NOTHING

    def _measured(self, frames: Frames) -> _Rows:
        limbs, seen = limbs_of(frames.body)
        poses = poses_of(limbs, seen * frames.known[:, None])
        progress = [image.axis.progress(poses, VISIBLE_SHARE) for image in self._images]
        return _Rows(
            seconds=frames.times_us.astype(np.float64) * 1e-6,
            poses=poses,
            body=frames.body,
            progress=np.stack(progress, axis=1),
        )

    def _keep(self, more: _Rows, first: int) -> None:
        """Adds rows, those from frame `first` on, to the ones that a rep may yet need."""
        oldest = more.seconds[0] - self._longest - 1.0
        kept = self._rows[int(np.searchsorted(self._rows.seconds, oldest)) :]
        self._rows, self._first = _Rows.joined([kept, more]), first - len(kept)

    def _step(self, frame: int, seconds: float, progress: list[float]) -> FrameEvent:
        finders = zip(self._finders, progress, strict=True)
        reps = self._judged(finder.step(frame, seconds, value) for finder, value in finders)
        out = [finder.done(self._depth) for finder in self._finders if finder.out]
        self._progress = max(self._progress, *out) if out and not reps else 0.0
        return self._told(reps) if reps else FrameEvent(progress=self._progress)

    def _told(self, reps: list[Rep]) -> FrameEvent:
        counted = any(rep.counted for rep in reps)
        done = 100.0 if counted else 0.0
        return FrameEvent(progress=done, reps=tuple(reps), advice=self._advice)

    def _live(self, rows: _Rows) -> float | None:
        """The pose criterion of the last few poses that are seen while a rep is in progress."""
        images = zip(self._images, self._finders, rows.progress.T, strict=True)
        apart = [
            image.nearest(rows.poses[np.isfinite(progress)])
            for image, finder, progress in images
            if finder.out and np.isfinite(progress).any()
        ]
        return points_of("pose", min(apart)) if apart else None

    def _judged(self, found: Iterable[Excursion | None]) -> list[Rep]:
        """The attempts among the excursions along each image of the reference, each judged before
        the next image is followed: what fits that one better is its."""
        reps = (self._attempt(one, image) for image, one in enumerate(found) if one is not None)
        return [rep for rep in reps if rep is not None]

    def _attempt(self, found: Excursion, image: int) -> Rep | None:
        """The attempt that an excursion is; None where it is not the reference's movement, or was
        found along another image."""
        if found.size < DEPTHS["easy"] or found.low > MOST_START:
            return None
        rows = self._rows[max(found.first - self._first, 0) : found.last - self._first + 1]
        rows = rows[np.isfinite(rows.progress[:, image])]
        if len(rows) < LEAST_ROWS:
            return None
        begin, end = float(rows.seconds[0]), float(rows.seconds[-1])
        if end - begin < max(FASTEST_RATIO * self._duration, FASTEST_S) or self._had(begin, end):
            return None
        match = self._match(rows, image)
        if match is None:
            return None
        self._last = (begin, end)
        return self._rep(rows, image, match, found.size)

    def _match(self, rows: _Rows, image: int) -> Match | None:
        """The likeness to this image of the reference, where it is the movement."""
        poses = rows.poses.resampled(rows.seconds)
        own = self._images[image].match(poses)
        if not own.same:
            return None
        better = (
            other.match(poses).fits_better(own)
            for place, (other, finder) in enumerate(zip(self._images, self._finders, strict=True))
            if place != image and finder.out
        )
        # an image that fits better and is still on its way will have the rep
        return None if any(better) else own

    def _rep(self, rows: _Rows, image: int, match: Match, size: float) -> Rep:
        begin, end = (round(float(rows.seconds[i]) * 1000, 1) for i in (0, -1))
        ratio = (end - begin) / 1000 / self._duration
        criteria = criteria_of(match, ratio, size, rows.progress[:, image])
        score = score_of(criteria)
        form = round(100 * score.overallScore, 1)
        deep = size >= self._depth
        counted = deep and (self._least_score is None or form >= self._least_score)
        self._attempts += 1
        likeness = (
            CriterionScore(name=name, judged=True, unit="share", score=points)
            for name, points in criteria.items()
        )
        return Rep(
            index=self._attempts, startMs=begin, endMs=end, durationMs=round(end - begin, 1),
            formScore=form, grade=score.grade, counted=counted,
            reason=None if counted else "below_min_grade" if deep else "too_shallow",
            referenceScore=score, criteria=(*likeness, *self._form(rows, image, set(criteria))),
        )  # fmt: skip

    def _form(self, rows: _Rows, image: int, told: set[str]) -> tuple[CriterionScore, ...]:
        """What the reference's exercise is judged by, where it is known, but for what is `told`
        against the reference itself. Sets the advice that holds."""
        if self._exercise is None:
            return ()
        progress = rows.progress[:, image]
        frames = RepFrames(rows.seconds, rows.body, progress, int(np.argmax(progress)))
        form = judge(self._exercise, frames)
        others = tuple(one for one in form.judged if one.criterion.name not in told)
        self._forms.append(replace(form, judged=others))
        self._advice = advice_codes(self._exercise, tuple(self._forms))
        return self._forms[-1].criteria

    def _had(self, begin: float, end: float) -> bool:
        """Whether this stretch of seconds is mostly that of the last rep."""
        common = min(end, self._last[1]) - max(begin, self._last[0])
        return common > OVERLAP_SHARE * min(end - begin, self._last[1] - self._last[0])
