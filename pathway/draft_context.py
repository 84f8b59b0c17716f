"""One draft among the others and the active orders: what the guards of section (d) ask of both."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from pathway.drafts import DraftDrug, DraftReason, DraftService
from pathway.drug_trials import is_active, order_end
from pathway.facts import DrugFact
from pathway.injections import series_on
from pathway.lazy import lazy
from pathway.numbers import Number
from pathway.picture import Picture
from pathway.state import Problem, Series

Draft = DraftDrug | DraftService


class DraftContext:
    """A draft, the patient, and the other drafts of the same call."""

    def __init__(self, picture: Picture, draft: Draft, others: Sequence[Draft]) -> None:
        self.picture = picture
        self.draft = draft
        self.others = tuple(others)
        self.numbers = picture.numbers

    @property
    def day(self) -> date:
        """The order day O."""
        return self.draft.order_day

    @lazy
    def series(self) -> Series:
        """The injections up to today, as of the order day (R38)."""
        series = self.picture.series
        return series_on(series.sessions, self.day, self.numbers, undated=series.undated)

    @lazy
    def days_since_onset(self) -> int | None:
        """Days of pain on the order day; None where no onset is known."""
        days = self.picture.duration.days
        return None if days is None else days + (self.day - self.picture.as_of).days

    @property
    def drug(self) -> DrugFact | None:
        """The drafted drug; None for a service."""
        return self.draft.drug if isinstance(self.draft, DraftDrug) else None

    def has_class(self, *classes: str) -> bool:
        """Whether the drafted drug holds one of these classes."""
        return self.drug is not None and holds(self.drug, classes)

    def active(self, classes: Iterable[str]) -> list[DrugFact]:
        """Active orders of these classes, by status alone (R12)."""
        wanted = tuple(classes)
        return [d for d in self.picture.facts.drugs if is_active(d, self.picture.as_of) and holds(d, wanted)]

    def drafted(self, classes: Iterable[str]) -> list[DrugFact]:
        """The drugs of these classes among the other drafts."""
        wanted = tuple(classes)
        return [o.drug for o in self.others if isinstance(o, DraftDrug) and holds(o.drug, wanted)]

    def beside(self, *classes: str) -> list[DrugFact]:
        """Active orders and other drafts of these classes."""
        return [*self.active(classes), *self.drafted(classes)]

    def for_back(self) -> bool:
        """For a low back problem: by its reason, or without one while such a problem is active (R43)."""
        match self.draft.reason:
            case DraftReason.LUMBAR:
                return True
            case DraftReason.OTHER:
                return False
            case DraftReason.NONE:
                return self.picture.problem.problem not in (Problem.NONE, Problem.SCI_NEUROPATHIC)

    @lazy
    def opioid_naive(self) -> bool:
        """No active opioid order, and none that ended in the last 90 days (R45)."""
        days = self.numbers.whole(Number.OPIOID_NAIVE_DAYS)
        return not self.picture.drugs_within("opioid", days)

    def renews(self, old: DrugFact) -> bool:
        """Whether the draft renews an order: the same ingredients, the old one ending by O + 7 days."""
        drug = self.drug
        if drug is None or ingredients(drug) != ingredients(old) or drug.long_acting != old.long_acting:
            return False
        end = order_end(old, self.picture.as_of)
        within = self.numbers.whole(Number.RENEWAL_DAYS)
        return end is not None and (end - self.day).days <= within


def holds(drug: DrugFact, classes: Iterable[str]) -> bool:
    """Whether a drug has a substance of one of these classes; topical NSAIDs are none (R72)."""
    wanted = frozenset(classes)
    return any(s.drug_class in wanted and (drug.systemic or s.drug_class != "nsaid") for s in drug.substances)


def ingredients(drug: DrugFact) -> frozenset[str]:
    """The ingredients of a drug."""
    return frozenset(s.ingredient for s in drug.substances)


def of_class(drug: DrugFact, drug_class: str) -> Iterator[str]:
    """The ingredients of one class in a drug."""
    return (s.ingredient for s in drug.substances if s.drug_class == drug_class)
