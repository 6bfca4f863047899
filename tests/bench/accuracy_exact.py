"""The part of ACCURACY.md about the shipped clips' joints, whose places are exactly known."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tests.bench.accuracy_poses import ROOT, engine
from tests.bench.exact_motion import FAST, jitter, lag
from tests.bench.exact_scores import PCK_SHARE, JointError, Taken, joint_errors, score
from tests.bench.exact_subject import kept
from tests.bench.exact_truth import Exact, exact
from tests.bench.keypoint_clips import poses
from worker.pose.profiles import PROFILES, Wanted

CLIPS = ROOT / "tests" / "clips"
LOOKED_AT: tuple[Wanted, ...] = ("auto", *PROFILES)
STILL = "standing_5s"

_PROTOCOL = """### Shipped clips, exact truth

`tests/clips/keypoints.npz` says where the 17 joints are in each of the {frames} frames of the
{clips} shipped clips with one performer and one camera (two synthetic bodies;
`tests/synthetic/rendering/keypoints.py`): the points of the mesh that a regressor of COCO's joints
picks, those that the body hides included. OKS with COCO's sigmas; its area is what the body covers,
counted in pixels. *Seen*: without the joints that lie more than 20 cm behind the skin. PCK: joints
within {share:.0f} % of the stature of the truth. Means over clips; a frame without a pose scores 0.
Errors in per cent of the stature (1 % is 17 mm).
"""
_OFFSETS = """By joint ({profile}): where the regressor and
annotators do not mean the same place by a word, an offset stays. *Down* and *outward* (front views,
from the body's middle) are median offsets; *rest* is the median error once each clip's own median
offset is taken away.
"""
_TIME = """Late is the shift of the true course of the joints' height that correlates best with the
estimated one (steps of 1 ms within 200 ms, interpolated); a frame lasts 17 ms in the jump, 40 ms in
`squat_front_3` and `shoulder_press_4`, else 33 ms. Size: the estimated movement over the true one.
"""


_SUBJECT = """### The subject among others

`crossed_squat_3`: one walks across in front of the subject and one behind. `cut_squat_4`: a cut
puts the subject elsewhere in the picture. *Another's*: a pose nearer to another's joints than to
the subject's; *nobody's*: body joints more than 15 % of the stature away on average.
"""


def said() -> dict[str, dict[str, Any]]:
    """What truth.json says of each clip."""
    clips = json.loads((CLIPS / "truth.json").read_text())["clips"]
    return {Path(clip["file"]).stem: clip for clip in clips}


def is_staged(clip: Mapping[str, Any]) -> bool:
    """Whether others cross in a clip, or the camera is cut."""
    return "cuts_s" in clip or "crossed_s" in clip


def taken(profile: Wanted, *, staged: bool = False) -> list[Taken]:
    """Every shipped clip of one performer before one camera, or those that are `staged`, by
    `profile`; estimates what is not kept."""
    clips = said()
    return [
        take(truth, clips[truth.name]["exercise"] or "squat", clips[truth.name]["fps"], profile)
        for truth in exact(CLIPS / "keypoints.npz")
        if is_staged(clips[truth.name]) == staged
    ]


def take(truth: Exact, exercise: str, fps: float, profile: Wanted) -> Taken:
    """One clip; raises ValueError where frames are missing."""
    keypoints, size = poses(CLIPS / f"{truth.name}.mp4", exercise, profile)
    if len(keypoints) != len(truth.places):
        raise ValueError(f"{truth.name}: {len(keypoints)} poses of {len(truth.places)} frames")
    return Taken(
        truth=truth,
        places=keypoints[..., :2].astype(np.float64) * size,
        there=keypoints[..., 2].any(axis=1),
        times=np.arange(len(keypoints)) / fps,
    )


def fronts() -> list[str]:
    """The clips that show somebody from the front."""
    return [name for name, clip in said().items() if clip["view"]["yaw"] == 0]


def text_of() -> str:
    """The part, as text."""
    by_profile = {profile: taken(profile) for profile in LOOKED_AT}
    first = by_profile["auto"]
    frames = sum(len(one.places) for one in first)
    errors = {profile: joint_errors(found, fronts()) for profile, found in by_profile.items()}
    return "\n".join(
        [
            _PROTOCOL.format(frames=frames, clips=len(first), share=100 * PCK_SHARE),
            _scores(by_profile),
            _by_clip(by_profile),
            _OFFSETS.format(profile="`auto`, but for the last columns"),
            _joints(errors),
            "### Joints in time\n",
            _TIME,
            _lags(by_profile),
            _SUBJECT,
            _subjects(),
        ]
    )


def _scores(by_profile: Mapping[Wanted, Sequence[Taken]]) -> str:
    lines = [
        "| profile | models | mean OKS | seen | PCK | median error | frames with a pose |"
        " jitter: standing | moving |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for profile, found in by_profile.items():
        own = score(found)
        still = next(jitter(one) for one in found if one.truth.name == STILL)
        moving = np.mean([jitter(one) for one in found if one.truth.name != STILL])
        lines.append(
            f"| {profile} | `{engine(profile).environment.model}` | {own.oks:.3f} |"
            f" {own.oks_seen:.3f} | {own.pck:.1f} % | {own.error:.2f} % | {own.found:.1f} % |"
            f" {still:.2f} % | {moving:.2f} % |"
        )
    lines += [
        "",
        f"Jitter: root mean square step of the body's joints from frame to frame less the true step"
        f" (of 17 mm to the per cent), `{STILL}` and the mean over all other clips.",
    ]
    return "\n".join(lines) + "\n"


def _by_clip(by_profile: Mapping[Wanted, Sequence[Taken]]) -> str:
    lines = [
        f"| mean OKS | {' | '.join(by_profile)} |",
        f"|---|{'---|' * len(by_profile)}",
    ]
    for row in zip(*by_profile.values(), strict=True):
        cells = [f"{one.oks().mean():.3f}" for one in row]
        lines.append(f"| {row[0].truth.name} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _joints(errors: Mapping[Wanted, Mapping[str, JointError]]) -> str:
    lines = [
        "| joint | median error | where hidden | down | outward | rest |"
        f" {' | '.join(f'median, {profile}' for profile in PROFILES)} |",
        f"|---|---|---|---|---|---|{'---|' * len(PROFILES)}",
    ]
    for name, own in errors["auto"].items():
        others = [f"{errors[profile][name].median:.2f}" for profile in PROFILES]
        shown = [_number(own.median), _number(own.hidden), f"{own.down:+.2f}"]
        shown += [_number(own.outward, "+.2f"), _number(own.rest)]
        lines.append(f"| {name} | {' | '.join(shown + others)} |")
    return "\n".join(lines) + "\n"


def _number(value: float, form: str = ".2f") -> str:
    return "" if np.isnan(value) else format(value, form)


def _lags(by_profile: Mapping[Wanted, Sequence[Taken]]) -> str:
    lines = [
        f"| late, ms · size | {' | '.join(by_profile)} |",
        f"|---|{'---|' * len(by_profile)}",
    ]
    for name, word, joints in FAST:
        cells = []
        for found in by_profile.values():
            own = lag(next(one for one in found if one.truth.name == name), joints)
            cells.append(f"{round(own.ms):+d} · {own.gain:.2f}")
        lines.append(f"| {name}, {word} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _subjects() -> str:
    lines = [
        "| clip, profile | frames | no pose | another's | nobody's | found again after the cut |",
        "|---|---|---|---|---|---|",
    ]
    for profile in LOOKED_AT:
        for one in taken(profile, staged=True):
            cut = said()[one.truth.name].get("cuts_s", [None])[0]
            own = kept(one, cut)
            again = "" if cut is None else f"{own.blind_s:.2f} s"
            lines.append(
                f"| {one.truth.name}, {profile} | {own.frames} | {own.lost} | {own.swapped} |"
                f" {own.away} | {again} |"
            )
    return "\n".join(lines) + "\n"
