"""The parts of docs/overrides.md that are made from the knowledge: what a site may change, and what not."""

from collections.abc import Iterator

from docs.markdown import table, with_part
from pathway.knowledge_base import KnowledgeBase
from pathway.local_lines import numbers_used
from pathway.number_words import figure


def overrides_page(page: str, knowledge: KnowledgeBase) -> str:
    """The page with its tables written again."""
    numbers = table(("number", "what", "packaged", "a site may set", "unit", "used by"), _numbers(knowledge))
    staying = table(("id", "why it stays"), _staying(knowledge))
    page = with_part(page, "numbers", "\n".join(numbers))
    return with_part(page, "staying", "\n".join(staying))


def _numbers(knowledge: KnowledgeBase) -> Iterator[tuple[str, ...]]:
    for name, threshold in knowledge.thresholds.items():
        if threshold.minimum is None or threshold.maximum is None:
            continue
        limits = "".join(f", never more than `{other}`" for other in threshold.at_most)
        yield (
            f"`{name}`",
            threshold.title,
            ", ".join(figure(value.value) for value in threshold.values.values()),
            f"{figure(threshold.minimum)} to {figure(threshold.maximum)}{limits}",
            f"`{threshold.unit}`",
            ", ".join(_users(name, knowledge)),
        )


def _users(number: str, knowledge: KnowledgeBase) -> Iterator[str]:
    for page, ids in (("pathway.md", knowledge.rules), ("guards.md", knowledge.guards)):
        yield from (f"[{name}]({page}#{name})" for name in ids if number in numbers_used(knowledge, name))


def _staying(knowledge: KnowledgeBase) -> Iterator[tuple[str, str]]:
    for page, items in (("pathway.md", knowledge.rules), ("guards.md", knowledge.guards)):
        for name, item in items.items():
            if item.must_stay is not None:
                yield f"[{name}]({page}#{name})", item.must_stay
