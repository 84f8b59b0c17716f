"""From facts to advice: the state's candidates through the filters of b.2, on the cards of b.3."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import TypeAlias

import msgspec

from pathway.advice import (
    Advice,
    Advised,
    CardKind,
    CardPlan,
    ChartText,
    Filter,
    Line,
    Values,
    Withheld,
)
from pathway.checks import Check, Finding
from pathway.factor_checks import FACTOR_CHECKS
from pathway.facts import Facts, OpenOrderFact
from pathway.knowledge_base import KnowledgeBase
from pathway.numbers import Number
from pathway.pathway_checks import PATHWAY_CHECKS
from pathway.picture import Picture
from pathway.rules import Candidate, CheckUse, MedicationOrder, Proposal, Rule, RuleEvidence
from pathway.situation import situation_of
from pathway.state import Criterion, Situation, StateId, TrialOutcome
from pathway.values import common_values
from pathway.verdict import Verdict

CHECKS: Mapping[str, Check] = MappingProxyType({c.name: c for c in (*FACTOR_CHECKS, *PATHWAY_CHECKS)})
# Shown in any of the states 7 to 18 when its own criteria hold (b, below the candidate table).
EXTRA = "gabapentinoid-not-supported"
# History and examination again: the card that an undated bladder or bowel symptom gets alone.
REVIEW = "re-evaluate-diagnosis"
_WITHOUT_EXTRA = frozenset(list(StateId)[:6])
# A drug is never marked as the best next step by a service that did not see these (contract, HTTP).
_NEEDED_FOR_DRUGS = frozenset({"MedicationRequest", "Condition", "AllergyIntolerance"})


_Answer: TypeAlias = tuple[CheckUse, Finding]
# By name: to ask an enum for a member takes Python 3.11 as long as to call a function.
_MET, _NOT_MET, _UNKNOWN = Verdict.MET, Verdict.NOT_MET, Verdict.UNKNOWN
_DURATION, _CRITERION = Filter.DURATION, Filter.CRITERION
_KINDS = tuple(CardKind)


def advise(facts: Facts, knowledge: KnowledgeBase) -> Advice:
    """The pathway state and what to propose, for one patient at chart open."""
    picture = Picture(facts, knowledge, CHECKS)
    situation = situation_of(picture)
    chooser = Chooser(picture)
    shown: list[Advised] = []
    withheld: list[Withheld] = []
    for result in chooser.candidates(_candidates(situation.state, knowledge)):
        if isinstance(result, Advised):
            shown.append(result)
        else:
            withheld.append(result)
    if not shown and situation.undated_symptoms and situation.state is not StateId.NOT_APPLICABLE:
        # No candidate is left, but an undated red flag must still be said (a.4: on every card).
        shown = chooser.review()
    cards = planned(situation.state, shown, knowledge)
    return Advice(
        situation=situation,
        cards=with_best_step(cards, situation, knowledge),
        withheld=tuple(withheld),
        notes=_notes(picture, situation) if cards else (),
        gaps=situation.gaps,
    )


def _candidates(state: StateId, knowledge: KnowledgeBase) -> list[Candidate]:
    listed = list(knowledge.states[state].candidates)
    if state not in _WITHOUT_EXTRA and EXTRA not in {c.id for c in listed}:
        listed.append(Candidate(id=EXTRA))
    return listed


class Chooser:
    """Takes candidates through the filters."""

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.common = common_values(picture)
        self.evidence_checks = evidence_checks(picture.knowledge)

    def candidates(self, candidates: Iterable[Candidate]) -> Iterable[Advised | Withheld]:
        """Each recommendation once: its first candidate line whose conditions hold."""
        done: set[str] = set()
        unmet: dict[str, Withheld] = {}
        for candidate in candidates:
            if candidate.id in done:
                continue
            if not candidate.when or all(map(self.picture.holds, candidate.when)):
                done.add(candidate.id)
                yield self.judged(self.picture.knowledge.rules[candidate.id], candidate.variant)
            else:
                unmet.setdefault(candidate.id, Withheld(id=candidate.id, by=self._unmet(candidate)))
        yield from (withheld for rule_id, withheld in unmet.items() if rule_id not in done)

    def offered(self, rule: Rule) -> Advised | Withheld:
        """A rule's order beside a guarded draft: the filters of b.2 without the rule's own criteria."""
        hidden = self._off(rule) or self._tried(rule) or self._ordered(rule)
        if hidden is not None:
            return hidden
        against, duration = self._asked(rule.contraindications), self._asked(rule.durations)
        if any(finding.verdict is Verdict.MET for _, finding in against):
            return self._withheld(rule, Filter.CONTRAINDICATED, against, Verdict.MET)
        short = self._short_of(rule, Filter.DURATION, duration)
        return short or self._advised(rule, None, (*duration, *against))

    def _unmet(self, candidate: Candidate) -> Filter:
        """Why a candidate line does not apply: a condition not met, or one nobody can decide."""
        verdicts = {self.picture.verdict_of(reference) for reference in candidate.when}
        return Filter.CRITERION if Verdict.NOT_MET in verdicts else Filter.UNKNOWN

    def judged(self, rule: Rule, variant: str | None) -> Advised | Withheld:
        """One candidate through tried, contraindicated, duration and criteria, in this order."""
        hidden = self._off(rule) or self._tried(rule) or self._ordered(rule)
        if hidden is not None:
            return hidden
        against = self._asked(rule.contraindications)
        if _MET in [finding.verdict for _, finding in against]:
            return self._withheld(rule, Filter.CONTRAINDICATED, against, _MET)
        duration, criteria = self._asked(rule.durations), self._asked(rule.show_if)
        return (
            self._short_of(rule, _DURATION, duration)
            or self._short_of(rule, _CRITERION, criteria)
            or self._advised(rule, variant, (*duration, *criteria, *against))
        )

    def review(self) -> list[Advised]:
        """The card that says an undated bladder or bowel symptom where nothing else would."""
        review = self.judged(self.picture.knowledge.rules[REVIEW], None)
        return [review] if isinstance(review, Advised) else []

    def _asked(self, uses: tuple[CheckUse, ...]) -> Sequence[_Answer]:
        if not uses:
            return ()
        ask = self.picture.ask
        return [(use, ask(use.check, use.of)) for use in uses]

    def _off(self, rule: Rule) -> Withheld | None:
        """Switched off by the site; the rule's facts still count, in conservative care for one."""
        if rule.id not in self.picture.knowledge.switched_off:
            return None
        return Withheld(id=rule.id, by=Filter.SWITCHED_OFF)

    def _tried(self, rule: Rule) -> Withheld | None:
        """Adequate, running or not tolerated within 365 days, whatever the outcome (R30)."""
        if not rule.tried_by or not self.picture.trials:
            return None
        trials = [
            t
            for t in self.picture.trials_by(rule.tried_by)
            if t.adequate or t.ongoing or t.outcome is TrialOutcome.NOT_TOLERATED
        ]
        if not trials:
            return None
        sources = tuple(s for t in trials for s in t.sources)
        criterion = Criterion(id="not-tried", verdict=Verdict.NOT_MET, sources=sources)
        return Withheld(id=rule.id, by=Filter.TRIED, trace=(criterion,))

    def _ordered(self, rule: Rule) -> Withheld | None:
        """An order of that kind is open: active and at most 90 days old (R56)."""
        if not rule.open_orders or not self.picture.facts.open_orders:
            return None
        concepts = frozenset(rule.open_orders)
        found = [o for o in self.picture.facts.open_orders if self._open(o, concepts)]
        if not found:
            return None
        sources = tuple(o.source for o in found)
        criterion = Criterion(id="no-open-order", verdict=Verdict.NOT_MET, sources=sources)
        return Withheld(id=rule.id, by=Filter.OPEN_ORDER, trace=(criterion,))

    def _open(self, order: OpenOrderFact, concepts: frozenset[str]) -> bool:
        recent = self.picture.within(order.authored, Number.REFERRAL_OPEN_DAYS)
        return recent and not concepts.isdisjoint(order.concepts)

    def _short_of(self, rule: Rule, by: Filter, found: Sequence[_Answer]) -> Withheld | None:
        """A criterion that is not met hides; one that cannot be decided hides and says so."""
        if not found:
            return None
        verdicts = [finding.verdict for _, finding in found]
        if _NOT_MET in verdicts:
            return self._withheld(rule, by, found, _NOT_MET)
        if _UNKNOWN in verdicts:
            return self._withheld(rule, Filter.UNKNOWN, found, _UNKNOWN)
        return None

    def _withheld(self, rule: Rule, by: Filter, found: Sequence[_Answer], decisive: Verdict) -> Withheld:
        lines = (self._line(*answer) for answer in found if answer[1].verdict is decisive)
        return Withheld(
            id=rule.id, by=by, lines=tuple(lines), trace=tuple(_criterion(*answer) for answer in found)
        )

    def _advised(self, rule: Rule, variant: str | None, found: tuple[_Answer, ...]) -> Advised:
        values: Values = self.common
        for _, finding in found:
            if finding.values:
                values = {**values, **finding.values}
        words = rule.variants.get(variant) if variant is not None else None
        return Advised(
            id=rule.id,
            urgency=(words.urgency if words else None) or rule.urgency,
            variant=variant,
            values=values,
            proposals=self._proposals(rule, words.proposals if words else None),
            cautions=self._lines(rule.cautions) if rule.cautions else (),
            blockers=self._lines(rule.blockers) if rule.blockers else (),
            checks=self._evidence_checks(rule),
            trace=tuple([_criterion(use, finding) for use, finding in found]),
        )

    def _proposals(self, rule: Rule, only: tuple[str, ...] | None) -> tuple[str, ...]:
        """Of each slot the first proposal that fits this patient."""
        chosen: dict[str, Proposal] = {}
        for proposal in rule.proposals:
            if proposal.beside_guards_only or (only is not None and proposal.id not in only):
                continue
            if proposal.slot not in chosen and (
                not proposal.when or all(map(self.picture.holds, proposal.when))
            ):
                chosen[proposal.slot] = proposal
        return tuple([proposal.id for proposal in chosen.values()])

    def _evidence_checks(self, rule: Rule) -> frozenset[str]:
        asked = self.evidence_checks[rule.id]
        return frozenset(filter(self.picture.holds, asked)) if asked else frozenset()

    def _lines(self, uses: tuple[CheckUse, ...]) -> tuple[Line, ...]:
        found = [(use, self.picture.ask(use.check, use.of)) for use in uses]
        return tuple([self._line(use, finding) for use, finding in found if finding.verdict is _MET])

    def _line(self, use: CheckUse, finding: Finding) -> Line:
        values: Values = {**self.common, **finding.values} if finding.values else self.common
        return Line(text=use.text, values=values, sources=finding.sources)


@lru_cache(maxsize=64)
def evidence_checks(knowledge: KnowledgeBase) -> Mapping[str, Sequence[str]]:
    """The checks that order the evidence on the card of each recommendation."""
    return {rule.id: _evidence_references(rule.evidence) for rule in knowledge.rules.values()}


def _evidence_references(evidence: RuleEvidence) -> list[str]:
    lines = [*evidence.supports, *evidence.against]
    found = [line.first_when for line in lines if line.first_when is not None]
    return found if evidence.against_first_when is None else [*found, evidence.against_first_when]


def _criterion(use: CheckUse, finding: Finding) -> Criterion:
    name = ":".join((use.check, *use.of)) if use.of else use.check
    return Criterion(id=name, verdict=finding.verdict, sources=finding.sources)


def planned(state: StateId, shown: Sequence[Advised], knowledge: KnowledgeBase) -> list[CardPlan]:
    """The cards of b.3: the state card leads with the best next step, then one card a group."""
    if not shown:
        return []
    if state is StateId.RED_FLAG_EMERGENCY:
        return [CardPlan(kind=CardKind.STATE, items=(shown[0],))]
    head, *others = shown
    groups: dict[CardKind, list[Advised]] = {kind: [] for kind in _KINDS}
    groups[CardKind.STATE].append(head)
    for advised in others:
        groups[knowledge.rules[advised.id].card].append(advised)
    return [CardPlan(kind=kind, items=tuple(items)) for kind, items in groups.items() if items]


def with_best_step(
    cards: list[CardPlan], situation: Situation, knowledge: KnowledgeBase
) -> tuple[CardPlan, ...]:
    """Mark the one best next step: the state card's first item with an order that may be so marked."""
    if not cards:
        return ()
    # a page that did not come may hold the very allergy: as little is known as when none came
    seen_poorly = situation.facts.not_provided | situation.facts.partly_seen
    unseen = not _NEEDED_FOR_DRUGS.isdisjoint(seen_poorly)
    state_card = cards[0]
    for index, item in enumerate(state_card.items):
        if _recommendable(item, knowledge, unseen=unseen):
            marked = msgspec.structs.replace(item, recommended=True)
            items = (*state_card.items[:index], marked, *state_card.items[index + 1 :])
            return (CardPlan(kind=state_card.kind, items=items), *cards[1:])
    return tuple(cards)


def _recommendable(item: Advised, knowledge: KnowledgeBase, *, unseen: bool) -> bool:
    if not item.proposals:
        return False
    rule = knowledge.rules[item.id]
    first = next(p for p in rule.proposals if p.id == item.proposals[0])
    is_drug = isinstance(first.order, MedicationOrder)
    return first.recommendable and not (is_drug and unseen)


def _notes(picture: Picture, situation: Situation) -> tuple[Line, ...]:
    """The lines that stand on every card (a.4)."""
    texts = picture.knowledge.texts
    notes = [Line(text=texts["check-red-flags"], values={})]
    for symptom in situation.undated_symptoms:
        name = ChartText(text=symptom.source.text or symptom.code)
        notes.append(Line(text=texts["undated-symptom"], values={"symptom": name}, sources=(symptom.source,)))
    risks = picture.ask("risk-marker")
    if risks.verdict is Verdict.MET:
        notes.append(Line(text=texts["risk-marker"], values=risks.values, sources=risks.sources))
    return tuple(notes)
