"""Records as rows of the store's tables, and back."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import groupby
from typing import Any, TypeAlias

from sqlalchemy import Connection, RowMapping, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError, StatementError

from cds_service.memory.parcels import AnyRecord
from cds_service.memory.records import (
    CallRecord,
    CardRecord,
    Fate,
    FeedbackRecord,
    ItemRecord,
    SuggestionRecord,
)
from cds_service.store import tables
from cds_service.store.errors import cause_of
from cds_service.store.location import SQLITE
from cds_service.store.statement_texts import text_of

Row: TypeAlias = dict[str, Any]
TABLES = (tables.calls, tables.items, tables.suggestions, tables.feedback, tables.comments)
NOUGHT, REPLACEMENT = "\0", "\ufffd"  # PostgreSQL's texts hold no zero characters; clients' may


class Writer:
    """Writes records into the tables, each once however often it comes."""

    def __init__(self, kind: str) -> None:
        """For databases of a kind: see `Location.kind`."""
        self._inserts = {table: _insert(table, kind) for table in TABLES}

    def write(self, connection: Connection, records: Sequence[AnyRecord]) -> dict[int, str]:
        """Write all of them, in one transaction if it can be.

        Returns:
            Those that the database will never take, by their place in `records`, and why: a loggable word.

        Raises:
            SQLAlchemyError: the database failed; perhaps some were written.
        """
        if self._refusal(connection, records) is None:
            return {}
        refusals = {place: self._refusal(connection, [record]) for place, record in enumerate(records)}
        return {place: why for place, why in refusals.items() if why is not None}

    def _refusal(self, connection: Connection, records: Sequence[AnyRecord]) -> str | None:
        """Why a record of them is at fault, then none was written; None: none is, and all were."""
        try:
            with transaction(connection):
                for table, rows in rows_of(records).items():
                    connection.exec_driver_sql(self._inserts[table], rows)
        except (SQLAlchemyError, ArithmeticError, ValueError) as error:
            if not _is_of_the_record(error):
                raise
            return cause_of(error)
        return None


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """All or nothing, on a connection that by itself makes each statement its own transaction."""
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.dialect.name == "sqlite" else "BEGIN")
    try:
        yield
        connection.exec_driver_sql("COMMIT")
    except BaseException:
        with suppress(SQLAlchemyError):
            connection.exec_driver_sql("ROLLBACK")
        raise


def _insert(table: Table, kind: str) -> str:
    """The statement that takes rows by name, and passes over those that are there."""
    insert = sqlite.insert if kind == SQLITE else postgresql.insert
    return text_of(insert(table).on_conflict_do_nothing(), kind)


def rows_of(records: Iterable[AnyRecord]) -> dict[Table, list[Row]]:
    """The rows of records, by table."""
    rows: defaultdict[Table, list[Row]] = defaultdict(list)
    for record in records:
        if isinstance(record, CallRecord):
            _add_call(record, rows)
        else:
            _add_feedback(record, rows)
    return rows


def call_of(call: RowMapping, items: Iterable[RowMapping], suggestions: Iterable[RowMapping]) -> CallRecord:
    """The record of a call from its rows; each item that was held back stands on a card of its own.

    Args:
        call: Of the table `calls`.
        items: All of this call, in any order.
        suggestions: All of this call; in what order they stood on their card is not kept.
    """
    values: dict[str, Any] = dict(call)
    del values["cards"]  # only counted
    values["gaps"] = tuple(values["gaps"].split())
    by_card: defaultdict[str, list[SuggestionRecord]] = defaultdict(list)
    for row in sorted(suggestions, key=lambda row: (row["recommendation"], row["id"])):
        by_card[row["card"]].append(
            SuggestionRecord(
                id=row["id"], recommendation=row["recommendation"], recommended=row["recommended"]
            )
        )
    in_order = sorted(items, key=lambda row: row["position"])
    # a held one has no card: its position keeps it apart from the others
    groups = groupby(in_order, key=lambda row: row["card"] or row["position"])
    values["cards"] = tuple(_card_of(list(group), by_card) for _, group in groups)
    return CallRecord(**values)


def feedback_of(feedback: RowMapping, comment: bytes | None) -> FeedbackRecord:
    """The record of an item of feedback from its row, and what `comments` has of it."""
    values: dict[str, Any] = dict(feedback)
    values["suggestions"] = tuple(values["suggestions"].split())
    return FeedbackRecord(**values, comment=comment)


def _add_call(record: CallRecord, rows: Mapping[Table, list[Row]]) -> None:
    rows[tables.calls].append(
        {
            "id": record.id,
            "at": record.at,
            "tenant": record.tenant,
            "issuer": _storable(record.issuer),
            "service": record.service,
            "hook": record.hook,
            "instance": _storable(record.instance),
            "patient": record.patient,
            "user": record.user,
            "encounter": record.encounter,
            "state": record.state,
            "as_of": record.as_of,
            "knowledge_version": record.knowledge_version,
            "gaps": " ".join(record.gaps),
            "milliseconds": record.milliseconds,
            "memory_asked": record.memory_asked,
            "cards": sum(card.id is not None for card in record.cards),
        }
    )
    placed = ((card, item) for card in record.cards for item in card.items)
    for position, (card, item) in enumerate(placed):
        rows[tables.items].append(_item_row(record.id, position, card, item))
    for card in record.cards:
        for suggestion in card.suggestions if card.id is not None else ():
            rows[tables.suggestions].append(
                {
                    "id": suggestion.id,
                    "call": record.id,
                    "card": card.id,
                    "recommendation": suggestion.recommendation,
                    "recommended": suggestion.recommended,
                }
            )


def _item_row(call: str, position: int, card: CardRecord, item: ItemRecord) -> Row:
    return {
        "call": call,
        "position": position,
        "card": card.id,
        "indicator": card.indicator,
        "recommendation": item.recommendation,
        "variant": item.variant,
        "fate": item.fate.value,
        "reason": item.reason,
        "until": item.until,
        "fingerprint": item.fingerprint,
        "order_code": item.order_code,
    }


def _add_feedback(record: FeedbackRecord, rows: Mapping[Table, list[Row]]) -> None:
    rows[tables.feedback].append(
        {
            "key": record.key,
            "tenant": record.tenant,
            "service": record.service,
            "card": _storable(record.card),
            "outcome": record.outcome,
            "suggestions": _storable(" ".join(record.suggestions)),
            "reason_system": _storable(record.reason_system),
            "reason_code": _storable(record.reason_code),
            "outcome_at": record.outcome_at,
            "received_at": record.received_at,
        }
    )
    if record.comment is not None:
        rows[tables.comments].append({"feedback": record.key, "comment": record.comment})


def _card_of(rows: Sequence[RowMapping], suggestions: Mapping[str, Sequence[SuggestionRecord]]) -> CardRecord:
    first = rows[0]
    return CardRecord(
        id=first["card"],
        indicator=first["indicator"],
        items=tuple(map(_item_of, rows)),
        suggestions=tuple(suggestions.get(first["card"], ())),
    )


def _item_of(row: RowMapping) -> ItemRecord:
    return ItemRecord(
        recommendation=row["recommendation"],
        fingerprint=row["fingerprint"],
        variant=row["variant"],
        fate=Fate(row["fate"]),
        reason=row["reason"],
        until=row["until"],
        order_code=row["order_code"],
    )


def _storable(text: str | None) -> str | None:
    return text if text is None or NOUGHT not in text else text.replace(NOUGHT, REPLACEMENT)


def _is_of_the_record(error: Exception) -> bool:
    """A value cannot be stored; anything else is of the database."""
    if isinstance(error, (DataError, IntegrityError)) or not isinstance(error, SQLAlchemyError):
        return True
    return isinstance(error, StatementError) and not isinstance(error, DBAPIError)
