"""Makes the charts of the benchmark: hook requests with N prefetched resources.

Every resource is 1.2 to 1.6 kB of compact JSON, as EHRs send them: meta, narrative, identifiers,
codings, references, notes. One in ten is about backs (or none, for the chart without a back
problem); the rest is the mix of an ordinary chart. All of it is made here from a fixed seed: no
patient, real or synthetic, of anyone else.
"""

import json
from random import Random

from bench.drafts import draft_orders
from bench.resources import (
    AS_OF,
    CPT,
    ICD,
    LOINC,
    PATIENT,
    RXNORM,
    SNOMED,
    Coding,
    Json,
    Resource,
    day_before,
    patient,
    resource,
)

SMALLEST, LARGEST = 1200, 1600  # bytes of one resource
PREFETCH_KEYS = {
    "Condition": "conditions",
    "MedicationRequest": "medicationRequests",
    "Procedure": "procedures",
    "Observation": "observations",
    "DiagnosticReport": "diagnosticReports",
    "ImagingStudy": "imagingStudies",
    "AllergyIntolerance": "allergies",
    "ServiceRequest": "serviceRequests",
}
# What an ordinary chart is made of, in parts of a hundred.
ORDINARY_MIX = {
    "Observation": 46,
    "Condition": 12,
    "MedicationRequest": 14,
    "Procedure": 12,
    "DiagnosticReport": 8,
    "ServiceRequest": 4,
    "ImagingStudy": 2,
    "AllergyIntolerance": 2,
}
WORDS = (
    *("routine", "follow", "up", "reviewed", "with", "patient", "result", "within", "range", "no"),
    *("change", "of", "plan", "sample", "collected", "at", "clinic", "reported", "by", "laboratory"),
    *("verified", "staff", "next", "visit", "as", "scheduled", "stable", "on", "current", "treatment"),
    *("advised", "to", "return", "if", "symptoms", "worsen", "discussed", "options", "and", "agreed"),
)


ORDINARY: dict[str, tuple[Coding, ...]] = {
    "Observation": (
        Coding(system=LOINC, code="8480-6", display="Systolic blood pressure"),
        Coding(system=LOINC, code="29463-7", display="Body weight"),
        Coding(system=LOINC, code="4548-4", display="Hemoglobin A1c/Hemoglobin.total in Blood"),
        Coding(system=LOINC, code="2345-7", display="Glucose [Mass/volume] in Serum or Plasma"),
        Coding(system=LOINC, code="2951-2", display="Sodium [Moles/volume] in Serum or Plasma"),
        Coding(system=LOINC, code="718-7", display="Hemoglobin [Mass/volume] in Blood"),
        Coding(system=LOINC, code="8867-4", display="Heart rate"),
    ),
    "Condition": (
        Coding(system=ICD, code="I10", display="Essential (primary) hypertension"),
        Coding(system=ICD, code="E78.5", display="Hyperlipidemia, unspecified"),
        Coding(system=ICD, code="J06.9", display="Acute upper respiratory infection, unspecified"),
        Coding(system=SNOMED, code="195662009", display="Acute viral pharyngitis (disorder)"),
        Coding(system=ICD, code="H52.4", display="Presbyopia"),
    ),
    "MedicationRequest": (
        Coding(system=RXNORM, code="314076", display="lisinopril 10 MG Oral Tablet"),
        Coding(system=RXNORM, code="312961", display="simvastatin 20 MG Oral Tablet"),
        Coding(system=RXNORM, code="861007", display="metformin hydrochloride 500 MG Oral Tablet"),
        Coding(system=RXNORM, code="197517", display="clarithromycin 500 MG Oral Tablet"),
    ),
    "Procedure": (
        Coding(system=SNOMED, code="430193006", display="Medication reconciliation (procedure)"),
        Coding(system=SNOMED, code="428191000124101", display="Documentation of current medications"),
        Coding(system=CPT, code="90686", display="influenza vaccination"),
        Coding(system=SNOMED, code="73761001", display="Colonoscopy"),
    ),
    "DiagnosticReport": (
        Coding(system=LOINC, code="51990-0", display="Basic metabolic panel - Blood"),
        Coding(system=LOINC, code="57698-3", display="Lipid panel with direct LDL - Serum or Plasma"),
        Coding(system=LOINC, code="58410-2", display="CBC panel - Blood by Automated count"),
    ),
    "ServiceRequest": (
        Coding(system=LOINC, code="24323-8", display="Comprehensive metabolic 2000 panel"),
        Coding(system=SNOMED, code="183524004", display="Referral to psychiatry service"),
    ),
    "ImagingStudy": (Coding(system=SNOMED, code="399208008", display="Plain chest X-ray"),),
    "AllergyIntolerance": (
        Coding(system=SNOMED, code="256277009", display="Grass pollen"),
        Coding(system=SNOMED, code="91935009", display="Allergy to peanut"),
    ),
}
# A radiculopathy under treatment, as (resource type, what it is).
BACK: tuple[tuple[str, Coding], ...] = (
    ("Condition", Coding(system=ICD, code="M54.16", display="Radiculopathy, lumbar region")),
    ("Observation", Coding(system=LOINC, code="72514-3", display="Pain severity 0-10 verbal rating")),
    ("Procedure", Coding(system=CPT, code="97110", display="therapeutic exercise")),
    ("MedicationRequest", Coding(system=RXNORM, code="198014", display="naproxen 500 MG Oral Tablet")),
    ("Procedure", Coding(system=CPT, code="97110", display="therapeutic exercise")),
    ("Observation", Coding(system=LOINC, code="72514-3", display="Pain severity 0-10 verbal rating")),
    ("Condition", Coding(system=ICD, code="M54.50", display="Low back pain, unspecified")),
    ("Procedure", Coding(system=CPT, code="72148", display="lumbar MRI without contrast")),
)


def request_body(count: int, *, back: bool = True) -> bytes:
    """A patient-view request with `count` prefetched resources beside the Patient."""
    return encoded(_request("patient-view", {}, count, back=back))


def order_sign_body(count: int, drafts: int) -> bytes:
    """An order-sign request with the same chart, and so many draft orders."""
    return encoded(_request("order-sign", {"draftOrders": draft_orders(drafts)}, count, back=True))


def encoded(value: Json) -> bytes:
    """Compact JSON, as servers send it."""
    return json.dumps(value, separators=(",", ":")).encode()


def _request(hook: str, context: dict[str, Json], count: int, *, back: bool) -> Json:
    prefetch: dict[str, Json] = {"patient": patient()}
    for key, resources in _by_key(_resources(count, back=back)).items():
        entries: list[Json] = [
            {"fullUrl": f"https://ehr.example/fhir/{r['resourceType']}/{r['id']}", "resource": r}
            for r in resources
        ]
        prefetch[key] = {
            "resourceType": "Bundle",
            "type": "searchset",
            "total": len(entries),
            "entry": entries,
        }
    return {
        "hook": hook,
        "hookInstance": "5f6b2a60-3c1e-4f3a-9d55-0c7f4a1b2c3d",
        "context": {"userId": "Practitioner/bench", "patientId": PATIENT, **context},
        "extension": {"org.backpath": {"asOf": AS_OF.isoformat()}},
        "prefetch": prefetch,
    }


def _by_key(resources: list[Resource]) -> dict[str, list[Resource]]:
    bundles: dict[str, list[Resource]] = {key: [] for key in PREFETCH_KEYS.values()}
    for made in resources:
        bundles[PREFETCH_KEYS[str(made["resourceType"])]].append(made)
    return bundles


def _resources(count: int, *, back: bool) -> list[Resource]:
    random = Random(20261102)  # noqa: S311 - sizes and dates, no secrets
    kinds, weights = tuple(ORDINARY_MIX), tuple(ORDINARY_MIX.values())
    made = []
    for number in range(count):
        if back and number % 10 == 0:
            kind, coding = BACK[number // 10 % len(BACK)]
        else:
            kind = random.choices(kinds, weights)[0]
            coding = random.choice(ORDINARY[kind])
        made.append(_filled(random, resource(random, kind, coding, number)))
    return made


def _filled(random: Random, bare: Resource) -> Resource:
    """The resource with a remark and a narrative that bring it to its size."""
    full = bare | _remark(random, str(bare["resourceType"])) | {"text": _narrative(bare, "")}
    room = random.randint(SMALLEST, LARGEST) - len(encoded(full))
    return full | {"text": _narrative(bare, _words(random, max(room, 0)))}


def _remark(random: Random, kind: str) -> Resource:
    if kind == "DiagnosticReport":
        return {"conclusion": _words(random, 120)}
    return {"note": [{"time": f"{day_before(random)}T10:00:00+00:00", "text": _words(random, 120)}]}


def _narrative(bare: Resource, words: str) -> Json:
    opening = f"<div xmlns='http://www.w3.org/1999/xhtml'><p><b>{bare['resourceType']}</b>: "
    return {"status": "generated", "div": f"{opening}{words}</p></div>"}


def _words(random: Random, length: int) -> str:
    return " ".join(random.choices(WORDS, k=length // 4 + 1))[:length]
