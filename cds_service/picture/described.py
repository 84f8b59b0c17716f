"""The chart as Altair describes it: what stands in time, and the grid, without a patient's data.

Data sets are named (`layouts.Placed.marks` has them), the size and the days of the axis are open, and
heights are pixels. Words are not drawn here: see `drawing`. This module imports Altair: import it
only when a picture is drawn.
"""

from collections.abc import Mapping
from typing import Any

import altair as alt

from cds_service.picture.palette import COLOURS, Role, Theme

_LIGHT = COLOURS[Theme.LIGHT]
# What is put in for each patient: the ends of the axis and its ticks, in ms since 1970.
OPEN: Mapping[str, Any] = {"span": [0, 86_400_000], "ticks": [0]}


def described() -> str:
    """The chart as a Vega-Lite specification, JSON."""
    layers = [_boxes(), _rules(), _vertices(), _points()]
    chart = (
        alt.layer(*(layer.encode(x=_x()) for layer in layers))
        .add_params(*(alt.param(name=name, value=value) for name, value in OPEN.items()))
        .properties(
            width=100,
            height=100,
            autosize=alt.AutoSizeParams(type="none"),
            background="transparent",
        )
        .configure(aria=False, view=alt.ViewConfig(stroke=None))
    )
    specification: str = chart.to_json(indent=None)
    return specification


def _x() -> alt.X:
    axis = alt.Axis(
        orient="top",
        values=alt.ExprRef("ticks"),
        labels=False,
        gridColor=_LIGHT[Role.GRID],
        domain=False,
        ticks=False,
        title=None,
    )
    return alt.X("x:T", scale=alt.Scale(type="utc", domain=alt.ExprRef("span"), nice=False), axis=axis)


def _y() -> alt.Y:
    """A height in pixels from the top."""
    return alt.Y("y:Q", scale=None, axis=None)


def _fill() -> alt.Fill:
    return alt.Fill("fill:N", scale=None)


def _stroke() -> alt.Stroke:
    return alt.Stroke("stroke:N", scale=None)


def _boxes() -> alt.Chart:
    chart: alt.Chart = (
        alt.Chart(alt.NamedData("boxes"))
        .mark_rect(strokeWidth=1.5, strokeDash=alt.ExprRef("datum.dash"))
        .encode(x2="x2", y=_y(), y2="y2", fill=_fill(), stroke=_stroke())
    )
    return chart


def _rules() -> alt.Chart:
    chart: alt.Chart = (
        alt.Chart(alt.NamedData("rules"))
        .mark_rule(strokeDash=alt.ExprRef("datum.dash"))
        .encode(x2="x2", y=_y(), y2="y2", stroke=_stroke())
    )
    return chart


def _vertices() -> alt.Chart:
    chart: alt.Chart = (
        alt.Chart(alt.NamedData("vertices"))
        .mark_line(strokeWidth=2, strokeDash=alt.ExprRef("datum.dash"), interpolate="linear")
        .encode(y=_y(), stroke=_stroke(), detail="line:N", order="x:Q")
    )
    return chart


def _points() -> alt.Chart:
    chart: alt.Chart = (
        alt.Chart(alt.NamedData("points"))
        .mark_point(opacity=1, strokeWidth=1.5)
        .encode(
            y=_y(),
            shape=alt.Shape("shape:N", scale=None),
            size=alt.Size("size:Q", scale=None, legend=None),
            fill=_fill(),
            stroke=_stroke(),
        )
    )
    return chart
