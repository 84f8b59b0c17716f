"""What a draft ServiceRequest orders."""

import pytest

from tests.fhir_mappings.drafting import (
    FUSION,
    drafted,
    service_order,
    the_service,
)
from tests.fhir_mappings.making import (
    CPT,
    SNOMED,
    Json,
    concept,
    condition,
)


@pytest.mark.parametrize(
    ("code", "system", "concepts"),
    [
        ("62322", CPT, ("esi-lumbar",)),
        ("62323", CPT, ("esi-lumbar",)),
        ("64483", CPT, ("esi-lumbar",)),
        ("62327", CPT, ("esi-lumbar-catheter",)),
        ("72148", CPT, ("mri-lumbar",)),
        ("72131", CPT, ("ct-lumbar",)),
        ("72100", CPT, ("xray-lumbar",)),
        ("97110", CPT, ("exercise-pt",)),
        ("22612", CPT, ("lumbar-fusion",)),
        ("63030", CPT, ("lumbar-decompression",)),
        ("308482002", SNOMED, ("surgical-referral",)),
        ("306265007", SNOMED, ("multidisciplinary-rehab", "pain-referral")),
    ],
)
def test_a_service_is_known_by_its_code(code: str, system: str, concepts: tuple[str, ...]) -> None:
    draft = the_service(service_order(code, system))

    assert (draft.concepts, draft.code) == (concepts, code)


@pytest.mark.parametrize(
    ("text", "concept_id"),
    [
        ("Yoga, 8 weeks", "yoga"),
        ("MBSR course", "mbsr"),
        ("Progressive muscle relaxation", "progressive-relaxation"),
        ("Multidisciplinary pain rehabilitation", "multidisciplinary-rehab"),
    ],
)
def test_a_therapy_is_known_by_its_words(text: str, concept_id: str) -> None:
    draft = the_service(service_order() | {"code": {"text": text}})

    assert (draft.concepts, draft.code) == ((concept_id,), "")


@pytest.mark.parametrize("code", ["62320", "64479", "99213"])
def test_an_injection_into_the_neck_and_a_visit_are_not_ours(code: str) -> None:
    assert drafted(service_order(code)).facts == ()


def test_of_several_codings_the_procedure_code_is_kept() -> None:
    local = {"system": "urn:local", "code": "ESI-L"}
    pcs = {"system": "http://www.cms.gov/Medicare/Coding/ICD10", "code": "3E0S33Z"}
    order = service_order() | {"code": {"coding": [local, pcs, {"system": CPT, "code": "62322"}]}}

    draft = the_service(order)

    assert (draft.concepts, draft.code) == (("esi-lumbar",), "62322")


@pytest.mark.parametrize(
    ("elements", "is_lumbar"),
    [
        ({}, False),
        ({"bodySite": [{"text": "Lumbar spine"}]}, True),
        ({"reasonCode": [concept("M54.16")]}, True),
        ({"reasonReference": [{"reference": "Condition/c1"}]}, True),
        ({"reasonReference": [{"reference": "Condition/c2"}]}, False),
        ({"reasonCode": [concept("M54.2")]}, False),
    ],
)
def test_an_operation_of_no_region_is_lumbar_by_site_or_reason(elements: Json, is_lumbar: bool) -> None:
    chart = [condition(), condition("M54.2", own_id="c2")]

    found = drafted(service_order(FUSION, SNOMED, **elements), chart=chart)

    assert len(found.facts) == is_lumbar


def test_the_reason_of_one_draft_says_nothing_of_another() -> None:
    contained = [{"resourceType": "Condition", "id": "c", "code": concept("M54.16")}]
    for_back = service_order(FUSION, SNOMED, reasonReference=[{"reference": "#c"}], contained=contained)
    other = service_order(FUSION, SNOMED, own_id="s2", reasonReference=[{"reference": "#c"}])

    assert [fact.ref for fact in drafted(for_back, other).facts] == ["ServiceRequest/s1"]
