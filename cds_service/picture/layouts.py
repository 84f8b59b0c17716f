"""What is drawn, in pixels: the two layouts, and the marks and words placed in one of them.

Days stay moments, the chart's scale places them; heights and words are in pixels. Wide: names and
notes in a column left of the marks. Narrow: above them, over the whole width.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from cds_service.picture.axis import Axis, Tick
from cds_service.picture.palette import COLOURS, Role, Theme
from cds_service.picture.timeline import Pictured
from cds_service.picture.typesetting import NOTE_SIZE

TOP, BOTTOM = 36, 26  # pixels above and below the lanes: the ticks' words, and today's
_EPOCH = date(1970, 1, 1)
DAY_MS = 86_400_000
LIGHT = COLOURS[Theme.LIGHT]


class Layout(Pictured, frozen=True, kw_only=True):
    """One way to lay out the picture; all in pixels."""

    name: str
    words: int  # width of the column of words; 0: words stand above the marks
    plot: int  # width of the time axis
    gap: int  # right of everything
    ticks: int  # at most

    @property
    def width(self) -> int:
        """Of the whole picture."""
        return self.words + self.plot + self.gap


WIDE = Layout(name="wide", words=286, plot=562, gap=12, ticks=10)
NARROW = Layout(name="narrow", words=0, plot=308, gap=4, ticks=6)
LAYOUTS = (WIDE, NARROW)


class Box(Pictured, frozen=True, kw_only=True):
    """A rectangle between two moments (ms since 1970, UTC) and two heights (px from the top)."""

    x: int
    x2: int
    y: float
    y2: float
    fill: str
    stroke: str | None = None
    dash: tuple[int, ...] = ()


class Rule(Pictured, frozen=True, kw_only=True):
    """A line from one moment and height to another."""

    x: int
    x2: int
    y: float
    y2: float
    stroke: str
    dash: tuple[int, ...] = ()


class Point(Pictured, frozen=True, kw_only=True):
    """A symbol."""

    x: int
    y: float
    shape: str
    size: int
    fill: str
    stroke: str


class Vertex(Pictured, frozen=True, kw_only=True):
    """A point of a curve; those of one `line` are joined."""

    x: int
    y: float
    line: str
    stroke: str
    dash: tuple[int, ...] = ()


class Word(Pictured, frozen=True, kw_only=True):
    """One line of words; `x` and `y` in pixels from the upper left corner of the time axis."""

    x: float
    y: float
    text: str
    role: Role
    size: int = NOTE_SIZE
    bold: bool = False
    anchor: str = "start"  # SVG text-anchor


class Band(Pictured, frozen=True, kw_only=True):
    """The ground of a lane; above it, where words stand over the axis, the grid must not run through them."""

    top: float
    bottom: float
    words: float  # bottom of what no grid line crosses; `top` where words stand beside
    role: Role


@dataclass(slots=True)
class Placed:
    """All that is drawn in one layout."""

    layout: Layout
    axis: Axis
    ticks: tuple[Tick, ...]
    boxes: list[Box] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)
    points: list[Point] = field(default_factory=list)
    vertices: list[Vertex] = field(default_factory=list)
    words: list[Word] = field(default_factory=list)
    bands: list[Band] = field(default_factory=list)
    height: float = 0  # of the lanes

    @property
    def marks(self) -> Mapping[str, Sequence[Pictured]]:
        """What the chart draws, by the names of its data sets."""
        return {
            "boxes": self.boxes,
            "rules": self.rules,
            "points": self.points,
            "vertices": self.vertices,
        }

    def pixel(self, day: date) -> float:
        """Where a day lies, from the left end of the axis."""
        return round(self.axis.share(day) * self.layout.plot, 1)


def moment(day: date) -> int:
    """A day as milliseconds since 1970."""
    return (day - _EPOCH).days * DAY_MS
