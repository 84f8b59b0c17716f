"""Recommendations and guards as they may be published: how often advised, shown, held back, and what then."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from cds_service.memory.records import Fate
from cds_service.report import figures, tally
from cds_service.report.cells import (
    HIDDEN,
    Cell,
    Figure,
    hidden_rows,
    parts_of,
    published,
    rank,
    sum_of,
    table,
)
from cds_service.report.groups import PARTS, outcomes
from cds_service.report.seen import Occasion


def recommendations_of(
    counts: tally.Tally, calls: Mapping[Occasion, Figure], cards: figures.Outcomes
) -> tuple[figures.Items, tuple[figures.Recommendation, ...] | None]:
    """All together, and each by itself, the most frequent first; None: not to be told beside the sums.

    Args:
        counts: What is told of.
        calls: Of each occasion, as they are told.
        cards: What was done with the cards, as it is told.
    """
    entries = list(counts.recommendations.items())
    rows = [row for _, row in entries]
    total = _together(counts.items)
    advised = table(
        total.advised,
        (total.shown, total.held),
        [row.advised for row in rows],
        [(row.shown.shown, row.held) for row in rows],
    )
    if advised is None:
        return total, None
    parted = frozenset(place for place, (shown, _) in enumerate(advised[1]) if shown is HIDDEN)
    done = _outcomes(rows, parted, cards)
    if done is None:
        return total, None
    total, fates = _by_fate(total, rows, parted)
    told = [
        figures.Recommendation(
            id=name,
            advised=advised[0][place],
            fired=HIDDEN if advised[0][place] is HIDDEN else row.calls,
            calls=sum_of(calls[occasion] for occasion in row.occasions),
            shown=outcomes(advised[1][place][0], done[place]),
            can_be_accepted=row.offered,
            held=advised[1][place][1],
            fates=fates[place],
        )
        for place, (name, row) in enumerate(entries)
    ]
    return total, tuple(sorted(told, key=lambda row: rank(row.advised, row.id)))


def _together(items: tally.Recommendation) -> figures.Items:
    advised = items.advised.figure
    shown, held = parts_of(advised, (items.shown.shown, items.held))
    fates = parts_of(held, list(items.fates.values()))
    return figures.Items(
        advised=advised, shown=shown, held=held, fates=dict(zip(items.fates, fates, strict=True))
    )


def _outcomes(
    rows: Sequence[tally.Recommendation], parted: frozenset[int], cards: figures.Outcomes
) -> Sequence[tuple[Figure, ...]] | None:
    """What was done with each; where every card carries one recommendation, the cards tell the sums."""
    cells = [[row.shown.of[outcome] for outcome in PARTS] for row in rows]
    known = [figure is not HIDDEN for figure in (cards.accepted, cards.overridden, cards.unanswered)]
    hidden = hidden_rows(cells, forced=parted, unsummed=parted, known=known)
    return None if hidden is None else [_parts(row, hide=place in hidden) for place, row in enumerate(cells)]


def _by_fate(
    total: figures.Items, rows: Sequence[tally.Recommendation], parted: frozenset[int]
) -> tuple[figures.Items, Sequence[Mapping[Fate, Figure]]]:
    """Why each was held back; where the rows and their sums cannot both be told, neither is."""
    cells = [list(row.fates.values()) for row in rows]
    known = [figure is not HIDDEN for figure in total.fates.values()]
    hidden = hidden_rows(cells, forced=parted, unsummed=parted, known=known) if any(known) else None
    if hidden is None:
        hidden = frozenset(range(len(rows)))
        total = replace(total, fates=dict.fromkeys(total.fates, HIDDEN))
    fates = [_parts(row, hide=place in hidden) for place, row in enumerate(cells)]
    return total, [dict(zip(total.fates, row, strict=True)) for row in fates]


def _parts(cells: Sequence[Cell], *, hide: bool) -> tuple[Figure, ...]:
    return published(cells, frozenset(range(len(cells))) if hide else frozenset())
