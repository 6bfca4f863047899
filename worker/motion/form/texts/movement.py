"""Sentences about range, pace and evenness."""

from __future__ import annotations

MOVEMENT: dict[str, dict[str, str]] = {
    "deeper": {
        "en": "Go a little lower.",
        "fr": "Descendez un peu plus bas.",
        "de": "Geh etwas tiefer.",
        "es": "Baja un poco más.",
        "pt": "Desça um pouco mais.",
    },
    "chest_to_floor": {
        "en": "Bring your chest closer to the floor.",
        "fr": "Rapprochez la poitrine du sol.",
        "de": "Bring die Brust näher zum Boden.",
        "es": "Acerca más el pecho al suelo.",
        "pt": "Aproxime mais o peito do chão.",
    },
    "full_range": {
        "en": "Use the full range of the movement.",
        "fr": "Utilisez toute l'amplitude du mouvement.",
        "de": "Nutze den vollen Bewegungsumfang.",
        "es": "Usa todo el recorrido del movimiento.",
        "pt": "Use toda a amplitude do movimento.",
    },
    "hips_all_the_way": {
        "en": "Push your hips all the way up.",
        "fr": "Montez les hanches jusqu'en haut.",
        "de": "Drück die Hüfte ganz nach oben.",
        "es": "Sube la cadera del todo.",
        "pt": "Suba o quadril até o fim.",
    },
    "higher_knee": {
        "en": "Drive your knee higher.",
        "fr": "Montez le genou plus haut.",
        "de": "Zieh das Knie höher.",
        "es": "Sube más la rodilla.",
        "pt": "Eleve mais o joelho.",
    },
    "legs_wider": {
        "en": "Open your legs wider.",
        "fr": "Écartez davantage les jambes.",
        "de": "Öffne die Beine weiter.",
        "es": "Abre más las piernas.",
        "pt": "Abra mais as pernas.",
    },
    "control_lowering": {
        "en": "Control the way down; do not drop.",
        "fr": "Contrôlez la descente, ne vous laissez pas tomber.",
        "de": "Kontrolliere den Weg nach unten, lass dich nicht fallen.",
        "es": "Controla la bajada; no te dejes caer.",
        "pt": "Controle a descida; não se deixe cair.",
    },
    "smoother": {
        "en": "Move smoothly, without jerking.",
        "fr": "Bougez de façon fluide, sans à-coups.",
        "de": "Bewege dich gleichmäßig, ohne Ruckeln.",
        "es": "Muévete con suavidad, sin tirones.",
        "pt": "Mova-se com suavidade, sem solavancos.",
    },
    "even_sides": {
        "en": "Move both sides evenly.",
        "fr": "Bougez les deux côtés de façon égale.",
        "de": "Bewege beide Seiten gleichmäßig.",
        "es": "Mueve ambos lados por igual.",
        "pt": "Mova os dois lados por igual.",
    },
}
