"""What a prefetch lacks is fetched, what it has is not, and what cannot be had is named."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest

from cds_service.envelope import HookRequest
from cds_service.fetching.completion import Completer, Completion
from cds_service.fetching.lacks import Lack
from cds_service.fetching.paging import Limits
from cds_service.fetching.pool import Pool
from cds_service.fetching.refusals import Why
from cds_service.hooks import prefetch_templates
from cds_service.settings import Settings
from cds_service.tenants.model import Tenant
from fhir_mappings.gathering import Gathered, gather
from fhir_mappings.prefetch_keys import ASKED_FOR
from fhir_mappings.resources import Condition, Medication, MedicationRequest, Patient
from pathway.loading import load_code_rows
from tests.cds_service.fetching.fhir_servers import BASE, FixedAnswers
from tests.cds_service.making import a_bundle, a_condition, a_patient, a_prefetch, without

TEMPLATES = prefetch_templates(load_code_rows())
KINDS = frozenset(ASKED_FOR.values())
TOKEN = {
    "access_token": "secret-token",
    "token_type": "Bearer",
    "expires_in": 300,
    "scope": "user/*.read",
    "subject": "backpath",
}
TENANT = Tenant(id="north", title="North", fhir_servers=(BASE,))
OUTCOME = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "exception"}]}
CONDITIONS = "Condition?patient=p1&_count=200"
REQUESTS = "MedicationRequest?patient=p1&_count=200"
NEVER = {"allergies", "patient"}


@pytest.fixture
def pool() -> Iterator[Pool]:
    pool = Pool(threads=16)
    yield pool
    pool.close()


def path_of(key: str) -> str:
    path = TEMPLATES[key].replace("{{context.patientId}}", "p1")
    return f"{path}&_count=200" if "?" in path else path


def a_server(**changes: Any) -> FixedAnswers:
    """The record of `a_prefetch`, by search; by key, another answer."""
    return FixedAnswers({path_of(key): value for key, value in (a_prefetch() | changes).items()})


def completion(
    prefetch: dict[str, Any],
    answers: FixedAnswers,
    pool: Pool,
    *,
    seconds: float = 5.0,
    tenant: Tenant = TENANT,
    limits: Limits | None = None,
    **asked: Any,
) -> Completion:
    raw = {key: msgspec.Raw(msgspec.json.encode(value)) for key, value in prefetch.items()}
    given = {
        "hook": "patient-view",
        "hook_instance": "",
        "user_id": "Practitioner/x",
        "patient_id": "p1",
        "fhir_server": BASE,
        "fhir_authorization": TOKEN,
    }
    completer = Completer(answers, TEMPLATES, limits=limits, pool=pool)
    request = HookRequest(**(given | asked))
    return completer.completion(gather(raw), request, tenant, time.monotonic() + seconds)


def told(gathered: Gathered) -> dict[tuple[str, str | None], str]:
    """The gaps as facts will have them, by code and resource."""
    gaps = [*gathered.gaps, *gathered.gaps_of_not_provided()]
    found = {(gap.code, gap.resource): gap.text or "" for gap in gaps}
    assert len(found) == len(gaps)  # each said once
    return found


def scoped(scope: str, **changes: Any) -> dict[str, Any]:
    return TOKEN | {"scope": scope} | changes


def test_a_complete_prefetch_asks_nothing(pool: Pool) -> None:
    answers = a_server()

    found = completion(a_prefetch(), answers, pool)

    assert answers.asked == []
    assert not found.lacks
    assert told(found.gathered) == {}


def test_without_a_server_the_chart_stays_as_it_is(pool: Pool) -> None:
    answers = a_server()

    found = completion({}, answers, pool, fhir_server=None, fhir_authorization=None)

    assert answers.asked == []
    assert found.gathered.not_provided() == KINDS


def test_nothing_sent_everything_is_fetched_with_the_token(pool: Pool) -> None:
    answers = a_server()

    found = completion({}, answers, pool)

    assert sorted(answers.asked) == sorted(path_of(key) for key in TEMPLATES)
    assert answers.headers == [{"Authorization": "Bearer secret-token"}] * len(TEMPLATES)
    assert found.gathered.answered == KINDS
    assert told(found.gathered) == {}
    assert [c.id for c in found.gathered.of(Condition)] == ["c1"]


@pytest.mark.parametrize("key", sorted(TEMPLATES))
def test_only_what_is_missing_is_fetched(key: str, pool: Pool) -> None:
    answers = a_server()

    found = completion(without(a_prefetch(), key), answers, pool)

    assert answers.asked == [path_of(key)]
    assert found.gathered.answered == KINDS


@pytest.mark.parametrize(
    "value",
    [
        OUTCOME,
        {"resource": OUTCOME},
        a_bundle(link=[{"relation": "self", "url": f"{BASE}/Condition?patient={{{{context.patientId}}}}"}]),
    ],
)
def test_what_came_as_a_failure_is_fetched(value: Any, pool: Pool) -> None:
    answers = a_server()

    found = completion(a_prefetch(conditions=value), answers, pool)

    assert answers.asked == [CONDITIONS]
    assert told(found.gathered) == {}
    assert [c.id for c in found.gathered.of(Condition)] == ["c1"]


def test_what_came_in_part_is_fetched_whole(pool: Pool) -> None:
    part = {"problems": a_bundle(a_condition(id="c0")), "Conditions": OUTCOME}
    answers = a_server(conditions=a_bundle(a_condition(id="c0"), a_condition(id="c1")))

    found = completion(without(a_prefetch(), "conditions") | part, answers, pool)

    assert answers.asked == [CONDITIONS]
    assert told(found.gathered) == {}
    assert {c.id for c in found.gathered.of(Condition)} == {"c0", "c1"}


def test_the_pages_that_follow_a_prefetched_bundle_are_fetched(pool: Pool) -> None:
    link = [{"relation": "next", "url": f"{BASE}/Condition?page=2"}]
    answers = FixedAnswers({"Condition?page=2": a_bundle(a_condition(id="c2"))})

    found = completion(a_prefetch(conditions=a_bundle(a_condition(), link=link)), answers, pool)

    assert answers.asked == ["Condition?page=2"]
    assert told(found.gathered) == {}
    assert {c.id for c in found.gathered.of(Condition)} == {"c1", "c2"}


@pytest.mark.parametrize(
    ("scope", "asked"), [("user/Condition.read", []), ("user/*.read", ["Condition?page=2"])]
)
def test_a_bundle_of_several_types_goes_on_only_where_all_of_them_are_permitted(
    scope: str, asked: list[str], pool: Pool
) -> None:
    link = [{"relation": "next", "url": f"{BASE}/Condition?page=2"}]
    mixed = a_bundle(a_condition(), {"resourceType": "Encounter", "id": "e1"}, link=link)
    answers = FixedAnswers({"Condition?page=2": a_bundle(a_condition(id="c2"))})

    found = completion(
        a_prefetch(conditions=None) | {"chart": mixed}, answers, pool, fhir_authorization=scoped(scope)
    )

    assert answers.asked == asked
    assert (("incomplete", "Encounter") in told(found.gathered)) is not bool(asked)


def test_a_next_page_elsewhere_leaves_the_gap_and_is_not_asked_for(pool: Pool) -> None:
    link = [{"relation": "next", "url": "https://evil.example/fhir/Condition?page=2"}]
    answers = a_server()

    found = completion(a_prefetch(conditions=a_bundle(a_condition(), link=link)), answers, pool)

    assert answers.asked == []
    assert found.lacks == {"Condition": Lack.NEXT_PAGE}
    assert "next page could not be followed" in told(found.gathered)["incomplete", "Condition"]


def test_what_does_not_come_in_time_is_a_gap_and_the_rest_is_used(pool: Pool) -> None:
    second = {"relation": "next", "url": f"{BASE}/Procedure?page=2"}
    first_page = a_bundle({"resourceType": "Procedure", "id": "x1"}, link=[second])
    answers = a_server(allergies=(9, a_bundle()), procedures=first_page)
    answers.answers = dict(answers.answers) | {"Procedure?page=2": (9, a_bundle())}

    began = time.monotonic()
    found = completion({}, answers, pool, seconds=0.3)

    assert time.monotonic() - began < 0.6
    gaps = told(found.gathered)
    assert set(gaps) == {("not-provided", "AllergyIntolerance"), ("incomplete", "Procedure")}
    assert all("did not answer in time" in text for text in gaps.values())
    assert found.gathered.has_answer_for("Procedure")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Why.STATUS_401, "refused"),
        (Why.STATUS_404, "error"),
        (Why.STATUS_5XX, "error"),
        (Why.UNREACHABLE, "could not be reached"),
        (Why.NOT_JSON, "could not be used"),
        (Why.REDIRECT, "could not be used"),
        (OUTCOME, "could not be used"),
        (b"null", "could not be used"),
    ],
)
def test_what_fails_is_named_in_our_words(answer: Any, words: str, pool: Pool) -> None:
    found = completion({}, a_server(procedures=answer), pool)

    gaps = told(found.gathered)
    assert set(gaps) == {("not-provided", "Procedure")}
    assert words in gaps["not-provided", "Procedure"]
    assert "secret-token" not in repr(found)


def test_a_prefetched_part_whose_whole_cannot_be_had_stays_incomplete(pool: Pool) -> None:
    part = {"problems": a_bundle(a_condition()), "Conditions": OUTCOME}

    found = completion(without(a_prefetch(), "conditions") | part, a_server(conditions=Why.STATUS_5XX), pool)

    gaps = told(found.gathered)
    assert set(gaps) == {("incomplete", "Condition")}
    assert "error" in gaps["incomplete", "Condition"]
    assert [c.id for c in found.gathered.of(Condition)] == ["c1"]


def test_no_search_is_sent_that_the_token_does_not_permit(pool: Pool) -> None:
    answers = a_server()
    scope = "patient/Patient.read user/Condition.s system/Observation.rs user/Procedure.r user/*.write"

    found = completion({}, answers, pool, fhir_authorization=scoped(scope, patient="p1"))

    assert answers.asked_for() == {"Patient", "Condition", "Observation"}
    gaps = told(found.gathered)
    assert {kind for _, kind in gaps} == KINDS - answers.asked_for()
    assert all("does not permit" in text for text in gaps.values())


def test_the_patient_is_not_read_with_a_right_to_search_alone(pool: Pool) -> None:
    answers = a_server()

    found = completion({}, answers, pool, fhir_authorization=scoped("user/*.s"))

    assert "Patient" not in answers.asked_for()
    assert found.lacks == {"Patient": Lack.NOT_PERMITTED}


def test_a_narrowed_scope_narrows_the_search_and_leaves_a_gap(pool: Pool) -> None:
    narrow = f"{CONDITIONS.removesuffix('&_count=200')}&category=problem-list-item&_count=200"
    answers = FixedAnswers({narrow: a_bundle(a_condition())})
    scope = scoped("user/Condition.rs?category=problem-list-item")

    found = completion(without(a_prefetch(), "conditions"), answers, pool, fhir_authorization=scope)

    assert answers.asked == [narrow]
    assert [c.id for c in found.gathered.of(Condition)] == ["c1"]
    assert "permits reading a part only" in told(found.gathered)["incomplete", "Condition"]


@pytest.mark.parametrize(
    ("asked", "lack"),
    [
        ({"fhir_authorization": scoped("patient/*.read", patient="p2")}, Lack.TOKEN_OF_ANOTHER_PATIENT),
        ({"fhir_authorization": scoped("user/*.read", expires_in=0)}, Lack.TOKEN_EXPIRED),
        ({"fhir_authorization": None}, Lack.NO_TOKEN),
        ({"fhir_server": "https://evil.example/fhir"}, Lack.SERVER_NOT_ALLOWED),
        ({"fhir_server": f"{BASE}/Patient"}, Lack.SERVER_NOT_ALLOWED),
        ({"patient_id": ".."}, Lack.NO_SUCH_ID),
    ],
)
def test_where_nothing_may_be_asked_nothing_is(asked: dict[str, Any], lack: Lack, pool: Pool) -> None:
    answers = a_server()

    found = completion(without(a_prefetch(), *NEVER), answers, pool, **asked)

    assert answers.asked == []
    assert found.lacks == {"AllergyIntolerance": lack, "Patient": lack}
    assert set(told(found.gathered)) == {("not-provided", kind) for kind in ("AllergyIntolerance", "Patient")}


def test_a_server_without_token_is_asked_where_the_tenant_allows_it(pool: Pool) -> None:
    answers = a_server()
    tenant = msgspec.structs.replace(TENANT, fhir_without_token=True)

    found = completion({}, answers, pool, tenant=tenant, fhir_authorization=None)

    assert found.gathered.answered == KINDS
    assert answers.headers == [{}] * len(TEMPLATES)


def test_another_patient_than_the_one_asked_for_is_kept_for_the_mismatch_to_be_seen(pool: Pool) -> None:
    found = completion(without(a_prefetch(), "patient"), a_server(patient=a_patient(id="p2")), pool)

    assert [p.id for p in found.gathered.of(Patient)] == ["p2"]


def an_order(own_id: str, **medication: Any) -> dict[str, Any]:
    order = {"resourceType": "MedicationRequest", "id": own_id, "status": "active", "intent": "order"}
    return order | {"medicationReference": medication}


def test_drugs_that_orders_only_point_at_are_looked_up(pool: Pool) -> None:
    orders = [
        an_order("m1", reference="Medication/d1"),
        an_order("m2", reference=f"{BASE}/Medication/d2"),
        an_order("m3", reference="Medication/d3", display="Naproxen"),
        an_order("m4", reference="https://evil.example/fhir/Medication/d4"),
        an_order("m5", reference="#d5"),
        an_order("m6", reference="urn:uuid:00000000-0000-0000-0000-000000000006"),
        an_order("m7", reference="Medication/d7"),  # in hand
        an_order("m8", reference="Medication/.."),
        an_order("m9", reference="Medication/d1/_history/2"),
        an_order("m10", reference="Medication/a?b=c"),
    ]
    drug = {"resourceType": "Medication", "id": "d7"}
    lookup = "Medication?_id=d1,d2&_count=200"
    answers = a_server(medicationRequests=a_bundle(*orders, drug))
    answers.answers = dict(answers.answers) | {lookup: a_bundle({"resourceType": "Medication", "id": "d1"})}

    found = completion(without(a_prefetch(), "medicationRequests"), answers, pool)

    assert answers.asked == [REQUESTS, lookup]
    assert {m.id for m in found.gathered.of(Medication)} == {"d1", "d7"}
    assert len(found.gathered.of(MedicationRequest)) == len(orders)
    assert told(found.gathered) == {}


def test_drugs_that_prefetched_orders_point_at_are_looked_up_too(pool: Pool) -> None:
    answers = FixedAnswers({"Medication?_id=d1&_count=200": a_bundle()})
    prefetch = a_prefetch(medicationRequests=a_bundle(an_order("m1", reference="Medication/d1")))

    found = completion(prefetch, answers, pool)

    assert answers.asked == ["Medication?_id=d1&_count=200"]
    assert found.gathered.answered >= KINDS  # an empty answer for drugs is none for conditions


def test_an_empty_answer_for_drugs_answers_for_nothing_else(pool: Pool) -> None:
    answers = FixedAnswers({"Medication?_id=d1&_count=200": a_bundle()})
    prefetch = {"x": a_bundle(an_order("m1", reference="Medication/d1"))}

    found = completion(prefetch, answers, pool)

    assert not found.gathered.has_answer_for("Condition")


def test_drugs_are_not_looked_up_where_the_token_does_not_permit_it(pool: Pool) -> None:
    orders = a_bundle(an_order("m1", reference="Medication/d1"))
    answers = a_server(medicationRequests=orders)

    found = completion(
        without(a_prefetch(), "medicationRequests"),
        answers,
        pool,
        fhir_authorization=scoped("user/MedicationRequest.read"),
    )

    assert answers.asked == [REQUESTS]
    assert found.lacks == {"Medication": Lack.NOT_PERMITTED}


def test_drugs_are_looked_up_while_other_searches_are_still_awaited(pool: Pool) -> None:
    lookup = "Medication?_id=d1&_count=200"
    orders = a_bundle(an_order("m1", reference="Medication/d1"))
    answers = a_server(medicationRequests=orders, allergies=(9, a_bundle()))
    answers.answers = dict(answers.answers) | {lookup: a_bundle({"resourceType": "Medication", "id": "d1"})}

    found = completion({}, answers, pool, seconds=0.3)

    assert [m.id for m in found.gathered.of(Medication)] == ["d1"]
    assert found.lacks == {"AllergyIntolerance": Lack.LATE}


def test_a_pool_without_room_is_no_time_left() -> None:
    pool = Pool(threads=1, waiting=1)
    answers = a_server(patient=(0.2, a_patient()))

    found = completion({}, answers, pool, seconds=2)
    pool.close()

    assert 1 <= len(answers.asked) < len(TEMPLATES)
    assert set(found.lacks.values()) == {Lack.LATE}


def test_where_threads_are_short_the_indispensable_goes_first() -> None:
    pool = Pool(threads=2, waiting=20)
    answers = a_server(**{key: (0.2, value) for key, value in a_prefetch().items()})

    found = completion({}, answers, pool, seconds=0.3)
    pool.close()

    assert {"Patient", "Condition"} <= found.gathered.answered
    assert "AllergyIntolerance" in found.lacks


def test_a_full_process_waits_for_no_thread() -> None:
    calls, pool = Settings().threads, Pool()
    answers = a_server(**{key: (0.4, value) for key, value in a_prefetch().items()})

    with ThreadPoolExecutor(calls) as clients:
        asked = [clients.submit(completion, {}, answers, pool, seconds=0.75) for _ in range(calls)]
        lacks = [call.result().lacks for call in asked]
    pool.close()

    assert lacks == [{}] * calls


def test_calls_share_the_threads_and_leave_none_behind() -> None:
    pool = Pool(threads=4)

    for _ in range(20):
        completion({}, a_server(), pool)

    pool.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("fhir")]


def test_a_complete_prefetch_costs_next_to_nothing(pool: Pool) -> None:
    completer = Completer(a_server(), TEMPLATES, pool=pool)
    raw = {key: msgspec.Raw(msgspec.json.encode(value)) for key, value in a_prefetch().items()}
    gathered = gather(raw)
    asked = HookRequest(hook="patient-view", hook_instance="", user_id="", patient_id="p1", fhir_server=BASE)

    began = time.process_time()
    for _ in range(1000):
        completer.completed(gathered, asked, TENANT, 0.0)

    assert time.process_time() - began < 0.1  # 100 microseconds a call
