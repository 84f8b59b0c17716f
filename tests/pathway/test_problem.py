import pytest

from pathway.facts import ConditionFact, DataGap
from pathway.problem import ProblemFinding, duration
from pathway.state import Duration, DurationClass, DurationSource, Problem

from .making import NUMBERS, TODAY, condition, facts


def problem(*found: ConditionFact) -> ProblemFinding:
    return ProblemFinding(facts(*found))


def lasting(*found: ConditionFact) -> Duration:
    return duration(problem(*found), found, TODAY, NUMBERS)


RADICULAR = condition("radicular", onset=-40)
STENOSIS = condition("spinal-stenosis", onset=-40)
AXIAL = condition("lbp-axial", onset=-40)
CLAUDICATION = condition("neurogenic-claudication", role="feature")
LOW_AXIAL = condition("lbp-axial", role="problem-low-confidence", code="M549", onset=-400)
LOW_STENOSIS = condition("spinal-stenosis", role="problem-low-confidence", code="76107001")
CORD = condition("spinal-cord-injury", role="problem-part")
NEUROPATHIC = condition("neuropathic-pain", role="problem-part")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ((CORD, NEUROPATHIC, RADICULAR), Problem.SCI_NEUROPATHIC),
        ((CORD, RADICULAR), Problem.RADICULAR),
        ((NEUROPATHIC, AXIAL), Problem.AXIAL),
        ((RADICULAR, STENOSIS, AXIAL), Problem.RADICULAR),
        ((STENOSIS, CLAUDICATION, AXIAL), Problem.STENOSIS_CLAUDICATION),
        ((STENOSIS, AXIAL), Problem.STENOSIS),
        ((AXIAL,), Problem.AXIAL),
        ((LOW_AXIAL,), Problem.AXIAL),
        ((LOW_AXIAL, RADICULAR), Problem.RADICULAR),
        ((LOW_STENOSIS,), Problem.NONE),
        ((LOW_STENOSIS, LOW_AXIAL), Problem.AXIAL),
        ((LOW_STENOSIS, AXIAL), Problem.STENOSIS),
        ((CORD,), Problem.NONE),
        ((condition("radicular", active=False), AXIAL), Problem.AXIAL),
        ((condition("radicular", differential=True), AXIAL), Problem.AXIAL),
        ((), Problem.NONE),
    ],
)
def test_the_first_that_fits_is_the_problem(found: tuple[ConditionFact, ...], expected: Problem) -> None:
    assert expected == problem(*found).problem


@pytest.mark.parametrize(
    ("onset", "expected"),
    [
        (0, DurationClass.ACUTE),
        (-27, DurationClass.ACUTE),
        (-28, DurationClass.SUBACUTE),
        (-84, DurationClass.SUBACUTE),
        (-85, DurationClass.CHRONIC),
    ],
)
def test_duration_is_classed_by_days_since_onset(onset: int, expected: DurationClass) -> None:
    assert expected == lasting(condition("lbp-axial", onset=onset)).length


def test_radicular_stenosis_and_axial_codes_are_one_episode() -> None:
    found = lasting(condition("radicular", onset=-20), condition("lbp-axial", onset=-200))

    assert (found.days, found.source) == (200, DurationSource.ONSET)


def test_any_onset_comes_before_any_recorded_date() -> None:
    found = lasting(condition("radicular", onset=-20), condition("lbp-axial", recorded=-200))

    assert (found.days, found.source) == (20, DurationSource.ONSET)


def test_without_an_onset_the_recorded_date_says_at_least() -> None:
    found = lasting(condition("radicular", recorded=-50))

    assert (found.days, found.source) == (50, DurationSource.RECORDED)


def test_low_confidence_codes_never_set_an_onset() -> None:
    assert lasting(LOW_AXIAL).length is DurationClass.UNKNOWN
    assert lasting(LOW_AXIAL, RADICULAR).days == 40


@pytest.mark.parametrize(("onset", "days"), [(-10, 85), (None, 85), (-100, 100)])
def test_a_chronic_pain_marker_makes_the_pain_chronic(onset: int | None, days: int) -> None:
    marker = condition("chronic-pain-marker", role="duration-marker")
    found = lasting(condition("lbp-axial", onset=onset), marker)

    assert (found.length, found.days) == (DurationClass.CHRONIC, days)


def test_no_date_at_all_is_unknown() -> None:
    found = lasting(condition("lbp-axial"))

    assert (found.length, found.days, found.source) == (DurationClass.UNKNOWN, None, DurationSource.NONE)


def test_a_low_back_problem_is_active_beside_a_spinal_cord_injury() -> None:
    assert problem(CORD, NEUROPATHIC, AXIAL).lumbar_active
    assert not problem(CORD, NEUROPATHIC).lumbar_active


def test_a_gap_never_holds_a_value() -> None:
    assert set(DataGap.__struct_fields__) == {"code", "resource", "element", "text"}
