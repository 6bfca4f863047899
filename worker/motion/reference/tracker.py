"""Follows a job's frames against a reference movement: cycles, their likeness, live feedback.

The reference and its images (mirrored, with the other arm or leg) are followed side by side, each
with a rep machine of its own; what several find is one rep only once.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace

import numpy as np

from worker.contract.keypoints import COUNT as JOINTS
from worker.contract.message_parts import CriterionScore, Rep
from worker.contract.reference_poses import ReferencePoses
from worker.motion.features.body_segments import Body, Floats
from worker.motion.form import RepForm, RepFrames, advice_codes, judge
from worker.motion.form.advice import RECENT
from worker.motion.frames.span import Frames
from worker.motion.reference.features import WIDTH, limbs_of, vectors
from worker.motion.reference.score import criteria_of, pose_score, score_of
from worker.motion.reference.state_machine import (
    CEILING,
    FLOOR,
    RETURN,
    RISE,
    Cycle,
    RepStateMachine,
)
from worker.motion.reference.template import IMAGES, Match, resampled, templates_of
from worker.motion.reps.frame_events import NOTHING, FrameEvent

DEPTHS = {"easy": 0.5, "normal": 0.65, "pro": 0.85}
"""Share of the reference's excursion that a rep must reach, by difficulty."""

START = 0.5
"""Most progress at a rep's start: a clip may begin on the way, not at the extreme."""

APART = 0.46
"""Distance of the movements from which a cycle is another exercise; standing still is at 1. On the
development clips another person's reps are at 0.2-0.45 (other cameras, other things in the hands),
nearly all that other exercises have in common above 0.47."""

STRAY = 0.65
"""How far parts may go beyond the reference's: arms overhead are no lateral raise. On the clips
the same exercise is below 0.4, a jumping jack beside a lateral raise at 0.8."""

CLOSE = 0.3
"""Distance of the movements up to which that is no matter: another height of the camera makes a
limb that points to it look longer."""

OFFSET = 0.45
"""Distance of the start poses: on the floor or standing, arms down or overhead. On the clips the
same exercise is below 0.25, a deadlift from the floor beside a squat at 0.64."""

BETTER = 0.8
"""Share of an image's distance below which another image fits better."""

VISIBLE = 0.12
"""Least share of the reference's axis that must be seen; a silhouette's deep poses have a fifth."""

SLOWEST, LONGEST = 6.0, 4.0
"""A rep may last so many times the reference's time, or so many seconds."""

FASTEST, SHORTEST = 1 / 3, 0.3
"""And at least that share of it, and so many seconds."""

OVERLAP = 0.5
"""Share of the shorter of two cycles in common that makes them one rep."""

LOST = 1.5
"""Seconds unseen after which a rep in progress is given up."""

LIVE = 0.2
"""Seconds between live form scores at least."""

LEAST_ROWS = 4


class _Row:
    """Columns of the row buffer; those of the images stand side by side."""

    SECONDS = 0
    FRAME = 1
    PROGRESS = 2
    SEEN = PROGRESS + IMAGES
    NEAREST = SEEN + IMAGES
    POSES = NEAREST + IMAGES
    BODY = POSES + 2 * WIDTH
    COUNT = BODY + 3 * JOINTS


class ReferenceTracker:
    """Events of one reference movement, frame by frame; `least_score` is that of `minGrade`."""

    def __init__(
        self, reference: ReferencePoses, difficulty: str, least_score: float | None
    ) -> None:
        self._templates = templates_of(reference)
        self._exercise = reference.exercise
        self._forms: deque[RepForm] = deque(maxlen=RECENT)
        self._advice: tuple[str, ...] = ()
        self._duration = max(reference.duration_ms / 1000, 0.1)
        self._depth = DEPTHS[difficulty]
        self._least_score = least_score
        self._longest = max(SLOWEST * self._duration, LONGEST)
        self._machines = [RepStateMachine(self._longest) for _ in self._templates]
        self._seen_at = [-1e9] * len(self._machines)
        self._rows: Floats = np.zeros((0, _Row.COUNT))
        self._last = (-1e9, -1e9)
        self._attempts = 0
        self._progress = 0.0
        self._live_at = -1e9

    def span(self, frames: Frames) -> list[FrameEvent]:
        """One event for each of n frames."""
        events: list[FrameEvent] = []
        for block in frames.each():
            rows = self._measure(block)
            self._keep(rows)
            events += [self._step(row) for row in rows[:, : _Row.POSES].tolist()]
        return events

    def finish(self) -> FrameEvent:
        """What the media's end completes."""
        if not len(self._rows):
            return NOTHING
        row = self._rows[-1, : _Row.POSES].tolist()
        for channel, machine in enumerate(self._machines):
            value = row[_Row.PROGRESS + channel]
            cycle = machine.rest_of(int(row[_Row.FRAME]), row[_Row.SECONDS], value)
            rep = self._judge(cycle, channel) if cycle is not None else None
            if rep is not None:
                return FrameEvent(progress=100.0, reps=(rep,), advice=self._advice)
        return NOTHING

    def _measure(self, frames: Frames) -> Floats:
        body, count = frames.body, len(frames.times_us)
        limbs, sight = limbs_of(body)
        poses, weights = vectors(limbs, sight * frames.known[:, None])
        followed = [template.progress(poses, weights) for template in self._templates]
        columns = [frames.times_us * 1e-6, frames.first + np.arange(count, dtype=np.float64)]
        spare = [np.zeros(count)] * (IMAGES - len(followed))
        columns += [np.clip(progress, FLOOR, CEILING) for progress, _ in followed] + spare
        columns += [seen for _, seen in followed] + spare
        columns += [template.nearest(poses, weights) for template in self._templates] + spare
        joints = (body.x, body.y, body.score)
        return np.concatenate((np.stack(columns, axis=1), poses, weights, *joints), axis=1)

    def _keep(self, rows: Floats) -> None:
        oldest = rows[0, _Row.SECONDS] - self._longest - 1.0
        keep = self._rows[:, _Row.SECONDS] >= oldest
        starts = [machine.start for machine in self._machines if machine.start >= 0]
        if starts:
            keep &= self._rows[:, _Row.FRAME] >= min(starts)
        self._rows = np.concatenate((self._rows[keep], rows))

    def _step(self, row: list[float]) -> FrameEvent:
        rep = None
        for channel, machine in enumerate(self._machines):
            cycle = self._advance(channel, machine, row)
            if cycle is not None and rep is None:
                rep = self._judge(cycle, channel)
        if rep is not None:
            self._progress = 0.0
            progress = 100.0 if rep.counted else 0.0
            return FrameEvent(progress=progress, reps=(rep,), advice=self._advice)
        active = [c for c, machine in enumerate(self._machines) if machine.out]
        if not active:
            self._progress = 0.0
            return NOTHING
        self._progress = max(self._progress, *(self._share(c, row) for c in active))
        return FrameEvent(progress=self._progress, live=self._live(active, row))

    def _advance(self, channel: int, machine: RepStateMachine, row: list[float]) -> Cycle | None:
        seconds = row[_Row.SECONDS]
        if row[_Row.SEEN + channel] < VISIBLE:
            if seconds - self._seen_at[channel] > LOST:
                machine.lost()
            return None
        self._seen_at[channel] = seconds
        return machine.step(int(row[_Row.FRAME]), seconds, row[_Row.PROGRESS + channel])

    def _share(self, channel: int, row: list[float]) -> float:
        """0-100 of the cycle: half for the way out, half for the way back once it was deep."""
        machine = self._machines[channel]
        excursion = machine.peak - machine.low
        out = (excursion - RISE) / max(self._depth - RISE, 0.1)
        if out < 1:
            return 50.0 * max(out, 0.0)
        back = (machine.peak - row[_Row.PROGRESS + channel]) / ((1 - RETURN) * excursion)
        return min(50.0 + 50.0 * max(back, 0.0), 99.0)

    def _judge(self, cycle: Cycle, channel: int) -> Rep | None:
        """The attempt that `cycle` is; None where it is not the reference's movement."""
        if cycle.excursion < DEPTHS["easy"] or cycle.low > START:
            return None
        rows = self._between(cycle.start, cycle.end, channel)
        if len(rows) < LEAST_ROWS:
            return None
        begin, end = float(rows[0, _Row.SECONDS]), float(rows[-1, _Row.SECONDS])
        if end - begin < max(FASTEST * self._duration, SHORTEST) or self._had(begin, end):
            return None
        match = self._match(rows, channel)
        if match is None:
            return None
        self._last = (begin, end)
        return self._rep(rows, channel, match, cycle.excursion)

    def _match(self, rows: Floats, channel: int) -> Match | None:
        """The likeness to this channel's image of the reference, where it is the movement."""
        even = resampled(rows[:, _Row.SECONDS], rows[:, _Row.POSES : _Row.BODY])
        poses, weights = even[:, :WIDTH], even[:, WIDTH:]
        own = self._templates[channel].match(poses, weights)
        if own.apart > APART or own.offset > OFFSET or (own.apart > CLOSE and own.stray > STRAY):
            return None
        for other, machine in enumerate(self._machines):
            # an image that fits better and is still on its way will have the rep
            if other != channel and machine.out:
                rival = self._templates[other].match(poses, weights)
                if rival.apart < BETTER * own.apart and rival.offset <= OFFSET:
                    return None
        return own

    def _rep(self, rows: Floats, channel: int, match: Match, excursion: float) -> Rep:
        begin, end = (round(float(rows[i, _Row.SECONDS]) * 1000, 1) for i in (0, -1))
        ratio = (end - begin) / 1000 / self._duration
        criteria = criteria_of(match, ratio, excursion, rows[:, _Row.PROGRESS + channel])
        score = score_of(criteria)
        form = round(100 * score.overallScore, 1)
        deep = excursion >= self._depth
        counted = deep and (self._least_score is None or form >= self._least_score)
        self._attempts += 1
        return Rep(
            index=self._attempts, startMs=begin, endMs=end, durationMs=round(end - begin, 1),
            formScore=form, grade=score.grade, counted=counted,
            reason=None if counted else "below_min_grade" if deep else "too_shallow",
            referenceScore=score,
            criteria=(
                *(
                    CriterionScore(name=name, judged=True, unit="share", score=points)
                    for name, points in criteria.items()
                ),
                *self._form(rows, channel, frozenset(criteria)),
            ),
        )  # fmt: skip

    def _form(self, rows: Floats, channel: int, told: frozenset[str]) -> tuple[CriterionScore, ...]:
        """What the reference's exercise is judged by, where it is known, but for what is `told`
        against the reference itself. Sets the advice that holds."""
        if self._exercise is None:
            return ()
        progress = rows[:, _Row.PROGRESS + channel]
        x, y, score = np.split(rows[:, _Row.BODY :], 3, axis=1)
        frames = RepFrames(
            rows[:, _Row.SECONDS], Body(x=x, y=y, score=score), progress, int(np.argmax(progress))
        )
        form = judge(self._exercise, frames)
        form = replace(
            form, judged=tuple(one for one in form.judged if one.criterion.name not in told)
        )
        self._forms.append(form)
        self._advice = advice_codes(self._exercise, tuple(self._forms))
        return form.criteria

    def _between(self, start: int, end: int, channel: int) -> Floats:
        """Rows of the frames from `start` to `end` in which the channel was followed."""
        first = int(self._rows[0, _Row.FRAME])
        rows = self._rows[max(start - first, 0) : end - first + 1]
        return rows[rows[:, _Row.SEEN + channel] >= VISIBLE]

    def _had(self, begin: float, end: float) -> bool:
        """Whether this stretch of seconds is mostly that of the last rep."""
        common = min(end, self._last[1]) - max(begin, self._last[0])
        return common > OVERLAP * min(end - begin, self._last[1] - self._last[0])

    def _live(self, active: list[int], row: list[float]) -> float | None:
        """The pose criterion so far, each pose compared with the reference's nearest."""
        if row[_Row.SECONDS] - self._live_at < LIVE:
            return None
        found = []
        for channel in active:
            rows = self._between(self._machines[channel].start, int(row[_Row.FRAME]), channel)
            if len(rows) >= LEAST_ROWS:
                found.append(float(rows[:, _Row.NEAREST + channel].mean()))
        if not found:
            return None
        self._live_at = row[_Row.SECONDS]
        return round(pose_score(min(found)), 1)
