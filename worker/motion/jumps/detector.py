"""Finds jumps in a job's frames: standing, take-off, flight, landing, one after another.

Coarse and forward-going; what it finds is measured by `worker.motion.jumps.fit` once the landing is
over. A jump is seen where both feet leave the floor by more than heels can rise while the hips go
up: squats keep the feet down, walking keeps one down, sitting and falling do not lift the hips.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Literal, NamedTuple

from worker.exercises.model import JumpExercise
from worker.motion.features.anthropometry import GRAVITY, STATURE
from worker.motion.frames.frames import Frames
from worker.motion.jumps.calibration import Calibration, Calibrator, Tilt
from worker.motion.jumps.fit import Before, measured
from worker.motion.jumps.floor import Floor
from worker.motion.jumps.height import Jump, Subject
from worker.motion.jumps.signals import FEET, Rows, rows_of

LIFT = 0.06
"""Share of stature by which feet are up: on their toes people raise their ankles by 0.05."""

HIPS = 0.085
"""The same for the hips over the standing pose, where no foot is seen."""

DOWN = 0.05
"""Share of stature under which feet have landed."""

RECENT = 0.15
"""Seconds over which a floor must be steady."""

STEADY = 0.02
"""Most movement of the feet, as a share of stature, on a steady floor."""

RISING, LEAVING, RISE = 0.025, 0.02, 0.2
"""Least rise of the hips and of either foot, as shares of stature, from their lowest in the seconds
RISE before take-off: who walks or comes back from a lunge has one foot at rest. In threefold slow
motion what hops at 1 m/s rises by 0.04 in that time."""

AFTERWARDS = 0.45
"""Seconds after a landing until it is measured: by then the feet rest."""

LONGEST = 3.0
"""Seconds of the longest flight: 0.7 s in fourfold slow motion."""

SIZED = 3.0
"""Seconds over which the subject's size is read."""

BEGUN = 0.6
"""Seconds from which on a subject who falls was seen to jump."""

BLIND = 0.3
"""Seconds without a pose after which a flight is lost."""


class Started(NamedTuple):
    """Take-off, at `seconds`."""

    seconds: float


class Rising(NamedTuple):
    """In the air, or just landed: metres so far."""

    height: float
    landed: bool


class Discarded(NamedTuple):
    """Not a jump, for a `reason`."""

    reason: str


Event = Calibration | Started | Rising | Discarded | Jump
"""What is told while jumps are followed."""


class _Seen(NamedTuple):
    """Heights in the picture of the hips, either foot (nan where hidden) and the lower of them."""

    seconds: float
    hip: float
    left: float
    right: float
    low: float


class JumpTracker:
    """Events of the jumps in a job's frames; `height_cm` the subject's, None where unknown.

    All seconds are of what was filmed: in slow motion `slowdown` times as many pass in the media.
    """

    def __init__(
        self,
        exercise: JumpExercise,
        height_cm: float | None,
        pitch: float,
        aspect: float,
        slowdown: float = 1.0,
    ) -> None:
        self._exercise = exercise
        self._metres = STATURE if height_cm is None else height_cm / 100
        self._tilt = Tilt(pitch, aspect)
        self._aspect, self._slowdown = aspect, slowdown
        self._rows: Rows | None = None
        self._calibrator = Calibrator(self._metres, self._tilt)
        self._recent: deque[_Seen] = deque()
        self._floor = Floor()
        self._size = 0.0
        self._fell = False
        self._seen_since = self._seen_at = -1e9
        self._takeoff: float | None = None
        self._landing: float | None = None
        self._before = Before()
        self._best = self._peak = 0.0

    @property
    def airborne(self) -> bool:
        """Whether the subject is in the air."""
        return self._takeoff is not None and self._landing is None

    def blocks(self, frames: Frames) -> Iterator[list[list[Event]]]:
        """The events of each of a block's frames, one block after the other.

        What a block decides may look at its last frame, never beyond.
        """
        rows = rows_of(frames, self._aspect, self._slowdown)
        known = rows if self._rows is None else Rows.joined([self._rows, rows])
        before = len(known) - len(rows)
        signals = list(
            zip(
                rows.seconds.tolist(), rows.hip.tolist(), *rows.feet.T.tolist(),
                rows.sure.tolist(), rows.upright.tolist(), rows.known.tolist(), strict=True,
            )
        )  # fmt: skip
        for block in frames.blocks:
            self._rows = known.kept(before + block.start, before + block.stop)
            self._size = self._rows.usual_size(SIZED)
            yield [self._step(*signal) for signal in signals[block]]

    def finish(self) -> list[Event]:
        """What the media's end decides: a landing just made counts, a flight is cut."""
        if self._takeoff is None:
            return []
        if self._landing is None:
            self._takeoff = None
            return [Discarded("landing_not_seen")]
        return self._measure()

    def _step(
        self, seconds: float, hip: float, left: float, right: float, sure: float, upright: bool,
        known: bool,
    ) -> list[Event]:  # fmt: skip
        # blur makes the joints of what flies unsure, not wrong
        visible = known and sure > (FEET if self.airborne else self._exercise.visible)
        if not visible or self._size <= 0:
            return self._unseen(seconds)
        events: list[Event] = []
        if seconds - self._seen_at > BLIND:
            events += self._unseen(seconds)
            self._recent.clear()
            self._calibrator.interrupt()
            self._floor.forget()
            self._seen_since = seconds
        self._seen_at = seconds
        while self._recent and self._recent[0].seconds < seconds - RISE - 1e-6:
            self._recent.popleft()
        low = _lower(left, right)
        self._recent.append(_Seen(seconds, hip, left, right, low))
        if self._landing is not None and seconds - self._landing > AFTERWARDS:
            events += self._measure()
        if self.airborne:
            return events + self._fly(seconds, hip, low)
        if self._leaves(hip, low):
            events += self._measure()
            self._takeoff, self._best, self._peak = seconds, 0.0, 0.0
            return [*events, Started(seconds)]
        events += self._find_floor()
        if upright and self._rows is not None:
            return events + self._calibrator.step(seconds, hip, self._size, self._rows)
        self._calibrator.interrupt()
        return events

    def _unseen(self, seconds: float) -> list[Event]:
        if seconds - self._seen_at <= BLIND:
            return []
        if self.airborne:
            self._takeoff = None
            return [Discarded("tracking_lost")]
        return self._measure()

    def _lift(self, hip: float, low: float) -> float | None:
        """How far the feet are up, as a share of stature; by the hips where no foot is seen."""
        if low == low:
            level = self._floor.level
            return None if level is None else (level - low) / self._size
        found = self._calibrator.latest
        if found is None or found.hip is None:
            return None
        return (found.hip - hip) / self._size - HIPS + LIFT

    def _leaves(self, hip: float, low: float) -> bool:
        lift = self._lift(hip, low)
        if lift is None or lift < LIFT:
            return False
        standing = low != low or low - hip > 0.3 * self._size
        feet = min(self._risen("left"), self._risen("right"))
        return standing and self._risen("hip") > RISING and feet >= LEAVING

    def _risen(self, part: Literal["hip", "left", "right"]) -> float:
        """How far that has risen from its lowest of late, a share of stature; 1 if not seen."""
        heights = [height for row in self._recent if (height := getattr(row, part)) == height]
        now = getattr(self._recent[-1], part)
        return (max(heights) - now) / self._size if now == now else 1.0

    def _fly(self, seconds: float, hip: float, low: float) -> list[Event]:
        assert self._takeoff is not None
        lift = self._lift(hip, low)
        span = seconds - self._takeoff
        if lift is not None:
            self._peak = max(self._peak, lift)
            # feet that came down and rest have landed farther away, higher in the picture
            rests = lift < self._peak - 2 * STEADY and self._steady(self._lows())
            if span > 0.06 and (lift < DOWN or rests):
                self._landing = seconds
                if low == low:
                    self._floor.landed(low)
                self._calibrator.interrupt()
                return [Rising(self._best, landed=True)]
        if span > LONGEST:
            self._takeoff = None
            self._floor.forget()
            return [Discarded("jump_timeout")]
        height = min(self._so_far(span, hip), self._exercise.most)
        if height < self._best + 0.01:
            return []
        self._best = height
        return [Rising(height, landed=False)]

    def _so_far(self, span: float, hip: float) -> float:
        """Metres risen so far: of the hips, or what the time in the air would mean."""
        found = self._calibrator.latest
        if self._exercise.by == "hips" and found is not None and found.hip is not None:
            rise = self._tilt.level(found.hip) - self._tilt.level(hip)
            return max(rise * found.scale / 100, 0.0)
        return GRAVITY * span * span / 8

    def _find_floor(self) -> list[Event]:
        late, lows = self._late(), self._lows()
        begin, end = late[0], late[-1]
        if end.seconds - begin.seconds < 0.4 * RECENT or len(lows) < 2:
            return []
        if end.seconds - self._seen_since < BEGUN:
            fall = LIFT * self._size
            self._fell |= end.hip - begin.hip > fall and lows[-1] - lows[0] > fall
        if self._steady(lows):
            self._floor.rested(end.seconds, sum(lows) / len(lows))
            fell, self._fell = self._fell, False
            return [Discarded("takeoff_not_seen")] if fell else []
        self._floor.touched(lows[-1])
        return []

    def _late(self) -> list[_Seen]:
        """What was seen in the last RECENT seconds."""
        since = self._recent[-1].seconds - RECENT - 1e-6
        return [row for row in self._recent if row.seconds >= since]

    def _lows(self) -> list[float]:
        """Heights of the lower foot over RECENT where it was seen."""
        return [row.low for row in self._late() if row.low == row.low]

    def _steady(self, lows: list[float]) -> bool:
        """Whether the feet were seen, at the heights `lows` over RECENT, and rested."""
        return bool(lows) and max(lows) - min(lows) <= STEADY * self._size

    def _measure(self) -> list[Event]:
        """The jump that has landed, measured."""
        if self._takeoff is None or self._landing is None or self._rows is None:
            return []
        subject = Subject(self._metres, self._calibrator.latest, self._tilt)
        jump = measured(
            self._exercise, self._rows, self._takeoff, self._landing, self._before, subject
        )
        self._before.landing = self._landing
        self._takeoff = self._landing = None
        return [Discarded(jump) if isinstance(jump, str) else jump]


def _lower(left: float, right: float) -> float:
    """The foot that is lower in the picture, of those that are seen (not nan)."""
    if left != left or right != right:
        return right if left != left else left
    return max(left, right)
