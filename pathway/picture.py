"""One patient on one day, with everything that checks ask about, computed once each."""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING

from pathway.days import age_on, days_after, months_after
from pathway.drug_trials import is_active, order_end
from pathway.facts import ConditionFact, DrugFact, Facts, ImagingFact, Instrument, OperationFact, ScoreFact
from pathway.injections import series_on, sessions_of
from pathway.numbers import Number, Numbers, numbers_on
from pathway.problem import ESI_PROBLEMS, ProblemFinding, duration
from pathway.red_flags import RedFlagFinding
from pathway.rules import CheckUse, KnowledgeBase
from pathway.scores import Scores
from pathway.state import Duration, Series, Trial
from pathway.trials import trials_of
from pathway.verdict import Verdict

if TYPE_CHECKING:
    from pathway.checks import Check, Finding

LUMBAR_SURGERY = frozenset({"lumbar-decompression", "lumbar-fusion"})
ADVANCED_IMAGING = frozenset({"mri-lumbar", "ct-lumbar"})


class Picture:
    """Facts, knowledge and day, and what follows from them before any state is chosen."""

    def __init__(self, facts: Facts, knowledge: KnowledgeBase, checks: "Mapping[str, Check]") -> None:
        self.facts = facts
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

    def holds(self, reference: str) -> bool:
        """Whether a check reference ("name" or "name:of") is met; with "!" before it, is not met."""
        name, _, of = reference.removeprefix("!").partition(":")
        is_met = self.ask(name, (of,) if of else ()).verdict is Verdict.MET
        return is_met is not reference.startswith("!")

    def contraindications(self, rule_id: str) -> "list[tuple[CheckUse, Finding]]":
        """The contraindications of a rule that are met."""
        rule = self.knowledge.rules[rule_id]
        found = [(use, self.ask(use.check, use.of)) for use in rule.contraindications]
        return [(use, finding) for use, finding in found if finding.verdict is Verdict.MET]

    @property
    def as_of(self) -> date:
        """The evaluation day."""
        return self.facts.as_of

    @cached_property
    def age(self) -> int | None:
        """Whole years; None without a birth date."""
        born = self.facts.patient.birth_date
        return None if born is None else age_on(self.as_of, born)

    @cached_property
    def conditions(self) -> dict[str, list[ConditionFact]]:
        """All conditions by concept, differential diagnoses left out."""
        by_concept: dict[str, list[ConditionFact]] = {}
        for condition in self.facts.conditions:
            if not condition.differential:
                by_concept.setdefault(condition.concept, []).append(condition)
        return by_concept

    def active(self, concepts: Iterable[str]) -> list[ConditionFact]:
        """The active conditions of these concepts."""
        return [c for concept in concepts for c in self.conditions.get(concept, ()) if c.active]

    @cached_property
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
            if any(s.drug_class == drug_class for s in drug.substances)
            and (is_active(drug, self.as_of) or (order_end(drug, self.as_of) or date.min) >= oldest)
        ]

    @cached_property
    def scores(self) -> Scores:
        """The observations."""
        return Scores(self.facts.scores)

    @cached_property
    def problem(self) -> ProblemFinding:
        """Which low back problem."""
        return ProblemFinding(self.facts)

    @cached_property
    def duration(self) -> Duration:
        """Since when."""
        return duration(self.problem, self.facts.conditions, self.as_of, self.numbers)

    @property
    def esi_indication(self) -> bool:
        """Radicular pain or stenosis with claudication."""
        return self.problem.problem in ESI_PROBLEMS

    @cached_property
    def red_flags(self) -> RedFlagFinding:
        """The red flags, seen in every state."""
        return RedFlagFinding(
            self.facts,
            lumbar_active=self.problem.lumbar_active,
            duration=self.duration,
            numbers=self.numbers,
        )

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """The trials of the last 365 days."""
        return trials_of(
            self.facts, self.scores, self.numbers, problem_active=self.problem.problem.value != "none"
        )

    def trials_by(self, modalities: Iterable[str]) -> list[Trial]:
        """The trials of these modalities."""
        wanted = frozenset(modalities)
        return [trial for trial in self.trials if trial.modality in wanted]

    @cached_property
    def series(self) -> Series:
        """The injections as of the evaluation day."""
        sessions = sessions_of(
            self.facts.injections, self.scores, self.numbers, lumbar_active=self.problem.lumbar_active
        )
        undated = any(injection.on is None for injection in self.facts.injections)
        return series_on(sessions, self.as_of, self.numbers, undated=undated)

    @cached_property
    def pain(self) -> ScoreFact | None:
        """The latest recent pain score."""
        return self.scores.pain(self._days_ago(Number.SCORE_RECENT_DAYS), self.as_of)

    @cached_property
    def pain_after_injection(self) -> ScoreFact | None:
        """The latest pain score from day 7 after the last injection on, however old (R64)."""
        last = self.series.last
        if last is None:
            return None
        first = days_after(last.on, self.numbers.whole(Number.ESI_RESPONSE_AFTER_DAYS))
        return self.scores.pain(first, self.as_of)

    @cached_property
    def egfr(self) -> ScoreFact | None:
        """The latest eGFR of the last 12 months; of one day the lowest, the safer reading."""
        first = months_after(self.as_of, -self.numbers.whole(Number.EGFR_MONTHS))
        return self.scores.lowest_of_latest_day(Instrument.EGFR, first, self.as_of)

    @cached_property
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

    @cached_property
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
