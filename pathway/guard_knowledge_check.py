"""Cross-checks of the guards: every guard of section (d) is there, fires at known levels, and fills."""

from collections.abc import Iterator

from pathway.advice import Urgency
from pathway.guard_checks import GuardCheck
from pathway.guard_registry import GUARD_CHECKS, KINDS
from pathway.guard_rules import Create, Edit, Guard, Update
from pathway.knowledge_base import KnowledgeBase
from pathway.knowledge_check import SUMMARY_LIMIT, Inspector, filled, known, placeholders, staying, unequal
from pathway.numbers import Number
from pathway.values import COMMON

ALWAYS = frozenset({*COMMON, "order_day", "drug"})


def guard_problems(knowledge: KnowledgeBase, inspector: Inspector) -> Iterator[str]:
    """Everything that is wrong with the guards, one sentence each."""
    yield from unequal("guards", "guard", knowledge.guards, list(GUARD_CHECKS))
    places = [guard.place for guard in knowledge.guards.values()]
    yield from (f"guards: place {p} stands twice" for p in sorted({p for p in places if places.count(p) > 1}))
    for guard in knowledge.guards.values():
        check = GUARD_CHECKS.get(guard.id)
        if check is not None:
            yield from _guard(guard, check, knowledge, inspector)


def _guard(guard: Guard, check: GuardCheck, knowledge: KnowledgeBase, inspector: Inspector) -> Iterator[str]:
    place = f"guards/{guard.id}.yaml"
    yield from known(f"{place}: applies_to", guard.applies_to, KINDS)
    yield from unequal(place, "level", guard.levels, check.levels)
    yield from inspector.evidence(place, (guard.primary_source,))
    yield from _evidence(place, guard, inspector)
    for number in guard.thresholds:
        yield from known(f"{place}: thresholds", number, knowledge.thresholds)
    is_urgent = Urgency.URGENT in [level.urgency for level in guard.levels.values()]
    yield from staying(place, is_urgent, guard.must_stay)
    for code in guard.override_reasons:
        yield from inspector.override(place, code)
    yield from _words(place, guard, check)
    for suggestion in guard.suggestions:
        for reference in suggestion.when:
            yield from inspector.reference(place, reference)
        for level in suggestion.levels:
            yield from known(f"{place}: suggestion", level, guard.levels)
        if isinstance(suggestion, Create):
            yield from _create(place, suggestion, knowledge)
        if isinstance(suggestion, Update):
            yield from _update(place, suggestion, check)


def _evidence(place: str, guard: Guard, inspector: Inspector) -> Iterator[str]:
    lines = (*guard.evidence.supports, *guard.evidence.against)
    yield from inspector.evidence(f"{place}: evidence", [line.source for line in lines])
    references = [guard.evidence.against_first_when, *(line.first_when for line in lines)]
    for reference in references:
        if reference is not None:
            yield from inspector.reference(f"{place}: evidence", reference)


def _words(place: str, guard: Guard, check: GuardCheck) -> Iterator[str]:
    allowed = ALWAYS | set(check.values)
    templates = [*guard.says]
    for level in guard.levels.values():
        templates += (level.summary, level.message)
        longest = len(filled(level.summary))
        if longest > SUMMARY_LIMIT:
            yield f"{place}: summary may reach {longest} characters; allowed: {SUMMARY_LIMIT}"
    for suggestion in guard.suggestions:
        if not isinstance(suggestion, Create):
            templates += (suggestion.label, suggestion.description)
    for template in templates:
        for name in sorted(placeholders(template) - allowed):
            yield f"{place}: no such value {{{name}}}; known: {', '.join(sorted(allowed))}"


def _create(place: str, suggestion: Create, knowledge: KnowledgeBase) -> Iterator[str]:
    rule = knowledge.rules.get(suggestion.rule)
    if rule is None:
        yield from known(f"{place}: create", suggestion.rule, knowledge.rules)
        return
    for proposal in suggestion.proposals:
        yield from known(f"{place}: create {rule.id}", proposal, [p.id for p in rule.proposals])


def _update(place: str, suggestion: Update, check: GuardCheck) -> Iterator[str]:
    match suggestion.edit:
        case Edit.OCCURRENCE | Edit.DOSE | Edit.FREQUENCY:
            yield from known(f"{place}: update", suggestion.value or "", check.values)
        case Edit.CODE if suggestion.code is None:
            yield f"{place}: an update of the code needs a code"
        case Edit.SUPPLY:
            yield from known(f"{place}: update of the supply", suggestion.value or "", list(Number))
        case Edit.NOTE if suggestion.value is None:
            yield f"{place}: an added note needs its text"
        case _:
            return
