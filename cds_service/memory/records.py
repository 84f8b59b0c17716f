"""What the service remembers of a call and of feedback: ids, codes, times and keyed hashes, never a text.

A record is written to the outbox as JSON and moved from there into the tables of the store.
"""

from enum import StrEnum

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base: immutable."""


class Fate(StrEnum):
    """What became of a recommendation that was advised."""

    SHOWN = "shown"
    QUIET = "quiet"  # answered before, and nothing has changed since
    CAPPED = "capped"  # over the site's daily cap, or shown in this encounter
    SHADOW = "shadow"  # evaluated and recorded only
    CONTROL = "control"  # the patient is not in the share for which it is switched on


class SuggestionRecord(Record, frozen=True, kw_only=True):
    """One suggestion that was offered."""

    id: str  # its uuid
    recommendation: str
    recommended: bool = False


class ItemRecord(Record, frozen=True, kw_only=True):
    """One recommendation or guard that was advised, on a card or held back."""

    recommendation: str
    fingerprint: bytes  # keyed hash of the facts that led to it
    variant: str | None = None
    fate: Fate = Fate.SHOWN
    reason: str | None = None  # of a held one: the override reason or cap that holds it back
    until: int | None = None  # ms since 1970: a quiet one may be shown again from then on
    order_code: bytes | None = None  # of a guard: keyed hash of the code of the order that it speaks of


class CardRecord(Record, frozen=True, kw_only=True):
    """One card; without `id` it was never sent, and its items were held back."""

    id: str | None = None  # its uuid
    indicator: str = "info"
    items: tuple[ItemRecord, ...]
    suggestions: tuple[SuggestionRecord, ...] = ()


class CallRecord(Record, frozen=True, kw_only=True, tag="call"):
    """One answered hook call."""

    id: str  # a uuid of ours: a client may send a hookInstance twice
    at: int  # ms since 1970
    tenant: str
    issuer: str | None = None  # who authenticated
    service: str
    hook: str
    instance: str  # hookInstance
    patient: bytes  # keyed hashes
    user: bytes
    encounter: bytes | None = None
    state: str
    as_of: str  # YYYY-MM-DD
    knowledge_version: str
    gaps: tuple[str, ...] = ()  # codes, each once
    milliseconds: float = 0.0
    memory_asked: bool = True  # whether the history was read in time
    cards: tuple[CardRecord, ...] = ()


class FeedbackRecord(Record, frozen=True, kw_only=True, tag="feedback"):
    """One item of feedback."""

    # SHA-256 of tenant, card, outcome, suggestions, reason and time: the same report again is the same row
    key: bytes
    tenant: str
    service: str
    card: str  # uuid as reported, lower case
    outcome: str  # "accepted" or "overridden"
    suggestions: tuple[str, ...] = ()  # accepted: uuids
    reason_system: str | None = None
    reason_code: str | None = None
    comment: bytes | None = None  # encrypted; None: none, or comments are off
    outcome_at: int  # ms since 1970, as reported
    received_at: int
