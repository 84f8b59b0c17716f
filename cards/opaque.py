"""JSON of a client that is handed back: reached into where one change is made, opaque all round.

Objects are read as `Mapping`, numbers as `Decimal` or int, so that what is not changed is written
again as it came: 1.50 stays 1.50.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeAlias

DraftJson: TypeAlias = Mapping[str, object]  # a resource, or an element of one, as it came


def json_object(value: object) -> DraftJson | None:
    """The value where it is an object."""
    return value if isinstance(value, Mapping) else None


def json_number(value: object) -> Decimal | None:
    """The value where it is a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    return number if number.is_finite() else None


def the_one(value: object) -> DraftJson | None:
    """An element that may repeat but is there once; clients also send it without a list."""
    if isinstance(value, list):
        return json_object(value[0]) if len(value) == 1 else None
    return json_object(value)


def in_the_one(
    parent: DraftJson, name: str, change: Callable[[DraftJson], DraftJson | None]
) -> DraftJson | None:
    """`parent` with its one element `name` changed; None where there is no such one, or no change."""
    element = the_one(parent.get(name))
    changed = None if element is None else change(element)
    if changed is None:
        return None
    return {**parent, name: [changed] if isinstance(parent[name], list) else changed}


def plain_number(value: Decimal) -> int | Decimal:
    """A number of ours as it is written in JSON: whole ones without a point, none with an exponent."""
    return int(value) if value == value.to_integral_value() else Decimal(f"{value.normalize():f}")
