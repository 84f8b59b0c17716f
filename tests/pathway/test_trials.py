from decimal import Decimal

import pytest

from pathway.facts import Facts, Instrument, Outcome, StopReason
from pathway.scores import Scores
from pathway.state import Trial, TrialOutcome
from pathway.trials import courses_of, trials_of

from .making import NUMBERS, day, drug, facts, score, therapy


def trials(*found: object, problem_active: bool = True) -> tuple[Trial, ...]:
    given: Facts = facts(*found)
    courses = courses_of(given, NUMBERS)
    return trials_of(courses, given.as_of, Scores(given.scores), NUMBERS, problem_active=problem_active)


def only(*found: object, problem_active: bool = True) -> Trial:
    (trial,) = trials(*found, problem_active=problem_active)
    return trial


@pytest.mark.parametrize(("start", "adequate"), [(-13, False), (-14, True)])
def test_an_nsaid_is_adequate_after_fourteen_days(start: int, adequate: bool) -> None:
    assert adequate == only(drug("nsaid", "naproxen", daily="1000", start=start)).adequate


@pytest.mark.parametrize(
    ("ingredient", "too_little", "enough"),
    [
        ("ibuprofen", "1199", "1200"),
        ("naproxen", "499", "500"),
        ("meloxicam", "7.4", "7.5"),
        ("diclofenac", "99", "100"),
        ("celecoxib", "199", "200"),
        ("etodolac", "599", "600"),
        ("nabumetone", "999", "1000"),
    ],
)
def test_days_below_the_analgesic_dose_do_not_count(ingredient: str, too_little: str, enough: str) -> None:
    assert not only(drug("nsaid", ingredient, daily=too_little, start=-40)).adequate
    assert only(drug("nsaid", ingredient, daily=enough, start=-40)).adequate


@pytest.mark.parametrize(("ingredient", "daily"), [("naproxen", None), ("piroxicam", "20")])
def test_an_unknown_dose_is_assumed_adequate_and_said(ingredient: str, daily: str | None) -> None:
    trial = only(drug("nsaid", ingredient, daily=daily, start=-40))

    assert trial.adequate
    assert trial.dose_unknown


def test_topical_forms_are_no_nsaid_trial() -> None:
    assert trials(drug("nsaid", "diclofenac", start=-40, systemic=False)) == ()


@pytest.mark.parametrize(("start", "adequate"), [(-6, False), (-7, True)])
def test_a_muscle_relaxant_is_adequate_after_seven_days(start: int, adequate: bool) -> None:
    assert adequate == only(drug("muscle-relaxant", "cyclobenzaprine", start=start)).adequate


@pytest.mark.parametrize(
    ("orders", "adequate"),
    [
        ([("60", -41)], False),
        ([("60", -42)], True),
        ([(None, -42)], True),
        ([("30", -90)], False),
        ([("30", -42), ("60", -27)], False),
        ([("30", -42), ("60", -28)], True),
    ],
)
def test_duloxetine_needs_42_days_of_which_28_at_60_mg(
    orders: list[tuple[str | None, int]], adequate: bool
) -> None:
    found = [drug("snri-duloxetine", "duloxetine", daily=dose, start=start) for dose, start in orders]

    assert adequate == only(*found).adequate


def test_overlapping_orders_count_each_day_once() -> None:
    trial = only(
        drug("nsaid", "naproxen", daily="1000", start=-20, supply=10, status="completed"),
        drug("nsaid", "ibuprofen", daily="2400", start=-15, supply=8, status="completed"),
    )

    assert trial.days == 13


@pytest.mark.parametrize(("gap", "count"), [(90, 1), (91, 2)])
def test_orders_more_than_ninety_days_apart_are_two_trials(gap: int, count: int) -> None:
    found = trials(
        drug("nsaid", "naproxen", start=-200, stop=-180, status="completed"),
        drug("nsaid", "naproxen", start=-180 + gap, supply=10, status="completed"),
    )

    assert count == len(found)


@pytest.mark.parametrize(("last", "count"), [(-365, 1), (-366, 0)])
def test_a_trial_counts_if_its_last_date_is_within_365_days(last: int, count: int) -> None:
    assert count == len(trials(drug("nsaid", "naproxen", start=last - 20, stop=last, status="completed")))


@pytest.mark.parametrize(
    ("order", "ongoing"),
    [
        (drug("nsaid", "naproxen", start=-8), True),
        (drug("nsaid", "naproxen", start=-8, supply=8), True),
        (drug("nsaid", "naproxen", start=-8, supply=7), False),
        (drug("nsaid", "naproxen", start=-8, stop=-1), False),
        (drug("nsaid", "naproxen", start=-8, status="completed"), False),
    ],
)
def test_a_drug_trial_runs_while_its_order_is_active_and_not_at_its_end(order: object, ongoing: bool) -> None:
    assert ongoing == only(order).ongoing


def test_an_active_order_without_a_date_runs_but_is_never_adequate() -> None:
    trial = only(drug("nsaid", "naproxen", daily="1000"))

    assert trial.ongoing
    assert trial.start is None
    assert not trial.adequate


@pytest.mark.parametrize(
    ("modality", "contacts", "adequate"),
    [
        ("exercise-pt", [-62, -21], False),  # 41 days, 2 sessions
        ("exercise-pt", [-62, -20], True),  # 42 days
        ("exercise-pt", [-20, -18, -16, -14, -12], False),
        ("exercise-pt", [-20, -18, -16, -14, -12, -10], True),
        ("spinal-manipulation", [-30, -25, -20], False),
        ("spinal-manipulation", [-30, -25, -20, -15], True),
        ("spinal-manipulation", [-30, -2], True),
        ("acupuncture", [-30, -28, -26, -24, -22], False),
        ("acupuncture", [-30, -28, -26, -24, -22, -20], True),
        ("massage", [-90, -60, -2], False),  # by sessions only
        ("massage", [-30, -20, -10, -2], True),
        ("cbt", [-90, -70, -50, -30, -2], False),
        ("cbt", [-90, -70, -50, -30, -10, -2], True),
        ("yoga", [-57, -2], False),
        ("yoga", [-58, -2], True),
        ("mbsr", [-58, -2], True),
        ("progressive-relaxation", [-29, -2], False),
        ("progressive-relaxation", [-30, -2], True),
        ("multidisciplinary-rehab", [-2], True),  # the programme was completed
    ],
)
def test_each_therapy_is_adequate_by_its_own_rule(modality: str, contacts: list[int], adequate: bool) -> None:
    assert adequate == only(*(therapy(modality, c) for c in contacts)).adequate


def test_two_procedures_of_one_day_are_one_session() -> None:
    assert only(therapy("acupuncture", -5), therapy("acupuncture", -5)).sessions == 1


def test_a_period_gives_contacts_on_its_first_and_last_day_and_one_session() -> None:
    trial = only(therapy("exercise-pt", -62, -20))

    assert (trial.start, trial.last, trial.sessions, trial.adequate) == (day(-62), day(-20), 1, True)


def test_a_therapy_under_way_reaches_to_today() -> None:
    trial = only(therapy("exercise-pt", -42, status="in-progress"))

    assert (trial.ongoing, trial.last, trial.adequate) == (True, day(0), True)


def test_a_programme_under_way_is_not_completed() -> None:
    assert not only(therapy("multidisciplinary-rehab", -10, status="in-progress")).adequate


def test_manual_therapy_counts_for_massage_and_manipulation() -> None:
    found = trials(*(therapy("manual-therapy", c) for c in (-30, -20, -10, -2)))

    assert {(t.modality, t.sessions) for t in found} == {("massage", 4), ("spinal-manipulation", 4)}


def test_manual_therapy_is_not_counted_beside_its_own_code_of_that_day() -> None:
    found = trials(therapy("manual-therapy", -30), therapy("massage", -30))

    assert [(t.modality, t.sessions) for t in found] == [("massage", 1)]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        (Outcome.UNSUCCESSFUL, TrialOutcome.FAILED),
        (Outcome.SUCCESSFUL, TrialOutcome.IMPROVED),
        (Outcome.PARTIAL, TrialOutcome.PARTIAL),
    ],
)
def test_a_coded_outcome_decides_first(outcome: Outcome, expected: TrialOutcome) -> None:
    trial = only(
        therapy("exercise-pt", -62),
        therapy("exercise-pt", -20, outcome=outcome, reason=StopReason.INEFFECTIVE),
        score("6", -65),
        score("6", -3),
    )

    assert expected == trial.outcome


def test_a_drug_not_tolerated_has_failed_however_short_its_trial() -> None:
    trial = only(
        drug("nsaid", "naproxen", start=-30, stop=-27, status="stopped", reason=StopReason.NOT_TOLERATED)
    )

    assert trial.outcome is TrialOutcome.NOT_TOLERATED
    assert trial.failed
    assert not trial.adequate


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("6", "6", TrialOutcome.FAILED),
        ("6", "4.3", TrialOutcome.FAILED),
        ("6", "4.2", TrialOutcome.IMPROVED),  # exactly 30 %
        ("9", "7.1", TrialOutcome.FAILED),
        ("9", "7", TrialOutcome.IMPROVED),  # 2 points
    ],
)
def test_pain_decides_by_thirty_percent_or_two_points(
    before: str, after: str, expected: TrialOutcome
) -> None:
    assert expected == only(therapy("exercise-pt", -62, -20), score(before, -65), score(after, -3)).outcome


@pytest.mark.parametrize(
    ("instrument", "before", "after", "expected"),
    [
        (Instrument.ODI, "60", "51", TrialOutcome.FAILED),
        (Instrument.ODI, "60", "50", TrialOutcome.IMPROVED),
        (Instrument.ODI, "20", "14", TrialOutcome.IMPROVED),
        (Instrument.PEG, "6", "4.3", TrialOutcome.FAILED),
        (Instrument.PEG, "6", "4.2", TrialOutcome.IMPROVED),
    ],
)
def test_function_decides_where_pain_lacks_a_score(
    instrument: Instrument, before: str, after: str, expected: TrialOutcome
) -> None:
    trial = only(
        therapy("exercise-pt", -62, -20),
        score("6", -65),
        score(before, -65, instrument),
        score(after, -3, instrument),
    )

    assert expected == trial.outcome


@pytest.mark.parametrize(
    ("before", "after", "judged"),
    [
        (-105, -3, False),
        (-104, -3, True),
        (-59, -3, True),
        (-58, -3, False),
        (-65, -20, False),
        (-65, -19, True),
    ],
)
def test_baseline_and_follow_up_have_their_windows(before: int, after: int, judged: bool) -> None:
    trial = only(therapy("exercise-pt", -62, -20), score("6", before), score("6", after))

    assert judged == (trial.outcome is TrialOutcome.FAILED)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([], TrialOutcome.PRESUMED_INADEQUATE),
        ([score("4", -10)], TrialOutcome.PRESUMED_INADEQUATE),
        ([score("3", -10)], None),
        ([score("3", -61)], TrialOutcome.PRESUMED_INADEQUATE),
        ([score("3", -60)], None),
    ],
)
def test_an_adequate_trial_without_outcome_is_presumed_inadequate_while_it_hurts(
    scores: list[object], expected: TrialOutcome | None
) -> None:
    assert expected == only(therapy("exercise-pt", -300, -200), *scores).outcome


def test_nothing_is_presumed_without_an_active_problem() -> None:
    assert only(therapy("exercise-pt", -62, -20), problem_active=False).outcome is None


def test_an_old_rung_of_the_ladder_gives_way_inside_its_window_only() -> None:
    trial = only(
        therapy("exercise-pt", -62, -20),
        score("6", -65),
        score("2", -3, Instrument.VAS),
    )

    assert trial.follow_up is not None
    assert trial.follow_up.instrument is Instrument.VAS
    assert trial.outcome is TrialOutcome.IMPROVED


def test_of_two_values_of_one_day_the_higher_counts() -> None:
    trial = only(therapy("exercise-pt", -62, -20), score("6", -65), score("3", -3), score("6", -3))

    assert trial.follow_up is not None
    assert trial.follow_up.value == Decimal(6)
