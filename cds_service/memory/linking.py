"""Feedback joined with the card that it is about, at reading time: either may have been stored first.

A card is looked for among the tenant's own calls only: what another tenant's client reports of it stays
unlinked. Several outcomes of one card are all kept, and the latest counts.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, Row, Select, Subquery, and_, exists, or_, select, tuple_

from cds_service.memory.feedback_schemas import ACCEPTED
from cds_service.store.tables import calls, feedback, items, suggestions

AT_A_TIME = 500  # items of feedback


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What produced a card."""

    call: str  # a uuid of ours
    hook: str
    state: str
    knowledge_version: str
    shown_at: int  # ms since 1970
    recommendations: tuple[str, ...]  # all that the card carries, in its order
    accepted: tuple[str, ...] = ()  # those whose suggestions were accepted


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """One item of feedback with its card."""

    key: bytes = field(repr=False)
    tenant: str
    service: str
    card: str  # uuid
    outcome: str
    suggestions: tuple[str, ...]  # uuids, as reported
    reason_system: str | None
    reason_code: str | None
    outcome_at: int  # ms since 1970
    received_at: int
    counts: bool  # no later outcome of this card is known
    origin: Origin | None  # None: the card is unknown, or not yet stored

    @property
    def concerns(self) -> tuple[str, ...]:
        """The recommendations that the outcome speaks of: those accepted, or all that was overridden."""
        if self.origin is None:
            return ()
        return self.origin.accepted if self.outcome == ACCEPTED else self.origin.recommendations


def linked(
    connection: Connection, *, since: int, until: int, tenant: str | None = None, at_a_time: int = AT_A_TIME
) -> Iterator[Linked]:
    """The feedback received in a time, in the order of its arrival, read a part at a time.

    Args:
        connection: To the store.
        since: ms since 1970, the first.
        until: ms since 1970, no longer included.
        tenant: One tenant's alone; None: of all.
        at_a_time: How many are read in one go.

    Raises:
        SQLAlchemyError: the database failed.
    """
    last: tuple[int, bytes] | None = None
    while True:
        page = _page(since, until, tenant, last, at_a_time)
        rows = connection.execute(_with_count(page)).all()
        if not rows:
            return
        origins = _origins(connection, page)
        yield from (_linked(row, origins.get(bytes(row.key))) for row in rows)
        last = (rows[-1].received_at, bytes(rows[-1].key))


def _page(since: int, until: int, tenant: str | None, last: tuple[int, bytes] | None, limit: int) -> Subquery:
    # the time stands first by itself too: SQLite uses an index for that, and none for the pair
    start = since if last is None else last[0]
    page = select(feedback).where(feedback.c.received_at >= start, feedback.c.received_at < until)
    if last is not None:
        page = page.where(tuple_(feedback.c.received_at, feedback.c.key) > last)
    if tenant is not None:
        page = page.where(feedback.c.tenant == tenant)
    return page.order_by(feedback.c.received_at, feedback.c.key).limit(limit).subquery("page")


def _with_count(page: Subquery) -> Select[tuple[object, ...]]:
    later = feedback.alias("later")
    is_later = or_(
        later.c.outcome_at > page.c.outcome_at,
        and_(
            later.c.outcome_at == page.c.outcome_at,
            tuple_(later.c.received_at, later.c.key) > tuple_(page.c.received_at, page.c.key),
        ),
    )
    overtaken = exists().where(later.c.card == page.c.card, later.c.tenant == page.c.tenant, is_later)
    return select(page, (~overtaken).label("counts")).order_by(page.c.received_at, page.c.key)


def _origins(connection: Connection, page: Subquery) -> dict[bytes, Origin]:
    """By key of the feedback."""
    of_card = and_(items.c.card == page.c.card, calls.c.id == items.c.call, calls.c.tenant == page.c.tenant)
    found = connection.execute(
        select(
            page.c.key,
            items.c.call,
            calls.c.hook,
            calls.c.state,
            calls.c.knowledge_version,
            calls.c.at,
            items.c.recommendation,
        )
        .select_from(page, items, calls)
        .where(of_card)
        .order_by(page.c.key, items.c.position)
    ).all()
    carried: dict[bytes, list[str]] = {}
    for row in found:
        carried.setdefault(bytes(row.key), []).append(row.recommendation)
    accepted = _accepted(connection, page)
    return {
        bytes(row.key): Origin(
            call=row.call,
            hook=row.hook,
            state=row.state,
            knowledge_version=row.knowledge_version,
            shown_at=row.at,
            recommendations=_each_once(carried[bytes(row.key)]),
            accepted=_each_once(accepted.get(bytes(row.key), ())),
        )
        for row in found
    }


def _accepted(connection: Connection, page: Subquery) -> dict[bytes, list[str]]:
    """The recommendations of the suggestions that were accepted: of the card reported, and of no other."""
    offered = connection.execute(
        select(
            page.c.key, page.c.suggestions.label("reported"), suggestions.c.id, suggestions.c.recommendation
        )
        .select_from(page, items, calls, suggestions)
        .where(
            page.c.outcome == ACCEPTED,
            items.c.card == page.c.card,
            calls.c.id == items.c.call,
            calls.c.tenant == page.c.tenant,
            suggestions.c.call == items.c.call,
            suggestions.c.card == page.c.card,
        )
        .order_by(page.c.key, items.c.position, suggestions.c.id)
    )
    found: dict[bytes, list[str]] = {}
    for row in offered:
        if row.id in row.reported.split():
            found.setdefault(bytes(row.key), []).append(row.recommendation)
    return found


def _linked(row: Row[tuple[object, ...]], origin: Origin | None) -> Linked:
    return Linked(
        key=bytes(row.key),
        tenant=row.tenant,
        service=row.service,
        card=row.card,
        outcome=row.outcome,
        suggestions=tuple(row.suggestions.split()),
        reason_system=row.reason_system,
        reason_code=row.reason_code,
        outcome_at=row.outcome_at,
        received_at=row.received_at,
        counts=bool(row.counts),
        origin=origin,
    )


def _each_once(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
