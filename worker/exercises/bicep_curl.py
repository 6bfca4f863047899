"""Biceps curl: forearms up from hanging arms and down again; both arms, one, or in turn.

The hammer curl differs by the grip alone, which 17 keypoints do not show.
"""

from __future__ import annotations

from dataclasses import replace

from worker.exercises.model import (
    Advice,
    Criterion,
    Depth,
    Gate,
    RepExercise,
    Signal,
    Texts,
    Travel,
)
from worker.exercises.texts import common

_HIGHER: Texts = {
    "en": "Curl all the way up.",
    "fr": "Montez jusqu'en haut.",
    "de": "Beuge den Arm ganz nach oben.",
    "es": "Sube hasta arriba del todo.",
    "pt": "Suba até o fim.",
}
_STILL: Texts = {
    "en": "Keep your upper arms still at your sides.",
    "fr": "Gardez les bras immobiles le long du corps.",
    "de": "Halte die Oberarme ruhig am Körper.",
    "es": "Mantén los brazos quietos junto al cuerpo.",
    "pt": "Mantenha os braços parados junto ao corpo.",
}


def _advice(exercise: str) -> tuple[Advice, ...]:
    return (
        Advice(f"{exercise}_higher", "range", 75.0, _HIGHER),
        Advice(f"{exercise}_upper_arms_still", "upper_arm", 50.0, _STILL),
        *common(exercise),
    )


BICEP_CURL = RepExercise(
    id="bicep_curl",
    # Wrist height over the elbow: -0.9 hanging, 0.6 with the forearm 40 degrees from upright,
    # the end of elbow flexion (~140 degrees: AAOS Joint Motion) with the upper arm a little ahead.
    signal=Signal("forearm_y", rest=-0.9, full=0.6, sides="each"),
    joints=("shoulder", "elbow", "wrist"),
    depth=Depth(easy=0.5, normal=0.65, pro=0.85),
    gates=(Gate("elbow_y", high=-0.35), Gate("trunk_tilt", high=50.0)),
    # The legs stand still: running arms curl as well.
    travels=(Travel("thigh_gap", maximum=0.3), Travel("leg_y", maximum=0.2)),
    seconds=(0.4, 20.0),
    lowering="back",
    criteria=(
        Criterion("range", 0.4, good=0.95, bad=0.15),
        Criterion("symmetry", 0.1, good=0.1, bad=0.6, view="front"),
        Criterion("tempo", 0.15, good=0.7, bad=0.2),
        Criterion("smoothness", 0.15, good=0.0, bad=0.5),
        Criterion(
            "upper_arm", 0.2, good=30.0, bad=80.0, feature="shoulder_angle", measure="range",
            per_depth=True, view="side",
        ),
    ),
    advice=_advice("bicep_curl"),
)  # fmt: skip

HAMMER_CURL = replace(BICEP_CURL, id="hammer_curl", advice=_advice("hammer_curl"))
