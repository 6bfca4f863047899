"""Jumping jack, and its low-impact form that steps to the side instead of jumping."""

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
    # Wrist height over the shoulder by arm length: -0.95 hanging, 0.8 with the arms ~37 degrees
    # from overhead, hands over the head.
    signal=Signal("raise_y", rest=-0.95, full=0.8),
    joints=("shoulder", "elbow", "wrist"),
    guided=("hip", "ankle"),
    depth=Depth(easy=0.5, normal=0.65, pro=0.9),
    gates=(Gate("trunk_tilt", high=40.0), Gate("hips_over_feet_y", low=0.6)),
    # Feet from hip width to beyond shoulder width, of a leg ~0.85 m.
    travels=(Travel("feet_spread", minimum=0.2),),
    seconds=(0.35, 8.0),
    lowering="back",
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
    travels=(Travel("feet_spread", minimum=0.12),),
    criteria=(
        *JUMPING_JACK.criteria[:3],
        Criterion("legs", 0.25, good=0.35, bad=0.05, feature="feet_spread", measure="range"),
    ),
    advice=_advice("low_impact_jack"),
)
