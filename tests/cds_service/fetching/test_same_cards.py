"""A real FHIR server with SMART tokens: what is fetched says what the same data says as prefetch."""

import json
import time
from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Any

import pytest

from cds_service.decision import Decider
from cds_service.envelope import HookRequest
from cds_service.fetching.completion import Completer, Completion
from cds_service.fetching.lacks import Lack
from cds_service.fetching.paging import Limits
from cds_service.fetching.pool import Pool
from cds_service.fetching.web import Web
from cds_service.hooks import prefetch_templates
from cds_service.samples import KEYS, Samples
from cds_service.tenants.model import Tenant
from fhir_mappings.gathering import Gathered
from pathway.loading import load_code_rows
from tests.cds_service import shared_data
from tests.cds_service.fetching.fhir_servers import (
    Sekmet,
    as_prefetch,
    by_prefetch,
    gathered,
    load_synthea_places,
    sekmet,
    synthea_record,
)
from tests.cds_service.making import TODAY, advice_of, state_of, without

pytestmark = pytest.mark.integration

ROWS = load_code_rows()
TEMPLATES = prefetch_templates(ROWS)
SAMPLES = Samples.load(ROWS)
ALL = "system/*.rs"
PATIENTS = [pytest.param(3, id="some"), pytest.param(10, id="more", marks=pytest.mark.soak)]  # of Synthea
FEW_A_PAGE = Limits(count=3, pages=100, following=1000)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sekmet]:
    with sekmet(tmp_path_factory.mktemp("sekmet")) as running:
        yield running


@pytest.fixture(scope="module")
def web() -> Iterator[Web]:
    with Web() as web:
        yield web


@pytest.fixture(scope="module")
def pool() -> Iterator[Pool]:
    pool = Pool()
    yield pool
    pool.close()


class Fetching:
    """The completion of charts from one server, and the answers about them."""

    def __init__(self, server: Sekmet, web: Web, pool: Pool, decider: Decider) -> None:
        self.server, self.web, self.pool, self.decider = server, web, pool, decider
        self.tenant = Tenant(
            id="north",
            title="North",
            fhir_servers=(server.base,),
            fhir_networks=(ip_network("127.0.0.0/8"),),
        )

    def completion(
        self,
        patient_id: str,
        *,
        authorization: Mapping[str, Any] | None = None,
        prefetch: Mapping[str, Any] | None = None,
        limits: Limits | None = None,
    ) -> Completion:
        asked = HookRequest(
            hook="patient-view",
            hook_instance="",
            user_id="Practitioner/x",
            patient_id=patient_id,
            fhir_server=self.server.base,
            fhir_authorization=authorization or self.server.token(ALL),
        )
        completer = Completer(self.web, TEMPLATES, limits=limits, pool=self.pool)
        return completer.completion(gathered(prefetch or {}), asked, self.tenant, time.monotonic() + 30)

    def by_fetch(self, patient_id: str, **options: Any) -> Any:
        return self.answer(self.completion(patient_id, **options).gathered, patient_id)

    def by_prefetch(self, prefetch: Mapping[str, Any], patient_id: str) -> Any:
        return by_prefetch(prefetch, patient_id, self.decider)

    def answer(self, chart: Gathered, patient_id: str) -> Any:
        decision = self.decider.decide(chart, patient_id=patient_id, as_of=TODAY)
        return advice_of(json.loads(decision.body()))


@pytest.fixture(scope="module")
def fetching(server: Sekmet, web: Web, pool: Pool, decider: Decider) -> Fetching:
    return Fetching(server, web, pool, decider)


def record_of(sample_id: str) -> list[dict[str, Any]]:
    prefetch = json.loads(SAMPLES.request(sample_id, TODAY))["prefetch"]
    bundled = [entry["resource"] for value in prefetch.values() for entry in value.get("entry", ())]
    return [prefetch["patient"], *bundled]


@pytest.mark.parametrize("sample_id", sorted(SAMPLES.by_id))
def test_each_sample_gets_the_same_cards_either_way(sample_id: str, fetching: Fetching) -> None:
    patient_id, record = f"sample-{sample_id}", record_of(sample_id)
    fetching.server.load(record)

    by_prefetch = fetching.by_prefetch(as_prefetch(record), patient_id)

    assert fetching.by_fetch(patient_id) == by_prefetch
    assert fetching.by_fetch(patient_id, limits=FEW_A_PAGE) == by_prefetch
    assert by_prefetch["extension"]["org.backpath"]["state"] == SAMPLES.by_id[sample_id].state


@shared_data.needed
@pytest.mark.parametrize("patients", PATIENTS)
def test_synthea_patients_get_the_same_cards_either_way(fetching: Fetching, patients: int) -> None:
    with_pain = [entry["id"] for entry in shared_data.index_of_synthea() if entry["low_back_pain"]]
    load_synthea_places(fetching.server)

    for patient_id in with_pain[:patients]:
        resources = synthea_record(patient_id)
        fetching.server.load(resources)

        by_fetch = fetching.by_fetch(patient_id)

        assert by_fetch == fetching.by_prefetch(as_prefetch(resources), patient_id)
        print(
            f"{patient_id} {len(resources)} resources: {state_of(by_fetch)}, {len(by_fetch['cards'])} cards"
        )


def test_drugs_that_orders_only_point_at_are_fetched_too(fetching: Fetching) -> None:
    patient_id = "pointed-at"
    record = json.loads(
        json.dumps(record_of("second-line-noninvasive")).replace("sample-second-line-noninvasive", patient_id)
    )
    orders = [r for r in record if r["resourceType"] == "MedicationRequest"]
    for number, order in enumerate(orders):
        drug = {
            "resourceType": "Medication",
            "id": f"drug-{number}",
            "code": order.pop("medicationCodeableConcept"),
        }
        order["id"], order["medicationReference"] = (
            f"points-{number}",
            {"reference": f"Medication/drug-{number}"},
        )
        record.append(drug)
    fetching.server.load(record)
    whole = as_prefetch(record)
    assert orders

    with fetching.server.watched() as seen:
        by_fetch = fetching.by_fetch(patient_id)

    assert by_fetch == fetching.by_prefetch(whole, patient_id)
    assert by_fetch != fetching.by_prefetch(without(whole, "drugs"), patient_id)
    assert [request.kind for request in seen].count("Medication") == 1


@pytest.mark.parametrize("key", sorted(TEMPLATES))
def test_a_prefetch_that_lacks_one_type_is_completed(key: str, fetching: Fetching) -> None:
    patient_id, record = "sample-esi-repeat-window", record_of("esi-repeat-window")
    fetching.server.load(record)
    whole = as_prefetch(record)
    token = fetching.server.token(ALL)

    with fetching.server.watched() as seen:
        by_both = fetching.by_fetch(patient_id, prefetch=without(whole, key), authorization=token)

    assert by_both == fetching.by_prefetch(whole, patient_id)
    assert len(seen) == 1
    assert seen[0].authorization == f"Bearer {token['access_token']}"


def test_a_prefetched_bundle_is_read_on_from_its_first_page(fetching: Fetching) -> None:
    patient_id, record = "sample-esi-repeat-window", record_of("esi-repeat-window")
    fetching.server.load(record)
    whole = as_prefetch(record)
    procedures = whole["procedures"]["entry"]
    following = f"{fetching.server.base}/Procedure?patient={patient_id}&_count=1&_offset=1"
    first = {"entry": procedures[:1], "link": [{"relation": "next", "url": following}]}
    part = whole | {"procedures": whole["procedures"] | first}

    with fetching.server.watched() as seen:
        by_both = fetching.by_fetch(patient_id, prefetch=part)

    assert by_both == fetching.by_prefetch(whole, patient_id)
    assert len(seen) == len(procedures) - 1


@pytest.mark.parametrize("kind", ["Procedure", "Observation", "AllergyIntolerance"])
def test_a_type_that_the_token_does_not_permit_is_never_asked_for(kind: str, fetching: Fetching) -> None:
    patient_id, record = "sample-esi-repeat-window", record_of("esi-repeat-window")
    fetching.server.load(record)
    scope = " ".join(f"system/{other}.rs" for other in ("Patient", *KEYS.values()) if other != kind)
    whole = as_prefetch(record)
    key = next(key for key, found in KEYS.items() if found == kind)

    with fetching.server.watched() as seen:
        found = fetching.completion(patient_id, authorization=fetching.server.token(scope))

    assert {request.kind for request in seen} == {"Patient", *KEYS.values()} - {kind}
    assert {request.status for request in seen} == {200}
    assert found.lacks == {kind: Lack.NOT_PERMITTED}
    by_fetch = fetching.answer(found.gathered, patient_id)
    by_prefetch = fetching.by_prefetch(without(whole, key), patient_id)
    assert untold(by_fetch) == untold(by_prefetch)


def untold(answer: Any) -> Any:
    """An answer without the words of its gaps: those of a fetch say why."""
    gaps = answer["extension"]["org.backpath"]["dataGaps"]
    named = [without(gap, "text") for gap in gaps]
    return answer | {"extension": {"org.backpath": answer["extension"]["org.backpath"] | {"dataGaps": named}}}


def test_a_token_that_says_less_than_it_claims_is_refused_by_the_server(fetching: Fetching) -> None:
    patient_id = "sample-older-adult"
    fetching.server.load(record_of("older-adult"))
    narrow = fetching.server.token("system/Patient.rs system/Condition.rs")

    found = fetching.completion(patient_id, authorization=narrow | {"scope": ALL})

    assert set(found.lacks.values()) == {Lack.REFUSED}
    assert {"Patient", "Condition"} == set(found.gathered.answered)


def test_with_another_patients_token_nothing_is_asked(fetching: Fetching) -> None:
    token = fetching.server.token(ALL)

    with fetching.server.watched() as seen:
        found = fetching.completion("sample-older-adult", authorization=token | {"patient": "p2"})

    assert seen == []
    assert set(found.lacks.values()) == {Lack.TOKEN_OF_ANOTHER_PATIENT}


def test_an_expired_token_is_not_sent(fetching: Fetching) -> None:
    token = fetching.server.token(ALL)

    with fetching.server.watched() as seen:
        fetching.completion("sample-older-adult", authorization=token | {"expires_in": 0})

    assert seen == []
