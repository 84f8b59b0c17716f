"""Templates are filled, or say what is missing; an absent value never leaves a hole."""

from datetime import date
from decimal import Decimal

import pytest

from cards.filling import MARKDOWN, PLAIN, MissingValueError, shown_decimal, template
from pathway.advice import ChartText, Value
from pathway.errors import KnowledgeError
from pathway.facts import Bound, Bounded


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (date(2026, 2, 28), "2026-02-28"),
        (Decimal("4.25"), "4.3"),
        (3, "3"),
        (Bounded(bound=Bound.BELOW, limit=Decimal("15.0")), "below 15"),
        (Bounded(bound=Bound.AT_LEAST, limit=Decimal("4.25")), "at least 4.3"),
        ("at least ", "at least "),
        (ChartText(text="a *b* <i>"), "a *b* \u2039i>"),
        ((date(2026, 1, 2), date(2026, 3, 4)), "2026-01-02, 2026-03-04"),
        ((ChartText(text="a"), ChartText(text="b")), "a, b"),
    ],
)
def test_every_type_of_value_has_its_form(value: Value, shown: str) -> None:
    assert f"x {shown} y" == template("x {v} y", PLAIN, "here").filled({"v": value})


def test_chart_text_is_escaped_for_the_detail() -> None:
    text = template("{v}: stop it", MARKDOWN, "here")

    assert text.filled({"v": ChartText(text="a *b* <i>")}) == "a \\*b\\* \u2039i>: stop it"


def test_our_own_words_are_escaped_for_the_detail_too() -> None:
    text = template("- less than <b> | 50 % of {v}", MARKDOWN, "here")

    assert text.filled({"v": "a_b"}) == "\\- less than &lt;b> \\| 50 % of a\\_b"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("6", "6"),
        ("6.0", "6"),
        ("4.25", "4.3"),
        ("4.24", "4.2"),
        ("0.04", "0"),
        ("-0.04", "0"),
        ("59.95", "60"),
    ],
)
def test_a_decimal_is_rounded_half_up_to_one_place_at_most(value: str, shown: str) -> None:
    assert shown == shown_decimal(Decimal(value))


def test_an_absurd_decimal_is_shown_short() -> None:
    assert shown_decimal(Decimal("1e4000")) == "1e+4000"


@pytest.mark.parametrize("values", [{}, {"v": ()}])
def test_a_missing_value_is_an_error_that_names_the_place(values: dict[str, Value]) -> None:
    with pytest.raises(MissingValueError, match=r"rules/x\.yaml: summary: the advice has no value 'v'"):
        template("x {v}", PLAIN, "rules/x.yaml: summary").filled(values)


def test_a_sentence_whose_value_is_missing_is_left_out() -> None:
    assert template("x {v}", PLAIN, "here").filled_if_known({}) is None


def test_a_caution_is_never_left_out() -> None:
    assert (
        template("with {v}: bleeding", PLAIN, "here").filled_as_far_as_known({})
        == "with not recorded: bleeding"
    )


@pytest.mark.parametrize("text", ["{Name}", "{", "}", "{a b}", "{}", "{{x}}"])
def test_a_brace_that_is_no_placeholder_stops_the_start(text: str) -> None:
    with pytest.raises(KnowledgeError, match="here: a brace is no placeholder"):
        template(text, PLAIN, "here")


def test_a_percent_sign_is_just_a_percent_sign() -> None:
    assert template("50 % of {n} %s", PLAIN, "here").filled({"n": 3}) == "50 % of 3 %s"
    assert template("50 %", PLAIN, "here").filled({}) == "50 %"
