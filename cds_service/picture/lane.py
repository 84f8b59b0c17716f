"""One lane of the picture: its words, and the bars, days and curves that stand in it."""

from collections.abc import Sequence
from datetime import date

from cds_service.picture.axis import Axis
from cds_service.picture.palette import Role
from cds_service.picture.panels import Panel
from cds_service.picture.timeline import Pictured, Span


class Bar(Pictured, frozen=True, kw_only=True):
    """A stretch of time; hollow: it does not count, dashed: it lies ahead."""

    start: date
    last: date
    role: Role
    hollow: bool = False
    dashed: bool = False
    thin: bool = False


class Dot(Pictured, frozen=True, kw_only=True):
    """A day; `shape` is one of Vega's symbols."""

    on: date
    role: Role
    shape: str = "circle"
    hollow: bool = False
    label: str = ""


class Lane(Pictured, frozen=True, kw_only=True):
    """One row of the picture."""

    name: str
    notes: tuple[str, ...] = ()
    bars: tuple[Bar, ...] = ()
    dots: tuple[Dot, ...] = ()
    window: Span | None = None
    panel: Panel | None = None


def bar_of(
    start: date,
    last: date,
    axis: Axis,
    role: Role,
    *,
    hollow: bool = False,
    dashed: bool = False,
    thin: bool = False,
) -> Bar:
    """A bar as far as the axis shows it."""
    return Bar(
        start=axis.within(start), last=axis.within(last), role=role, hollow=hollow, dashed=dashed, thin=thin
    )


def cut_off(start: date, axis: Axis, role: Role) -> tuple[Dot, ...]:
    """The sign that something began before the first day that is shown."""
    return () if start >= axis.first else (Dot(on=axis.first, role=role, shape="triangle-left"),)


def runs_on(axis: Axis, role: Role) -> Dot:
    """The sign that something goes on today."""
    return Dot(on=axis.today, role=role, shape="triangle-right")


def some_of(notes: Sequence[str], most: int) -> tuple[str, ...]:
    """The first notes, and how many follow."""
    rest = len(notes) - most
    return tuple(notes) if rest <= 0 else (*notes[:most], f"and {rest} older")


def sentence(words: str) -> str:
    """With a capital letter."""
    return words[:1].upper() + words[1:]
