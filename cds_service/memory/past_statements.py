"""The statements that read the past, as text: made once for each kind of database and number of keys."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, and_, bindparam, func, select

from cds_service.store.statement_texts import text_of
from cds_service.store.tables import calls, feedback, items, suggestions

# Of the latest calls: who has more than this is not read to the end, and sees a card again at worst.
MOST_ROWS = 2000
_LIMIT = f"\n LIMIT {MOST_ROWS}"


@lru_cache(maxsize=64)  # by how many keys there are
def reported(kind: str, patients: int, users: int) -> str:
    """What was reported of the patient's cards, a row for each item of each."""
    statement = (
        select(
            items.c.call,
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
    )
    return text_of(statement, kind) + _LIMIT


@lru_cache(maxsize=64)
def suggested(kind: str, offering: int, ids: int) -> str:
    """What suggestions of some calls were for."""
    statement = select(suggestions.c.id, suggestions.c.recommendation).where(
        _among(suggestions.c.call, offering), _among(suggestions.c.id, ids)
    )
    return text_of(statement, kind)


@lru_cache(maxsize=64)
def shown(kind: str, patients: int, users: int, encounters: int) -> str:
    """What was shown in an encounter."""
    statement = (
        select(items.c.recommendation, items.c.fingerprint, items.c.order_code)
        .distinct()
        .select_from(calls)
        .join(items, items.c.call == calls.c.id)
        .where(
            *_of_patient(patients, users), _among(calls.c.encounter, encounters), items.c.card.is_not(None)
        )
    )
    return text_of(statement, kind) + _LIMIT


@lru_cache(maxsize=64)
def counted(kind: str, column: str, hashes: int) -> str:
    """How many cards were sent on a day, about a patient or to a user."""
    statement = select(func.sum(calls.c.cards)).where(
        _among(calls.c[column], hashes),
        calls.c.at >= bindparam("since"),
        calls.c.tenant == bindparam("tenant"),
        calls.c.as_of == bindparam("today"),
    )
    return text_of(statement, kind)


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
