"""The resource types that we read: code and plain strings decoded, all other elements left raw.

One pass over a request fills these structs. It decodes what tells whether a resource is ours (its
code) and what costs no more than to step over it, and only notes where the other elements stand;
`elements.read` decodes them, one by one, for the few resources whose code is known
(docs/adr/0003). The type is the struct's tag.
"""

from typing import TYPE_CHECKING, Union

import msgspec
from msgspec import Raw

from fhir_mappings.elements import ABSENT, CodeableReference, Concept, Concepts, Reference
from fhir_mappings.resource_types import STEPPED_OVER


class Resource(msgspec.Struct, frozen=True, gc=False, tag_field="resourceType", tag=True, rename="camel"):
    """Base of all resource types; by itself a resource that is stepped over."""


class OfPatient(Resource, frozen=True, gc=False):
    """What every resource in a patient's record has."""

    id: str | None = None
    meta: Raw = ABSENT
    subject: Raw = ABSENT
    patient: Raw = ABSENT


class Patient(Resource, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/patient.html."""

    id: str | None = None
    birth_date: Raw = ABSENT
    deceased_boolean: Raw = ABSENT
    deceased_date_time: Raw = ABSENT


class Condition(OfPatient, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/condition.html; what we read is the same in R5."""

    code: Concept | None = None
    clinical_status: Raw = ABSENT
    verification_status: Raw = ABSENT
    body_site: Raw = ABSENT
    onset_date_time: str | None = None
    onset_period: Raw = ABSENT
    abatement_date_time: Raw = ABSENT
    abatement_age: Raw = ABSENT
    abatement_period: Raw = ABSENT
    abatement_range: Raw = ABSENT
    abatement_string: Raw = ABSENT
    recorded_date: str | None = None


class OfMedication(OfPatient, frozen=True, gc=False):
    """What names the drug: R4 medication[x], R5 `medication`."""

    medication_codeable_concept: Concept | None = None
    medication_reference: Reference | None = None
    medication: CodeableReference | None = None
    contained: Raw = ABSENT
    status: str | None = None
    status_reason: Raw = ABSENT
    dosage_instruction: Raw = ABSENT


class MedicationRequest(OfMedication, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/medicationrequest.html."""

    intent: str | None = None
    do_not_perform: bool | None = None
    authored_on: str | None = None
    dispense_request: Raw = ABSENT


class MedicationStatement(OfMedication, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/medicationstatement.html."""

    effective_date_time: str | None = None
    effective_period: Raw = ABSENT
    date_asserted: str | None = None
    dosage: Raw = ABSENT


class MedicationDispense(OfMedication, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/medicationdispense.html."""

    when_handed_over: str | None = None
    when_prepared: str | None = None
    quantity: Raw = ABSENT
    days_supply: Raw = ABSENT


class Medication(Resource, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/medication.html; what a medicationReference points at."""

    id: str | None = None
    code: Concept | None = None
    ingredient: Raw = ABSENT


class Act(OfPatient, frozen=True, gc=False):
    """What Procedure and ServiceRequest share."""

    code: Concept | None = None
    status: str | None = None
    body_site: Raw = ABSENT
    reason_code: Raw = ABSENT
    reason_reference: Raw = ABSENT
    reason: Raw = ABSENT  # R5: a list of CodeableReference


class Procedure(Act, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/procedure.html; R5 renamed performed[x] to occurrence[x]."""

    status_reason: Raw = ABSENT
    outcome: Raw = ABSENT
    performed_date_time: str | None = None
    performed_period: Raw = ABSENT
    occurrence_date_time: str | None = None
    occurrence_period: Raw = ABSENT


class ServiceRequest(Act, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/servicerequest.html."""

    do_not_perform: bool | None = None
    authored_on: str | None = None


class Finding(OfPatient, frozen=True, gc=False):
    """What Observation and DiagnosticReport share."""

    code: Concept | None = None
    status: str | None = None
    effective_date_time: str | None = None
    effective_period: Raw = ABSENT
    effective_instant: str | None = None
    issued: str | None = None


class Observation(Finding, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/observation.html."""

    value_quantity: Raw = ABSENT
    value_integer: Raw = ABSENT
    value_string: Raw = ABSENT
    value_range: Raw = ABSENT
    value_codeable_concept: Raw = ABSENT
    component: Raw = ABSENT


class DiagnosticReport(Finding, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/diagnosticreport.html."""


class ImagingStudy(OfPatient, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/imagingstudy.html."""

    procedure_code: Concepts = None
    status: str | None = None
    started: str | None = None
    modality: Raw = ABSENT
    series: Raw = ABSENT
    description: str | None = None
    reason_code: Raw = ABSENT
    reason_reference: Raw = ABSENT


class AllergyIntolerance(OfPatient, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/allergyintolerance.html."""

    code: Concept | None = None
    clinical_status: Raw = ABSENT
    verification_status: Raw = ABSENT
    reaction: Raw = ABSENT


class Encounter(OfPatient, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/encounter.html; R5 has actualPeriod, admission and reason."""

    status: str | None = None
    type: Raw = ABSENT
    service_type: Raw = ABSENT
    reason_code: Raw = ABSENT
    hospitalization: Raw = ABSENT
    admission: Raw = ABSENT
    diagnosis: Raw = ABSENT
    period: Raw = ABSENT
    actual_period: Raw = ABSENT


class OperationOutcome(Resource, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/operationoutcome.html: what a server says instead of data."""

    issue: Raw = ABSENT


class Entry(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    """An entry of a Bundle; some clients send one in place of a resource."""

    resource: "AnyResource | None" = None
    full_url: str | None = None


class Bundle(Resource, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/bundle.html."""

    entry: tuple[Entry, ...] | None = ()
    link: Raw = ABSENT
    total: Raw = ABSENT


READ = (
    Patient,
    Condition,
    MedicationRequest,
    MedicationStatement,
    MedicationDispense,
    Medication,
    Procedure,
    ServiceRequest,
    Observation,
    DiagnosticReport,
    ImagingStudy,
    AllergyIntolerance,
    Encounter,
    OperationOutcome,
    Bundle,
)
NAMES_READ = frozenset(kind.__name__ for kind in READ)

if TYPE_CHECKING:
    AnyResource = Resource
else:
    AnyResource = Union[
        (*READ, *(msgspec.defstruct(n, (), bases=(Resource,), gc=False, tag=n) for n in STEPPED_OVER))
    ]

# What `prefetch` of a request is decoded to, with nothing of it read twice; see `gathering`.
Prefetch = dict[str, AnyResource | None]
