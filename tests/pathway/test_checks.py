"""Checks whose numbers no card pins: questionnaires, target dose, coagulation."""

import pytest

from pathway.evaluation import CHECKS
from pathway.facts import Facts, Instrument, StopReason
from pathway.loading import load_knowledge
from pathway.picture import Picture
from pathway.state import TrialOutcome
from pathway.verdict import Verdict

from .making import condition, drug, facts, score, therapy

KNOWLEDGE = load_knowledge()


def picture(*found: object) -> Picture:
    given: Facts = facts(*found)
    return Picture(given, KNOWLEDGE, CHECKS)


@pytest.mark.parametrize(
    ("check", "instrument", "below", "at"),
    [
        ("phq9-positive", Instrument.PHQ9, "9", "10"),
        ("start-back-risk", Instrument.START_BACK, "3", "4"),
        ("inr-high", Instrument.INR, "1.4", "1.5"),
    ],
)
def test_a_score_counts_from_its_cut_off_on(check: str, instrument: Instrument, below: str, at: str) -> None:
    assert picture().ask(check).verdict is Verdict.UNKNOWN
    assert picture(score(below, -3, instrument)).ask(check).verdict is Verdict.NOT_MET
    assert picture(score(at, -3, instrument)).ask(check).verdict is Verdict.MET


def test_platelets_count_below_their_limit() -> None:
    assert picture(score("100", -3, Instrument.PLATELETS)).ask("platelets-low").verdict is Verdict.NOT_MET
    assert picture(score("99", -3, Instrument.PLATELETS)).ask("platelets-low").verdict is Verdict.MET


@pytest.mark.parametrize(("daily", "adequate"), [("59", False), ("60", True)])
def test_the_target_dose_of_duloxetine_is_60_mg(daily: str, adequate: bool) -> None:
    (trial,) = picture(drug("snri-duloxetine", "duloxetine", daily=daily, start=-60)).trials

    assert adequate == trial.adequate


@pytest.mark.parametrize(
    ("after", "expected"), [("7.1", TrialOutcome.FAILED), ("7.0", TrialOutcome.IMPROVED)]
)
def test_the_peg_improves_at_thirty_percent(after: str, expected: TrialOutcome) -> None:
    found = picture(
        condition("lbp-axial", onset=-150),
        therapy("exercise-pt", -62, -20),
        score("10", -65, Instrument.PEG),
        score(after, -3, Instrument.PEG),
    )

    assert [trial.outcome for trial in found.trials] == [expected]


def test_a_therapy_not_tolerated_has_failed_however_short() -> None:
    found = picture(
        condition("lbp-axial", onset=-150),
        therapy("acupuncture", -30, status="stopped", reason=StopReason.NOT_TOLERATED),
    )

    assert found.trials[0].failed
    assert found.trials[0].sessions == 0
