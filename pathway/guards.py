"""Judges orders while they are written: which guards fire, and the better order in one click (d)."""

from collections.abc import Iterable, Sequence

import msgspec

from pathway.advice import ChartText, Filter, Urgency, Value, Values, Withheld
from pathway.draft_context import Draft, DraftContext, ingredients
from pathway.drafts import DraftDrug, DraftService
from pathway.evaluation import CHECKS
from pathway.facts import DataGap, Fact, Facts, Source
from pathway.guard_actions import Action, Offers
from pathway.guard_checks import Fired
from pathway.guard_registry import asked_of
from pathway.knowledge_base import KnowledgeBase
from pathway.numbers import Number
from pathway.picture import Picture
from pathway.situation import situation_of
from pathway.state import Situation
from pathway.values import common_values

_RANK = {Urgency.URGENT: 0, Urgency.CAUTION: 1, Urgency.ROUTINE: 2}


class Warned(Fact, frozen=True, kw_only=True):
    """One guard that fires on one draft."""

    id: str
    level: str
    urgency: Urgency  # as section (d) says; order-select shows urgent as caution (R40)
    draft: int  # its place among the drafts of the call
    ref: str | None  # the order by name
    values: Values
    actions: tuple[Action, ...] = ()
    sources: tuple[Source, ...] = ()


class GuardAdvice(Fact, frozen=True, kw_only=True):
    """What to say about the orders of one call."""

    situation: Situation
    warnings: tuple[Warned, ...] = ()
    withheld: tuple[Withheld, ...] = ()  # guards that fire but are switched off by the site
    gaps: tuple[DataGap, ...] = ()


def judge(facts: Facts, drafts: Sequence[Draft], knowledge: KnowledgeBase) -> GuardAdvice:
    """The guards of every selected draft, the others being background.

    Ordered by indicator, then by the guard's row in the table, then by draft (contract). Nothing is
    said for a child, a deceased person, or a Patient who is not the one in context (R37).
    """
    picture = Picture(facts, knowledge, CHECKS)
    situation = situation_of(picture)
    others = without_copies(facts, drafts)
    if others is not facts:
        picture = Picture(others, knowledge, CHECKS)
    if is_silent(picture):
        return GuardAdvice(situation=situation, gaps=situation.gaps)
    judge_ = _Judge(picture, tuple(drafts))
    found = [w for index, draft in enumerate(drafts) if draft.selected for w in judge_.warnings(index)]
    found.sort(key=lambda w: (_RANK[w.urgency], knowledge.guards[w.id].place, w.draft))
    if knowledge.switched_off:
        off = dict.fromkeys(w.id for w in found if w.id in knowledge.switched_off)
        found = [w for w in found if w.id not in off]
        withheld = tuple(Withheld(id=name, by=Filter.SWITCHED_OFF) for name in off)
        return GuardAdvice(situation=situation, warnings=tuple(found), withheld=withheld, gaps=situation.gaps)
    return GuardAdvice(situation=situation, warnings=tuple(found), gaps=situation.gaps)


def without_copies(facts: Facts, drafts: Sequence[Draft]) -> Facts:
    """The chart without the drafts themselves: an order that is signed again stands in both.

    The same id with another drug or another service is another order (published requests do that).
    """
    drugs = {(d.ref, ingredients(d.drug)) for d in drafts if isinstance(d, DraftDrug)}
    services = {(d.ref, frozenset(d.concepts)) for d in drafts if isinstance(d, DraftService)}
    kept_drugs = tuple(d for d in facts.drugs if (_ref(d.source), ingredients(d)) not in drugs)
    kept_orders = tuple(
        o for o in facts.open_orders if (_ref(o.source), frozenset(o.concepts)) not in services
    )
    if len(kept_drugs) == len(facts.drugs) and len(kept_orders) == len(facts.open_orders):
        return facts
    return msgspec.structs.replace(facts, drugs=kept_drugs, open_orders=kept_orders)


def _ref(source: Source) -> str:
    return f"{source.resource_type}/{source.resource_id}"


def is_silent(picture: Picture) -> bool:
    """Whether no guard runs: under 18, deceased, or the record is another patient's."""
    patient = picture.facts.patient
    is_child = picture.age is not None and picture.age < picture.numbers.whole(Number.ADULT_AGE)
    return is_child or patient.deceased or any(g.code == "patient-mismatch" for g in picture.facts.gaps)


class _Judge:
    """Asks every guard that concerns a draft."""

    def __init__(self, picture: Picture, drafts: tuple[Draft, ...]) -> None:
        self.picture = picture
        self.drafts = drafts
        self.common = common_values(picture)
        self.offers = Offers(picture, drafts)

    def warnings(self, index: int) -> Iterable[Warned]:
        draft = self.drafts[index]
        others = (*self.drafts[:index], *self.drafts[index + 1 :])
        context = DraftContext(self.picture, draft, others)
        for asked in asked_of(draft, self.picture.knowledge):
            fired = asked.check.trigger(context)
            if fired is not None:
                guard, values = asked.guard, self._values(draft, fired)
                yield Warned(
                    id=guard.id,
                    level=fired.level,
                    urgency=guard.levels[fired.level].urgency,
                    draft=index,
                    ref=draft.ref,
                    values=values,
                    actions=tuple(self.offers.of(guard, fired, index, values)),
                    sources=fired.sources,
                )

    def _values(self, draft: Draft, fired: Fired) -> dict[str, Value]:
        values: dict[str, Value] = {**self.common, **fired.values, "order_day": draft.order_day}
        if isinstance(draft, DraftDrug):
            values["drug"] = ChartText(text=draft.drug.source.text or "the drug")
        return values
