"""The SVG: well-formed, without anything that could run or load, and safe against any chart."""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cds_service.picture.drawing import drawing_of, svg_of
from cds_service.picture.layouts import LAYOUTS, NARROW, WIDE, Layout
from cds_service.picture.palette import COLOURS, Role, Theme
from cds_service.picture.placing import placed
from cds_service.picture.tables import rows_of
from pathway.facts import (
    ConditionFact,
    DrugFact,
    Fact,
    ImagingFact,
    InjectionFact,
    Instrument,
    OperationFact,
    Outcome,
    ScoreFact,
    Source,
    StopReason,
    Substance,
    TherapyFact,
)
from tests.cds_service.picture.making import ATTACKS, attacking, crowded, pictured, sampled, samples
from tests.pathway.making import day, facts

ALLOWED = {"svg", "title", "desc", "g", "path", "line", "rect", "text"}
UNSAFE = re.compile(r"style|href|url\(|on[a-z]+$|src", re.IGNORECASE)


def elements(svg: str) -> list[Element]:
    return list(fromstring(svg).iter())  # noqa: S314 - what is tested


def kind(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def check_harmless(svg: str) -> None:
    for element in elements(svg):
        assert kind(element) in ALLOWED
        for name, value in element.attrib.items():
            assert not UNSAFE.search(name)
            assert "url(" not in value
            assert "script" not in value


@pytest.mark.parametrize("name", list(samples().by_id))
def test_every_sample_is_drawn_harmless_and_small(name: str) -> None:
    drawing = drawing_of(sampled(name))

    for svg in (drawing.wide, drawing.narrow):
        check_harmless(svg)
        assert len(svg) < 20_000


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_the_picture_has_a_title_and_a_sentence(layout: Layout) -> None:
    root, *rest = elements(svg_of(sampled("esi-waiting"), layout=layout))

    by_id = {element.get("id"): element.text for element in rest}
    assert root.get("role") == "img"
    assert by_id[root.get("aria-labelledby")] == "Pathway time line, as of 2026-11-22"
    assert "the next, if one is needed, from 2026-11-26 to 2026-12-10" in str(
        by_id[root.get("aria-describedby")]
    )


def test_two_pictures_of_a_page_have_ids_of_their_own() -> None:
    timeline = sampled("esi-waiting")
    one, other = drawing_of(timeline, name="before"), drawing_of(timeline, name="after")

    ids = [e.get("id") for svg in (one.wide, one.narrow, other.wide, other.narrow) for e in elements(svg)]
    ids = [found for found in ids if found]
    assert len(ids) == len(set(ids)) == 8


def test_the_days_stand_where_the_axis_has_them() -> None:
    timeline = sampled("esi-waiting")
    page = placed(timeline, WIDE)
    (window,) = [box for box in page.boxes if box.fill == COLOURS[Theme.LIGHT][Role.WINDOW]]
    assert timeline.next_injection is not None
    assert timeline.next_injection.start is not None

    drawn = [e for e in elements(svg_of(timeline)) if "fill-window" in e.get("class", "")]

    (path,) = drawn
    start = re.match(r"M([\d.]+),([\d.]+)h([\d.]+)", path.get("d", ""))
    assert start is not None
    assert float(start[1]) == pytest.approx(page.pixel(timeline.next_injection.start), abs=0.2)
    assert float(start[2]) == pytest.approx(window.y, abs=0.2)
    width = page.pixel(timeline.next_injection.last) - page.pixel(timeline.next_injection.start)
    assert float(start[3]) == pytest.approx(width, abs=0.2)


def test_every_mark_of_the_page_is_drawn() -> None:
    page = placed(pictured(crowded()), NARROW)

    found = [kind(e) for e in elements(svg_of(pictured(crowded()), layout=NARROW))]

    assert found.count("text") == len(page.words)
    assert found.count("path") >= len(page.boxes) + len(page.points)


def test_a_colour_is_a_class_too_so_that_a_style_sheet_decides() -> None:
    light, dark = (svg_of(sampled("esi-waiting"), theme) for theme in Theme)
    for svg, theme in ((light, Theme.LIGHT), (dark, Theme.DARK)):
        for element in elements(svg):
            for attribute in ("fill", "stroke"):
                colour = element.get(attribute)
                if colour not in (None, "none"):
                    role = next(r for r, c in COLOURS[theme].items() if c == colour)
                    assert f"{attribute}-{role}" in element.get("class", "").split()


@pytest.mark.parametrize("attack", ATTACKS, ids=range(len(ATTACKS)))
def test_names_of_the_chart_are_only_ever_text(attack: str) -> None:
    timeline = pictured(attacking(attack))

    drawing = drawing_of(timeline)

    check_harmless(drawing.wide)
    check_harmless(drawing.narrow)
    assert "<script" not in drawing.wide
    assert "\u202e" not in drawing.wide


def test_no_word_of_the_chart_is_lost_when_it_fits() -> None:
    timeline = pictured(attacking('<b>Bad & "Back"</b>'))

    texts = [element.text for element in elements(svg_of(timeline)) if kind(element) == "text"]

    assert '<b>Bad & "Back"</b>' in texts


def test_four_threads_draw_at_the_same_time() -> None:
    names = ["esi-waiting", "esi-repeat-window", "advanced-options", "red-flag-emergency"] * 4
    alone = {name: svg_of(sampled(name)) for name in names}

    with ThreadPoolExecutor(max_workers=4) as pool:
        together = list(pool.map(lambda name: svg_of(sampled(name)), names))

    assert [alone[name] for name in names] == together


def test_a_service_that_answers_hooks_never_loads_the_engine() -> None:
    code = (
        "import sys, cds_service.app, cds_service.picture.drawing, cds_service.picture.states\n"
        "print(sorted({'altair', 'vl_convert', 'narwhals'} & set(sys.modules)))"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.integration
def test_a_process_forked_from_one_that_draws_is_refused_and_does_not_hang() -> None:
    code = """
import os
from cds_service.picture import engine
engine.warm()
child = os.fork()
if not child:
    try:
        engine.warm()
    except RuntimeError:
        os._exit(7)
    os._exit(0)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True, timeout=60
    )

    assert done.stdout.strip() == "7"


DAYS = st.one_of(st.none(), st.integers(-4000, 0).map(day))
WORDS = st.one_of(st.sampled_from(ATTACKS), st.text(max_size=20))
SOURCES = st.builds(Source, resource_type=st.just("Condition"), resource_id=WORDS, text=WORDS)
MODALITIES = st.sampled_from(
    ["exercise-pt", "massage", "cbt", "yoga", "manual-therapy", "multidisciplinary-rehab"]
)
PIECES: st.SearchStrategy[Fact] = st.one_of(
    st.builds(
        ConditionFact,
        concept=st.sampled_from(["radicular", "lbp-axial", "cauda-equina", "vertebral-fracture"]),
        role=st.just("problem"),
        code=WORDS,
        onset=DAYS,
        recorded=DAYS,
        source=SOURCES,
    ),
    st.builds(
        DrugFact,
        substances=st.tuples(
            st.builds(
                Substance,
                drug_class=st.sampled_from(["nsaid", "snri-duloxetine", "muscle-relaxant", "opioid"]),
                ingredient=WORDS,
            )
        ),
        status=st.sampled_from(["active", "completed", "stopped", "on-hold"]),
        start=DAYS,
        stop=DAYS,
        supply_days=st.one_of(st.none(), st.integers(0, 400).map(Decimal)),
        stop_reason=st.one_of(st.none(), st.sampled_from(StopReason)),
        source=SOURCES,
    ),
    st.builds(
        TherapyFact,
        modality=MODALITIES,
        status=st.sampled_from(["completed", "in-progress", "stopped"]),
        first=DAYS,
        last=DAYS,
        outcome=st.one_of(st.none(), st.sampled_from(Outcome)),
        source=SOURCES,
    ),
    st.builds(InjectionFact, on=DAYS, code=WORDS, source=SOURCES),
    st.builds(
        ScoreFact,
        instrument=st.sampled_from(Instrument),
        value=st.decimals(-5, 10**9, allow_nan=False, allow_infinity=False, places=2),
        on=st.integers(-4000, 0).map(day),
        source=SOURCES,
    ),
)
PATIENTS = st.builds(
    lambda pieces, imaging, operations: facts(*pieces, imaging=tuple(imaging), operations=tuple(operations)),
    st.lists(PIECES, max_size=25),
    st.lists(
        st.builds(
            ImagingFact, modality=st.sampled_from(["mri-lumbar", "xray-lumbar"]), on=DAYS, source=SOURCES
        )
    ),
    st.lists(
        st.builds(OperationFact, concept=st.sampled_from(["lumbar-fusion", "cabg"]), on=DAYS, source=SOURCES)
    ),
)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=150, deadline=None, suppress_health_check=SLOW)
@given(PATIENTS)
def test_any_facts_have_a_picture(known: object) -> None:
    timeline = pictured(known)  # type: ignore[arg-type]

    assert isinstance(rows_of(timeline), tuple)
    for layout in LAYOUTS:
        page = placed(timeline, layout)
        first, last = (page.axis.share(day) for day in (page.axis.first, page.axis.last))
        assert (first, last) == (0, 1)
        assert all(0 <= point.y <= page.height for point in page.points)
        assert all(box.x <= box.x2 for box in page.boxes)


@settings(max_examples=15, deadline=None, suppress_health_check=SLOW)
@given(PATIENTS)
def test_any_facts_are_drawn_harmless(known: object) -> None:
    check_harmless(svg_of(pictured(known)))  # type: ignore[arg-type]
