"""The dates of a record, to be moved: of a whole resource, or one of several that it has."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

from cds_service.envelope import FIRST_DAY, LAST_DAY
from cds_service.errors import InvalidRequestError, Problem
from cds_service.workbench.documents import Json
from cds_service.workbench.records import drafts, label_of, resources

ELEMENTS = frozenset(
    {
        "abatementDateTime",
        "authoredOn",
        "birthDate",
        "effectiveDateTime",
        "end",
        "occurrenceDateTime",
        "onsetDateTime",
        "performedDateTime",
        "recordedDate",
        "start",
        "started",
    }
)
DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(T.*)?")
MOST = 400  # that a page lists


@dataclass(frozen=True, slots=True)
class Place:
    """Where a date stands."""

    holder: Json = field(repr=False)
    element: str
    on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One thing of the list: a resource with all its dates, or a single date of it."""

    label: str
    places: tuple[Place, ...]

    @property
    def on(self) -> date:
        """Its first day."""
        return min(place.on for place in self.places)

    def move(self, *, by_days: int | None, to_day: date | None) -> date:
        """Move all its dates alike; gives the new first day.

        Raises:
            InvalidRequestError: out of the calendar that is read.
        """
        by = to_day - self.on if to_day is not None else timedelta(days=by_days or 0)
        for place in self.places:
            try:
                moved = place.on + by
            except OverflowError:
                moved = None
            if moved is None or not FIRST_DAY <= moved <= LAST_DAY:
                text = f"Dates lie between {FIRST_DAY} and {LAST_DAY}."
                raise InvalidRequestError(Problem(code="value", text=text))
            time = place.holder[place.element][10:]
            place.holder[place.element] = f"{moved.isoformat()}{time}"
        return self.on + by


def moments(request: Json) -> list[Moment]:
    """Everything of a request that has a day; always in the same order for the same request."""
    found = [moment for resource in (*resources(request), *drafts(request)) for moment in _of(resource)]
    return found[:MOST]


def _of(resource: Json) -> Iterator[Moment]:
    places = tuple(_places(resource))
    if not places:
        return
    name = label_of(resource)
    days = " to ".join(
        dict.fromkeys(day.isoformat() for day in sorted({p.on for p in places})[:: len(places) - 1 or 1])
    )
    yield Moment(label=f"{name}, {days}", places=places)
    if len(places) > 1:
        for place in places:
            yield Moment(label=f"{name}, only {place.element} {place.on}", places=(place,))


def _places(value: object) -> Iterator[Place]:
    if isinstance(value, list):
        for item in value:
            yield from _places(item)
    if not isinstance(value, dict):
        return
    for name, below in value.items():
        match = DAY.fullmatch(below) if name in ELEMENTS and isinstance(below, str) else None
        if match:
            yield from _place(value, name, match[1])
        elif isinstance(below, dict | list):
            yield from _places(below)


def _place(holder: Json, element: str, text: str) -> Iterator[Place]:
    try:
        yield Place(holder, element, date.fromisoformat(text))
    except ValueError:
        return
