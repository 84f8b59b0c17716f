"""Every id of the knowledge has a page, and every link leads to one."""

import json

import pytest
from flask.testing import FlaskClient

from cds_service.knowledge_pages.kinds import Kind, address
from cds_service.knowledge_pages.shelf import Edition
from pathway.codelists import CodeRow
from pathway.knowledge_base import KnowledgeBase
from tests.cds_service.knowledge_pages.walking import Walk, walk


@pytest.fixture(scope="module")
def walked(pages: FlaskClient) -> Walk:
    return walk(pages, "/knowledge", under="/knowledge")


def test_every_id_of_the_knowledge_has_a_page(
    walked: Walk, knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]
) -> None:
    ids = {
        Kind.STATE: knowledge.states,
        Kind.RECOMMENDATION: knowledge.rules,
        Kind.GUARD: knowledge.guards,
        Kind.THRESHOLD: knowledge.thresholds,
        Kind.SOURCE: knowledge.evidence,
        Kind.CODE_LIST: {row.file.removesuffix(".csv") for row in rows},
        Kind.CONCEPT: {row.concept for row in rows if row.file != "override-reasons.csv"},
        Kind.OVERRIDE_REASON: knowledge.override_reasons,
        Kind.DECISION_AID: knowledge.decision_aids,
        Kind.STATEMENT: knowledge.seed,
        Kind.TEXT: knowledge.texts,
    }

    missing = {address(kind, name) for kind, names in ids.items() for name in names} - walked.pages.keys()

    assert set(Kind) == set(ids)
    assert not missing


def test_every_link_leads_to_a_page_and_to_a_place_on_it(walked: Walk) -> None:
    lost = {
        f"{path} -> {href}"
        for path, seen in walked.pages.items()
        for href in seen.links
        if href.startswith("/knowledge") and "#" in href
        if href.partition("#")[2] not in walked.pages[href.partition("#")[0]].ids
    }

    assert not walked.broken
    assert not lost


def test_no_page_has_an_element_id_twice(walked: Walk) -> None:
    assert not [
        (path, name) for path, seen in walked.pages.items() for name, times in seen.ids.items() if times > 1
    ]


def test_pages_lead_nowhere_but_to_pages_and_to_the_sources(walked: Walk, knowledge: KnowledgeBase) -> None:
    outside = {h for seen in walked.pages.values() for h in seen.links if h.startswith(("http:", "https:"))}
    regulation = {h for h in outside if "ecfr.gov" in h or "federalregister.gov" in h}

    assert outside - regulation <= {source.url for source in knowledge.evidence.values()}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/knowledge/recommendation/esi-repeat", "/knowledge/state/esi-repeat-window"),
        ("/knowledge/recommendation/esi-repeat", "/knowledge/threshold/esi-min-gap-days"),
        ("/knowledge/recommendation/esi-repeat", "/knowledge/source/bmj2025"),
        ("/knowledge/recommendation/exercise-pt", "/knowledge/guard/esi-no-radicular"),
        ("/knowledge/recommendation/nsaid", "/knowledge/concept/gi-bleed-ulcer"),
        ("/knowledge/recommendation/nsaid", "/knowledge/override-reason/benefit-outweighs-risk"),
        ("/knowledge/recommendation/nsaid", "/knowledge/decision-aid/anti-inflammatory"),
        ("/knowledge/guard/opioid-mme-50", "/knowledge/threshold/mme-warning"),
        ("/knowledge/guard/opioid-mme-50", "/knowledge/source/cdc2022"),
        ("/knowledge/guard/opioid-mme-50", "/knowledge/concept/tramadol"),
        ("/knowledge/state/improved-monitoring", "/knowledge/threshold/pain-controlled"),
        ("/knowledge/threshold/duloxetine-target-dose", "/knowledge/source/fda-dulox"),
        ("/knowledge/threshold/esi-series-size", "/knowledge/threshold/esi-rolling-cap"),
        ("/knowledge/code-list/imaging", "/knowledge/concept/mri-lumbar"),
    ],
)
def test_what_belongs_together_leads_to_each_other(walked: Walk, one: str, other: str) -> None:
    assert other in walked.pages[one].links
    assert one in walked.pages[other].links


def test_links_go_both_ways_everywhere(walked: Walk) -> None:
    """What a state, recommendation or guard names of numbers, sources and concepts names it in turn."""
    uses = ("/knowledge/threshold/", "/knowledge/source/", "/knowledge/concept/")
    things = ("/knowledge/recommendation/", "/knowledge/guard/", "/knowledge/state/")

    one_way = {
        f"{path} -> {href}"
        for path, seen in walked.pages.items()
        if path.startswith(things)
        for href in seen.links
        # a threshold's own sources stand beside it; its page has them
        if href.startswith(uses) and path not in walked.pages[href].links
    }

    assert not {line for line in one_way if " -> /knowledge/source/" not in line}


def test_every_number_and_all_but_a_few_concepts_are_used_by_something(edition: Edition) -> None:
    titles, relations = edition.library.titles, edition.relations

    assert set(titles[Kind.THRESHOLD]) == set(relations.users_of_numbers)
    assert {
        "acetaminophen",
        "buprenorphine",
        "dementia",
        "depression",
        "esi-other-region",
        "fall-risk",
        "tai-chi",
        "tricyclic",
    } == set(titles[Kind.CONCEPT]) - set(relations.users_of_concepts)


def test_an_id_alone_leads_to_its_page(pages: FlaskClient) -> None:
    response = pages.get("/knowledge/nsaid", headers={"Host": "evil.example"})

    assert response.status_code == 302
    assert response.headers["Location"] == "/knowledge/recommendation/nsaid"  # never made of the Host


def test_a_guard_asked_for_as_a_recommendation_is_found(pages: FlaskClient) -> None:
    response = pages.get("/knowledge/recommendation/esi-too-early")

    assert response.headers["Location"] == "/knowledge/guard/esi-too-early"


def test_an_id_alone_leads_programs_to_its_document(pages: FlaskClient) -> None:
    response = pages.get("/knowledge/esi-too-early.json")

    assert response.headers["Location"] == "/knowledge/guard/esi-too-early.json"
    assert pages.get(response.headers["Location"]).json["id"] == "esi-too-early"


@pytest.mark.parametrize("path", ["/knowledge/nothing", "/knowledge/guard/nothing", "/knowledge/x/nsaid"])
def test_what_is_not_there_is_said_on_a_page(pages: FlaskClient, path: str) -> None:
    response = pages.get(path, headers={"Accept": "text/html"})
    for_programs = (pages.get(f"{path}.json"), pages.get(path, headers={"Accept": "application/json"}))

    assert response.status_code == 404
    assert "No such page" in response.get_data(as_text=True)
    assert [answer.status_code for answer in for_programs] == [404, 404]
    assert not any("No such page" in answer.get_data(as_text=True) for answer in for_programs)


def test_pages_allow_nothing_but_our_own_styles(pages: FlaskClient) -> None:
    response = pages.get("/knowledge/recommendation/nsaid")

    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "script-src" not in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_page_is_sent_once_while_the_knowledge_stays_the_same(pages: FlaskClient) -> None:
    first = pages.get("/knowledge/recommendation/nsaid")

    again = pages.get("/knowledge/recommendation/nsaid", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert first.headers["Cache-Control"] == "no-cache"


def test_a_recommendation_says_all_that_a_reader_asks(pages: FlaskClient) -> None:
    page = pages.get("/knowledge/recommendation/nsaid").get_data(as_text=True)

    for words in (
        "Prescription-strength NSAID",
        "2026-11-22",  # last review
        "An entry is on record, active or not: bleeding or ulcer of stomach or bowel.",
        "strength: strong; certainty: moderate",
        "198013",  # RxNorm code of a proposed order
        "Benefit judged to outweigh risk for this patient",
        "A 60-year-old with low back pain for 10 days.",
        "Golden cases",
    ):
        assert words in page


def test_no_braces_of_a_template_are_left_on_a_page(pages: FlaskClient, knowledge: KnowledgeBase) -> None:
    kinds = {Kind.RECOMMENDATION: knowledge.rules, Kind.GUARD: knowledge.guards, Kind.STATE: knowledge.states}

    left = [
        address(kind, name)
        for kind, names in kinds.items()
        for name in names
        if "{" in pages.get(address(kind, name)).get_data(as_text=True)
    ]

    assert not left


def test_every_page_is_json_too(pages: FlaskClient, edition: Edition) -> None:
    for kind, names in edition.library.titles.items():
        for name in names:
            document = json.loads(pages.get(f"{address(kind, name)}.json").data)

            assert (kind, name) == (document["kind"], document["id"])
            assert document["knowledgeVersion"] == edition.library.knowledge.version


def test_a_threshold_as_json_has_value_unit_date_bounds_and_users(pages: FlaskClient) -> None:
    page = json.loads(pages.get("/knowledge/threshold/esi-min-gap-days.json").data)["page"]

    number = page["number"]
    assert (number["unit"], number["minimum"], number["maximum"]) == ("d", "14", "90")
    assert tuple(number["values"][0][k] for k in ("value", "since", "mark")) == ("14", "2026-11-22", "V")
    assert "esi-too-early" in [link["id"] for link in page["usedBy"]]
