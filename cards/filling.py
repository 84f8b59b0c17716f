"""Text templates of the knowledge, parsed once at start and filled for each patient.

A template is plain words with `{name}` where a value goes. A value that is not known is never
printed as a hole: see `Template.filled`, `filled_if_known` and `filled_as_far_as_known`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, TypeAlias

from cards import markdown
from pathway.advice import ChartText, Values
from pathway.errors import KnowledgeError
from pathway.facts import Bounded

NOT_RECORDED = "not recorded"

_PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_NOTHING: tuple[None, tuple[()]] = (None, ())  # no value, or an empty list
_TENTH = Decimal("0.1")
_SHOWN_IN_FULL = 12  # digits before the point; beyond, no value of a chart makes sense


class MissingValueError(LookupError):
    """A template names a value that the advice does not give: a defect of ours, no patient's value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A text whose placeholders are `%s` in `form`, in the order of `names`."""

    place: str  # where the text stands in the knowledge, for messages
    form: str
    names: tuple[str, ...]
    writers: "Writers"

    def filled(self, values: Values) -> str:
        """The text with all values in place.

        Raises:
            MissingValueError: a value is absent; the message names the place and the value's name.
        """
        if not self.names:
            return self.form
        text = self.filled_if_known(values)
        if text is None:
            missing = next(name for name in self.names if values.get(name) in _NOTHING)
            raise MissingValueError(f"{self.place}: the advice has no value '{missing}'")
        return text

    def filled_if_known(self, values: Values) -> str | None:
        """The text, or None when a value is absent: for sentences that may be left out."""
        if not self.names:
            return self.form
        words = []
        for name in self.names:
            value = values.get(name)
            if value is None or value == ():
                return None
            words.append(self.writers[type(value)](value))
        return self.form % tuple(words)

    def filled_as_far_as_known(self, values: Values) -> str:
        """The text with `NOT_RECORDED` for what is absent: for cautions, which are never left out."""
        if not self.names:
            return self.form
        found = [values.get(name) for name in self.names]
        return self.form % tuple(
            [NOT_RECORDED if v is None or v == () else self.writers[type(v)](v) for v in found]
        )


def template(text: str, writers: "Writers", place: str) -> Template:
    """A template made ready; its own words are escaped once, here.

    Raises:
        KnowledgeError: a brace that is no placeholder.
    """
    pieces = _PLACEHOLDER.split(text)
    literals, names = pieces[::2], tuple(pieces[1::2])
    if any("{" in literal or "}" in literal for literal in literals):
        raise KnowledgeError(f"{place}: a brace is no placeholder; allowed: {{name}} in small letters")
    words = [writers[str](literal) for literal in literals]
    if writers is MARKDOWN:
        words[0] = markdown.escaped_line(literals[0])
    if names:
        words = [literal.replace("%", "%%") for literal in words]
    return Template(place=place, form="%s".join(words), names=names, writers=writers)


def shown_decimal(value: Decimal) -> str:
    """A decimal rounded half up to one place at most: 4.25 is 4.3, 6.0 is 6."""
    if not value.is_finite() or value.adjusted() > _SHOWN_IN_FULL:
        return f"{value:.3g}"
    whole = int(value)
    if value == whole:  # nearly all scores and doses
        return str(whole)
    rounded = value.quantize(_TENTH, rounding=ROUND_HALF_UP)
    whole = int(rounded)
    return str(whole) if rounded == whole else str(rounded)


def shown_number(value: Decimal | Bounded) -> str:
    """A measured value: 24.3, or "below 15" where the record gives a limit."""
    return shown_decimal(value) if isinstance(value, Decimal) else _bounded(value)


def _bounded(value: Bounded) -> str:
    return f"{value.bound} {shown_decimal(value.limit)}"


def _joined(write: Callable[[ChartText], str]) -> Callable[[tuple[date, ...] | tuple[ChartText, ...]], str]:
    def joined(values: tuple[date, ...] | tuple[ChartText, ...]) -> str:
        return ", ".join([v.isoformat() if isinstance(v, date) else write(v) for v in values])

    return joined


def _plain_chart(value: ChartText) -> str:
    return markdown.plain(value.text)


def _markdown_chart(value: ChartText) -> str:
    return markdown.from_chart(value.text)


# How each type of `pathway.advice.Value` is written; looked up by exact type, once per value.
Writers: TypeAlias = Mapping[type, Callable[[Any], str]]

_ALIKE: Writers = {int: str, Decimal: shown_decimal, Bounded: _bounded, date: date.isoformat}

# summary, label, description
PLAIN: Writers = {**_ALIKE, str: str, ChartText: _plain_chart, tuple: _joined(_plain_chart)}

# detail
MARKDOWN: Writers = {
    **_ALIKE,
    str: markdown.escaped,
    ChartText: _markdown_chart,
    tuple: _joined(_markdown_chart),
}
