"""The tenants file as it is written: typed tables, read so that every problem is told at once."""

import difflib
import types
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, TypeAlias, Union, get_args, get_origin

import msgspec

from cds_service.hooks import PATIENT_VIEW
from cds_service.tenants.model import (
    ALL_SERVICES,
    MOST_CARDS,
    Cards,
    Days,
    DialectName,
    Memory,
    OrderCode,
    Part,
    Percent,
    Smart,
    SpecVersion,
)
from pathway.overrides import Override
from pathway.rules import LONGEST_QUIET_DAYS

MOST_REQUESTS = 1_000_000  # a minute
Limit = Annotated[int, msgspec.Meta(ge=1, le=MOST_REQUESTS)]
Trigger: TypeAlias = str | int  # Epic's are numbers, sent as text


class KeySet(Part, frozen=True, kw_only=True):
    """A JWK set: https://www.rfc-editor.org/rfc/rfc7517#section-5."""

    keys: tuple[dict[str, object], ...]


class TenantTable(Part, frozen=True, kw_only=True):
    """One `[tenants.ID]`; what each key means is told in docs/tenants.md."""

    title: str
    issuer: str
    jku: str | None = None
    jwks: KeySet | None = None
    audiences: tuple[str, ...] = ()
    subject: str | None = None
    tenant: str | None = None
    fhir_servers: tuple[str, ...] = ()
    fhir_networks: tuple[str, ...] = ()
    fhir_without_token: bool = False
    services: tuple[str, ...] | None = None  # None: all that the dialect knows
    requests_per_minute: Limit | None = None
    time_zone: str | None = None  # None: that of the settings
    dialect: DialectName = DialectName.STANDARD
    cds_hooks: SpecVersion = SpecVersion.V2_0
    trigger_actions: tuple[Trigger, ...] = ()
    order_codes: tuple[OrderCode, ...] = ()
    overrides: tuple[Override, ...] = ()
    memory: Memory = Memory()
    smart: Smart | None = None

    @property
    def services_offered(self) -> tuple[str, ...]:
        """Those named; by default all, of which Oracle Health knows one."""
        if self.services is not None:
            return self.services
        return (PATIENT_VIEW,) if self.dialect is DialectName.ORACLE else ALL_SERVICES


EXPECTED: dict[object, str] = {
    str: "text",
    bool: "true or false",
    int: "a whole number",
    Decimal: "a number",
    date: "a date, e.g. 2026-11-02",
    Trigger: "text or a whole number",
    Limit: f"a whole number from 1 to {MOST_REQUESTS}",
    Days: f"a whole number of days from 0 to {LONGEST_QUIET_DAYS}",
    Cards: f"a whole number from 1 to {MOST_CARDS}",
    Percent: "a whole number from 0 to 100",
    dict: "a table",
}
GIVEN: tuple[tuple[type, str], ...] = (  # bool is an int, datetime a date: the narrower first
    (bool, "true or false"),
    (int, "a whole number"),
    (Decimal, "a decimal number"),
    (str, "text"),
    (datetime, "a date with a time"),
    (date, "a date"),
    (time, "a time"),
    (list, "a list"),
    (dict, "a table"),
)


class Reader:
    """Reads values of the file and remembers what was wrong, with place; never a value."""

    def __init__(self) -> None:
        self.problems: list[str] = []

    def wrong(self, place: str, text: str) -> None:
        """Remember a problem."""
        self.problems.append(f"{place}: {text}")

    def fields(self, place: str, raw: object, shape: type[msgspec.Struct]) -> dict[str, Any]:
        """Those fields of a struct that a table holds in the right form; a problem for each other."""
        if not isinstance(raw, dict):
            self.wrong(place, f"must be a table, not {_given(raw)}")
            return {}
        known = {field.name: field for field in msgspec.structs.fields(shape)}
        for key in raw:
            if key not in known:
                self.wrong(place, _unknown(key, known))
        found = {}
        for name, field in known.items():
            before = len(self.problems)
            if name in raw:
                found[name] = self._value(f"{place}.{name}", raw[name], field.type)
            elif field.required:
                self.wrong(f"{place}.{name}", f"is missing: {_expected(field.type)} is needed")
            if len(self.problems) > before:
                found.pop(name, None)
        return found

    def _value(self, place: str, raw: object, shape: object) -> object:
        """`raw` as `shape`: a struct, a tuple of one kind, or a plain value; None where it is wrong."""
        shape = _chosen(_without_none(shape), raw)
        if get_origin(shape) is tuple:
            return self._list(place, raw, get_args(shape)[0])
        if get_origin(shape) is dict and get_args(shape)[1] is not object:
            return self._by_name(place, raw, get_args(shape)[1])
        if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
            before = len(self.problems)
            found = self.fields(place, raw, shape)
            return shape(**found) if len(self.problems) == before else None
        return self._plain(place, raw, shape)

    def _list(self, place: str, raw: object, item: object) -> tuple[object, ...] | None:
        if not isinstance(raw, list):
            self.wrong(place, f"must be a list of {_expected(item)}, not {_given(raw)}")
            return None
        read = tuple(self._value(f"{place}[{number}]", value, item) for number, value in enumerate(raw))
        for number, value in enumerate(read):
            if isinstance(value, str | int) and value in read[:number]:
                self.wrong(f"{place}[{number}]", "stands there twice")
        return read

    def _by_name(self, place: str, raw: object, shape: object) -> dict[str, object] | None:
        """A table whose keys are names of the knowledge: whoever has that checks them."""
        if not isinstance(raw, dict):
            self.wrong(place, f"must be a table, not {_given(raw)}")
            return None
        return {name: self._value(f"{place}.{name}", value, shape) for name, value in raw.items()}

    def _plain(self, place: str, raw: object, shape: object) -> object:
        try:
            value: object = msgspec.convert(raw, type=shape)
        except msgspec.ValidationError:  # its message may quote the value
            expected, given = _expected(shape), _given(raw)
            kept_back = expected.startswith(given) or (isinstance(raw, str) and _words(shape))
            self.wrong(place, f"must be {expected}" + ("" if kept_back else f", not {given}"))
            return None
        fault = _text_fault(value) if isinstance(value, str) else None
        if fault is not None:
            self.wrong(place, fault)
        return value


def known_keys(shape: type[msgspec.Struct]) -> tuple[str, ...]:
    """The keys that a table of this shape may have, in their order."""
    return tuple(field.name for field in msgspec.structs.fields(shape))


def one_of(words: Iterable[str]) -> str:
    """A closed choice, in words."""
    return f"one of: {', '.join(words)}"


def _without_none(shape: object) -> object:
    """TOML has no null: of `X | None` only X can stand in a file."""
    if not isinstance(shape, types.UnionType) and get_origin(shape) is not Union:
        return shape
    left = [kind for kind in get_args(shape) if kind is not type(None)]
    return left[0] if len(left) == 1 else shape


def _chosen(shape: object, raw: object) -> object:
    """Of one value or a list of values: the list if there is one."""
    parts = get_args(shape) if isinstance(shape, types.UnionType) else ()
    lists = [part for part in parts if get_origin(part) is tuple]
    return lists[0] if lists and isinstance(raw, list) else shape


def _unknown(key: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(key, list(known), n=1)
    meant = f" (is {close[0]!r} meant?)" if close else ""
    return f"unknown key {key!r}{meant}; known keys: {', '.join(known)}"


def _words(shape: object) -> tuple[str, ...]:
    if isinstance(shape, type) and issubclass(shape, Enum):
        return tuple(str(member.value) for member in shape)
    return ()


def _expected(shape: object) -> str:
    shape = _without_none(shape)
    if words := _words(shape):
        return one_of(words)
    if isinstance(shape, types.UnionType) and shape not in EXPECTED:
        return " or ".join(map(_expected, get_args(shape)))
    if get_origin(shape) is tuple:
        return f"a list of {_expected(get_args(shape)[0])}"
    if isinstance(shape, type) and issubclass(shape, msgspec.Struct):
        return f"tables with the keys {', '.join(known_keys(shape))}"
    return EXPECTED.get(shape) or EXPECTED[get_origin(shape)]


def _given(raw: object) -> str:
    return next((words for kind, words in GIVEN if isinstance(raw, kind)), "something else")


def _text_fault(text: str) -> str | None:
    if not text.strip():
        return "must not be empty"
    if text != text.strip():
        return "has white space before or after it"
    if any(unicodedata.category(char) == "Cc" and char not in "\n\t" for char in text):
        return "holds a control character"
    return None
