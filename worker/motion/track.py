"""Follows one rep exercise through a job's frames: cycles, their judgement, live feedback."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from worker.contract.grades import grade_of
from worker.contract.parts import Rep
from worker.exercises.model import FrontSignal, RepExercise, Signal
from worker.motion.features import Body, Floats, feature, merged
from worker.motion.moments import NOTHING, Moment
from worker.motion.own_rest import OwnRest
from worker.motion.reps import CEILING, FLOOR, RETURN, RISE, Cycle, RepMachine
from worker.motion.score import UNKNOWN, Window, criteria_of, form_of

LOST = 1.5
"""Seconds unseen after which a rep in progress is given up."""

LIVE = 0.2
"""Seconds between live form scores at least."""

SAME = 0.35
"""Two sides' peaks closer than this share of the rep's time are one rep of both."""

PROFILE, FRONT = 0.25, 0.65
"""Shoulder width by trunk length seen from the side and from the front (0.22 and 0.29 of stature:
Winter 2009, and what pose models leave of it in profile)."""

START = 0.5
"""Most progress at a rep's start: a clip may begin on the way, not at the bottom."""

WHOLE = 0.7
"""Least excursion as a share of the depth asked for."""

SURE = 0.25
"""Joint score from which a gate's feature is believed."""

TRUST = 0.3
"""Mean joint score over a rep from which one side's word is enough."""

_COLUMNS = 8


class _Row:
    """Columns of the row buffer, before the criteria's features."""

    SECONDS = 0
    PROGRESS = 1
    LEFT = 2
    SEEN_LEFT = 4
    OK = 6
    FRAME = 7


class RepTracker:
    """Moments of one rep exercise, frame by frame."""

    def __init__(self, exercise: RepExercise, difficulty: str, least_score: float | None) -> None:
        self._exercise = exercise
        self._depth = exercise.depth.of(difficulty)
        self._easy = exercise.depth.easy
        self._least_score = least_score
        self._each = exercise.signal.sides == "each"
        channels = 2 if self._each else 1
        at_peak = exercise.at == "peak"
        self._machines = [
            RepMachine(exercise.seconds[1], at_peak=at_peak, depth=self._depth)
            for _ in range(channels)
        ]
        self._seen_at = [-1e9] * channels
        self._rest = OwnRest()
        names = [c.feature for c in exercise.criteria if c.feature]
        names += ["frontal", *(travel.feature for travel in exercise.travels)]
        self._names = tuple(dict.fromkeys(names))
        self._rows: Floats = np.zeros((0, _COLUMNS + len(self._names)))
        self._last: tuple[int, float, float] | None = None
        self._attempts = 0
        self._progress = 0.0
        self._live_at = -1e9
        self._codes: tuple[str, ...] = ()

    def block(
        self, first: int, times_us: NDArray[np.int64], body: Body, known: NDArray[np.bool_]
    ) -> list[Moment]:
        """One moment for each of a block's n frames; `known` [n] says where joints are."""
        rows = self._measure(first, times_us, body, known)
        self._keep(rows)
        return [self._step(row) for row in rows[:, :_COLUMNS].tolist()]

    def finish(self) -> Moment:
        """What the media's end completes."""
        if not len(self._rows):
            return NOTHING
        row = self._rows[-1, :_COLUMNS].tolist()
        for channel, machine in enumerate(self._machines):
            value = row[_Row.LEFT + channel] if self._each else row[_Row.PROGRESS]
            cycle = machine.rest_of(int(row[_Row.FRAME]), row[_Row.SECONDS], value)
            rep = self._judge(cycle, channel) if cycle is not None else None
            if rep is not None:
                return Moment(progress=100.0, rep=rep, advice=self._codes)
        return NOTHING

    def _measure(
        self, first: int, times_us: NDArray[np.int64], body: Body, known: NDArray[np.bool_]
    ) -> Floats:
        exercise = self._exercise
        seen = body.seen(exercise.joints) * known[:, None]
        ok = known.copy()
        for gate in exercise.gates:
            values, sure = feature(body, gate.feature)
            level = merged(values, sure)
            inside = (level >= gate.low) & (level <= gate.high)
            # A gate refuses what it sees; hidden joints are no reason to.
            ok &= inside | (sure.max(axis=1) < SURE)
        seconds = times_us.astype(np.float64) * 1e-6
        sides = np.clip(self._progress_of(body, seconds, ok), FLOOR, CEILING)
        columns = [
            seconds, merged(sides, seen), sides[:, 0], sides[:, 1], seen[:, 0], seen[:, 1],
            ok.astype(np.float64), np.arange(first, first + len(times_us), dtype=np.float64),
        ]  # fmt: skip
        columns += [_sure(*feature(body, name)) for name in self._names]
        return np.stack(columns, axis=1)

    def _progress_of(self, body: Body, seconds: Floats, ok: NDArray[np.bool_]) -> Floats:
        signal = self._exercise.signal
        values = feature(body, signal.feature)[0]
        if signal.own_rest:
            stature = merged(*feature(body, "stature"))
            shares = self._rest.shares(seconds, values[:, 0], stature, ok)
            values = np.stack((shares, shares), axis=1)
        sides = _mapped(values, signal)
        if signal.front is not None:
            width = feature(body, "frontal")[0]
            facing = np.clip((width - PROFILE) / (FRONT - PROFILE), 0.0, 1.0)
            share = signal.front.share * facing
            front = _mapped(feature(body, signal.front.feature)[0], signal.front)
            sides = (1 - share) * sides + share * front
        return sides

    def _keep(self, rows: Floats) -> None:
        oldest = rows[0, _Row.SECONDS] - self._exercise.seconds[1] - 1.0
        starts = [machine.start for machine in self._machines if machine.start >= 0]
        keep = self._rows[:, _Row.SECONDS] >= oldest
        if starts:
            keep &= self._rows[:, _Row.FRAME] >= min(starts)
        self._rows = np.concatenate((self._rows[keep], rows))

    def _step(self, row: list[float]) -> Moment:
        frame, seconds = int(row[_Row.FRAME]), row[_Row.SECONDS]
        rep = None
        for channel, machine in enumerate(self._machines):
            cycle = self._advance(channel, machine, row, frame, seconds)
            if cycle is not None and rep is None:
                rep = self._judge(cycle, channel)
        if rep is not None:
            self._progress = 0.0
            return Moment(progress=100.0 if rep.counted else 0.0, rep=rep, advice=self._codes)
        active = [machine for machine in self._machines if machine.out]
        if not active:
            self._progress = 0.0
            return NOTHING
        self._progress = max(self._progress, *(self._share(m, row) for m in active))
        return Moment(progress=self._progress, live=self._live(active[0], frame, seconds))

    def _advance(
        self, channel: int, machine: RepMachine, row: list[float], frame: int, seconds: float
    ) -> Cycle | None:
        seen = row[_Row.SEEN_LEFT : _Row.SEEN_LEFT + 2]
        if (seen[channel] if self._each else max(seen)) < self._exercise.visible:
            if seconds - self._seen_at[channel] > LOST:
                machine.lost()
            return None
        self._seen_at[channel] = seconds
        value = row[_Row.LEFT + channel] if self._each else row[_Row.PROGRESS]
        return machine.step(frame, seconds, value)

    def _share(self, machine: RepMachine, row: list[float]) -> float:
        """0-100 of the cycle: half for the way out, half for the way back once it was deep."""
        channel = self._machines.index(machine)
        value = row[_Row.LEFT + channel] if self._each else row[_Row.PROGRESS]
        out = (machine.peak - machine.low - RISE) / max(self._depth - machine.low - RISE, 0.1)
        if out < 1:
            return 50.0 * max(out, 0.0)
        back = (machine.peak - value) / ((1 - RETURN) * (machine.peak - machine.low))
        return min(50.0 + 50.0 * max(back, 0.0), 99.0)

    def _judge(self, cycle: Cycle, channel: int) -> Rep | None:
        """The attempt that `cycle` is; None where it is no rep of this exercise at all."""
        if cycle.peak < self._easy or cycle.low > START:
            return None
        if cycle.excursion < WHOLE * min(self._depth, cycle.peak):
            return None
        rows = self._seen_between(cycle.start, cycle.end, channel)
        span = float(rows[-1, _Row.SECONDS] - rows[0, _Row.SECONDS])
        if span < self._exercise.seconds[0] or not self._passes(rows, cycle, channel):
            return None
        if not self._travelled(rows) or not self._trusted(rows, channel):
            return None
        if self._each and self._is_twin(cycle, rows, channel):
            return None
        scores = criteria_of(self._exercise, self._window(rows, cycle.low, cycle.peak, channel))
        form = form_of(self._exercise, scores)
        counted = cycle.peak >= self._depth
        counted = counted and (self._least_score is None or form >= self._least_score)
        self._codes = tuple(
            advice.code
            for advice in self._exercise.advice
            if scores.get(advice.criterion, 100.0) < advice.below
        )
        self._attempts += 1
        start, end = (round(float(rows[i, _Row.SECONDS]) * 1000, 1) for i in (0, -1))
        return Rep(
            index=self._attempts, startMs=start, endMs=end, durationMs=round(end - start, 1),
            formScore=form, grade=grade_of(form), counted=counted, criteria=scores,
        )  # fmt: skip

    def _between(self, start: int, end: int) -> Floats:
        first = int(self._rows[0, _Row.FRAME])
        return self._rows[max(start - first, 0) : end - first + 1]

    def _passes(self, rows: Floats, cycle: Cycle, channel: int) -> bool:
        """Whether enough of the rep, and of its deep half, is the exercise at all."""
        progress = rows[:, _Row.LEFT + channel] if self._each else rows[:, _Row.PROGRESS]
        ok = rows[:, _Row.OK]
        deep = ok[progress >= cycle.low + 0.5 * cycle.excursion]
        return bool(min(ok.mean(), deep.mean()) >= self._exercise.share)

    def _seen_between(self, start: int, end: int, channel: int) -> Floats:
        """Rows of the frames from `start` to `end` in which the channel was followed."""
        rows = self._between(start, end)
        seen = rows[:, _Row.SEEN_LEFT : _Row.SEEN_LEFT + 2]
        best = seen[:, channel] if self._each else seen.max(axis=1)
        return rows[best >= self._exercise.visible]

    def _travelled(self, rows: Floats) -> bool:
        for travel in self._exercise.travels:
            values = self._known(rows, travel.feature)
            # Hidden joints refuse nothing.
            if len(values) >= 3 and float(values.max() - values.min()) < travel.minimum:
                return False
        return True

    def _known(self, rows: Floats, name: str) -> Floats:
        """The values of a feature in the rows where it was seen."""
        values = rows[:, _COLUMNS + self._names.index(name)]
        return values[np.isfinite(values)]

    def _trusted(self, rows: Floats, channel: int) -> bool:
        if not self._each:
            return True
        seen = rows[:, _Row.SEEN_LEFT : _Row.SEEN_LEFT + 2].mean(axis=0)
        return bool(seen[channel] >= min(TRUST, 0.6 * float(seen.max())))

    def _is_twin(self, cycle: Cycle, rows: Floats, channel: int) -> bool:
        """Whether the other side has just been counted for the same movement."""
        middle = float(self._between(cycle.top, cycle.top)[0, _Row.SECONDS])
        span = float(rows[-1, _Row.SECONDS] - rows[0, _Row.SECONDS])
        last, self._last = self._last, (channel, middle, span)
        if last is None or last[0] == channel:
            return False
        return abs(middle - last[1]) <= SAME * min(span, last[2])

    def _window(self, rows: Floats, low: float, peak: float, channel: int) -> Window:
        progress = rows[:, _Row.LEFT + channel] if self._each else rows[:, _Row.PROGRESS]
        sides = rows[:, _Row.LEFT : _Row.LEFT + 2]
        other = sides[:, 1 - channel] if self._each else progress
        facing = self._known(rows, "frontal")
        return Window(
            seconds=rows[:, _Row.SECONDS],
            progress=progress,
            sides=sides,
            seen=rows[:, _Row.SEEN_LEFT : _Row.SEEN_LEFT + 2],
            features={name: rows[:, _COLUMNS + place] for place, name in enumerate(self._names)},
            low=low,
            peak=peak,
            facing=float(facing.mean()) if len(facing) else UNKNOWN,
            paired=bool(float(other.max() - other.min()) > 0.5 * (peak - low)),
        )

    def _live(self, machine: RepMachine, frame: int, seconds: float) -> float | None:
        if seconds - self._live_at < LIVE or frame - machine.start < 3:
            return None
        self._live_at = seconds
        channel = self._machines.index(machine)
        rows = self._seen_between(machine.start, frame, channel)
        window = self._window(rows, machine.low, machine.peak, channel)
        return form_of(self._exercise, criteria_of(self._exercise, window, live=True))


def _mapped(values: Floats, signal: Signal | FrontSignal) -> Floats:
    """Progress of a feature's values."""
    return (values - signal.rest) / (signal.full - signal.rest)


def _sure(values: Floats, seen: Floats) -> Floats:
    """Mean [n] of the sides; nan where neither is seen well."""
    mean = merged(values, seen)
    mean[seen.max(axis=1) < SURE] = np.nan
    return mean
