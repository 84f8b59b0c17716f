"""Feedback: the body of a report in, checked items and what is wrong with the others out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec
from marshmallow import ValidationError

from cds_service.envelope import unreadable
from cds_service.errors import InvalidRequestError, Problem, TooLargeError
from cds_service.memory.feedback_schemas import ACCEPTED, EPIC_CATEGORY, LONGEST_CODE, UNPRINTABLE, ItemSchema
from cds_service.memory.instants import milliseconds_of
from cds_service.memory.records import FeedbackRecord
from cds_service.schemas import MISSING

MOST_ITEMS = 1000  # of one batch
_ITEM = ItemSchema()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a card was overridden."""

    system: str
    code: str  # ours or not: kept as it came


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One checked item."""

    card: str  # uuid, lower case
    outcome: str  # "accepted" or "overridden"
    suggestions: tuple[str, ...] = ()  # accepted: uuids, lower case, each once
    reason: Reason | None = None  # overridden: coded, if the user chose one
    comment: str | None = field(default=None, repr=False)
    outcome_at: int  # ms since 1970


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """The items of one body that can be kept, and what is wrong with the others."""

    reports: tuple[Report, ...]
    problems: tuple[Problem, ...]  # each with its item's index: "feedback[3].outcome"
    faulty: int  # how many the others are


def read_batch(body: bytes) -> Batch:
    """Read and check the body of a feedback call, the specification's or Epic's.

    Raises:
        InvalidRequestError: not JSON, or no object with a list `feedback`.
        TooLargeError: more than `MOST_ITEMS` items.
    """
    reports: list[Report] = []
    problems: list[Problem] = []
    items = _items(body)
    for index, item in enumerate(items):
        try:
            reports.append(_report(_ITEM.load(item)))
        except ValidationError as error:
            problems += _problems(error.messages_dict, f"feedback[{index}]")
    return Batch(reports=tuple(reports), problems=tuple(problems), faulty=len(items) - len(reports))


def record_of(
    report: Report, *, tenant: str, service: str, received_at: int, comment: bytes | None
) -> FeedbackRecord:
    """What is kept of an item.

    Args:
        report: The item.
        tenant: Whose client reported it.
        service: Id of the service that it was reported to.
        received_at: ms since 1970.
        comment: Encrypted; None: there is none, or it is not kept.
    """
    reason = report.reason
    return FeedbackRecord(
        key=_key(tenant, report),
        tenant=tenant,
        service=service,
        card=report.card,
        outcome=report.outcome,
        suggestions=report.suggestions,
        reason_system=reason.system if reason else None,
        reason_code=reason.code if reason else None,
        comment=comment,
        outcome_at=report.outcome_at,
        received_at=received_at,
    )


def _items(body: bytes) -> list[Any]:
    try:
        sent = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise unreadable(error) from error
    if not isinstance(sent, dict):
        raise InvalidRequestError(Problem(code="structure", text="The body must be a JSON object."))
    items = sent.get("feedback")
    if not isinstance(items, list):
        code, must = ("structure", "must be a list") if "feedback" in sent else ("required", MISSING)
        raise InvalidRequestError(Problem(code=code, text=f"feedback {must}.", element="feedback"))
    if len(items) > MOST_ITEMS:
        raise TooLargeError(f"A batch has at most {MOST_ITEMS} items; send it in parts.")
    return items


def _report(item: Mapping[str, Any]) -> Report:
    suggestions: tuple[str, ...] = ()
    override: Mapping[str, Any] = {}
    if item["outcome"] == ACCEPTED:
        accepted = dict.fromkeys(entry["id"].lower() for entry in item["acceptedSuggestions"])
        suggestions = tuple(accepted)
    else:
        override = item.get("overrideReason") or item.get("overrideReasons") or {}
    return Report(
        card=item["card"].lower(),
        outcome=item["outcome"],
        suggestions=suggestions,
        reason=_reason(override),
        comment=override.get("userComment"),
        outcome_at=milliseconds_of(item["outcomeTimestamp"]) or 0,  # the schema has read it before
    )


def _reason(override: Mapping[str, Any]) -> Reason | None:
    """The coded reason; else the category of a site's own reason, as Epic tells it."""
    coding = override.get("reason")
    if coding is not None:
        return Reason(system=coding["system"], code=coding["code"])
    extension = override.get("extension")
    category = extension.get(EPIC_CATEGORY) if isinstance(extension, dict) else None
    if isinstance(category, int):
        category = str(category)
    if not isinstance(category, str) or not 0 < len(category) <= LONGEST_CODE or UNPRINTABLE.search(category):
        return None
    return Reason(system=EPIC_CATEGORY, code=category)


def _key(tenant: str, report: Report) -> bytes:
    """The same for the same report, however often and in whatever spelling it comes."""
    reason = (report.reason.system, report.reason.code) if report.reason else None
    said = (tenant, report.card, report.outcome, sorted(report.suggestions), reason, report.outcome_at)
    return sha256(msgspec.json.encode(said)).digest()


def _problems(messages: Mapping[Any, Any] | Iterable[str], place: str) -> list[Problem]:
    """Marshmallow's nested messages as a flat list, each with the element that it is about."""
    if not isinstance(messages, Mapping):
        return [_problem(text, place) for text in messages]
    found: list[Problem] = []
    for name, below in messages.items():
        step = f"[{name}]" if isinstance(name, int) else "" if name == "_schema" else f".{name}"
        found += _problems(below, place + step)
    return found


def _problem(text: str, place: str) -> Problem:
    code = "required" if text.startswith(MISSING) else "value"
    return Problem(code=code, text=f"{place} {text}.", element=place)
