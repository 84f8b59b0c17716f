from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from pathway.facts import Bound, Bounded, Instrument
from tests.fhir_mappings.making import LOINC, ROWS, SNOMED, concept, facts, gaps_of, observation

PREGNANT = concept("77386006", SNOMED)
NOT_PREGNANT = concept("60001007", SNOMED)


def quantity(value: Any, unit: str | None = None, **more: Any) -> dict[str, Any]:
    return {"valueQuantity": {"value": value} | ({"unit": unit} if unit else {}) | more}


def text(value: str) -> dict[str, Any]:
    return {"valueQuantity": None, "valueString": value}


def values(*resources: dict[str, Any]) -> list[tuple[Instrument, Decimal]]:
    return [(s.instrument, s.value) for s in facts(*resources).scores]


@pytest.mark.parametrize(
    ("code", "elements", "instrument", "value"),
    [
        ("72514-3", quantity(6, "{score}"), Instrument.NRS, "6"),
        ("72514-3", quantity(4.2), Instrument.NRS, "4.2"),
        ("72514-3", quantity(6, code="1"), Instrument.NRS, "6"),
        ("72514-3", {"valueQuantity": None, "valueInteger": 7}, Instrument.NRS, "7"),
        ("72514-3", {"valueQuantity": None, "valueString": " 7 "}, Instrument.NRS, "7"),
        ("75893-8", quantity(5), Instrument.NRS_WEEK, "5"),
        ("38214-3", quantity(64, "mm"), Instrument.VAS, "6.4"),
        ("38214-3", quantity(6.4, "cm"), Instrument.VAS, "6.4"),
        ("38214-3", quantity(6, "{score}"), Instrument.VAS, "6"),
        ("38208-5", quantity(3), Instrument.PAIN_OTHER, "3"),
        ("38221-8", quantity(10), Instrument.FACES, "10"),
        ("91147-9", quantity(5), Instrument.PEG, "5"),
        ("97909-6", quantity(42, "%"), Instrument.ODI, "42"),
        ("71961-7", quantity(61.2, "{T-score}"), Instrument.PROMIS_PI, "61.2"),
        ("91351-7", quantity(4), Instrument.START_BACK, "4"),
        ("44261-6", quantity(12), Instrument.PHQ9, "12"),
        ("98979-8", quantity(59.5, "mL/min/{1.73_m2}"), Instrument.EGFR, "59.5"),
        ("33914-3", quantity(59, "mL/min/1.73 m2"), Instrument.EGFR, "59"),
        ("33914-3", quantity(30, "mL/min/1.73m2", comparator="<"), Instrument.EGFR, "29.9"),
        ("33914-3", quantity(60, "mL/min/1.73m2", comparator=">"), Instrument.EGFR, "60"),
        ("33914-3", quantity(28), Instrument.EGFR, "28"),
        ("33914-3", text("<15"), Instrument.EGFR, "14.9"),
        ("33914-3", text("> 60"), Instrument.EGFR, "60"),
        ("33914-3", text(">=60 mL/min/1.73 m2"), Instrument.EGFR, "60"),
        ("33914-3", text("24 mL/min/1.73m2"), Instrument.EGFR, "24"),
        ("33914-3", text("24.5mL/min"), Instrument.EGFR, "24.5"),
        ("72514-3", text("7/10"), Instrument.NRS, "7"),
        ("72514-3", text("<3"), Instrument.NRS, "2.9"),
        ("38214-3", text("64 mm"), Instrument.VAS, "6.4"),
        ("97909-6", text("42 %"), Instrument.ODI, "42"),
        ("777-3", text("98 10*3/uL"), Instrument.PLATELETS, "98"),
        ("98979-8", {"valueQuantity": None, "valueString": "28"}, Instrument.EGFR, "28"),
        ("98979-8", {"valueQuantity": None, "valueInteger": 28}, Instrument.EGFR, "28"),
        ("6301-6", {"valueQuantity": None, "valueString": "2.5"}, Instrument.INR, "2.5"),
        ("777-3", quantity(98), Instrument.PLATELETS, "98"),
        ("777-3", quantity(98000), Instrument.PLATELETS, "98"),
        ("777-3", {"valueQuantity": None, "valueInteger": 2000}, Instrument.PLATELETS, "2"),
        ("6301-6", quantity(2.5, "{INR}"), Instrument.INR, "2.5"),
        ("34714-6", quantity(1.1), Instrument.INR, "1.1"),
        ("777-3", quantity(98, "10*3/uL"), Instrument.PLATELETS, "98"),
        ("777-3", quantity(98, "10*9/L"), Instrument.PLATELETS, "98"),
        ("26515-7", quantity(98000, "/uL"), Instrument.PLATELETS, "98"),
    ],
)
def test_a_value_is_read_in_its_instruments_unit(
    code: str, elements: dict[str, Any], instrument: Instrument, value: str
) -> None:
    assert values(observation(code, **elements)) == [(instrument, Decimal(value))]


@pytest.mark.parametrize(
    ("code", "elements", "element"),
    [
        ("72514-3", quantity(11), "valueQuantity.value"),
        ("72514-3", quantity(-1), "valueQuantity.value"),
        ("72514-3", quantity(60, "mm"), "valueQuantity.unit"),
        ("72514-3", quantity("NaN"), "valueQuantity.value"),
        ("38214-3", quantity(64), "valueQuantity.value"),
        ("97909-6", quantity(101, "%"), "valueQuantity.value"),
        ("44261-6", quantity(28), "valueQuantity.value"),
        ("777-3", quantity(250, "mg/dL"), "valueQuantity.unit"),
        ("777-3", quantity(-1), "valueQuantity.value"),
        ("777-3", quantity(6000000), "valueQuantity.value"),
        ("33914-3", quantity(1.2, "mg/dL"), "valueQuantity.unit"),
        ("72514-3", {"valueQuantity": None, "valueString": "severe"}, "valueString"),
        (
            "72514-3",
            {"valueQuantity": None, "valueCodeableConcept": {"text": "severe"}},
            "valueCodeableConcept",
        ),
        ("72514-3", {"valueQuantity": "6"}, "valueQuantity"),
        ("33914-3", {"valueQuantity": None, "valueString": "<15 mg/dL"}, "valueString.unit"),
        ("33914-3", {"valueQuantity": None, "valueString": "not below 15"}, "valueString"),
        ("33914-3", {"valueQuantity": None, "valueString": "15-20"}, "valueString.unit"),
        ("33914-3", {"valueQuantity": None, "valueRange": {"low": {"value": 20}}}, "valueRange"),
        ("72514-3", {"valueQuantity": None, "valueString": "7 of 10"}, "valueString.unit"),
    ],
)
def test_a_value_off_its_scale_is_a_gap_without_the_value(
    code: str, elements: dict[str, Any], element: str
) -> None:
    found = facts(observation(code, **elements))

    assert found.scores == ()
    assert gaps_of(found) == [("unreadable", "Observation/o1", element)]


@pytest.mark.parametrize("status", ["final", "amended", "corrected"])
def test_final_results_count(status: str) -> None:
    assert len(values(observation(status=status))) == 1


@pytest.mark.parametrize(
    "status", ["registered", "preliminary", "cancelled", "entered-in-error", "unknown", None]
)
def test_other_results_do_not(status: str | None) -> None:
    found = facts(observation(status=status))

    assert (found.scores, gaps_of(found)) == ((), [])


def test_a_score_documented_as_absent_is_none_not_zero() -> None:
    absent = observation(valueQuantity=None, dataAbsentReason={"text": "asleep"})

    assert (facts(absent).scores, gaps_of(facts(absent))) == ((), [])


@pytest.mark.parametrize(
    ("elements", "day"),
    [
        ({"effectiveDateTime": "2026-11-20T23:30:00Z"}, date(2026, 11, 20)),
        (
            {"effectiveDateTime": None, "effectivePeriod": {"start": "2026-11-01", "end": "2026-11-07"}},
            date(2026, 11, 7),
        ),
        ({"effectiveDateTime": None, "effectivePeriod": {"start": "2026-11-01"}}, date(2026, 11, 1)),
        ({"effectiveDateTime": None, "effectiveInstant": "2026-11-20T23:30:00Z"}, date(2026, 11, 20)),
        ({"effectiveDateTime": None, "issued": "2026-11-20T23:30:00Z"}, date(2026, 11, 20)),
    ],
)
def test_the_day_is_that_of_the_measurement_else_of_publication(elements: dict[str, Any], day: date) -> None:
    assert facts(observation(**elements)).scores[0].on == day


def test_a_result_ahead_is_ignored_and_a_gap() -> None:
    found = facts(observation(effectiveDateTime="2026-11-23"))

    assert found.scores == ()
    assert gaps_of(found) == [("future-date", "Observation/o1", "effectiveDateTime")]


def test_a_result_without_a_date_is_a_gap() -> None:
    found = facts(observation(effectiveDateTime=None))

    assert found.scores == ()
    assert gaps_of(found) == [("missing-date", "Observation/o1", "effective[x]")]


def item(code: str, value: Any) -> dict[str, Any]:
    return {"code": concept(code, LOINC), "valueQuantity": {"value": value}}


def test_a_panel_gives_its_mean_and_its_pain_item() -> None:
    items = [item("75893-8", 6), item("91145-3", 7), item("91146-1", 8)]
    mean = item("91147-9", 7)

    computed = values(observation("91148-7", valueQuantity=None, component=items))
    stated = values(observation("91148-7", valueQuantity=None, component=[*items, mean]))

    assert computed == stated == [(Instrument.NRS_WEEK, Decimal(6)), (Instrument.PEG, Decimal(7))]


def test_a_panel_that_lacks_an_item_has_no_mean() -> None:
    items = [item("75893-8", 6), item("91145-3", 7)]

    assert values(observation("91148-7", valueQuantity=None, component=items)) == [
        (Instrument.NRS_WEEK, Decimal(6))
    ]


def test_a_mean_with_its_items_keeps_the_stated_mean() -> None:
    items = [item("75893-8", 6), item("91145-3", 7), item("91146-1", 8)]

    assert values(observation("91147-9", 7, component=items)) == [
        (Instrument.PEG, Decimal(7)),
        (Instrument.NRS_WEEK, Decimal(6)),
    ]


def pregnancy(value: dict[str, Any], day: str, own_id: str) -> dict[str, Any]:
    return observation(
        "82810-3", own_id=own_id, valueQuantity=None, valueCodeableConcept=value, effectiveDateTime=day
    )


def test_a_pregnancy_status_is_a_condition_of_that_day() -> None:
    (fact,) = facts(pregnancy(PREGNANT, "2026-10-01", "a")).conditions

    assert (fact.concept, fact.code, fact.active, fact.recorded) == (
        "pregnancy",
        "77386006",
        True,
        date(2026, 10, 1),
    )


def test_only_the_latest_pregnancy_status_counts() -> None:
    before = pregnancy(PREGNANT, "2026-03-01", "a")
    after = pregnancy(NOT_PREGNANT, "2026-10-01", "b")
    same_day = pregnancy(PREGNANT, "2026-10-01", "c")

    assert facts(before, after).conditions == facts(after, before).conditions == ()
    assert [c.source.resource_id for c in facts(before, after, same_day).conditions] == ["c"]


def test_every_code_of_the_list_is_an_instrument_a_panel_or_a_status() -> None:
    codes = {r.code for r in ROWS if r.file == "observations.csv" and r.verified}
    units = {"777-3": "10*3/uL", "26515-7": "10*3/uL"} | {
        r.code: "mL/min/{1.73_m2}" for r in ROWS if r.concept == "egfr"
    }

    read = {
        code
        for code in codes
        if values(observation(code, 5, valueQuantity={"value": 5, "unit": units.get(code)}))
    }

    assert codes - read == {"91148-7", "82810-3"}


@pytest.mark.parametrize(
    ("elements", "shown"),
    [
        (quantity(15, comparator="<"), Bounded(bound=Bound.BELOW, limit=Decimal(15))),
        (quantity(15, comparator="<="), Bounded(bound=Bound.AT_MOST, limit=Decimal(15))),
        (quantity(60, comparator=">="), Bounded(bound=Bound.AT_LEAST, limit=Decimal(60))),
        (quantity(60, comparator=">"), Bounded(bound=Bound.ABOVE, limit=Decimal(60))),
        (text("<15"), Bounded(bound=Bound.BELOW, limit=Decimal(15))),
        (text("≥ 60"), Bounded(bound=Bound.AT_LEAST, limit=Decimal(60))),
        (quantity(60, comparator="ad"), Decimal(60)),
        (quantity(60), Decimal(60)),
    ],
)
def test_of_a_limit_the_limit_is_shown(elements: dict[str, Any], shown: Decimal | Bounded) -> None:
    (score,) = facts(observation("33914-3", **elements)).scores

    assert score.shown == shown


def test_a_limit_is_told_in_the_instruments_unit() -> None:
    (score,) = facts(observation("38214-3", **quantity(30, "mm", comparator="<"))).scores

    assert score.bounded is not None
    assert score.bounded.words() == "below 3"


@pytest.mark.parametrize("value", ["today", 5])
def test_a_value_of_an_unreadable_day_counts_from_its_publication_if_at_all(value: Any) -> None:
    undated = observation(effectiveDateTime=value)

    assert facts(undated).scores == ()
    assert ("unreadable", "Observation/o1", "effectiveDateTime") in gaps_of(facts(undated))
    assert [s.on for s in facts(undated | {"issued": "2026-11-20T10:00:00Z"}).scores] == [date(2026, 11, 20)]


def test_a_pregnancy_of_an_unreadable_day_is_a_pregnancy() -> None:
    (fact,) = facts(pregnancy(PREGNANT, "in June", "a")).conditions

    assert (fact.concept, fact.recorded) == ("pregnancy", None)
