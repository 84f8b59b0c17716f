"""The FHIR elements that the service reads, as structs: what floor B decodes.

Written here again, apart from `fhir_mappings`, so that the floor stays where it is when the
service's own reading changes. Everything else of a resource is passed over by the decoder.
"""

from typing import TypeAlias

import msgspec


class Element(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base: immutable, absent elements are None, unknown elements are passed over."""


class Coding(Element, frozen=True, kw_only=True):
    system: str | None = None
    code: str | None = None
    display: str | None = None


class CodeableConcept(Element, frozen=True, kw_only=True):
    coding: tuple[Coding, ...] = ()
    text: str | None = None


class Reference(Element, frozen=True, kw_only=True):
    reference: str | None = None
    display: str | None = None


class Period(Element, frozen=True, kw_only=True):
    start: str | None = None
    end: str | None = None


class Quantity(Element, frozen=True, kw_only=True):
    value: float | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Repeat(Element, frozen=True, kw_only=True):
    bounds_period: Period | None = None
    frequency: int | None = None
    period: float | None = None
    period_unit: str | None = None


class Timing(Element, frozen=True, kw_only=True):
    repeat: Repeat | None = None


class Dose(Element, frozen=True, kw_only=True):
    dose_quantity: Quantity | None = None


class Dosage(Element, frozen=True, kw_only=True):
    timing: Timing | None = None
    dose_and_rate: tuple[Dose, ...] = ()


class Dispense(Element, frozen=True, kw_only=True):
    quantity: Quantity | None = None
    expected_supply_duration: Quantity | None = None


class Resource(Element, frozen=True, kw_only=True, tag_field="resourceType"):
    id: str | None = None
    subject: Reference | None = None


class Patient(Resource, frozen=True, kw_only=True, tag="Patient"):
    birth_date: str | None = None
    deceased_boolean: bool = False
    deceased_date_time: str | None = None


class Condition(Resource, frozen=True, kw_only=True, tag="Condition"):
    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    code: CodeableConcept | None = None
    onset_date_time: str | None = None
    onset_period: Period | None = None
    abatement_date_time: str | None = None
    recorded_date: str | None = None


class MedicationRequest(Resource, frozen=True, kw_only=True, tag="MedicationRequest"):
    status: str | None = None
    status_reason: CodeableConcept | None = None
    intent: str | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    authored_on: str | None = None
    dosage_instruction: tuple[Dosage, ...] = ()
    dispense_request: Dispense | None = None


class Procedure(Resource, frozen=True, kw_only=True, tag="Procedure"):
    status: str | None = None
    status_reason: CodeableConcept | None = None
    code: CodeableConcept | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None
    outcome: CodeableConcept | None = None


class Observation(Resource, frozen=True, kw_only=True, tag="Observation"):
    status: str | None = None
    code: CodeableConcept | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    value_quantity: Quantity | None = None
    value_integer: int | None = None


class DiagnosticReport(Resource, frozen=True, kw_only=True, tag="DiagnosticReport"):
    status: str | None = None
    code: CodeableConcept | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None


class ImagingStudy(Resource, frozen=True, kw_only=True, tag="ImagingStudy"):
    status: str | None = None
    started: str | None = None
    procedure_code: tuple[CodeableConcept, ...] = ()


class AllergyIntolerance(Resource, frozen=True, kw_only=True, tag="AllergyIntolerance"):
    clinical_status: CodeableConcept | None = None
    verification_status: CodeableConcept | None = None
    code: CodeableConcept | None = None
    patient: Reference | None = None


class ServiceRequest(Resource, frozen=True, kw_only=True, tag="ServiceRequest"):
    status: str | None = None
    intent: str | None = None
    code: CodeableConcept | None = None
    authored_on: str | None = None


AnyResource: TypeAlias = (
    Patient
    | Condition
    | MedicationRequest
    | Procedure
    | Observation
    | DiagnosticReport
    | ImagingStudy
    | AllergyIntolerance
    | ServiceRequest
)


class Entry(Element, frozen=True, kw_only=True):
    resource: AnyResource | None = None


class Bundle(Element, frozen=True, kw_only=True, tag="Bundle", tag_field="resourceType"):
    entry: tuple[Entry, ...] = ()


class Context(Element, frozen=True, kw_only=True):
    user_id: str
    patient_id: str


class HookRequest(Element, frozen=True, kw_only=True):
    hook: str
    hook_instance: str
    context: Context
    prefetch: dict[str, Patient | Bundle]
