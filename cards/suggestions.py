"""Suggestions: one for each proposal that fits the patient, one action each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from cards.order_drafts import OrderContext
from cards.recommendations import ProposalTemplate, Recommendation
from cards.wire import Action, Suggestion
from pathway.advice import Advised, CardPlan, Values


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One recommendation of a card, with its suggestions."""

    advised: Advised
    recommendation: Recommendation
    suggestions: tuple[Suggestion, ...]
    proposals: tuple[tuple[ProposalTemplate, Values], ...]  # what they carry out, with its values


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the suggestions of one answer have in common."""

    context: OrderContext
    preferred: Advised | None  # its first proposal is the best next step

    def items(
        self, plan: CardPlan, rules: Mapping[str, Recommendation], new_uuid: Callable[[], str]
    ) -> tuple[Item, ...]:
        """The items of a card, in the order of the advice.

        Raises:
            MissingValueError: the advice lacks a value that a proposal names.
        """
        return tuple([self._item(advised, rules[advised.id], new_uuid) for advised in plan.items])

    def _item(self, advised: Advised, rule: Recommendation, new_uuid: Callable[[], str]) -> Item:
        best = advised.proposals[0] if advised is self.preferred and advised.proposals else None
        filled = [
            (name == best, proposal, proposal.order.values_shown(advised.values))
            for name, proposal in [(name, rule.proposals[name]) for name in advised.proposals]
        ]
        return Item(
            advised=advised,
            recommendation=rule,
            suggestions=tuple(
                [
                    Suggestion(
                        label=proposal.label.filled(values),
                        uuid=new_uuid(),
                        is_recommended=first and proposal.recommendable,
                        actions=(self._action(proposal, values),),
                        extension=proposal.extension,
                    )
                    for first, proposal, values in filled
                ]
            ),
            proposals=tuple([(proposal, values) for _, proposal, values in filled]),
        )

    def _action(self, proposal: ProposalTemplate, values: Values) -> Action:
        return Action(
            type="create",
            description=proposal.description.filled(values),
            resource=proposal.order.filled(values, self.context),
        )
