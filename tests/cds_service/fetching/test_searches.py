"""Which questions go to which server: those of the prefetch table, spelled plainly."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.fetching.lacks import Lack
from cds_service.fetching.searches import Questions, is_usable_id, server_of
from cds_service.hooks import prefetch_templates
from cds_service.tenants.model import Tenant
from pathway.loading import load_code_rows

TEMPLATES = prefetch_templates(load_code_rows())
QUESTIONS = Questions(TEMPLATES, 200)
BASE = "https://ehr.example/fhir/r4"


def a_tenant(**changes: Any) -> Tenant:
    return Tenant(**({"id": "north", "title": "North", "fhir_servers": (BASE,)} | changes))


@pytest.mark.parametrize("template", [t for t in TEMPLATES.values() if "?" in t])
def test_a_search_is_that_of_the_prefetch_table_with_a_page_size(template: str) -> None:
    kind = template.partition("?")[0]

    path = QUESTIONS.search(kind, "p1")

    assert path == template.replace("{{context.patientId}}", "p1") + "&_count=200"


def test_the_patient_is_read() -> None:
    assert QUESTIONS.read("Patient", "p-1.A") == "Patient/p-1.A"


def test_what_a_scope_narrows_is_added_and_encoded() -> None:
    path = QUESTIONS.search("Observation", "p1", (("category", "http://x|lab&_count=9"),))

    query = parse_qs(urlsplit(path).query)
    assert query["category"] == ["http://x|lab&_count=9"]
    assert query["_count"] == ["200"]
    assert query["patient"] == ["p1"]
    assert "category=http%3A%2F%2Fx%7Clab%26_count%3D9" in path


def test_medications_are_looked_up_by_id() -> None:
    assert QUESTIONS.medications(["a", "b.1"]) == "Medication?_id=a,b.1&_count=200"


@given(st.from_regex(r"[A-Za-z0-9\-.]{1,64}", fullmatch=True))
def test_an_id_is_one_step_of_a_path_or_is_not_used(own_id: str) -> None:
    path = QUESTIONS.read("Patient", own_id)

    assert path == f"Patient/{own_id}"
    assert is_usable_id(own_id) is (own_id.strip(".") != "")


@pytest.mark.parametrize("own_id", ["", ".", "..", "a/b", "a?b", "a%2e", "é", "a b", "a\n", "a" * 65])
def test_other_ids_are_not_used(own_id: str) -> None:
    assert not is_usable_id(own_id)


@pytest.mark.parametrize(
    "named", [BASE, f"{BASE}/", "HTTPS://EHR.example/fhir/r4", "https://ehr.example:443/fhir/r4/"]
)
@pytest.mark.parametrize("listed", [BASE, f"{BASE}/"])
def test_a_listed_server_is_asked_and_only_below_its_base(named: str, listed: str) -> None:
    found = server_of(named, a_tenant(fhir_servers=("https://other.example", listed)))

    assert not isinstance(found, Lack)
    base, reach = found
    assert base == BASE
    assert reach.bases == (BASE,)
    assert not reach.loopback


@pytest.mark.parametrize(
    "named",
    [
        "https://ehr.example/fhir",
        "https://ehr.example/fhir/r4/Patient",
        "https://ehr.example/fhir/r4b",
        "http://ehr.example/fhir/r4",
        "https://ehr.example:8443/fhir/r4",
        "https://evil.example/fhir/r4",
        "https://ehr.example@evil.example/fhir/r4",
        "https://ehr.example/fhir/r4?x=1",
        "https://ehr.example/fhir/r4#x",
        "https://ehr.example/fhir/x/../r4",
        "file:///fhir/r4",
        "ftp://ehr.example/fhir/r4",
        "http://127.0.0.1:8080/fhir",
        "http://localhost/fhir",
        "",
        "nonsense",
    ],
)
def test_no_other_server_is_asked(named: str) -> None:
    assert server_of(named, a_tenant()) is Lack.SERVER_NOT_ALLOWED


@pytest.mark.parametrize("named", ["http://127.0.0.1:9/fhir", "http://localhost:9/", "http://[::1]:9/fhir"])
def test_development_mode_also_asks_this_machine(named: str) -> None:
    found = server_of(named, a_tenant(development=True))

    assert not isinstance(found, Lack)
    assert found[1].bases == (named.rstrip("/"),)


@pytest.mark.parametrize("named", ["https://fhir.example/r4", "http://10.0.0.1/fhir", "http://127.1/fhir"])
def test_development_mode_asks_no_server_elsewhere_that_is_not_listed(named: str) -> None:
    assert server_of(named, a_tenant(development=True)) is Lack.SERVER_NOT_ALLOWED
