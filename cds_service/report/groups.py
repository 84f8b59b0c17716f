"""The calls of all, and of each site, state or week, as they may be published."""

from collections.abc import Mapping, Sequence

from cds_service.report import figures, tally
from cds_service.report.cells import Figure, column, parts_of, rank, table
from cds_service.report.seen import Outcome

EVERYTHING = "all"
PARTS = (Outcome.ACCEPTED, Outcome.OVERRIDDEN, Outcome.UNANSWERED)


def whole(group: tally.Group, held: Figure) -> figures.Group:
    """All calls together; `held` is how many recommendations were held back, as it may be told."""
    calls, shown = group.calls.figure, group.cards.shown.figure
    fired, _ = parts_of(calls, (group.fired, group.silent))
    parts = parts_of(shown, [group.cards.of[outcome] for outcome in PARTS])
    return figures.Group(key=EVERYTHING, calls=calls, fired=fired, cards=outcomes(shown, parts), held=held)


def breakdown(
    total: figures.Group, groups: Mapping[str, tally.Group], *, by_name: bool = False
) -> tuple[figures.Group, ...] | None:
    """All calls by site, state or week; None: it cannot be told beside the total.

    Args:
        total: All calls.
        groups: By name.
        by_name: Ordered by name, else the largest first.
    """
    rows = list(groups.values())
    calls = table(
        total.calls,
        (total.fired, total.fired),
        [row.calls for row in rows],
        [(row.fired, row.silent) for row in rows],
    )
    cards = table(
        total.cards.shown,
        (total.cards.accepted, total.cards.overridden, total.cards.unanswered),
        [row.cards.shown for row in rows],
        [[row.cards.of[outcome] for outcome in PARTS] for row in rows],
    )
    held = column(total.held, [row.held for row in rows])
    if calls is None or cards is None or held is None:
        return None
    told = [
        figures.Group(
            key=key,
            calls=calls[0][place],
            fired=calls[1][place][0],
            cards=outcomes(cards[0][place], cards[1][place]),
            held=held[place],
        )
        for place, key in enumerate(groups)
    ]
    return tuple(sorted(told, key=lambda group: group.key if by_name else rank(group.calls, group.key)))


def outcomes(shown: Figure, parts: Sequence[Figure]) -> figures.Outcomes:
    """What was shown, and its parts in the order of `PARTS`."""
    accepted, overridden, unanswered = parts
    return figures.Outcomes(shown=shown, accepted=accepted, overridden=overridden, unanswered=unanswered)
