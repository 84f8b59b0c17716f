"""What a site has changed: recommendations and guards off, numbers within their bounds, local sentences.

`overridden` gives the knowledge with all changes of a site made and checked like the packaged one;
who decides by it need not know. What may be changed is said in the knowledge: `minimum`, `maximum`
and `at_most` of a number, `must_stay` of a recommendation or guard.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from hashlib import sha256

import msgspec

from pathway.codelists import CodeRow
from pathway.errors import KnowledgeError
from pathway.guard_knowledge_check import guard_problems
from pathway.guard_rules import Guard
from pathway.knowledge_base import KnowledgeBase
from pathway.knowledge_check import Inspector, problems_of
from pathway.number_check import exceeding
from pathway.number_words import WHOLE_UNITS, figure, settled, with_unit
from pathway.rules import Mark, Rule, Threshold, ThresholdValue

LONGEST_TEXT = 200  # characters of a local sentence
LONGEST_NAME = 80  # of who decided: it stands on cards
LONGEST_REASON = 500
_NEAR = 3  # known ids that are named when one is unknown
# What a client could read as markdown, HTML or a link: `<b>`, `*a*`, `[a](b)`, `a.com`, `x@y`, `tel:1`
_MARKUP = re.compile(
    r"[<>\[\]{}*_`|~\\@]|//|www\.|\w\.[^\W\d_]{2}|[^\W\d_]:\S|&#?\w+;|^(?:[#+=:-]|\d{1,9}[.)](?:\s|$))"
)


class Override(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One change of the knowledge by a site; exactly one of `off`, `threshold`, `text` is given."""

    by: str  # who decided it
    on: date  # when
    why: str
    off: str | None = None  # id of a recommendation or guard that is not to be shown
    threshold: str | None = None  # id of a number; with `value`
    value: Decimal | None = None  # in the number's unit
    text: str | None = None  # id of a recommendation or guard; with `says`
    says: str | None = None  # a sentence of the site's own, shown on the card

    @property
    def changes(self) -> tuple[str, str]:
        """What is changed: "off", "threshold" or "text", and the id."""
        found = [(kind, name) for kind in _KINDS if (name := getattr(self, kind)) is not None]
        return found[0] if found else ("", "")


_KINDS = ("off", "threshold", "text")


def overridden(
    knowledge: KnowledgeBase, overrides: Sequence[Override], rows: tuple[CodeRow, ...]
) -> KnowledgeBase:
    """The knowledge with a site's changes made; without changes the very same.

    Args:
        knowledge: The packaged knowledge.
        overrides: What the site has changed, in any order.
        rows: The terminology, for the checks that all knowledge passes.

    Raises:
        KnowledgeError: a change is not allowed, or its result is not sound; one line for each problem.
    """
    if not overrides:
        return knowledge
    tidied = tuple(map(_tidied, overrides))
    if problems := _problems(knowledge, tidied):
        raise KnowledgeError("\n".join(problems))
    changed = _changed(knowledge, tidied)
    problems = [f"overrides: {problem}; change both" for problem in exceeding(changed.thresholds)] or [
        *problems_of(changed, rows),
        *guard_problems(changed, Inspector(changed, rows)),
    ]
    if problems:
        raise KnowledgeError("\n".join(problems))
    return changed


def _tidied(override: Override) -> Override:
    """Without white space around words, and line breaks within."""
    words = {name: getattr(override, name) for name in ("by", "why", "says")}
    return msgspec.structs.replace(
        override, **{name: " ".join(text.split()) for name, text in words.items() if text is not None}
    )


def _changed(knowledge: KnowledgeBase, overrides: tuple[Override, ...]) -> KnowledgeBase:
    """The changes made; numbers are put into words anew."""
    written = knowledge.written or knowledge
    numbers = dict(written.thresholds)
    for override in overrides:
        if override.threshold is not None and override.value is not None:
            # In force on every day, so that words and decisions of any day agree.
            local = {override.on: ThresholdValue(value=override.value, mark=Mark.LOCAL)}
            numbers[override.threshold] = msgspec.structs.replace(numbers[override.threshold], values=local)
    return msgspec.structs.replace(
        settled(msgspec.structs.replace(written, thresholds=numbers)),
        version=f"{knowledge.version}.local-{_digest(overrides)}",
        overrides=overrides,
        switched_off=frozenset(override.off for override in overrides if override.off is not None),
        packaged=knowledge,
    )


def _digest(overrides: tuple[Override, ...]) -> str:
    """The same for the same changes, in whatever order and however a number is written."""
    lines = sorted(msgspec.json.encode(_canonical(override)) for override in overrides)
    return sha256(b"\n".join(lines)).hexdigest()[:8]


def _canonical(override: Override) -> tuple[object, ...]:
    value = None if override.value is None else figure(override.value)
    return (*override.changes, value, override.says, override.by, override.on, override.why)


def _problems(knowledge: KnowledgeBase, overrides: tuple[Override, ...]) -> list[str]:
    problems: list[str] = []
    seen: set[tuple[str, str]] = set()
    switched_off = {override.off for override in overrides}
    for number, override in enumerate(overrides, start=1):
        found = [*_shape(override), *_words(override)] or [*_subject(override, knowledge)]
        if override.changes in seen and override.changes[0]:
            found.append("this is changed twice; keep one")
        if override.text is not None and override.text in switched_off:
            found.append("a local text of what is switched off would never be shown; drop one of the two")
        seen.add(override.changes)
        kind, name = override.changes
        place = f"override {number} ({kind} {name})" if kind else f"override {number}"
        problems += (f"{place}: {problem}" for problem in found)
    return problems


def _shape(override: Override) -> Iterator[str]:
    given = [kind for kind in _KINDS if getattr(override, kind) is not None]
    if len(given) != 1:
        yield f"give exactly one of off, threshold, text; found: {', '.join(given) or 'none'}"
    if (override.threshold is None) != (override.value is None):
        yield "threshold and value belong together"
    if (override.text is None) != (override.says is None):
        yield "text and says belong together"


def _words(override: Override) -> Iterator[str]:
    for name, longest in (("by", LONGEST_NAME), ("why", LONGEST_REASON), ("says", LONGEST_TEXT)):
        text = getattr(override, name)
        if text is None:
            continue
        if not text:
            yield f"{name} is blank"
        if len(text) > longest:
            yield f"{name} has {len(text)} characters; allowed: {longest}"
        if not text.isprintable():
            yield f"{name} holds a control or invisible character"
        elif name != "why" and (found := _MARKUP.search(text)):
            yield f"{name} is plain text, without markdown, HTML and links; found: {found[0].strip()!r}"


def _subject(override: Override, knowledge: KnowledgeBase) -> Iterator[str]:
    kind, name = override.changes
    if kind == "threshold":
        yield from _threshold(name, override.value, knowledge)
        return
    known: dict[str, Rule | Guard] = {**knowledge.rules, **knowledge.guards}
    if name not in known:
        yield from _unknown("recommendation or guard", name, known)
    elif kind == "off" and (reason := known[name].must_stay) is not None:
        yield f"may not be switched off: {reason}"


def _threshold(name: str, value: Decimal | None, knowledge: KnowledgeBase) -> Iterator[str]:
    threshold = knowledge.thresholds.get(name)
    changeable = [n for n, t in knowledge.thresholds.items() if _bounds(t) is not None]
    if threshold is None:
        yield from _unknown("number", name, changeable)
        return
    bounds = _bounds(threshold)
    if bounds is None:
        yield f"this number may not be changed; those that may: {', '.join(sorted(changeable))}"
    elif value is None or not value.is_finite():
        yield "value is no number"
    elif not bounds[0] <= value <= bounds[1]:
        low, high = figure(bounds[0]), with_unit(bounds[1], threshold.unit)
        yield f"{value} lies outside the bounds {low} to {high}"
    elif threshold.unit in WHOLE_UNITS and value != value.to_integral_value():
        yield f"{figure(value)} is no whole number; the unit is {threshold.unit}"
    elif value.normalize() != round(value, 1):
        yield f"{figure(value)} has more than one decimal place"
    elif {v.value for v in threshold.values.values()} == {value}:
        yield f"changes nothing: the packaged value is {with_unit(value, threshold.unit)} already; drop it"


def _bounds(threshold: Threshold) -> tuple[Decimal, Decimal] | None:
    if threshold.minimum is None or threshold.maximum is None:
        return None
    return threshold.minimum, threshold.maximum


def _unknown(what: str, name: str, known: Collection[str]) -> Iterator[str]:
    near = get_close_matches(name, known, n=_NEAR, cutoff=0.0)
    yield f"there is no such {what}; the nearest: {', '.join(near)}"
