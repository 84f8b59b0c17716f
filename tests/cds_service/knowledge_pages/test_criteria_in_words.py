"""Checks in plain sentences, with their numbers."""

from cds_service.knowledge_pages.criteria import CONCEPTS_OF, SENTENCES, criterion, referenced
from cds_service.knowledge_pages.placeholders import WORDS, plain, shown
from cds_service.knowledge_pages.shelf import Edition
from pathway.evaluation import CHECKS
from pathway.guard_registry import GUARD_CHECKS
from pathway.knowledge_base import KnowledgeBase
from pathway.number_words import named_in
from pathway.values import COMMON


def test_every_check_has_a_sentence() -> None:
    assert set(SENTENCES) == set(CHECKS)
    assert set(CONCEPTS_OF) <= set(CHECKS)


def test_what_a_check_is_asked_about_is_said() -> None:
    takes = {name for name, check in CHECKS.items() if check.takes is not None}

    assert takes == {name for name, sentence in SENTENCES.items() if "{of}" in sentence}


def test_every_number_and_concept_in_a_sentence_exists(knowledge: KnowledgeBase, edition: Edition) -> None:
    numbers = {name for sentence in SENTENCES.values() for name in named_in(sentence)}
    concepts = {name for names in CONCEPTS_OF.values() for name in names}

    assert numbers <= set(knowledge.thresholds)
    assert concepts <= set(edition.library.concepts)


def test_a_criterion_names_its_numbers(knowledge: KnowledgeBase) -> None:
    asked = criterion("inr-high", (), knowledge)

    assert asked.sentence == "The latest INR of 30 days is above 1.4"
    assert asked.thresholds == ("coagulation-days", "inr-high")
    assert asked.concepts == ("inr",)


def test_conditions_say_only_when_and_unless(knowledge: KnowledgeBase) -> None:
    first, second = referenced(("duration:chronic", "!naloxone-active"), knowledge)

    assert first.sentence == "Only when the pain is chronic"
    assert second.sentence == "Unless naloxone is active"


def test_every_value_of_the_words_is_named_in_plain_words() -> None:
    values = {
        *COMMON,
        "order_day",
        "drug",
        *(value for check in (*CHECKS.values(), *GUARD_CHECKS.values()) for value in check.values),
    }

    assert not values - set(WORDS)


def test_words_are_escaped_and_what_is_filled_in_is_marked() -> None:
    assert shown("<b>{last_esi}</b>") == "&lt;b&gt;<var>day of the last injection</var>&lt;/b&gt;"
    assert plain("on {last_esi}") == "on [day of the last injection]"
