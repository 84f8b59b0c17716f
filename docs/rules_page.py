"""The part of docs/rules.md that is made from the checks."""

from collections.abc import Iterable, Iterator

from docs.markdown import table, with_part
from pathway.checks import Check
from pathway.guard_rules import Guard
from pathway.knowledge_base import KnowledgeBase
from pathway.rules import Rule, StateEntry


def rules_page(page: str, checks: Iterable[Check], knowledge: KnowledgeBase) -> str:
    """The page with the table of checks written again."""
    rows = [_row(check, knowledge) for check in sorted(checks, key=lambda check: check.name)]
    lines = table(("check", "`of`", "words may use", "asked by"), rows)
    return with_part(page, "checks", "\n".join(lines))


def _row(check: Check, knowledge: KnowledgeBase) -> tuple[str, ...]:
    rules = [rule.id for rule in knowledge.rules.values() if check.name in set(_asked_by_rule(rule))]
    states = [name for name, state in knowledge.states.items() if check.name in set(_asked_by_state(state))]
    guards = [guard.id for guard in knowledge.guards.values() if check.name in set(_asked_by_guard(guard))]
    asking = [
        *(f"[{name}](pathway.md#{name})" for name in rules),
        *(f"[{name}](guards.md#{name})" for name in guards),
        *(f"state `{name}`" for name in states),
    ]
    return (
        f"`{check.name}`",
        check.takes or "",
        ", ".join(f"`{{{value}}}`" for value in check.values),
        ", ".join(asking),
    )


def _asked_by_state(state: StateEntry) -> Iterator[str]:
    for candidate in state.candidates:
        yield from map(_check_of, candidate.when)


def _asked_by_guard(guard: Guard) -> Iterator[str]:
    for suggestion in guard.suggestions:
        yield from map(_check_of, suggestion.when)


def _asked_by_rule(rule: Rule) -> Iterator[str]:
    for use in (*rule.show_if, *rule.durations, *rule.contraindications, *rule.cautions, *rule.blockers):
        yield use.check
    for proposal in rule.proposals:
        yield from map(_check_of, proposal.when)


def _check_of(reference: str) -> str:
    return reference.removeprefix("!").partition(":")[0]
