"""The FHIR R4 orders that a suggestion creates, as typed values with R4's element names.

Only the elements that we write; empty elements are left out. Whether they make a valid resource
is checked once at start with fhir.resources (`cards.order_check`).
Source: https://hl7.org/fhir/R4/servicerequest.html, https://hl7.org/fhir/R4/medicationrequest.html
"""

from datetime import date
from decimal import Decimal
from typing import TypeAlias

import msgspec

Number: TypeAlias = int | float

UCUM = "http://unitsofmeasure.org"


def number(value: Decimal) -> Number:
    """A decimal of the knowledge as a JSON number."""
    return int(value) if value == value.to_integral_value() else float(value)


class Element(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, rename="camel", gc=False):
    """Base of every element: immutable, empty members are left out."""


class FhirCoding(Element, frozen=True, kw_only=True):
    """Coding."""

    system: str
    code: str
    display: str | None = None


class CodeableConcept(Element, frozen=True, kw_only=True):
    """CodeableConcept."""

    coding: tuple[FhirCoding, ...] = ()
    text: str | None = None


class Reference(Element, frozen=True, kw_only=True):
    """Reference, relative: `Type/id`."""

    reference: str


class Annotation(Element, frozen=True, kw_only=True):
    """Annotation."""

    text: str


class Quantity(Element, frozen=True, kw_only=True):
    """Quantity in UCUM; a unit that UCUM lacks is an annotation: `{tablet}`."""

    value: Number
    unit: str
    system: str
    code: str


class Period(Element, frozen=True, kw_only=True):
    """Period of whole days."""

    start: date
    end: date | None = None


class Ratio(Element, frozen=True, kw_only=True):
    """Ratio."""

    numerator: Quantity
    denominator: Quantity


class TimingRepeat(Element, frozen=True, kw_only=True):
    """Timing.repeat."""

    bounds_duration: Quantity | None = None
    bounds_period: Period | None = None
    frequency: int
    period: Number
    period_max: Number | None = None
    period_unit: str


class Timing(Element, frozen=True, kw_only=True):
    """Timing."""

    repeat: TimingRepeat


class DoseAndRate(Element, frozen=True, kw_only=True):
    """Dosage.doseAndRate."""

    dose_quantity: Quantity


class Dosage(Element, frozen=True, kw_only=True):
    """Dosage."""

    sequence: int
    text: str
    timing: Timing
    as_needed_boolean: bool | None = None
    route: CodeableConcept | None = None
    dose_and_rate: tuple[DoseAndRate, ...]
    max_dose_per_period: Ratio | None = None


class DispenseRequest(Element, frozen=True, kw_only=True):
    """MedicationRequest.dispenseRequest."""

    number_of_repeats_allowed: int
    quantity: Quantity
    expected_supply_duration: Quantity | None = None


class ServiceRequest(Element, frozen=True, kw_only=True, tag="ServiceRequest", tag_field="resourceType"):
    """ServiceRequest; without an id, since it is to be created."""

    status: str
    intent: str
    category: tuple[CodeableConcept, ...] = ()
    priority: str
    code: CodeableConcept
    order_detail: tuple[CodeableConcept, ...] = ()  # only with a code (invariant prr-1)
    subject: Reference
    occurrence_date_time: date
    authored_on: date
    reason_code: tuple[CodeableConcept, ...] = ()
    reason_reference: tuple[Reference, ...] = ()
    body_site: tuple[CodeableConcept, ...] = ()
    note: tuple[Annotation, ...] = ()


class MedicationRequest(
    Element, frozen=True, kw_only=True, tag="MedicationRequest", tag_field="resourceType"
):
    """MedicationRequest; without an id, since it is to be created."""

    status: str
    intent: str
    medication_codeable_concept: CodeableConcept
    subject: Reference
    authored_on: date
    reason_reference: tuple[Reference, ...] = ()
    dosage_instruction: tuple[Dosage, ...]
    dispense_request: DispenseRequest


Order: TypeAlias = ServiceRequest | MedicationRequest
