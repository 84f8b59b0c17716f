"""Panels of score curves: one a scale, with the values that are told beside their points."""

from collections.abc import Iterable, Sequence
from datetime import date

from cds_service.picture.axis import Axis
from cds_service.picture.names import number
from cds_service.picture.timeline import Curve, Pictured, ScoreMark

MOST_PANELS = 4
MOST_POINTS = 300  # of a curve, the latest
APART = 0.075  # of the axis: two values nearer than this cannot both be told
_TITLES = {
    "pain": "Pain",
    "odi": "ODI, disability",
    "peg": "PEG, pain and function",
    "promis-pi": "PROMIS pain interference",
    "start-back": "STarT Back, risk",
    "phq9": "PHQ-9, depression",
}


class PanelPoint(Pictured, frozen=True, kw_only=True):
    """One score: its day, its height (0 to 1), and the value where it is told."""

    on: date
    height: float
    label: str = ""


class PanelLine(Pictured, frozen=True, kw_only=True):
    """One instrument; lines after the first of a panel are dashed."""

    name: str
    points: tuple[PanelPoint, ...]


class Panel(Pictured, frozen=True, kw_only=True):
    """The curves of one scale."""

    name: str
    is_pain: bool
    notes: tuple[str, ...]
    low: str
    high: str
    lines: tuple[PanelLine, ...]


def panels_of(curves: Iterable[Curve], axis: Axis) -> tuple[Panel, ...]:
    """The panels that have a score within the axis."""
    by_panel: dict[str, list[Curve]] = {}
    for curve in curves:
        if curve.low is not None and any(axis.shows(point.on) for point in curve.points):
            by_panel.setdefault(curve.panel, []).append(curve)
    return tuple(_panel(name, found, axis) for name, found in list(by_panel.items())[:MOST_PANELS])


def _panel(name: str, curves: Sequence[Curve], axis: Axis) -> Panel:
    low, high = curves[0].low, curves[0].high
    latest = [(curve.points[-1], curve) for curve in curves]
    point, curve = max(latest, key=lambda found: found[0].on)
    told = f"latest {number(point.shown)}{curve.suffix} on {point.on.isoformat()}"
    scale = f"scale {number(low)} to {number(high)}" if low is not None and high is not None else ""
    beside = [f"dashed: {other.name}" for other in curves[1:]]
    return Panel(
        name=_TITLES.get(name, name),
        is_pain=name == "pain",
        notes=(told, scale, *beside),
        low=number(low) if low is not None else "",
        high=number(high) if high is not None else "",
        lines=tuple(_line(curve, axis, is_told=not index) for index, curve in enumerate(curves)),
    )


def _line(curve: Curve, axis: Axis, *, is_told: bool) -> PanelLine:
    """A curve; of several the values of the first are told, those of the others are in the table."""
    shown = [point for point in curve.points if axis.shows(point.on)][-MOST_POINTS:]
    told = _told(shown, axis) if is_told else frozenset()
    points = [
        PanelPoint(on=p.on, height=_height(curve, p), label=number(p.shown) if i in told else "")
        for i, p in enumerate(shown)
    ]
    return PanelLine(name=curve.name, points=tuple(points))


def _height(curve: Curve, point: ScoreMark) -> float:
    if curve.low is None or curve.high is None:
        return 0.0
    share = float((point.value - curve.low) / (curve.high - curve.low))
    return min(1.0, max(0.0, share))


def _told(points: Sequence[ScoreMark], axis: Axis) -> frozenset[int]:
    """Whose values are told: the latest, the highest, the lowest, then all that have room."""
    if not points:
        return frozenset()
    by_value = sorted(range(len(points)), key=lambda i: points[i].value)
    wanted = [len(points) - 1, by_value[-1], by_value[0], *reversed(range(len(points)))]
    taken: list[int] = []
    for i in wanted:
        place = axis.share(points[i].on)
        if all(abs(place - axis.share(points[j].on)) >= APART for j in taken):
            taken.append(i)
    return frozenset(taken)
