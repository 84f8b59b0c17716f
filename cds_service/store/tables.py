"""The store's tables as they are now; `migrations` holds how they came to be."""

from sqlalchemy import BigInteger, Column, LargeBinary, MetaData, Table

# Of the newest file in migrations/versions; here too, so that most starts need not load Alembic.
REVISION = "0001"

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
