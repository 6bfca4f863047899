"""Tables of sentences: complete in every language, and with a sentence for all that can happen."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from worker.contract.message_parts import RefusalReason
from worker.contract.messages import Direction
from worker.motion.feedback.reporter import REFUSALS, why_nothing
from worker.motion.posture.guide import GUIDANCE

LANGUAGES = {"en", "fr", "de", "es", "pt"}


@pytest.mark.parametrize("table", [GUIDANCE, REFUSALS])
def test_every_row_is_complete_and_has_the_same_places_for_numbers(
    table: dict[str, dict[str, str]],
) -> None:
    for texts in table.values():
        assert set(texts) == LANGUAGES and all(texts.values())
        assert len({tuple(re.findall(r"\{\w*\}", text)) for text in texts.values()}) == 1


def test_there_is_a_sentence_for_all_that_can_happen() -> None:
    assert set(GUIDANCE) == {*get_args(Direction), "ready"}
    assert set(REFUSALS) >= {*get_args(RefusalReason), "not_seen", "no_movement"}
    for language in LANGUAGES:
        assert why_nothing((), language, seen=True) != why_nothing((), language, seen=False)
