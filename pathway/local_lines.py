"""What a card, or a page, must say of a site's own settings: local sentences and changed numbers."""

from datetime import date

from pathway.facts import Fact
from pathway.guard_rules import Guard
from pathway.knowledge_base import KnowledgeBase
from pathway.number_words import figure, named_in, with_unit
from pathway.rules import Rule


class LocalLine(Fact, frozen=True, kw_only=True):
    """One thing that a site has added to, or changed of, a recommendation or guard."""

    by: str  # who decided it
    on: date
    text: str  # plain text: the site's own sentence, or which number is what instead of what
    is_setting: bool  # a changed number; no local sentence


def local_lines(knowledge: KnowledgeBase, name: str) -> tuple[LocalLine, ...]:
    """What to say with a recommendation or guard; nothing with the packaged knowledge.

    A number is named wherever it is used, so that no card lends a site's number the authority of the
    guideline that is cited for the packaged one.
    """
    if knowledge.packaged is None:
        return ()
    used = numbers_used(knowledge, name)
    lines: list[LocalLine] = []
    for override in sorted(knowledge.overrides, key=lambda o: (o.threshold or "", o.text or "")):
        if override.text == name and override.says is not None:
            lines.append(LocalLine(by=override.by, on=override.on, text=override.says, is_setting=False))
        if override.threshold in used:
            text = _setting(knowledge, override.threshold or "")
            lines.append(LocalLine(by=override.by, on=override.on, text=text, is_setting=True))
    return tuple(lines)


def numbers_used(knowledge: KnowledgeBase, name: str) -> tuple[str, ...]:
    """The numbers that a recommendation or guard uses: those it lists, and those its texts name."""
    written = knowledge.written or knowledge
    found: Rule | Guard | None = written.rules.get(name) or written.guards.get(name)
    if found is None:
        return ()
    return tuple(dict.fromkeys((*found.thresholds, *sorted(named_in(found)))))


def packaged_value(knowledge: KnowledgeBase, number: str) -> str:
    """The value before the site's change, as it is written."""
    before = (knowledge.packaged or knowledge).thresholds[number]
    return " or ".join(dict.fromkeys(figure(value.value) for value in before.values.values()))


def _setting(knowledge: KnowledgeBase, number: str) -> str:
    threshold = knowledge.thresholds[number]
    value = next(iter(threshold.values.values())).value
    before = packaged_value(knowledge, number)
    return f"{threshold.title}: {with_unit(value, threshold.unit)} instead of {before}"
