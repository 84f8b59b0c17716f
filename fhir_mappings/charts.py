"""A chart as facts: all that came of one patient, read into the pathway's words."""

from collections import defaultdict
from datetime import date
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

from fhir_mappings.allergies import allergy_facts
from fhir_mappings.conditions import condition_facts
from fhir_mappings.encounters import encounter_facts, listings
from fhir_mappings.gaps import gap, settled
from fhir_mappings.gathering import Gathered
from fhir_mappings.imaging import report_facts, study_facts
from fhir_mappings.medications import medication_facts
from fhir_mappings.observations import observation_facts
from fhir_mappings.orders import order_facts
from fhir_mappings.patients import bare_id, own_patient, patient_fact
from fhir_mappings.procedures import procedure_facts
from fhir_mappings.reading import Reading
from fhir_mappings.resources import Patient
from fhir_mappings.terminology import Terminology
from pathway.facts import (
    AllergyFact,
    CareFact,
    ConditionFact,
    DrugFact,
    Fact,
    Facts,
    ImagingFact,
    InjectionFact,
    OpenOrderFact,
    OperationFact,
    PatientFact,
    ScoreFact,
    Source,
    TherapyFact,
)

F = TypeVar("F", bound=Fact)


def facts_of(
    gathered: Gathered, *, patient_id: str, as_of: date, zone: ZoneInfo, terminology: Terminology
) -> Facts:
    """The facts of one patient on one day.

    Args:
        gathered: The resources that came, see `gathering.gather`.
        patient_id: `context.patientId`, bare or as "Patient/id".
        as_of: The evaluation day.
        zone: Where the calendar day of a dateTime with offset is taken (R86).
        terminology: What codes mean.

    Returns:
        Facts in an order that does not depend on that of the resources. What could not be read is
        in `gaps`; of another Patient than the one asked about there are no facts at all.
    """
    own_id = bare_id(patient_id)
    not_provided = gathered.not_provided()
    gaps = [*gathered.gaps, *gathered.gaps_of_not_provided()]
    own = own_patient(gathered, own_id)
    if own is None and gathered.of(Patient):
        gaps.append(gap("patient-mismatch", "Patient", "id"))
        patient = PatientFact(id=own_id)
        return Facts(as_of=as_of, patient=patient, gaps=settled(gaps), not_provided=not_provided)
    reading = Reading(gathered, patient_id=own_id, as_of=as_of, zone=zone, terminology=terminology)
    patient = patient_fact(own, own_id, reading)
    found = _found(gathered, reading)
    if len(gathered.of(Patient)) > 1 and any(p is not own for p in gathered.of(Patient)):
        gaps += [gap("other-patient", "Patient")] if _others(gathered, own_id) else []
    return Facts(
        as_of=as_of,
        patient=patient,
        conditions=found.of(ConditionFact),
        drugs=found.of(DrugFact),
        therapies=found.of(TherapyFact),
        injections=found.of(InjectionFact),
        imaging=found.of(ImagingFact),
        operations=found.of(OperationFact),
        scores=found.of(ScoreFact),
        allergies=found.of(AllergyFact),
        open_orders=found.of(OpenOrderFact),
        care=found.of(CareFact),
        gaps=settled([*gaps, *reading.gaps]),
        not_provided=not_provided,
    )


class _Found:
    """Facts by their kind."""

    def __init__(self, facts: list[Fact]) -> None:
        self._by_kind: dict[type[Fact], list[Fact]] = defaultdict(list)
        for fact in facts:
            self._by_kind[type(fact)].append(fact)

    def of(self, kind: type[F]) -> tuple[F, ...]:
        """The facts of one kind, by resource."""
        facts = cast("list[F]", self._by_kind.get(kind, []))
        return tuple(sorted(facts, key=_place) if len(facts) > 1 else facts)


def _place(fact: Fact) -> tuple[str, str, str]:
    """A resource's id orders its facts; without one, what they say."""
    source: Source = fact.source  # type: ignore[attr-defined]  # every fact of a resource has one
    return source.resource_type, source.resource_id or "", "" if source.resource_id else repr(fact)


def _found(gathered: Gathered, reading: Reading) -> _Found:
    """All facts; conditions first, since they tell which acts were for the low back."""
    return _Found(
        [
            *condition_facts(gathered, reading, listings(gathered, reading)),
            *procedure_facts(gathered, reading),
            *order_facts(gathered, reading),
            *medication_facts(gathered, reading),
            *observation_facts(gathered, reading),
            *report_facts(gathered, reading),
            *study_facts(gathered, reading),
            *allergy_facts(gathered, reading),
            *encounter_facts(gathered, reading),
        ]
    )


def _others(gathered: Gathered, own_id: str) -> bool:
    return any(patient.id != own_id for patient in gathered.of(Patient))
