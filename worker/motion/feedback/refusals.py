"""Why nothing was counted, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from worker.contract.message_parts import Rep

NOT_SEEN, NO_MOVEMENT = "not_seen", "no_movement"
"""Codes where no movement was refused: the joints were not seen, or did not move enough."""

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "too_shallow": "We saw {n} movements, too shallow to count",
        "incomplete": "We saw {n} movements that did not come back to the start pose",
        "other_movement": "We saw {n} movements, but not of this exercise",
        "below_min_grade": "We saw {n} repetitions below the grade asked for",
        "not_tracked": "We saw {n} movements, but not clearly enough to count",
        "cut_off": "We saw {n} movements, but not both their beginning and their end",
        NOT_SEEN: "The joints that this exercise needs were not seen well enough",
        NO_MOVEMENT: "We saw you, but no movement of this exercise",
    },
    "fr": {
        "too_shallow": "Nous avons vu {n} mouvements, trop peu amples pour compter",
        "incomplete": "Nous avons vu {n} mouvements sans retour à la position de départ",
        "other_movement": "Nous avons vu {n} mouvements, mais pas de cet exercice",
        "below_min_grade": "Nous avons vu {n} répétitions sous la note demandée",
        "not_tracked": "Nous avons vu {n} mouvements, trop mal visibles pour compter",
        "cut_off": "Nous avons vu {n} mouvements, mais pas leur début et leur fin",
        NOT_SEEN: "Les articulations nécessaires à cet exercice étaient trop mal visibles",
        NO_MOVEMENT: "Nous vous avons vu, mais aucun mouvement de cet exercice",
    },
    "de": {
        "too_shallow": "Wir haben {n} Bewegungen gesehen, die zu klein zum Zählen waren",
        "incomplete": "Wir haben {n} Bewegungen gesehen, die nicht zum Anfang zurückkehrten",
        "other_movement": "Wir haben {n} Bewegungen gesehen, aber nicht von dieser Übung",
        "below_min_grade": "Wir haben {n} Wiederholungen unter der verlangten Note gesehen",
        "not_tracked": "Wir haben {n} Bewegungen gesehen, aber nicht deutlich genug zum Zählen",
        "cut_off": "Wir haben {n} Bewegungen gesehen, aber nicht deren Anfang und Ende",
        NOT_SEEN: "Die Gelenke, die diese Übung braucht, waren nicht deutlich genug zu sehen",
        NO_MOVEMENT: "Wir haben dich gesehen, aber keine Bewegung dieser Übung",
    },
    "es": {
        "too_shallow": "Vimos {n} movimientos, demasiado cortos para contar",
        "incomplete": "Vimos {n} movimientos que no volvieron a la posición inicial",
        "other_movement": "Vimos {n} movimientos, pero no de este ejercicio",
        "below_min_grade": "Vimos {n} repeticiones por debajo de la nota pedida",
        "not_tracked": "Vimos {n} movimientos, pero no con suficiente claridad para contar",
        "cut_off": "Vimos {n} movimientos, pero no su comienzo y su final",
        NOT_SEEN: "Las articulaciones que necesita este ejercicio no se vieron bien",
        NO_MOVEMENT: "Te vimos, pero ningún movimiento de este ejercicio",
    },
    "pt": {
        "too_shallow": "Vimos {n} movimentos, curtos demais para contar",
        "incomplete": "Vimos {n} movimentos que não voltaram à posição inicial",
        "other_movement": "Vimos {n} movimentos, mas não deste exercício",
        "below_min_grade": "Vimos {n} repetições abaixo da nota pedida",
        "not_tracked": "Vimos {n} movimentos, mas não com clareza suficiente para contar",
        "cut_off": "Vimos {n} movimentos, mas não o seu começo e o seu fim",
        NOT_SEEN: "As articulações de que este exercício precisa não foram bem vistas",
        NO_MOVEMENT: "Vimos você, mas nenhum movimento deste exercício",
    },
}
"""Sentences by language and code; `{n}` is the number of movements."""


def why_nothing(history: Sequence[Rep], language: str, seen: bool) -> tuple[str, str]:
    """Code and sentence of why none of `history` counts, by what refused most; `seen` says whether
    the needed joints were ever in the picture together. Raises KeyError for an unknown language."""
    texts = TEXTS[language]
    reasons = Counter(rep.reason for rep in history if rep.reason)
    if not reasons:
        code = NO_MOVEMENT if seen else NOT_SEEN
        return code, texts[code]
    reason, _ = reasons.most_common(1)[0]
    return reason, texts[reason].format(n=len(history))
