"""Charts as SVG, drawn on the server; each stands beside a table that tells the same.

Colours are CSS variables in presentation attributes, which no Content-Security-Policy forbids: the page's
style sheet gives them their values in light and dark. Altair and its renderer are heavy, and loaded only to
draw.
"""
# ruff: noqa: PLC0415 - see above

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import quoteattr

from cds_service.report.cells import Figure, Hidden
from cds_service.report.figures import Outcomes

if TYPE_CHECKING:
    import altair as alt

WIDTH, STEP = 660, 26  # px
# A browser's font may be a fifth wider than the one that the labels are measured with.
LABELS, LONGEST_LABEL = 285, 240  # px
INK, SOFT, LINE, PAPER = "var(--ink)", "var(--soft)", "var(--line)", "var(--paper)"
ACCEPTED, OVERRIDDEN, UNANSWERED, UNTOLD = "accepted", "overridden", "no answer", "not told (few patients)"
COLOURS = {
    ACCEPTED: "var(--accepted)",
    OVERRIDDEN: "var(--overridden)",
    UNANSWERED: "var(--unanswered)",
    UNTOLD: "var(--untold)",
}
CONFIG: dict[str, Any] = {
    "aria": False,  # the figure has one description, and its table the values
    "background": "transparent",
    "font": "sans-serif",
    "view": {"stroke": None},
    "axis": {
        "domainColor": LINE,
        "gridColor": LINE,
        "labelColor": INK,
        "labelFontSize": 13,
        "labelLimit": LONGEST_LABEL,
        "tickColor": LINE,
        "titleColor": SOFT,
        "titleFontSize": 13,
        "titleFontWeight": "normal",
    },
    "legend": {
        "columnPadding": 28,
        "labelColor": INK,
        "labelFontSize": 13,
        "orient": "top",
        "symbolStrokeWidth": 0,
        "symbolType": "square",
        "title": None,
    },
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of one colour."""

    label: str
    value: Figure


@dataclass(frozen=True, slots=True)
class Stack:
    """One bar of what was done with what was shown."""

    label: str
    outcomes: Outcomes


def bars(title: str, what: str, of: Sequence[Bar]) -> str | None:
    """Bars from left to right, in the order given; None: there is nothing to draw.

    Args:
        title: Says what the chart shows, to those who do not see it.
        what: Of the axis.
        of: Hidden values have no bar.
    """
    values = [
        {"label": bar.label, "value": bar.value}
        for bar in of
        if not isinstance(bar.value, Hidden) and bar.value
    ]
    if not values:
        return None
    import altair as alt

    chart = alt.Chart(_data(values)).mark_bar(color=COLOURS[ACCEPTED], height={"band": 0.7})
    encoded = chart.encode(
        x=alt.X("value:Q", title=what, axis=alt.Axis(format=",d", tickCount=4, tickMinStep=1)),
        y=alt.Y("label:N", title=None, sort=None, axis=_names()),
    )
    return _svg(title, encoded.properties(width=WIDTH - LABELS, height=alt.Step(STEP)))


def lying_stacks(title: str, what: str, of: Sequence[Stack]) -> str | None:
    """What was done, a bar for each; None: there is nothing to draw."""
    values = list(_segments(of))
    if not values:
        return None
    import altair as alt

    encoded = _stacked(values).encode(
        x=alt.X("value:Q", title=what, axis=alt.Axis(format=",d", tickCount=4, tickMinStep=1)),
        y=alt.Y("label:N", title=None, sort=None, axis=_names()),
    )
    return _svg(title, encoded.properties(width=WIDTH - LABELS, height=alt.Step(STEP)))


def standing_stacks(title: str, what: str, of: Sequence[Stack]) -> str | None:
    """The same from the past to the present; None: there is nothing to draw."""
    values = list(_segments(of))
    if not values:
        return None
    import altair as alt

    labels = [stack.label for stack in of]
    # as many labels as there is room for
    shown = labels[:: len(labels) // 14 + 1]
    encoded = _stacked(values).encode(
        x=alt.X(
            "label:N",
            title=None,
            sort=None,
            scale=alt.Scale(domain=labels),
            axis=alt.Axis(labelAngle=-45, values=shown, ticks=False),
        ),
        y=alt.Y("value:Q", title=what, axis=alt.Axis(format=",d", tickCount=5, tickMinStep=1, domain=False)),
    )
    return _svg(title, encoded.properties(width=WIDTH, height=220))


def _stacked(values: Sequence[dict[str, Any]]) -> "alt.Chart":
    import altair as alt

    drawn = [name for name in COLOURS if any(value["outcome"] == name for value in values)]
    scale = alt.Scale(domain=drawn, range=[COLOURS[name] for name in drawn])
    chart = alt.Chart(_data(values)).mark_bar(stroke=PAPER, strokeWidth=1)
    coloured: alt.Chart = chart.encode(color=alt.Color("outcome:N", scale=scale), order=alt.Order("order:Q"))
    return coloured


def _segments(of: Iterable[Stack]) -> Iterable[dict[str, Any]]:
    """Where the parts are hidden the bar is drawn as one; where the sum is hidden there is none."""
    for stack in of:
        told = stack.outcomes
        parts = {ACCEPTED: told.accepted, OVERRIDDEN: told.overridden, UNANSWERED: told.unanswered}
        if any(isinstance(figure, Hidden) for figure in parts.values()):
            parts = {UNTOLD: told.shown}
        for name, figure in parts.items():
            if not isinstance(figure, Hidden) and figure:
                order = list(COLOURS).index(name)
                yield {"label": stack.label, "outcome": name, "value": figure, "order": order}


def _data(values: Sequence[dict[str, Any]]) -> "alt.Data":
    import altair as alt

    return alt.Data(values=list(values))  # type: ignore[no-untyped-call]


def _names() -> "alt.Axis":
    import altair as alt

    return alt.Axis(ticks=False, domain=False, labelAlign="left", labelPadding=LABELS)


def _svg(title: str, chart: "alt.Chart") -> str:
    """The chart as an element of a page, described by its title."""
    import vl_convert

    # not checked against its schema, which takes as long as drawing: the tests look at what is drawn
    spec = chart.to_dict(validate=False) | {"config": CONFIG}
    svg: str = vl_convert.vegalite_to_svg(spec, vl_version=_version(spec))
    head, rest = svg.split(">", 1)
    box = re.search(r'viewBox="[^"]+"', head)
    size = re.search(r'width="(\d+)"', head)
    described = f'role="img" aria-label={quoteattr(title)} focusable="false"'
    kept = " ".join(filter(None, (found[0] for found in (box, size) if found)))
    return f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" {kept} {described}>{rest}'


def _version(spec: dict[str, Any]) -> str:
    """The version of Vega-Lite that altair writes, as the renderer names it: "6.1"."""
    found = re.search(r"/v(\d+)\.(\d+)", spec["$schema"])
    return f"{found[1]}.{found[2]}" if found else "6.1"
