"""Golden cases as sentences that a clinician can check."""

from datetime import date
from decimal import Decimal

from cds_service.knowledge_pages.cases import case_of, cases_of
from cds_service.knowledge_pages.kinds import Kind
from cds_service.knowledge_pages.patients import sentences
from cds_service.knowledge_pages.shelf import Edition
from pathway.golden import (
    Expected,
    ExpectedGuard,
    Given,
    GivenCondition,
    GivenDraft,
    GivenDrug,
    GivenInjection,
    GivenScore,
    GivenTherapy,
    GoldenCase,
)
from pathway.loading import load_golden

DAY = date(2026, 11, 22)


def test_a_patient_reads_as_a_sentence() -> None:
    given = Given(
        age=52,
        conditions=(GivenCondition(concept="radicular", onset=-56),),
        drugs=(
            GivenDrug(
                ingredient="naproxen", daily=Decimal(1000), start=-51, supply_days=21, status="completed"
            ),
        ),
        therapies=(GivenTherapy(modality="exercise-pt", first=-62, last=-20),),
        injections=(GivenInjection(on=-14),),
        scores=(GivenScore(value=Decimal(8), on=-20), GivenScore(value=Decimal("5.5"), on=0)),
    )

    assert sentences(given) == (
        "A 52-year-old with radicular back pain for 8 weeks. "
        "Took naproxen 1000 mg a day, started 51 days ago (supply of 21 days). "
        "Exercise or physical therapy from 62 days ago to 20 days ago. "
        "Epidural injection 14 days ago. "
        "Pain 8/10 (20 days ago) and 5.5/10 (today)."
    )


def test_articles_are_spoken_english() -> None:
    said = [sentences(Given(age=age)).split()[0] for age in (8, 11, 18, 45, 80, 85, 100)]

    assert said == ["An", "An", "An", "A", "An", "An", "A"]


def test_what_is_not_recorded_is_said() -> None:
    assert sentences(Given(age=None)).startswith(
        "An adult without a birth date on record without a condition"
    )
    assert "(no date)" in sentences(Given(conditions=(GivenCondition(concept="diabetes"),)))


def test_drafts_and_what_must_come_of_them_are_said(edition: Edition) -> None:
    case = GoldenCase(
        name="Too early",
        guard="esi-too-early",
        kind="fires",
        as_of=DAY,
        given=Given(drafts=(GivenDraft(concept="esi-lumbar", on=3),)),
        expect=Expected(
            guards=(
                ExpectedGuard(
                    id="esi-too-early",
                    urgency="caution",
                    dates={"earliest": 4},
                    actions=("update", "delete"),
                    recommended="update",
                ),
            ),
            only_guards=True,
        ),
    )

    said = case_of(case, edition.library)

    assert said.patient.endswith("Drafted: lumbar epidural steroid injection, to be done in 3 days.")
    first, last = said.outcomes
    assert first.about is not None
    assert (first.says, first.about.id) == ("fires", "esi-too-early")
    assert first.detail == (
        "warning; earliest day: in 4 days; offers to change the order (the safest) and to take the order back"
    )
    assert last.says == "no other guard fires"


def test_every_case_of_the_package_says_a_patient_and_an_outcome(edition: Edition) -> None:
    for cases in load_golden().values():
        for case in cases:
            said = case_of(case, edition.library)

            assert said.outcomes, case.name
            assert "None" not in said.patient, case.name


def test_every_case_stands_on_a_page(edition: Edition) -> None:
    kinds = (Kind.RECOMMENDATION, Kind.GUARD, Kind.STATE)
    shown = {
        case.name
        for kind in kinds
        for name in edition.library.titles[kind]
        for group in cases_of(kind, name, edition.library)
        for case in group.cases
    }

    missing = {
        case.name
        for cases in load_golden().values()
        for case in cases
        if case.name not in shown
        # a worked case of orders that none of the guards may fire on belongs to no guard
        if case.rule or case.guard or case.expect.state or case.expect.guards
    }

    assert not missing
