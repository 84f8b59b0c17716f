"""Decision aids: plain, balanced and cited; a wrong one stops the start."""

import shutil
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from pathway.decision_aids import FILE, aids_for
from pathway.errors import KnowledgeError
from pathway.loading import PACKAGED, load_code_rows, load_knowledge
from pathway.overrides import Override, overridden
from pathway.rules import Mark

KNOWLEDGE = load_knowledge()
AIDS = KNOWLEDGE.decision_aids
MAIN = (
    "self-care-activity",
    "exercise-pt",
    "nsaid",
    "esi-first",
    "esi-repeat",
    "mri-lumbar",
    "surgical-referral",
)


@pytest.mark.parametrize("name", MAIN)
def test_every_main_choice_has_an_aid(name: str) -> None:
    assert aids_for(AIDS, (name,))


@pytest.mark.parametrize("name", sorted(AIDS))
def test_an_aid_tells_benefit_harm_and_doubt_and_what_else_can_be_done(name: str) -> None:
    aid = AIDS[name]

    assert all((aid.benefits, aid.harms, aid.unknown, aid.otherwise, aid.questions))
    assert all(question.endswith("?") for question in aid.questions)


@pytest.mark.parametrize("name", sorted(AIDS))
def test_an_aid_rests_on_a_source_and_says_what_does_not(name: str) -> None:
    told = (*AIDS[name].benefits, *AIDS[name].harms, *AIDS[name].unknown)

    assert any(one.evidence for one in told)
    assert all(one.evidence or one.mark is Mark.UNVERIFIED for one in told)


def test_aids_come_once_and_in_the_order_of_what_is_proposed() -> None:
    found = aids_for(AIDS, ("mri-lumbar", "esi-repeat", "esi-first", "massage"))

    assert [aid.title for aid in found] == [AIDS["scan"].title, AIDS["injection"].title]


def test_an_aid_follows_the_numbers_of_a_site() -> None:
    change = Override(
        by="Spine committee",
        on=date(2026, 11, 2),
        why="Local agreement.",
        threshold="esi-series-size",
        value=Decimal(2),
    )

    changed = overridden(KNOWLEDGE, [change], load_code_rows())

    assert "one to two injections" in changed.decision_aids["injection"].about
    assert "one to three injections" in AIDS["injection"].about


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("recommendations: [nsaid]", "recommendations: [vibes]", "no such recommendation 'vibes'"),
        ("evidence: [fda-nsaid]", "evidence: [vibes]", "no such source 'vibes'"),
        ("evidence: [fda-nsaid], mark: V", "mark: V", "needs evidence"),
        ("title: Anti-inflammatory", "titel: x\n  title: Anti-inflammatory", "titel"),
        ("{esi-series-size:word}", "{esi-series-siz:word}", "names no number"),
        ("You take a tablet", f"You {'really ' * 30}take a tablet", "more than 30 words"),
    ],
)
def test_a_wrong_aid_stops_the_start(tmp_path: Path, old: str, new: str, told: str) -> None:
    copy = Path(shutil.copytree(PACKAGED, tmp_path / "knowledge"))
    text = (copy / FILE).read_text(encoding="utf-8")
    assert old in text
    (copy / FILE).write_text(text.replace(old, new, 1), encoding="utf-8")

    with pytest.raises(KnowledgeError, match=told):
        load_knowledge(copy)
