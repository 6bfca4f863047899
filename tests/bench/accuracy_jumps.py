"""Jumps of real people against their take-off and landing by the frames: ACCURACY.md, part `jumps`.

`form/jumps.json` beside the shared media has them: seconds of take-off and landing by the feet, the
flight's height g t^2 / 8 with its interval, the kind of jump and the frame rate of what was filmed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.accuracy_poses import messages_of
from tests.bench.accuracy_report import agreement
from worker.contract.jump_messages import JumpDiscarded, JumpHeight, JumpStarted
from worker.contract.messages import Entry

CHOSEN_ON = frozenset({"anson-home", "ft-jumpsquat", "goondoc-jumpsquat", "jv-mat-shoes"})
"""Subjects that the constants of `worker.motion.jumps.edges` were chosen on; the others judge."""

SAME = 0.3
"""Seconds between a jump's take-off and the one that is told for it, at most."""

EXPLAINED = """## Real jumps

Take-off and landing by the feet in the frames; what is compared is `jumpHeightCm` of
`air_time_jump` with g t^2 / 8. *chosen on*: subjects that the few constants were chosen on; *judged
on*: all others, who were in sight, though, when the head became the third track and standing was
asked for a quarter of a second. *inside*: share of errors within the `plusMinusCm` that was told.
"""


@dataclass(frozen=True)
class Measured:
    """A labelled jump and what was told of it: height and uncertainty in cm, None where it was not
    told, and then the reason."""

    truth: dict[str, Any]
    height: float | None = None
    off: float | None = None
    reason: str = "not seen"

    @property
    def error(self) -> float:
        """Told less true height in cm; nan where it was not told."""
        return float("nan") if self.height is None else self.height - self.truth["height_cm"]


def measure(shared: Path) -> list[Measured]:
    """All labelled jumps; those of clips that are not here are left out."""
    path = shared / "form" / "jumps.json"
    truths = json.loads(path.read_text()) if path.is_file() else []
    by_clip: dict[Path, list[dict[str, Any]]] = {}
    for truth in truths:
        by_clip.setdefault(shared / truth["where"] / truth["clip"], []).append(truth)
    return [
        _of(truth, told)
        for clip, own in by_clip.items()
        if clip.is_file()
        for told in [_told(messages_of(clip, "air_time_jump"))]
        for truth in own
    ]


def _told(entries: Sequence[Entry]) -> list[tuple[float, JumpHeight | JumpDiscarded]]:
    """What became of each jump, with the seconds of its take-off."""
    takeoff, told = 0.0, []
    for message in (entry.message for entry in entries):
        if isinstance(message, JumpStarted):
            takeoff = message.timestampMs / 1000
        elif isinstance(message, JumpDiscarded) or (
            isinstance(message, JumpHeight) and message.final
        ):
            told.append((takeoff, message))
    return told


def _of(
    truth: dict[str, Any], told: Sequence[tuple[float, JumpHeight | JumpDiscarded]]
) -> Measured:
    for takeoff, message in told:
        if abs(takeoff - truth["takeoff"]) > SAME:
            continue
        if isinstance(message, JumpHeight) and message.jumpHeightCm is not None:
            return Measured(truth, message.jumpHeightCm, message.plusMinusCm, "")
        return Measured(truth, reason=message.reason or "")
    return Measured(truth)


def text_of(shared: Path) -> str:
    """The part of the report."""
    found = measure(shared)
    if not found:
        return f"{EXPLAINED}\nNo clips here.\n"
    chosen = [one for one in found if one.truth["subject"] in CHOSEN_ON]
    groups = {
        "all": found,
        "chosen on": chosen,
        "judged on": [one for one in found if one not in chosen],
    }
    for kind in sorted({one.truth["kind"] for one in found}):
        groups[kind] = [one for one in found if one.truth["kind"] == kind]
    for name, low, high in (
        ("under 28 fps", 0, 28),
        ("28-32 fps", 28, 32),
        ("over 32 fps", 32, 1000),
    ):
        groups[name] = [one for one in found if low <= one.truth["fps"] < high]
    lines = [EXPLAINED, "| | told | error, cm | mean error, cm | inside |", "|---|---|---|---|---|"]
    lines += [_row(name, group) for name, group in groups.items()]
    lines += ["", "| clip | kind | fps | true, cm | told, cm |", "|---|---|---|---|---|"]
    lines += [_line(one) for one in found]
    return "\n".join(lines) + "\n"


def _row(name: str, group: Sequence[Measured]) -> str:
    told = [one for one in group if one.height is not None]
    if not told:
        return f"| {name} | 0 of {len(group)} | | | |"
    errors = np.array([one.error for one in told])
    inside = np.mean([abs(one.error) <= (one.off or 0.0) for one in told])
    return (
        f"| {name} | {len(told)} of {len(group)} | {agreement(errors)} |"
        f" {np.abs(errors).mean():.2f} | {inside:.2f} |"
    )


def _line(one: Measured) -> str:
    truth = one.truth
    told = one.reason if one.height is None else f"{one.height:.1f} ± {one.off:.1f}"
    true = f"{truth['height_cm']:.1f} ({truth['height_lo']:.1f}-{truth['height_hi']:.1f})"
    return f"| {truth['clip']} | {truth['kind']} | {truth['fps']:g} | {true} | {told} |"
