"""Numbers of thresholds.yaml within the words of the knowledge, so that a text follows its number.

A text names a number in braces, and `with_numbers` puts it in once, when the knowledge is read or a
site has changed a number (`pathway.overrides`); what no patient changes costs a call nothing.

    {esi-series-size}                           3
    {esi-series-size:word}, {…:Word}            three, Three
    {esi-series-size:ordinal}                   third
    {esi-min-gap-days to esi-usual-gap-days}    2 to 4 weeks; 20 to 28 days
    {esi-min-gap-days to esi-usual-gap-days:plain}   14 to 28 days

Values of a patient are named otherwise: `{last_esi}`. A number that changes on a later day is said
with that day: "3 (from 2027-01-01: 2)".
"""

import re
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from typing import Final, TypeVar, cast

import msgspec

from pathway.knowledge_base import KnowledgeBase
from pathway.rules import Threshold

T = TypeVar("T")

WHOLE_UNITS = {"a": "years", "mo": "months", "wk": "weeks", "d": "days", "{session}": ""}
_UNITS: Final = {**WHOLE_UNITS, "1": "", "10*3/uL": "thousand/µL"}
_COUNTED = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth")
_NAME = r"[a-z0-9]+(?:-[a-z0-9]+)+"  # every number's name has a hyphen, no value of a patient has one
_PLACEHOLDER = re.compile(rf"\{{(?P<first>{_NAME})(?: to (?P<last>{_NAME}))?(?::(?P<form>[A-Za-z]+))?\}}")


def settled(written: KnowledgeBase) -> KnowledgeBase:
    """The knowledge with its numbers in its words; what the files say is kept as `written`."""
    return msgspec.structs.replace(with_numbers(written, written.thresholds), written=written)


def with_numbers(value: T, thresholds: Mapping[str, Threshold]) -> T:
    """The same with the numbers put into all of its texts; what has none is handed back as it is.

    A name that is no number's, or a form that there is not, is left standing: `unknown_in` finds it.
    """
    return cast("T", _mapped(value, lambda text: _PLACEHOLDER.sub(lambda m: _said(m, thresholds), text)))


def named_in(value: object) -> frozenset[str]:
    """The names of the numbers that the texts of a part of the knowledge ask for."""
    found: set[str] = set()
    for text in texts_of(value):
        for match in _PLACEHOLDER.finditer(text):
            found.update(filter(None, (match["first"], match["last"])))
    return frozenset(found)


def unknown_in(value: object) -> Iterator[str]:
    """A sentence for every name in braces that stayed, for want of such a number or form."""
    forms = ", ".join(sorted(form for form in {**_FORMS, **_SPANS} if form))
    for text in texts_of(value):
        for match in _PLACEHOLDER.finditer(text):
            yield f"{match[0]} names no number of thresholds.yaml, or a form that there is not ({forms})"


def texts_of(value: object) -> Iterator[str]:
    """Every string of a part of the knowledge."""
    match value:
        case str():
            yield value
        case tuple():
            for item in value:
                yield from texts_of(item)
        case dict():
            yield from texts_of(tuple(value.values()))
        case msgspec.Struct():
            yield from texts_of(tuple(getattr(value, name) for name in value.__struct_fields__))
        case _:
            return


def figure(value: Decimal) -> str:
    """A number as it is written: 14, 1.4."""
    return f"{value.normalize():f}"


def unit_words(unit: str) -> str:
    """A UCUM unit in words, empty for what is counted by itself."""
    return _UNITS.get(unit, unit)


def with_unit(value: Decimal, unit: str) -> str:
    """A number with its unit in words: "14 days", "3"."""
    return f"{figure(value)} {unit_words(unit)}".rstrip()


def _mapped(value: object, change: Callable[[str], str]) -> object:
    """A tree of our own values with its strings changed; a branch without a change is not copied."""
    match value:
        case str() if type(value) is str:  # not the words of an enum
            return change(value)
        case tuple():
            items = tuple(_mapped(item, change) for item in value)
            return value if all(map(_same, items, value)) else items
        case dict():
            changed = {key: _mapped(item, change) for key, item in value.items()}
            return value if all(map(_same, changed.values(), value.values())) else changed
        case msgspec.Struct():
            fields = {name: getattr(value, name) for name in value.__struct_fields__}
            mapped = {name: _mapped(field, change) for name, field in fields.items()}
            new = {name: field for name, field in mapped.items() if not _same(field, fields[name])}
            return msgspec.structs.replace(value, **new) if new else value
        case _:
            return value


def _same(one: object, other: object) -> bool:
    return one is other or (isinstance(one, str) and one == other)


def _said(match: re.Match[str], thresholds: Mapping[str, Threshold]) -> str:
    names = [name for name in (match["first"], match["last"]) if name]
    form = _SPANS.get(match["form"]) if match["last"] else _FORMS.get(match["form"])
    if form is None or any(name not in thresholds for name in names):
        return match[0]
    used = [thresholds[name] for name in names]
    said: list[str] = []
    last = None
    for day in sorted({day for threshold in used for day in threshold.values}):
        words = form([threshold.on(day) for threshold in used], used[0].unit)
        if words != last:
            said.append(f"(from {day.isoformat()}: {words})" if said else words)
        last = words
    return " ".join(said)


def _in_words(value: Decimal, words: tuple[str, ...]) -> str | None:
    return words[int(value)] if value == int(value) and 0 <= value < len(words) else None


def _word(values: list[Decimal], _: str) -> str:
    return _in_words(values[0], _COUNTED) or figure(values[0])


def _ordinal(values: list[Decimal], _: str) -> str:
    return _in_words(values[0], _ORDINALS) or f"{figure(values[0])}th"


def _plain_span(values: list[Decimal], unit: str) -> str:
    low, high = values
    numbers = figure(low) if low == high else f"{figure(low)} to {figure(high)}"
    return f"{numbers} {unit_words(unit)}".rstrip()


def _span(values: list[Decimal], unit: str) -> str:
    """Days as weeks where they are whole weeks."""
    if unit == "d" and all(value % 7 == 0 for value in values):
        return _plain_span([value / 7 for value in values], "wk")
    return _plain_span(values, unit)


_Form = Callable[[list[Decimal], str], str]
_FORMS: Mapping[str | None, _Form] = {
    None: lambda values, _: figure(values[0]),
    "word": _word,
    "Word": lambda values, unit: _word(values, unit).capitalize(),
    "ordinal": _ordinal,
}
_SPANS: Mapping[str | None, _Form] = {None: _span, "plain": _plain_span}
