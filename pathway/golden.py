"""Golden cases: a patient in a few words, and what the pathway must say of that patient.

They live beside the knowledge (knowledge/golden/*.yaml), so that whoever changes a rule changes its
cases, and so that an installed service can prove itself (`backpath knowledge check`). The same
words become `Facts` here and FHIR resources in `cds_service.samples`.

Days are whole numbers relative to the case's `as_of`: `onset: -150` is 150 days before it.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Literal

import msgspec

from pathway.codelists import CONDITION_FILES, CodeRow
from pathway.days import days_after
from pathway.drafts import DraftReason
from pathway.facts import (
    AllergyFact,
    CareFact,
    ConditionFact,
    DrugFact,
    Facts,
    ImagingFact,
    InjectionFact,
    Instrument,
    OpenOrderFact,
    OperationFact,
    Outcome,
    PatientFact,
    ScoreFact,
    Source,
    StopReason,
    Substance,
    TherapyFact,
)
from pathway.rules import Kebab, Knowledge, Text

DEFAULT_AGE = 45


class GivenCondition(Knowledge, frozen=True, kw_only=True):
    """A Condition; `code` picks one code of the concept (needed for Z3A weeks)."""

    concept: Kebab
    code: str | None = None
    onset: int | None = None
    recorded: int | None = None
    active: bool = True
    differential: bool = False
    gestation_weeks: int | None = None


class GivenDrug(Knowledge, frozen=True, kw_only=True):
    """A MedicationRequest for one ingredient."""

    ingredient: Text
    daily: Decimal | None = None  # mg a day; none: not computable
    start: int | None = None
    stop: int | None = None
    supply_days: int | None = None
    status: str = "active"
    long_acting: bool = False
    systemic: bool = True
    stop_reason: StopReason | None = None


class GivenTherapy(Knowledge, frozen=True, kw_only=True):
    """Therapy Procedures: one a day of `sessions`, or one from `first` to `last`."""

    modality: Kebab
    sessions: tuple[int, ...] = ()
    first: int | None = None
    last: int | None = None
    status: str = "completed"
    outcome: Outcome | None = None
    stop_reason: StopReason | None = None


class GivenInjection(Knowledge, frozen=True, kw_only=True):
    """A completed lumbar epidural steroid injection."""

    on: int | None = None
    code: str = "62323"
    outcome: Outcome | None = None


class GivenImaging(Knowledge, frozen=True, kw_only=True):
    """A completed lumbar study."""

    modality: Kebab = "mri-lumbar"
    on: int | None = None


class GivenOperation(Knowledge, frozen=True, kw_only=True):
    """A completed operation."""

    concept: Kebab
    on: int | None = None


class GivenScore(Knowledge, frozen=True, kw_only=True):
    """A final Observation."""

    instrument: Instrument = Instrument.NRS
    value: Decimal
    on: int


class GivenAllergy(Knowledge, frozen=True, kw_only=True):
    """An active allergy or intolerance to a class, or to one ingredient and so its class."""

    drug_class: Kebab
    ingredient: str | None = None


class GivenOrder(Knowledge, frozen=True, kw_only=True):
    """An active ServiceRequest."""

    concept: Kebab
    authored: int | None = None


class GivenCare(Knowledge, frozen=True, kw_only=True):
    """Hospice or palliative care given."""

    concept: Kebab = "hospice-palliative"
    kind: Literal["procedure", "order", "encounter"] = "procedure"
    in_progress: bool = False
    last: int | None = None


class GivenDraft(Knowledge, frozen=True, kw_only=True):
    """An order being written: a drug by `ingredient`, or a service by `concept`."""

    id: Kebab = "draft"
    ingredient: str | None = None
    daily: Decimal | None = None  # mg a day (micrograms an hour for a patch)
    times: int = 1  # in so many doses a day, each in mg
    supply_days: int | None = None
    long_acting: bool = False
    systemic: bool = True
    concept: Kebab | None = None
    code: str | None = None
    on: int = 0  # order day O
    reason: DraftReason = DraftReason.NONE
    selected: bool = True


class Given(Knowledge, frozen=True, kw_only=True):
    """The patient; what is not named is not documented."""

    age: int | None = DEFAULT_AGE  # null: no birth date on record
    deceased: bool = False
    conditions: tuple[GivenCondition, ...] = ()
    drugs: tuple[GivenDrug, ...] = ()
    therapies: tuple[GivenTherapy, ...] = ()
    injections: tuple[GivenInjection, ...] = ()
    imaging: tuple[GivenImaging, ...] = ()
    operations: tuple[GivenOperation, ...] = ()
    scores: tuple[GivenScore, ...] = ()
    allergies: tuple[GivenAllergy, ...] = ()
    open_orders: tuple[GivenOrder, ...] = ()
    care: tuple[GivenCare, ...] = ()
    drafts: tuple[GivenDraft, ...] = ()
    not_provided: tuple[str, ...] = ()  # FHIR resource types


class ExpectedGuard(Knowledge, frozen=True, kw_only=True):
    """One guard that must fire."""

    id: Kebab
    draft: Kebab = "draft"
    urgency: Literal["routine", "caution", "urgent"]
    level: Kebab | None = None
    dates: dict[str, int] = msgspec.field(default_factory=dict)  # named date, in days from as_of
    numbers: dict[str, Decimal] = msgspec.field(default_factory=dict)
    # "delete", "update", "create:<rule>": exactly these, in order
    actions: tuple[str, ...] | None = None
    recommended: str | None = None  # the action that is marked, in the same words


class Expected(Knowledge, frozen=True, kw_only=True):
    """What must come out; what is not named is not looked at."""

    state: Kebab | None = None
    sub_facts: tuple[str, ...] | None = None
    show: tuple[Kebab, ...] = ()
    hide: tuple[Kebab, ...] = ()
    only: tuple[Kebab, ...] | None = None  # exactly these, in any order
    first: Kebab | None = None  # the first recommendation of the first card
    withheld: dict[Kebab, str] = msgspec.field(default_factory=dict)  # recommendation: the filter that hid it
    variant: dict[Kebab, str] = msgspec.field(default_factory=dict)
    proposals: dict[Kebab, tuple[Kebab, ...]] = msgspec.field(default_factory=dict)
    dates: dict[Kebab, dict[str, int]] = msgspec.field(
        default_factory=dict
    )  # recommendation: named date, in days from as_of
    numbers: dict[Kebab, dict[str, Decimal]] = msgspec.field(default_factory=dict)
    urgency: dict[Kebab, str] = msgspec.field(default_factory=dict)
    guards: tuple[ExpectedGuard, ...] = ()
    not_guards: tuple[Kebab, ...] = ()  # guards that must not fire on any draft
    only_guards: bool = False  # `guards` is all that fires
    gaps: tuple[Kebab, ...] = ()
    recommended: Kebab | None = None


class GoldenCase(Knowledge, frozen=True, kw_only=True):
    """One case, named by a sentence that a clinician can check."""

    name: Text
    rule: Kebab | None = None  # the rule it is a case of
    guard: Kebab | None = None  # the guard it is a case of
    kind: Literal["shown", "hidden", "unknown", "fires", "not"] | None = None
    hook: Literal["patient-view", "order-select", "order-sign"] = "patient-view"
    as_of: date  # always: a case never ages
    given: Given
    expect: Expected


def facts_of(given: Given, as_of: date, rows: Iterable[CodeRow]) -> Facts:
    """The patient of a case as facts; concepts and ingredients are looked up in `rows`."""
    return _Maker(as_of, tuple(rows)).facts(given)


class _Maker:
    """Turns the words of a case into facts; holds the day and the code lists."""

    def __init__(self, as_of: date, rows: tuple[CodeRow, ...]) -> None:
        self.as_of = as_of
        self.conditions: dict[str, CodeRow] = {}
        self.role_of_code: dict[tuple[str, str], str] = {}
        for row in rows:
            if row.file in CONDITION_FILES and row.verified:
                self.conditions.setdefault(row.concept, row)
                self.role_of_code[row.concept, row.code.replace(".", "")] = row.role
        self.drug_class = {r.display: r.concept for r in rows if r.file == "medications-ingredients.csv"}
        self.made = 0

    def facts(self, given: Given) -> Facts:
        born = None if given.age is None else self.as_of.replace(year=self.as_of.year - given.age)
        return Facts(
            as_of=self.as_of,
            patient=PatientFact(id="golden", birth_date=born, deceased=given.deceased),
            conditions=tuple(self.condition(item) for item in given.conditions),
            drugs=tuple(self.drug(item) for item in given.drugs),
            therapies=tuple(fact for item in given.therapies for fact in self.therapy(item)),
            injections=tuple(self.injection(item) for item in given.injections),
            imaging=tuple(
                ImagingFact(modality=i.modality, on=self.day(i.on), source=self.source("Procedure"))
                for i in given.imaging
            ),
            operations=tuple(
                OperationFact(concept=o.concept, on=self.day(o.on), source=self.source("Procedure"))
                for o in given.operations
            ),
            scores=tuple(
                ScoreFact(
                    instrument=s.instrument,
                    value=s.value,
                    on=days_after(self.as_of, s.on),
                    source=self.source("Observation"),
                )
                for s in given.scores
            ),
            allergies=tuple(
                AllergyFact(
                    drug_classes=(a.drug_class,),
                    ingredients=(a.ingredient,) if a.ingredient else (),
                    source=self.source("AllergyIntolerance"),
                )
                for a in given.allergies
            ),
            open_orders=tuple(
                OpenOrderFact(
                    concepts=(o.concept,),
                    authored=self.day(o.authored),
                    source=self.source("ServiceRequest"),
                )
                for o in given.open_orders
            ),
            care=tuple(
                CareFact(
                    concept=c.concept,
                    kind=c.kind,
                    in_progress=c.in_progress,
                    last=self.day(c.last),
                    source=self.source("Encounter" if c.kind == "encounter" else "Procedure"),
                )
                for c in given.care
            ),
            not_provided=frozenset(given.not_provided),
        )

    def condition(self, given: GivenCondition) -> ConditionFact:
        row = self.conditions.get(given.concept)
        code = (given.code or (row.code if row else given.concept)).replace(".", "")
        return ConditionFact(
            concept=given.concept,
            role=self.role_of_code.get((given.concept, code), row.role if row else "problem"),
            code=code,
            active=given.active,
            differential=given.differential,
            onset=self.day(given.onset),
            recorded=self.day(given.recorded),
            gestation_weeks=given.gestation_weeks,
            source=self.source("Condition", row.display if row else given.concept),
        )

    def drug(self, given: GivenDrug) -> DrugFact:
        substance = Substance(
            drug_class=self.drug_class.get(given.ingredient, given.ingredient),
            ingredient=given.ingredient,
            daily_dose=given.daily,
        )
        return DrugFact(
            substances=(substance,),
            status=given.status,
            start=self.day(given.start),
            stop=self.day(given.stop),
            supply_days=None if given.supply_days is None else Decimal(given.supply_days),
            long_acting=given.long_acting,
            systemic=given.systemic,
            stop_reason=given.stop_reason,
            source=self.source("MedicationRequest", given.ingredient),
        )

    def therapy(self, given: GivenTherapy) -> list[TherapyFact]:
        spans: list[tuple[int | None, int | None]] = [(day, day) for day in given.sessions]
        if not spans:
            spans.append((given.first, given.last))
        return [
            TherapyFact(
                modality=given.modality,
                status=given.status,
                first=self.day(first),
                last=self.day(last),
                outcome=given.outcome,
                stop_reason=given.stop_reason,
                source=self.source("Procedure", given.modality),
            )
            for first, last in spans
        ]

    def injection(self, given: GivenInjection) -> InjectionFact:
        return InjectionFact(
            on=self.day(given.on),
            code=given.code,
            add_on=given.code == "64484",
            lumbar_if_problem=given.code in ("62326", "62327", "3E0S33Z", "3E0R33Z"),
            outcome=given.outcome,
            source=self.source("Procedure"),
        )

    def day(self, offset: int | None) -> date | None:
        return None if offset is None else days_after(self.as_of, offset)

    def source(self, resource_type: str, text: str | None = None) -> Source:
        self.made += 1
        return Source(resource_type=resource_type, resource_id=f"g{self.made}", text=text)


def cases_of(document: object) -> tuple[GoldenCase, ...]:
    """The cases of one file.

    Raises:
        msgspec.ValidationError: a field is unknown, missing or of the wrong type.
    """
    return msgspec.convert(document, tuple[GoldenCase, ...])
