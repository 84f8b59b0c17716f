"""Three-valued logic: what is not documented is unknown, never false."""

from collections.abc import Iterable
from enum import StrEnum


class Verdict(StrEnum):
    """Whether a criterion holds."""

    MET = "met"
    NOT_MET = "not-met"
    UNKNOWN = "unknown"

    @staticmethod
    def of(claim: bool | None) -> "Verdict":  # noqa: FBT001 - a claim is what it converts
        """A claim as a verdict; None (not documented) is unknown."""
        if claim is None:
            return Verdict.UNKNOWN
        return Verdict.MET if claim else Verdict.NOT_MET


def all_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Conjunction after Kleene: one NOT_MET decides, else one UNKNOWN."""
    seen = set(verdicts)
    for decisive in (Verdict.NOT_MET, Verdict.UNKNOWN):
        if decisive in seen:
            return decisive
    return Verdict.MET


def any_of(verdicts: Iterable[Verdict]) -> Verdict:
    """Disjunction after Kleene: one MET decides, else one UNKNOWN."""
    seen = set(verdicts)
    for decisive in (Verdict.MET, Verdict.UNKNOWN):
        if decisive in seen:
            return decisive
    return Verdict.NOT_MET


def negated(verdict: Verdict) -> Verdict:
    """Negation after Kleene: unknown stays unknown."""
    match verdict:
        case Verdict.MET:
            return Verdict.NOT_MET
        case Verdict.NOT_MET:
            return Verdict.MET
        case Verdict.UNKNOWN:
            return Verdict.UNKNOWN
