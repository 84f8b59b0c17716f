"""Structured logs: JSON lines, and only listed fields get through, so no patient data can."""

import sys
from collections.abc import MutableMapping
from typing import Any, TextIO, TypeAlias

import msgspec
import structlog

Log: TypeAlias = structlog.typing.FilteringBoundLogger

LOGGABLE = frozenset(
    {
        "bytes",  # size of the body
        "claimed_tenant",  # of a refused token: anyone may write a name there
        "cards",  # number of cards in an answer
        "dropped",
        "faulty",  # how many items of feedback
        "file",  # name of a damaged outbox that was moved aside
        "items",  # of feedback
        "records",  # how many
        "error",  # type of an exception, never its message
        "event",
        "hook",
        "hook_instance",
        "knowledge_version",
        "level",
        "milliseconds",
        "mode",
        "place",  # our module and line
        "service_id",
        "jti",  # of a token: an id, never the token
        "iss",
        "kid",
        "reason",  # a word of a fixed list
        "status",
        "tenants",  # how many
        "store",  # kind of database, or its state
        "seconds",  # how long
        "revision",  # of the tables
        "migrated",  # whether tables were brought up to date
        "tenant",
        "timestamp",
        "version",
    }
)


def drop_unlisted(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Keep an event's listed fields; name, but never show, the rest."""
    if event.keys() <= LOGGABLE:
        return event
    dropped = sorted(event.keys() - LOGGABLE)
    kept = {key: value for key, value in event.items() if key in LOGGABLE}
    return kept | {"dropped": dropped}


def log_to(stream: TextIO | None = None) -> Log:
    """A logger that writes one JSON object a line to `stream` (None: standard error)."""
    log: Log = structlog.wrap_logger(
        structlog.WriteLogger(stream or sys.stderr),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            drop_unlisted,
            structlog.processors.JSONRenderer(serializer=_json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger("info"),
        cache_logger_on_first_use=True,
    )
    return log


def _json(event: object, **_: object) -> str:
    return msgspec.json.encode(event).decode()
