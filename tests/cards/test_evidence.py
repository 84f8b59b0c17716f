"""Both sides of the evidence, in the order that fits the patient, in full and briefly."""

from typing import Any

import pytest

from cards.evidence import EvidenceText, evidence_text
from pathway.errors import KnowledgeError
from pathway.rules import Evidence, Mark, RuleEvidence
from tests.cards.making import SITE, a_knowledge, a_line, an_evidence
from tests.cards.rendered import kinds, links

GUIDE = "[A society, 2017](https://example.org/guideline)"
OTHER = "[Other people, 2025](https://example.org/guideline/2)"
SOURCES = a_knowledge().evidence | {
    "other": an_evidence(publisher="Other people", year="2025", url=f"{SITE}/2")
}
CHRONIC = frozenset({"duration:chronic", "age-65"})
PLACE = "rules/exercise-pt.yaml"


def text_of(sources: dict[str, Evidence] | None = None, **evidence: Any) -> EvidenceText:
    return evidence_text(RuleEvidence(**evidence), SOURCES | (sources or {}), PLACE)


def in_full(met: frozenset[str] = frozenset(), **evidence: Any) -> str:
    return text_of(**evidence).in_full(met).shown(set())


def briefly(met: frozenset[str] = frozenset(), said: set[str] | None = None, **evidence: Any) -> str:
    return text_of(**evidence).briefly(met).shown(set() if said is None else said)


# --- in full ---------------------------------------------------------------------------------------


def test_a_line_tells_source_year_strength_certainty_and_what_it_says() -> None:
    text = in_full(supports=(a_line("It helps.", strength="strong", certainty="low"),))

    assert text == f"- For: {GUIDE} (strong; certainty: low): It helps."


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        (Mark.UNVERIFIED, "(unverified)"),
        (Mark.SEED, "(seed text)"),
        (Mark.PROJECT, "(project decision)"),
    ],
)
def test_what_was_not_checked_in_its_source_says_so(mark: Mark, words: str) -> None:
    assert words in in_full(supports=(a_line("It helps.", mark=mark),))
    assert words in briefly(supports=(a_line("It helps.", mark=mark),))


@pytest.mark.parametrize(
    ("url", "mark", "label"),
    [
        ("urn:backpath:seed", Mark.SEED, "Seed text"),
        ("urn:backpath:project", Mark.PROJECT, "Project decision"),
        ("urn:backpath:seed", Mark.UNVERIFIED, "Seed text (unverified)"),
    ],
)
def test_our_own_sources_are_named_by_what_they_are(url: str, mark: Mark, label: str) -> None:
    own = {"own": an_evidence(publisher="Backpath project", url=url)}

    text = in_full(sources=own, supports=(a_line("It helps.", source="own", mark=mark),))

    assert text == f"- For: {label}: It helps."
    assert links(text) == []


def test_a_publisher_is_named_as_clinicians_name_it() -> None:
    who = {"guide": an_evidence(publisher="World Health Organization", url="urn:x", year="2023")}

    assert in_full(sources=who, supports=(a_line("Yes."),)) == "- For: WHO, 2023: Yes."


def test_sources_that_say_the_same_share_a_line() -> None:
    lines = (a_line("Payers expect it."), a_line("Payers expect it.", source="other"))

    assert in_full(supports=lines) == f"- For: {GUIDE}, {OTHER}: Payers expect it."
    assert briefly(supports=lines) == f"- For: {GUIDE}, {OTHER}: Payers expect it."


def test_a_source_is_linked_once_on_a_card() -> None:
    text = in_full(supports=(a_line("Yes."), a_line("Often.")), against=(a_line("No."),))

    assert text.splitlines() == [
        f"- For: {GUIDE}: Yes.",
        "- For: A society, 2017: Often.",
        "- Against: A society, 2017: No.",
    ]


def test_a_conflict_is_two_columns_with_the_shorter_filled_up() -> None:
    text = in_full(
        conflict=True,
        supports=(a_line("Yes | maybe in 50 %."), a_line("Often.")),
        against=(a_line("No.", source="other"),),
    )

    assert text.splitlines() == [
        "| For | Against |",
        "| --- | --- |",
        f"| {GUIDE}: Yes \\| maybe in 50 %. | {OTHER}: No. |",
        "| A society, 2017: Often. |  |",
    ]
    assert "td_open" in kinds(text)


def test_against_comes_first_where_its_check_is_met() -> None:
    evidence: dict[str, Any] = {
        "conflict": True,
        "supports": (a_line("Yes."),),
        "against": (a_line("No."),),
        "against_first_when": "duration:chronic",
    }

    for written in (in_full, briefly):
        assert "| For | Against |" in written(**evidence)
        assert "| Against | For |" in written(CHRONIC, **evidence)


def test_a_line_is_first_of_its_side_where_its_check_is_met() -> None:
    lines = (a_line("Usual."), a_line("Chronic.", first_when="duration:chronic"))

    usual, chronic = in_full(supports=lines), in_full(CHRONIC, supports=lines)

    assert usual.index("Usual.") < usual.index("Chronic.")
    assert chronic.index("Chronic.") < chronic.index("Usual.")


def test_no_evidence_is_no_text() -> None:
    assert in_full() == ""
    assert briefly() == ""


def test_an_unknown_source_stops_the_start() -> None:
    with pytest.raises(
        KnowledgeError, match=r"rules/exercise-pt\.yaml: evidence names unknown sources: vibes"
    ):
        text_of(supports=(a_line("Yes.", source="vibes"),))


# --- briefly ---------------------------------------------------------------------------------------


def test_briefly_a_grade_stands_for_what_is_said_for_an_option() -> None:
    text = briefly(
        supports=(
            a_line("Chronic pain: yoga.", strength="strong", certainty="low"),
            a_line("Yoga for the back.", source="other", strength="conditional"),
        )
    )

    assert text == f"- For: {GUIDE} chronic pain (strong; certainty: low). {OTHER} (conditional)."


def test_briefly_a_source_that_grades_two_kinds_of_pain_alike_says_so_once() -> None:
    lines = tuple(
        a_line(f"{kind}: yoga.", strength="strong", certainty=certainty)
        for kind, certainty in (("Acute pain", "low"), ("Chronic pain", "low"), ("NSAID users", "high"))
    )

    assert briefly(supports=lines) == (
        f"- For: {GUIDE} acute pain, chronic pain (strong; certainty: low), NSAID users "
        "(strong; certainty: high)."
    )


def test_briefly_what_is_not_graded_is_said() -> None:
    lines = (a_line("Yes: mostly.", strength="weak"), a_line("Good evidence.", certainty="good"))

    assert briefly(supports=lines) == f"- For: {GUIDE} yes (weak). Good evidence."


def test_briefly_what_speaks_against_is_always_said() -> None:
    text = briefly(against=(a_line("Not in chronic pain.", strength="strong against"), a_line("Nor else.")))

    assert text == f"- Against: {GUIDE}: Not in chronic pain (strong against). Nor else."


def test_briefly_a_conflict_is_two_columns_with_one_cell_each() -> None:
    text = briefly(
        conflict=True,
        supports=(a_line("Yes.", strength="weak"), a_line("Often.", source="other")),
        against=(a_line("No."),),
    )

    assert text.splitlines() == [
        "| For | Against |",
        "| --- | --- |",
        f"| {GUIDE} (weak). {OTHER}: Often. | A society, 2017: No. |",
    ]


def test_briefly_what_another_option_has_been_told_of_is_not_told_again() -> None:
    said: set[str] = set()
    line = a_line("Massage and yoga are not well supported.")

    first, second = briefly(said=said, against=(line,)), briefly(said=said, against=(line,))

    assert first == f"- Against: {GUIDE}: Massage and yoga are not well supported."
    assert second == "- Against: A society, 2017: as above."
