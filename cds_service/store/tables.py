"""The store's tables as they are now; `migrations` holds how they came to be."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
)

# Of the newest file in migrations/versions; here too, so that most starts need not load Alembic.
REVISION = "0004"

metadata = MetaData()

# Tokens that were used. Without row numbers and without an index on the time, a new row changes one page of
# SQLite's file instead of three; `Nonces` purges by ranges of the key.
nonces = Table(
    "nonces",
    metadata,
    Column("digest", LargeBinary, primary_key=True),  # SHA-256 of issuer and `jti`
    Column("expires_at", BigInteger, nullable=False),  # s since 1970, rounded up
    sqlite_with_rowid=False,
)

# What was answered: see `cds_service.memory.records`. Times are ms since 1970; hashes are keyed
# (HMAC-SHA-256). Rows arrive in any order and from several replicas, so no foreign key ties them; they are
# joined by id.
calls = Table(
    "calls",
    metadata,
    Column("id", String, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("tenant", String, nullable=False),
    Column("issuer", String),
    Column("service", String, nullable=False),
    Column("hook", String, nullable=False),
    Column("instance", String, nullable=False),
    Column("patient", LargeBinary, nullable=False),
    Column("user", LargeBinary, nullable=False),
    Column("encounter", LargeBinary),
    Column("state", String, nullable=False),
    Column("as_of", String, nullable=False),
    Column("knowledge_version", String, nullable=False),
    Column("gaps", String, nullable=False),  # codes, joined by spaces
    Column("milliseconds", Float, nullable=False),
    Column("memory_asked", Boolean, nullable=False),
    Column("cards", Integer, nullable=False),  # that were sent
    Index("calls_by_patient", "patient", "at"),
    Index("calls_by_user", "user", "at"),  # for the daily cap
    Index("calls_by_time", "at"),
)
items = Table(
    "items",
    metadata,
    Column("call", String, primary_key=True),
    Column("position", Integer, primary_key=True),  # over all cards of the call
    Column("card", String),  # uuid; none: held back
    Column("indicator", String, nullable=False),
    Column("recommendation", String, nullable=False),
    Column("variant", String),
    Column("fate", String, nullable=False),
    Column("reason", String),
    Column("until", BigInteger),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("order_code", LargeBinary),
    Index("items_by_card", "card"),
    sqlite_with_rowid=False,  # those of a call stand side by side
)
suggestions = Table(
    "suggestions",
    metadata,
    Column("id", String, nullable=False),
    Column("call", String, nullable=False),
    Column("card", String, nullable=False),
    Column("recommendation", String, nullable=False),
    Column("recommended", Boolean, nullable=False),
    PrimaryKeyConstraint("call", "id"),
    sqlite_with_rowid=False,
)
feedback = Table(
    "feedback",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("tenant", String, nullable=False),
    Column("service", String, nullable=False),
    Column("card", String, nullable=False),
    Column("outcome", String, nullable=False),
    Column("suggestions", String, nullable=False),  # uuids, joined by spaces
    Column("reason_system", String),
    Column("reason_code", String),
    Column("outcome_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Index("feedback_by_card", "card"),
    Index("feedback_by_time", "received_at"),
)
comments = Table(
    "comments",
    metadata,
    Column("feedback", LargeBinary, primary_key=True),
    Column("comment", LargeBinary, nullable=False),  # encrypted
)
