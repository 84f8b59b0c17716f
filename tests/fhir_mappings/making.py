"""Small FHIR resources, and the facts that are read from them."""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

import pathway
from fhir_mappings.charts import facts_of
from fhir_mappings.gathering import Gathered, gather
from fhir_mappings.terminology import Terminology
from pathway.codelists import load_rows
from pathway.facts import Facts

Json = dict[str, Any]
DAY = date(2026, 11, 22)
UTC = ZoneInfo("UTC")
ROWS = load_rows(Path(pathway.__file__).parent / "knowledge" / "terminology")
TERMINOLOGY = Terminology.of(ROWS)

ICD = "http://hl7.org/fhir/sid/icd-10-cm"
SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CPT = "http://www.ama-assn.org/go/cpt"
PCS = "http://www.cms.gov/Medicare/Coding/ICD10"
PATIENT: Json = {"resourceType": "Patient", "id": "p1", "birthDate": "1981-02-03"}
SUBJECT: Json = {"reference": "Patient/p1"}
NAPROXEN = "198014"  # Naproxen 500 MG Oral Tablet


def concept(code: str, system: str = ICD, text: str | None = None, display: str | None = None) -> Json:
    """A CodeableConcept with one coding."""
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]} | ({"text": text} if text else {})


def resource(kind: str, own_id: str = "r1", **elements: Any) -> Json:
    """A resource of the patient; an element given as None is left out."""
    made = {"resourceType": kind, "id": own_id, "subject": SUBJECT} | elements
    return {name: value for name, value in made.items() if value is not None}


def condition(code: str = "M54.16", system: str = ICD, own_id: str = "c1", **elements: Any) -> Json:
    """An active Condition with an onset."""
    made = {"code": concept(code, system), "onsetDateTime": "2026-06-25", "clinicalStatus": "active"}
    return resource("Condition", own_id, **(made | elements))


def request(code: str = NAPROXEN, own_id: str = "m1", **elements: Any) -> Json:
    """An active MedicationRequest."""
    made = {
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": concept(code, RXNORM),
        "authoredOn": "2026-11-01",
    }
    return resource("MedicationRequest", own_id, **(made | elements))


def procedure(code: str = "97110", system: str = CPT, own_id: str = "pr1", **elements: Any) -> Json:
    """A completed Procedure."""
    made = {"status": "completed", "code": concept(code, system), "performedDateTime": "2026-10-01"}
    return resource("Procedure", own_id, **(made | elements))


def observation(code: str = "72514-3", value: Any = 6, own_id: str = "o1", **elements: Any) -> Json:
    """A final Observation with a quantity."""
    made = {
        "status": "final",
        "code": concept(code, LOINC),
        "effectiveDateTime": "2026-11-20",
        "valueQuantity": {"value": value},
    }
    return resource("Observation", own_id, **(made | elements))


def order(code: str = "72148", system: str = CPT, own_id: str = "s1", **elements: Any) -> Json:
    """An active ServiceRequest."""
    made = {"status": "active", "intent": "order", "code": concept(code, system), "authoredOn": "2026-11-01"}
    return resource("ServiceRequest", own_id, **(made | elements))


def bundle(*resources: Json, **elements: Any) -> Json:
    """A searchset of these resources."""
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "entry": [{"resource": r} for r in resources],
    } | elements


def raw(prefetch: Mapping[str, Any]) -> dict[str, msgspec.Raw]:
    """Prefetch values as a client sends them."""
    return {key: msgspec.Raw(json.dumps(value).encode()) for key, value in prefetch.items()}


def gathered(*resources: Json) -> Gathered:
    """What is found in one Bundle of these resources and the patient."""
    return gather(raw({"chart": bundle(PATIENT, *resources)}))


def facts(*resources: Json, zone: ZoneInfo = UTC, as_of: date = DAY, patient_id: str = "p1") -> Facts:
    """The facts of these resources and the patient."""
    return facts_of(
        gathered(*resources), patient_id=patient_id, as_of=as_of, zone=zone, terminology=TERMINOLOGY
    )


def gaps_of(found: Facts) -> list[tuple[str, str | None, str | None]]:
    """The gaps beside those of types that were not sent."""
    return [(g.code, g.resource, g.element) for g in found.gaps if g.code != "not-provided"]
