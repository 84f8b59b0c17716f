"""The page needs nothing from elsewhere, runs nothing, and tells in words what its charts show."""

import re
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256

import pytest

from cds_service.memory.records import Fate
from cds_service.report.figures import Report
from cds_service.report.page import STYLES, Form, page
from cds_service.report.periods import Period
from cds_service.report.reading import read_report
from tests.cds_service.report.making import START, UTC_CALENDAR, Rows, a_busy_quarter, ms, one_card
from tests.cds_service.report.pages import Parsed, contrast, variables

ReportOn = Callable[..., Report]
TITLES = {"esi-repeat": "Repeat lumbar epidural steroid injection", "nsaid": "Prescription-strength NSAID"}
HOSTILE = "<script>alert(1)</script>\"'&"


@pytest.fixture(scope="session")
def busy_page(busy_report: Report) -> str:
    return page(busy_report, TITLES)


@pytest.fixture(params=["zero", "one", "many"])
def any_page(request: pytest.FixtureRequest, report_on: ReportOn) -> str:
    if request.param == "many":
        return str(request.getfixturevalue("busy_page"))
    return page(report_on(Rows() if request.param == "zero" else one_card()), TITLES)


def test_nothing_is_fetched_and_nothing_runs(any_page: str) -> None:
    parsed = Parsed(any_page)
    attributes = {name for _, found in parsed.elements for name in found}

    assert not {"script", "link", "img", "iframe", "object", "use", "image"} & {
        tag for tag, _ in parsed.elements
    }
    assert [name for name in attributes if name.startswith("on") or name in {"style", "href", "src"}] == []
    assert re.findall(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg\")", any_page) == []


def test_its_policy_allows_its_own_styles_and_nothing_else(any_page: str) -> None:
    parsed = Parsed(any_page)
    policy = next(meta["content"] for meta in parsed.named("meta") if "http-equiv" in meta)
    digest = b64encode(sha256(parsed.styles.encode()).digest()).decode()

    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_on_the_service_it_asks_for_our_style_sheet_alone(busy_report: Report) -> None:
    form = Form(since="2026-08-03", tenant="south", tenants=("north", "south"))

    parsed = Parsed(page(busy_report, TITLES, stylesheet="/static/report.css", form=form))

    assert [link["href"] for link in parsed.named("link")] == ["/static/report.css"]
    assert parsed.named("style") == []
    assert [option for option in parsed.named("option") if "selected" in option] == [{"selected": None}]


def test_every_chart_has_a_description_and_a_table_in_its_section(busy_page: str) -> None:
    sections = re.findall(r"<section.*?</section>", busy_page, re.DOTALL)
    drawn = [section for section in sections if "<svg" in section]

    assert len(drawn) == 5
    assert [section for section in drawn if "<table>" not in section] == []
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in Parsed(busy_page).named("svg"))


def test_what_a_chart_is_drawn_of_stands_in_the_tables(busy_page: str, busy_report: Report) -> None:
    cells = set(re.findall(r"<td>([\d,]+)", busy_page))

    for groups in (busy_report.weeks, busy_report.states, busy_report.tenants):
        for group in groups or ():
            assert f"{group.cards.accepted:,}" in cells


def test_tables_name_their_rows_and_columns(any_page: str) -> None:
    heads = Parsed(any_page).named("th")

    assert [head for head in heads if head.get("scope") not in {"row", "col"}] == []


def test_colours_can_be_told_from_the_paper_in_light_and_in_dark() -> None:
    for colours in variables(STYLES.read_text(encoding="utf-8")):
        text = {name: contrast(colours[name], colours["paper"]) for name in ("ink", "soft", "link")}
        shapes = {
            name: contrast(colours[name], colours["paper"])
            for name in ("accepted", "overridden", "unanswered")
        }
        # WCAG 2.1, 1.4.3 and 1.4.11
        assert [name for name, ratio in text.items() if ratio < 4.5] == []
        assert [name for name, ratio in shapes.items() if ratio < 3] == []


def test_charts_take_every_colour_from_the_style_sheet(busy_page: str) -> None:
    light, dark = variables(STYLES.read_text(encoding="utf-8"))
    drawn = "".join(re.findall(r"<svg.*?</svg>", busy_page, re.DOTALL))
    colours = set(re.findall(r'(?:fill|stroke)="([^"]+)"', drawn))

    named = {colour[6:-1] for colour in colours if colour.startswith("var(--")}
    assert colours - {f"var(--{name})" for name in named} <= {"none", "transparent"}
    assert named <= set(light) & set(dark)


def test_what_a_client_sent_is_text_and_never_markup(report_on: ReportOn) -> None:
    rows = Rows()
    for number in range(30):
        (card,) = rows.call(["nsaid"], patient=f"p{number}", held=[("yoga", Fate.QUIET, HOSTILE)])
        rows.override(card, HOSTILE, at=ms(START), system=HOSTILE)

    written = page(report_on(rows), {"nsaid": HOSTILE, "yoga": HOSTILE})

    assert "<script" not in written
    assert HOSTILE in Parsed(written).text


def test_of_few_patients_the_page_says_that_and_no_figure(report_on: ReportOn) -> None:
    text = Parsed(page(report_on(one_card()), TITLES)).text

    assert "Fewer than 5 patients" in text
    assert "esi-repeat" not in text


def test_without_data_the_page_says_so(report_on: ReportOn) -> None:
    assert "Nothing is on record" in Parsed(page(report_on(Rows()), TITLES)).text


def test_hidden_figures_are_marked_and_explained(report_on: ReportOn) -> None:
    rows = a_busy_quarter(150)

    text = Parsed(page(report_on(rows), TITLES)).text

    assert "<5*" in text
    assert "stands for a figure of fewer than 5 patients" in text


def test_a_report_is_the_same_page_each_time(busy_store: str, busy_page: str) -> None:
    assert page(read_report(busy_store, Period(), UTC_CALENDAR), TITLES) == busy_page
