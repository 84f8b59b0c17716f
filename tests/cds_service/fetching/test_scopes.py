"""What a token permits: SMART scopes of both versions, and whose token it is."""

from typing import Any

import pytest

from cds_service.fetching.lacks import Lack
from cds_service.fetching.scopes import EVERYTHING, MOST_PARTS, Access, Scopes, access_of

TYPES = ("Patient", "Condition", "MedicationRequest", "Observation")


def authorization(**changes: Any) -> dict[str, Any]:
    given = {
        "access_token": "abc.DEF-1_2~3+/==",
        "token_type": "Bearer",
        "expires_in": 300,
        "scope": "user/*.read",
        "subject": "backpath",
    }
    return given | changes


@pytest.mark.parametrize("context", ["patient", "user", "system"])
@pytest.mark.parametrize(
    ("rights", "reads", "searches"),
    [
        ("read", True, True),
        ("*", True, True),
        ("write", False, False),
        ("rs", True, True),
        ("cruds", True, True),
        ("r", True, False),
        ("s", False, True),
        ("cud", False, False),
        ("ru", True, False),
    ],
)
def test_version_1_and_version_2_say_what_may_be_read_and_searched(
    context: str, rights: str, *, reads: bool, searches: bool
) -> None:
    scopes = Scopes.of(f"{context}/Condition.{rights}")

    assert scopes.may_read("Condition") is reads
    assert scopes.searches("Condition") == (EVERYTHING if searches else ())
    assert not scopes.may_read("Observation")
    assert scopes.searches("Observation") == ()


@pytest.mark.parametrize("scope", ["user/*.read", "patient/*.*", "system/*.rs", "launch user/*.cruds openid"])
def test_a_star_permits_every_type(scope: str) -> None:
    scopes = Scopes.of(scope)

    assert all(scopes.may_read(kind) and scopes.searches(kind) == EVERYTHING for kind in TYPES)


def test_scopes_add_up_also_of_both_versions() -> None:
    scopes = Scopes.of("user/Condition.read  patient/Observation.s\tuser/Observation.r system/Patient.r")

    assert scopes.searches("Condition") == EVERYTHING
    assert scopes.searches("Observation") == EVERYTHING
    assert scopes.may_read("Observation")
    assert scopes.may_read("Patient")
    assert scopes.searches("Patient") == ()


@pytest.mark.parametrize(
    "scope",
    [
        "",
        "openid fhirUser launch offline_access",
        "user/Condition",
        "user/Condition.",
        "user/condition.read",
        "user/Condition.sr",
        "user/Condition.reads",
        "user/Conditions.rs?",
        "practitioner/Condition.read",
        "xuser/Condition.read",
        "user/Condition.read?category=x",
        "user/Condition.rs?_id=1",
        "user/Condition.rs?nonsense",
        "user/Condition.rs?=x",
    ],
)
def test_what_is_no_permission_permits_nothing(scope: str) -> None:
    scopes = Scopes.of(scope)

    assert scopes.searches("Condition") == ()
    assert not scopes.may_read("Condition")


def test_a_narrowed_scope_permits_the_search_that_is_narrowed_alike_and_no_read() -> None:
    scopes = Scopes.of("user/Observation.rs?category=http%3A%2F%2Fx%7Claboratory&status=final")

    assert scopes.searches("Observation") == ((("category", "http://x|laboratory"), ("status", "final")),)
    assert not scopes.may_read("Observation")


def test_narrowed_scopes_of_one_type_are_a_search_each_and_not_without_end() -> None:
    scopes = Scopes.of(" ".join(f"user/Observation.rs?category={number % 6}" for number in range(12)))

    assert len(scopes.searches("Observation")) == MOST_PARTS


def test_a_whole_scope_goes_before_narrowed_ones() -> None:
    scopes = Scopes.of("user/Observation.rs?category=laboratory patient/*.read")

    assert scopes.searches("Observation") == EVERYTHING


def test_a_token_goes_into_the_header_and_into_no_repr() -> None:
    access = access_of(authorization(), "p1", without_token=False)

    assert isinstance(access, Access)
    assert access.headers == {"Authorization": "Bearer abc.DEF-1_2~3+/=="}
    assert "abc" not in repr(access)


@pytest.mark.parametrize(
    ("changes", "lack"),
    [
        ({"expires_in": 0}, Lack.TOKEN_EXPIRED),
        ({"expires_in": -5}, Lack.TOKEN_EXPIRED),
        ({"token_type": "mac"}, Lack.TOKEN_UNUSABLE),
        ({"access_token": "a b"}, Lack.TOKEN_UNUSABLE),
        ({"access_token": "a\r\nX-Evil: 1"}, Lack.TOKEN_UNUSABLE),
        ({"access_token": "gehörtmir"}, Lack.TOKEN_UNUSABLE),
        ({"patient": "p2"}, Lack.TOKEN_OF_ANOTHER_PATIENT),
        ({"patient": "Patient/p2", "scope": "patient/*.read"}, Lack.TOKEN_OF_ANOTHER_PATIENT),
        ({"patient": "p2", "scope": "patient/*.read user/*.read"}, Lack.TOKEN_OF_ANOTHER_PATIENT),
    ],
)
@pytest.mark.parametrize("without", [True, False])
def test_a_token_that_will_not_do_is_not_sent(changes: dict[str, Any], lack: Lack, *, without: bool) -> None:
    assert access_of(authorization(**changes), "p1", without_token=without) is lack


@pytest.mark.parametrize("patient", ["p1", "Patient/p1", None, ""])
def test_a_token_for_this_patient_or_for_no_single_one_will_do(patient: str | None) -> None:
    access = access_of(authorization(patient=patient, scope="patient/*.rs"), "p1", without_token=False)

    assert isinstance(access, Access)


def test_without_a_token_a_server_is_asked_only_where_that_is_allowed() -> None:
    access = access_of(None, "p1", without_token=True)

    assert isinstance(access, Access)
    assert access.headers == {}
    assert access.scopes.may_read("Patient")
    assert access.scopes.searches("Condition") == EVERYTHING
    assert access_of(None, "p1", without_token=False) is Lack.NO_TOKEN


@pytest.mark.parametrize(
    ("scope", "reads", "searches"),
    [
        ("user/Condition.Read", True, True),
        ("Condition.Search (Problems) (R4)", False, True),
        ("Condition.Read (Problems) (R4)", True, False),
        ("CONDITION.READ CONDITION.SEARCH", True, True),
        ("EPIC.FHIR.R4.SERVICES.CONDITION.SEARCH", False, True),
        ("EPIC.FHIR.R4.SERVICES.CONDITION.CREATE", False, False),
        ("Binary.Search", False, False),
    ],
)
def test_epics_own_names_are_understood(scope: str, *, reads: bool, searches: bool) -> None:
    scopes = Scopes.of(scope)

    assert scopes.may_read("Condition") == reads
    assert bool(scopes.searches("Condition")) == searches
    assert not scopes.searches("Procedure")
