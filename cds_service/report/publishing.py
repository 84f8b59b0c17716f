"""Makes a report of a tally: whatever speaks of a few patients, or would let them be computed, is hidden."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal

from cds_service.memory.records import Fate
from cds_service.report import figures, groups, recommending
from cds_service.report.cells import FEWEST, HIDDEN, Cell, Figure, column, parts_of, rank
from cds_service.report.periods import Period
from cds_service.report.reasons import grouped
from cds_service.report.rollouts import Arm
from cds_service.report.seen import Occasion, Outcome
from cds_service.report.spread import TENTH, difference, quantile
from cds_service.report.tally import Delay, Tally


def report_of(tally: Tally, period: Period, *, tenant: str | None, unlinked: int) -> figures.Report:
    """The figures that may be published.

    Args:
        tally: The counts.
        period: That was asked for.
        tenant: That was asked for; None: all.
        unlinked: How much feedback came for cards that are not known.
    """
    load = _load(tally)
    total = groups.whole(tally.total, HIDDEN)
    items, recommendations = recommending.recommendations_of(tally, load.calls, total.cards)
    total = replace(total, held=items.held)
    return figures.Report(
        since=period.since or tally.first,
        until=period.until or tally.last,
        tenant=tenant,
        total=total,
        items=items,
        patients=_people(len(tally.patients)),
        load=load,
        delays=tuple(_delays(tally, total)),
        recommendations=recommendations,
        states=groups.breakdown(total, tally.states),
        tenants=groups.breakdown(total, tally.tenants),
        weeks=groups.breakdown(total, tally.weeks, by_name=True),
        reasons=None if total.cards.overridden is HIDDEN else grouped(tally.reasons),
        held_for=tuple(_held_for(tally, items.fates)),
        rollouts=tuple(_rollouts(tally)),
        early=tally.early.figure,
        unlinked=unlinked,
    )


def _load(tally: Tally) -> figures.Load:
    per_user = sorted(tally.users.values())
    enough = len(per_user) >= FEWEST
    mean = Decimal(sum(per_user)) / len(per_user) if enough else None
    none = HIDDEN if per_user else None
    return figures.Load(
        calls=_of_occasions(tally.total.calls, tally.calls),
        cards=_of_occasions(tally.total.cards.shown, tally.cards),
        users=_people(len(per_user)),
        per_user_mean=none if mean is None else mean.quantize(TENTH, ROUND_HALF_UP),
        per_user_median=_tenth(per_user, 50) if enough else none,
        per_user_p90=_tenth(per_user, 90) if enough else none,
    )


def _of_occasions(whole: Cell, cells: Mapping[Occasion, Cell]) -> Mapping[Occasion, Figure]:
    return dict(zip(cells, parts_of(whole.figure, list(cells.values())), strict=True))


def _delays(tally: Tally, total: figures.Group) -> Iterable[figures.Delay]:
    answered = [tally.delays[outcome] for outcome in (Outcome.ACCEPTED, Outcome.OVERRIDDEN)]
    yield _delay(None, answered)
    yield _delay(Outcome.ACCEPTED, answered[:1], hide=total.cards.accepted is HIDDEN)
    yield _delay(Outcome.OVERRIDDEN, answered[1:], hide=total.cards.overridden is HIDDEN)


def _delay(outcome: Outcome | None, delays: Sequence[Delay], *, hide: bool = False) -> figures.Delay:
    cell = Cell()
    for delay in delays:
        cell.include(delay.cell)
    if cell.is_small or hide or not cell.count:
        unknown = HIDDEN if cell.count else None
        return figures.Delay(outcome=outcome, median_s=unknown, p90_s=unknown)
    ordered = sorted(value for delay in delays for value in delay.milliseconds)
    median, p90 = (quantile(ordered, percent) / 1000 for percent in (50, 90))
    return figures.Delay(
        outcome=outcome,
        median_s=median.quantize(TENTH, ROUND_HALF_UP),
        p90_s=p90.quantize(TENTH, ROUND_HALF_UP),
    )


def _held_for(tally: Tally, fates: Mapping[Fate, Figure]) -> Iterable[figures.HeldFor]:
    """Why, below each sum that is told."""
    for fate, figure in fates.items():
        cells = {reason: cell for (of, reason), cell in tally.held_for.items() if of is fate}
        told = None if figure is HIDDEN else column(figure, list(cells.values()))
        for reason, times in sorted(
            zip(cells, told or (), strict=False), key=lambda entry: rank(entry[1], entry[0] or "")
        ):
            yield figures.HeldFor(fate=fate, reason=reason, times=times)


def _rollouts(tally: Tally) -> Iterable[figures.Rollout]:
    for tenant, recommendation in sorted(tally.rollouts.courses):
        shown, control, moved = tally.rollouts.arms(tenant, recommendation)
        sides = _arm(shown), _arm(control)
        apart = None
        if all(side.settled is not HIDDEN for side in sides) and shown.seen_later and control.seen_later:
            apart = difference((shown.settled, shown.seen_later), (control.settled, control.seen_later))
        hidden = any(side.settled is HIDDEN for side in sides)
        yield figures.Rollout(
            tenant=tenant,
            recommendation=recommendation,
            shown=sides[0],
            control=sides[1],
            moved=_people(moved),
            difference=apart[0] if apart else HIDDEN if hidden else None,
            interval=apart[1:] if apart else None,
        )


def _arm(arm: Arm) -> figures.Arm:
    """Each figure counts patients; what is hidden takes what is a part of it along."""
    patients = _people(arm.patients)
    seen = _part(patients, arm.seen_later, arm.patients)
    return figures.Arm(patients=patients, seen_later=seen, settled=_part(seen, arm.settled, arm.seen_later))


def _part(whole: Figure, part: int, count: int) -> Figure:
    is_small = 0 < part < FEWEST or 0 < count - part < FEWEST
    return HIDDEN if whole is HIDDEN or is_small else part


def _people(count: int) -> Figure:
    return HIDDEN if 0 < count < FEWEST else count


def _tenth(ordered: Sequence[int], percent: int) -> Decimal:
    return quantile(ordered, percent).quantize(TENTH, ROUND_HALF_UP)
