from datetime import date
from typing import Any

import pytest

from tests.fhir_mappings.making import CPT, SNOMED, Json, concept, condition, facts, gaps_of, order


@pytest.mark.parametrize(
    ("code", "system", "concepts"),
    [
        ("72148", CPT, ("mri-lumbar",)),
        ("62323", CPT, ("esi-lumbar",)),
        ("97110", CPT, ("exercise-pt",)),
        ("444831000124102", SNOMED, ("exercise-pt",)),
        ("306265007", SNOMED, ("multidisciplinary-rehab", "pain-referral")),
        ("306289000", SNOMED, ("multidisciplinary-rehab", "rehab-referral")),
        ("308482002", SNOMED, ("surgical-referral",)),
        ("390906007", SNOMED, ("follow-up-visit",)),
        ("22612", CPT, ("lumbar-fusion",)),
    ],
)
def test_an_active_order_is_known_by_its_code(code: str, system: str, concepts: tuple[str, ...]) -> None:
    (fact,) = facts(order(code, system)).open_orders

    assert (fact.concepts, fact.authored, fact.code) == (concepts, date(2026, 11, 1), code)


def test_an_order_in_words_is_known_by_them() -> None:
    (fact,) = facts(order() | {"code": {"text": "MBSR, 8 weeks"}}).open_orders

    assert (fact.concepts, fact.code) == (("mbsr",), "")


@pytest.mark.parametrize(
    "elements",
    [{"status": s} for s in ("draft", "on-hold", "revoked", "completed", "entered-in-error", "unknown", None)]
    + [{"doNotPerform": True}],
)
def test_only_active_orders_count(elements: dict[str, Any]) -> None:
    found = facts(order(**elements))

    assert (found.open_orders, gaps_of(found)) == ((), [])


@pytest.mark.parametrize("code", ["62320", "64479"])
def test_an_injection_into_neck_or_chest_is_not_ours(code: str) -> None:
    assert facts(order(code)).open_orders == ()


def test_an_mri_of_the_spine_is_lumbar_by_its_reason() -> None:
    for_back: Json = {"reasonReference": [{"reference": "Condition/c1"}]}

    assert facts(condition(), order("241645008", SNOMED)).open_orders == ()
    (fact,) = facts(condition(), order("241645008", SNOMED, **for_back)).open_orders
    assert fact.concepts == ("mri-lumbar",)


def test_an_order_for_hospice_is_care() -> None:
    found = facts(order("385763009", SNOMED))

    assert [(c.kind, c.last) for c in found.care] == [("order", date(2026, 11, 1))]
    assert found.open_orders == ()


def test_an_undated_order_is_a_missing_date() -> None:
    found = facts(order(authoredOn=None))

    assert found.open_orders[0].authored is None
    assert gaps_of(found) == [("missing-date", "ServiceRequest/s1", "authoredOn")]


def test_an_order_dated_ahead_counts_as_of_today() -> None:
    found = facts(order(authoredOn="2026-12-24"))

    assert found.open_orders[0].authored == date(2026, 11, 22)
    assert gaps_of(found) == [("future-date", "ServiceRequest/s1", "authoredOn")]


def test_a_lumbar_operation_is_ordered_only_where_the_region_is_lumbar() -> None:
    assert facts(order("387731002", SNOMED)).open_orders == ()
    (fact,) = facts(order("387731002", SNOMED, reasonCode=[concept("M48.061")])).open_orders
    assert fact.concepts == ("lumbar-decompression",)


@pytest.mark.parametrize("value", ["lately", 5])
def test_an_order_of_an_unreadable_day_stands_without_one(value: Any) -> None:
    found = facts(order(authoredOn=value))

    assert [o.authored for o in found.open_orders] == [None]
    assert [code for code, _, _ in gaps_of(found)] == ["missing-date", "unreadable"]
