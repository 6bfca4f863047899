"""Reps of the athlete as the form room gets them: cut at the script's own times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tests.synthetic.moves import MOVES
from tests.synthetic.perform import Camera, Script, _course, duration, film, times_of
from tests.synthetic.skeleton import Floats, Joints
from worker.motion.features.body_segments import Body
from worker.motion.form import RepForm, RepFrames, judge
from worker.motion.frames.smoothing import smoothed

LOW = ("push_up", "plank", "glute_bridge")
"""Moves that are filmed from near the floor."""


def script(move: str, yaw: float = 0.0, depth: float = 1.0, **more: object) -> Script:
    """One rep of `move`, seen from `yaw` degrees beside the front."""
    height = 0.6 if move in LOW else 1.0
    made = Script(
        move=move,
        depths=(depth,),
        alternate=move == "lunge",
        camera=Camera(yaw=yaw, height=height),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def joints_of(script: Script) -> Joints:
    """The body's joints in metres at each frame: x to its left, y ahead, z up."""
    return MOVES[script.move](*_course(script, times_of(script)))


def course_of(script: Script) -> Floats:
    """How far the rep is at each frame, 0-1, of the side that goes the farther."""
    course: Floats = np.maximum(*_course(script, times_of(script)))
    return course


def rep_of(script: Script, joints: Joints | None = None, side: int | None = None) -> RepFrames:
    """The first rep of a performance, of `joints` where they were changed."""
    seconds = times_of(script)
    body_joints = joints_of(script) if joints is None else joints
    head, chunk = film(body_joints, seconds, duration(script), script)
    everything = slice(0, len(chunk.times_us))
    body, _ = smoothed(chunk.times_us, chunk.keypoints, everything, head.media.aspect)
    out, hold, back, _ = script.seconds
    rows = np.flatnonzero((seconds >= script.lead) & (seconds <= script.lead + out + hold + back))
    progress = course_of(script)[rows]
    return RepFrames(
        seconds=seconds[rows],
        body=Body(x=body.x[rows], y=body.y[rows], score=body.score[rows]),
        progress=progress,
        turn=int(np.argmax(progress)),
        side=side,
        depth=float(progress.max()),
    )


def form_of(script: Script, joints: Joints | None = None) -> RepForm:
    """Form of that rep."""
    return judge(script.move, rep_of(script, joints))


def points(form: RepForm) -> dict[str, float]:
    """Points of each criterion that was judged."""
    return {one.criterion.name: one.points for one in form.judged if one.points is not None}


def values(form: RepForm) -> dict[str, float]:
    """Value of each criterion that was judged."""
    return {one.criterion.name: one.value for one in form.judged if one.value is not None}
