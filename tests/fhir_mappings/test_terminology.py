import pytest

from fhir_mappings.code_systems import our_url
from fhir_mappings.elements import Coding, Concept
from tests.fhir_mappings.making import (
    CPT,
    ICD,
    LOINC,
    PCS,
    ROWS,
    RXNORM,
    SNOMED,
    TERMINOLOGY,
    concept,
    condition,
    facts,
    gaps_of,
    observation,
    order,
    procedure,
    request,
)


def meant(code: str, system: str = ICD) -> set[str]:
    return {m.concept for m in TERMINOLOGY.meanings(Concept(coding=(Coding(system=system, code=code),)))}


@pytest.mark.parametrize(
    "system",
    [
        ICD,
        "https://hl7.org/fhir/sid/icd-10-cm",
        "http://hl7.org/fhir/sid/icd-10-cm/",
        "HTTP://HL7.org/fhir/sid/ICD-10-CM",
        "urn:oid:2.16.840.1.113883.6.90",
        "2.16.840.1.113883.6.90",
    ],
)
@pytest.mark.parametrize("code", ["M54.16", "M5416", "m54.16"])
def test_icd_10_cm_is_known_by_url_and_oid_with_or_without_the_dot(system: str, code: str) -> None:
    assert meant(code, system) == {"radicular"}


@pytest.mark.parametrize(
    ("oid", "code", "known"),
    [
        ("2.16.840.1.113883.6.96", "128196005", "radicular"),
        ("2.16.840.1.113883.6.1", "72514-3", "pain-nrs"),
        ("2.16.840.1.113883.6.12", "62323", "esi-lumbar"),
        ("2.16.840.1.113883.6.285", "Q5003", "hospice-palliative"),
        ("2.16.840.1.113883.6.4", "3E0S33Z", "esi-lumbar"),
    ],
)
def test_each_code_system_is_known_by_its_oid(oid: str, code: str, known: str) -> None:
    assert meant(code, oid) == meant(code, f"urn:oid:{oid}") == {known}


def test_every_system_of_the_lists_is_known() -> None:
    systems = {row.system for row in ROWS if row.verified and not row.system.startswith("urn:backpath")}

    assert {our_url(system) for system in systems} == systems


def test_an_edition_of_snomed_ct_is_snomed_ct() -> None:
    assert meant("128196005", "http://snomed.info/sct/731000124108/version/20260301") == {"radicular"}


@pytest.mark.parametrize(
    ("code", "concepts"),
    [
        ("M54.50", {"lbp-axial"}),
        ("M54", set()),
        ("M48.061", {"spinal-stenosis"}),
        ("M48.062", {"spinal-stenosis", "neurogenic-claudication"}),
        ("C50.911", {"malignancy-active"}),
        ("C79.51", {"malignancy-active", "malignancy-spine"}),
        ("C44.91", set()),
        ("S32.010A", {"vertebral-fracture"}),
        ("S32.010S", set()),
        ("M80.08XA", {"vertebral-fracture", "osteoporosis"}),
        ("M80.08XS", {"osteoporosis"}),
        ("S24.101S", {"spinal-cord-injury"}),
        ("O90.0", set()),
        ("O09.90", {"pregnancy"}),
        ("I10", set()),
    ],
)
def test_a_prefix_covers_its_codes_but_for_the_exclusions(code: str, concepts: set[str]) -> None:
    assert meant(code) == concepts


def test_the_longest_prefix_decides_a_role() -> None:
    (meaning,) = TERMINOLOGY.of_code(ICD, "M51.361")

    assert (meaning.concept, meaning.role, meaning.code) == ("lbp-axial", "problem-leg-pain", "M51361")


def test_a_coronary_bypass_of_icd_10_pcs_is_known_by_its_table() -> None:
    assert meant("021009W", PCS) == {"cabg"}
    assert meant("021009W", ICD) == set()


@pytest.mark.parametrize("row", [r for r in ROWS if not r.verified and r.code], ids=lambda r: r.code)
def test_a_row_that_is_not_verified_is_never_matched_by_code(row: object) -> None:
    code, system = row.code, row.system  # type: ignore[attr-defined]
    medication = {"coding": [{"system": system, "code": code}]}

    found = facts(condition(code, system), request(medicationCodeableConcept=medication))

    assert meant(code, system) == set()
    assert (found.conditions, found.drugs) == ((), ())


def test_a_code_in_another_system_is_not_matched() -> None:
    assert meant("128196005", LOINC) == meant("62323", RXNORM) == meant("M54.16", SNOMED) == set()


@pytest.mark.parametrize(
    ("sent", "label"),
    [
        (condition("278860009", ICD), "Condition/c1"),
        (condition("M54.16", SNOMED), "Condition/c1"),
        (condition("M54.16", "http://hl7.org/fhir/sid/icd-10"), "Condition/c1"),
        (procedure("62323", SNOMED), "Procedure/pr1"),
        (order("72148", LOINC), "ServiceRequest/s1"),
        (observation(code="72514-3") | {"code": concept("72514-3", SNOMED)}, "Observation/o1"),
        (request() | {"medicationCodeableConcept": concept("198014", CPT)}, "MedicationRequest/m1"),
    ],
)
def test_a_code_that_cannot_be_of_its_system_is_a_gap(sent: dict[str, object], label: str) -> None:
    found = facts(sent)

    ((code, resource, element),) = gaps_of(found)
    assert (code, resource) == ("unreadable", label)
    assert element is not None
    assert element.endswith("code.coding.system") or element == "medicationCodeableConcept.coding.system"


def test_a_code_of_ours_without_a_system_is_a_gap() -> None:
    found = facts(condition() | {"code": {"coding": [{"code": "M54.16"}]}})

    assert found.conditions == ()
    assert gaps_of(found) == [("unreadable", "Condition/c1", "code.coding.system")]


def test_a_system_of_a_sites_own_says_nothing() -> None:
    found = facts(condition("278860009", "urn:oid:1.2.840.114350.1.13"))

    assert (found.conditions, gaps_of(found)) == ((), [])


def test_beside_a_code_that_is_read_a_misfiled_one_does_not_matter() -> None:
    both = {"coding": [{"system": ICD, "code": "278860009"}, {"system": ICD, "code": "M54.50"}]}

    found = facts(condition() | {"code": both})

    assert [c.concept for c in found.conditions] == ["lbp-axial"]
    assert gaps_of(found) == []
