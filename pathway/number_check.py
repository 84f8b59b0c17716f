"""Cross-checks of the numbers that a site may change, and of the texts that name numbers."""

from collections.abc import Iterator, Mapping

from pathway.knowledge_base import KnowledgeBase
from pathway.number_words import figure, named_in, unknown_in
from pathway.rules import Mark, Threshold


def number_problems(knowledge: KnowledgeBase) -> Iterator[str]:
    """Everything that is wrong, one sentence each."""
    for name, threshold in knowledge.thresholds.items():
        yield from _threshold(f"thresholds.yaml: {name}", threshold, knowledge)
    yield from (f"thresholds.yaml: {problem}" for problem in exceeding(knowledge.thresholds))
    for place, part in _parts(knowledge):
        yield from (f"{place}: {problem}" for problem in unknown_in(part))
    for place, part in _quotations(knowledge.written or knowledge):
        for name in sorted(named_in(part)):
            yield f"{place}: {{{name}}}: what is quoted keeps its number, whatever a site sets"


def exceeding(thresholds: Mapping[str, Threshold]) -> Iterator[str]:
    """A sentence for each number above one that it never exceeds, on any day on which either changes."""
    for name, threshold in thresholds.items():
        for other in threshold.at_most:
            limits = thresholds.get(other)
            days = sorted({*threshold.values, *limits.values}) if limits else ()
            for day in days:
                value, limit = threshold.on(day), thresholds[other].on(day)
                if value > limit:
                    yield f"{name}, {figure(value)}, must not exceed {other}, {figure(limit)}"
                    break


def _threshold(place: str, threshold: Threshold, knowledge: KnowledgeBase) -> Iterator[str]:
    if (threshold.minimum is None) != (threshold.maximum is None):
        yield f"{place}: a number has both bounds, minimum and maximum, or none"
    if knowledge.packaged is None and any(v.mark is Mark.LOCAL for v in threshold.values.values()):
        yield f"{place}: the mark {Mark.LOCAL.value!r} is kept for what a site sets"
    for other in threshold.at_most:
        if other not in knowledge.thresholds:
            known = ", ".join(sorted(knowledge.thresholds))
            yield f"{place}: at_most: no such number {other!r}; known: {known}"


def _parts(knowledge: KnowledgeBase) -> Iterator[tuple[str, object]]:
    """What has texts, with its place."""
    yield from ((f"rules/{rule.id}.yaml", rule) for rule in knowledge.rules.values())
    yield from ((f"guards/{guard.id}.yaml", guard) for guard in knowledge.guards.values())
    yield from ((f"states.yaml: {name}", state) for name, state in knowledge.states.items())
    yield from ((f"thresholds.yaml: {name}", number) for name, number in knowledge.thresholds.items())
    yield "texts.yaml", knowledge.texts


def _quotations(written: KnowledgeBase) -> Iterator[tuple[str, object]]:
    """What sources, the seed text and the project itself say."""
    yield from ((f"rules/{rule.id}.yaml: evidence", rule.evidence) for rule in written.rules.values())
    yield from ((f"guards/{guard.id}.yaml: evidence", guard.evidence) for guard in written.guards.values())
    yield "evidence.yaml", written.evidence
    yield "seed.yaml", written.seed
