"""Follows a job's frames against a reference movement: reps, their likeness, live feedback.

The reference and its images (mirrored, with the other arm or leg) are followed side by side; what
several find is one rep only once.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np

from worker.contract.message_parts import CriterionScore, Rep
from worker.contract.reference_poses import ReferencePoses
from worker.motion.features.body_segments import Body, Columns, Floats
from worker.motion.form import RepForm, RepFrames, advice_codes, judge
from worker.motion.form.advice import RECENT
from worker.motion.frames.frames import Frames
from worker.motion.reference.excursions import Excursion, ExcursionFinder
from worker.motion.reference.poses import Poses, limbs_of, poses_of
from worker.motion.reference.score import criteria_of, points_of, score_of
from worker.motion.reference.template import Match, templates_of
from worker.motion.reps.frame_events import NOTHING, FrameEvent

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

LIVE_S = 0.2
"""Seconds between live form scores at least."""

LEAST_ROWS = 4


@dataclass(frozen=True)
class _Rows(Columns):
    """n frames: their numbers and times, poses ([n, WIDTH] each), joints ([n, 17] each), and by
    image of the reference ([n, images] each) the progress along it, how much of its axis is seen,
    and the distance to its nearest pose."""

    frame: Floats
    seconds: Floats
    parts: Floats
    weights: Floats
    x: Floats
    y: Floats
    score: Floats
    progress: Floats
    seen: Floats
    nearest: Floats

    @property
    def poses(self) -> Poses:
        return Poses(self.parts, self.weights)


class ReferenceTracker:
    """Events of one reference movement, frame by frame; `least_score` is that of `minGrade`."""

    def __init__(
        self, reference: ReferencePoses, difficulty: str, least_score: float | None
    ) -> None:
        self._exercise = reference.exercise
        self._duration = max(reference.duration_ms / 1000, 0.1)
        self._depth = DEPTHS[difficulty]
        self._least_score = least_score
        self._longest = max(SLOWEST_RATIO * self._duration, SLOWEST_S)
        self._images = templates_of(reference)
        self._finders = [ExcursionFinder(self._longest) for _ in self._images]
        self._rows: _Rows | None = None
        self._forms: deque[RepForm] = deque(maxlen=RECENT)
        self._advice: tuple[str, ...] = ()
        self._last = (-1e9, -1e9)
        self._attempts = 0
        self._progress = 0.0
        self._live_at = -1e9

    def span(self, frames: Frames) -> list[FrameEvent]:
        """One event for each of n frames."""
        events: list[FrameEvent] = []
        for block in frames.each():
            rows = self._measured(block)
            self._rows = rows if self._rows is None else self._kept(self._rows, rows)
            moments = zip(
                range(block.first, block.first + len(rows)), rows.seconds.tolist(),
                rows.progress.tolist(), rows.seen.tolist(), strict=True,
            )  # fmt: skip
            events += [self._step(*moment) for moment in moments]
        return events

    def finish(self) -> FrameEvent:
        """What the media's end completes."""
        if self._rows is None:
            return NOTHING
        frame, seconds = int(self._rows.frame[-1]), float(self._rows.seconds[-1])
        for image, finder in enumerate(self._finders):
            found = finder.finish(frame, seconds, float(self._rows.progress[-1, image]))
            rep = self._judged(found, image)
            if rep is not None:
                return FrameEvent(progress=100.0, reps=(rep,), advice=self._advice)
        return NOTHING

    def _measured(self, frames: Frames) -> _Rows:
        body, count = frames.body, len(frames.times_us)
        limbs, sight = limbs_of(body)
        poses = poses_of(limbs, sight * frames.known[:, None])
        progress, seen = zip(*(image.axis.progress(poses) for image in self._images), strict=True)
        return _Rows(
            frame=frames.first + np.arange(count, dtype=np.float64),
            seconds=frames.times_us.astype(np.float64) * 1e-6,
            parts=poses.parts,
            weights=poses.weights,
            x=body.x,
            y=body.y,
            score=body.score,
            progress=np.stack(progress, axis=1),
            seen=np.stack(seen, axis=1),
            nearest=np.stack([image.nearest(poses) for image in self._images], axis=1),
        )

    def _kept(self, rows: _Rows, more: _Rows) -> _Rows:
        """The rows that a rep may yet need."""
        oldest = more.seconds[0] - self._longest - 1.0
        begun = min((finder.first for finder in self._finders if finder.first >= 0), default=0)
        start = max(int(np.searchsorted(rows.seconds, oldest)), begun - int(rows.frame[0]))
        return _Rows.joined([rows[start:], more])

    def _step(
        self, frame: int, seconds: float, progress: list[float], seen: list[float]
    ) -> FrameEvent:
        rep = None
        for image, finder in enumerate(self._finders):
            if seen[image] < VISIBLE_SHARE:
                finder.skip(seconds)
            else:
                found = finder.step(frame, seconds, progress[image])
                rep = rep or self._judged(found, image)
        out = [image for image, finder in enumerate(self._finders) if finder.out]
        if rep is not None or not out:
            self._progress = 0.0
        if rep is not None:
            done = 100.0 if rep.counted else 0.0
            return FrameEvent(progress=done, reps=(rep,), advice=self._advice)
        if not out:
            return NOTHING
        done = max(self._finders[image].done(progress[image], self._depth) for image in out)
        self._progress = max(self._progress, done)
        return FrameEvent(progress=self._progress, live=self._live(out, frame, seconds))

    def _judged(self, found: Excursion | None, image: int) -> Rep | None:
        """The attempt that the excursion along an image of the reference is; None where it is not
        its movement."""
        if found is None or found.size < DEPTHS["easy"] or found.low > MOST_START:
            return None
        rows = self._between(found.first, found.last, image)
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
        body = Body(x=rows.x, y=rows.y, score=rows.score)
        frames = RepFrames(rows.seconds, body, progress, int(np.argmax(progress)))
        form = judge(self._exercise, frames)
        others = tuple(one for one in form.judged if one.criterion.name not in told)
        self._forms.append(replace(form, judged=others))
        self._advice = advice_codes(self._exercise, tuple(self._forms))
        return self._forms[-1].criteria

    def _between(self, first: int, last: int, image: int) -> _Rows:
        """Rows of the frames from `first` to `last` in which the image was followed."""
        assert self._rows is not None
        start = int(self._rows.frame[0])
        rows = self._rows[max(first - start, 0) : last - start + 1]
        return rows[rows.seen[:, image] >= VISIBLE_SHARE]

    def _had(self, begin: float, end: float) -> bool:
        """Whether this stretch of seconds is mostly that of the last rep."""
        common = min(end, self._last[1]) - max(begin, self._last[0])
        return common > OVERLAP_SHARE * min(end - begin, self._last[1] - self._last[0])

    def _live(self, out: list[int], frame: int, seconds: float) -> float | None:
        """The pose criterion so far, each pose compared with the reference's nearest."""
        if seconds - self._live_at < LIVE_S:
            return None
        apart = [
            float(rows.nearest[:, image].mean())
            for image in out
            if len(rows := self._between(self._finders[image].first, frame, image)) >= LEAST_ROWS
        ]
        if not apart:
            return None
        self._live_at = seconds
        return points_of("pose", min(apart))
