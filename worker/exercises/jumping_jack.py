"""Jumping jack, and its low-impact form that steps to the side instead of jumping."""

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
    "en": "Raise your arms all the way over your head.",
    "fr": "Levez les bras bien au-dessus de la tête.",
    "de": "Nimm die Arme ganz über den Kopf.",
    "es": "Sube los brazos por encima de la cabeza.",
    "pt": "Levante os braços acima da cabeça.",
}
_WIDER: Texts = {
    "en": "Open your legs wider.",
    "fr": "Écartez davantage les jambes.",
    "de": "Öffne die Beine weiter.",
    "es": "Abre más las piernas.",
    "pt": "Abra mais as pernas.",
}


def _advice(exercise: str) -> tuple[Advice, ...]:
    return (
        Advice(f"{exercise}_arms_higher", "range", 75.0, _HIGHER),
        Advice(f"{exercise}_legs_wider", "legs", 50.0, _WIDER),
        *common(exercise, ("symmetry", "smoothness")),
    )


JUMPING_JACK = RepExercise(
    id="jumping_jack",
    # Straight arms go up by their length twice but for the last 30 degrees, the feet from hip width
    # to more than shoulder width.
    signals=(
        Signal("wrist_over_shoulder", 0.55),
        Signal("elbow_over_shoulder", 0.3, weight=0.7),
        Signal("ankle_spread", 0.25, weight=0.7),
    ),
    conditions=(
        Condition("wrist_over_shoulder", "range", low=0.2),
        Condition("wrist_over_shoulder", "turn", low=0.05),
        Condition("hip_height", "range", high=0.18),
    ),
    lowering="back",
    joints=("shoulder", "elbow", "wrist"),
    criteria=(
        Criterion("range", 0.4, good=0.95, bad=0.15),
        Criterion("symmetry", 0.2, good=0.08, bad=0.5),
        Criterion("smoothness", 0.15, good=0.0, bad=0.5),
        Criterion("legs", 0.25, good=0.5, bad=0.1, feature="feet_spread", measure="range"),
    ),
    advice=_advice("jumping_jack"),
)

LOW_IMPACT_JACK = replace(
    JUMPING_JACK,
    id="low_impact_jack",
    criteria=(
        *JUMPING_JACK.criteria[:3],
        Criterion("legs", 0.25, good=0.35, bad=0.05, feature="feet_spread", measure="range"),
    ),
    advice=_advice("low_impact_jack"),
)
