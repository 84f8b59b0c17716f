"""What a rule may ask: the closed vocabulary of checks.

A check is a small function of the patient's `Picture`; it answers met, not met or unknown, with the
values that its words may use and the facts that decided. Knowledge files name checks, nothing else.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pathway.advice import Value
from pathway.facts import Fact, Source
from pathway.picture import Picture
from pathway.verdict import Verdict

NOTHING: Mapping[str, Value] = MappingProxyType({})


class Finding(Fact, frozen=True, kw_only=True):
    """The answer of a check."""

    verdict: Verdict
    values: Mapping[str, Value] = NOTHING
    sources: tuple[Source, ...] = ()


MET = Finding(verdict=Verdict.MET)
NOT_MET = Finding(verdict=Verdict.NOT_MET)
UNKNOWN = Finding(verdict=Verdict.UNKNOWN)

Ask = Callable[[Picture, tuple[str, ...]], Finding]


class Check(Fact, frozen=True, kw_only=True):
    """A check by name."""

    name: str
    ask: Ask
    values: tuple[str, ...] = ()  # placeholders that its words may use
    takes: str | None = None  # what `of` holds: "concepts", "drug classes", …; None: nothing


def plain(claim: bool | None) -> Finding:  # noqa: FBT001 - a claim is what it converts
    """A claim as a finding without further words."""
    return UNKNOWN if claim is None else MET if claim else NOT_MET


def absent(picture: Picture, resource_type: str) -> Finding:
    """Nothing recorded: not met, or unknown where the record was never seen."""
    return UNKNOWN if resource_type in picture.facts.not_provided else NOT_MET
