"""The scale of the score, its texts, and the advice that is chosen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.motion.form.form_reps import form_of, script
from worker.contract.exercises import CATALOGUE
from worker.motion.form import advice_codes, advice_text
from worker.motion.form.criteria import CRITERIA
from worker.motion.form.criterion import MAJOR, MINOR, Criterion, Judged
from worker.motion.form.score import RepForm, combined
from worker.motion.form.texts import CRITERION_NAMES, TEXTS

EVERY = [(exercise, one) for exercise, known in sorted(CRITERIA.items()) for one in known]
LANGUAGES = {"en", "fr", "de", "es", "pt"}


@pytest.mark.parametrize(("exercise", "criterion"), EVERY)
def test_a_criterion_is_95_at_good_5_at_bad_and_monotone(
    exercise: str, criterion: Criterion
) -> None:
    good, bad = criterion.good, criterion.bad
    assert criterion.points(good) == pytest.approx(95)
    assert criterion.points(bad) == pytest.approx(5)
    ladder = [criterion.points(good + share * (bad - good)) for share in (-1, 0, 0.5, 1, 2)]
    assert ladder == sorted(ladder, reverse=True) and len(set(ladder)) == 5
    assert criterion.weight in (MAJOR, MINOR)
    assert criterion.advice is None or criterion.advice in TEXTS


def test_every_counted_or_held_exercise_has_criteria_with_names_of_their_own() -> None:
    for name, entry in CATALOGUE.items():
        if entry.kind in ("reps", "hold"):
            names = [criterion.name for criterion in CRITERIA[name]]
            assert names and len(set(names)) == len(names)


def test_every_sentence_is_there_in_five_languages_and_used() -> None:
    assert all(set(sentences) == LANGUAGES for sentences in TEXTS.values())
    assert set(TEXTS) == {one.advice for _, one in EVERY if one.advice is not None}
    for language in LANGUAGES:
        said = [sentences[language] for sentences in TEXTS.values()]
        assert all(text.endswith(".") and len(text) <= 90 for text in said)


def test_every_criterion_has_a_name_in_five_languages() -> None:
    assert all(set(names) == LANGUAGES for names in CRITERION_NAMES.values())
    assert {one.name for _, one in EVERY} <= set(CRITERION_NAMES)


def _judged(points: float, weight: float) -> Judged:
    one = next(criterion for _, criterion in EVERY if criterion.weight == weight)
    return Judged(one, 0.0, points)


@given(st.lists(st.floats(0, 100), max_size=8), st.floats(0, 100), st.floats(0, 100))
def test_the_score_is_monotone_in_each_part(rest: list[float], one: float, two: float) -> None:
    others = [_judged(points, MAJOR) for points in rest]
    low, high = sorted((one, two))
    worse, better = (combined([*others, _judged(points, MAJOR)]) for points in (low, high))
    assert 0 <= worse <= better <= 100


def test_one_fault_ends_below_70_and_two_below_50() -> None:
    good = [_judged(95.0, MAJOR)] * 3
    assert combined([*good, _judged(20.0, MAJOR)]) < 70
    assert combined([*good, _judged(20.0, MAJOR), _judged(20.0, MAJOR)]) < 50
    assert combined([_judged(0.0, MINOR)]) >= 70


def test_what_was_not_judged_counts_like_a_usual_good_rep() -> None:
    criterion = EVERY[0][1]
    unseen = combined([Judged(criterion, None, None)])
    assert unseen == combined([Judged(criterion, criterion.good, criterion.points(criterion.good))])
    assert combined([]) == 100


def _form(**points: float) -> RepForm:
    known = {criterion.name: criterion for criterion in CRITERIA["squat"]}
    return RepForm(80.0, tuple(Judged(known[n], 0.0, p) for n, p in points.items()), 0.0)


def test_the_worst_fault_is_named_first_and_at_most_two() -> None:
    form = _form(range=40.0, trunk_forward=10.0, knees_in=30.0, tempo=0.0)
    assert advice_codes("squat", [form]) == ("squat_chest_up", "squat_knees_out")


def test_a_good_rep_needs_no_advice() -> None:
    assert advice_codes("squat", [form_of(script("squat", 90.0))]) == ()


def test_advice_speaks_of_the_set_and_fades_once_the_fault_is_gone() -> None:
    bad, good = _form(knees_in=0.0), _form(knees_in=95.0)
    assert advice_codes("squat", [bad, bad]) == ("squat_knees_out",)
    assert advice_codes("squat", [bad, good, good, good]) == ()


def test_two_criteria_with_one_sentence_say_it_once() -> None:
    form = _form(trunk_forward=10.0, trunk_parallel_to_shin=5.0)
    assert advice_codes("squat", [form]) == ("squat_chest_up",)


def test_opposite_advice_is_not_given_at_once() -> None:
    known = {criterion.name: criterion for criterion in CRITERIA["push_up"]}
    faults = (Judged(known["hips_low"], 0.2, 3.0), Judged(known["hips_high"], 0.2, 9.0))
    assert advice_codes("push_up", [RepForm(30.0, faults, 0.0)]) == ("push_up_hips_up",)


def test_codes_that_hosts_know_stay() -> None:
    for code in (
        "squat_deeper", "squat_chest_up", "squat_even_sides", "push_up_deeper",
        "push_up_control_lowering", "bicep_curl_higher", "bicep_curl_upper_arms_still",
        "lunge_deeper", "lunge_upright", "shoulder_press_full_range", "lateral_raise_full_range",
        "tricep_dip_lower", "glute_bridge_full_range", "high_knees_higher", "deadlift_full_range",
        "deadlift_straight_arms", "jumping_jack_arms_higher", "jumping_jack_legs_wider",
        "calf_raise_full_range", "leg_raise_full_range", "mountain_climber_higher",
    ):  # fmt: skip
        assert advice_text(code, "en")


def test_texts_are_those_of_the_language() -> None:
    assert advice_text("push_up_hips_up", "de") != advice_text("push_up_hips_up", "en")
    for code, language in (("push_up_fly", "en"), ("push_up_hips_up", "xx")):
        with pytest.raises(KeyError):
            advice_text(code, language)
