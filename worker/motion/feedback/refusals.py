"""Why nothing was counted, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from worker.contract.message_parts import Rep

NOT_SEEN, NO_MOVEMENT = "not_seen", "no_movement"
"""Codes where no movement was refused: the joints were not seen, or did not move enough."""

NOUNS: dict[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "en": (("movement", "movements"), ("repetition", "repetitions")),
    "fr": (("mouvement", "mouvements"), ("répétition", "répétitions")),
    "de": (("Bewegung", "Bewegungen"), ("Wiederholung", "Wiederholungen")),
    "es": (("movimiento", "movimientos"), ("repetición", "repeticiones")),
    "pt": (("movimento", "movimentos"), ("repetição", "repetições")),
}
"""A movement and a repetition, one and several of them."""

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "too_shallow": "We saw {movements}, too shallow to count",
        "incomplete": "We saw {movements} without a return to the start pose",
        "other_movement": "We saw {movements}, but not of this exercise",
        "below_min_grade": "We saw {repetitions} below the grade asked for",
        "not_tracked": "We saw {movements}, but not clearly enough to count",
        "cut_off": "We saw {movements}, but not from beginning to end",
        NOT_SEEN: "The joints that this exercise needs were not seen well enough",
        NO_MOVEMENT: "We saw you, but no movement of this exercise",
    },
    "fr": {
        "too_shallow": "Nous avons vu {movements} d'une amplitude trop faible pour compter",
        "incomplete": "Nous avons vu {movements} sans retour à la position de départ",
        "other_movement": "Nous avons vu {movements}, mais pas de cet exercice",
        "below_min_grade": "Nous avons vu {repetitions} sous la note demandée",
        "not_tracked": "Nous avons vu {movements}, mais pas assez nettement pour compter",
        "cut_off": "Nous avons vu {movements}, mais pas du début à la fin",
        NOT_SEEN: "Les articulations nécessaires à cet exercice étaient trop mal visibles",
        NO_MOVEMENT: "Nous vous avons vu, mais aucun mouvement de cet exercice",
    },
    "de": {
        "too_shallow": "Wir haben {movements} gesehen, zu klein zum Zählen",
        "incomplete": "Wir haben {movements} ohne Rückkehr zum Anfang gesehen",
        "other_movement": "Wir haben {movements} gesehen, aber nicht von dieser Übung",
        "below_min_grade": "Wir haben {repetitions} unter der verlangten Note gesehen",
        "not_tracked": "Wir haben {movements} gesehen, aber nicht deutlich genug zum Zählen",
        "cut_off": "Wir haben {movements} gesehen, aber nicht von Anfang bis Ende",
        NOT_SEEN: "Die Gelenke, die diese Übung braucht, waren nicht deutlich genug zu sehen",
        NO_MOVEMENT: "Wir haben dich gesehen, aber keine Bewegung dieser Übung",
    },
    "es": {
        "too_shallow": "Vimos {movements} sin amplitud suficiente para contar",
        "incomplete": "Vimos {movements} sin volver a la posición inicial",
        "other_movement": "Vimos {movements}, pero no de este ejercicio",
        "below_min_grade": "Vimos {repetitions} por debajo de la nota pedida",
        "not_tracked": "Vimos {movements}, pero no con suficiente claridad para contar",
        "cut_off": "Vimos {movements}, pero no de principio a fin",
        NOT_SEEN: "Las articulaciones que necesita este ejercicio no se vieron bien",
        NO_MOVEMENT: "Te vimos, pero ningún movimiento de este ejercicio",
    },
    "pt": {
        "too_shallow": "Vimos {movements} sem amplitude suficiente para contar",
        "incomplete": "Vimos {movements} sem voltar à posição inicial",
        "other_movement": "Vimos {movements}, mas não deste exercício",
        "below_min_grade": "Vimos {repetitions} abaixo da nota pedida",
        "not_tracked": "Vimos {movements}, mas não com clareza suficiente para contar",
        "cut_off": "Vimos {movements}, mas não do começo ao fim",
        NOT_SEEN: "As articulações de que este exercício precisa não foram bem vistas",
        NO_MOVEMENT: "Vimos você, mas nenhum movimento deste exercício",
    },
}
"""Sentences by language and code; `{movements}` and `{repetitions}` are their number and noun."""


def why_nothing(history: Sequence[Rep], language: str, seen: bool) -> tuple[str, str]:
    """Code and sentence of why none of `history` counts, by what refused most; `seen` says whether
    the needed joints were ever in the picture together. Raises KeyError for an unknown language."""
    texts = TEXTS[language]
    reasons = Counter(rep.reason for rep in history if rep.reason)
    if not reasons:
        code = NO_MOVEMENT if seen else NOT_SEEN
        return code, texts[code]
    reason, number = reasons.most_common(1)[0]
    nouns = [f"{number} {noun[number > 1]}" for noun in NOUNS[language]]
    return reason, texts[reason].format(movements=nouns[0], repetitions=nouns[1])
