"""The statements that read the past, made once for each number of keys."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, and_, bindparam, func, select

from cds_service.store.tables import calls, feedback, items, suggestions

# Of the latest calls: who has more than this is not read to the end, and sees a card again at worst.
MOST_ROWS = 2000


@lru_cache(maxsize=64)  # by how many keys there are
def reported(patients: int, users: int) -> Select[Any]:
    """What was reported of the patient's cards, a row for each item of each."""
    return (
        select(
            items.c.recommendation,
            items.c.fingerprint,
            items.c.order_code,
            calls.c.at,
            calls.c.as_of,
            feedback.c.key,
            feedback.c.outcome,
            feedback.c.suggestions,
            feedback.c.reason_system,
            feedback.c.reason_code,
            feedback.c.outcome_at,
            feedback.c.received_at,
        )
        .select_from(calls)
        .join(items, items.c.call == calls.c.id)
        .join(feedback, and_(feedback.c.card == items.c.card, feedback.c.tenant == calls.c.tenant))
        .where(*_of_patient(patients, users))
        .order_by(calls.c.at.desc())
        .limit(MOST_ROWS)
    )


@lru_cache(maxsize=64)
def suggested(number: int) -> Select[Any]:
    """What suggestions were for."""
    return select(suggestions.c.id, suggestions.c.recommendation).where(_among(suggestions.c.id, number))


@lru_cache(maxsize=64)
def shown(patients: int, users: int, encounters: int) -> Select[Any]:
    """What was shown in an encounter."""
    return (
        select(items.c.recommendation, items.c.fingerprint, items.c.order_code)
        .distinct()
        .select_from(calls)
        .join(items, items.c.call == calls.c.id)
        .where(
            *_of_patient(patients, users), _among(calls.c.encounter, encounters), items.c.card.is_not(None)
        )
        .limit(MOST_ROWS)
    )


@lru_cache(maxsize=64)
def counted(column: str, hashes: int) -> Select[tuple[int]]:
    """How many cards were sent on a day, about a patient or to a user."""
    return select(func.sum(calls.c.cards)).where(
        _among(calls.c[column], hashes),
        calls.c.at >= bindparam("since"),
        calls.c.tenant == bindparam("tenant"),
        calls.c.as_of == bindparam("today"),
    )


def _of_patient(patients: int, users: int) -> Iterator[ColumnElement[bool]]:
    yield _among(calls.c.patient, patients)
    yield calls.c.at >= bindparam("since")
    yield calls.c.tenant == bindparam("tenant")
    if users:
        yield _among(calls.c.user, users)


def _among(column: Column[Any], number: int) -> ColumnElement[bool]:
    """The column is one of so many values; they are named by `_named`."""
    values = [bindparam(f"{column.name}{place}", type_=column.type) for place in range(number)]
    # of one value an index gives the rows in its order; of a list they are sorted first
    return column == values[0] if number == 1 else column.in_(values)


def probe() -> Select[Any]:
    """Whether there is a table to be read."""
    return select(calls.c.id).limit(1)
