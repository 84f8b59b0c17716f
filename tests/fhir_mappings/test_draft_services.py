"""What a draft ServiceRequest orders."""

import pytest

from pathway.drafts import DraftService
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
    facts,
    order,
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


@pytest.mark.parametrize(
    ("text", "concept_id"),
    [
        ("Lumbar epidural steroid injection", "esi-lumbar"),
        ("EPIDURAL INJECTION L4-L5, transforaminal", "esi-lumbar"),
        ("Caudal epidural steroid", "esi-lumbar"),
        ("TFESI L5/S1 right", "esi-lumbar"),
        ("CT guided lumbar spine epidural injection", "esi-lumbar"),
        ("Epidural injection, thoracic and lumbar", "esi-lumbar"),
        ("MRI lumbar spine without contrast", "mri-lumbar"),
        ("MR L-SPINE WO", "mri-lumbar"),
        ("Magnetic resonance imaging, lumbosacral spine", "mri-lumbar"),
        ("CT Spine Lumbar", "ct-lumbar"),
        ("Computed tomography of lumbar spine", "ct-lumbar"),
        ("X-ray lumbar spine after fusion", "xray-lumbar"),
        ("XR LUMBAR SPINE 2 VIEWS", "xray-lumbar"),
        ("Radiograph, lumbosacral spine", "xray-lumbar"),
        ("Referral to Physical Therapy", "exercise-pt"),
        ("Physiotherapy after lumbar fusion", "exercise-pt"),
        ("Posterior lumbar interbody fusion", "lumbar-fusion"),
    ],
)
@pytest.mark.parametrize("place", ["text", "display"])
def test_an_order_of_a_local_code_is_known_by_its_words(text: str, concept_id: str, place: str) -> None:
    local: Json = {"system": "urn:oid:1.2.840.114350.1.13", "code": "IMG1001"}
    code = {"coding": [local], "text": text} if place == "text" else {"coding": [local | {"display": text}]}

    draft = the_service(service_order() | {"code": code})

    assert (draft.concepts, draft.code) == ((concept_id,), "")


@pytest.mark.parametrize(
    "text",
    [
        "Cervical epidural steroid injection",
        "Thoracic epidural injection",
        "Lumbar epidural blood patch injection",
        "Lumbar puncture",
        "Lumbar facet injection",
        "MRI cervical spine",
        "MRI brain",
        "Dual x-ray absorptiometry, lumbar spine",
        "CT guided biopsy of lumbar spine",
        "Chest physiotherapy",
        "Cervical fusion",
        "Lumbar epidural steroid injection. " + "x" * 500,
    ],
)
def test_other_words_are_no_service_of_ours(text: str) -> None:
    assert drafted(service_order() | {"code": {"text": text}}).facts == ()


@pytest.mark.parametrize(
    ("code", "concepts"),
    [("62320", []), ("72141", []), ("72148", [("mri-lumbar",)])],
)
def test_a_code_that_we_know_outranks_the_words(code: str, concepts: list[tuple[str, ...]]) -> None:
    draft = service_order() | {"code": concept(code, CPT, text="Lumbar epidural steroid injection")}

    assert [fact.concepts for fact in drafted(draft).facts if isinstance(fact, DraftService)] == concepts


def test_orders_of_the_chart_are_not_read_by_these_words() -> None:
    words = {"text": "Lumbar epidural steroid injection"}

    assert facts(order() | {"code": words}).open_orders == ()
