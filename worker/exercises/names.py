"""What people call the exercises, by language; the upload page says the same."""

from __future__ import annotations


def _names(en: str, fr: str, de: str, es: str, pt: str) -> dict[str, str]:
    return {"en": en, "fr": fr, "de": de, "es": es, "pt": pt}


NAMES: dict[str, dict[str, str]] = {
    "squat": _names("Squat", "Squat", "Kniebeuge", "Sentadilla", "Agachamento"),
    "push_up": _names("Push-up", "Pompe", "Liegestütz", "Flexión", "Flexão de braço"),
    "lunge": _names("Lunge", "Fente", "Ausfallschritt", "Zancada", "Afundo"),
    "side_lunge": _names(
        "Side lunge",
        "Fente latérale",
        "Seitlicher Ausfallschritt",
        "Zancada lateral",
        "Afundo lateral",
    ),
    "deadlift": _names(
        "Deadlift", "Soulevé de terre", "Kreuzheben", "Peso muerto", "Levantamento terra"
    ),
    "calf_raise": _names(
        "Calf raise",
        "Extension des mollets",
        "Wadenheben",
        "Elevación de talones",
        "Elevação de panturrilha",
    ),
    "bicep_curl": _names(
        "Biceps curl", "Curl biceps", "Bizeps-Curl", "Curl de bíceps", "Rosca bíceps"
    ),
    "hammer_curl": _names(
        "Hammer curl", "Curl marteau", "Hammer-Curl", "Curl martillo", "Rosca martelo"
    ),
    "shoulder_press": _names(
        "Shoulder press",
        "Développé épaules",
        "Schulterdrücken",
        "Press de hombros",
        "Desenvolvimento de ombros",
    ),
    "high_knees": _names(
        "High knees", "Montées de genoux", "Kniehebelauf", "Rodillas arriba", "Elevação de joelhos"
    ),
    "glute_bridge": _names(
        "Glute bridge", "Pont fessier", "Beckenheben", "Puente de glúteos", "Ponte de glúteos"
    ),
    "tricep_dip": _names(
        "Triceps dip", "Dip triceps", "Trizeps-Dip", "Fondo de tríceps", "Mergulho de tríceps"
    ),
    "mountain_climber": _names(
        "Mountain climber", "Grimpeur", "Bergsteiger", "Escalador", "Escalador"
    ),
    "leg_raise": _names(
        "Leg raise", "Relevé de jambes", "Beinheben", "Elevación de piernas", "Elevação de pernas"
    ),
    "lateral_raise": _names(
        "Lateral raise", "Élévation latérale", "Seitheben", "Elevación lateral", "Elevação lateral"
    ),
    "jumping_jack": _names(
        "Jumping jack", "Jumping jack", "Hampelmann", "Salto de tijera", "Polichinelo"
    ),
    "low_impact_jack": _names(
        "Low-impact jack",
        "Jumping jack sans saut",
        "Hampelmann ohne Sprung",
        "Tijera sin salto",
        "Polichinelo sem salto",
    ),
    "sit_up": _names("Sit-up", "Relevé de buste", "Sit-up", "Abdominal", "Abdominal"),
    "pull_up": _names("Pull-up", "Traction", "Klimmzug", "Dominada", "Barra fixa"),
    "burpee": _names("Burpee", "Burpee", "Burpee", "Burpee", "Burpee"),
    "bench_press": _names(
        "Bench press", "Développé couché", "Bankdrücken", "Press de banca", "Supino"
    ),
    "row": _names("Row", "Rowing", "Rudern", "Remo", "Remada"),
    "kettlebell_swing": _names(
        "Kettlebell swing",
        "Balancé de kettlebell",
        "Kettlebell-Schwung",
        "Balanceo con kettlebell",
        "Balanço com kettlebell",
    ),
    "front_raise": _names(
        "Front raise", "Élévation frontale", "Frontheben", "Elevación frontal", "Elevação frontal"
    ),
    "triceps_extension": _names(
        "Triceps extension",
        "Extension des triceps",
        "Trizepsstrecken",
        "Extensión de tríceps",
        "Extensão de tríceps",
    ),
    "plank": _names("Plank", "Gainage", "Unterarmstütz", "Plancha", "Prancha"),
    "wall_sit": _names(
        "Wall sit", "Chaise", "Wandsitzen", "Sentadilla en la pared", "Agachamento na parede"
    ),
    "balance_leg": _names(
        "One-leg balance",
        "Équilibre sur une jambe",
        "Einbeinstand",
        "Equilibrio a una pierna",
        "Equilíbrio em uma perna",
    ),
    "balance_leg_left": _names(
        "Balance on the left leg",
        "Équilibre sur la jambe gauche",
        "Einbeinstand links",
        "Equilibrio sobre la pierna izquierda",
        "Equilíbrio na perna esquerda",
    ),
    "balance_leg_right": _names(
        "Balance on the right leg",
        "Équilibre sur la jambe droite",
        "Einbeinstand rechts",
        "Equilibrio sobre la pierna derecha",
        "Equilíbrio na perna direita",
    ),
    "jump_analysis": _names(
        "Vertical jump",
        "Saut vertical",
        "Hochsprung aus dem Stand",
        "Salto vertical",
        "Salto vertical",
    ),
    "air_time_jump": _names(
        "Vertical jump",
        "Saut vertical",
        "Hochsprung aus dem Stand",
        "Salto vertical",
        "Salto vertical",
    ),
}
"""By id of the exercise."""
