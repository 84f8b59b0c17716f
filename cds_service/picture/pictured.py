"""From what the pathway concluded to the time line: nothing is decided here, only told."""

from collections.abc import Iterable, Sequence
from datetime import date

from cards import wording
from cds_service.picture.exposures import earlier_therapies, other_drugs
from cds_service.picture.injection_marks import injection_marks, next_injection, series_in_words
from cds_service.picture.names import charted, name_of
from cds_service.picture.score_curves import curves_of
from cds_service.picture.timeline import FlagMark, OperationMark, ProblemBar, StudyMark, Timeline
from cds_service.picture.trial_bars import trial_bars
from pathway.facts import ConditionFact, ImagingFact, OperationFact
from pathway.knowledge_base import KnowledgeBase
from pathway.numbers import numbers_on
from pathway.state import DurationSource, Problem, RedFlag, Situation
from pathway.values import FLAG_WORDS, PROBLEM_WORDS

MOST_CHARTED = 3  # chart names beside the problem or a red flag

_ONSET_IS = {
    DurationSource.RECORDED: "first recorded; no onset date",
    DurationSource.ENCOUNTER: "first listed at a visit; no onset date",
}


def picture_of(situation: Situation, knowledge: KnowledgeBase) -> Timeline:
    """The time line of a patient.

    Args:
        situation: What the pathway concluded on its day; `Judged.advice.situation`.
        knowledge: The knowledge it was concluded by, with a site's own numbers.
    """
    facts, as_of = situation.facts, situation.facts.as_of
    numbers = numbers_on(knowledge, as_of)
    return Timeline(
        as_of=as_of,
        problem=_problem(situation),
        flags=tuple(_flag(flag) for flag in situation.red_flags),
        trials=trial_bars(situation.trials, facts.drugs, numbers, as_of),
        drugs=other_drugs(facts.drugs, situation.trials, as_of),
        earlier=earlier_therapies(facts.therapies, situation.trials, as_of),
        studies=_studies(facts.imaging, situation.qualifying_imaging),
        injections=injection_marks(situation.series),
        undated_injection=situation.series.undated,
        series=series_in_words(situation, numbers),
        next_injection=next_injection(situation, numbers),
        operations=_operations(facts.operations),
        curves=curves_of(facts.scores),
    )


def _problem(situation: Situation) -> ProblemBar | None:
    if situation.problem is Problem.NONE:
        return None
    duration = situation.duration
    names = _charted(situation.problem_conditions)
    return ProblemBar(
        name=PROBLEM_WORDS[situation.problem],
        length=wording.DURATIONS[duration.length],
        onset=duration.onset,
        onset_is=_ONSET_IS.get(duration.source, ""),
        charted=names[:MOST_CHARTED],
        more=max(0, len(names) - MOST_CHARTED),
    )


def _flag(flag: RedFlag) -> FlagMark:
    days = [day for c in flag.conditions for day in (c.onset, c.recorded) if day is not None]
    return FlagMark(
        name=FLAG_WORDS.get(flag.id, name_of(flag.id)),
        level=wording.FLAG_LEVELS[flag.level],
        on=min(days, default=None),
        charted=_charted(flag.conditions)[:MOST_CHARTED],
    )


def _charted(conditions: Iterable[ConditionFact]) -> tuple[str, ...]:
    """The conditions as the chart names them, each once; by code where it does not."""
    return tuple(dict.fromkeys(charted(c.source.text or c.code) for c in conditions))


def _studies(imaging: Iterable[ImagingFact], counting: ImagingFact | None) -> tuple[StudyMark, ...]:
    """Each study once: a procedure and its report are one."""
    counts: dict[tuple[str, date | None], bool] = {}
    for study in imaging:
        key = (study.modality, study.on)
        counts[key] = counts.get(key, False) or study == counting
    marks = [
        StudyMark(name=name_of(modality), on=on, counts=found) for (modality, on), found in counts.items()
    ]
    return tuple(sorted(marks, key=lambda mark: (mark.on or date.min, mark.name)))


def _operations(operations: Sequence[OperationFact]) -> tuple[OperationMark, ...]:
    marks = {OperationMark(name=name_of(operation.concept), on=operation.on) for operation in operations}
    return tuple(sorted(marks, key=lambda mark: (mark.on or date.min, mark.name)))
