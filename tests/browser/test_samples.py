"""Every sample patient in the browser: picture, map and cards, wide and as narrow as a phone."""

import pytest

from cds_service.samples import Samples
from pathway.loading import load_code_rows
from tests.browser.windows import ColorScheme, Window, needed

pytestmark = [pytest.mark.integration, needed]

SAMPLES = Samples.load(load_code_rows()).by_id
WITHOUT_CARDS = {"not-applicable", "esi-responding"}
VIEWS: tuple[tuple[int, ColorScheme], ...] = ((1200, "light"), (1200, "dark"), (390, "light"), (390, "dark"))
LOOKED_AT = {"esi-repeat-window": VIEWS[0], "advanced-options": VIEWS[3]}  # in `make test`; much is on them
MOST_BYTES = 500_000


@pytest.mark.parametrize("sample", sorted(SAMPLES))
def test_each_patient_has_a_picture_a_map_and_cards(reused: Window, sample: str) -> None:
    reused.open(f"/?sample={sample}")

    assert SAMPLES[sample].name == reused.page.get_by_role("heading", level=1).inner_text()
    assert SAMPLES[sample].state == reused.state
    assert (reused.cards.count() == 0) == (sample in WITHOUT_CARDS)
    assert reused.page.locator(".pathway-drawing svg:visible").count() == 1
    assert "Where the patient stands" in reused.page.get_by_role("heading", level=2).all_inner_texts()
    reused.size(390, "dark")
    assert reused.page.locator(".pathway-drawing svg:visible").count() == 1
    assert not reused.is_too_wide


@pytest.mark.parametrize(("sample", "view"), LOOKED_AT.items())
def test_axe_finds_nothing(reused: Window, sample: str, view: tuple[int, ColorScheme]) -> None:
    reused.size(*view)
    reused.open(f"/?sample={sample}")

    assert reused.violations() == []


def test_each_patient_can_be_chosen_on_the_start_page(shown: Window) -> None:
    shown.open()
    links = {
        link.inner_text(): link.get_attribute("href") for link in shown.page.locator(".sample h4 a").all()
    }

    shown.page.get_by_role("link", name="Anselm Duarte", exact=True).click()

    assert {sample.name: f"/?sample={sample.id}" for sample in SAMPLES.values()} == links
    assert shown.page.get_by_role("heading", level=1).inner_text() == "Anselm Duarte"


@pytest.mark.soak
@pytest.mark.parametrize("sample", sorted(SAMPLES))
def test_axe_finds_nothing_on_any_patient_in_any_look(shown: Window, sample: str) -> None:
    shown.open(f"/?sample={sample}")

    for view in VIEWS:
        shown.size(*view)
        assert (view, []) == (view, shown.violations())
        assert (view, False) == (view, shown.is_too_wide)


@pytest.mark.parametrize("path", ["/", "/?sample=esi-repeat-window", "/knowledge"])
def test_the_first_load_of_a_page_is_small(shown: Window, path: str) -> None:
    shown.open(path)
    shown.page.wait_for_load_state("networkidle")

    assert 0 < shown.bytes_loaded <= MOST_BYTES
