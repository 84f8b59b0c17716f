"""What order hooks accept and refuse, and how a draft is handed back (conformance 4, contract HTTP)."""

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.cds_service.answer_schemas import check_order_answer, check_outcome
from tests.cds_service.making import CPT, a_bundle, a_condition, a_patient, a_prefetch
from tests.cds_service.order_making import URLS, accepted, an_order_request, call, drafts_in, fired

RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


def an_injection(**changes: Any) -> dict[str, Any]:
    draft = {
        "resourceType": "ServiceRequest",
        "id": "esi",
        "status": "draft",
        "intent": "order",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": CPT, "code": "62323"}], "text": "ESI"},
    }
    return {key: value for key, value in (draft | changes).items() if value is not None}


def a_procedure(code: str, on: str) -> dict[str, Any]:
    return {
        "resourceType": "Procedure",
        "id": f"p-{on}",
        "status": "completed",
        "subject": {"reference": "Patient/p1"},
        "code": {"coding": [{"system": CPT, "code": code}]},
        "performedDateTime": on,
    }


def a_prescription(
    code: str = "198014", text: str = "Naproxen 500 MG Oral Tablet", **more: Any
) -> dict[str, Any]:
    draft = {
        "resourceType": "MedicationRequest",
        "id": "request-123",
        "status": "draft",
        "medicationCodeableConcept": {
            "text": text,
            "coding": [{"system": RXNORM, "code": code, "display": text}],
        },
        "subject": {"reference": "Patient/p1"},
    }
    return draft | more


AFTER_INJECTION = a_prefetch(
    conditions=a_bundle(a_condition("M54.16", "2026-06-01")),
    procedures=a_bundle(a_procedure("64483", "2026-11-12"), a_procedure("72148", "2026-10-01")),
)


def too_early(client: FlaskClient, **changes: Any) -> dict[str, Any]:
    request = an_order_request(an_injection(**changes), prefetch=AFTER_INJECTION)
    answer = call(client, request).json
    card: dict[str, Any] = next(c for c in answer["cards"] if c["source"]["topic"]["code"] == "esi-too-early")
    return card


def updates(card: dict[str, Any]) -> list[dict[str, Any]]:
    actions = [action for suggestion in card.get("suggestions", ()) for action in suggestion["actions"]]
    return [action["resource"] for action in actions if action["type"] == "update"]


@pytest.mark.parametrize("hook", sorted(URLS))
def test_the_context_needs_its_fields(client: FlaskClient, hook: str) -> None:
    """C-REQ-10, C-CTX-09, C-CTX-11"""
    needed = {"userId", "patientId", "draftOrders"} | ({"selections"} if hook == "order-select" else set())
    request = an_order_request(an_injection(), hook=hook)

    for name in needed:
        context = {key: value for key, value in request["context"].items() if key != name}
        response = call(client, request | {"context": context})
        assert response.status_code == 400, name
        check_outcome(response.json)
        assert f"context.{name}" in response.text


@pytest.mark.parametrize(
    "bundle",
    [
        None,
        [],
        "x",
        {},
        {"resourceType": "Patient"},
        {"resourceType": "Bundle", "entry": "x"},
        {"resourceType": "Bundle", "entry": [1]},
    ],
)
def test_draft_orders_must_be_a_bundle(client: FlaskClient, bundle: object) -> None:
    """C-CTX-11"""
    request = an_order_request()
    request["context"]["draftOrders"] = bundle

    response = call(client, request)

    assert response.status_code == 400
    check_outcome(response.json)


@pytest.mark.parametrize(
    "bundle",
    [
        {"resourceType": "Bundle"},
        {"resourceType": "Bundle", "entry": []},
        {"resourceType": "Bundle", "entry": [{}]},
    ],
)
def test_a_bundle_without_orders_is_answered(client: FlaskClient, bundle: object) -> None:
    """C-CTX-11"""
    request = an_order_request()
    request["context"]["draftOrders"] = bundle

    response = call(client, request)

    assert (response.status_code, response.json["cards"]) == (200, [])


@pytest.mark.parametrize(
    "selections", ["ServiceRequest/esi", {}, [1], [None], [""], ["ServiceRequest/other"]]
)
def test_selections_must_name_draft_orders(client: FlaskClient, selections: object) -> None:
    """C-CTX-09, C-CTX-10"""
    request = an_order_request(an_injection(), hook="order-select")
    request["context"]["selections"] = selections

    response = call(client, request)

    assert response.status_code == 400
    assert "context.selections" in response.text


@pytest.mark.parametrize(
    ("selections", "cards"), [([], 0), (["esi"], 2), (["ServiceRequest/esi", "ServiceRequest/esi"], 2)]
)
def test_bare_ids_and_duplicates_select_and_nothing_selected_is_silence(
    client: FlaskClient, selections: list[str], cards: int
) -> None:
    """C-CTX-09"""
    request = an_order_request(an_injection(), hook="order-select")
    request["context"]["selections"] = selections

    response = call(client, request)

    assert response.status_code == 200
    assert len(response.json["cards"]) == cards


def test_a_call_of_the_sandbox_without_selections_and_drafts_is_400(client: FlaskClient) -> None:
    request = an_order_request(hook="order-select")
    request["context"] = {"userId": "Practitioner/COREPRACTITIONER1", "patientId": "p1"}

    assert call(client, request).status_code == 400


@pytest.mark.parametrize("user", ["Patient/p1", "RelatedPerson/r1", "Device/d1"])
def test_only_prescribers_write_orders(client: FlaskClient, user: str) -> None:
    """C-CTX-03"""
    request = an_order_request(an_injection())
    request["context"]["userId"] = user

    assert call(client, request).status_code == 400


def test_only_the_patient_is_indispensable(client: FlaskClient) -> None:
    """C-PRE-20"""
    with_patient = an_order_request(an_injection(), prefetch={"patient": a_patient()})
    without = an_order_request(an_injection(), prefetch={"conditions": a_bundle()})

    assert call(client, with_patient).status_code == 200
    assert call(client, without).status_code == 412


@pytest.mark.parametrize("hook", sorted(URLS))
def test_odd_orders_do_no_harm(client: FlaskClient, hook: str) -> None:
    """C-CTX-12, C-ROB-10"""
    odd = [
        {"resourceType": "NutritionOrder", "id": "n"},
        {"resourceType": "DeviceRequest", "id": "d", "codeReference": {"reference": "Device/x"}},
        {"resourceType": "MedicationRequest", "id": "m", "reasonCode": {"text": "pain"}, "category": {}},
        {
            "resourceType": "ServiceRequest",
            "id": "example-request-id",
            "intent": "plan",
            "code": {"coding": [{}]},
            "reasonCode": [],
        },
        {"resourceType": "MedicationRequest", "id": "t", "medicationCodeableConcept": {"text": "Vitamin D"}},
        {"resourceType": "Nonsense", "id": "z"},
    ]

    response = call(client, an_order_request(*odd, hook=hook))

    assert response.status_code == 200
    check_order_answer(response.json, set())
    assert response.json["cards"] == []


@pytest.mark.parametrize(
    ("status", "judged"),
    [
        ("draft", True),
        ("active", True),
        ("on-hold", True),
        ("unknown", True),
        (None, True),
        ("cancelled", False),
        ("revoked", False),
        ("completed", False),
        ("entered-in-error", False),
    ],
)
def test_every_order_counts_whatever_its_status_unless_it_is_over(
    client: FlaskClient, status: str | None, judged: bool
) -> None:
    answer = call(client, an_order_request(an_injection(status=status))).json

    assert judged == bool(answer["cards"])


def test_an_order_without_an_id_is_guarded_but_not_changed(client: FlaskClient) -> None:
    request = an_order_request(an_injection(id=None))
    request["context"]["draftOrders"]["entry"][0]["fullUrl"] = "urn:uuid:1"

    answer = call(client, request).json

    assert {order for _, order, _ in fired(answer)} == {"urn:uuid:1"}
    kinds = {a["type"] for c in answer["cards"] for s in c.get("suggestions", ()) for a in s["actions"]}
    assert kinds <= {"create"}


def test_an_order_without_id_and_url_has_no_name(client: FlaskClient) -> None:
    answer = call(client, an_order_request(an_injection(id=None))).json

    assert answer["cards"]
    assert {order for _, order, _ in fired(answer)} == {None}


def test_the_earliest_date_is_set_and_everything_else_survives(client: FlaskClient) -> None:
    extension = [{"url": "http://vendor.example/x", "valueDecimal": 1.5}]
    card = too_early(client, extension=extension, vendorElement={"deep": [1, None, {"a": None}]})

    (resource,) = updates(card)

    assert resource["occurrenceDateTime"] == "2026-11-26"
    assert resource["extension"] == extension
    assert resource["vendorElement"] == {"deep": [1, None]}  # C-JSON-02, C-JSON-03
    assert resource["id"] == "esi"


def test_a_choice_element_is_replaced_not_doubled(client: FlaskClient) -> None:
    card = too_early(client, occurrencePeriod={"start": "2026-11-23", "end": "2026-11-24"})

    (resource,) = updates(card)

    assert "occurrencePeriod" not in resource
    assert resource["occurrenceDateTime"] == "2026-11-26"


def test_decimals_keep_their_trailing_zeros(client: FlaskClient) -> None:
    request = json.dumps(an_order_request(an_injection(vendor="NUMBER"), prefetch=AFTER_INJECTION))

    response = call(client, request.replace('"NUMBER"', "[1.50, 0.10, 100.000]").encode())

    assert b"[1.50,0.10,100.000]" in response.data


def test_a_lone_surrogate_in_a_draft_is_refused(client: FlaskClient) -> None:
    """C-ROB-14"""
    request = json.dumps(an_order_request(an_injection(vendor="LONE"), prefetch=AFTER_INJECTION))

    response = call(client, request.replace('"LONE"', '"\\ud800"').encode())

    assert response.status_code == 400
    check_outcome(response.json)


def test_day_fourteen_itself_is_fine(client: FlaskClient) -> None:
    on_day_14 = an_order_request(an_injection(occurrenceDateTime="2026-11-26"), prefetch=AFTER_INJECTION)
    on_day_13 = an_order_request(an_injection(occurrenceDateTime="2026-11-25"), prefetch=AFTER_INJECTION)

    assert "esi-too-early" not in {guard for guard, *_ in fired(call(client, on_day_14).json)}
    assert "esi-too-early" in {guard for guard, *_ in fired(call(client, on_day_13).json)}


def test_what_the_pathway_proposes_is_not_guarded(client: FlaskClient) -> None:
    """Silence is the default: an NSAID for acute back pain."""
    answer = call(client, an_order_request(a_prescription())).json

    assert answer["cards"] == []
    assert answer["extension"]["org.backpath"]["state"] == "initial-conservative"


def test_a_suggestion_accepted_in_the_sandbox_ends_the_matter(client: FlaskClient) -> None:
    """The sandbox takes the drug of the first create or update and asks again: no ping-pong."""
    oxycodone = a_prescription("1049621", "Oxycodone Hydrochloride 5 MG Oral Tablet")
    request = an_order_request(oxycodone, hook="order-select")
    asked = []

    for _ in range(4):
        answer = call(client, request).json
        asked.append([guard for guard, *_ in fired(answer)])
        drugs = [
            action["resource"]["medicationCodeableConcept"]
            for card in answer["cards"]
            for suggestion in card.get("suggestions", ())
            for action in suggestion["actions"]
            if action.get("resource", {}).get("medicationCodeableConcept")
        ]
        if not drugs:
            break
        request = an_order_request(oxycodone | {"medicationCodeableConcept": drugs[0]}, hook="order-select")

    assert asked[0] == ["opioid-first-line", "opioid-mme-50"]  # the draft has no dose yet
    assert asked[-1] == []
    assert len(asked) <= 3


def a_dosed(drug: str, repeat: dict[str, Any], **dosage: Any) -> dict[str, Any]:
    """One piece of a drug that is known by its words, as often as `repeat` says."""
    dose = {"doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}], "timing": {"repeat": repeat}}
    supply = {"expectedSupplyDuration": {"value": 3, "unit": "d"}}
    return a_prescription(
        medicationCodeableConcept={"text": drug},
        dosageInstruction=[{**dose, **dosage}],
        dispenseRequest=supply,
    )


def a_day(times: int) -> dict[str, Any]:
    return {"frequency": times, "period": 1, "periodUnit": "d"}


def every(hours: int) -> dict[str, Any]:
    return {"frequency": 1, "period": hours, "periodUnit": "h"}


@pytest.mark.parametrize(
    ("guard", "drug", "repeat", "lowered"),
    [
        ("pregabalin-dose", "pregabalin 300 MG Oral Capsule", a_day(3), a_day(2)),
        ("pregabalin-dose", "pregabalin 150 MG Oral Capsule", a_day(5), a_day(4)),
        ("opioid-mme-50", "oxycodone hydrochloride 15 MG Oral Tablet", a_day(4), a_day(2)),
        ("opioid-mme-50", "oxycodone hydrochloride 10 MG Oral Tablet", every(4), every(8)),
        ("opioid-mme-50", "oxycodone hydrochloride 5 MG Oral Tablet", a_day(7), a_day(6)),
    ],
)
def test_one_tablet_at_a_time_is_lowered_by_fewer_doses_a_day(
    client: FlaskClient, guard: str, drug: str, repeat: dict[str, Any], lowered: dict[str, Any]
) -> None:
    draft = a_dosed(drug, repeat)
    request = an_order_request(draft)

    answer = call(client, request).json

    check_order_answer(answer, drafts_in(request))
    suggestion = the_update(answer, guard)
    (dosage,) = suggestion["actions"][0]["resource"]["dosageInstruction"]
    assert dosage == {**draft["dosageInstruction"][0], "timing": {"repeat": lowered}}
    assert guard not in {found for found, *_ in fired(call(client, accepted(request, suggestion)).json)}


def test_an_instruction_in_words_that_is_changed_is_named(client: FlaskClient) -> None:
    words = {"text": "Take 1 tablet 3 times daily", "patientInstruction": "One tablet three times a day"}
    draft = a_dosed("pregabalin 300 MG Oral Capsule", a_day(3), **words)

    (action,) = the_update(call(client, an_order_request(draft)).json, "pregabalin-dose")["actions"]

    (dosage,) = action["resource"]["dosageInstruction"]
    assert dosage["text"] == "Take 1 tablet 2 times a day"
    assert dosage["patientInstruction"] == "One tablet 2 times a day"
    assert action["description"].endswith(
        "The instruction in words then reads: Take 1 tablet 2 times a day."
        " The instruction for the patient then reads: One tablet 2 times a day."
    )
    assert "to 2 times a day instead of 3 times a day" in action["description"]


def test_words_that_would_contradict_fewer_doses_leave_the_warning_alone(client: FlaskClient) -> None:
    draft = a_dosed("pregabalin 300 MG Oral Capsule", a_day(3), text="Morning, noon and night")

    answer = call(client, an_order_request(draft)).json

    assert "pregabalin-dose" in [guard for guard, *_ in fired(answer)]
    assert changes_by(answer, "pregabalin-dose") == []


def changes_by(answer: dict[str, Any], guard: str) -> list[dict[str, Any]]:
    """The suggestions of a guard that change the order."""
    return [
        suggestion
        for card in answer["cards"]
        if card["extension"]["org.backpath"]["recommendations"] == [guard]
        for suggestion in card.get("suggestions", ())
        if suggestion["actions"][0]["type"] == "update"
    ]


def the_update(answer: dict[str, Any], guard: str) -> dict[str, Any]:
    (suggestion,) = changes_by(answer, guard)
    return suggestion


@pytest.mark.parametrize("hook", sorted(URLS))
def test_a_child_gets_no_cards(client: FlaskClient, hook: str) -> None:
    prefetch = a_prefetch(patient=a_patient(birthDate="2012-01-01"))

    answer = call(client, an_order_request(an_injection(), hook=hook, prefetch=prefetch)).json

    assert answer["cards"] == []
    assert answer["extension"]["org.backpath"]["state"] == "not-applicable"
