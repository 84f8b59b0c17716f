"""What our proposals are called at one site: in its order catalogue, preference lists, order sets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec

from cards.proposals import Proposals
from cards.resources import FhirCoding, MedicationRequest, Order, ServiceRequest
from cards.wire import Suggestion
from pathway.errors import KnowledgeError


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteCode:
    """The code of one proposal at a site."""

    proposal: str  # "rule/proposal", as `backpath knowledge show` prints it
    system: str
    code: str
    display: str | None = None


class SiteCodes:
    """The codes of one site by proposal."""

    def __init__(self, codes: Sequence[SiteCode], proposals: Proposals) -> None:
        """Check that every code belongs to a proposal.

        Raises:
            KnowledgeError: names that no proposal has, or proposals with two codes; names them all.
        """
        named = [code.proposal for code in codes]
        known = proposals.names()
        unknown = sorted(set(named) - known)
        if unknown:
            allowed = ", ".join(sorted(known))
            raise KnowledgeError(f"order codes: no proposal {', '.join(unknown)}; known: {allowed}")
        twice = sorted({name for name in named if named.count(name) > 1})
        if twice:
            raise KnowledgeError(f"order codes: more than one code for {', '.join(twice)}")
        self._proposals = proposals
        self._codings: Mapping[str, FhirCoding] = {
            code.proposal: FhirCoding(system=code.system, code=code.code, display=code.display)
            for code in codes
        }

    @property
    def is_empty(self) -> bool:
        """Whether the site has no codes of its own."""
        return not self._codings

    def of(self, suggestion: Suggestion) -> FhirCoding | None:
        """The site's code for what a suggestion orders; None where it has none."""
        if not self._codings:
            return None
        known = self._proposals.of(suggestion)
        return None if known is None else self._codings.get(known.name)


def created(suggestion: Suggestion) -> Order | None:
    """The order of ours that a suggestion creates; None where it does something else."""
    order = suggestion.actions[0].resource
    return order if isinstance(order, ServiceRequest | MedicationRequest) else None


def with_order(suggestion: Suggestion, order: Order) -> Suggestion:
    """The suggestion with another order in its first action."""
    first, *others = suggestion.actions
    changed = msgspec.structs.replace(first, resource=order)
    return msgspec.structs.replace(suggestion, actions=(changed, *others))


def codings_of(order: Order) -> tuple[FhirCoding, ...]:
    """The codes of what is ordered."""
    concept = order.code if isinstance(order, ServiceRequest) else order.medication_codeable_concept
    return concept.coding


def recoded(order: Order, codings: tuple[FhirCoding, ...]) -> Order:
    """The order under other codes; its text stays."""
    if isinstance(order, ServiceRequest):
        code = msgspec.structs.replace(order.code, coding=codings)
        return msgspec.structs.replace(order, code=code)
    drug = msgspec.structs.replace(order.medication_codeable_concept, coding=codings)
    return msgspec.structs.replace(order, medication_codeable_concept=drug)
