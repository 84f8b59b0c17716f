"""What was shown, and what was done with it."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables of calls and of feedback."""
    _make_calls()
    _make_items()
    _make_suggestions()
    _make_feedback()


def downgrade() -> None:
    """Remove them, their indexes with them; what was recorded is lost."""
    for name in ("comments", "feedback", "suggestions", "items", "calls"):
        op.drop_table(name)


def _make_calls() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("issuer", sa.String),
        sa.Column("service", sa.String, nullable=False),
        sa.Column("hook", sa.String, nullable=False),
        sa.Column("instance", sa.String, nullable=False),
        sa.Column("patient", sa.LargeBinary, nullable=False),
        sa.Column("user", sa.LargeBinary, nullable=False),
        sa.Column("encounter", sa.LargeBinary),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("as_of", sa.String, nullable=False),
        sa.Column("knowledge_version", sa.String, nullable=False),
        sa.Column("gaps", sa.String, nullable=False),
        sa.Column("milliseconds", sa.Float, nullable=False),
        sa.Column("memory_asked", sa.Boolean, nullable=False),
        sa.Column("cards", sa.Integer, nullable=False),
    )
    op.create_index("calls_by_patient", "calls", ["patient", "at"])
    op.create_index("calls_by_user", "calls", ["user", "at"])
    op.create_index("calls_by_time", "calls", ["at"])


def _make_items() -> None:
    op.create_table(
        "items",
        sa.Column("call", sa.String, primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("card", sa.String),
        sa.Column("indicator", sa.String, nullable=False),
        sa.Column("recommendation", sa.String, nullable=False),
        sa.Column("variant", sa.String),
        sa.Column("fate", sa.String, nullable=False),
        sa.Column("reason", sa.String),
        sa.Column("until", sa.BigInteger),
        sa.Column("fingerprint", sa.LargeBinary, nullable=False),
        sa.Column("order_code", sa.LargeBinary),
    )
    op.create_index("items_by_card", "items", ["card"])


def _make_suggestions() -> None:
    op.create_table(
        "suggestions",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("call", sa.String, nullable=False),
        sa.Column("card", sa.String, nullable=False),
        sa.Column("recommendation", sa.String, nullable=False),
        sa.Column("recommended", sa.Boolean, nullable=False),
    )
    op.create_index("suggestions_by_call", "suggestions", ["call"])


def _make_feedback() -> None:
    op.create_table(
        "feedback",
        sa.Column("key", sa.LargeBinary, primary_key=True),
        sa.Column("tenant", sa.String, nullable=False),
        sa.Column("service", sa.String, nullable=False),
        sa.Column("card", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("suggestions", sa.String, nullable=False),
        sa.Column("reason_system", sa.String),
        sa.Column("reason_code", sa.String),
        sa.Column("outcome_at", sa.BigInteger, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
    )
    op.create_index("feedback_by_card", "feedback", ["card"])
    op.create_index("feedback_by_time", "feedback", ["received_at"])
    op.create_table(
        "comments",
        sa.Column("feedback", sa.LargeBinary, primary_key=True),
        sa.Column("comment", sa.LargeBinary, nullable=False),
    )
