"""The suggestions of a guard: what may be offered, and which is the safest."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from pathway.advice import Advised, Urgency, Value, Values
from pathway.draft_changes import edited
from pathway.draft_context import Draft, DraftContext
from pathway.drafts import DraftDrug, DraftService
from pathway.evaluation import Chooser
from pathway.facts import DrugFact, Fact, Source, Substance
from pathway.guard_checks import Fired
from pathway.guard_registry import asked_of
from pathway.guard_rules import Create, Delete, Edit, Guard, Update
from pathway.numbers import Number
from pathway.picture import Picture
from pathway.rules import Coded, MedicationOrder, Proposal, Rule

# What a rule orders, so that a proposal can be judged like a draft before it is offered.
_INGREDIENTS = {
    "nsaid": ("nsaid", "naproxen"),
    "duloxetine": ("snri-duloxetine", "duloxetine"),
    "muscle-relaxant": ("muscle-relaxant", "cyclobenzaprine"),
    "naloxone": ("naloxone", "naloxone"),
}
# Safeguards that fit whatever else is the matter.
_ALWAYS_OFFERED = frozenset({"naloxone", "anticoagulation-plan"})


class Action(Fact, frozen=True, kw_only=True):
    """One suggestion of a guard card; its words are templates for `values`."""

    kind: str  # "delete", "update", "create"
    label: str
    description: str
    values: Values
    edit: Edit | None = None  # update: which element changes
    value: Value | None = None  # … and to what
    code: Coded | None = None
    rule: str | None = None  # create: whose order
    proposal: str | None = None
    recommended: bool = False


class Offers:
    """Finds the suggestions that fit one call; what a rule may order is judged once."""

    def __init__(self, picture: Picture, drafts: tuple[Draft, ...]) -> None:
        self.picture = picture
        self.drafts = drafts
        self.chooser = Chooser(picture)
        self._orders: dict[tuple[str, tuple[str, ...]], list[tuple[Proposal, Values]]] = {}

    def of(self, guard: Guard, fired: Fired, index: int, values: Values) -> Iterable[Action]:
        """The suggestions of a guard that fired; the first that may is marked as the safest."""
        marked = False
        for suggestion in guard.suggestions:
            fits = not suggestion.levels or fired.level in suggestion.levels
            if not fits or not all(map(self.picture.holds, suggestion.when)):
                continue
            for action in self._offered(suggestion, index, values):
                if action.recommended and marked:
                    yield msgspec.structs.replace(action, recommended=False)
                else:
                    yield action
                    marked = marked or action.recommended

    def _offered(self, suggestion: Delete | Update | Create, index: int, values: Values) -> Iterable[Action]:
        match suggestion:
            case Delete() if self.drafts[index].editable:
                yield Action(
                    kind="delete",
                    label=suggestion.label,
                    description=suggestion.description,
                    values=values,
                    recommended=suggestion.recommendable,
                )
            case Update() if self.drafts[index].editable:
                yield from self._update(suggestion, index, values)
            case Create():
                yield from self._creates(suggestion, values)
            case _:
                return

    def _update(self, suggestion: Update, index: int, values: Values) -> Iterable[Action]:
        """A change; not offered when its value is unknown or it would raise another warning."""
        value: Value | None = suggestion.value
        if suggestion.edit in (Edit.OCCURRENCE, Edit.DOSE, Edit.FREQUENCY):
            value = values.get(suggestion.value or "")
            if value is None:
                return
        if suggestion.edit is Edit.SUPPLY:
            value = str(self.picture.numbers.whole(Number(suggestion.value or "")))
        changed = edited(self.drafts[index], suggestion.edit, value, suggestion.code)
        is_clean = self._raises_nothing_new(index, changed)
        if not is_clean and suggestion.edit is not Edit.OCCURRENCE:
            return  # a date is offered all the same (R42), but never as the safest
        yield Action(
            kind="update",
            label=suggestion.label,
            description=suggestion.description,
            values=values,
            edit=suggestion.edit,
            value=value,
            code=suggestion.code,
            recommended=suggestion.recommendable and is_clean,
        )

    def _raises_nothing_new(self, index: int, changed: Draft) -> bool:
        others = (*self.drafts[:index], *self.drafts[index + 1 :])
        before = self._serious(DraftContext(self.picture, self.drafts[index], others))
        return self._serious(DraftContext(self.picture, changed, others)) <= before

    def _serious(self, context: DraftContext) -> frozenset[str]:
        """The guards that warn of a draft, information aside."""
        asked = asked_of(context.draft, self.picture.knowledge)
        found = ((a.guard, a.check.trigger(context)) for a in asked)
        return frozenset(
            guard.id
            for guard, fired in found
            if fired is not None and guard.levels[fired.level].urgency is not Urgency.ROUTINE
        )

    def _creates(self, suggestion: Create, values: Values) -> Iterable[Action]:
        rule = self.picture.knowledge.rules[suggestion.rule]
        key = (rule.id, suggestion.proposals)
        if key not in self._orders:
            self._orders[key] = list(self._orderable(rule, suggestion.proposals))
        for proposal, own_values in self._orders[key]:
            yield Action(
                kind="create",
                label=proposal.label,
                description=proposal.description,
                values={**values, **own_values},
                rule=rule.id,
                proposal=proposal.id,
                recommended=suggestion.recommendable,
            )

    def _orderable(self, rule: Rule, named: tuple[str, ...]) -> Iterable[tuple[Proposal, Values]]:
        """Orders of a recommendation that nothing speaks against, each judged like a draft."""
        if rule.id not in _ALWAYS_OFFERED and self._pathway_is_interrupted():
            return
        advised = self.chooser.offered(rule)
        if not isinstance(advised, Advised) or self._is_drafted(rule):
            return
        wanted = named or advised.proposals
        for proposal in rule.proposals:
            if proposal.id in wanted and all(map(self.picture.holds, proposal.when)):
                context = DraftContext(self.picture, self._as_draft(rule.id, proposal), self.drafts)
                if not self._serious(context):
                    yield proposal, advised.values

    def _pathway_is_interrupted(self) -> bool:
        """A red flag or a recent operation: no routine treatment is offered instead (c, column CI)."""
        return bool(self.picture.red_flags.flags) or self.picture.surgery is not None

    def _is_drafted(self, rule: Rule) -> bool:
        """Whether such an order is among the drafts already."""
        drug_class, _ = _INGREDIENTS.get(rule.id, ("", ""))
        concepts = frozenset({rule.id, *rule.open_orders})
        return any(
            any(s.drug_class == drug_class for s in draft.drug.substances)
            if isinstance(draft, DraftDrug)
            else not concepts.isdisjoint(draft.concepts)
            for draft in self.drafts
        )

    def _as_draft(self, rule_id: str, proposal: Proposal) -> Draft:
        day = self.picture.as_of
        order = proposal.order
        if not isinstance(order, MedicationOrder):
            return DraftService(ref=None, order_day=day, concepts=(rule_id,))
        drug_class, ingredient = _INGREDIENTS.get(rule_id, (rule_id, rule_id))
        supply = None if order.supply_days is None else Decimal(order.supply_days)
        drug = DrugFact(
            substances=(Substance(drug_class=drug_class, ingredient=ingredient),),
            status="draft",
            start=day,
            supply_days=supply,
            source=Source(resource_type="MedicationRequest", text=order.text),
        )
        return DraftDrug(ref=None, order_day=day, drug=drug)
