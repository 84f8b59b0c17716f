"""Reads calls with what became of them from the store: in the order of time, a part at a time."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Row, and_, case, exists, or_, select

from cds_service.memory.records import Fate
from cds_service.report.periods import Calendar, Period
from cds_service.report.seen import Answer, Call, Item, Outcome
from cds_service.store.tables import calls, feedback, items, suggestions

AT_A_TIME = 1000  # calls
MOST_VALUES = 5000  # of one IN list; SQLite takes 32,766, PostgreSQL 65,535
FATES = {fate.value: fate for fate in Fate}

# the columns that a report needs, and no others
CALL = (calls.c.id, calls.c.at, calls.c.tenant, calls.c.hook, calls.c.state, calls.c.patient, calls.c.user)
ITEM = (items.c.call, items.c.card, items.c.recommendation, items.c.fate, items.c.reason)
SUGGESTION = (suggestions.c.call, suggestions.c.id, suggestions.c.card, suggestions.c.recommendation)
ANSWER = (
    feedback.c.tenant,
    feedback.c.card,
    feedback.c.outcome,
    feedback.c.suggestions,
    feedback.c.reason_system,
    feedback.c.reason_code,
    feedback.c.outcome_at,
)


def seen_calls(
    connection: Connection,
    period: Period,
    calendar: Calendar,
    *,
    tenant: str | None = None,
    at_a_time: int = AT_A_TIME,
) -> Iterator[Call]:
    """The calls of a period, oldest first, with all feedback about their cards, whenever it came.

    Args:
        connection: To the store; a transaction of one moment, so that the parts fit together.
        period: Days of the sites' calendars.
        calendar: Those calendars.
        tenant: One tenant's alone; None: of all.
        at_a_time: How many calls are in memory at a time.

    Raises:
        SQLAlchemyError: the database failed.
    """
    last: tuple[int, str] | None = None
    while True:
        page = _page(connection, period, tenant, last, at_a_time)
        if not page:
            return
        last = (page[-1].at, page[-1].id)
        yield from _completed(
            connection, [row for row in page if period.includes(calendar.day(row.tenant, row.at))]
        )


def unlinked_feedback(
    connection: Connection, period: Period, calendar: Calendar, *, tenant: str | None = None
) -> int:
    """How much feedback was received in a period for cards that are not known.

    Raises:
        SQLAlchemyError: the database failed.
    """
    since, until = period.window
    known = exists().where(
        items.c.card == feedback.c.card, calls.c.id == items.c.call, calls.c.tenant == feedback.c.tenant
    )
    received = (feedback.c.received_at >= since, feedback.c.received_at < until)
    unknown = select(feedback.c.tenant, feedback.c.received_at).where(*received, ~known)
    if tenant is not None:
        unknown = unknown.where(feedback.c.tenant == tenant)
    rows = connection.execute(unknown)
    return sum(period.includes(calendar.day(row.tenant, row.received_at)) for row in rows)


def known_tenants(connection: Connection) -> tuple[str, ...]:
    """The tenants that have calls on record."""
    return tuple(connection.execute(select(calls.c.tenant).distinct().order_by(calls.c.tenant)).scalars())


def _page(
    connection: Connection, period: Period, tenant: str | None, last: tuple[int, str] | None, limit: int
) -> Sequence[Any]:
    since, until = period.window
    # the time stands first by itself too: SQLite uses an index for that, and none for the pair
    start = since if last is None else last[0]
    page = select(*CALL).where(calls.c.at >= start, calls.c.at < until)
    if last is not None:
        page = page.where(or_(calls.c.at > last[0], and_(calls.c.at == last[0], calls.c.id > last[1])))
    if tenant is not None:
        page = page.where(calls.c.tenant == tenant)
    return connection.execute(page.order_by(calls.c.at, calls.c.id).limit(limit)).all()


def _completed(connection: Connection, page: Sequence[Any]) -> Iterator[Call]:
    ids = [row.id for row in page]
    items_of = _grouped(_rows(connection, ITEM, items.c.call, ids, items.c.position), "call")
    suggestions_of = _grouped(_rows(connection, SUGGESTION, suggestions.c.call, ids), "call")
    cards = {row.card for rows in items_of.values() for row in rows if row.card is not None}
    # as everywhere: one from the future counts from its arrival, of several at a moment the one received last
    given_at = case(
        (feedback.c.outcome_at < feedback.c.received_at, feedback.c.outcome_at), else_=feedback.c.received_at
    )
    by_time = (given_at, feedback.c.received_at, feedback.c.key)
    answers_of = _grouped(_rows(connection, ANSWER, feedback.c.card, sorted(cards), *by_time), "card")
    for row in page:
        own = items_of.get(row.id, ())
        yield Call(
            at=row.at,
            tenant=row.tenant,
            hook=row.hook,
            state=row.state,
            patient=_stand_in(row.tenant, row.patient),
            user=_stand_in(row.tenant, row.user),
            items=tuple(map(_item, own)),
            answers={
                card: tuple(_answer(a) for a in answers_of.get(card, ()) if a.tenant == row.tenant)
                for card in {item.card for item in own if item.card is not None}
            },
            offered={s.id: (s.card, s.recommendation) for s in suggestions_of.get(row.id, ())},
        )


def _rows(
    connection: Connection,
    columns: Sequence[Column[Any]],
    key: Column[Any],
    values: Sequence[str],
    *order: ColumnElement[Any],
) -> Iterator[Row[Any]]:
    """The rows whose `key` is one of `values`."""
    for start in range(0, len(values), MOST_VALUES):
        some = values[start : start + MOST_VALUES]
        yield from connection.execute(select(*columns).where(key.in_(some)).order_by(*order)).all()


def _grouped(rows: Iterator[Row[Any]], column: str) -> Mapping[str, Sequence[Row[Any]]]:
    found: defaultdict[str, list[Row[Any]]] = defaultdict(list)
    for row in rows:
        found[getattr(row, column)].append(row)
    return found


def _item(row: Row[Any]) -> Item:
    return Item(recommendation=row.recommendation, fate=FATES[row.fate], reason=row.reason, card=row.card)


def _answer(row: Row[Any]) -> Answer:
    return Answer(
        outcome=Outcome(row.outcome),
        suggestions=tuple(row.suggestions.split()),
        reason_system=row.reason_system,
        reason_code=row.reason_code,
        outcome_at=row.outcome_at,
    )


def _stand_in(tenant: str, hashed: bytes) -> int:
    """A number for telling people apart: smaller than the keyed hash, and as hard to undo."""
    return int.from_bytes(blake2b(hashed, digest_size=8, key=tenant.encode()[:64]).digest(), "big")
