"""The shapes of the knowledge files: what a clinician writes, typed.

Every struct refuses unknown fields, so a typo in a YAML file is an error with its place. The files
are read and cross-checked by `pathway.loading`.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

import msgspec

from pathway.advice import CardKind, Urgency
from pathway.facts import Fact

Kebab = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
# the name of a check, with what it is asked about: "age-65", "drug-active:opioid"; "!": is not met
CheckRef = Annotated[str, msgspec.Meta(pattern=r"^!?[a-z0-9-]+(:[a-z0-9-]+)?$")]
Text = Annotated[str, msgspec.Meta(min_length=1)]


class Knowledge(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of everything read from YAML: immutable, and a typo is an error."""


class Mark(StrEnum):
    """How a statement was checked (clinical/pathway.md, head)."""

    VERIFIED = "V"  # in a source opened while writing
    SEED = "V seed"  # stated in the project's seed text
    UNVERIFIED = "U"  # general clinical knowledge, not verified
    PROJECT = "P"  # a project decision
    LOCAL = "local"  # set by a site (pathway.overrides); stands in no file of the knowledge


class Evidence(Knowledge, frozen=True, kw_only=True):
    """One source of evidence.yaml."""

    title: Text
    publisher: Text
    url: Text
    year: Text  # of publication; "current" or "n.d." where the source says no more
    opened: Text  # what of it was read
    retrieved: date


class EvidenceLine(Knowledge, frozen=True, kw_only=True):
    """What one source says for or against a recommendation."""

    source: Kebab  # an id of evidence.yaml
    says: Text
    strength: Text | None = None  # as the source grades it, e.g. "strong"
    certainty: Text | None = None  # e.g. "low"
    mark: Mark
    first_when: CheckRef | None = None  # the line is shown first of its side when this is met


class RuleEvidence(Knowledge, frozen=True, kw_only=True):
    """Both sides, and what the project made of them."""

    supports: tuple[EvidenceLine, ...] = ()  # "For"
    against: tuple[EvidenceLine, ...] = ()  # "Against"
    project_default: Text | None = None
    conflict: bool = False  # show both sides as two columns (c.2)
    against_first_when: CheckRef | None = None  # a check: then "Against" comes first


class CheckUse(Knowledge, frozen=True, kw_only=True):
    """A named check of `pathway.checks`, and the words to use when it decides."""

    check: Kebab
    of: tuple[str, ...] = ()  # what it is asked about, e.g. concepts or drug classes
    text: Text  # template; says why a drug is not suggested, which caution applies, …
    evidence: tuple[Kebab, ...] = ()
    mark: Mark = Mark.VERIFIED
    note: Text | None = None  # our reading where the source is unclear


class Coded(Knowledge, frozen=True, kw_only=True):
    """One coding of an order."""

    system: Text
    code: Text
    display: Text


class DoseStep(Knowledge, frozen=True, kw_only=True):
    """One dosage instruction: so much, so often, for so long."""

    text: Text  # the whole instruction in words
    value: Decimal  # units per administration
    unit: Text  # "tablet", "capsule", "spray"
    frequency: int
    period: Decimal = Decimal(1)
    period_unit: Text = "d"  # UCUM
    period_max: Decimal | None = None
    as_needed: bool = False
    max_per_day: Decimal | None = None  # in `unit`
    start_day: int = 0  # days after the first dose
    days: int | None = None


class MedicationOrder(Knowledge, frozen=True, kw_only=True, tag="medication", tag_field="kind"):
    """A MedicationRequest in status draft, intent order."""

    code: Coded
    text: Text
    route: Coded | None = None
    doses: Annotated[tuple[DoseStep, ...], msgspec.Meta(min_length=1)]
    quantity: Decimal
    quantity_unit: Text
    supply_days: int | None = None
    refills: int = 0


class ServiceOrder(Knowledge, frozen=True, kw_only=True, tag="service", tag_field="kind"):
    """A ServiceRequest in status draft, intent order."""

    codes: tuple[Coded, ...] = ()
    text: Text
    category: Coded | None = None
    body_site: Coded | None = None
    details: Text | None = None  # "2/week x 6 weeks": `orderDetail.text`, or `note` without a code
    reason: Text | None = None  # `reasonCode.text`
    priority: str = "routine"  # FHIR request-priority
    occurrence: str = "as-of"  # "as-of" (D) or the name of a date among the advice's values
    code_from: str | None = None  # name of a value that replaces `codes` ("same code as last time")


class Proposal(Knowledge, frozen=True, kw_only=True):
    """One suggestion: an order with the words that explain it."""

    id: Kebab
    slot: Kebab = "main"  # of each slot the first proposal that fits is offered
    recommendation: Kebab | None = None  # that it carries out, where it only goes with its rule's own
    when: tuple[CheckRef, ...] = ()  # checks that must be met
    label: Text  # template; what the button says
    description: Text  # template; says everything: some EHRs show only this
    recommendable: bool = True  # may carry isRecommended
    beside_guards_only: bool = False  # offered by a guard that names it, never on patient-view
    order: MedicationOrder | ServiceOrder


class Variant(Knowledge, frozen=True, kw_only=True):
    """The same recommendation in other words for another occasion."""

    summary: Text | None = None
    why: Text | None = None
    urgency: Urgency | None = None
    proposals: tuple[Kebab, ...] | None = None  # these instead of all


class Rule(Knowledge, frozen=True, kw_only=True):
    """One recommendation, whole: knowledge/rules/<id>.yaml."""

    id: Kebab
    title: Text
    last_reviewed: date
    card: CardKind  # the card of b.3 that carries it
    urgency: Urgency = Urgency.ROUTINE
    summary: Text  # template, under 140 characters when filled
    why: Text  # template: why, and what the card says
    says: tuple[Text, ...] = ()  # further sentences, templates
    patient_text: Text | None = None  # for the conversation with the patient
    primary_source: Kebab
    evidence: RuleEvidence
    seed: tuple[Kebab, ...] = ()  # rows of seed.yaml (c.3) that it carries
    tried_by: tuple[Kebab, ...] = ()  # modalities whose trial hides it (b.2.1)
    open_orders: tuple[Kebab, ...] = ()  # concepts whose open ServiceRequest hides it (R56)
    show_if: tuple[CheckUse, ...] = ()  # each must be met; unknown hides and says what to record
    durations: tuple[CheckUse, ...] = ()  # b.2.3; each must be met
    contraindications: tuple[CheckUse, ...] = ()  # any one hides
    cautions: tuple[CheckUse, ...] = ()  # a line when met
    blockers: tuple[CheckUse, ...] = ()  # a blocker line when met
    variants: dict[Kebab, Variant] = msgspec.field(default_factory=dict)
    proposals: tuple[Proposal, ...] = ()
    override_reasons: tuple[Kebab, ...] = ()  # beyond the common ones
    thresholds: tuple[Kebab, ...] = ()  # numbers that it uses beyond those that its texts name
    must_stay: Text | None = None  # why no site may switch it off; none: it may
    notes: tuple[Text, ...] = ()  # our readings of unclear passages


class Candidate(Knowledge, frozen=True, kw_only=True):
    """One line of a state's candidate list."""

    id: Kebab
    variant: Kebab | None = None
    when: tuple[CheckRef, ...] = ()  # checks that must be met


class StateEntry(Knowledge, frozen=True, kw_only=True):
    """One state in words, with its candidates in display order: states.yaml."""

    title: Text
    entry: Text
    exit: Text
    changes: Text  # "what would change this advice"
    candidates: tuple[Candidate, ...] = ()
    notes: tuple[Text, ...] = ()


class ThresholdValue(Knowledge, frozen=True, kw_only=True):
    """A value in force from one day."""

    value: Decimal
    evidence: tuple[Kebab, ...] = ()  # empty only for a project decision
    mark: Mark


class Threshold(Knowledge, frozen=True, kw_only=True):
    """One number of the pathway: thresholds.yaml."""

    title: Text
    unit: Text  # UCUM
    values: Annotated[dict[date, ThresholdValue], msgspec.Meta(min_length=1)]
    note: Text | None = None
    minimum: Decimal | None = None  # bounds within which a site may change it; without: it may not
    maximum: Decimal | None = None
    at_most: tuple[Kebab, ...] = ()  # numbers that it never exceeds, on no day and at no site

    def on(self, day: date) -> Decimal:
        """The value in force on `day`: the latest that began by then, else the first."""
        begun = [start for start in self.values if start <= day]
        return self.values[max(begun) if begun else min(self.values)].value


ACCEPTED = "accepted"  # stands among the reasons of quiet.yaml: a suggestion was taken
LONGEST_QUIET_DAYS = 3650
QuietDays = Annotated[int, msgspec.Meta(ge=0, le=LONGEST_QUIET_DAYS)]


class QuietPeriod(Knowledge, frozen=True, kw_only=True):
    """For how long an answer keeps a recommendation from being shown again."""

    days: QuietDays  # 0: it is shown the next time
    mark: Mark
    note: Text  # why so long


class Quiet(Knowledge, frozen=True, kw_only=True):
    """How long what was answered stays quiet: quiet.yaml; by `ACCEPTED` and by code of an override reason."""

    periods: dict[Kebab, QuietPeriod] = msgspec.field(default_factory=dict)
    guards: dict[Kebab, QuietPeriod] = msgspec.field(default_factory=dict)  # what differs for every guard
    # by recommendation or guard: what differs for it
    by_recommendation: dict[Kebab, dict[Kebab, QuietPeriod]] = msgspec.field(default_factory=dict)

    def differing(self, name: str, answer: str, *, is_guard: bool) -> QuietPeriod | None:
        """What is said of this recommendation or guard, or of all guards; None: the general holds."""
        own = self.by_recommendation.get(name, {}).get(answer)
        return self.guards.get(answer) if own is None and is_guard else own


class OverrideReason(Fact, frozen=True, kw_only=True):
    """One reason of override-reasons.csv."""

    code: str
    display: str


class SeedStatement(Knowledge, frozen=True, kw_only=True):
    """One row of c.3: a statement of the seed and the caveat shown with it."""

    statement: Text
    caveat: Text | None = None
    states: tuple[Kebab, ...] = ()  # states that carry it beside the rules
    mechanisms: tuple[Text, ...] = ()  # where no rule carries it: which part of the pathway does
