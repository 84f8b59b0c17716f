"""Charts whose every string is an attack, in the browser: nothing runs, and the page stays whole."""

from collections.abc import Iterator
from datetime import date
from urllib.parse import quote

import pytest

from cds_service.samples import KEYS, Samples
from cds_service.workbench.page_state import PageState, unpacked
from pathway.loading import load_code_rows
from tests.browser.attacks import ATTACKS, MARK, attacked_record, prefetch_of
from tests.browser.windows import Window, needed
from tests.cds_service.fetching.fhir_servers import Sekmet
from tests.cds_service.launch.ehr import Ehr, an_ehr

pytestmark = [pytest.mark.integration, needed]

SAMPLES = Samples.load(load_code_rows())
CHARTS = (
    "esi-repeat-window",
    pytest.param("sci-neuropathic-pain", marks=pytest.mark.soak),
    pytest.param("older-adult", marks=pytest.mark.soak),
)
LOADED = ("esi-repeat-window", "sci-neuropathic-pain", "older-adult")
ADDRESSES = ("/knowledge/state/", "/?sample=", "/?site=", "/launch/pathway/", "/nothing/", "/launch?iss=")
LIMIT = 16 * 1024 * 1024
FOREIGN = (
    "main script, main img, iframe, object, embed, foreignObject, "
    "[onload], [onerror], [onfocus], a[href^='javascript']"
)


def record_of(sample: str, patient_id: str, first: int = 0) -> list[dict[str, object]]:
    request = SAMPLES.request(sample, date.today())  # noqa: DTZ011 - the service's own day
    return attacked_record(request, patient_id, first=first)


@pytest.fixture(scope="module")
def server(server: Sekmet) -> Sekmet:
    """A FHIR server that took the attacks as they are."""
    for number, sample in enumerate(LOADED):
        server.load(record_of(sample, f"attack-{sample}", first=4 * number))
    return server


@pytest.fixture(scope="module")
def ehr(server: Sekmet, demo: str) -> Iterator[Ehr]:
    with an_ehr(f"{server.origin}/fhir", server.base) as running:
        running.register(f"{demo}/launch/callback", client_id="backpath")
        yield running


def assert_whole(shown: Window) -> None:
    """Nothing ran, nothing of the chart became markup, and the page is there to its end."""
    assert shown.page.evaluate(f"window.{MARK}") is None
    assert shown.page.locator(FOREIGN).count() == 0
    assert shown.page.locator("h1").count() == 1
    assert shown.page.locator("footer.site").is_visible()
    assert "javascript:window" not in shown.page.url


@pytest.mark.parametrize("sample", CHARTS)
def test_a_chart_of_a_server_is_shown_and_worked_with(shown: Window, server: Sekmet, sample: str) -> None:
    shown.open()
    shown.page.get_by_label("Base URL").fill(f"{server.origin}/fhir")
    shown.page.get_by_label("Patient id").fill(f"attack-{sample}")
    shown.press("Open the chart")
    assert SAMPLES.by_id[sample].state == shown.state
    assert shown.page.locator(".pathway-drawing svg:visible").count() == 1
    assert ATTACKS[0] in (shown.page.locator("body").text_content() or "")
    assert_whole(shown)

    for name in shown.page.locator("summary").all():
        name.click()
    assert_whole(shown)
    shown.page.locator("#moved").select_option(index=1)
    shown.page.get_by_label("Moved by days").fill("1")
    shown.press("Send it again")
    assert_whole(shown)
    shown.page.get_by_label("What", exact=True).select_option("mri")
    shown.press("Draft it")
    assert_whole(shown)
    shown.press("Back to the chart")
    shown.press("Override")
    assert_whole(shown)


@pytest.mark.parametrize(
    "first", [0, pytest.param(5, marks=pytest.mark.soak), pytest.param(10, marks=pytest.mark.soak)]
)
def test_a_request_of_attacks_is_shown(shown: Window, first: int) -> None:
    """Ids and what no server would take, too."""
    shown.open("/?sample=esi-waiting")
    field = shown.page.locator("form[action^='/workbench/day'] input[name=state]")
    state = unpacked(field.input_value(), LIMIT)
    record = record_of("esi-repeat-window", "p1", first)
    for one in record[1:]:
        one["id"] = ATTACKS[first]
    request = state.request | {"prefetch": prefetch_of(record, dict(KEYS))}
    request["context"] = request["context"] | {"patientId": "p1"}
    request["extension"] = {"org.example": ATTACKS[first], ATTACKS[first]: "\x00\x07"}
    packed = PageState(site=state.site, sample=ATTACKS[0], request=request, steps=ATTACKS).packed()

    field.evaluate("(field, packed) => { field.value = packed }", packed)
    shown.press("a day later")

    assert shown.page.locator(".pathway-drawing svg:visible").count() == 1
    assert ATTACKS[first].split()[0] in shown.page.locator("ol.steps").inner_text()
    assert_whole(shown)


def test_a_draft_order_of_attacks_is_shown(shown: Window) -> None:
    shown.open("/?sample=esi-waiting")
    shown.page.get_by_label("What", exact=True).select_option("esi")
    shown.press("Draft it")
    field = shown.page.locator("form.drafts input[name=state]")
    state = unpacked(field.input_value(), LIMIT)
    (entry,) = state.request["context"]["draftOrders"]["entry"]
    entry["resource"]["code"]["text"] = ATTACKS[4]
    entry["resource"]["code"]["coding"][0]["display"] = ATTACKS[2]
    entry["resource"]["note"] = [{"text": attack} for attack in ATTACKS]

    field.evaluate("(field, packed) => { field.value = packed }", state.packed())
    shown.press("Sign", exact=True)

    assert "esi-too-early" in shown.recommendations
    assert_whole(shown)


@pytest.mark.parametrize("sample", CHARTS)
def test_the_pathway_page_of_a_launch_is_whole(shown: Window, ehr: Ehr, sample: str) -> None:
    ehr.picked = f"attack-{sample}"

    shown.open(f"/launch?iss={quote(ehr.base, safe='')}")

    assert "/launch/pathway/" in shown.page.url
    assert shown.page.locator(".pathway-drawing svg:visible").count() == 1
    assert shown.page.locator("article.step").count() > 0
    assert_whole(shown)


def test_what_is_searched_for_is_shown_as_words(reused: Window) -> None:
    for attack in (" ".join(one.split()) for one in ATTACKS):
        reused.open(f"/knowledge?q={quote(attack)}")

        assert reused.page.get_by_label("Search the knowledge").input_value() == attack
        assert_whole(reused)


@pytest.mark.parametrize("path", ADDRESSES)
def test_an_address_of_attacks_is_a_clear_page(lasting: Window, path: str) -> None:
    lasting.faults.clear()

    for attack in ATTACKS[2:5]:
        lasting.open(f"{path}{quote(attack, safe='')}")
        assert_whole(lasting)

    # the status of the page itself is told on the console
    assert [fault for fault in lasting.faults if "the server responded with a status of 4" not in fault] == []
