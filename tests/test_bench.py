"""The benchmark measures what it says: the charts, the floors, the bars."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from bench.__main__ import PAGE
from bench.corpus import LARGEST, SMALLEST, encoded, order_sign_body, request_body
from bench.drafts import ABOUT_BACKS
from bench.elements import HookRequest
from bench.floors import floor_a, floor_b, floor_c
from bench.measure import COUNTS, DRAFTS, Plan, Result, Shown, measured
from bench.pages import Opening, page_bars, page_table
from bench.report import bars, report, table, verdicts
from bench.resources import PATIENT
from docs.markdown import with_part

PATH = "/cds-services/low-back-pain-patient-view"
BACK_CODES = {"M54.16", "M54.50", "72514-3", "97110", "198014", "72148"}


def resources_of(body: bytes) -> list[dict[str, Any]]:
    prefetch = msgspec.json.decode(body)["prefetch"]
    return [
        entry["resource"] for key, bundle in prefetch.items() if key != "patient" for entry in bundle["entry"]
    ]


def is_about_backs(resource: dict[str, Any]) -> bool:
    words = encoded(resource).decode()
    return any(f'"code":"{code}"' in words for code in BACK_CODES)


@pytest.mark.parametrize("count", [10, 100, 1000])
def test_a_chart_has_n_resources_of_the_size_of_real_ones(count: int) -> None:
    sizes = [len(encoded(resource)) for resource in resources_of(request_body(count))]

    assert len(sizes) == count
    assert min(sizes) >= SMALLEST
    assert max(sizes) <= LARGEST


def test_one_in_ten_is_about_backs() -> None:
    resources = resources_of(request_body(1000))

    assert sum(map(is_about_backs, resources)) == 100


def test_the_chart_without_a_back_problem_has_none() -> None:
    resources = resources_of(request_body(1000, back=False))

    assert sum(map(is_about_backs, resources)) == 0


def test_the_same_chart_is_made_each_time() -> None:
    assert request_body(100) == request_body(100)
    assert order_sign_body(100, 20) == order_sign_body(100, 20)


def test_orders_are_signed_over_the_very_chart_of_patient_view() -> None:
    assert resources_of(order_sign_body(100, 20)) == resources_of(request_body(100))


@pytest.mark.parametrize("count", DRAFTS)
def test_a_call_of_order_sign_has_so_many_drafts_most_of_them_not_about_backs(count: int) -> None:
    entries = msgspec.json.decode(order_sign_body(10, count))["context"]["draftOrders"]["entry"]

    words = [encoded(entry["resource"]).decode() for entry in entries]
    about_backs = [w for w in words if any(f'"code":"{code}"' in w for code in ABOUT_BACKS)]

    assert len(words) == count
    assert 1 <= len(about_backs) <= max(1, count // 2)


def test_the_structs_of_floor_b_hold_what_the_chart_says() -> None:
    request = msgspec.json.decode(request_body(100), type=HookRequest)

    held = sum(len(value.entry) for key, value in request.prefetch.items() if key != "patient")

    assert request.context.patient_id == PATIENT
    assert held == 100


@pytest.mark.parametrize("floor", [floor_a, floor_b, floor_c])
def test_every_floor_answers_a_card(floor: Any) -> None:
    answer = floor().test_client().post(PATH, data=request_body(10), content_type="application/json")

    assert answer.status_code == 200
    assert len(answer.json["cards"]) == 1


def result(
    *, service: dict[int, float], growth_mb: float = 20, order_sign: dict[int, float] | None = None
) -> Result:
    floors = {"A": 1.0, "B": 2.0, "C": 10.0}
    return Result(
        cpu_ms={count: {"service": service[count], **floors} for count in COUNTS},
        with_back_ms=2.0,
        without_back_ms=1.0,
        order_sign_ms=order_sign or {1: 2.0, 20: 2.6},
        body_bytes=dict.fromkeys(COUNTS, 1000),
        growth_mb=growth_mb,
        shown=Shown(state="esi-eligible", cards=3, guards={1: 1, 20: 4}),
    )


AT_LIMIT = {10: 1.0, 100: 3.8, 1000: 4.0, 5000: 4.8}


def test_bars_at_their_limit_are_met() -> None:
    at_limit = result(service=AT_LIMIT, growth_mb=100)

    assert [bar.name for bar in bars(at_limit) if not bar.met] == []


@pytest.mark.parametrize(
    ("measures", "missed"),
    [
        ({"service": AT_LIMIT | {100: 4.1, 1000: 4.5}}, "N = 100: service / A"),
        ({"service": AT_LIMIT | {1000: 4.5}}, "N = 1000: service / B"),
        ({"service": AT_LIMIT, "growth_mb": 101}, "N = 5000: growth of memory, MB"),
        ({"service": AT_LIMIT | {5000: 12.0}}, "cost of a resource, 1000 to 5000 / 100 to 1000"),
        (
            {"service": AT_LIMIT, "order_sign": {1: 2.7, 20: 2.6}},
            "N = 1000: order-sign, 1 draft / patient-view",
        ),
        (
            {"service": AT_LIMIT, "order_sign": {1: 2.0, 20: 2.7}},
            "N = 1000: order-sign, 20 drafts / patient-view",
        ),
    ],
)
def test_a_bar_just_missed_is_missed(measures: dict[str, Any], missed: str) -> None:
    names = [bar.name for bar in bars(result(**measures)) if not bar.met]

    assert missed in names


def test_the_report_says_every_number_and_which_bar_is_missed() -> None:
    found = result(service=AT_LIMIT, growth_mb=101)

    told = report(found) + verdicts(bars(found))

    for words in (
        "| 5000 |",
        "esi-eligible",
        "order-sign, 20 drafts",
        "1.30",
        "MISSED",
        "1 of 9 bars missed",
    ):
        assert words in told


def test_a_table_is_markdown_with_its_numbers_to_the_right() -> None:
    lines = list(table(("what", "ms"), [("a", "10.25"), ("a call", "1.00")], words=1))

    assert lines == ["| what   |    ms |", "| ------ | ----: |", "| a      | 10.25 |", "| a call |  1.00 |"]


def test_the_page_has_a_place_for_the_figures() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert "\nmeasured\n" in with_part(page, "figures", "measured")


@pytest.mark.integration
@pytest.mark.soak
def test_the_service_can_be_measured_beside_its_floors(tmp_path: Path) -> None:
    taken = measured(Plan(rounds=1, round_ms=1), tmp_path)

    assert taken.shown.cards > 0
    assert all(cards > 0 for cards in taken.shown.guards.values())
    assert all(ms > 0 for by_server in taken.cpu_ms.values() for ms in by_server.values())


def test_the_slowest_first_card_and_the_largest_page_are_what_counts() -> None:
    quick = Opening(first_card_ms=20.0, whole_ms=60.0, kilobytes=90.0)
    none = Opening(first_card_ms=None, whole_ms=50.0, kilobytes=80.0)
    slow = Opening(first_card_ms=1001.0, whole_ms=1500.0, kilobytes=501.0)

    assert [bar.met for bar in page_bars([[quick, none], [quick, none]])] == [True, True]
    assert [bar.met for bar in page_bars([[quick, none], [slow, none]])] == [False, False]


def test_the_first_page_after_the_start_is_told_apart() -> None:
    first = Opening(first_card_ms=512.0, whole_ms=1167.0, kilobytes=90.0)
    later = Opening(first_card_ms=20.0, whole_ms=56.0, kilobytes=90.0)

    told = page_table([[first, later], [later, later]])

    assert "| first page after the start |               512 |" in told
    assert "| later, slowest             |                20 |" in told
