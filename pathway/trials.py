"""Trials: what was tried, for how long, and what came of it (a.5, R10 to R18, R66)."""

from collections.abc import Iterable
from datetime import date

from pathway.courses import Course
from pathway.days import days_after
from pathway.drug_trials import drug_courses
from pathway.facts import Facts, Instrument, Outcome, ScoreFact, StopReason
from pathway.numbers import Number, Numbers
from pathway.scores import Scores, outcome_by_scores
from pathway.state import Trial, TrialOutcome
from pathway.therapy_trials import THERAPY_RULES, therapy_courses

NON_DRUG_MODALITIES = (
    "exercise-pt",
    "spinal-manipulation",
    "massage",
    "acupuncture",
    "cbt",
    "yoga",
    "mbsr",
    "progressive-relaxation",
)
REHABILITATION = "multidisciplinary-rehab"
_ADEQUACY_DAYS = {
    "nsaid": Number.NSAID_DAYS,
    "muscle-relaxant": Number.MUSCLE_RELAXANT_DAYS,
    "duloxetine": Number.DULOXETINE_DAYS,
    **{modality: rule.days for modality, rule in THERAPY_RULES.items()},
}


def courses_of(facts: Facts, numbers: Numbers) -> tuple[Course, ...]:
    """Every course on record, however long ago, by modality and start."""
    return (
        *therapy_courses(facts.therapies, facts.as_of, numbers),
        *drug_courses(facts.drugs, facts.as_of, numbers),
    )


def trials_of(
    courses: Iterable[Course], as_of: date, scores: Scores, numbers: Numbers, *, problem_active: bool
) -> tuple[Trial, ...]:
    """Every trial whose last date is at most 365 days before the day, by modality and start."""
    judge = _Judge(as_of, scores, numbers, problem_active=problem_active)
    oldest = days_after(as_of, -numbers.whole(Number.TRIAL_LOOK_BACK_DAYS))
    return tuple(judge.trial(course) for course in courses if course.last >= oldest)


_CODED = {
    Outcome.UNSUCCESSFUL: TrialOutcome.FAILED,
    Outcome.SUCCESSFUL: TrialOutcome.IMPROVED,
    Outcome.PARTIAL: TrialOutcome.PARTIAL,
}
_STOPPED = {
    StopReason.INEFFECTIVE: TrialOutcome.FAILED,
    StopReason.NOT_TOLERATED: TrialOutcome.NOT_TOLERATED,
}


class _Judge:
    """Gives a course its outcome, by the first rule that applies (a.5)."""

    def __init__(self, as_of: date, scores: Scores, numbers: Numbers, *, problem_active: bool) -> None:
        self.as_of = as_of
        self.scores = scores
        self.numbers = numbers
        self.problem_active = problem_active

    def trial(self, course: Course) -> Trial:
        adequacy_days = self.numbers.whole(_ADEQUACY_DAYS[course.modality])
        adequate_on = None if course.start is None else days_after(course.start, adequacy_days)
        outcome, baseline, follow_up = _coded(course), None, None
        if outcome is None and course.adequate:
            judged = self._by_scores(course.start, adequate_on)
            if judged is None:
                outcome = self._presumed()
            else:
                outcome, baseline, follow_up = judged
        return Trial(
            modality=course.modality,
            start=course.start,
            last=course.last,
            sessions=course.sessions,
            days=course.days,
            ongoing=course.ongoing,
            adequate=course.adequate,
            adequate_on=adequate_on,
            dose_unknown=course.dose_unknown,
            outcome=outcome,
            baseline=baseline,
            follow_up=follow_up,
            sources=course.sources,
        )

    def _by_scores(
        self, start: date | None, adequate_on: date | None
    ) -> tuple[TrialOutcome, ScoreFact, ScoreFact] | None:
        if start is None or adequate_on is None:
            return None
        first = days_after(start, -self.numbers.whole(Number.BASELINE_BEFORE_DAYS))
        last = days_after(start, self.numbers.whole(Number.BASELINE_AFTER_DAYS))
        after = days_after(adequate_on, 1)  # strictly later (R66)
        pain = (self.scores.pain(first, last), self.scores.pain(after, self.as_of))
        odi, peg = (
            (
                self.scores.latest((instrument,), first, last),
                self.scores.latest((instrument,), after, self.as_of),
            )
            for instrument in (Instrument.ODI, Instrument.PEG)
        )
        return outcome_by_scores(pain, odi, peg, self.numbers)

    def _presumed(self) -> TrialOutcome | None:
        """Nothing recorded: presumed inadequate while the problem hurts or nobody asked."""
        recent = days_after(self.as_of, -self.numbers.whole(Number.SCORE_RECENT_DAYS))
        pain = self.scores.pain(recent, self.as_of)
        hurts = pain is None or pain.value >= self.numbers[Number.PAIN_RELAPSE]
        return TrialOutcome.PRESUMED_INADEQUATE if self.problem_active and hurts else None


def _coded(course: Course) -> TrialOutcome | None:
    """By the outcome that was coded, else by the reason for stopping."""
    if course.outcome is not None:
        return _CODED[course.outcome]
    return None if course.stop_reason is None else _STOPPED[course.stop_reason]
