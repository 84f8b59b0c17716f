from datetime import date
from typing import Any

import pytest

from pathway.facts import Facts, Outcome, StopReason
from tests.fhir_mappings.making import (
    CPT,
    PCS,
    SNOMED,
    concept,
    condition,
    facts,
    gaps_of,
    procedure,
)

HOSPICE = "385763009"


def counted(found: Facts) -> dict[str, int]:
    kinds = ("therapies", "injections", "imaging", "operations", "care")
    return {kind: len(getattr(found, kind)) for kind in kinds if getattr(found, kind)}


@pytest.mark.parametrize(
    ("code", "system", "modality"),
    [
        ("97110", CPT, "exercise-pt"),
        ("97140", CPT, "manual-therapy"),
        ("98941", CPT, "spinal-manipulation"),
        ("97810", CPT, "acupuncture"),
        ("91251008", SNOMED, "exercise-pt"),
        ("228557008", SNOMED, "cbt"),
    ],
)
def test_a_therapy_is_known_by_its_code(code: str, system: str, modality: str) -> None:
    (fact,) = facts(procedure(code, system)).therapies

    assert (fact.modality, fact.status, fact.first, fact.last) == (
        modality,
        "completed",
        date(2026, 10, 1),
        date(2026, 10, 1),
    )


@pytest.mark.parametrize(
    ("text", "modalities"),
    [
        ("Yoga programme, 8 weeks", ["yoga"]),
        ("hot yoga", ["yoga"]),
        ("yogalates", []),
        ("MBSR course", ["mbsr"]),
        ("Mindfulness-Based Stress Reduction", ["mbsr"]),
        ("Progressive muscle relaxation training", ["progressive-relaxation"]),
        ("progressive relaxation", ["progressive-relaxation"]),
        ("muscle relaxation", []),
        ("Interdisciplinary pain rehabilitation programme", ["multidisciplinary-rehab"]),
        ("Multidisciplinary REHAB", ["multidisciplinary-rehab"]),
        ("multidisciplinary team meeting", []),
        ("Tai chi", []),
    ],
)
def test_some_therapies_are_known_by_their_words(text: str, modalities: list[str]) -> None:
    found = facts(procedure() | {"code": {"text": text}})

    assert [t.modality for t in found.therapies] == modalities


def test_a_period_gives_the_first_and_the_last_day() -> None:
    period = {"start": "2026-09-01T10:00:00Z", "end": "2026-10-13"}

    (fact,) = facts(procedure(performedDateTime=None, performedPeriod=period)).therapies

    assert (fact.first, fact.last) == (date(2026, 9, 1), date(2026, 10, 13))


@pytest.mark.parametrize(
    "elements", [{"occurrenceDateTime": "2026-10-01"}, {"occurrencePeriod": {"start": "2026-10-01"}}]
)
def test_an_r5_procedure_occurs(elements: dict[str, Any]) -> None:
    (fact,) = facts(procedure(performedDateTime=None, **elements)).therapies

    assert fact.first == date(2026, 10, 1)


def test_a_referral_is_not_a_session() -> None:
    assert facts(procedure("444831000124102", SNOMED)).therapies == ()


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        ("completed", {"therapies": 1, "injections": 1, "imaging": 1, "operations": 1, "care": 1}),
        ("in-progress", {"therapies": 1, "care": 1}),
        ("stopped", {"therapies": 1}),
        ("not-done", {}),
        ("preparation", {}),
        ("on-hold", {}),
        ("unknown", {}),
        ("entered-in-error", {}),
        (None, {}),
    ],
)
def test_the_status_decides_what_counts(status: str | None, kinds: dict[str, int]) -> None:
    codes = (("97110", CPT), ("62323", CPT), ("72148", CPT), ("63030", CPT), (HOSPICE, SNOMED))

    found = facts(*(procedure(code, system, f"p-{code}", status=status) for code, system in codes))

    assert counted(found) == kinds


def test_outcome_and_stop_reason_are_read() -> None:
    done = procedure(own_id="a", outcome=concept("385671000", SNOMED))
    stopped = procedure(own_id="b", status="stopped", statusReason={"text": "side effects"})

    found = facts(done, stopped).therapies

    assert [(t.outcome, t.stop_reason) for t in found] == [
        (Outcome.UNSUCCESSFUL, None),
        (None, StopReason.NOT_TOLERATED),
    ]


@pytest.mark.parametrize(
    ("code", "system", "add_on", "needs_problem"),
    [
        ("62323", CPT, False, False),
        ("64483", CPT, False, False),
        ("64484", CPT, True, False),
        ("62327", CPT, False, True),
        ("3E0S33Z", PCS, False, True),
        ("3E0R33Z", PCS, False, True),
    ],
)
def test_an_injection_says_what_it_counts_for(
    code: str, system: str, add_on: bool, needs_problem: bool
) -> None:  # fmt: skip
    (fact,) = facts(procedure(code, system, outcome=concept("385669000", SNOMED))).injections

    assert (fact.code, fact.on, fact.add_on, fact.lumbar_if_problem) == (
        code,
        date(2026, 10, 1),
        add_on,
        needs_problem,
    )
    assert fact.outcome is Outcome.SUCCESSFUL


@pytest.mark.parametrize("code", ["62320", "62321", "64479", "64480"])
def test_an_injection_into_neck_or_chest_never_counts(code: str) -> None:
    assert counted(facts(procedure(code))) == {}


def test_a_level_beside_its_further_level_is_a_session() -> None:
    both = {"coding": [{"system": CPT, "code": "64484"}, {"system": CPT, "code": "64483"}]}

    (fact,) = facts(procedure() | {"code": both}).injections

    assert (fact.code, fact.add_on) == ("64483", False)


def test_injections_and_operations_take_the_first_day_of_a_period() -> None:
    period = {"start": "2026-10-01", "end": "2026-10-03"}

    found = facts(procedure("62323", performedDateTime=None, performedPeriod=period))

    assert found.injections[0].on == date(2026, 10, 1)


LUMBAR = [
    {"bodySite": [{"text": "Lumbar spine"}]},
    {"bodySite": {"coding": [{"system": SNOMED, "code": "1", "display": "Lumbosacral region"}]}},
    {"reasonCode": [concept("M54.16")]},
    {"reasonCode": {"text": "Low back pain"}},
    {"reasonReference": [{"reference": "Condition/c1"}]},
    {"reason": [{"concept": concept("M48.062")}]},
    {"reason": [{"reference": {"reference": "https://ehr.example/Condition/c1"}}]},
]


@pytest.mark.parametrize("elements", LUMBAR)
def test_an_operation_without_region_counts_when_site_or_reason_is_lumbar(elements: dict[str, Any]) -> None:
    found = facts(condition(), procedure("387731002", SNOMED, **elements))

    assert [o.concept for o in found.operations] == ["lumbar-decompression"]


@pytest.mark.parametrize(
    "elements",
    [
        {},
        {"bodySite": [{"text": "Cervical spine"}]},
        {"reasonCode": [concept("M54.2")]},
        {"reasonReference": [{"reference": "Condition/c9"}]},
    ],
)
def test_an_operation_elsewhere_does_not(elements: dict[str, Any]) -> None:
    assert counted(facts(condition(), procedure("387731002", SNOMED, **elements))) == {}


def test_an_mri_of_the_spine_counts_as_lumbar_only_for_a_lumbar_reason() -> None:
    of_spine = procedure("241645008", SNOMED)
    of_back = procedure("241645008", SNOMED, "p2", reasonReference=[{"reference": "Condition/c1"}])

    found = facts(condition(), of_spine, of_back)

    assert [(i.modality, i.source.resource_id) for i in found.imaging] == [("mri-lumbar", "p2")]


def test_a_coronary_bypass_is_an_operation() -> None:
    found = facts(procedure("33533"), procedure("021009W", PCS, "p2"))

    assert [o.concept for o in found.operations] == ["cabg", "cabg"]


def test_hospice_care_in_progress_is_care() -> None:
    (care,) = facts(procedure(HOSPICE, SNOMED, status="in-progress")).care

    assert (care.kind, care.in_progress, care.last) == ("procedure", True, date(2026, 10, 1))


def test_a_procedure_ahead_is_ignored_and_a_gap() -> None:
    found = facts(procedure("62323", performedDateTime="2026-12-01"))

    assert counted(found) == {}
    assert gaps_of(found) == [("future-date", "Procedure/pr1", "performedDateTime")]


def test_an_undated_procedure_is_kept_without_a_day() -> None:
    found = facts(procedure("62323", performedDateTime=None))

    assert found.injections[0].on is None
    assert gaps_of(found) == [("missing-date", "Procedure/pr1", "performed[x]")]


@pytest.mark.parametrize("value", ["before christmas", "2026-13-01", 5, ["2026-10-01"]])
@pytest.mark.parametrize("element", ["performedDateTime", "performedPeriod", "occurrenceDateTime"])
def test_what_was_done_on_an_unreadable_day_was_done(element: str, value: Any) -> None:
    found = facts(procedure("62323", performedDateTime=None) | {element: value})

    assert [i.on for i in found.injections] == [None]
    unreadable, missing = sorted(gaps_of(found), reverse=True)
    assert unreadable[0] == "unreadable"
    assert str(unreadable[2]).startswith(element)
    assert missing == ("missing-date", "Procedure/pr1", "performed[x]")


def test_a_period_of_which_one_end_cannot_be_read_has_the_other() -> None:
    found = facts(procedure(performedDateTime=None, performedPeriod={"start": "?", "end": "2026-10-01"}))

    assert [(t.first, t.last) for t in found.therapies] == [(date(2026, 10, 1), date(2026, 10, 1))]
    assert gaps_of(found) == [("unreadable", "Procedure/pr1", "performedPeriod.start")]
