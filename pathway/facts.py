"""What is known of one patient on one day, in the pathway's words.

Facts are made by `fhir_mappings` (or by a golden case) and decided upon by the other modules of
this package. They are `msgspec.Struct` rather than dataclasses because a chart of thousands of
resources becomes hundreds of them within a call (docs/adr/0003). None means *not documented*.
Dates are calendar dates, already resolved as clinical/pathway.md a.1 says: partial dates stand
for their last day, nothing lies after `as_of`, resources of other patients are left out.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum

import msgspec


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """Base of every fact: immutable, compared by value."""


class Source(Fact, frozen=True, kw_only=True):
    """Where a fact stands in the record: a FHIR resource, and the name the chart gives it."""

    resource_type: str
    resource_id: str | None = None
    text: str | None = None  # as the chart displays it: patient data, escaped before it is shown


class DataGap(Fact, frozen=True, kw_only=True):
    """Something the record lacks or that could not be read; never holds a patient's value."""

    code: str  # one of the contract's gap codes, see `GAP_CODES`
    resource: str | None = None  # resource type, or Type/id
    element: str | None = None  # FHIR path of the element
    text: str | None = None  # our own sentence: what is missing and what to do


GAP_CODES = (
    "onset-missing",
    "birth-date-missing",
    "missing-date",
    "future-date",
    "dose-unknown",
    "red-flag-undated",
    "not-provided",
    "incomplete",
    "unreadable",
    "other-patient",
    "patient-mismatch",
)


class PatientFact(Fact, frozen=True, kw_only=True):
    """The person; a missing birth date is read as an adult under 65 (contract, HTTP)."""

    id: str
    birth_date: date | None = None
    earliest_birth_date: date | None = None  # earlier than `birth_date` where that is partial
    deceased: bool = False


class ConditionFact(Fact, frozen=True, kw_only=True):
    """One meaning (concept) of one Condition; a code with two meanings makes two facts."""

    concept: str  # concept_id of the terminology, e.g. "radicular"
    role: str  # its role there, e.g. "problem", "problem-low-confidence", "emergency"
    code: str  # as matched, ICD-10-CM without the dot
    active: bool = True
    differential: bool = False  # counts for red flags only
    onset: date | None = None
    recorded: date | None = None
    listed: date | None = None  # earliest Encounter of the prefetch that lists it
    gestation_weeks: int | None = None  # Z3A.nn, on the day of onset or recording
    source: Source


class StopReason(StrEnum):
    """Why a drug or therapy was stopped, as far as it is coded (ruling R18)."""

    INEFFECTIVE = "ineffective"
    NOT_TOLERATED = "not-tolerated"


class Outcome(StrEnum):
    """A coded `Procedure.outcome`."""

    SUCCESSFUL = "successful"
    PARTIAL = "partial"
    UNSUCCESSFUL = "unsuccessful"


class Substance(Fact, frozen=True, kw_only=True):
    """One ingredient of a drug order, with what is taken of it a day."""

    drug_class: str  # class of medications-*.csv, e.g. "nsaid"
    ingredient: str  # lower case, e.g. "naproxen"
    daily_dose: Decimal | None = None  # in `unit`; None when it cannot be computed
    unit: str = "mg"  # "mg" a day; "ug/h" for a transdermal patch


class DrugFact(Fact, frozen=True, kw_only=True):
    """A MedicationRequest, else MedicationStatement or MedicationDispense, of a known class."""

    substances: tuple[Substance, ...]
    status: str  # active, completed, stopped, on-hold, unknown
    start: date | None = None
    stop: date | None = None  # bounds end of the first dosage (ruling R55)
    supply_days: Decimal | None = None
    long_acting: bool = False  # ruling R49
    systemic: bool = True  # False for gel, cream, patch, topical, ophthalmic (ruling R72)
    stop_reason: StopReason | None = None
    source: Source


class TherapyFact(Fact, frozen=True, kw_only=True):
    """One therapy Procedure: contacts on `first` and `last`, one session if completed."""

    modality: str  # e.g. "exercise-pt", "manual-therapy"
    status: str  # completed, in-progress, stopped
    first: date | None = None
    last: date | None = None
    outcome: Outcome | None = None
    stop_reason: StopReason | None = None
    source: Source


class InjectionFact(Fact, frozen=True, kw_only=True):
    """One completed Procedure coded as a lumbar epidural injection."""

    on: date | None = None
    code: str
    add_on: bool = False  # 64484 never makes a session alone (ruling R19)
    lumbar_if_problem: bool = False  # counts only with an active low back problem (ruling R19)
    outcome: Outcome | None = None
    source: Source


class ImagingFact(Fact, frozen=True, kw_only=True):
    """One completed lumbar study: Procedure, ImagingStudy or final DiagnosticReport."""

    modality: str  # "mri-lumbar", "ct-lumbar", "xray-lumbar"
    on: date | None = None
    source: Source


class OperationFact(Fact, frozen=True, kw_only=True):
    """One completed operation that the pathway knows."""

    concept: str  # "lumbar-decompression", "lumbar-fusion", "cabg"
    on: date | None = None
    source: Source


class Instrument(StrEnum):
    """What an Observation measures."""

    NRS = "nrs"  # LOINC 72514-3, 0-10
    NRS_WEEK = "nrs-week"  # 75893-8, 0-10
    VAS = "vas"  # 38214-3, brought to 0-10
    PAIN_OTHER = "pain-other"  # 38208-5, 0-10
    FACES = "faces"  # 38221-8, 0-10
    PEG = "peg"  # 91147-9, 0-10
    ODI = "odi"  # 97909-6, 0-100 %
    PROMIS_PI = "promis-pi"  # 71961-7, T-score
    START_BACK = "start-back"  # 91351-7, 0-9
    PHQ9 = "phq9"  # 44261-6, 0-27
    EGFR = "egfr"  # mL/min/{1.73_m2}
    INR = "inr"  # 1
    PLATELETS = "platelets"  # 10*3/uL


class Bound(StrEnum):
    """On which side of a limit a value lies: a `Quantity.comparator` in words."""

    BELOW = "below"
    AT_MOST = "at most"
    AT_LEAST = "at least"
    ABOVE = "above"


class Bounded(Fact, frozen=True, kw_only=True):
    """A value that is recorded as a limit: "<15" is below 15, and no number of its own."""

    bound: Bound
    limit: Decimal

    def words(self) -> str:
        """Both: "below 15"."""
        return f"{self.bound} {self.limit.normalize():f}"


class ScoreFact(Fact, frozen=True, kw_only=True):
    """One final Observation with a date and a number in its instrument's unit."""

    instrument: Instrument
    value: Decimal  # decides; of "<15" a number just below it
    bounded: Bounded | None = None  # what is shown in its place where a limit was recorded
    on: date
    source: Source

    @property
    def shown(self) -> "Decimal | Bounded":
        """What the record says."""
        return self.value if self.bounded is None else self.bounded


class AllergyFact(Fact, frozen=True, kw_only=True):
    """An active allergy or intolerance to a drug class or ingredient (ruling R26)."""

    drug_classes: tuple[str, ...]  # classes of medications-*.csv, "contrast", "steroid", "local-anaesthetic"
    ingredients: tuple[str, ...] = ()
    source: Source


class OpenOrderFact(Fact, frozen=True, kw_only=True):
    """An active ServiceRequest whose code the pathway knows."""

    concepts: tuple[str, ...]  # e.g. ("exercise-pt",), ("multidisciplinary-rehab", "pain-referral")
    authored: date | None = None
    code: str = ""
    source: Source


class CareFact(Fact, frozen=True, kw_only=True):
    """Hospice or palliative care given: Procedure, ServiceRequest or Encounter (ruling R2)."""

    concept: str  # "hospice-palliative"
    kind: str  # "procedure", "order", "encounter"
    in_progress: bool = False
    last: date | None = None  # last day of care; authored day of an order
    source: Source


class Facts(Fact, frozen=True, kw_only=True):
    """Everything the pathway reads of one patient; what could not be read is in `gaps`."""

    as_of: date  # the evaluation day D
    patient: PatientFact
    conditions: tuple[ConditionFact, ...] = ()
    drugs: tuple[DrugFact, ...] = ()
    therapies: tuple[TherapyFact, ...] = ()
    injections: tuple[InjectionFact, ...] = ()
    imaging: tuple[ImagingFact, ...] = ()
    operations: tuple[OperationFact, ...] = ()
    scores: tuple[ScoreFact, ...] = ()
    allergies: tuple[AllergyFact, ...] = ()
    open_orders: tuple[OpenOrderFact, ...] = ()
    care: tuple[CareFact, ...] = ()
    gaps: tuple[DataGap, ...] = ()
    not_provided: frozenset[str] = frozenset()  # resource types that came from nowhere

    @property
    def partly_seen(self) -> frozenset[str]:
        """The resource types of which a page or more did not come."""
        return frozenset(g.resource for g in self.gaps if g.code == "incomplete" and g.resource is not None)
