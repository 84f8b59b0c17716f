import pytest

from pathway.facts import ConditionFact
from pathway.problem import ProblemFinding, duration
from pathway.red_flags import RedFlagFinding, levels
from pathway.state import FlagLevel

from .making import NUMBERS, TODAY, condition, facts

BACK = condition("lbp-axial", onset=-60)


def finding(*found: ConditionFact) -> RedFlagFinding:
    given = facts(*found)
    problem = ProblemFinding(given)
    lasting = duration(problem, found, TODAY, NUMBERS)
    return RedFlagFinding(given, lumbar_active=problem.lumbar_active, duration=lasting, numbers=NUMBERS)


def flags(*found: ConditionFact) -> list[str]:
    return [flag.id for flag in finding(*found).flags]


def symptom(code: str = "R338", **dates: int | None) -> ConditionFact:
    return condition("cauda-equina-symptom", role="emergency-if-new-30d", code=code, **dates)  # type: ignore[arg-type]


def deficit(**dates: int | None) -> ConditionFact:
    return condition("progressive-motor-deficit", role="emergency-if-new-90d", code="M2137", **dates)  # type: ignore[arg-type]


def fracture(**dates: int | None) -> ConditionFact:
    return condition("vertebral-fracture", role="workup", code="S320", **dates)  # type: ignore[arg-type]


@pytest.mark.parametrize("concept", ["cauda-equina", "cord-compression", "spinal-infection"])
def test_these_codes_are_emergencies_whatever_their_date(concept: str) -> None:
    assert flags(condition(concept)) == [concept]
    assert levels(finding(condition(concept)).flags) == {FlagLevel.EMERGENCY}


@pytest.mark.parametrize("concept", ["malignancy-spine", "malignancy-active"])
def test_cancer_asks_for_a_workup(concept: str) -> None:
    assert levels(finding(condition(concept)).flags) == {FlagLevel.WORKUP}


def test_a_resolved_flag_is_none_and_a_differential_diagnosis_is_one() -> None:
    assert flags(condition("cauda-equina", active=False)) == []
    assert flags(condition("cauda-equina", differential=True)) == ["cauda-equina"]


@pytest.mark.parametrize(("onset", "new"), [(-30, True), (-31, False)])
def test_a_bladder_symptom_is_new_for_thirty_days_beside_back_pain(onset: int, new: bool) -> None:
    assert new == (flags(BACK, symptom(onset=onset)) == ["cauda-equina"])
    assert flags(symptom(onset=onset)) == []


@pytest.mark.parametrize(
    ("dates", "new"),
    [
        ({"onset": -400, "recorded": -5}, True),
        ({"onset": -5, "recorded": -400}, True),
        ({"onset": -400, "recorded": -400}, False),
    ],
)
def test_either_date_inside_the_window_is_enough(dates: dict[str, int], new: bool) -> None:
    assert new == bool(flags(BACK, symptom(**dates)))


@pytest.mark.parametrize(("onset", "new"), [(-59, True), (-60, True), (-61, False)])
def test_a_motor_deficit_is_not_older_than_the_back_pain(onset: int, new: bool) -> None:
    assert new == bool(flags(BACK, deficit(onset=onset)))


@pytest.mark.parametrize(("onset", "new"), [(-90, True), (-91, False)])
def test_a_motor_deficit_is_new_for_ninety_days(onset: int, new: bool) -> None:
    assert new == bool(flags(condition("lbp-axial", onset=-200), deficit(onset=onset)))


def test_an_unknown_onset_of_back_pain_does_not_excuse_a_deficit() -> None:
    assert flags(condition("lbp-axial"), deficit(onset=-80)) == ["progressive-motor-deficit"]
    assert flags(condition("lbp-axial", recorded=-10), deficit(onset=-80)) == ["progressive-motor-deficit"]


@pytest.mark.parametrize(("onset", "new"), [(-90, True), (-91, False)])
def test_a_fracture_is_recent_for_ninety_days(onset: int, new: bool) -> None:
    assert new == bool(flags(fracture(onset=onset)))


@pytest.mark.parametrize("undated", [deficit(), fracture(), symptom(code="R200")])
def test_an_undated_flag_counts_as_new_beside_back_pain_only(undated: ConditionFact) -> None:
    assert len(flags(BACK, undated)) == 1
    assert flags(undated) == []


@pytest.mark.parametrize("code", ["R330", "R159", "N319"])
def test_an_undated_bladder_or_bowel_symptom_raises_no_flag_but_is_kept(code: str) -> None:
    found = finding(BACK, symptom(code=code))

    assert found.flags == ()
    assert [c.code for c in found.undated_symptoms] == [code]


def test_risk_markers_are_notes_only() -> None:
    found = finding(BACK, condition("osteoporosis", role="risk-marker"))

    assert found.flags == ()
    assert [c.concept for c in found.risk_markers] == ["osteoporosis"]
