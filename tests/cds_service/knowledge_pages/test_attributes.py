"""The source attributes of 45 CFR 170.315(b)(11)(iv)(A), and that they are true."""

import json
from collections.abc import Iterator, Mapping

import msgspec
import pytest
from flask.testing import FlaskClient

from cds_service.knowledge_pages.elements import Element, elements_of_guard, elements_of_rule
from fhir_mappings.resources import Patient
from pathway.codelists import CodeRow
from pathway.evaluation import advise
from pathway.facts import Facts, Instrument, PatientFact
from pathway.golden import GoldenCase, facts_of
from pathway.golden_drafts import drafts_of
from pathway.guards import judge
from pathway.knowledge_base import KnowledgeBase
from pathway.loading import load_golden

NOT_READ = (5, 6, 7, 8, 9, 10, 12)  # race, ethnicity, language, orientation, identity, sex, SDOH
SCORES: Mapping[Element, frozenset[Instrument]] = {
    Element.PAIN: frozenset(
        {Instrument.NRS, Instrument.NRS_WEEK, Instrument.VAS, Instrument.PAIN_OTHER, Instrument.FACES}
    ),
    Element.FUNCTION: frozenset({Instrument.PEG, Instrument.ODI}),
    Element.INTERFERENCE: frozenset({Instrument.PROMIS_PI}),
    Element.RISK: frozenset({Instrument.START_BACK}),
    Element.MENTAL: frozenset({Instrument.PHQ9}),
}


@pytest.fixture(scope="module")
def document(pages: FlaskClient) -> dict[str, list[dict[str, object]]]:
    loaded: dict[str, list[dict[str, object]]] = json.loads(
        pages.get("/knowledge/source-attributes.json").data
    )
    return loaded


def test_every_recommendation_and_guard_has_all_thirteen(
    document: dict[str, list[dict[str, object]]], knowledge: KnowledgeBase
) -> None:
    names = [one["intervention"]["id"] for one in document["interventions"]]  # type: ignore[index]

    assert names == [*knowledge.rules, *sorted(knowledge.guards, key=lambda g: knowledge.guards[g].place)]
    for one in document["interventions"]:
        numbers = [attribute["number"] for attribute in one["attributes"]]  # type: ignore[attr-defined]
        assert numbers == list(range(1, 14))
        assert all(attribute["says"] for attribute in one["attributes"])  # type: ignore[attr-defined]


def test_what_is_not_read_is_said_so_everywhere(document: dict[str, list[dict[str, object]]]) -> None:
    used = {
        (attribute["number"], attribute["used"])
        for one in document["interventions"]
        for attribute in one["attributes"]  # type: ignore[attr-defined]
    }

    assert all((number, False) in used and (number, True) not in used for number in NOT_READ)
    assert (11, False) not in used  # the birth date decides everywhere: nothing is said to children


def test_of_a_person_nothing_but_birth_date_and_death_is_read() -> None:
    assert set(PatientFact.__struct_fields__) == {"id", "birth_date", "earliest_birth_date", "deceased"}
    assert set(Patient.__struct_fields__) - {"id"} >= {"birth_date"}
    assert not {"gender", "extension", "communication", "marital_status"} & set(Patient.__struct_fields__)


def test_no_code_list_holds_a_social_determinant(rows: tuple[CodeRow, ...]) -> None:
    social = tuple(f"Z{number}" for number in range(55, 66))

    assert not [row.code for row in rows if "icd-10" in row.system and row.code.startswith(social)]


def test_nothing_reads_more_than_it_says(knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]) -> None:
    """Each kind of data is taken away from every golden case: only what is said to read it may change."""
    noticed: dict[str, set[Element]] = {}
    for case in (case for cases in load_golden().values() for case in cases):
        for name, element in _noticing(case, knowledge, rows):
            noticed.setdefault(name, set()).add(element)

    said = {name: elements_of_rule(rule, knowledge) for name, rule in knowledge.rules.items()}
    said |= {name: elements_of_guard(guard, knowledge) for name, guard in knowledge.guards.items()}
    unsaid = {name: found - said[name] for name, found in noticed.items()}
    assert len(noticed) > 25
    assert not {name: elements for name, elements in unsaid.items() if elements}


def _noticing(
    case: GoldenCase, knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]
) -> Iterator[tuple[str, Element]]:
    facts = facts_of(case.given, case.as_of, rows)
    before = _outcome(facts, case, knowledge, rows)
    for element in Element:
        less = _without(facts, element)
        if less != facts:
            after = _outcome(less, case, knowledge, rows)
            changed = {key[0] for key in {*before, *after} if before.get(key) != after.get(key)}
            yield from ((name, element) for name in changed)


def _without(facts: Facts, element: Element) -> Facts:
    match element:
        case Element.BIRTH_DATE:
            nobody = msgspec.structs.replace(facts.patient, birth_date=None, earliest_birth_date=None)
            return msgspec.structs.replace(facts, patient=nobody)
        case Element.PREGNANCY:
            kept = tuple(c for c in facts.conditions if c.concept != "pregnancy")
            return msgspec.structs.replace(facts, conditions=kept)
        case _:
            scores = tuple(s for s in facts.scores if s.instrument not in SCORES[element])
            return msgspec.structs.replace(facts, scores=scores)


def _outcome(
    facts: Facts, case: GoldenCase, knowledge: KnowledgeBase, rows: tuple[CodeRow, ...]
) -> dict[tuple[str, int], object]:
    """What is said of each recommendation, and of each guard by draft."""
    said: dict[tuple[str, int], object] = {}
    for card in advise(facts, knowledge).cards:
        for item in card.items:
            cautions = [line.text for line in (*item.cautions, *item.blockers)]
            said[item.id, 0] = (item.variant, item.urgency, item.proposals, cautions, item.checks)
    if case.given.drafts:
        for warned in judge(facts, drafts_of(case.given, case.as_of, rows), knowledge).warnings:
            actions = [(a.kind, a.rule, a.proposal, a.recommended) for a in warned.actions]
            said[warned.id, warned.draft] = (warned.level, warned.urgency, actions)
    return said


def test_the_page_cites_the_regulation_and_each_source_in_full(pages: FlaskClient) -> None:
    page = pages.get("/knowledge/source-attributes").get_data(as_text=True)

    assert "45 CFR 170.315(b)(11)(iv)(A)" in page
    assert "Qaseem A et al. Noninvasive treatments" in page
    assert "None is declared by the project." in page
