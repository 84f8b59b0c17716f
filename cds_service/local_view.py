"""What is in force at a site, and why, for a clinician's eyes: part of `backpath knowledge show`."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.markup import escape

from cds_service.knowledge_parts import print_list
from cds_service.reading import paper
from cds_service.tenants.model import OrderCode
from pathway.knowledge_base import KnowledgeBase
from pathway.local_lines import numbers_used
from pathway.number_words import figure
from pathway.overrides import Override
from pathway.rules import Threshold


def print_local(console: Console, name: str, must_stay: str | None, knowledge: KnowledgeBase) -> None:
    """Above a recommendation or guard: switched off, or not to be switched off; the local sentence."""
    for override in knowledge.overrides:
        if override.off == name:
            console.print(f"[bold]SWITCHED OFF AT THIS SITE[/] {escape(_decided(override))}\n")
        if override.text == name:
            console.print(
                f"[bold]Local note[/] {escape(_decided(override))}\n{escape(override.says or '')}\n"
            )
    if must_stay is not None and knowledge.packaged is not None:
        console.print(f"May not be switched off by a site: {escape(must_stay)}\n")


def print_number(name: str, knowledge: KnowledgeBase) -> None:
    """One number whole: what is in force, what was packaged, what a site may set, what uses it."""
    console, threshold = paper(), knowledge.thresholds[name]
    console.print(f"[bold]{escape(threshold.title)}[/]  ({name})")
    print_list(console, "In force", _values(name, knowledge))
    print_list(console, "A site may set", [_bounds(threshold)])
    users = [item for item in (*knowledge.rules, *knowledge.guards) if name in numbers_used(knowledge, item)]
    print_list(console, "Used by", users)


def number_lines(name: str, knowledge: KnowledgeBase) -> Iterator[str]:
    """The numbers that a recommendation or guard uses, each with its value in force."""
    for number in numbers_used(knowledge, name):
        title = knowledge.thresholds[number].title
        yield from (f"{title}: {value}" for value in _values(number, knowledge))


def site_codes(rule: str, codes: Iterable[OrderCode]) -> Iterator[str]:
    """What a site calls the proposed orders of a recommendation, a line for each."""
    for code in codes:
        if code.proposal.startswith(f"{rule}/"):
            display = f" ({code.display})" if code.display else ""
            yield f"{code.proposal}: {code.code} of {code.system}{display}"


def _values(name: str, knowledge: KnowledgeBase) -> Iterator[str]:
    """A line for each value; one that a site has set with the packaged one, and who set it."""
    override = next((o for o in knowledge.overrides if o.threshold == name), None)
    if override is None or knowledge.packaged is None:
        yield from _packaged(knowledge.thresholds[name])
        return
    threshold = knowledge.thresholds[name]
    before = "; ".join(_packaged(knowledge.packaged.thresholds[name]))
    value = figure(threshold.on(override.on))
    yield f"{value} {threshold.unit}, local setting {_decided(override)} Packaged: {before}"


def _packaged(threshold: Threshold) -> Iterator[str]:
    for begins, value in sorted(threshold.values.items()):
        cited = f" [{', '.join(value.evidence)}]" if value.evidence else ""
        note = f" Note: {threshold.note}" if threshold.note else ""
        yield f"{value.value} {threshold.unit} from {begins.isoformat()} ({value.mark.value}){cited}{note}"


def _bounds(threshold: Threshold) -> str:
    if threshold.minimum is None or threshold.maximum is None:
        return "nothing: the number is the same everywhere"
    limits = f", and never more than {' and '.join(threshold.at_most)}" if threshold.at_most else ""
    return f"{figure(threshold.minimum)} to {figure(threshold.maximum)} {threshold.unit}{limits}"


def _decided(override: Override) -> str:
    """Who, when and why: "by Spine board on 2026-10-01. Why: local policy."."""
    return f"by {override.by} on {override.on.isoformat()}. Why: {override.why.rstrip('.')}."
