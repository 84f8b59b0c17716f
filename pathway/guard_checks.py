"""What a guard may answer, and the registry of the guards' triggers (clinical/pathway.md d)."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pathway.advice import ChartText, Value
from pathway.draft_context import DraftContext
from pathway.facts import DrugFact, Fact, Source

NO_VALUES: Mapping[str, Value] = MappingProxyType({})


class Fired(Fact, frozen=True, kw_only=True):
    """A guard that fires: at which of its levels, with the values for its words."""

    level: str = "default"
    values: Mapping[str, Value] = NO_VALUES
    sources: tuple[Source, ...] = ()


Trigger = Callable[[DraftContext], Fired | None]


class GuardCheck(Fact, frozen=True, kw_only=True):
    """The trigger of one guard, and what its words may use."""

    id: str
    trigger: Trigger
    levels: tuple[str, ...] = ("default",)
    values: tuple[str, ...] = ()


def names_of(drugs: list[DrugFact]) -> tuple[ChartText, ...]:
    """What the chart calls these drugs, each once."""
    return tuple(dict.fromkeys(ChartText(text=d.source.text or "unnamed drug") for d in drugs))


def sources_of(drugs: list[DrugFact]) -> tuple[Source, ...]:
    """Where these drugs stand."""
    return tuple(d.source for d in drugs)
