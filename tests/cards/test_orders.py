"""Proposals become valid FHIR R4 orders for this patient."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from cards.filling import MissingValueError
from cards.order_drafts import OrderContext, coding_of
from cards.orders import order_context, order_template
from cards.resources import FhirCoding, Reference
from pathway.advice import Values
from pathway.errors import KnowledgeError
from pathway.facts import Source
from pathway.rules import Coded, DoseStep, MedicationOrder, ServiceOrder
from tests.cards.making import CPT, a_condition, a_service, a_situation
from tests.pathway.making import TODAY, day

CONTEXT = OrderContext(
    subject=Reference(reference="Patient/pat-1"),
    as_of=TODAY,
    reasons=(Reference(reference="Condition/c-1"),),
)
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def filled(
    order: ServiceOrder | MedicationOrder,
    values: Values | None = None,
    codes: dict[str, FhirCoding] | None = None,
) -> Any:
    made = order_template(order, codes or {}, "rules/x.yaml").filled(values or {}, CONTEXT)
    return json.loads(msgspec.json.encode(made))


def a_dose(**changes: Any) -> DoseStep:
    known: dict[str, Any] = {
        "text": "1 tablet twice daily",
        "value": Decimal(1),
        "unit": "tablet",
        "frequency": 2,
    }
    return DoseStep(**(known | changes))


def a_drug_order(*doses: DoseStep, **changes: Any) -> MedicationOrder:
    known: dict[str, Any] = {
        "code": Coded(system=RXNORM, code="198014", display="Naproxen 500 MG Oral Tablet"),
        "text": "Naproxen 500 mg oral tablet",
        "doses": doses or (a_dose(),),
        "quantity": Decimal(28),
        "quantity_unit": "tablet",
    }
    return MedicationOrder(**(known | changes))


def test_a_service_order_is_a_draft_for_this_patient_and_problem_today() -> None:
    assert filled(a_service()) == {
        "resourceType": "ServiceRequest",
        "status": "draft",
        "intent": "order",
        "priority": "routine",
        "code": {
            "coding": [{"system": CPT, "code": "72148", "display": "MRI of the lumbar spine"}],
            "text": "MRI of the lumbar spine",
        },
        "subject": {"reference": "Patient/pat-1"},
        "occurrenceDateTime": "2026-11-22",
        "authoredOn": "2026-11-22",
        "reasonReference": [{"reference": "Condition/c-1"}],
    }


def test_a_service_order_carries_priority_details_reason_and_site() -> None:
    site = Coded(system="http://snomed.info/sct", code="122496007", display="Lumbar spine")
    kind = Coded(system="http://snomed.info/sct", code="363679005", display="Imaging")

    order = filled(
        a_service(
            priority="stat", details="2/week x 6 weeks", reason="Re-evaluation", body_site=site, category=kind
        )
    )

    assert order["priority"] == "stat"
    assert order["orderDetail"] == [{"text": "2/week x 6 weeks"}]
    assert order["reasonCode"] == [{"text": "Re-evaluation"}]
    assert order["bodySite"][0]["coding"][0]["code"] == "122496007"
    assert order["category"][0]["coding"][0]["code"] == "363679005"


def test_details_of_an_order_without_a_code_are_a_note() -> None:
    order = filled(a_service(codes=(), text="Yoga programme", details="8 weeks"))

    assert order["note"] == [{"text": "8 weeks"}]
    assert order["code"] == {"text": "Yoga programme"}
    assert "orderDetail" not in order


def test_the_occurrence_is_the_named_date_of_the_advice() -> None:
    assert filled(a_service(occurrence="date"), {"date": day(4)})["occurrenceDateTime"] == "2026-11-26"


def test_an_occurrence_without_its_date_is_an_error() -> None:
    with pytest.raises(MissingValueError, match="no date 'date'"):
        filled(a_service(occurrence="date"))


def test_the_same_code_as_last_time_replaces_the_code_where_the_knowledge_proposes_it() -> None:
    other = Coded(system=CPT, code="64483", display="transforaminal")

    order = filled(a_service(code_from="esi_code"), {"esi_code": "64483"}, codes={"64483": coding_of(other)})

    assert order["code"]["coding"] == [{"system": CPT, "code": "64483", "display": "transforaminal"}]


@pytest.mark.parametrize("values", [{"esi_code": "62322"}, {}])
def test_a_last_code_that_is_never_proposed_is_not_repeated(values: Values) -> None:
    template = order_template(a_service(code_from="esi_code"), {}, "rules/x.yaml")

    order = template.filled(values, CONTEXT)

    assert json.loads(msgspec.json.encode(order))["code"]["coding"][0]["code"] == "72148"
    assert template.values_shown(values)["esi_code"] == "72148"


def test_a_drug_order_says_dose_timing_quantity_and_supply() -> None:
    order = filled(a_drug_order(a_dose(days=14), supply_days=14))

    assert order["resourceType"] == "MedicationRequest"
    assert (order["status"], order["intent"]) == ("draft", "order")
    assert order["medicationCodeableConcept"]["coding"][0]["code"] == "198014"
    assert order["subject"] == {"reference": "Patient/pat-1"}
    assert order["authoredOn"] == "2026-11-22"
    tablets = {"unit": "tablet", "system": "http://unitsofmeasure.org", "code": "{tablet}"}
    days = {"value": 14, "unit": "days", "system": "http://unitsofmeasure.org", "code": "d"}
    assert order["dosageInstruction"] == [
        {
            "sequence": 1,
            "text": "1 tablet twice daily",
            "timing": {"repeat": {"boundsDuration": days, "frequency": 2, "period": 1, "periodUnit": "d"}},
            "doseAndRate": [{"doseQuantity": {"value": 1} | tablets}],
        }
    ]
    assert order["dispenseRequest"] == {
        "numberOfRepeatsAllowed": 0,
        "quantity": {"value": 28} | tablets,
        "expectedSupplyDuration": days,
    }


def test_a_drug_taken_as_needed_has_its_daily_limit() -> None:
    oral = Coded(system="http://snomed.info/sct", code="26643006", display="Oral route")

    order = filled(a_drug_order(a_dose(as_needed=True, max_per_day=Decimal(4)), route=oral))

    (dosage,) = order["dosageInstruction"]
    assert dosage["asNeededBoolean"] is True
    assert dosage["maxDosePerPeriod"]["numerator"]["value"] == 4
    assert dosage["maxDosePerPeriod"]["denominator"]["code"] == "d"
    assert dosage["route"]["coding"][0]["code"] == "26643006"


def test_a_second_step_names_the_days_on_which_it_begins_and_ends() -> None:
    steps = (a_dose(days=7), a_dose(value=Decimal("1.5"), start_day=7, days=23))

    order = filled(a_drug_order(*steps))

    first, second = order["dosageInstruction"]
    assert (first["sequence"], second["sequence"]) == (1, 2)
    assert "boundsPeriod" not in first["timing"]["repeat"]
    assert second["timing"]["repeat"]["boundsPeriod"] == {"start": "2026-11-29", "end": "2026-12-21"}
    assert second["doseAndRate"][0]["doseQuantity"]["value"] == 1.5


@pytest.mark.parametrize(
    ("order", "told"),
    [
        (a_service(priority="now"), "priority 'now'; allowed: routine, urgent, asap, stat"),
        (
            a_service(codes=(Coded(system="CPT", code="1", display="x"),)),
            "system 'CPT'; allowed: an absolute URI",
        ),
        (a_service(codes=(Coded(system=CPT, code="a  b", display="x"),)), "not valid FHIR R4: .*code"),
        (a_drug_order(a_dose(period_unit="day")), "period_unit 'day'; allowed"),
        (a_drug_order(a_dose(frequency=0)), "not valid FHIR R4: .*dosageInstruction"),
    ],
)
def test_an_order_that_is_not_valid_r4_stops_the_start(
    order: ServiceOrder | MedicationOrder, told: str
) -> None:
    with pytest.raises(KnowledgeError, match=f"rules/x.yaml: .*{told}"):
        order_template(order, {}, "rules/x.yaml")


def test_the_reason_is_the_condition_of_the_problem() -> None:
    context = order_context(a_situation())

    assert context.reasons == (Reference(reference="Condition/c-M5450"),)


@pytest.mark.parametrize(
    "source",
    [
        Source(resource_type="Condition", resource_id=None),
        Source(resource_type="Condition", resource_id="a b"),
        Source(resource_type="Encounter", resource_id="e1"),
    ],
)
def test_a_condition_that_cannot_be_referred_to_gives_no_reason(source: Source) -> None:
    condition = msgspec.structs.replace(a_condition("lbp-axial", "M5450", -40, "x"), source=source)

    assert order_context(a_situation(problem_conditions=(condition,))).reasons == ()


def test_the_order_day_is_the_evaluation_day() -> None:
    assert order_context(a_situation()).as_of == date(2026, 11, 22)
