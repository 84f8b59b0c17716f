"""Pages of a search: followed below the base and to an end, and kept whatever becomes of the next."""

import time
from typing import Any

import pytest

from cds_service.fetching.lacks import Lack
from cds_service.fetching.paging import Allowance, Limits, Server, Walk, next_page
from cds_service.fetching.reach import Reach
from cds_service.fetching.refusals import Why
from fhir_mappings.gathering import Gathered
from fhir_mappings.resources import Condition, Observation
from tests.cds_service.fetching.fhir_servers import BASE, FixedAnswers
from tests.cds_service.making import a_bundle, a_condition, a_patient

FIRST = "Condition?patient=p1"


def a_page(*ids: str, following: str | None = None, **changes: Any) -> dict[str, Any]:
    link = [] if following is None else [{"relation": "next", "url": following}]
    return a_bundle(*(a_condition(id=own_id) for own_id in ids), **({"link": link} | changes))


def a_server(answers: FixedAnswers, seconds: float = 5.0) -> Server:
    deadline = time.monotonic() + seconds
    return Server(reader=answers, base=BASE, reach=Reach((BASE,)), headers={"A": "b"}, deadline=deadline)


def walked(
    answers: FixedAnswers, *, limits: Limits | None = None, kinds: tuple[str, ...] = ("Condition",)
) -> tuple[list[str | None], Lack | None]:
    """The ids of the conditions that came, and why there are no more."""
    pages, lack = came(answers, limits=limits, kinds=kinds)
    return [condition.id for page in pages for condition in page.of(Condition)], lack


def came(
    answers: FixedAnswers, *, limits: Limits | None = None, kinds: tuple[str, ...] = ("Condition",)
) -> tuple[tuple[Gathered, ...], Lack | None]:
    limits = limits or Limits()
    walk = Walk(a_server(answers), kinds, f"{BASE}/{FIRST}", Allowance(limits), limits.pages)
    walk.run()
    return walk.came()


def test_pages_are_read_to_the_last_with_the_same_headers() -> None:
    answers = FixedAnswers(
        {
            FIRST: a_page("c1", following=f"{BASE}/Condition?page=2"),
            "Condition?page=2": a_page("c2", following="Condition?page=3"),  # relative
            "Condition?page=3": a_page("c3"),
        }
    )

    assert walked(answers) == (["c1", "c2", "c3"], None)
    assert answers.headers == [{"A": "b"}] * 3


def test_an_empty_answer_is_the_end() -> None:
    assert walked(FixedAnswers({FIRST: a_page()})) == ([], None)


@pytest.mark.parametrize(
    ("following", "lack"),
    [
        (Why.STATUS_5XX, Lack.FAILED),
        (Why.STATUS_404, Lack.FAILED),
        (Why.STATUS_403, Lack.REFUSED),
        (Why.TIMEOUT, Lack.LATE),
        (Why.NOT_JSON, Lack.UNUSABLE),
        (Why.TOO_LARGE, Lack.TOO_MUCH),
        (b"<html>", Lack.UNUSABLE),
        (b"null", Lack.UNUSABLE),
        (a_patient(), Lack.UNUSABLE),
        (a_bundle(a_patient()), Lack.UNUSABLE),
        ({"resourceType": "OperationOutcome"}, Lack.UNUSABLE),
    ],
)
def test_a_page_that_cannot_be_had_costs_only_itself(following: Any, lack: Lack) -> None:
    second = {"Condition?page=2": following}

    first = FixedAnswers({FIRST: a_page("c1", following=f"{BASE}/Condition?page=2")} | second)
    assert walked(first) == (["c1"], lack)
    assert walked(FixedAnswers({FIRST: following})) == ([], lack)


@pytest.mark.parametrize(
    "following",
    [
        f"{BASE}/{FIRST}",  # a circle of one
        "https://evil.example/fhir/Condition?page=2",
        "https://ehr.example.evil.example/fhir/Condition?page=2",
        "https://ehr.example@evil.example/fhir/Condition?page=2",
        "http://ehr.example/fhir/Condition?page=2",
        "https://ehr.example:444/fhir/Condition?page=2",
        "https://ehr.example/other/Condition?page=2",
        "https://ehr.example/fhirs/Condition?page=2",
        f"{BASE}/../admin",
        f"{BASE}/%2e%2e/admin",
        "//evil.example/fhir",
        "/admin",
        "file:///etc/passwd",
        f"{BASE}/Observation?patient=p1",  # the token may not permit it
        f"{BASE}/Patient/p2",
        f"{BASE}/Condition/$everything",
        f"{BASE}/$page?x=1",
        f"{BASE}/Condition?page=2#x\\",
        "",
    ],
)
def test_a_next_link_elsewhere_is_not_followed(following: str) -> None:
    answers = FixedAnswers({FIRST: a_page("c1", following=following)})

    assert walked(answers) == (["c1"], Lack.NEXT_PAGE)
    assert answers.asked == [FIRST]


def test_a_next_link_without_url_is_a_lack() -> None:
    answers = FixedAnswers({FIRST: a_page("c1", link=[{"relation": "next"}])})

    assert walked(answers) == (["c1"], Lack.NEXT_PAGE)


@pytest.mark.parametrize(
    "url",
    [
        f"{BASE}?_getpages=7&_getpagesoffset=20",
        f"{BASE}/?_getpages=7",
        f"{BASE}/Condition?ct=abc%3D%3D",
        f"{BASE}/Condition/?_page_token=1",
        f"{BASE}/Condition/_search?page=2",
        f"{BASE}/__page/abc",
        f"{BASE}/page/2",
    ],
)
def test_next_links_as_servers_spell_them_are_followed(url: str) -> None:
    server = a_server(FixedAnswers({}))

    assert next_page(server, f"{BASE}/{FIRST}", url, ("Condition",)) == url


def test_pages_in_circles_end() -> None:
    answers = FixedAnswers(
        {
            FIRST: a_page("c1", following=f"{BASE}/Condition?page=2"),
            "Condition?page=2": a_page("c2", following=f"{BASE}/{FIRST}"),
        }
    )

    assert walked(answers) == (["c1", "c2"], Lack.NEXT_PAGE)
    assert len(answers.asked) == 2


def test_pages_without_end_are_read_up_to_the_limit() -> None:
    pages = {f"Condition?page={n}": a_page(f"c{n}", following=f"Condition?page={n + 1}") for n in range(99)}
    pages[FIRST] = a_page("c", following="Condition?page=0")

    ids, lack = walked(FixedAnswers(pages), limits=Limits(pages=4))
    assert (len(ids), lack) == (4, Lack.TOO_MUCH)

    ids, lack = walked(FixedAnswers(pages), limits=Limits(pages=50, following=2))
    assert (len(ids), lack) == (3, Lack.TOO_MUCH)


def test_a_call_reads_so_many_bytes_and_no_more() -> None:
    page = a_page("c1", following="Condition?page=2")
    answers = FixedAnswers({FIRST: page, "Condition?page=2": a_page("c2")})

    ids, lack = walked(answers, limits=Limits(page_bytes=10_000, call_bytes=500))

    assert (ids, lack) == (["c1"], Lack.TOO_MUCH)
    assert answers.most_bytes[0] == 500
    assert answers.most_bytes[1] < 200


def test_past_the_deadline_nothing_is_asked() -> None:
    answers = FixedAnswers({FIRST: a_page("c1")})
    walk = Walk(a_server(answers, seconds=-1), ("Condition",), f"{BASE}/{FIRST}", Allowance(Limits()), 10)

    walk.run()

    assert walk.came() == ((), Lack.LATE)
    assert answers.asked == []


def test_what_a_page_brings_of_other_types_is_kept_but_is_no_answer_for_them() -> None:
    observation = {"resourceType": "Observation", "id": "o1"}
    pages, lack = came(FixedAnswers({FIRST: a_bundle(a_condition(), observation)}))

    assert lack is None
    assert [o.id for page in pages for o in page.of(Observation)] == ["o1"]
    assert pages[0].answered == {"Condition"}
