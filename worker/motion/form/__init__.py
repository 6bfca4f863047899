"""How well a repetition or hold was done: criteria with their measures, a score, advice."""

from __future__ import annotations

from worker.motion.form.advice import advice_codes, advice_on, advice_text, live_codes
from worker.motion.form.hold import HoldForm
from worker.motion.form.rep_frames import RepFrames
from worker.motion.form.score import RepForm, judge

__all__ = [
    "HoldForm",
    "RepForm",
    "RepFrames",
    "advice_codes",
    "advice_on",
    "advice_text",
    "judge",
    "live_codes",
]
