"""Draws with Vega: the chart is compiled once a process, a patient's picture is data put in.

To describe and compile a chart costs some 200 ms, to draw a compiled one 20 ms. So it is compiled
with empty data sets and open signals, and Vega draws it with those filled.
Altair and vl-convert are imported when the first picture is drawn, and nowhere else: a service
that answers hooks never loads them. The engine has threads of its own, which a fork does not copy:
it starts in the worker that draws, and a process forked from one where it runs is refused, as it
would wait forever.
"""

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import msgspec

from cds_service.picture.layouts import BOTTOM, TOP, Placed, moment

_NO_HOSTS: list[str] = []  # vl-convert may load nothing from anywhere
_NOTHING = '{"width": 1, "height": 1}'
_lock = Lock()
_charts: dict[int, dict[str, Any]] = {}  # by process id; the one chart, which never changes


def drawn(page: Placed) -> str:
    """What stands in time, as Vega draws it: SVG in the light palette, without words."""
    axis, layout = page.axis, page.layout
    signals = {
        "span": [moment(axis.first), moment(axis.last)],
        "ticks": [moment(tick.on) for tick in page.ticks],
    }
    spec = {
        **_filled(_chart(), signals, page.marks),
        "width": layout.plot,
        "height": page.height,
        "padding": {"left": layout.words, "right": layout.gap, "top": TOP, "bottom": BOTTOM},
    }
    return _svg(msgspec.json.encode(spec).decode())


def warm() -> None:
    """Start the engine and compile the chart, so that the first picture need not wait.

    Call it in the process that draws, never before a fork.
    """
    _chart()


def _filled(
    chart: Mapping[str, Any], signals: Mapping[str, object], values: Mapping[str, object]
) -> Mapping[str, Any]:
    """The compiled chart with its open places filled; data sets derived from others stay as they are."""
    return {
        **chart,
        "signals": [
            {**signal, "value": signals[signal["name"]]} if signal["name"] in signals else signal
            for signal in chart["signals"]
        ],
        "data": [
            {**data, "values": values[data["name"]]} if data["name"] in values else data
            for data in chart["data"]
        ],
    }


def _chart() -> dict[str, Any]:
    process = os.getpid()
    with _lock:
        if process not in _charts:
            if _charts:
                raise RuntimeError(
                    "the drawing engine was started before this process was forked from its own"
                )
            _charts[process] = _compiled()
        return _charts[process]


def _compiled() -> dict[str, Any]:
    """The chart as a Vega specification."""
    # The engine starts in its own thread: meanwhile this one imports Altair.
    with ThreadPoolExecutor(max_workers=1) as beside:
        started = beside.submit(_svg, _NOTHING)
        from cds_service.picture.described import described  # noqa: PLC0415 - loads Altair, see above

        chart = described()
        started.result()
    import vl_convert  # noqa: PLC0415 - starts a JavaScript engine, see above

    return dict(vl_convert.vegalite_to_vega(chart))


def _svg(spec: str) -> str:
    import vl_convert  # noqa: PLC0415 - see above

    return vl_convert.vega_to_svg(spec, allowed_base_urls=_NO_HOSTS)
