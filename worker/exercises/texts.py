"""Advice that several exercises give."""

from __future__ import annotations

from worker.exercises.model import Advice, Texts

SMOOTHER: Texts = {
    "en": "Move smoothly, without jerking.",
    "fr": "Bougez de façon fluide, sans à-coups.",
    "de": "Bewege dich gleichmäßig, ohne Ruckeln.",
    "es": "Muévete con suavidad, sin tirones.",
    "pt": "Mova-se com suavidade, sem solavancos.",
}
SLOWER_DOWN: Texts = {
    "en": "Control the way down; do not drop.",
    "fr": "Contrôlez la descente, ne vous laissez pas tomber.",
    "de": "Kontrolliere den Weg nach unten, lass dich nicht fallen.",
    "es": "Controla la bajada; no te dejes caer.",
    "pt": "Controle a descida; não se deixe cair.",
}
EVEN: Texts = {
    "en": "Move both sides evenly.",
    "fr": "Bougez les deux côtés de façon égale.",
    "de": "Bewege beide Seiten gleichmäßig.",
    "es": "Mueve ambos lados por igual.",
    "pt": "Mova os dois lados por igual.",
}


_COMMON: dict[str, tuple[str, float, Texts]] = {
    "symmetry": ("even_sides", 60.0, EVEN),
    "tempo": ("control_lowering", 50.0, SLOWER_DOWN),
    "smoothness": ("smoother", 50.0, SMOOTHER),
}


def common(
    exercise: str, criteria: tuple[str, ...] = ("symmetry", "tempo", "smoothness")
) -> tuple[Advice, ...]:
    """Advice on the named common criteria, with codes that start with the exercise's id."""
    return tuple(
        Advice(f"{exercise}_{_COMMON[name][0]}", name, _COMMON[name][1], _COMMON[name][2])
        for name in criteria
    )


HIGHER_KNEE: Texts = {
    "en": "Drive your knee higher.",
    "fr": "Montez le genou plus haut.",
    "de": "Zieh das Knie höher.",
    "es": "Sube más la rodilla.",
    "pt": "Eleve mais o joelho.",
}
LOWER: Texts = {
    "en": "Go a little lower.",
    "fr": "Descendez un peu plus bas.",
    "de": "Geh etwas tiefer.",
    "es": "Baja un poco más.",
    "pt": "Desça um pouco mais.",
}
FULL_WAY: Texts = {
    "en": "Use the full range of the movement.",
    "fr": "Utilisez toute l'amplitude du mouvement.",
    "de": "Nutze den vollen Bewegungsumfang.",
    "es": "Usa todo el recorrido del movimiento.",
    "pt": "Use toda a amplitude do movimento.",
}
UPRIGHT: Texts = {
    "en": "Keep your upper body upright.",
    "fr": "Gardez le buste droit.",
    "de": "Halte den Oberkörper aufrecht.",
    "es": "Mantén el torso erguido.",
    "pt": "Mantenha o tronco ereto.",
}
STRAIGHT_BODY: Texts = {
    "en": "Keep your body in one line from shoulders to knees.",
    "fr": "Gardez le corps aligné des épaules aux genoux.",
    "de": "Halte den Körper von den Schultern bis zu den Knien gerade.",
    "es": "Mantén el cuerpo en línea de los hombros a las rodillas.",
    "pt": "Mantenha o corpo alinhado dos ombros aos joelhos.",
}
