"""Which proposal of the knowledge a suggestion carries out: "rule/proposal", as a site's order codes name it.

On the wire a suggestion names its recommendation alone (contract). The proposal is told by the order
itself, that is by what it orders in which words: so nothing has to travel beside an answer, and
nothing of ours can leak into it.
"""

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from cards.order_drafts import medication_draft, service_draft
from cards.resources import MedicationRequest, Order, ServiceRequest
from cards.wire import Suggestion
from pathway.errors import KnowledgeError
from pathway.knowledge_base import KnowledgeBase
from pathway.rules import Proposal, ServiceOrder

MAIN = "main"  # slot of a rule's own order; other slots hold what goes with it, or what may stand beside

_Key: TypeAlias = tuple[str, Hashable]  # rule, and what its order says whoever the patient is


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """One proposal of the knowledge, as it is recognised."""

    name: str  # "rule/proposal"
    slot: str
    beginning: str  # of its description, up to the first value


class Proposals:
    """The proposals of a knowledge; built once at start."""

    def __init__(self, knowledge: KnowledgeBase) -> None:
        """Note how each is recognised.

        Raises:
            KnowledgeError: two of one rule order the same in the same words.
        """
        self._known: dict[_Key, list[Known]] = {}
        for rule, proposal in _proposals(knowledge):
            known = Known(
                name=f"{rule}/{proposal.id}",
                slot=proposal.slot,
                beginning=proposal.description.partition("{")[0],
            )
            alike = self._known.setdefault((rule, _said(_draft(proposal))), [])
            for other in alike:
                if other.beginning == known.beginning:
                    raise KnowledgeError(f"{known.name} and {other.name}: the same order in the same words")
            alike.append(known)
            alike.sort(key=lambda one: len(one.beginning), reverse=True)  # the most particular first

    def names(self) -> frozenset[str]:
        """All that a site may give a code of its own: "esi-first/esi-interlaminar" and so on."""
        return frozenset(known.name for alike in self._known.values() for known in alike)

    def of(self, suggestion: Suggestion) -> Known | None:
        """The proposal that a suggestion carries out; None where it changes or takes back an order."""
        action = suggestion.actions[0]
        if not isinstance(action.resource, ServiceRequest | MedicationRequest):
            return None
        key = (suggestion.extension.org_backpath.recommendation, _said(action.resource))
        alike = self._known.get(key, ())
        return next((known for known in alike if known.beginning in action.description), None)


def _proposals(knowledge: KnowledgeBase) -> Iterator[tuple[str, Proposal]]:
    for rule in knowledge.rules.values():
        for proposal in rule.proposals:
            yield rule.id, proposal


def _draft(proposal: Proposal) -> Order:
    order = proposal.order
    return service_draft(order) if isinstance(order, ServiceOrder) else medication_draft(order)


def _said(order: Order) -> Hashable:
    """What an order says that neither patient nor day changes; its codes may be those of last time."""
    if isinstance(order, ServiceRequest):
        return (order.code.text, order.priority, order.order_detail, order.reason_code, order.note)
    taken = tuple(dosage.text for dosage in order.dosage_instruction)
    return (order.medication_codeable_concept.text, taken, order.dispense_request)
