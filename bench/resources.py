"""Makes single FHIR R4 resources as an EHR sends them: the elements, without their padding."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import TypeAlias

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json]"
Resource: TypeAlias = dict[str, Json]

AS_OF = date(2026, 11, 2)
PATIENT = "bench-patient"
LOINC = "http://loinc.org"
ICD = "http://hl7.org/fhir/sid/icd-10-cm"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"
CPT = "http://www.ama-assn.org/go/cpt"
UCUM = "http://unitsofmeasure.org"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
CONDITION_STATUS = f"{TERMINOLOGY}/condition-clinical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Coding:
    """One code with its words."""

    system: str
    code: str
    display: str

    def concept(self) -> Json:
        """The CodeableConcept that holds it."""
        coding: Json = {"system": self.system, "code": self.code, "display": self.display}
        return {"coding": [coding], "text": self.display}


def patient() -> Resource:
    """The one patient of every chart."""
    return {
        "resourceType": "Patient",
        "id": PATIENT,
        "name": [{"family": "Patient", "given": ["Bench"]}],
        "gender": "female",
        "birthDate": "1978-03-14",
    }


def resource(random: Random, kind: str, coding: Coding, number: int) -> Resource:
    """One resource of `kind` that says `coding`."""
    made: Resource = {
        "resourceType": kind,
        "id": f"b{number:06d}",
        "meta": {
            "versionId": str(random.randint(1, 9)),
            "lastUpdated": f"{day_before(random)}T0{random.randint(0, 9)}:15:00.000+00:00",
            "profile": [f"http://hl7.org/fhir/us/core/StructureDefinition/us-core-{kind.lower()}"],
        },
        "identifier": [{"system": "https://ehr.example/ids", "value": f"{random.getrandbits(64):016x}"}],
    }
    return made | ELEMENTS[kind](random, coding)


def _subject() -> Json:
    return {"reference": f"Patient/{PATIENT}", "display": "Bench Patient"}


def _encounter(random: Random) -> Json:
    return {"reference": f"Encounter/e{random.randint(1, 400)}"}


def day_before(random: Random, within_days: int = 1500) -> str:
    """A day before the evaluation day, ISO 8601."""
    return (AS_OF - timedelta(days=random.randint(1, within_days))).isoformat()


def _observation(random: Random, coding: Coding) -> Resource:
    pain = coding.code == "72514-3"
    category = Coding(
        system=f"{TERMINOLOGY}/observation-category",
        code="survey" if pain else "laboratory",
        display="Survey" if pain else "Laboratory",
    )
    value: Json = (
        {"value": random.randint(4, 8), "unit": "{score}", "system": UCUM, "code": "{score}"}
        if pain
        else {"value": round(random.uniform(3, 180), 1), "unit": "mg/dL", "system": UCUM, "code": "mg/dL"}
    )
    return {
        "status": "final",
        "category": [category.concept()],
        "code": coding.concept(),
        "subject": _subject(),
        "encounter": _encounter(random),
        "effectiveDateTime": f"{day_before(random, 300 if pain else 1500)}T09:30:00+00:00",
        "issued": f"{day_before(random)}T11:00:00.000+00:00",
        "performer": [{"reference": "Practitioner/p7", "display": "Clinic laboratory"}],
        "valueQuantity": value,
    }


def _condition(random: Random, coding: Coding) -> Resource:
    back = coding.code.startswith("M54")
    status = "active" if back or random.random() < 0.5 else "resolved"
    onset = "2026-05-04" if back else day_before(random)
    return {
        "clinicalStatus": {"coding": [{"system": CONDITION_STATUS, "code": status}]},
        "verificationStatus": {
            "coding": [{"system": f"{TERMINOLOGY}/condition-ver-status", "code": "confirmed"}]
        },
        "category": [
            Coding(
                system=f"{TERMINOLOGY}/condition-category",
                code="problem-list-item",
                display="Problem List Item",
            ).concept()
        ],
        "code": coding.concept(),
        "subject": _subject(),
        "encounter": _encounter(random),
        "onsetDateTime": onset,
        "recordedDate": onset,
    }


def _medication_request(random: Random, coding: Coding) -> Resource:
    back = coding.code == "198014"
    return {
        "status": "stopped" if back else random.choice(("active", "completed", "stopped")),
        "intent": "order",
        "medicationCodeableConcept": coding.concept(),
        "subject": _subject(),
        "encounter": _encounter(random),
        "authoredOn": f"{day_before(random, 150 if back else 1500)}T10:00:00+00:00",
        "requester": {"reference": "Practitioner/p3", "display": "Dr Example"},
        "dosageInstruction": [
            {
                "text": "1 tablet twice daily",
                "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet", "system": UCUM}}],
            }
        ],
        "dispenseRequest": {
            "numberOfRepeatsAllowed": 0,
            "quantity": {"value": 60, "unit": "tablet"},
            "expectedSupplyDuration": {"value": 30, "unit": "days", "code": "d"},
        },
    }


def _procedure(random: Random, coding: Coding) -> Resource:
    recent = coding.code in ("97110", "72148")
    day = day_before(random, 150 if recent else 1500)
    return {
        "status": "completed",
        "code": coding.concept(),
        "subject": _subject(),
        "encounter": _encounter(random),
        "performedPeriod": {"start": f"{day}T13:00:00+00:00", "end": f"{day}T13:45:00+00:00"},
        "performer": [{"actor": {"reference": "Practitioner/p5", "display": "Therapist Example"}}],
        "location": {"reference": "Location/l2", "display": "Outpatient clinic"},
    }


def _diagnostic_report(random: Random, coding: Coding) -> Resource:
    results: list[Json] = [
        {"reference": f"Observation/o{random.randint(1, 9999)}", "display": "Result"} for _ in range(4)
    ]
    return {
        "status": "final",
        "code": coding.concept(),
        "subject": _subject(),
        "encounter": _encounter(random),
        "effectiveDateTime": f"{day_before(random)}T09:30:00+00:00",
        "issued": f"{day_before(random)}T12:00:00.000+00:00",
        "performer": [{"reference": "Organization/lab", "display": "Clinic laboratory"}],
        "result": results,
    }


def _service_request(random: Random, coding: Coding) -> Resource:
    return {
        "status": "active",
        "intent": "order",
        "code": coding.concept(),
        "subject": _subject(),
        "encounter": _encounter(random),
        "occurrenceDateTime": day_before(random),
        "authoredOn": f"{day_before(random)}T10:00:00+00:00",
        "requester": {"reference": "Practitioner/p3", "display": "Dr Example"},
    }


def _imaging_study(random: Random, coding: Coding) -> Resource:
    return {
        "status": "available",
        "subject": _subject(),
        "encounter": _encounter(random),
        "started": f"{day_before(random)}T08:00:00+00:00",
        "procedureCode": [coding.concept()],
        "numberOfSeries": 1,
        "numberOfInstances": 2,
    }


def _allergy(random: Random, coding: Coding) -> Resource:
    return {
        "clinicalStatus": {
            "coding": [{"system": f"{TERMINOLOGY}/allergyintolerance-clinical", "code": "active"}]
        },
        "type": "allergy",
        "category": ["environment"],
        "criticality": "low",
        "code": coding.concept(),
        "patient": _subject(),
        "recordedDate": day_before(random),
    }


ELEMENTS: dict[str, Callable[[Random, Coding], Resource]] = {
    "Observation": _observation,
    "Condition": _condition,
    "MedicationRequest": _medication_request,
    "Procedure": _procedure,
    "DiagnosticReport": _diagnostic_report,
    "ServiceRequest": _service_request,
    "ImagingStudy": _imaging_study,
    "AllergyIntolerance": _allergy,
}
