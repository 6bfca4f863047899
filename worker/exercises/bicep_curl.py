"""Biceps curl: forearms up from hanging arms and down again; both arms, one, or in turn.

The hammer curl differs by the grip alone, which 17 keypoints do not show.
"""

from __future__ import annotations

from dataclasses import replace

from worker.exercises.model import (
    Advice,
    Condition,
    Criterion,
    RepExercise,
    Signal,
    Texts,
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
    # The elbow bends by 110 of its 140 degrees (AAOS Joint Motion); the wrist rises by one and a
    # half times the forearm's length (0.146 of stature).
    signals=(Signal("elbow_flexion", 110), Signal("wrist_over_elbow", 0.22)),
    conditions=(
        Condition("elbow_flexion", "range", low=40),
        Condition("shoulder_height", "range", high=0.1),
    ),
    sides="each",
    lowering="back",
    joints=("shoulder", "elbow", "wrist"),
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
