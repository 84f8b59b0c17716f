"""JSON of a client that is handed back: reached into where one change is made, opaque all round.

Objects are read as `Mapping`, numbers as `Decimal` or int, so that what is not changed is written
again as it came: 1.50 stays 1.50. Only what is null or empty is left out: no answer may hold it
(conformance C-JSON-02, C-JSON-03).
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TypeAlias

DraftJson: TypeAlias = Mapping[str, object]  # a resource, or an element of one, as it came
_Copy: TypeAlias = dict[str, object] | list[object]


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


def elements(value: object) -> list[object]:
    """An element that may repeat, as a list; clients also send it without one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def without_empty(parent: DraftJson) -> DraftJson:
    """An object without members and elements that say nothing, however deep.

    Members that are null, "", [] or {} are left out, empty objects of lists too, and what becomes
    empty by that. A null in a list stays, for it keeps a primitive and its extension at the same
    place; in the list of extensions (`_given`) an empty object becomes such a null.
    """
    copied = dict(parent)
    copies: list[tuple[_Copy, bool]] = [(copied, False)]
    for copy, is_aligned in copies:  # grows; no recursion, for a draft may be as deep as can be read
        copies.extend(_copied_below(copy, is_aligned=is_aligned))
    for copy, is_aligned in reversed(copies):
        _leave_out_empty(copy, is_aligned=is_aligned)
    return copied


def _copied_below(parent: _Copy, *, is_aligned: bool) -> list[tuple[_Copy, bool]]:
    """The objects and lists right below, each replaced by a copy; whether a list is of extensions."""
    copies: list[tuple[_Copy, bool]] = []
    if isinstance(parent, dict):
        for name, value in parent.items():
            copy = _copy(value)
            if copy is not None:
                parent[name] = copy
                copies.append((copy, name.startswith("_")))
    else:
        for place, value in enumerate(parent):
            copy = _copy(value)
            if copy is not None:
                parent[place] = copy
                copies.append((copy, is_aligned))
    return copies


def _copy(value: object) -> _Copy | None:
    if isinstance(value, Mapping):
        return dict(value)
    return list(value) if isinstance(value, list) else None


def _leave_out_empty(copy: _Copy, *, is_aligned: bool) -> None:
    if isinstance(copy, dict):
        for name in [name for name, value in copy.items() if _is_empty(value)]:
            del copy[name]
    elif is_aligned:
        copy[:] = [None if value == {} else value for value in copy]
    else:
        copy[:] = [value for value in copy if value != {}]


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str | list | dict) and not value)
