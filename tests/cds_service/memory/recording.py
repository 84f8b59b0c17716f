"""Records, and what the store has of them, for the tests."""

import os
import time
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Table, func, select

from cds_service.memory.records import (
    CallRecord,
    CardRecord,
    Fate,
    FeedbackRecord,
    ItemRecord,
    SuggestionRecord,
)
from cds_service.memory.rows import call_of, feedback_of
from cds_service.store import tables
from cds_service.store.opening import Store

PATIENT, USER, FINGERPRINT = b"p" * 32, b"u" * 32, b"f" * 32
LATEST = 2**63 - 1


def a_call(**changes: Any) -> CallRecord:
    """Two cards that were sent and a recommendation that was held back."""
    card, other = str(uuid4()), str(uuid4())
    first, second = sorted(str(uuid4()) for _ in range(2))
    values: dict[str, Any] = {
        "id": str(uuid4()),
        "at": int(time.time() * 1000),
        "tenant": "north",
        "issuer": "https://ehr.example",
        "service": "low-back-pain-patient-view",
        "hook": "patient-view",
        "instance": str(uuid4()),
        "patient": PATIENT,
        "user": USER,
        "encounter": b"e" * 32,
        "state": "esi-repeat-window",
        "as_of": "2026-11-22",
        "knowledge_version": "2026-11-22",
        "gaps": ("not-provided", "onset-missing"),
        "milliseconds": 4.5,
        "memory_asked": False,
        "cards": (
            CardRecord(
                id=card,
                items=(
                    ItemRecord(recommendation="esi-repeat", fingerprint=FINGERPRINT, variant="met"),
                    ItemRecord(recommendation="exercise-pt", fingerprint=FINGERPRINT),
                ),
                suggestions=(
                    SuggestionRecord(id=first, recommendation="esi-repeat", recommended=True),
                    SuggestionRecord(id=second, recommendation="exercise-pt"),
                ),
            ),
            CardRecord(
                id=other,
                indicator="warning",
                items=(ItemRecord(recommendation="opioid", fingerprint=FINGERPRINT, order_code=b"o" * 32),),
            ),
            CardRecord(
                items=(
                    ItemRecord(
                        recommendation="nsaid",
                        fingerprint=FINGERPRINT,
                        fate=Fate.QUIET,
                        reason="already-tried",
                        until=1_900_000_000_000,
                    ),
                )
            ),
        ),
    }
    return CallRecord(**values | changes)


def a_report(**changes: Any) -> FeedbackRecord:
    values: dict[str, Any] = {
        "key": os.urandom(32),
        "tenant": "north",
        "service": "low-back-pain-patient-view",
        "card": str(uuid4()),
        "outcome": "overridden",
        "reason_system": "urn:backpath:override-reason",
        "reason_code": "patient-preference",
        "outcome_at": int(time.time() * 1000) - 1000,
        "received_at": int(time.time() * 1000),
    }
    return FeedbackRecord(**values | changes)


def counts(store: Store) -> dict[str, int]:
    """Rows by table."""
    return store.run_beside(_counts)


def calls_in(store: Store) -> dict[str, CallRecord]:
    """The calls that the store has, by id."""
    return store.run_beside(_calls, within_s=60)


def reports_in(store: Store) -> dict[bytes, FeedbackRecord]:
    """The feedback that the store has, by key."""
    return store.run_beside(_reports, within_s=60)


def keys_in(store: Store, table: Table) -> list[Any]:
    """What names the rows of a table."""
    column = next(iter(table.primary_key.columns))
    return store.run_beside(lambda connection: list(connection.scalars(select(column))), within_s=60)


def _counts(connection: Connection) -> dict[str, int]:
    named = (tables.calls, tables.items, tables.suggestions, tables.feedback, tables.comments)
    return {table.name: _count(connection, table) for table in named}


def _count(connection: Connection, table: Table) -> int:
    return connection.scalar(select(func.count()).select_from(table)) or 0


def _calls(connection: Connection) -> dict[str, CallRecord]:
    def rows(table: Table) -> Sequence[Any]:
        return connection.execute(select(table)).mappings().all()

    items, suggestions = rows(tables.items), rows(tables.suggestions)
    return {
        call["id"]: call_of(
            call,
            [row for row in items if row["call"] == call["id"]],
            [row for row in suggestions if row["call"] == call["id"]],
        )
        for call in rows(tables.calls)
    }


def _reports(connection: Connection) -> dict[bytes, FeedbackRecord]:
    rows = connection.execute(select(tables.comments)).mappings()
    said = {row["feedback"]: row["comment"] for row in rows}
    reports = connection.execute(select(tables.feedback)).mappings()
    return {row["key"]: feedback_of(row, said.get(row["key"])) for row in reports}
