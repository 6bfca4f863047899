"""Sentences about the arms."""

from __future__ import annotations

ARMS: dict[str, dict[str, str]] = {
    "upper_arms_still": {
        "en": "Keep your upper arms still at your sides.",
        "fr": "Gardez les bras immobiles le long du corps.",
        "de": "Halte die Oberarme ruhig am Körper.",
        "es": "Mantén los brazos quietos junto al cuerpo.",
        "pt": "Mantenha os braços parados junto ao corpo.",
    },
    "curl_up": {
        "en": "Curl all the way up.",
        "fr": "Montez jusqu'en haut.",
        "de": "Beuge den Arm ganz nach oben.",
        "es": "Sube hasta arriba del todo.",
        "pt": "Suba até o fim.",
    },
    "lower_all_the_way": {
        "en": "Lower the weight until your arms are straight.",
        "fr": "Descendez la charge jusqu'à tendre les bras.",
        "de": "Senk das Gewicht, bis die Arme gestreckt sind.",
        "es": "Baja el peso hasta estirar los brazos.",
        "pt": "Desça o peso até esticar os braços.",
    },
    "press_up": {
        "en": "Press all the way overhead.",
        "fr": "Poussez jusqu'au-dessus de la tête.",
        "de": "Drück ganz nach oben über den Kopf.",
        "es": "Empuja del todo por encima de la cabeza.",
        "pt": "Empurre até acima da cabeça.",
    },
    "straight_arms": {
        "en": "Keep your arms straight.",
        "fr": "Gardez les bras tendus.",
        "de": "Lass die Arme gestreckt.",
        "es": "Mantén los brazos estirados.",
        "pt": "Mantenha os braços esticados.",
    },
    "lock_out": {
        "en": "Straighten your arms at the top.",
        "fr": "Tendez les bras en haut.",
        "de": "Streck die Arme oben durch.",
        "es": "Estira los brazos arriba.",
        "pt": "Estique os braços no topo.",
    },
    "raise_up": {
        "en": "Raise your arms to shoulder height.",
        "fr": "Montez les bras à hauteur d'épaules.",
        "de": "Heb die Arme auf Schulterhöhe.",
        "es": "Sube los brazos a la altura de los hombros.",
        "pt": "Suba os braços até a altura dos ombros.",
    },
    "shoulder_height": {
        "en": "Stop at shoulder height.",
        "fr": "Arrêtez-vous à hauteur d'épaules.",
        "de": "Hör auf Schulterhöhe auf.",
        "es": "Detente a la altura de los hombros.",
        "pt": "Pare na altura dos ombros.",
    },
    "forearms_upright": {
        "en": "Keep your forearms upright, elbows over your hands.",
        "fr": "Gardez les avant-bras verticaux, coudes au-dessus des mains.",
        "de": "Halte die Unterarme senkrecht, die Ellbogen über den Händen.",
        "es": "Mantén los antebrazos verticales, codos sobre las manos.",
        "pt": "Mantenha os antebraços verticais, cotovelos sobre as mãos.",
    },
    "bar_close": {
        "en": "Keep the weight close to your legs.",
        "fr": "Gardez la charge près des jambes.",
        "de": "Führ das Gewicht nah an den Beinen.",
        "es": "Mantén el peso cerca de las piernas.",
        "pt": "Mantenha o peso perto das pernas.",
    },
    "arms_higher": {
        "en": "Raise your arms all the way over your head.",
        "fr": "Levez les bras bien au-dessus de la tête.",
        "de": "Nimm die Arme ganz über den Kopf.",
        "es": "Sube los brazos por encima de la cabeza.",
        "pt": "Levante os braços acima da cabeça.",
    },
}
