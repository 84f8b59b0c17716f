"""Order templates checked against FHIR R4 at start, so that no call has to.

fhir.resources (R4B models, which serve R4's ServiceRequest and MedicationRequest) reads a sample of
every template; the rules that its models do not know are asked for here.
"""

import msgspec
from fhir.resources.R4B.medicationrequest import MedicationRequest as MedicationRequestModel
from fhir.resources.R4B.servicerequest import ServiceRequest as ServiceRequestModel

from cards.resources import CodeableConcept, MedicationRequest, Order, ServiceRequest
from pathway.errors import KnowledgeError

PRIORITIES = ("routine", "urgent", "asap", "stat")  # http://hl7.org/fhir/request-priority
PERIOD_UNITS = ("s", "min", "h", "d", "wk", "mo", "a")  # http://hl7.org/fhir/units-of-time


def check_order(sample: Order, place: str) -> None:
    """Stop the start if a filled template is not valid R4.

    Raises:
        KnowledgeError: names the rule and the proposal (`place`), and the element that is wrong.
    """
    body = msgspec.json.encode(sample)
    try:
        if isinstance(sample, ServiceRequest):
            ServiceRequestModel.model_validate_json(body)
        else:
            MedicationRequestModel.model_validate_json(body)
    except ValueError as error:  # pydantic's ValidationError is one
        told = " ".join(str(error).split())
        raise KnowledgeError(f"{place}: the order is not valid FHIR R4: {told}") from error
    if isinstance(sample, ServiceRequest):
        _check_service(sample, place)
    else:
        _check_medication(sample, place)


def _check_service(sample: ServiceRequest, place: str) -> None:
    if sample.priority not in PRIORITIES:
        raise KnowledgeError(f"{place}: priority '{sample.priority}'; allowed: {', '.join(PRIORITIES)}")
    _check_systems(sample.code, place)
    if sample.order_detail and not sample.code.coding:
        raise KnowledgeError(f"{place}: orderDetail needs a code (invariant prr-1)")


def _check_medication(sample: MedicationRequest, place: str) -> None:
    _check_systems(sample.medication_codeable_concept, place)
    for dosage in sample.dosage_instruction:
        unit = dosage.timing.repeat.period_unit
        if unit not in PERIOD_UNITS:
            raise KnowledgeError(f"{place}: period_unit '{unit}'; allowed: {', '.join(PERIOD_UNITS)}")


def _check_systems(concept: CodeableConcept, place: str) -> None:
    for coding in concept.coding:
        if not coding.system.startswith(("http://", "https://", "urn:")):
            raise KnowledgeError(f"{place}: system '{coding.system}'; allowed: an absolute URI")
