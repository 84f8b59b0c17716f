"""Which low back problem it is, and since when (a.2, a.3, R7, R8, R61)."""

from collections.abc import Iterable
from datetime import date

from pathway.facts import ConditionFact, Facts
from pathway.numbers import Number, Numbers
from pathway.state import Duration, DurationClass, DurationSource, Problem

LUMBAR_CONCEPTS = frozenset({"radicular", "spinal-stenosis", "lbp-axial"})
LOW_CONFIDENCE = "problem-low-confidence"
ESI_PROBLEMS = frozenset({Problem.RADICULAR, Problem.STENOSIS_CLAUDICATION})


class ProblemFinding:
    """The problem, the conditions that make it, and the features beside it."""

    __slots__ = ("conditions", "leg_pain", "lumbar_active", "post_laminectomy", "problem")

    def __init__(self, facts: Facts) -> None:
        active = [c for c in facts.conditions if c.active and not c.differential]
        lumbar = [c for c in active if c.concept in LUMBAR_CONCEPTS]
        certain = [c for c in lumbar if c.role != LOW_CONFIDENCE]
        self.problem, self.conditions = _problem(active, lumbar, certain)
        # For cauda-equina symptoms any such code counts, whatever the chosen problem (R61).
        self.lumbar_active = bool(certain) or "lbp-axial" in [c.concept for c in lumbar]
        self.leg_pain = "problem-leg-pain" in [c.role for c in lumbar]
        self.post_laminectomy = "post-laminectomy" in [c.concept for c in active]


def _problem(
    active: list[ConditionFact], lumbar: list[ConditionFact], certain: list[ConditionFact]
) -> tuple[Problem, tuple[ConditionFact, ...]]:
    cord = [c for c in active if c.concept == "spinal-cord-injury"]
    neuropathic = [c for c in active if c.concept == "neuropathic-pain"]
    if cord and neuropathic:
        return Problem.SCI_NEUROPATHIC, (*neuropathic, *cord)
    radicular = [c for c in certain if c.concept == "radicular"]
    if radicular:
        return Problem.RADICULAR, _episode(radicular, certain)
    # SNOMED CT 76107001 names no region: it counts only beside a certain lumbar code (R7).
    stenosis = [c for c in lumbar if c.concept == "spinal-stenosis"] if certain else []
    if stenosis:
        claudication = any(c.concept == "neurogenic-claudication" for c in active)
        problem = Problem.STENOSIS_CLAUDICATION if claudication else Problem.STENOSIS
        return problem, _episode(stenosis, certain)
    axial = [c for c in lumbar if c.concept == "lbp-axial"]
    if axial:
        return Problem.AXIAL, _episode([c for c in axial if c.role != LOW_CONFIDENCE] or axial, certain)
    return Problem.NONE, ()


def _episode(chosen: list[ConditionFact], certain: list[ConditionFact]) -> tuple[ConditionFact, ...]:
    """The chosen codes first; radicular, stenosis and axial codes are one episode (a.3)."""
    first = set(map(id, chosen))  # by identity: comparing each with all would grow with the square
    return (*chosen, *(c for c in certain if id(c) not in first))


def duration(
    finding: ProblemFinding, conditions: Iterable[ConditionFact], as_of: date, numbers: Numbers
) -> Duration:
    """Days since the onset of the episode, by the best source there is.

    Low-confidence codes never set an onset (R7). A chronic-pain marker beside an active problem
    makes the pain chronic, from day 85 on (R8).
    """
    if finding.problem is Problem.NONE:
        return Duration(length=DurationClass.UNKNOWN, source=DurationSource.NONE)
    source, onset = _onset([c for c in finding.conditions if c.role != LOW_CONFIDENCE])
    days = None if onset is None else (as_of - onset).days
    marker = any(c.concept == "chronic-pain-marker" and c.active and not c.differential for c in conditions)
    if marker:
        days = max(days or 0, numbers.whole(Number.CHRONIC_FROM))
    return Duration(length=_class(days, numbers), source=source, onset=onset, days=days, by_marker=marker)


def _onset(conditions: list[ConditionFact]) -> tuple[DurationSource, date | None]:
    for source, days in (
        (DurationSource.ONSET, [c.onset for c in conditions]),
        (DurationSource.RECORDED, [c.recorded for c in conditions]),
        (DurationSource.ENCOUNTER, [c.listed for c in conditions]),
    ):
        known = [day for day in days if day is not None]
        if known:
            return source, min(known)
    return DurationSource.NONE, None


def _class(days: int | None, numbers: Numbers) -> DurationClass:
    if days is None:
        return DurationClass.UNKNOWN
    if days >= numbers.whole(Number.CHRONIC_FROM):
        return DurationClass.CHRONIC
    if days >= numbers.whole(Number.SUBACUTE_FROM):
        return DurationClass.SUBACUTE
    return DurationClass.ACUTE
