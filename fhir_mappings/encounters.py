"""Encounter -> hospice and palliative care (R2), and the day that first lists a condition (R78)."""

from collections.abc import Iterator
from datetime import date

import msgspec
from msgspec import Raw

from fhir_mappings.elements import (
    ABSENT,
    CONCEPTS,
    Concept,
    Concepts,
    Element,
    Reference,
    listed,
    read,
)
from fhir_mappings.gaps import DataGapError
from fhir_mappings.gathering import Gathered
from fhir_mappings.reading import Reading
from fhir_mappings.resources import Encounter
from pathway.facts import CareFact, Fact

HOSPICE = "hospice-palliative"
IN_PROGRESS = frozenset({"in-progress"})
FINISHED = frozenset({"finished", "completed", "discharged"})  # the latter two: R5
NEVER_WAS = frozenset({"planned", "cancelled", "entered-in-error", "discontinued"})


class _Stay(Element, frozen=True, gc=False):
    """Encounter.hospitalization, R5 admission."""

    discharge_disposition: Concept | None = None


class _Listed(Element, frozen=True, gc=False):
    """Encounter.diagnosis.condition: a Reference, in R5 a CodeableReference."""

    reference: Reference | str | None = None


class _Diagnosis(Element, frozen=True, gc=False):
    condition: tuple[_Listed, ...] | _Listed | None = None


_STAY = msgspec.json.Decoder(_Stay | None)
_DIAGNOSES: msgspec.json.Decoder[tuple[_Diagnosis, ...] | None] = msgspec.json.Decoder(
    tuple[_Diagnosis, ...] | None
)


def encounter_facts(gathered: Gathered, reading: Reading) -> list[Fact]:
    """Hospice and palliative care: type, service type, reason or discharge disposition say so."""
    found = ((e, None) for e in gathered.of(Encounter))
    return reading.facts(found, lambda encounter, _: _care(encounter, reading))


def listings(gathered: Gathered, reading: Reading) -> dict[str, date]:
    """The day of the earliest encounter that lists a condition, by "Condition/id"."""
    days: dict[str, date] = {}
    for encounter in gathered.of(Encounter):
        if encounter.diagnosis is ABSENT:
            continue
        try:
            if not reading.is_ours(encounter) or encounter.status in NEVER_WAS:
                continue
            first, _ = _days(encounter, reading)
            if first is not None:
                for key in _conditions(encounter, reading):
                    days[key] = min(first, days.get(key, first))
        except DataGapError as error:
            reading.note(error.code, encounter, error.element)
    return days


def _conditions(encounter: Encounter, reading: Reading) -> Iterator[str]:
    for diagnosis in read(_DIAGNOSES, encounter.diagnosis, "diagnosis") or ():
        for condition in listed(diagnosis.condition):
            reference = condition.reference
            if isinstance(reference, Reference):
                reference = reference.reference
            if reference:
                yield reading.condition_key(reference)


def _care(encounter: Encounter, reading: Reading) -> Iterator[Fact]:
    concept = next((c for c in _concepts(encounter) if _is_hospice(c, reading)), None)
    if concept is None:
        return
    status = encounter.status
    if status not in IN_PROGRESS | FINISHED:
        return
    first, last = _days(encounter, reading)
    if first is None:
        reading.note("missing-date", encounter, "period")
    yield CareFact(
        concept=HOSPICE,
        kind="encounter",
        in_progress=status in IN_PROGRESS,
        last=last,
        source=reading.source(encounter, concept),
    )


def _is_hospice(concept: Concept, reading: Reading) -> bool:
    return any(m.concept == HOSPICE for m in reading.terminology.meanings(concept))


def _concepts(encounter: Encounter) -> Iterator[Concept]:
    fields: tuple[tuple[Raw, str], ...] = (
        (encounter.type, "type"),
        (encounter.service_type, "serviceType"),
        (encounter.reason_code, "reasonCode"),
    )
    for raw, element in fields:
        concepts: Concepts = read(CONCEPTS, raw, element)
        yield from listed(concepts)
    for raw, element in ((encounter.hospitalization, "hospitalization"), (encounter.admission, "admission")):
        stay = read(_STAY, raw, element)
        if stay is not None and stay.discharge_disposition is not None:
            yield stay.discharge_disposition


def _days(encounter: Encounter, reading: Reading) -> tuple[date | None, date | None]:
    """First and last day; a visit that begins after the evaluation day is ignored."""
    element = "period" if encounter.period is not ABSENT else "actualPeriod"
    raw = encounter.period if element == "period" else encounter.actual_period
    span = reading.period(encounter, raw, element)
    first = reading.event_day(encounter, span.start, f"{element}.start")
    end = reading.stop_day(encounter, span.end, f"{element}.end")
    return first, first if end is None else min(end, reading.as_of)
