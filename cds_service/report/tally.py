"""Counts calls and what became of them; the counts are exact, and not yet fit to be published."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias

from cds_service.memory.records import Fate
from cds_service.report.cells import Cell
from cds_service.report.periods import Calendar, week_of
from cds_service.report.rollouts import Rollouts
from cds_service.report.seen import Call, Occasion, Outcome

Reason: TypeAlias = tuple[str, str] | None  # system and code; None: none was given
HELD = tuple(fate for fate in Fate if fate is not Fate.SHOWN)


@dataclass(slots=True)
class Outcomes:
    """What was done with what was shown."""

    shown: Cell = field(default_factory=Cell)
    of: dict[Outcome, Cell] = field(default_factory=lambda: {outcome: Cell() for outcome in Outcome})

    def add(self, outcome: Outcome, patient: int) -> None:
        """Count one."""
        self.shown.add(patient)
        self.of[outcome].add(patient)

    def include(self, other: "Outcomes") -> None:
        """Count what another counted."""
        self.shown.include(other.shown)
        for outcome, cell in self.of.items():
            cell.include(other.of[outcome])


@dataclass(slots=True)
class Group:
    """The calls of a site, a state or a week, or all."""

    calls: Cell = field(default_factory=Cell)
    fired: Cell = field(default_factory=Cell)  # calls at which something was advised, held back or not
    silent: Cell = field(default_factory=Cell)  # the others
    cards: Outcomes = field(default_factory=Outcomes)
    held: Cell = field(default_factory=Cell)  # recommendations

    def include(self, other: "Group") -> None:
        """Count what another counted."""
        self.calls.include(other.calls)
        self.fired.include(other.fired)
        self.silent.include(other.silent)
        self.cards.include(other.cards)
        self.held.include(other.held)


@dataclass(slots=True)
class Recommendation:
    """One recommendation or guard."""

    advised: Cell = field(default_factory=Cell)  # shown or held back
    shown: Outcomes = field(default_factory=Outcomes)
    held: Cell = field(default_factory=Cell)
    fates: dict[Fate, Cell] = field(default_factory=lambda: {fate: Cell() for fate in HELD})
    calls: int = 0  # at which it was advised
    occasions: set[Occasion] = field(default_factory=set)
    offered: bool = False  # it could be accepted at least once

    def include(self, other: "Recommendation") -> None:
        """Count what another counted."""
        self.advised.include(other.advised)
        self.shown.include(other.shown)
        self.held.include(other.held)
        for fate, cell in self.fates.items():
            cell.include(other.fates[fate])


@dataclass(slots=True)
class Delay:
    """From the card to the first answer."""

    milliseconds: "array[int]" = field(default_factory=lambda: array("q"))
    cell: Cell = field(default_factory=Cell)

    def add(self, milliseconds: int, patient: int) -> None:
        """Count one."""
        self.milliseconds.append(milliseconds)
        self.cell.add(patient)


@dataclass(slots=True)
class Tally:
    """Everything that a report is made of."""

    calendar: Calendar
    calls: dict[Occasion, Cell] = field(default_factory=lambda: {occasion: Cell() for occasion in Occasion})
    cards: dict[Occasion, Cell] = field(default_factory=lambda: {occasion: Cell() for occasion in Occasion})
    tenants: defaultdict[str, Group] = field(default_factory=lambda: defaultdict(Group))
    states: defaultdict[str, Group] = field(default_factory=lambda: defaultdict(Group))
    weeks: defaultdict[str, Group] = field(default_factory=lambda: defaultdict(Group))
    recommendations: defaultdict[str, Recommendation] = field(
        default_factory=lambda: defaultdict(Recommendation)
    )
    reasons: defaultdict[Reason, Cell] = field(default_factory=lambda: defaultdict(Cell))
    held_for: defaultdict[tuple[Fate, str | None], Cell] = field(default_factory=lambda: defaultdict(Cell))
    delays: dict[Outcome, Delay] = field(default_factory=lambda: {outcome: Delay() for outcome in Outcome})
    early: Cell = field(default_factory=Cell)  # cards answered before they were sent, by the client's clock
    users: Counter[int] = field(default_factory=Counter)  # cards that each was shown
    patients: set[int] = field(default_factory=set)
    first: date | None = None
    last: date | None = None
    rollouts: Rollouts = field(default_factory=Rollouts)

    @property
    def total(self) -> Group:
        """All calls together."""
        whole = Group()
        for group in self.tenants.values():
            whole.include(group)
        return whole

    @property
    def items(self) -> Recommendation:
        """All recommendations together."""
        whole = Recommendation()
        for entry in self.recommendations.values():
            whole.include(entry)
        return whole

    def count(self, calls: Iterable[Call]) -> "Tally":
        """Count calls, oldest first; gives itself."""
        for call in calls:
            self._count(call)
        return self

    def _count(self, call: Call) -> None:
        day = self.calendar.day(call.tenant, call.at)
        self.first = day if self.first is None else min(self.first, day)
        self.last = day if self.last is None else max(self.last, day)
        self.patients.add(call.patient)
        self.calls[call.occasion].add(call.patient)
        groups = (
            self.tenants[call.tenant],
            self.states[call.state],
            self.weeks[week_of(day)],
        )
        self._count_call(call, groups)
        self._count_cards(call, groups)
        self._count_items(call)
        self.rollouts.count(call, day)

    def _count_call(self, call: Call, groups: Iterable[Group]) -> None:
        held = sum(item.fate is not Fate.SHOWN for item in call.items)
        for group in groups:
            group.calls.add(call.patient)
            (group.fired if call.items else group.silent).add(call.patient)
            group.held.add(call.patient, held)

    def _count_cards(self, call: Call, groups: tuple[Group, ...]) -> None:
        cards = call.cards
        self.users[call.user] += len(cards)
        self.cards[call.occasion].add(call.patient, len(cards))
        for card in cards:
            answer = call.latest(card)
            outcome = Outcome.UNANSWERED if answer is None else answer.outcome
            for group in groups:
                group.cards.add(outcome, call.patient)
            if answer is not None:
                self._count_delay(call, card)
            if answer is not None and outcome is Outcome.OVERRIDDEN:
                named = answer.reason_code is not None
                reason = (answer.reason_system or "", answer.reason_code or "") if named else None
                self.reasons[reason].add(call.patient)

    def _count_delay(self, call: Call, card: str) -> None:
        first = call.answers[card][0]
        delay = first.outcome_at - call.at
        if delay < 0:
            self.early.add(call.patient)
        else:
            self.delays[first.outcome].add(delay, call.patient)

    def _count_items(self, call: Call) -> None:
        for item in call.items:
            entry = self.recommendations[item.recommendation]
            entry.advised.add(call.patient)
            entry.occasions.add(call.occasion)
            if item.fate is Fate.SHOWN:
                entry.shown.add(call.outcome_of(item), call.patient)
                entry.offered = entry.offered or call.could_be_accepted(item)
            else:
                entry.held.add(call.patient)
                entry.fates[item.fate].add(call.patient)
                self.held_for[item.fate, item.reason].add(call.patient)
        for name in {item.recommendation for item in call.items}:
            self.recommendations[name].calls += 1
