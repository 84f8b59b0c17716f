"""What belongs to a call stands side by side: a new call changes few pages of SQLite's file.

Its items and suggestions lie in the tree of their key, which begins with the call's id, and these sort by
time. With row numbers and keys of their own each of them changed pages of two or three trees.
"""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Put them together; all rows stay."""
    if op.get_bind().dialect.name == "sqlite":
        _remake("items", lambda name: _make_items(name, with_rowid=False))
        op.drop_index("suggestions_by_call")
        _remake("suggestions", lambda name: _make_suggestions(name, ("call", "id"), with_rowid=False))
    else:
        op.drop_index("suggestions_by_call")
        _set_key("call", "id")


def downgrade() -> None:
    """Give them row numbers and keys of their own again; all rows stay."""
    if op.get_bind().dialect.name == "sqlite":
        _remake("items", lambda name: _make_items(name, with_rowid=True))
        _remake("suggestions", lambda name: _make_suggestions(name, ("id",), with_rowid=True))
    else:
        _set_key("id")
    op.create_index("suggestions_by_call", "suggestions", ["call"])


def _remake(table: str, make: Callable[[str], object]) -> None:
    """Copy a table of SQLite into one that is made otherwise; its triggers and indexes come along."""
    connection, new = op.get_bind(), f"{table}_new"
    attached = connection.execute(
        sa.text("SELECT sql FROM sqlite_master WHERE tbl_name = :name AND type <> 'table' AND sql <> ''"),
        {"name": table},
    ).scalars()
    statements = list(attached)
    make(new)
    op.execute(f'INSERT OR IGNORE INTO "{new}" SELECT * FROM "{table}"')  # noqa: S608 - names of ours
    op.drop_table(table)
    op.rename_table(new, table)
    for statement in statements:
        connection.exec_driver_sql(statement)


def _set_key(*columns: str) -> None:
    op.drop_constraint("suggestions_pkey", "suggestions", type_="primary")
    op.create_primary_key("suggestions_pkey", "suggestions", list(columns))


def _make_items(name: str, *, with_rowid: bool) -> None:
    op.create_table(
        name,
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
        sqlite_with_rowid=with_rowid,
    )


def _make_suggestions(name: str, key: tuple[str, ...], *, with_rowid: bool) -> None:
    op.create_table(
        name,
        sa.Column("id", sa.String, nullable=False),
        sa.Column("call", sa.String, nullable=False),
        sa.Column("card", sa.String, nullable=False),
        sa.Column("recommendation", sa.String, nullable=False),
        sa.Column("recommended", sa.Boolean, nullable=False),
        sa.PrimaryKeyConstraint(*key),
        sqlite_with_rowid=with_rowid,
    )
