"""The search: by id, title, words and codes; case and accents do not matter."""

import json

import pytest
from flask.testing import FlaskClient


def found(pages: FlaskClient, query: str) -> dict[str, list[str]]:
    response = pages.get("/knowledge.json", query_string={"q": query})
    groups = json.loads(response.data)["groups"]
    return {group["kind"]: [entry["page"]["id"] for entry in group["entries"]] for group in groups}


@pytest.mark.parametrize(
    ("query", "kind", "name"),
    [
        ("esi-min-gap-days", "threshold", "esi-min-gap-days"),
        ("duloxetine", "recommendation", "duloxetine"),
        ("DULOXÉTINE", "recommendation", "duloxetine"),
        ("least days between", "threshold", "esi-min-gap-days"),
        ("haematoma", "recommendation", "esi-first"),
        ("M54.5", "concept", "lbp-axial"),
        ("m545", "concept", "lbp-axial"),
        ("M54.51", "concept", "lbp-axial"),  # below M54.5, which counts as a prefix
        ("m5451", "concept", "lbp-axial"),
        ("62323", "recommendation", "esi-repeat"),
        ("198014", "recommendation", "nsaid"),
        ("72514-3", "concept", "pain-nrs"),
        ("qaseem", "source", "acp2017"),
        ("minimal important", "recommendation", "outcome-scores"),
        ("severe kidney disease", "guard", "nsaid-ckd"),
    ],
)
def test_it_finds_by_id_title_words_and_codes(pages: FlaskClient, query: str, kind: str, name: str) -> None:
    assert name in found(pages, query)[kind]


def test_every_word_must_be_there(pages: FlaskClient) -> None:
    assert "nsaid" not in found(pages, "nsaid acupuncture").get("recommendation", [])


def test_the_very_id_comes_first(pages: FlaskClient) -> None:
    assert found(pages, "nsaid")["recommendation"][0] == "nsaid"


def test_without_words_everything_is_listed(pages: FlaskClient) -> None:
    assert found(pages, "  ") == found(pages, "")
    assert len(found(pages, "")["state"]) == 18


def test_an_excerpt_says_where_it_was_found(pages: FlaskClient) -> None:
    page = pages.get("/knowledge?q=72514").get_data(as_text=True)

    assert "LOINC 72514-3" in page


def test_nothing_found_is_said(pages: FlaskClient) -> None:
    assert "Nothing found for" in pages.get("/knowledge?q=zzzz").get_data(as_text=True)


def test_a_query_is_never_markup(pages: FlaskClient) -> None:
    page = pages.get("/knowledge", query_string={"q": '"><script>alert(1)</script>'}).get_data(as_text=True)

    assert "<script" not in page


def test_a_long_query_is_cut(pages: FlaskClient) -> None:
    assert pages.get("/knowledge", query_string={"q": "a" * 5000}).status_code == 200


def test_one_kind_can_be_listed_alone(pages: FlaskClient) -> None:
    page = pages.get("/knowledge/guard").get_data(as_text=True)

    assert "/knowledge/guard/esi-too-early" in page
    assert "/knowledge/state/" not in page
