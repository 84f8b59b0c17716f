"""The report as an HTML page: without script, complete in itself or with the service's style sheet."""

from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cds_service.report import words
from cds_service.report.charts import Bar, Stack, bars, lying_stacks, standing_stacks
from cds_service.report.figures import Group, Report

STYLES = Path(__file__).parent.parent / "static" / "report.css"
MOST_BARS = 20  # of a chart; the table has them all


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a reader may choose, on the page of the service."""

    since: str = ""
    until: str = ""
    tenant: str = ""
    tenants: tuple[str, ...] = ()
    home: str = ""  # what the addresses of the service's other pages begin with


def page(
    report: Report, titles: Mapping[str, str], *, stylesheet: str | None = None, form: Form | None = None
) -> str:
    """The page.

    Args:
        report: What it tells.
        titles: Names of recommendations, guards, states and override reasons, by id.
        stylesheet: Address of `STYLES`; None: it is written into the page, which then needs nothing else.
        form: None: the page stands by itself, and nothing can be chosen.
    """
    styles = None if stylesheet is not None else STYLES.read_text(encoding="utf-8")
    template = _environment().get_template("report.html")
    return template.render(
        report=report,
        form=form,
        stylesheet=stylesheet,
        styles=None if styles is None else Markup(styles),  # noqa: S704 - our own file
        policy=None if styles is None else policy_of(styles),
        title_of=lambda name: titles.get(name, name),
        charts=dict(_charts(report, titles)),
    )


def policy_of(styles: str) -> str:
    """The Content-Security-Policy of a page that holds its style sheet: nothing else, from nowhere."""
    digest = b64encode(sha256(styles.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def _charts(report: Report, titles: Mapping[str, str]) -> Iterable[tuple[str, Markup]]:
    def cards(groups: Iterable[Group] | None) -> list[Stack]:
        return [Stack(titles.get(group.key, group.key), group.cards) for group in groups or ()]

    advised = [row for row in report.recommendations or () if row.shown.shown != 0][:MOST_BARS]
    times = [Stack(titles.get(row.id, row.id), row.shown) for row in advised]
    reasons = [Bar(group.display, group.cards) for group in report.reasons or ()]
    held = [Bar(words.FATES[fate], figure) for fate, figure in report.items.fates.items()]
    plans: tuple[tuple[str, str, Callable[[str], str | None]], ...] = (
        (
            "weeks",
            "The cards of each week",
            lambda title: standing_stacks(title, "cards", cards(report.weeks)),
        ),
        ("recommendations", "Each recommendation", lambda title: lying_stacks(title, "times shown", times)),
        (
            "states",
            "The cards in each state",
            lambda title: lying_stacks(title, "cards", cards(report.states)),
        ),
        ("reasons", "Why cards were overridden", lambda title: bars(title, "cards", reasons)),
        ("held", "Why recommendations were held back", lambda title: bars(title, "times", held)),
    )
    for name, title, draw in plans:
        svg = draw(f"{title}: the table below tells the same")
        if svg is not None:
            yield name, Markup(svg)  # noqa: S704 - drawn by us, texts escaped


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("cds_service"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "count": words.count,
        "number": words.number,
        "percent": words.percent,
        "span": words.span,
    }
    environment.globals |= {"words": words}
    return environment
