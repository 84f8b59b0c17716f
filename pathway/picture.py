"""One patient on one day, with everything that checks ask about, computed once each."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from pathway.courses import Course
from pathway.days import age_on, days_after, months_after
from pathway.drug_trials import TAKEN, is_active, order_end
from pathway.facts import ConditionFact, DrugFact, Facts, ImagingFact, Instrument, OperationFact, ScoreFact
from pathway.injections import series_on, sessions_of
from pathway.knowledge_base import KnowledgeBase
from pathway.lazy import lazy
from pathway.numbers import Number, Numbers, numbers_on
from pathway.problem import ESI_PROBLEMS, ProblemFinding, duration
from pathway.red_flags import RedFlagFinding
from pathway.rules import CheckUse
from pathway.scores import Scores
from pathway.state import Duration, Series, Trial
from pathway.trials import courses_of, trials_of
from pathway.verdict import Verdict, negated

if TYPE_CHECKING:
    from pathway.checks import Check, Finding

LUMBAR_SURGERY = frozenset({"lumbar-decompression", "lumbar-fusion"})
ADVANCED_IMAGING = frozenset({"mri-lumbar", "ct-lumbar"})


class Picture:
    """Facts, knowledge and day, and what follows from them before any state is chosen."""

    def __init__(self, facts: Facts, knowledge: KnowledgeBase, checks: "Mapping[str, Check]") -> None:
        self.facts = facts
        self.as_of: date = facts.as_of  # the evaluation day
        self.knowledge = knowledge
        self.numbers: Numbers = numbers_on(knowledge, facts.as_of)
        self._checks = checks
        self._asked: dict[tuple[str, tuple[str, ...]], Finding] = {}

    def ask(self, name: str, of: tuple[str, ...] = ()) -> "Finding":
        """The answer of a check, asked once."""
        key = (name, of)
        found = self._asked.get(key)
        if found is None:
            found = self._asked[key] = self._checks[name].ask(self, of)
        return found

    def verdict_of(self, reference: str) -> Verdict:
        """The verdict of a check reference: "name" or "name:of", with "!" before it negated."""
        name, _, of = reference.removeprefix("!").partition(":")
        verdict = self.ask(name, (of,) if of else ()).verdict
        return negated(verdict) if reference.startswith("!") else verdict

    def holds(self, reference: str) -> bool:
        """Whether a check reference is met; a negated one ("!") holds unless the check is met."""
        if reference.startswith("!"):
            return self.verdict_of(reference[1:]) is not Verdict.MET
        return self.verdict_of(reference) is Verdict.MET

    def contraindications(self, rule_id: str) -> "list[tuple[CheckUse, Finding]]":
        """The contraindications of a rule that are met."""
        rule = self.knowledge.rules[rule_id]
        found = [(use, self.ask(use.check, use.of)) for use in rule.contraindications]
        return [(use, finding) for use, finding in found if finding.verdict is Verdict.MET]

    @lazy
    def age(self) -> int | None:
        """Whole years; None without a birth date."""
        born = self.facts.patient.birth_date
        return None if born is None else age_on(self.as_of, born)

    @lazy
    def conditions(self) -> dict[str, list[ConditionFact]]:
        """All conditions by concept, differential diagnoses left out."""
        by_concept: dict[str, list[ConditionFact]] = {}
        for condition in self.facts.conditions:
            if not condition.differential:
                by_concept.setdefault(condition.concept, []).append(condition)
        return by_concept

    def active(self, concepts: Iterable[str]) -> list[ConditionFact]:
        """The active conditions of these concepts."""
        recorded = self.conditions
        return [c for concept in concepts if concept in recorded for c in recorded[concept] if c.active]

    @lazy
    def active_drugs(self) -> dict[str, list[DrugFact]]:
        """Active orders by drug class, by status alone (R12)."""
        by_class: dict[str, list[DrugFact]] = {}
        for drug in self.facts.drugs:
            if is_active(drug, self.as_of):
                for drug_class in {s.drug_class for s in drug.substances}:
                    by_class.setdefault(drug_class, []).append(drug)
        return by_class

    def drugs_within(self, drug_class: str, days: int) -> list[DrugFact]:
        """Orders of a class that are active, or ended at most `days` days ago."""
        oldest = days_after(self.as_of, -days)
        return [
            drug
            for drug in self.facts.drugs
            if drug.status in TAKEN
            and any(s.drug_class == drug_class for s in drug.substances)
            and (is_active(drug, self.as_of) or (order_end(drug, self.as_of) or date.min) >= oldest)
        ]

    @lazy
    def scores(self) -> Scores:
        """The observations."""
        return Scores(self.facts.scores)

    @lazy
    def problem(self) -> ProblemFinding:
        """Which low back problem."""
        return ProblemFinding(self.facts)

    @lazy
    def duration(self) -> Duration:
        """Since when."""
        return duration(self.problem, self.facts.conditions, self.as_of, self.numbers)

    @lazy
    def esi_indication(self) -> bool:
        """Radicular pain or stenosis with claudication."""
        return self.problem.problem in ESI_PROBLEMS

    @lazy
    def red_flags(self) -> RedFlagFinding:
        """The red flags, seen in every state."""
        return RedFlagFinding(
            self.facts,
            lumbar_active=self.problem.lumbar_active,
            duration=self.duration,
            numbers=self.numbers,
        )

    @lazy
    def courses(self) -> tuple[Course, ...]:
        """What was tried, however long ago."""
        return courses_of(self.facts, self.numbers)

    @lazy
    def trials(self) -> tuple[Trial, ...]:
        """The trials of the last 365 days."""
        is_active = self.problem.problem.value != "none"
        return trials_of(self.courses, self.as_of, self.scores, self.numbers, problem_active=is_active)

    def trials_by(self, modalities: Collection[str]) -> list[Trial]:
        """The trials of these modalities."""
        return [trial for trial in self.trials if trial.modality in modalities]

    @lazy
    def series(self) -> Series:
        """The injections as of the evaluation day."""
        sessions = sessions_of(
            self.facts.injections, self.scores, self.numbers, lumbar_active=self.problem.lumbar_active
        )
        undated = any(injection.on is None for injection in self.facts.injections)
        return series_on(sessions, self.as_of, self.numbers, undated=undated)

    @lazy
    def pain(self) -> ScoreFact | None:
        """The latest recent pain score."""
        return self.scores.pain(self._days_ago(Number.SCORE_RECENT_DAYS), self.as_of)

    @lazy
    def pain_after_injection(self) -> ScoreFact | None:
        """The latest pain score from day 7 after the last injection on, however old (R64)."""
        last = self.series.last
        if last is None:
            return None
        first = days_after(last.on, self.numbers.whole(Number.ESI_RESPONSE_AFTER_DAYS))
        return self.scores.pain(first, self.as_of)

    @lazy
    def egfr(self) -> ScoreFact | None:
        """The latest eGFR of the last 12 months; of one day the lowest, the safer reading."""
        first = months_after(self.as_of, -self.numbers.whole(Number.EGFR_MONTHS))
        return self.scores.lowest_of_latest_day(Instrument.EGFR, first, self.as_of)

    @lazy
    def qualifying_imaging(self) -> ImagingFact | None:
        """The latest lumbar MRI or CT that still counts (a.7, R22)."""
        oldest = months_after(self.as_of, -self.numbers.whole(Number.IMAGING_MONTHS))
        onset = self.duration.onset
        if onset is not None:
            before = months_after(onset, -self.numbers.whole(Number.IMAGING_BEFORE_ONSET_MONTHS))
            oldest = max(oldest, before)
        studies = [
            (study.on, index)
            for index, study in enumerate(self.facts.imaging)
            if study.modality in ADVANCED_IMAGING and study.on is not None and study.on >= oldest
        ]
        return self.facts.imaging[max(studies)[1]] if studies else None

    @lazy
    def surgery(self) -> OperationFact | None:
        """The latest lumbar operation within 90 days."""
        oldest = self._days_ago(Number.POST_SURGICAL_DAYS)
        recent = [
            o
            for o in self.facts.operations
            if o.concept in LUMBAR_SURGERY and o.on is not None and o.on >= oldest
        ]
        return max(recent, key=lambda o: o.on or date.min, default=None)

    def _days_ago(self, number: Number) -> date:
        return days_after(self.as_of, -self.numbers.whole(number))

    def within(self, day: date | None, number: Number) -> bool:
        """Whether a known day lies at most so many days back."""
        return day is not None and (self.as_of - day).days <= self.numbers.whole(number)
