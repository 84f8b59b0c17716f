"""Sample patients as FHIR R4 resources, made from the words of the golden cases."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from itertools import count

from cds_service.sample_codes import Codes, CodeStyle, Concept
from pathway.days import days_after, months_after
from pathway.drafts import DraftReason
from pathway.facts import Instrument, Outcome, StopReason
from pathway.golden import (
    Given,
    GivenAllergy,
    GivenCare,
    GivenCondition,
    GivenDraft,
    GivenDrug,
    GivenImaging,
    GivenInjection,
    GivenOperation,
    GivenOrder,
    GivenScore,
    GivenTherapy,
)

Resource = dict[str, object]

UCUM = "http://unitsofmeasure.org"
CLINICAL_STATUS = "http://terminology.hl7.org/CodeSystem/condition-clinical"
VERIFICATION_STATUS = "http://terminology.hl7.org/CodeSystem/condition-ver-status"
ALLERGY_STATUS = "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"
ENCOUNTER_CLASS = "http://terminology.hl7.org/CodeSystem/v3-ActCode"

INSTRUMENTS = {  # instrument: LOINC code, UCUM unit
    Instrument.NRS: ("72514-3", "{score}"),
    Instrument.NRS_WEEK: ("75893-8", "{score}"),
    Instrument.VAS: ("38214-3", "{score}"),
    Instrument.PAIN_OTHER: ("38208-5", "{score}"),
    Instrument.FACES: ("38221-8", "{score}"),
    Instrument.PEG: ("91147-9", "{score}"),
    Instrument.ODI: ("97909-6", "%"),
    Instrument.PROMIS_PI: ("71961-7", "{score}"),
    Instrument.START_BACK: ("91351-7", "{score}"),
    Instrument.PHQ9: ("44261-6", "{score}"),
    Instrument.EGFR: ("98979-8", "mL/min/{1.73_m2}"),
    Instrument.INR: ("6301-6", "1"),
    Instrument.PLATELETS: ("777-3", "10*3/uL"),
}
OUTCOMES = {
    Outcome.SUCCESSFUL: "procedure-successful",
    Outcome.PARTIAL: "procedure-partially-successful",
    Outcome.UNSUCCESSFUL: "procedure-unsuccessful",
}
# what a draft is coded as where its case names the concept alone
IMPLIED_CODES = {"esi-lumbar": "62323", "esi-lumbar-catheter": "62327"}
STOP_REASONS = {  # ruling R18
    StopReason.INEFFECTIVE: "Ineffective",
    StopReason.NOT_TOLERATED: "Not tolerated",
}


def record_of(
    given: Given,
    *,
    patient_id: str,
    name: str,
    as_of: date,
    codes: Codes,
) -> tuple[Resource, ...]:
    """The whole record of one patient on `as_of`, the Patient first, in the style of `codes`.

    Raises:
        LookupError: the terminology has no code for something that is given.
    """
    writer = _Writer(patient_id, as_of, codes)
    return (writer.patient(given, name), *writer.resources(given))


def drafts_of(given: Given, *, patient_id: str, as_of: date, codes: Codes) -> list[Resource]:
    """The draft orders of a case as FHIR resources, each with the case's id of it."""
    writer = _Writer(patient_id, as_of, codes)
    return [writer.draft(draft) for draft in given.drafts]


class _Writer:
    """Writes one patient's resources; holds what every one of them needs."""

    def __init__(self, patient_id: str, as_of: date, codes: Codes) -> None:
        self._patient_id = patient_id
        self._as_of = as_of
        self._codes = codes
        self._number = count(1)

    def patient(self, given: Given, name: str) -> Resource:
        first, _, last = name.partition(" ")
        patient: Resource = {
            "resourceType": "Patient",
            "id": self._patient_id,
            "name": [{"text": name, "family": last or first, "given": [first]}],
        }
        if given.age is not None:
            patient["birthDate"] = months_after(self._as_of, -12 * given.age).isoformat()
        if given.deceased:
            patient["deceasedBoolean"] = True
        return patient

    def resources(self, given: Given) -> Iterator[Resource]:
        yield from map(self._condition, given.conditions)
        yield from map(self._drug, given.drugs)
        for therapy in given.therapies:
            yield from self._therapy(therapy)
        yield from map(self._injection, given.injections)
        yield from map(self._imaging, given.imaging)
        yield from map(self._operation, given.operations)
        yield from map(self._score, given.scores)
        yield from map(self._allergy, given.allergies)
        yield from map(self._order, given.open_orders)
        yield from map(self._care, given.care)

    def _condition(self, given: GivenCondition) -> Resource:
        status = "active" if given.active else "resolved"
        certainty = "differential" if given.differential else "confirmed"
        return self._resource(
            "Condition",
            clinicalStatus=_coded(CLINICAL_STATUS, status),
            verificationStatus=_coded(VERIFICATION_STATUS, certainty),
            code=self._codes.concept(
                given.concept, "problem", code=given.code, exact=given.gestation_weeks is not None
            ),
            onsetDateTime=self._day(given.onset),
            recordedDate=self._day(given.recorded),
        )

    def _drug(self, given: GivenDrug) -> Resource:
        drug = self._codes.drug(given.ingredient, long_acting=given.long_acting, systemic=given.systemic)
        medication: Resource = {"medicationCodeableConcept": drug}
        if self._codes.style is CodeStyle.SNOMED:  # the other shape that records have
            contained = {"resourceType": "Medication", "id": "drug", "code": drug}
            medication = {"contained": [contained], "medicationReference": {"reference": "#drug"}}
        reason = STOP_REASONS[given.stop_reason] if given.stop_reason else None
        return self._resource(
            "MedicationRequest",
            **medication,
            status=given.status,
            intent="order",
            statusReason={"text": reason} if reason else None,
            authoredOn=self._day(given.start),
            dosageInstruction=self._dosage(given),
            dispenseRequest=_supply(given.supply_days),
        )

    def draft(self, given: GivenDraft) -> Resource:
        order = self._drug_draft(given) if given.ingredient else self._service_draft(given)
        return order | {"id": given.id}

    def _drug_draft(self, given: GivenDraft) -> Resource:
        ingredient = given.ingredient or ""
        is_patch = ingredient == "fentanyl" and given.daily is not None
        drug = self._codes.drug(ingredient, long_acting=given.long_acting, systemic=given.systemic)
        if is_patch:
            drug = {"text": f"fentanyl {given.daily} MCG/HR Transdermal System"}
        dose = (
            _quantity(Decimal(1), "patch")
            if is_patch
            else _quantity((given.daily or Decimal(0)) / given.times, "mg")
        )
        repeat: Resource = {"frequency": given.times, "period": 1, "periodUnit": "d"}
        if given.on > 0:
            repeat["boundsPeriod"] = {"start": self._day(given.on)}
        dosage: Resource = {"timing": {"repeat": repeat}}
        if given.daily is not None:
            dosage["doseAndRate"] = [{"doseQuantity": dose}]
        return self._resource(
            "MedicationRequest",
            status="draft",
            intent="order",
            medicationCodeableConcept=drug,
            reasonCode=self._reason(given.reason),
            dosageInstruction=[dosage],
            dispenseRequest=_supply(given.supply_days),
        )

    def _service_draft(self, given: GivenDraft) -> Resource:
        concept = given.concept or ""
        code = given.code or IMPLIED_CODES.get(concept)
        coded = self._codes.of_code(code) if code else self._codes.concept(concept, "referral", "therapy")
        return self._resource(
            "ServiceRequest",
            status="draft",
            intent="order",
            code=coded,
            reasonCode=self._reason(given.reason),
            occurrenceDateTime=self._day(given.on) if given.on else None,
        )

    def _reason(self, reason: DraftReason) -> list[Concept] | None:
        match reason:
            case DraftReason.LUMBAR:
                return [self._codes.concept("lbp-axial", "problem")]
            case DraftReason.OTHER:
                return [{"text": "Toothache"}]
            case DraftReason.NONE:
                return None

    def _dosage(self, given: GivenDrug) -> list[object] | None:
        repeat: Resource = {"frequency": 1, "period": 1, "periodUnit": "d"}
        if given.stop is not None:
            repeat["boundsPeriod"] = {"end": self._day(given.stop)}
        if given.daily is None and given.stop is None:
            return None
        dosage: Resource = {"timing": {"repeat": repeat}}
        if given.daily is not None:
            dosage["doseAndRate"] = [{"doseQuantity": _quantity(given.daily, "mg")}]
        return [dosage]

    def _therapy(self, given: GivenTherapy) -> Iterator[Resource]:
        days: list[tuple[int | None, int | None]] = [(day, day) for day in given.sessions]
        spans = days or [(given.first, given.last)]
        for first, last in spans:
            one_day = first == last
            period = {"start": self._day(first), "end": self._day(last)}
            yield self._procedure(
                self._codes.concept(given.modality, "therapy"),
                status=given.status,
                outcome=given.outcome,
                statusReason={"text": STOP_REASONS[given.stop_reason]} if given.stop_reason else None,
                performedDateTime=self._day(first) if one_day else None,
                performedPeriod=None if one_day else {k: v for k, v in period.items() if v},
            )

    def _injection(self, given: GivenInjection) -> Resource:
        return self._procedure(
            self._codes.of_code(given.code), outcome=given.outcome, performedDateTime=self._day(given.on)
        )

    def _imaging(self, given: GivenImaging) -> Resource:
        code = self._codes.concept(given.modality, "imaging-advanced", "imaging-plain")
        if self._codes.style is CodeStyle.SNOMED:  # the other resource that shows a study
            return self._resource(
                "DiagnosticReport", status="final", code=code, effectiveDateTime=self._day(given.on)
            )
        return self._procedure(code, performedDateTime=self._day(given.on))

    def _operation(self, given: GivenOperation) -> Resource:
        code = self._codes.concept(given.concept, "surgery", "cabg-operation")
        return self._procedure(code, performedDateTime=self._day(given.on))

    def _score(self, given: GivenScore) -> Resource:
        code, unit = INSTRUMENTS[given.instrument]
        return self._resource(
            "Observation",
            status="final",
            code=self._codes.of_code(code),
            effectiveDateTime=self._day(given.on),
            valueQuantity=_quantity(given.value, unit),
        )

    def _allergy(self, given: GivenAllergy) -> Resource:
        allergy = self._resource(
            "AllergyIntolerance",
            clinicalStatus=_coded(ALLERGY_STATUS, "active"),
            code=self._codes.substance(given.drug_class, given.ingredient),
        )
        return {("patient" if key == "subject" else key): value for key, value in allergy.items()}

    def _order(self, given: GivenOrder) -> Resource:
        return self._resource(
            "ServiceRequest",
            status="active",
            intent="order",
            code=self._codes.concept(given.concept, "referral", "therapy"),
            authoredOn=self._day(given.authored),
        )

    def _care(self, given: GivenCare) -> Resource:
        code = self._codes.concept(given.concept, "exclusion-care")
        day = self._day(given.last)
        if given.kind == "order":
            return self._resource(
                "ServiceRequest", status="active", intent="order", code=code, authoredOn=day
            )
        if given.kind == "encounter":
            return self._resource(
                "Encounter",
                status="in-progress" if given.in_progress else "finished",
                type=[code],
                period={"end": day} if day else None,
                **{"class": {"system": ENCOUNTER_CLASS, "code": "HH"}},
            )
        return self._procedure(
            code, status="in-progress" if given.in_progress else "completed", performedDateTime=day
        )

    def _procedure(
        self, code: Concept, *, status: str = "completed", outcome: Outcome | None = None, **more: object
    ) -> Resource:
        result = self._codes.concept(OUTCOMES[outcome], "outcome") if outcome else None
        return self._resource("Procedure", status=status, code=code, outcome=result, **more)

    def _resource(self, kind: str, **elements: object) -> Resource:
        return {
            "resourceType": kind,
            "id": f"{self._patient_id}-{next(self._number)}",
            "subject": {"reference": f"Patient/{self._patient_id}"},
            **{name: value for name, value in elements.items() if value is not None},
        }

    def _day(self, offset: int | None) -> str | None:
        return None if offset is None else days_after(self._as_of, offset).isoformat()


def _coded(system: str, code: str) -> Concept:
    return {"coding": [{"system": system, "code": code}]}


def _quantity(value: Decimal, unit: str) -> Resource:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def _supply(days: int | None) -> Resource | None:
    if days is None:
        return None
    return {"expectedSupplyDuration": {"value": days, "unit": "days", "system": UCUM, "code": "d"}}


def of_type(record: Iterable[Resource], kind: str) -> list[Resource]:
    """The resources of one type."""
    return [resource for resource in record if resource["resourceType"] == kind]
