"""The picture as SVG, safe to stand within a page.

Vega draws what stands in time; its SVG is written anew here, with the elements and attributes of a
short list and nothing else, and every colour gets a class, so that a page's style sheet decides
(`picture.css`) and no style stands in the markup: a Content-Security-Policy without
`unsafe-inline` holds. Words are set here and not by Vega, which takes 2 ms to measure each, and so
what comes from a chart never enters its engine: it is escaped, and only ever text.
"""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, fromstring

from markupsafe import Markup, escape

from cds_service.picture import engine
from cds_service.picture.layouts import BOTTOM, NARROW, TOP, WIDE, Layout, Placed, Word
from cds_service.picture.palette import COLOURS, Role, Theme
from cds_service.picture.placing import placed
from cds_service.picture.summaries import summary_of
from cds_service.picture.tables import Row, rows_of
from cds_service.picture.timeline import Pictured, Timeline

_SVG = "{http://www.w3.org/2000/svg}"
_FONT = "system-ui, sans-serif"
_SHAPES = frozenset({"path", "line", "rect"})
_GEOMETRY = ("transform", "d", "x", "y", "x1", "y1", "x2", "y2", "width", "height")
_LINES = ("stroke-width", "stroke-dasharray")
_ROLES = {colour: role for role, colour in COLOURS[Theme.LIGHT].items()}
_NO_MOVE = "translate(0,0)"
_LONG = re.compile(r"-?\d+\.\d{2,}(?:e-\d+)?")
warm = engine.warm


class Drawing(Pictured, frozen=True, kw_only=True):
    """What a page needs of a time line; see templates/picture.html."""

    name: str  # unique on the page
    summary: str  # one sentence
    wide: Markup
    narrow: Markup
    rows: tuple[Row, ...]


def drawing_of(timeline: Timeline, *, name: str = "picture") -> Drawing:
    """The picture in both layouts, to stand within a page.

    Args:
        timeline: What is drawn.
        name: Begins the ids within the SVG; only where a page shows several pictures.
    """
    return Drawing(
        name=name,
        summary=summary_of(timeline),
        wide=Markup(svg_of(timeline, layout=WIDE, name=name)),  # noqa: S704 - escaped as it is written
        narrow=Markup(svg_of(timeline, layout=NARROW, name=name)),  # noqa: S704
        rows=rows_of(timeline),
    )


def svg_of(
    timeline: Timeline, theme: Theme = Theme.LIGHT, *, layout: Layout = WIDE, name: str = "picture"
) -> str:
    """The picture as one SVG element.

    Args:
        timeline: What is drawn.
        theme: The colours that it has where no style sheet gives it others: in a file of its own.
        layout: For a wide or for a narrow page.
        name: Begins the ids within it.
    """
    page = placed(timeline, layout)
    height = round(page.height) + TOP + BOTTOM
    title, sentence = f"{name}-{layout.name}-title", f"{name}-{layout.name}-desc"
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="pathway-{layout.name}" role="img"',
            f' aria-labelledby="{title}" aria-describedby="{sentence}" font-family="{_FONT}"',
            f' width="{layout.width}" height="{height}" viewBox="0 0 {layout.width} {height}">',
            f'<title id="{title}">Pathway time line, as of {timeline.as_of.isoformat()}</title>',
            f'<desc id="{sentence}">{escape(summary_of(timeline))}</desc>',
            f'<rect width="{layout.width}" height="{height}"{_colours(Role.PAPER, None, theme)}/>',
            *_bands(page, theme),
            *_rewritten(fromstring(engine.drawn(page)), theme),  # noqa: S314 - our own engine's, no chart words
            *_plates(page, theme),
            *_set(page, theme),
            "</svg>",
        ]
    )


def _rewritten(element: Element, theme: Theme) -> Iterator[str]:
    """A drawn element and what it holds, as far as it is on the list; a group without use goes."""
    tag = element.tag.removeprefix(_SVG)
    inside = "".join(part for child in element for part in _rewritten(child, theme))
    if tag in _SHAPES:
        attributes = _shape(element, theme)
        if attributes is not None:
            yield f"<{tag}{attributes}/>"
    elif inside and tag == "g" and element.get("transform", _NO_MOVE) != _NO_MOVE:
        yield f'<g transform="{escape(_rounded(element.get("transform", "")))}">{inside}</g>'
    elif tag in ("g", "svg"):
        yield inside


def _shape(element: Element, theme: Theme) -> str | None:
    """Its attributes; None for a shape without a colour of ours, which nobody sees."""
    fill, stroke = _ROLES.get(element.get("fill", "")), _ROLES.get(element.get("stroke", ""))
    if fill is None and stroke is None:
        return None
    kept = [*_GEOMETRY, *(_LINES if stroke else ())]
    found = [f' {name}="{escape(_rounded(value))}"' for name in kept if (value := element.get(name))]
    return "".join([*found, _colours(fill, stroke, theme)])


def _rounded(numbers: str) -> str:
    """The numbers of a path to a tenth of a pixel."""
    return _LONG.sub(lambda found: f"{float(found[0]):.1f}", numbers)


def _colours(fill: Role | None, stroke: Role | None, theme: Theme) -> str:
    """The colours as attributes, and as classes that a style sheet may colour otherwise."""
    colours = COLOURS[theme]
    filled = f"#{colours[fill][1:]}" if fill else "none"
    classes = [*([f"fill-{fill}"] if fill else []), *([f"stroke-{stroke}"] if stroke else [])]
    drawn_by = f' stroke="{colours[stroke]}"' if stroke else ""
    return f' fill="{filled}"{drawn_by} class="{" ".join(classes)}"'


def _bands(page: Placed, theme: Theme) -> Iterator[str]:
    """The ground beneath everything."""
    yield from (_ground(page, band.top, band.bottom, band.role, theme) for band in page.bands)


def _plates(page: Placed, theme: Theme) -> Iterator[str]:
    """The ground once more, over the grid and beneath words that stand in it."""
    for band in page.bands:
        if band.words > band.top:
            yield _ground(page, band.top, band.words, band.role, theme)


def _ground(page: Placed, top: float, bottom: float, role: Role, theme: Theme) -> str:
    size = f'y="{top + TOP:g}" width="{page.layout.width}" height="{bottom - top:g}"'
    return f"<rect {size}{_colours(role, None, theme)}/>"


def _set(page: Placed, theme: Theme) -> Iterator[str]:
    """The words, each escaped."""
    yield f'<g transform="translate({page.layout.words},{TOP})">'
    yield from (_text(word, theme) for word in page.words)
    yield "</g>"


def _text(word: Word, theme: Theme) -> str:
    anchor = "" if word.anchor == "start" else f' text-anchor="{word.anchor}"'
    bold = ' font-weight="600"' if word.bold else ""
    place = f'x="{word.x:g}" y="{word.y:g}" font-size="{word.size}"'
    return f"<text {place}{bold}{anchor}{_colours(word.role, None, theme)}>{escape(word.text)}</text>"
