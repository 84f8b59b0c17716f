"""The nonces of clients' tokens, so that none is used twice."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table `nonces`."""
    op.create_table(
        "nonces",
        sa.Column("digest", sa.LargeBinary, primary_key=True),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Remove it; until they expire, tokens used so far could be used once more."""
    op.drop_table("nonces")
