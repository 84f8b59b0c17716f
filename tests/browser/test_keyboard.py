"""The whole way by keyboard alone: choose a patient, draft and sign an order, accept, override."""

from datetime import date, timedelta

import pytest

from tests.browser.windows import Window, needed

pytestmark = [pytest.mark.integration, needed]

MOST_STEPS = 150  # presses of Tab on one page
FOCUS = """() => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  return {
    id: one.id,
    text: (one.getAttribute("aria-label") || one.textContent || "").trim(),
    seen: one.getBoundingClientRect().width > 0
      && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1.5,
  };
}"""


def tab_to(shown: Window, words: str) -> None:
    """Press Tab until the focus is on what has this id or begins with these words; it is seen on the way."""
    for _ in range(MOST_STEPS):
        shown.page.keyboard.press("Tab")
        focus = shown.page.evaluate(FOCUS)
        assert focus["seen"], f"the focus on {focus} cannot be seen"
        if words == focus["id"] or focus["text"].startswith(words):
            return
    raise AssertionError(f"{words} cannot be reached by Tab")


def press(shown: Window, key: str) -> None:
    """Press a key that leads to another page."""
    with shown.page.expect_navigation(wait_until="load"):
        shown.page.keyboard.press(key)


def test_the_first_stop_leads_past_the_navigation(shown: Window) -> None:
    shown.open("/")

    tab_to(shown, "Skip to the content")
    shown.page.keyboard.press("Enter")
    shown.page.keyboard.press("Tab")

    assert shown.page.evaluate("document.activeElement.closest('main') !== null")


def test_an_order_is_drafted_signed_and_changed_by_keyboard(shown: Window) -> None:
    shown.open("/")
    tab_to(shown, "Tomas Eklund")
    press(shown, "Enter")
    too_early = date.fromisoformat(shown.page.locator("#as-of").input_value()) + timedelta(days=3)
    tab_to(shown, "order-what")
    shown.page.keyboard.type("Epidural")
    shown.page.keyboard.press("Tab")
    shown.page.keyboard.type(too_early.strftime("%m%d%Y"))
    press(shown, "Enter")
    selected = shown.recommendations

    tab_to(shown, "Sign")
    press(shown, "Space")

    assert "esi-too-early" in selected
    assert "esi-too-early" in shown.recommendations


def test_a_card_is_overridden_for_a_reason_and_another_accepted_by_keyboard(shown: Window) -> None:
    shown.open("/?sample=second-line-noninvasive")
    card = shown.cards.first.get_by_role("combobox").get_attribute("id")
    assert card is not None

    tab_to(shown, card)
    shown.page.keyboard.press("ArrowDown")
    reason = shown.page.locator(f"#{card}").evaluate("menu => menu.selectedIndex")
    tab_to(shown, "Override")
    press(shown, "Enter")
    overridden, focus = shown.done, shown.page.evaluate(FOCUS)["id"]
    button = shown.cards.locator("ul.suggestions button").first.inner_text()
    tab_to(shown, button)
    press(shown, "Enter")

    assert reason == 1
    assert '"outcome": "overridden"' in overridden
    assert focus == "done"
    assert f"Accepted: {button}" in shown.done


def test_what_is_folded_up_opens_by_keyboard(shown: Window) -> None:
    shown.open("/?sample=esi-waiting")

    tab_to(shown, "The request as curl")
    shown.page.keyboard.press("Enter")
    tab_to(shown, "curl")

    assert "/cds-services/low-back-pain-patient-view" in shown.page.locator("#curl").input_value()
