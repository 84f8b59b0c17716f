"""The client's own draft is handed back whole, with the one change made."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cards.draft_edits import with_code, with_dose, with_note, with_occurrence, with_supply
from cards.opaque import DraftJson, without_empty
from tests.cards.guard_making import ENCODER, IMAGE_GUIDED, a_draft
from tests.cards.making import CPT
from tests.pathway.making import day

DAYS = {"unit": "d", "system": "http://unitsofmeasure.org", "code": "d"}
numbers = st.decimals(allow_nan=False, allow_infinity=False) | st.integers()
json_values = st.recursive(
    st.none() | st.booleans() | numbers | st.text(),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(), below, max_size=3),
    max_leaves=8,
)
resources = st.dictionaries(st.text(min_size=1), json_values, max_size=6)


def written(draft: DraftJson | None) -> Any:
    """A draft as a client reads it."""
    return json.loads(ENCODER.encode(draft), parse_float=Decimal)


# --- what is not changed ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "number", ["1.50", "0.10", "1E+2", "100000000000000000000.00", "-0.0", "5", "12345678901234567890"]
)
def test_a_number_that_is_not_changed_keeps_its_digits(number: str) -> None:
    draft = a_draft(f'{{"id": "s1", "extension": [{{"valueDecimal": {number}}}]}}')

    body = ENCODER.encode(with_occurrence(draft, day(4)))

    assert f'"extension":[{{"valueDecimal":{number}}}]'.encode() in body


@given(resources)
def test_a_change_leaves_all_else_as_it_was(draft: DraftJson) -> None:
    before, lean = written(draft), written(without_empty(draft))

    for name, changed in {
        "occurrenceDateTime": with_occurrence(draft, day(4)),
        "note": with_note(draft, "Mind the hip."),
        "code": with_code({**draft, "code": {}}, IMAGE_GUIDED),
        "dispenseRequest": with_supply({**draft, "dispenseRequest": {}}, 3, Decimal(10)),
    }.items():
        after = written(changed)
        assert after.pop(name)
        assert after == {key: value for key, value in lean.items() if key != name}
    assert written(draft) == before


@pytest.mark.parametrize(
    ("element", "handed_back"),
    [
        ('{"deep": [1, {"a": null}], "b": 1}', {"deep": [1], "b": 1}),
        ('{"coding": [{}], "text": ""}', None),
        ('{"coding": [{"code": null, "extension": []}, {"code": "x"}]}', {"coding": [{"code": "x"}]}),
        ('{"a": {"b": {"c": [{"d": []}]}}}', None),
        ('{"given": ["Ann", null], "_given": [null, {"id": "g2"}]}', ...),
        ('{"given": ["Ann", "Eve"], "_given": [{}, {"id": "g2"}]}', ...),
        ('{"zero": 0, "no": false, "blank": " ", "lists": [[1], [null]]}', ...),
        ("[null]", [None]),
    ],
)
def test_null_and_empty_members_are_left_out_however_deep(element: str, handed_back: object) -> None:
    """C-JSON-02, C-JSON-03; a null keeps a primitive and its extension at the same place."""
    before = json.loads(element)
    if handed_back is ...:
        handed_back = before | ({"_given": [None, {"id": "g2"}]} if "_given" in before else {})

    after = written(with_note(a_draft(f'{{"id": "s1", "vendor": {element}}}'), "b"))

    assert after.get("vendor") == handed_back


def test_every_change_leaves_them_out() -> None:
    draft = a_draft(
        '{"id": "m1", "subject": null, "category": [{}], "code": {"coding": [], "extension": []},'
        ' "dosageInstruction": [{"doseQuantity": {"value": 2, "unit": ""}, "site": {}}]}'
    )

    for changed in (
        with_occurrence(draft, day(4)),
        with_note(draft, "b"),
        with_code(draft, IMAGE_GUIDED),
        with_supply(draft, 3, None),
        with_dose(draft, Decimal(1)),
    ):
        assert changed is not None
        assert {"subject", "category"}.isdisjoint(changed)
        assert changed == without_empty(changed)


@pytest.mark.parametrize(("opened", "closed"), [('{"a": ', "}"), ("[", "]")])
def test_a_draft_may_be_as_deep_as_can_be_read(opened: str, closed: str) -> None:
    deep = msgspec.json.decode('{"id": "s1", "x": ' + opened * 700 + "1" + closed * 700 + "}")

    assert ENCODER.encode(with_note(deep, "b")).count(b"1") == 2


# --- occurrence ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "occurrence",
    [
        {"occurrenceDateTime": "2026-11-22T09:00:00+01:00"},
        {"occurrenceDateTime": "2026-11", "_occurrenceDateTime": {"id": "x"}},
        {"occurrencePeriod": {"start": "2026-11-22"}, "_occurrencePeriod": {}},
        {"occurrenceTiming": {"event": ["2026-11-22"]}},
        {},
    ],
)
def test_an_occurrence_of_any_type_is_replaced_not_doubled(occurrence: dict[str, object]) -> None:
    draft = {"resourceType": "ServiceRequest", "id": "s1", **occurrence, "occurrenceNote": "kept"}

    assert written(with_occurrence(draft, day(4))) == {
        "resourceType": "ServiceRequest",
        "id": "s1",
        "occurrenceNote": "kept",
        "occurrenceDateTime": "2026-11-26",
    }


# --- code ------------------------------------------------------------------------------------------


def test_all_codings_give_way_to_the_new_one_and_the_text_says_the_same() -> None:
    extension = [{"url": "urn:x", "valueDecimal": Decimal("1.50")}]
    codings = [{"system": CPT, "code": "62322"}, {"code": "local"}]
    draft = {"id": "s1", "code": {"extension": extension, "coding": codings, "text": "not guided"}}

    assert written(with_code(draft, IMAGE_GUIDED)) == {
        "id": "s1",
        "code": {
            "extension": extension,
            "coding": [{"system": CPT, "code": "62323", "display": "image-guided"}],
            "text": "image-guided",
        },
    }


def test_a_code_without_text_gets_none() -> None:
    changed = with_code({"code": {"coding": []}}, IMAGE_GUIDED)

    assert "text" not in written(changed)["code"]


@pytest.mark.parametrize("draft", [{}, {"code": "62322"}, {"code": None}, {"code": ["62322"]}])
def test_where_there_is_no_code_none_is_changed(draft: DraftJson) -> None:
    assert with_code(draft, IMAGE_GUIDED) is None


# --- note ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, []),
        ({"note": None}, []),
        ({"note": [{"text": "a", "time": "2026"}]}, [{"text": "a", "time": "2026"}]),
        ({"note": {"text": "a"}}, [{"text": "a"}]),
    ],
)
def test_a_note_is_added_behind_the_others(before: DraftJson, after: list[object]) -> None:
    assert written(with_note(before, "b")) == {"note": [*after, {"text": "b"}]}


# --- supply ----------------------------------------------------------------------------------------


def supplied(request: str, days: int = 3, lasts: str | None = "10") -> Any:
    draft = a_draft(f'{{"id": "m1", "dispenseRequest": {request}}}')
    changed = with_supply(draft, days, None if lasts is None else Decimal(lasts))
    return None if changed is None else written(changed)["dispenseRequest"]


def test_quantity_and_expected_supply_are_cut_to_the_same_share() -> None:
    request = supplied(
        '{"numberOfRepeatsAllowed": 0,'
        ' "quantity": {"value": 40.0, "unit": "tablet", "extension": [{"valueDecimal": 1.50}]},'
        ' "expectedSupplyDuration": {"value": 10, "unit": "days", "code": "d"}}'
    )

    assert request == {
        "numberOfRepeatsAllowed": 0,
        "quantity": {"value": 12, "unit": "tablet", "extension": [{"valueDecimal": Decimal("1.50")}]},
        "expectedSupplyDuration": {"value": 3, "unit": "days", "code": "d"},
    }


@pytest.mark.parametrize(
    ("quantity", "lasts", "days", "share"),
    [
        ("30", "10", 3, 9),
        ("31", "10", 3, 10),  # whole tablets, rounded up
        ("90", "30", 14, 42),
        ("2", "30", 3, 1),
        ("0.5", "30", 3, Decimal("0.5")),  # never more than was written
        ("10000000000", "10", 1, 1000000000),
    ],
)
def test_a_share_is_whole_units_and_never_more(
    quantity: str, lasts: str, days: int, share: int | Decimal
) -> None:
    request = supplied(f'{{"quantity": {{"value": {quantity}}}}}', days, lasts)

    assert request["quantity"] == {"value": share}
    assert b"E" not in ENCODER.encode(request)


@pytest.mark.parametrize(
    ("duration", "changed"),
    [
        ('{"value": 2, "unit": "wk"}', {"value": 3, **DAYS}),
        ('{"value": 2, "code": "wk", "system": "urn:x"}', {"value": 3, **DAYS}),
        ('{"value": 10}', {"value": 3, **DAYS}),
        ('{"value": 10, "unit": "days"}', {"value": 3, "unit": "days"}),
        ("null", {"value": 3, **DAYS}),
    ],
)
def test_a_supply_in_other_units_is_told_in_days(duration: str, changed: object) -> None:
    assert supplied(f'{{"expectedSupplyDuration": {duration}}}') == {"expectedSupplyDuration": changed}


def test_without_a_quantity_none_is_made_up() -> None:
    assert supplied("{}", lasts=None) == {"expectedSupplyDuration": {"value": 3, **DAYS}}


@pytest.mark.parametrize(
    ("request_", "lasts"),
    [
        ('{"quantity": {"value": "30"}}', "10"),
        ('{"quantity": {}}', "10"),
        ('{"quantity": 30}', "10"),
        ('{"quantity": {"value": true}}', "10"),
        ('{"quantity": {"value": 30}}', None),
        ('{"quantity": {"value": 30}}', "0"),
        ("[]", "10"),
    ],
)
def test_a_quantity_that_cannot_be_shared_is_not_left_beside_a_shorter_supply(
    request_: str, lasts: str | None
) -> None:
    assert supplied(request_, lasts=lasts) is None


@pytest.mark.parametrize(("refills", "left"), [("5", 0), ("0", 0), ("1.0", 0), ('"5"', "5")])
def test_a_short_supply_has_no_refills(refills: str, left: object) -> None:
    assert supplied(f'{{"numberOfRepeatsAllowed": {refills}}}')["numberOfRepeatsAllowed"] == left


def bounded(*repeats: str, days: int = 3) -> Any:
    """The `repeat` of each dosage instruction of a draft after the change; None where there is none."""
    dosages = ", ".join(f'{{"sequence": 1, "timing": {{"repeat": {repeat}}}}}' for repeat in repeats)
    changed = with_supply(a_draft(f'{{"id": "m1", "dosageInstruction": [{dosages}]}}'), days, None)
    if changed is None:
        return None
    return [dosage["timing"]["repeat"] for dosage in written(changed)["dosageInstruction"]]


@pytest.mark.parametrize(
    "duration",
    [
        '{"value": 10, "unit": "d"}',
        '{"value": 2, "unit": "wk", "code": "wk", "system": "urn:x"}',
        '{"value": 1}',
    ],
)
def test_a_bounded_timing_is_bounded_to_the_new_days(duration: str) -> None:
    repeats = bounded(f'{{"frequency": 4, "boundsDuration": {duration}}}', '{"frequency": 1}')

    assert repeats == [
        {"frequency": 4, "boundsDuration": {**DAYS, "value": 3, "unit": "days"}},
        {"frequency": 1},
    ]


def test_a_bound_that_is_shorter_is_not_made_longer() -> None:
    assert bounded('{"boundsDuration": {"value": 2, "unit": "d"}}') == [
        {"boundsDuration": {"value": 2, "unit": "d"}}
    ]
    assert bounded('{"boundsPeriod": {"start": "2026-11-22", "end": "2026-11-24"}}') == [
        {"boundsPeriod": {"start": "2026-11-22", "end": "2026-11-24"}}
    ]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ("2026-11-22", "2026-11-25"),
        ("2026-11-29", "2026-12-02"),
        ("2026-11-22T09:00:00+01:00", "2026-11-25T09:00:00+01:00"),
    ],
)
def test_a_period_of_timing_ends_so_many_days_after_its_start(start: str, end: str) -> None:
    assert bounded(f'{{"boundsPeriod": {{"start": "{start}", "end": "2027-01"}}}}') == [
        {"boundsPeriod": {"start": start, "end": end}}
    ]


def test_a_period_without_end_stays() -> None:
    assert bounded('{"boundsPeriod": {"start": "2026"}}') == [{"boundsPeriod": {"start": "2026"}}]


@pytest.mark.parametrize(
    "repeat",
    [
        '{"boundsPeriod": {"start": "2026-11", "end": "2026-12-31"}}',
        '{"boundsPeriod": {"start": "2026-11-31", "end": "2026-12-31"}}',
        '{"boundsPeriod": {"start": "9999-12-31", "end": "9999-12-31"}}',
        '{"boundsPeriod": {"end": "2026-12-31"}}',
        '{"boundsPeriod": {"start": 2026, "end": "2026-12-31"}}',
        '{"boundsRange": {"low": {"value": 7}, "high": {"value": 14}}}',
    ],
)
def test_a_bound_that_cannot_be_set_is_not_left_beside_a_shorter_supply(repeat: str) -> None:
    assert bounded(repeat) is None
    assert bounded('{"frequency": 1}', repeat) is None


@pytest.mark.parametrize(
    "dosages",
    [
        '{"timing": {"repeat": {"boundsPeriod": {"end": "2026"}}}}',
        '[{"timing": {"repeat": {"boundsPeriod": {"end": "2026"}}}}, null]',
    ],
)
def test_bounds_are_found_where_clients_put_them(dosages: str) -> None:
    assert with_supply(a_draft(f'{{"dosageInstruction": {dosages}}}'), 3, None) is None


@pytest.mark.parametrize(
    "dosages", ['"x"', "[null]", "[1]", '{"timing": "x"}', '[{"timing": {"repeat": []}}]']
)
def test_odd_dosage_instructions_do_no_harm(dosages: str) -> None:
    assert with_supply(a_draft(f'{{"dosageInstruction": {dosages}}}'), 3, None) is not None


DURATIONS = [
    "Take 1 tablet for 10 days",
    "5 mL bid x 10 days",
    "tid x10d",
    "A 30-day supply",
    "for ten days",
    "twenty-one days",
    "ten (10) days",
    "for 7 more days",
    "for 2 WEEKS",
    "for one month",
    "daily for a month",
    "for up to a week",
    "Day 1: 6 tablets",
]
SAYS_NO_DURATION = [
    "1 tablet 4 times a day as needed for pain",
    "every 6 hours",
    "once daily",
    "Max 8 a day",
    "",
]


@pytest.mark.parametrize(
    "place",
    [
        '"dosageInstruction": [{}, {"text": "%s"}]',
        '"dosageInstruction": {"patientInstruction": "%s"}',
        '"dosageInstruction": [{"additionalInstruction": [{"text": "%s"}]}]',
        '"dosageInstruction": [{"additionalInstruction": [{"coding": [{"display": "%s"}]}]}]',
        '"note": [{"time": "2026", "text": "%s"}]',
        '"note": "%s"',
    ],
)
def test_words_that_tell_a_duration_are_not_left_beside_a_shorter_supply(place: str) -> None:
    drafts = {words: a_draft(f'{{"id": "m1", {place % words}}}') for words in DURATIONS + SAYS_NO_DURATION}

    kept = {words for words, draft in drafts.items() if with_supply(draft, 3, None) is not None}

    assert kept == set(SAYS_NO_DURATION)
