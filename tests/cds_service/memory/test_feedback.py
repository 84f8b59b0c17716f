"""Bodies of feedback: what is kept of an item, and what is said of a bad one."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cds_service.errors import InvalidRequestError, TooLargeError
from cds_service.memory.feedback import MOST_ITEMS, Batch, Reason, Report, read_batch, record_of
from cds_service.memory.feedback_schemas import EPIC_CATEGORY, LONGEST_CODE, LONGEST_SYSTEM, MOST_SUGGESTIONS
from cds_service.memory.instants import milliseconds_of
from cds_service.memory.records import FeedbackRecord
from tests.cds_service.memory.reporting import (
    AT,
    AT_MS,
    CARD,
    SUGGESTION,
    SYSTEM,
    a_reason,
    accepted,
    an_item,
    body_of,
    epic_body,
)

OTHER = "0b6b2b0e-0000-4000-8000-00000000000e"


def report_of(item: object) -> Report:
    """The only report of a good item."""
    batch = read_batch(body_of(item))
    assert batch.problems == ()
    (report,) = batch.reports
    return report


def problems_of(*items: object) -> dict[str | None, str]:
    """By element, of a batch of bad items alone."""
    batch = read_batch(body_of(*items))
    assert batch.reports == ()
    return {problem.element: problem.text for problem in batch.problems}


def record(item: object, *, tenant: str = "north", received_at: int = AT_MS) -> FeedbackRecord:
    return record_of(report_of(item), tenant=tenant, service="s", received_at=received_at, comment=None)


def test_an_accepted_suggestion() -> None:
    assert report_of(accepted()) == Report(
        card=CARD, outcome="accepted", suggestions=(SUGGESTION,), outcome_at=AT_MS
    )


def test_several_accepted_suggestions_are_kept_each_once() -> None:
    assert report_of(accepted(SUGGESTION, OTHER, SUGGESTION)).suggestions == (SUGGESTION, OTHER)


def test_an_override_with_a_reason() -> None:
    report = report_of(an_item(overrideReason=a_reason() | {"userComment": "Wants to wait"}))

    assert report.reason == Reason(system=SYSTEM, code="patient-preference")
    assert report.comment == "Wants to wait"


def test_an_override_without_a_reason() -> None:
    assert report_of(an_item()).reason is None


def test_an_override_with_a_comment_only() -> None:
    report = report_of(an_item(overrideReason={"userComment": "Wants to wait"}))

    assert (report.reason, report.comment) == (None, "Wants to wait")


@pytest.mark.parametrize("empty", [{"userComment": ""}, None, {"reason": None, "userComment": " "}])
def test_a_form_that_was_sent_empty_is_no_reason(empty: object) -> None:
    assert report_of(an_item() | {"overrideReason": empty}).reason is None


def test_a_reason_that_we_do_not_know_is_kept_as_it_is() -> None:
    reason = a_reason("Zz-9 (local)", "https://site.example/reasons")

    assert report_of(an_item(overrideReason=reason)).reason == Reason(
        system="https://site.example/reasons", code="Zz-9 (local)"
    )


def test_unknown_members_and_extensions_are_passed_over() -> None:
    more: dict[str, Any] = {"extension": {"org.example": [1]}, "x-vendor": {"a": None}}
    reason = {"reason": a_reason()["reason"] | more | {"display": "Declined"}} | more
    body = msgspec.json.encode({"feedback": [an_item(overrideReason=reason) | more], **more})

    assert len(read_batch(body).reports) == 1


def test_a_comment_is_not_in_what_a_report_prints() -> None:
    assert "Müller" not in repr(report_of(an_item(overrideReason={"userComment": "Müller"})))


def test_epic_reports_an_acceptance_as_the_specification_has_it() -> None:
    assert read_batch(epic_body("accepted")).reports == (report_of(accepted()),)


def test_epic_calls_the_reason_by_another_name() -> None:
    (report,) = read_batch(epic_body("reason")).reports

    assert report.reason == Reason(system=SYSTEM, code="patient-preference")
    assert report.comment == "Wants to wait"


def test_a_reason_of_a_sites_own_is_known_by_epics_category() -> None:
    (report,) = read_batch(epic_body("site_reason")).reports

    assert report.reason == Reason(system=EPIC_CATEGORY, code="45")
    assert report.comment == "Not today"


@pytest.mark.parametrize(
    ("category", "code"),
    [(45, "45"), ("", None), ("x" * (LONGEST_CODE + 1), None), ("a\x00b", None), ([], None), (None, None)],
)
def test_a_category_that_cannot_be_kept_is_no_reason(category: object, code: str | None) -> None:
    reason = report_of(an_item(overrideReasons={"extension": {EPIC_CATEGORY: category}})).reason

    assert (reason.code if reason else None) == code


def test_a_coded_reason_goes_before_epics_category() -> None:
    both = a_reason() | {"extension": {EPIC_CATEGORY: "45"}}

    assert report_of(an_item(overrideReasons=both)).reason == Reason(system=SYSTEM, code="patient-preference")


def test_what_belongs_to_the_other_outcome_is_not_kept() -> None:
    assert report_of(an_item(acceptedSuggestions=[])).suggestions == ()
    assert report_of(an_item(acceptedSuggestions=[{"id": SUGGESTION}])).suggestions == ()
    assert report_of(accepted(overrideReason=a_reason())).reason is None


def test_uuids_are_kept_in_lower_case() -> None:
    report = report_of(accepted(SUGGESTION.upper(), card=CARD.upper()))

    assert (report.card, report.suggestions) == (CARD, (SUGGESTION,))


def test_a_batch_may_be_empty() -> None:
    assert read_batch(b'{"feedback": []}') == Batch(reports=(), problems=(), faulty=0)


def test_one_card_may_be_reported_several_times_in_a_batch() -> None:
    assert len(read_batch(body_of(an_item(), accepted(), an_item())).reports) == 3


def test_bad_items_are_named_by_index_and_element_and_good_ones_are_kept() -> None:
    batch = read_batch(body_of(an_item(), an_item(outcome="ignored"), accepted(), an_item(card=None)))

    assert [report.outcome for report in batch.reports] == ["overridden", "accepted"]
    assert [(problem.element, problem.code, problem.text) for problem in batch.problems] == [
        ("feedback[1].outcome", "value", "feedback[1].outcome must be accepted or overridden."),
        ("feedback[3].card", "required", "feedback[3].card is required."),
    ]
    assert batch.faulty == 2


@pytest.mark.parametrize(
    ("item", "element"),
    [
        (None, ""),
        ("accepted", ""),
        ([an_item()], ""),
        (an_item(card="card-1"), ".card"),
        (an_item(card=7), ".card"),
        (an_item(card=f"urn:uuid:{CARD}"), ".card"),
        (an_item(outcome=None), ".outcome"),
        (an_item(outcome="Accepted"), ".outcome"),
        (an_item(outcome=["accepted"]), ".outcome"),
        (an_item(outcome="accepted"), ".acceptedSuggestions"),
        (an_item(outcome="accepted", acceptedSuggestions=[]), ".acceptedSuggestions"),
        (an_item(outcome="accepted", acceptedSuggestions={"id": SUGGESTION}), ".acceptedSuggestions"),
        (an_item(acceptedSuggestions="all"), ".acceptedSuggestions"),
        (an_item(outcome="accepted", acceptedSuggestions=[SUGGESTION]), ".acceptedSuggestions[0]"),
        # the specification: "id", though on the card it is "uuid"
        (
            an_item(outcome="accepted", acceptedSuggestions=[{"uuid": SUGGESTION}]),
            ".acceptedSuggestions[0].id",
        ),
        (accepted(SUGGESTION, "second"), ".acceptedSuggestions[1].id"),
        (accepted(*[SUGGESTION] * (MOST_SUGGESTIONS + 1)), ".acceptedSuggestions"),
        (an_item(overrideReason="patient-preference"), ".overrideReason"),
        (an_item(overrideReason={}), ".overrideReason"),
        (an_item(overrideReasons={}), ".overrideReasons"),
        (an_item(overrideReasons=[a_reason()]), ".overrideReasons"),
        (an_item(overrideReason={"reason": "patient-preference"}), ".overrideReason.reason"),
        (an_item(overrideReason={"reason": {"code": "other"}}), ".overrideReason.reason.system"),
        (an_item(overrideReason={"reason": {"system": SYSTEM}}), ".overrideReason.reason.code"),
        (an_item(overrideReason=a_reason(code=" ")), ".overrideReason.reason.code"),
        (an_item(overrideReason=a_reason(code="a\x00")), ".overrideReason.reason.code"),
        (an_item(overrideReason=a_reason(code="x" * (LONGEST_CODE + 1))), ".overrideReason.reason.code"),
        (
            an_item(overrideReason=a_reason(system="x" * (LONGEST_SYSTEM + 1))),
            ".overrideReason.reason.system",
        ),
        (an_item(overrideReason={"userComment": 1}), ".overrideReason.userComment"),
        (an_item(outcomeTimestamp=None), ".outcomeTimestamp"),
        (an_item(outcomeTimestamp=1_795_376_644), ".outcomeTimestamp"),
        (an_item(outcomeTimestamp="2026-11-22"), ".outcomeTimestamp"),
    ],
)
def test_a_bad_item_names_its_element(item: object, element: str) -> None:
    assert list(problems_of(item)) == [f"feedback[0]{element}"]


def test_no_message_repeats_what_was_sent() -> None:
    said = problems_of(
        an_item(card="Ada Lovelace", outcome="Ada Lovelace", outcomeTimestamp="Ada Lovelace"),
        an_item(overrideReason={"reason": "Ada Lovelace", "userComment": ["Ada Lovelace"]}),
    )

    assert len(said) == 5
    assert "Ada" not in str(said)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"7",
        b"{}",
        b"{",
        b'{"feedback": null}',
        b'{"feedback": {}}',
        b'{"feedback": "x"}',
        b'{"feedback": [\xff]}',
        b'{"feedback": ["\\ud800"]}',
        b'{"feedback": [1e999]}',
        b'{"feedback": ' + b"[" * 100_000,
    ],
)
def test_a_body_without_a_list_of_feedback_is_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        read_batch(body)


def test_a_batch_has_a_largest_size() -> None:
    assert len(read_batch(body_of(*[an_item()] * MOST_ITEMS)).reports) == MOST_ITEMS
    with pytest.raises(TooLargeError, match=str(MOST_ITEMS)):
        read_batch(body_of(*[an_item()] * (MOST_ITEMS + 1)))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_any_item_is_kept_or_told_of(item: object) -> None:
    batch = read_batch(msgspec.json.encode({"feedback": [item]}))

    assert len(batch.reports) + batch.faulty == 1
    assert bool(batch.problems) == bool(batch.faulty)


MEMBERS = ("card", "outcome", "acceptedSuggestions", "overrideReason", "overrideReasons", "outcomeTimestamp")
VALUES = st.none() | st.integers() | st.text() | st.just([{"id": SUGGESTION}]) | st.just(a_reason())


@given(st.dictionaries(st.sampled_from(MEMBERS), VALUES))
def test_any_member_is_kept_or_told_of(changes: dict[str, Any]) -> None:
    batch = read_batch(msgspec.json.encode({"feedback": [an_item() | changes]}))

    assert len(batch.reports) + batch.faulty == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (AT, AT_MS),
        ("2026-11-22t19:44:04z", AT_MS),
        ("2026-11-22T19:44:04+00:00", AT_MS),
        ("2026-11-22T19:44:04-00:00", AT_MS),
        ("2026-11-22T20:44:04+01:00", AT_MS),
        ("2026-11-23T01:29:04+05:45", AT_MS),
        ("2026-11-22T14:44:04-05:00", AT_MS),
        ("2026-11-22T19:44:04.5Z", AT_MS + 500),
        ("2026-11-22T19:44:04.1239999999Z", AT_MS + 123),
        ("2016-12-31T23:59:60Z", 1_483_228_799_000),  # a leap second
        ("1970-01-01T00:00:00Z", 0),
        ("2999-12-31T23:59:59Z", 32_503_679_999_000),
    ],
)
def test_a_time_with_an_offset_is_read(text: str, expected: int) -> None:
    assert milliseconds_of(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-11-22T19:44:04",
        "2026-11-22 19:44:04Z",
        "2026-11-22T19:44Z",
        "20261122T194404Z",
        "2026-11-22T19:44:04+0100",
        "2026-11-22T19:44:04+01",
        "2026-11-22T19:44:04+24:00",
        "2026-11-22T19:44:04.Z",
        "2026-11-22T19:44:04Z ",
        "2026-02-30T19:44:04Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T19:44:61Z",
        "\uff12026-11-22T19:44:04Z",  # a digit, but none of RFC 3339
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+01:00",
        "1969-12-31T23:59:59Z",
        "3000-01-01T00:00:00Z",
        "9999-12-31T23:59:59-01:00",
        "Sun, 22 Nov 2026 19:44:04 GMT",
    ],
)
def test_any_other_time_is_none(text: str) -> None:
    assert milliseconds_of(text) is None


def test_a_record_has_all_that_was_reported() -> None:
    report = report_of(an_item(overrideReason=a_reason()))

    kept = record_of(report, tenant="north", service="s", received_at=5, comment=b"sealed")

    assert kept == FeedbackRecord(
        key=kept.key,
        tenant="north",
        service="s",
        card=CARD,
        outcome="overridden",
        reason_system=SYSTEM,
        reason_code="patient-preference",
        comment=b"sealed",
        outcome_at=AT_MS,
        received_at=5,
    )


def test_the_same_report_has_the_same_key_whenever_it_comes_and_however_it_is_spelt() -> None:
    usual = accepted(SUGGESTION, OTHER)
    again = accepted(
        OTHER.upper(),
        SUGGESTION,
        SUGGESTION,
        card=CARD.upper(),
        outcomeTimestamp="2026-11-22T20:44:04.000+01:00",
    )

    assert record(usual).key == record(again, received_at=AT_MS + 86_400_000).key


def test_every_other_report_has_another_key() -> None:
    reports = [
        record(an_item()),
        record(an_item(), tenant="south"),
        record(an_item(card=OTHER)),
        record(an_item(outcomeTimestamp="2026-11-22T19:44:04.001Z")),
        record(an_item(overrideReason=a_reason())),
        record(an_item(overrideReason=a_reason("other"))),
        record(an_item(overrideReason=a_reason(system="urn:other"))),
        record(accepted()),
        record(accepted(OTHER)),
        record(accepted(SUGGESTION, OTHER)),
    ]

    assert len({report.key for report in reports}) == len(reports)
