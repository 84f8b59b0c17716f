"""Small draft orders, and what is read from them."""

import json
from collections.abc import Collection
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Raw

from fhir_mappings.drafts import DraftOrders, drafts_of
from pathway.drafts import DraftDrug, DraftService
from tests.fhir_mappings.making import CPT, DAY, RXNORM, TERMINOLOGY, UTC, Json, concept, gathered, resource

OXYCODONE = "1049621"  # Oxycodone Hydrochloride 5 MG Oral Tablet
MEDICATION: Json = {
    "resourceType": "Medication",
    "id": "med",
    "code": concept(OXYCODONE, RXNORM, text="Oxycodone 5 mg"),
}
FUSION = "359586003"  # SNOMED CT: laminectomy with spinal fusion, of no region


def drug_order(drug: str | Json = OXYCODONE, own_id: str | None = "m1", **elements: Any) -> Json:
    """A draft MedicationRequest: by RxNorm code, by words, or as the CodeableConcept given."""
    if isinstance(drug, str):
        drug = concept(drug, RXNORM) if drug.isdecimal() else {"text": drug}
    made = {"status": "draft", "intent": "order", "medicationCodeableConcept": drug, "id": own_id}
    return resource("MedicationRequest", **(made | elements))


def service_order(code: str = "62323", system: str = CPT, own_id: str | None = "s1", **elements: Any) -> Json:
    """A draft ServiceRequest."""
    made = {"status": "draft", "intent": "order", "code": concept(code, system), "id": own_id}
    return resource("ServiceRequest", **(made | elements))


def bundled(*entries: Json) -> Raw:
    """`draftOrders` as sent; a resource becomes an entry."""
    wrapped = [entry if "resource" in entry else {"resource": entry} for entry in entries]
    return Raw(json.dumps({"resourceType": "Bundle", "entry": wrapped}).encode())


def drafted(*entries: Json, **given: Any) -> DraftOrders:
    """What is understood of these drafts; `given` as in `read`."""
    return read(bundled(*entries), **given)


def read(
    bundle: Raw,
    *,
    chart: Collection[Json] = (),
    selections: Collection[str] | None = None,
    zone: ZoneInfo = UTC,
    as_of: date = DAY,
    patient_id: str = "p1",
) -> DraftOrders:
    """What is understood of any value of `draftOrders`."""
    return drafts_of(
        bundle,
        selections=selections,
        gathered=gathered(*chart),
        patient_id=patient_id,
        as_of=as_of,
        zone=zone,
        terminology=TERMINOLOGY,
    )


def the_drug(*entries: Json, **given: Any) -> DraftDrug:
    """The one drug among these drafts."""
    (fact,) = drafted(*entries, **given).facts
    assert isinstance(fact, DraftDrug)
    return fact


def the_service(*entries: Json, **given: Any) -> DraftService:
    """The one service among these drafts."""
    (fact,) = drafted(*entries, **given).facts
    assert isinstance(fact, DraftService)
    return fact


def gaps_in(found: DraftOrders) -> list[tuple[str, str | None, str | None]]:
    """Code, resource and element of each gap."""
    return [(g.code, g.resource, g.element) for g in found.gaps]


def dosage(dose: Any = None, timing: Json | None = None, **elements: Any) -> Json:
    """A dosage; a pair of doses is a range."""
    made: Json = dict(elements)
    if isinstance(dose, tuple):
        made["doseAndRate"] = [{"doseRange": {"low": dose[0], "high": dose[1]}}]
    elif dose is not None:
        made["doseAndRate"] = [{"doseQuantity": dose}]
    return made if timing is None else made | {"timing": timing}


def every(period: Any = 1, unit: str = "d", frequency: Any = 1, **more: Any) -> Json:
    """A Timing by its repeat."""
    return {"repeat": {"frequency": frequency, "period": period, "periodUnit": unit} | more}


def named(code: str) -> Json:
    """A Timing by its code."""
    return {"code": {"coding": [{"code": code}]}}


def pieces(value: Any, unit: str = "tablet") -> Json:
    """So many of something."""
    return {"value": value, "unit": unit}
