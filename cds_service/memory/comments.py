"""What clinicians write with their feedback: by default not kept, else encrypted and in a table of its own.

A comment is free text and may speak of the patient. No page, report or log shows it; the operator takes it
out on purpose, with the tenant's key at hand.
"""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Connection, select

from cds_service.memory.identities import TenantIdentities
from cds_service.store.tables import comments, feedback

LONGEST = 2000  # characters; of a longer one the beginning is kept
PURPOSE = "comments"
AT_A_TIME = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One comment, opened."""

    feedback: bytes  # the key of the row that it belongs to
    card: str  # uuid
    outcome_at: int  # ms since 1970
    text: str | None = field(repr=False)  # None: none of the tenant's keys opens it


def sealed(identities: TenantIdentities, comment: str) -> bytes | None:
    """A comment under the tenant's newest key (Fernet: AES-128-CBC with HMAC-SHA-256); None: it is blank."""
    comment = comment.strip()[:LONGEST]
    return _box(identities).encrypt(comment.encode("utf-8", "replace")) if comment else None


def opened(identities: TenantIdentities, token: bytes) -> str | None:
    """The comment again; None: it was damaged, or sealed with a key that the tenant no longer has."""
    try:
        return _box(identities).decrypt(token).decode()
    except InvalidToken:
        return None


def decrypted(connection: Connection, identities: TenantIdentities) -> Iterator[Comment]:
    """All comments of one tenant, for the operator's export; read a part at a time, ordered by key.

    Raises:
        SQLAlchemyError: the database failed.
    """
    every = (
        select(comments.c.feedback, feedback.c.card, feedback.c.outcome_at, comments.c.comment)
        .join(feedback, feedback.c.key == comments.c.feedback)
        .where(feedback.c.tenant == identities.tenant)
        .order_by(comments.c.feedback)
        .limit(AT_A_TIME)
    )
    last = b""
    while rows := connection.execute(every.where(comments.c.feedback > last)).all():
        for key, card, outcome_at, token in rows:
            text = opened(identities, bytes(token))
            yield Comment(feedback=bytes(key), card=card, outcome_at=outcome_at, text=text)
        last = bytes(rows[-1].feedback)


def _box(identities: TenantIdentities) -> MultiFernet:
    return MultiFernet([Fernet(base64.urlsafe_b64encode(secret)) for secret in identities.secrets(PURPOSE)])
