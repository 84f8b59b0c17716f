"""Suggestions of a guard card: the draft taken back, handed back with one change, or another order."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import msgspec

from cards import draft_edits, wire
from cards.dosage_changes import changes_beside
from cards.frequency_edits import Rarer, with_frequency
from cards.guard_texts import GuardText
from cards.opaque import DraftJson
from cards.order_drafts import OrderContext
from cards.recommendations import Recommendation
from cards.wire import Suggestion
from pathway.guard_actions import Action
from pathway.guard_rules import Edit
from pathway.guards import Warned


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardOffer:
    """What the suggestions of one answer have in common."""

    context: OrderContext
    rules: Mapping[str, Recommendation]
    new_uuid: Callable[[], str]

    def suggestions(self, guard: GuardText, warned: Warned, draft: DraftJson) -> tuple[Suggestion, ...]:
        """One suggestion for each action that can be carried out on this draft, one of them marked.

        Args:
            guard: The guard that fired.
            warned: What it found and what it would do.
            draft: The order as the client sent it.
        """
        offered: list[Suggestion] = []
        for suggestion in self._offered(guard, warned, draft):
            is_marked = any(other.is_recommended for other in offered)
            offered.append(
                msgspec.structs.replace(suggestion, is_recommended=False) if is_marked else suggestion
            )
        return tuple(offered)

    def _offered(self, guard: GuardText, warned: Warned, draft: DraftJson) -> Iterator[Suggestion]:
        for action in warned.actions:
            match action.kind:
                case "create":
                    yield self._create(action)
                case "update" | "delete":
                    suggestion = self._change(guard, action, warned.ref, draft)
                    if suggestion is not None:
                        yield suggestion
                case _:
                    raise ValueError(f"no such action: {action.kind}")

    def _create(self, action: Action) -> Suggestion:
        """The order of a recommendation, as at chart open."""
        rule = self.rules[action.rule or ""]
        proposal = rule.proposals[action.proposal or ""]
        values = proposal.order.values_shown(action.values)
        return Suggestion(
            label=proposal.label.filled(values),
            uuid=self.new_uuid(),
            is_recommended=action.recommended,
            actions=(
                wire.Action(
                    type="create",
                    description=proposal.description.filled(values),
                    resource=proposal.order.filled(values, self.context),
                ),
            ),
            extension=proposal.extension,
        )

    def _change(
        self, guard: GuardText, action: Action, ref: str | None, draft: DraftJson
    ) -> Suggestion | None:
        """The draft taken back or changed; None where its words or its shape do not allow it."""
        label = guard.words[action.label].filled_if_known(action.values)
        description = guard.words[action.description].filled_if_known(action.values)
        if label is None or description is None or ref is None:
            return None
        if action.kind == "delete":
            carried_out = wire.Action(type="delete", description=description, resource_id=ref)
        else:
            changed = _changed(guard, action, draft)
            if changed is None:
                return None
            beside = tuple(changes_beside(draft, changed))
            description = ". ".join((description, " ".join(beside))) if beside else description
            carried_out = wire.Action(type="update", description=description, resource=changed)
        return Suggestion(
            label=label,
            uuid=self.new_uuid(),
            is_recommended=action.recommended,
            actions=(carried_out,),
            extension=guard.extension,
        )


def _changed(guard: GuardText, action: Action, draft: DraftJson) -> DraftJson | None:
    """The draft with the change that the action names; None where it cannot be made."""
    value = action.value
    match action.edit:
        case Edit.OCCURRENCE if isinstance(value, date):
            return draft_edits.with_occurrence(draft, value)
        case Edit.CODE if action.code is not None:
            return draft_edits.with_code(draft, action.code)
        case Edit.SUPPLY if isinstance(value, str):
            return draft_edits.with_supply(draft, int(value), _number(action, "supply_days"))
        case Edit.DOSE | Edit.FREQUENCY if isinstance(value, Decimal):
            return _taken_less(action, value, draft)
        case Edit.NOTE if isinstance(value, str):
            text = guard.words[value].filled_if_known(action.values)
            return None if text is None else draft_edits.with_note(draft, text)
        case _:
            return None


def _taken_less(action: Action, number: Decimal, draft: DraftJson) -> DraftJson | None:
    """The draft with another single dose, or with another number of doses a day."""
    a_day = _number(action, "new_daily_units")
    if action.edit is Edit.DOSE:
        return draft_edits.with_dose(draft, number, a_day)
    before, rhythm = _number(action, "old_times"), action.values.get("new_rhythm")
    if before is None or not isinstance(rhythm, str):
        return None
    return with_frequency(draft, Rarer(times=number, before=before, rhythm=rhythm, a_day=a_day))


def _number(action: Action, name: str) -> Decimal | None:
    value = action.values.get(name)
    return Decimal(value) if isinstance(value, int | Decimal) else None
