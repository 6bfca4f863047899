"""From jumps to what is said of them: calibration, take-off, heights, counts, the summary."""

from __future__ import annotations

from itertools import chain
from typing import Any

from worker.contract.exercises import CATALOGUE
from worker.contract.jobs import Result
from worker.contract.jump_messages import (
    JumpCalibration,
    JumpDiscarded,
    JumpHeight,
    JumpStarted,
    JumpSummary,
)
from worker.contract.media import MediaInfo, WarningCode
from worker.contract.message_parts import Jump as JumpPart
from worker.contract.message_parts import VisibleHips
from worker.contract.messages import Counter, ExerciseSummary, Message
from worker.contract.options import JobOptions
from worker.exercises.model import JumpExercise
from worker.exercises.names import text_table
from worker.motion.frames.frames import Frames, HudFrame
from worker.motion.jumps.calibration import Calibration
from worker.motion.jumps.detector import Discarded, Event, JumpTracker, Rising, Started
from worker.motion.jumps.estimate import LIMIT
from worker.motion.jumps.height import Jump
from worker.motion.posture.guide import PostureGuide

TEXTS = text_table("worker.motion.jumps", "texts.csv")
"""By `reason` (or what happened), then by language."""


class JumpReporter:
    """One jump exercise of one job. Jumps have no form score, so `exercise_summary` has no
    history; `jump_summary` lists them."""

    def __init__(self, exercise: JumpExercise, options: JobOptions, media: MediaInfo) -> None:
        self._exercise = exercise
        self._media = media
        self._height = max(media.height, 1)
        self._tracker = JumpTracker(
            exercise,
            options.userHeightCm,
            options.devicePitchDeg or 0.0,
            media.aspect,
            media.slowdown,
        )
        self._language = options.language
        view = CATALOGUE[exercise.id].view
        self.guide = PostureGuide(exercise.joints, view, options.language)
        self._hips = VisibleHips(left=False, right=False)
        self._jumps: list[Jump] = []

    def span(self, frames: Frames, said: list[list[Message]], hud: list[HudFrame]) -> None:
        """Adds to what is `said` in each of n frames, and to `hud`."""
        times = frames.times_us.tolist()
        visible = (frames.body.score[:, 11:13] > self._exercise.visible).tolist()
        events = chain.from_iterable(self._tracker.blocks(frames))
        postures = chain.from_iterable(self.guide.blocks(frames))
        for time, hips, found, posture, messages in zip(
            times, visible, events, postures, said, strict=True
        ):
            messages += posture
            self._hips = VisibleHips(left=hips[0], right=hips[1])
            for event in found:
                messages += self._said(event, time)
            hud.append(HudFrame(time, len(self._jumps), float(self._tracker.airborne)))

    def closing(self, time_us: int) -> list[Message]:
        """A jump that the media's end completes or cuts, the final counter, the summaries."""
        messages: list[Message] = []
        for event in self._tracker.finish():
            messages += self._said(event, time_us)
        count = len(self._jumps)
        messages += [
            Counter(current_count=count, final=True, timestampMs=round(time_us / 1000, 1)),
            ExerciseSummary(
                exercise=self._exercise.id, counter=count, avg_rep_score=0.0, avg_similarity=None,
                grade=None, durationMs=round(self._media.duration_ms, 1), history=(),
                warnings=self._warnings(),
            ),
            self._summary(),
        ]  # fmt: skip
        return messages

    def result(self, person_frames: int, frames: int) -> Result:
        """The job's result."""
        return Result(count=len(self._jumps), personFrames=person_frames, frames=frames)

    def _said(self, event: Event, time_us: int) -> list[Message]:
        if isinstance(event, Calibration):
            return self._calibrated(event)
        if isinstance(event, Started):
            started = JumpStarted(
                message=TEXTS["started"][self._language],
                timestampMs=round(1000 * event.seconds * self._media.slowdown, 1),
            )
            return [*self.guide.force_ready(), started]
        if isinstance(event, Rising):
            return [
                JumpHeight(
                    jumpHeightCm=round(100 * event.height, 1), measuring=True,
                    landed=event.landed, visibleHips=self._hips,
                )
            ]  # fmt: skip
        if isinstance(event, Discarded):
            return [
                JumpDiscarded(reason=event.reason, userMessage=TEXTS[event.reason][self._language])
            ]
        self._jumps.append(event)
        counter = Counter(current_count=len(self._jumps), timestampMs=round(time_us / 1000, 1))
        return [*self.guide.force_ready(), self._final(event), counter]

    def _calibrated(self, found: Calibration) -> list[Message]:
        if self._exercise.by != "hips":
            return []
        baseline = None if found.hip is None else round(found.hip * self._height, 1)
        return [
            JumpCalibration(
                calibrated=True, cmPerPixel=round(found.scale / self._height, 5),
                baselineY=baseline, visibleHips=self._hips,
                message=TEXTS["calibrated"][self._language],
            )
        ]  # fmt: skip

    def _final(self, jump: Jump) -> JumpHeight:
        baseline = (
            None if jump.hips.baseline is None else round(jump.hips.baseline * self._height, 1)
        )
        top = round(jump.hips.top * self._height, 1)
        return JumpHeight(
            measuring=False, landed=True, final=True, baselineY=baseline, minY=top,
            deltaPixels=None if baseline is None else round(baseline - top, 1),
            sideUsed=jump.hips.side, visibleHips=self._hips, jumpNumber=len(self._jumps),
            **_measures(jump),
        )  # fmt: skip

    def _warnings(self) -> tuple[WarningCode, ...]:
        reasons = {jump.reason for jump in self._jumps}
        known: tuple[WarningCode, ...] = ("slow_motion", "hips_disagree")
        return tuple(code for code in known if code in reasons)

    def _summary(self) -> JumpSummary:
        jumps = tuple(
            JumpPart(jumpNumber=number, **_measures(jump))
            for number, jump in enumerate(self._jumps, 1)
        )
        heights = [jump.jumpHeightCm for jump in jumps if jump.jumpHeightCm is not None]
        airs = [jump.air for jump in self._jumps if jump.air is not None]
        return JumpSummary(
            totalJumps=len(jumps),
            avgJumpHeight=round(sum(heights) / len(heights), 1) if heights else 0.0,
            maxJumpHeight=max(heights, default=0.0),
            minJumpHeight=min(heights, default=0.0),
            avgAirTimeSeconds=round(sum(airs) / len(airs), 4) if airs else None,
            jumps=jumps,
        )


def _measures(jump: Jump) -> dict[str, Any]:
    """The fields of a jump that its messages share."""
    height, air = jump.height, jump.air
    return {
        "jumpHeightCm": None if height is None else round(100 * height.value, 1),
        "plusMinusCm": None if height is None else round(100 * LIMIT * height.sigma, 1),
        "airTimeMs": None if air is None else round(1000 * air, 1),
        "airTimeSeconds": None if air is None else round(air, 4),
        "reason": jump.reason,
    }
