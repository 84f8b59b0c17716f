"""The time line tells what the pathway concluded, by the numbers in force."""

from datetime import date
from decimal import Decimal

import pytest

from cds_service.picture.timeline import (
    InjectionMark,
    ProblemBar,
    ScoreMark,
    Span,
    StudyMark,
    TrialBar,
    TrialVerdict,
)
from pathway.facts import StopReason
from pathway.loading import load_code_rows
from pathway.overrides import Override, overridden
from tests.cds_service.picture.making import KNOWLEDGE, crowded, pictured, sampled
from tests.pathway.making import condition, day, drug, facts, injection, score, therapy

CALM = condition("radicular", onset=-300, code="M54.16")


def test_the_window_of_the_next_injection_runs_from_day_14_to_day_28() -> None:
    timeline = sampled("esi-repeat-window")

    assert (
        ProblemBar(
            name="radicular back pain",
            length="chronic",
            onset=date(2026, 6, 25),
            charted=("Radiculopathy, lumbar region",),
        )
        == timeline.problem
    )
    expected = InjectionMark(
        on=date(2026, 11, 1), number=1, response="partial relief", percent=Decimal("37.5")
    )
    assert (expected,) == timeline.injections
    assert Span(start=date(2026, 11, 15), last=date(2026, 11, 29)) == timeline.next_injection
    assert timeline.series == "1 of at most 3 in the series; it closes 2027-11-01"
    assert (StudyMark(name="lumbar MRI", on=date(2026, 10, 23), counts=True),) == timeline.studies


def test_trials_have_their_verdict_and_what_it_is_measured_by() -> None:
    timeline = sampled("esi-repeat-window")

    assert (
        TrialBar(
            name="physical therapy / exercise",
            span=Span(start=date(2026, 9, 21), last=date(2026, 11, 2)),
            verdict=TrialVerdict.ADEQUATE,
            why="42 days (42 asked for)",
            outcome="response not recorded",
        ),
        TrialBar(
            name="naproxen (NSAID)",
            span=Span(start=date(2026, 10, 2), last=date(2026, 10, 23)),
            verdict=TrialVerdict.ADEQUATE,
            why="21 days (14 asked for)",
            outcome="response not recorded",
        ),
    ) == timeline.trials


def test_scores_are_curves_by_instrument() -> None:
    (curve,) = sampled("esi-repeat-window").curves

    assert (curve.instrument, curve.suffix, curve.panel) == ("nrs", "/10", "pain")
    assert (
        ScoreMark(on=date(2026, 10, 28), value=Decimal(8)),
        ScoreMark(on=date(2026, 11, 20), value=Decimal(5)),
    ) == curve.points


def test_a_running_trial_says_from_when_on_it_is_enough() -> None:
    (trial,) = sampled("conservative-in-progress").trials

    assert (trial.ongoing, trial.verdict, trial.why) == (True, TrialVerdict.ONGOING, "8 of 14 days")
    assert trial.enough_on == date(2026, 11, 28)


def test_red_flags_and_surgery_have_their_day() -> None:
    (flag,) = sampled("red-flag-emergency").flags
    (operation,) = sampled("post-surgical").operations

    assert (flag.name, flag.level, flag.on) == (
        "cauda equina syndrome",
        "Red flag, emergency",
        date(2026, 11, 21),
    )
    assert (operation.name, operation.on) == ("lumbar decompression", date(2026, 10, 23))


def test_a_drug_that_is_no_trial_is_shown_beside_them() -> None:
    (exposure,) = sampled("gabapentin-without-reason").drugs

    assert exposure.name == "gabapentin (gabapentinoid)"
    assert exposure.ongoing
    assert (Span(start=date(2026, 9, 23), last=date(2026, 11, 22)),) == exposure.spans


def test_a_patient_without_a_back_problem_has_no_bar_for_one() -> None:
    timeline = sampled("not-applicable")

    assert timeline.problem is None
    assert timeline.trials == ()


def test_a_full_series_has_no_window_of_a_next_one() -> None:
    timeline = sampled("esi-series-complete")

    assert [mark.number for mark in timeline.injections] == [1, 2, 3]
    assert timeline.next_injection is None


def test_a_number_of_the_site_moves_the_window() -> None:
    changed = Override(
        by="Dr Example",
        on=date(2026, 1, 5),
        why="Local policy.",
        threshold="esi-min-gap-days",
        value=Decimal(20),
    )
    knowledge = overridden(KNOWLEDGE, (changed,), load_code_rows())
    known = facts(CALM, injection(-10), score("8", -15))

    packaged, local = pictured(known), pictured(known, knowledge)

    assert Span(start=day(4), last=day(18)) == packaged.next_injection
    assert Span(start=day(10), last=day(18)) == local.next_injection


@pytest.mark.parametrize(
    ("tried", "verdict", "why"),
    [
        (therapy("exercise-pt", -80, -60), TrialVerdict.NOT_ADEQUATE, "20 of 42 days or 1 of 6 sessions"),
        (therapy("cbt", -80, -20), TrialVerdict.NOT_ADEQUATE, "1 of 6 sessions"),
        (
            therapy("massage", -80, -70, reason=StopReason.NOT_TOLERATED),
            TrialVerdict.NOT_TOLERATED,
            "1 of 4 sessions",
        ),
        (therapy("multidisciplinary-rehab", -80, -70), TrialVerdict.ADEQUATE, "programme completed"),
        (therapy("yoga", None, status="in-progress"), TrialVerdict.ONGOING, "start not recorded"),
        (
            drug("nsaid", "ibuprofen", daily="600", start=-60),
            TrialVerdict.ONGOING,
            "0 of 14 days at an analgesic dose",
        ),
        (
            drug("nsaid", "ibuprofen", start=-60),
            TrialVerdict.ADEQUATE,
            "60 days (14 asked for), dose not known",
        ),
        (
            drug("snri-duloxetine", "duloxetine", daily="30", start=-50),
            TrialVerdict.ONGOING,
            "50 of 42 days, 28 days of them at 60 mg",
        ),
    ],
)
def test_a_verdict_says_what_counted(tried: object, verdict: TrialVerdict, why: str) -> None:
    (trial,) = pictured(facts(CALM, tried)).trials

    assert (verdict, why) == (trial.verdict, trial.why)


def test_what_is_no_trial_any_more_is_told_as_earlier() -> None:
    timeline = pictured(crowded())

    (earlier,) = timeline.earlier
    assert (earlier.name, earlier.spans) == ("yoga", (Span(start=day(-800), last=day(-760)),))
    assert len(timeline.trials) == 14


def test_injections_of_an_earlier_series_have_no_number_and_the_cap_is_told() -> None:
    timeline = pictured(crowded())

    assert [mark.number for mark in timeline.injections] == [None, None, None, None, 1, 2]
    assert timeline.undated_injection
    assert "4 injections in 12 months: none before 2026-12-27" in timeline.series


def test_an_onset_that_nobody_documented_says_what_it_rests_on() -> None:
    timeline = pictured(facts(condition("radicular", recorded=-30)))

    assert timeline.problem is not None
    assert timeline.problem.onset == day(-30)
    assert timeline.problem.onset_is == "first recorded; no onset date"
