"""What is wrong with the knowledge stops the start, with file, place and the allowed words."""

import shutil
from pathlib import Path

import pytest

from pathway.errors import KnowledgeError
from pathway.loading import PACKAGED, load_code_rows, load_golden, load_knowledge


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(PACKAGED, tmp_path / "knowledge"))


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text, f"{path.name} no longer holds {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def error_of(directory: Path) -> str:
    with pytest.raises(KnowledgeError) as caught:
        load_knowledge(directory)
    return str(caught.value)


TABLE_C = [
    "self-care-activity",
    "exercise-pt",
    "spinal-manipulation",
    "acupuncture",
    "massage",
    "yoga",
    "cbt",
    "progressive-relaxation",
    "mbsr",
    "multidisciplinary-rehab",
    "nsaid",
    "muscle-relaxant",
    "duloxetine",
    "opioid-short-course",
    "baclofen-note",
    "pregabalin-sci",
    "gabapentinoid-not-supported",
    "continue-current-trial",
    "re-evaluate-diagnosis",
    "mri-lumbar",
    "esi-first",
    "esi-wait",
    "esi-repeat",
    "esi-series-complete",
    "surgical-referral",
    "shared-decision",
    "outcome-scores",
    "evidence-limits",
    "red-flag-emergency",
    "red-flag-workup",
    "naloxone",
]


def test_the_packaged_knowledge_is_sound() -> None:
    knowledge = load_knowledge()

    assert set(TABLE_C) <= set(knowledge.rules)
    assert len(knowledge.states) == 18
    assert len(knowledge.guards) == 38


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("rules/nsaid.yaml", "card: drug", "card: drug\ncolour: red", ("rules/nsaid.yaml", "colour")),
        (
            "rules/nsaid.yaml",
            "card: drug",
            "card: drug\ncard: drug",
            ("rules/nsaid.yaml", "line", "card", "twice"),
        ),
        ("rules/nsaid.yaml", "id: nsaid", "id: nsaids", ("rules/nsaid.yaml", "nsaids")),
        (
            "rules/nsaid.yaml",
            "check: ckd-severe",
            "check: vibes",
            ("rules/nsaid.yaml", "vibes", "ckd-severe"),
        ),
        ("rules/nsaid.yaml", "{ckd_basis}", "{mood}", ("rules/nsaid.yaml", "{mood}", "ckd_basis")),
        (
            "rules/nsaid.yaml",
            "source: acp2017",
            "source: acp1917",
            ("rules/nsaid.yaml", "acp1917", "acp2017"),
        ),
        ("rules/nsaid.yaml", "card: drug", "card: drawer", ("rules/nsaid.yaml", "drawer")),
        ("rules/nsaid.yaml", "of: [heart-failure]", "of: [hart-failure]", ("hart-failure", "heart-failure")),
        ("rules/nsaid.yaml", 'code: "198014"', 'code: "123456"', ("naproxen-500", "123456", "terminology")),
        ("rules/nsaid.yaml", "last_reviewed: 2026-11-22", "last_reviewed: soon", ("last_reviewed",)),
        ("rules/nsaid.yaml", "[benefit-outweighs-risk]", "[because]", ("because", "already-tried")),
        (
            "rules/opioid-short-course.yaml",
            "recommendation: naloxone",
            "recommendation: naloxon",
            ("naloxone-spray", "naloxon", "naloxone"),
        ),
        (
            "rules/opioid-short-course.yaml",
            "recommendation: naloxone",
            "recommendation: nsaid",
            ("naloxone-spray", "nsaid proposes no such order"),
        ),
        ("thresholds.yaml", "mark: V, evidence: [beers2023]", "mark: V", ("older-age", "evidence")),
        ("thresholds.yaml", "esi-min-gap-days:", "esi-max-gap-days:", ("esi-min-gap-days", "missing")),
        ("thresholds.yaml", 'unit: "a"', 'units: "a"', ("thresholds.yaml", "units")),
        (
            "states.yaml",
            "- id: shared-decision",
            "- id: shared-indecision",
            ("shared-indecision", "shared-decision"),
        ),
        ("states.yaml", "variant: rheumatology", "variant: rheuma", ("rheuma", "rheumatology")),
        ("states.yaml", "when: [cap-only]", "when: [capped]", ("states.yaml", "capped", "cap-only")),
        ("texts.yaml", "check-red-flags:", "check-flags:", ("texts.yaml", "check-red-flags")),
    ],
)
def test_a_fault_is_named_with_file_and_allowed_words(
    copy: Path, file: str, old: str, new: str, expected: tuple[str, ...]
) -> None:
    change(copy / file, old, new)

    message = error_of(copy)

    assert [word for word in expected if word not in message] == []


def test_a_summary_that_may_grow_too_long_is_refused(copy: Path) -> None:
    rule = copy / "rules" / "esi-wait.yaml"
    lines = rule.read_text(encoding="utf-8").splitlines()
    lines = [
        f"summary: {'x' * 120} {{earliest}} {{window_end}}" if x.startswith("summary:") else x for x in lines
    ]
    rule.write_text("\n".join(lines), encoding="utf-8")

    message = error_of(copy)

    assert "esi-wait.yaml: summary may reach 142 characters; allowed: 139" in message


def test_every_fault_is_listed_at_once(copy: Path) -> None:
    change(copy / "rules" / "nsaid.yaml", "check: ckd-severe", "check: vibes")
    change(copy / "states.yaml", "when: [cap-only]", "when: [capped]")

    assert len(error_of(copy).splitlines()) >= 2


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("imaging.csv", ",yes,", ",perhaps,", "verified is 'perhaps'; allowed: yes, no"),
        (
            "imaging.csv",
            ",exact,",
            ",roughly,",
            "match is 'roughly'; allowed: exact, prefix, ingredient, text",
        ),
        ("opioid-mme.csv", "codeine,0.15", "codeine,some", "mme_factor"),
    ],
)
def test_a_faulty_code_row_is_named_with_its_line(
    copy: Path, file: str, old: str, new: str, expected: str
) -> None:
    change(copy / "terminology" / file, old, new)

    with pytest.raises(KnowledgeError, match=rf"terminology/{file}: line 2") as caught:
        load_code_rows(copy)

    assert expected in str(caught.value)


def test_a_missing_file_is_named(copy: Path) -> None:
    (copy / "states.yaml").unlink()

    assert "states.yaml" in error_of(copy)


def test_a_faulty_golden_case_is_named(copy: Path) -> None:
    (copy / "golden" / "extra.yaml").write_text("- name: A case without a day\n  given: {}\n  expect: {}\n")

    with pytest.raises(KnowledgeError, match=r"golden/extra.yaml.*as_of"):
        load_golden(copy)


def test_the_version_changes_with_any_rule(copy: Path) -> None:
    before = load_knowledge(copy).version

    change(copy / "rules" / "nsaid.yaml", "twice daily with food", "twice a day with food")

    assert load_knowledge(copy).version != before


# c.3: which recommendations carry each statement of the seed
SEED_MAP = {
    "drug choice": {"nsaid", "muscle-relaxant", "opioid-short-course"},
    "non-drug choice": {
        "spinal-manipulation",
        "multidisciplinary-rehab",
        "exercise-pt",
        "acupuncture",
        "massage",
        "yoga",
        "cbt",
        "progressive-relaxation",
    },
    "injection series": {"esi-first", "esi-wait", "esi-repeat", "esi-series-complete"},
    "imaging and surgery": {"mri-lumbar", "surgical-referral"},
    "small effects": {"evidence-limits"},
    "limits": {"evidence-limits"},
    "pregabalin in cord injury": {"pregabalin-sci"},
    "label silent on back pain": {"gabapentinoid-not-supported"},
    "re-evaluate": {"re-evaluate-diagnosis"},
    "hands-on not well supported": {"spinal-manipulation", "massage", "acupuncture"},
    "rehabilitation": {"multidisciplinary-rehab"},
    "chronic drugs": {"baclofen-note", "duloxetine", "nsaid", "opioid-short-course"},
    "injection benefits": {"esi-first"},
    "involve the patient": {"shared-decision"},
    "monitor": {"outcome-scores", "continue-current-trial"},
}


def test_each_seed_statement_is_carried_by_its_recommendations() -> None:
    knowledge = load_knowledge()
    carried = [
        frozenset(rule.id for rule in knowledge.rules.values() if row in rule.seed) for row in knowledge.seed
    ]

    missing = {name: rules for name, rules in SEED_MAP.items() if frozenset(rules) not in carried}

    assert missing == {}
    assert len(knowledge.seed) == 18


def test_the_conflicts_of_evidence_have_both_sides() -> None:
    knowledge = load_knowledge()
    both = {"esi-first", "esi-repeat", "acupuncture", "spinal-manipulation", "massage", "opioid-short-course"}

    for rule_id in both:
        evidence = knowledge.rules[rule_id].evidence
        assert evidence.supports, rule_id
        assert evidence.against, rule_id
        assert evidence.project_default, rule_id


def test_for_chronic_radicular_pain_the_line_against_injection_comes_first() -> None:
    evidence = load_knowledge().rules["esi-first"].evidence

    assert evidence.against_first_when == "duration:chronic"
    assert evidence.against[0].source == "bmj2025"
