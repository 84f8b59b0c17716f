"""The trail of calls is only added to: rows stay as they are, and go only when they are old."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Less than the shortest retention (36 days): a clock of the service may run ahead of the database's.
YOUNG_DAYS = 30
YOUNG_MS = YOUNG_DAYS * 24 * 60 * 60 * 1000
WHY = "the audit trail is only added to"
# of the row that is to go: when its call was answered; an item whose call has gone may follow
AT = {"calls": "OLD.at", "items": '(SELECT at FROM calls WHERE id = OLD."call")'}


def upgrade() -> None:
    """Refuse changes of `calls` and `items`, and the removal of young rows."""
    make = _make_sqlite if op.get_bind().dialect.name == "sqlite" else _make_postgresql
    for table in AT:
        make(table)


def downgrade() -> None:
    """Allow them again; the rows stay."""
    for table in AT:
        if op.get_bind().dialect.name == "sqlite":
            op.execute(f"DROP TRIGGER {table}_unchanged")
            op.execute(f"DROP TRIGGER {table}_kept")
        else:
            op.execute(f"DROP TRIGGER {table}_kept ON {table}")
            op.execute(f"DROP TRIGGER {table}_not_emptied ON {table}")
            op.execute(f"DROP FUNCTION {table}_kept()")


def _make_sqlite(table: str) -> None:
    now = "CAST(strftime('%s', 'now') AS INTEGER) * 1000"
    op.execute(
        f"CREATE TRIGGER {table}_unchanged BEFORE UPDATE ON {table} BEGIN SELECT RAISE(ABORT, '{WHY}'); END"
    )
    op.execute(
        f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} WHEN {AT[table]} > {now} - {YOUNG_MS} "
        f"BEGIN SELECT RAISE(ABORT, '{WHY}'); END"
    )


def _make_postgresql(table: str) -> None:
    op.execute(
        f"""CREATE FUNCTION {table}_kept() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' THEN
                IF coalesce({AT[table]}, 0) <= extract(epoch FROM now()) * 1000 - {YOUNG_MS} THEN
                    RETURN OLD;
                END IF;
            END IF;
            RAISE EXCEPTION '{WHY}' USING ERRCODE = 'restrict_violation';
        END $$"""
    )
    op.execute(
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_kept()"
    )
    op.execute(
        f"CREATE TRIGGER {table}_not_emptied BEFORE TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_kept()"
    )
