"""The facts that decided are told with dates and where they stand in the record."""

from decimal import Decimal

import msgspec
import pytest

from cards.patient_facts import facts_in_full, headline, place_of, score_in_words
from pathway.facts import Bound, Bounded, OperationFact, Source
from pathway.state import (
    Duration,
    DurationClass,
    DurationSource,
    FlagLevel,
    RedFlag,
    Response,
    ResponseKind,
    Series,
    Session,
    Trial,
    TrialOutcome,
)
from tests.cards.making import MRI, a_condition, a_score, a_situation, a_source
from tests.pathway.making import day


def test_the_problem_is_named_with_onset_length_and_entry() -> None:
    problem, *_ = facts_in_full(a_situation())

    assert problem == (
        "Low back pain, subacute, since 2026-10-13 (5 weeks): "
        "Low back pain, onset 2026-10-13 (Condition/c-M5450)"
    )


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (
            Duration(length=DurationClass.ACUTE, source=DurationSource.ONSET, onset=day(-10), days=10),
            "acute, since 2026-11-12 (1 week)",
        ),
        (
            Duration(length=DurationClass.ACUTE, source=DurationSource.ONSET, onset=day(-6), days=6),
            "acute, since 2026-11-16 (6 days)",
        ),
        (
            Duration(length=DurationClass.CHRONIC, source=DurationSource.RECORDED, onset=day(-90), days=90),
            "chronic, recorded 2026-08-24 (at least 12 weeks; no onset date)",
        ),
        (
            Duration(
                length=DurationClass.CHRONIC,
                source=DurationSource.ONSET,
                onset=day(-10),
                days=85,
                by_marker=True,
            ),
            "chronic by a chronic-pain code, since 2026-11-12",
        ),
        (Duration(length=DurationClass.UNKNOWN, source=DurationSource.NONE), "duration unknown"),
    ],
)
def test_a_duration_never_claims_more_than_is_recorded(duration: Duration, words: str) -> None:
    assert f"Low back pain, {words}" == headline(a_situation(duration=duration))


def test_a_trial_tells_dates_outcome_scores_and_entries() -> None:
    trial = Trial(
        modality="exercise-pt",
        start=day(-62),
        last=day(-20),
        sessions=7,
        adequate=True,
        outcome=TrialOutcome.FAILED,
        baseline=a_score("6", -65),
        follow_up=a_score("5.5", -3),
        sources=tuple(a_source("Procedure", f"p{number}") for number in range(7)),
    )

    lines = facts_in_full(a_situation(trials=(trial,)))

    assert (
        "Tried: physical therapy / exercise, 2026-09-21 to 2026-11-02, 7 sessions, adequate, "
        "did not help enough, pain 6/10 on 2026-09-18, then pain 5.5/10 on 2026-11-19 "
        "(Procedure/p0, Procedure/p1 and 5 more)"
    ) in lines
    assert "Conservative care has failed: no (non-drug no, drug not known, 4 weeks yes)" in lines


def test_a_trial_without_start_or_response_says_so() -> None:
    running = Trial(modality="nsaid", start=None, last=day(0), ongoing=True)
    ended = Trial(
        modality="nsaid",
        start=day(-30),
        last=day(-9),
        adequate=True,
        outcome=TrialOutcome.PRESUMED_INADEQUATE,
    )

    lines = facts_in_full(a_situation(trials=(running, ended)))

    assert "Tried: NSAID, start not recorded, running, not adequate yet" in lines
    assert "Tried: NSAID, 2026-10-23 to 2026-11-13, adequate, response not recorded" in lines


def test_once_injections_are_given_the_trials_before_them_share_a_line() -> None:
    trials = tuple(
        Trial(
            modality=name,
            start=day(-90),
            last=day(-60),
            outcome=outcome,
            sources=(a_source("Procedure", "p"),),
        )
        for name, outcome in (("yoga", TrialOutcome.FAILED), ("nsaid", None))
    )
    session = Session(on=day(-21), code="64483", response=Response(kind=ResponseKind.UNKNOWN))

    lines = facts_in_full(a_situation(trials=trials, series=Series(sessions=(session,), current=(session,))))

    assert (
        "Tried: yoga, 2026-08-24 to 2026-09-23, did not help enough (Procedure/p); "
        "NSAID, 2026-08-24 to 2026-09-23 (Procedure/p)"
    ) in lines


def test_injections_are_counted_with_their_response() -> None:
    response = Response(
        kind=ResponseKind.PARTIAL,
        percent=Decimal("37.5"),
        baseline=a_score("8", -25),
        follow_up=a_score("5", -2),
    )
    session = Session(on=day(-21), code="64483", response=response, sources=(a_source("Procedure", "e1"),))

    lines = facts_in_full(a_situation(series=Series(sessions=(session,), current=(session,), undated=True)))

    assert (
        "Epidural steroid injection 1 of this series: 2026-11-01, partial relief, pain 8/10 on 2026-10-28, "
        "then pain 5/10 on 2026-11-20, 37.5 % relief (Procedure/e1)"
    ) in lines
    assert "An epidural steroid injection is on record without a date" in lines


def test_an_injection_of_a_closed_series_is_told_as_such() -> None:
    session = Session(on=day(-400), code="64483", response=Response(kind=ResponseKind.UNKNOWN))

    lines = facts_in_full(a_situation(series=Series(sessions=(session,))))

    assert "Last epidural steroid injection, of an earlier series: 2025-10-18, response not recorded" in lines


def test_red_flags_come_first() -> None:
    undated = a_condition("cauda-equina", "G834", None, "Cauda equina", role="emergency")
    flag = RedFlag(id="cauda-equina", level=FlagLevel.EMERGENCY, conditions=(undated,))

    first, *_ = facts_in_full(a_situation(red_flags=(flag,)))

    assert first == ("Red flag, emergency: cauda equina syndrome: Cauda equina, no date (Condition/c-G834)")


def test_imaging_surgery_and_pain_have_dates_and_entries() -> None:
    operation = OperationFact(concept="lumbar-fusion", on=day(-50), source=a_source("Procedure", "s1"))

    lines = facts_in_full(a_situation(qualifying_imaging=MRI[0], surgery=operation, pain=a_score("6.25", -3)))

    assert lines[-3:] == [
        "Lumbar MRI: 2026-10-23 (ImagingStudy/i1)",
        "Lumbar fusion: 2026-10-03 (Procedure/s1)",
        "Pain 6.3/10 on 2026-11-19 (Observation/o3-nrs)",
    ]


def test_no_pain_score_is_told() -> None:
    assert facts_in_full(a_situation())[-1] == "No recent pain score"


def test_an_entry_without_an_id_is_told_as_such() -> None:
    assert place_of((Source(resource_type="Observation"),)) == " (Observation without id)"


def test_a_condition_without_a_text_is_named_by_its_code() -> None:
    condition = a_condition("lbp-axial", "M5450", -40, "x")
    unnamed = msgspec.structs.replace(condition, source=a_source("Condition", "c1"))

    assert ": M5450, onset" in facts_in_full(a_situation(problem_conditions=(unnamed,)))[0]


def test_of_a_limit_no_figure_is_made() -> None:
    limit = Bounded(bound=Bound.BELOW, limit=Decimal(3))

    score = msgspec.structs.replace(a_score("2.9", -7), bounded=limit)

    assert score_in_words(score) == "pain below 3/10 on 2026-11-15"
