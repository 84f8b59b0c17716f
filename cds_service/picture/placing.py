"""Puts the lanes of a time line into pixels: beside their words, or beneath them on a narrow page."""

from datetime import date

from cds_service.picture.axis import axis_of, ticks_of
from cds_service.picture.lane import Bar, Dot, Lane
from cds_service.picture.lanes import lanes_of
from cds_service.picture.layouts import (
    DAY_MS,
    LIGHT,
    Band,
    Box,
    Layout,
    Placed,
    Point,
    Rule,
    Vertex,
    Word,
    moment,
)
from cds_service.picture.palette import Role
from cds_service.picture.panels import Panel
from cds_service.picture.timeline import Span, Timeline
from cds_service.picture.typesetting import LABEL_SIZE, NAME_SIZE, NOTE_SIZE, lines_of, width

MOST_LINES = 2  # of one name or note
_BOLD = 0.92  # of the room that other words have
_LINE = 15  # pixels from one line of words to the next
_THICK, _THIN = 10, 5  # of a bar
_PANEL = 78  # height of a curve
_DOT, _VERTEX = 64, 30  # area, square pixels
_AHEAD = (3, 2)  # dashes of what lies ahead


def placed(timeline: Timeline, layout: Layout) -> Placed:
    """The picture of a time line in one layout."""
    axis = axis_of(timeline)
    page = Placed(layout=layout, axis=axis, ticks=ticks_of(axis, layout.ticks))
    lanes = lanes_of(timeline, axis) or (Lane(name="Nothing on record that the pathway reads"),)
    for index, lane in enumerate(lanes):
        _lane(page, lane, banded=index % 2 == 0)
    _tick_words(page)
    _today(page)
    return page


def _tick_words(page: Placed) -> None:
    for tick in page.ticks:
        for line, text in enumerate(tick.label):
            if text:
                # not beyond the edge of a picture without a column of words
                half = width(text, LABEL_SIZE) / 2
                x = min(max(page.pixel(tick.on), half - page.layout.words), page.layout.plot - half)
                y = -20 + 13 * line
                page.words.append(
                    Word(x=x, y=y, text=text, role=Role.MUTED, size=LABEL_SIZE, anchor="middle")
                )


def _today(page: Placed) -> None:
    today = page.axis.today
    rule = Rule(
        x=moment(today), x2=moment(today), y=-3, y2=page.height + 5, stroke=LIGHT[Role.TODAY], dash=(4, 3)
    )
    page.rules.append(rule)
    page.words.append(
        Word(
            x=min(page.pixel(today) + 36, page.layout.plot),
            y=page.height + 18,
            text=f"today, {today.isoformat()}",
            role=Role.INK,
            size=LABEL_SIZE,
            bold=True,
            anchor="end",
        )
    )


def _lane(page: Placed, lane: Lane, *, banded: bool) -> None:
    top, beside = page.height, page.layout.words > 0
    words = _lane_words(page, lane, top)
    marks = _PANEL + 30 if lane.panel else 30
    height = max(words + 8, marks + 6) if beside else words + marks
    ground = Role.BAND if banded else Role.PAPER
    page.bands.append(Band(top=top, bottom=top + height, words=top if beside else top + words, role=ground))
    first = top + 3 if beside else top + words
    if lane.panel is not None:
        _panel(page, lane.panel, first + 18, first + 18 + _PANEL)
    else:
        _marks(page, lane, first + 16)
    page.height = top + height


def _lane_words(page: Placed, lane: Lane, top: float) -> float:
    """Set a lane's name and notes; gives their height."""
    layout = page.layout
    room = (layout.words or layout.plot) - 14
    x, y = 6.0 - layout.words, top + 18
    y -= _LINE
    for name in lines_of(lane.name, size=NAME_SIZE, room=room * _BOLD, most=MOST_LINES):
        y += _LINE
        page.words.append(Word(x=x, y=y, text=name, role=Role.INK, size=NAME_SIZE, bold=True))
    for note in lane.notes:
        for line in lines_of(note, size=NOTE_SIZE, room=room, most=MOST_LINES):
            y += _LINE
            page.words.append(Word(x=x, y=y, text=line, role=Role.MUTED))
    return y - top + 6


def _marks(page: Placed, lane: Lane, y: float) -> None:
    if lane.window is not None and lane.window.start is not None:
        page.boxes.append(_window(page, lane.window.start, lane.window, y))
        left = page.pixel(lane.window.start) + 4
        page.words.append(Word(x=left, y=y + 4, text="next", role=Role.INJECTION, size=LABEL_SIZE, bold=True))
    page.boxes.extend(_box(page, bar, y) for bar in lane.bars)
    for dot in lane.dots:
        page.points.append(_point(dot, y))
        if dot.label:
            page.words.append(_label(page.pixel(dot.on), y - 8, dot.label, dot.role))


def _window(page: Placed, start: date, window: Span, y: float) -> Box:
    first, last = page.axis.within(start), page.axis.within(window.last)
    return Box(
        x=moment(first),
        x2=moment(last),
        y=y - 11,
        y2=y + 11,
        fill=LIGHT[Role.WINDOW],
        stroke=LIGHT[Role.INJECTION],
        dash=_AHEAD,
    )


def _box(page: Placed, bar: Bar, y: float) -> Box:
    half = (_THIN if bar.thin else _THICK) / 2
    least = round(page.axis.days * DAY_MS * 3 / page.layout.plot)  # three pixels
    start, last = moment(bar.start), moment(bar.last)
    colour = LIGHT[bar.role]
    return Box(
        x=start,
        x2=max(last, start + least),
        y=y - half,
        y2=y + half,
        fill=LIGHT[Role.PAPER] if bar.hollow else colour,
        stroke=colour,
        dash=_AHEAD if bar.dashed else (),
    )


def _point(dot: Dot, y: float) -> Point:
    colour = LIGHT[dot.role]
    fill = LIGHT[Role.PAPER] if dot.hollow else colour
    return Point(x=moment(dot.on), y=y, shape=dot.shape, size=_DOT, fill=fill, stroke=colour)


def _label(x: float, y: float, text: str, role: Role) -> Word:
    return Word(x=x, y=y, text=text, role=role, size=LABEL_SIZE, bold=True, anchor="middle")


def _panel(page: Placed, panel: Panel, top: float, bottom: float) -> None:
    first, last = moment(page.axis.first), moment(page.axis.last)
    for y, end in ((top, panel.high), (bottom, panel.low)):
        page.rules.append(Rule(x=first, x2=last, y=y, y2=y, stroke=LIGHT[Role.GRID]))
        if page.layout.words:  # else the notes say it
            page.words.append(Word(x=-6, y=y + 4, text=end, role=Role.MUTED, size=LABEL_SIZE, anchor="end"))
    role = Role.PAIN if panel.is_pain else Role.FUNCTION
    for index, line in enumerate(panel.lines):
        dash = (4, 3) if index else ()
        fill = LIGHT[Role.PAPER] if index else LIGHT[role]
        for point in line.points:
            x, y = moment(point.on), bottom - (bottom - top) * point.height
            page.vertices.append(Vertex(x=x, y=y, line=line.name, stroke=LIGHT[role], dash=dash))
            page.points.append(Point(x=x, y=y, shape="circle", size=_VERTEX, fill=fill, stroke=LIGHT[role]))
            if point.label:
                page.words.append(_label(page.pixel(point.on), y - 7, point.label, role))
