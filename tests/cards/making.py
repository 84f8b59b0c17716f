"""Patients, advice and small knowledge for the tests of cards."""

import itertools
import json
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from cards.rendering import Renderer
from pathway.advice import Advice, Advised, CardKind, CardPlan, Urgency, Values
from pathway.evaluation import advise
from pathway.facts import (
    AllergyFact,
    ConditionFact,
    DataGap,
    DrugFact,
    Facts,
    ImagingFact,
    InjectionFact,
    Instrument,
    PatientFact,
    ScoreFact,
    Source,
    Substance,
    TherapyFact,
)
from pathway.knowledge_base import KnowledgeBase
from pathway.rules import (
    CheckUse,
    Coded,
    Evidence,
    EvidenceLine,
    Mark,
    OverrideReason,
    Proposal,
    Rule,
    RuleEvidence,
    ServiceOrder,
    StateEntry,
)
from pathway.state import (
    Conservative,
    Duration,
    DurationClass,
    DurationSource,
    Problem,
    Series,
    Situation,
    StateId,
)
from pathway.verdict import Verdict
from tests.pathway.making import TODAY, day, on

CPT = "http://www.ama-assn.org/go/cpt"
SITE = "https://example.org/guideline"


# --- one patient -----------------------------------------------------------------------------------


def a_source(kind: str, name: str, text: str | None = None) -> Source:
    return Source(resource_type=kind, resource_id=name, text=text)


def a_condition(
    concept: str, code: str, onset: int | None, text: str, role: str = "problem"
) -> ConditionFact:
    return ConditionFact(
        concept=concept,
        role=role,
        code=code,
        onset=on(onset),
        source=a_source("Condition", f"c-{code}", text),
    )


def a_drug(drug_class: str, ingredient: str, start: int, supply: int | None, status: str) -> DrugFact:
    return DrugFact(
        substances=(Substance(drug_class=drug_class, ingredient=ingredient, daily_dose=Decimal(1000)),),
        status=status,
        start=day(start),
        supply_days=None if supply is None else Decimal(supply),
        source=a_source("MedicationRequest", f"m-{ingredient}", f"{ingredient} oral tablet"),
    )


def a_score(value: str, offset: int, instrument: Instrument = Instrument.NRS) -> ScoreFact:
    return ScoreFact(
        instrument=instrument,
        value=Decimal(value),
        on=day(offset),
        source=a_source("Observation", f"o{-offset}-{instrument.value}"),
    )


def an_injection(offset: int, code: str = "64483") -> InjectionFact:
    return InjectionFact(on=day(offset), code=code, source=a_source("Procedure", f"e{-offset}"))


def some_facts(*conditions: ConditionFact, born: date | None = date(1981, 5, 4), **more: Any) -> Facts:
    patient = PatientFact(id="pat-1", birth_date=born)
    return Facts(as_of=TODAY, patient=patient, conditions=conditions, **more)


AXIAL = ("lbp-axial", "M5450")
RADICULAR = ("radicular", "M5416")
PHYSICAL_THERAPY = tuple(
    TherapyFact(
        modality="exercise-pt",
        status="completed",
        first=day(offset),
        last=day(offset),
        source=a_source("Procedure", f"p{-offset}"),
    )
    for offset in range(-62, -19, 7)
)
NAPROXEN = (a_drug("nsaid", "naproxen", -51, 21, "completed"),)
MRI = (ImagingFact(modality="mri-lumbar", on=day(-30), source=a_source("ImagingStudy", "i1")),)
TRIED: dict[str, Any] = {"therapies": PHYSICAL_THERAPY, "drugs": NAPROXEN}


def _axial(onset: int) -> ConditionFact:
    return a_condition(*AXIAL, onset, "Low back pain")


def _radicular(onset: int = -150) -> ConditionFact:
    return a_condition(*RADICULAR, onset, "Lumbar radiculopathy")


def _other(concept: str, code: str, text: str, onset: int | None = -400) -> ConditionFact:
    return a_condition(concept, code, onset, text, role="factor")


# The worked cases of clinical/pathway.md (e) that differ most on cards, and some beside them.
PATIENTS: dict[str, Facts] = {
    "acute": some_facts(_axial(-10)),
    "nothing coded": some_facts(),
    "second line": some_facts(_axial(-150), **TRIED, scores=(a_score("6", -65), a_score("6", -3))),
    "imaging first": some_facts(_radicular(), **TRIED),
    "first injection": some_facts(_radicular(), **TRIED, imaging=MRI, scores=(a_score("6", -3),)),
    "waiting": some_facts(_radicular(), **TRIED, imaging=MRI, injections=(an_injection(-10),)),
    "repeat": some_facts(
        _radicular(),
        **TRIED,
        imaging=MRI,
        injections=(an_injection(-21),),
        scores=(a_score("8", -25), a_score("5", -2)),
    ),
    "repeat, response unknown": some_facts(
        _radicular(), **TRIED, imaging=MRI, injections=(an_injection(-21, "62322"),)
    ),
    "series complete": some_facts(
        _radicular(),
        **TRIED,
        imaging=MRI,
        injections=(an_injection(-80), an_injection(-55), an_injection(-30)),
        scores=(a_score("8", -35), a_score("7", -2)),
    ),
    "emergency": some_facts(
        _axial(-20), a_condition("cauda-equina", "G834", -1, "Cauda equina syndrome", role="emergency")
    ),
    "work up": some_facts(
        _axial(-20), a_condition("malignancy-active", "C50911", -90, "Breast cancer", role="workup")
    ),
    "old, kidneys": some_facts(
        _axial(-40), born=date(1950, 1, 1), scores=(a_score("24", -20, Instrument.EGFR),)
    ),
    "anticoagulated": some_facts(
        _radicular(),
        therapies=PHYSICAL_THERAPY,
        drugs=(*NAPROXEN, a_drug("anticoagulant", "apixaban", -100, None, "active")),
        imaging=MRI,
        allergies=(
            AllergyFact(drug_classes=("contrast",), source=a_source("AllergyIntolerance", "a1", "Contrast")),
        ),
    ),
    "little is known": some_facts(
        a_condition(*AXIAL, None, "Low back pain"),
        born=None,
        drugs=(a_drug("gabapentinoid", "gabapentin", -30, None, "active"),),
        not_provided=frozenset({"AllergyIntolerance", "Procedure"}),
        gaps=(
            DataGap(code="missing-date", resource="Condition/c-M5450", element="Condition.onset[x]"),
            DataGap(code="unreadable", resource="Observation/o1", element="Observation.value[x]"),
            DataGap(code="not-provided", resource="AllergyIntolerance"),
            DataGap(code="not-provided", resource="Procedure"),
        ),
    ),
    "pregnant": some_facts(_axial(-40), _other("pregnancy", "Z3490", "Pregnancy", -60)),
    "spinal cord injury": some_facts(
        _other("spinal-cord-injury", "S24109S", "Spinal cord injury, sequela"),
        _other("neuropathic-pain", "M792", "Neuralgia"),
    ),
}


def with_chart_text(value: Any, text: str) -> Any:
    """The same facts, with `text` wherever the chart has words or ids of its own."""
    if isinstance(value, Source):
        return Source(resource_type=value.resource_type, resource_id=text, text=text)
    if isinstance(value, msgspec.Struct):
        changed = {name: with_chart_text(getattr(value, name), text) for name in value.__struct_fields__}
        return type(value)(**changed)
    if isinstance(value, tuple):
        return tuple(with_chart_text(item, text) for item in value)
    return value


# --- a small knowledge -----------------------------------------------------------------------------


def an_evidence(**changes: Any) -> Evidence:
    known: dict[str, Any] = {
        "title": "A guideline",
        "publisher": "A society",
        "url": SITE,
        "year": "2017",
        "opened": "yes",
        "retrieved": TODAY,
    }
    return Evidence(**(known | changes))


def a_line(says: str, **changes: Any) -> EvidenceLine:
    known: dict[str, Any] = {"source": "guide", "says": says, "mark": Mark.VERIFIED}
    return EvidenceLine(**(known | changes))


def a_service(**changes: Any) -> ServiceOrder:
    known: dict[str, Any] = {
        "codes": (Coded(system=CPT, code="72148", display="MRI of the lumbar spine"),),
        "text": "MRI of the lumbar spine",
    }
    return ServiceOrder(**(known | changes))


def a_proposal(identifier: str = "main", **changes: Any) -> Proposal:
    known: dict[str, Any] = {
        "id": identifier,
        "label": "Order it",
        "description": "It, ordered on {as_of}",
        "order": a_service(),
    }
    return Proposal(**(known | changes))


def a_rule(identifier: str = "exercise-pt", **changes: Any) -> Rule:
    known: dict[str, Any] = {
        "id": identifier,
        "title": identifier.replace("-", " ").capitalize(),
        "last_reviewed": TODAY,
        "card": CardKind.STATE,
        "summary": f"Try {identifier}",
        "why": "It helps",
        "primary_source": "guide",
        "evidence": RuleEvidence(supports=(a_line("It works."),)),
    }
    return Rule(**(known | changes))


def a_check(text: str) -> CheckUse:
    return CheckUse(check="age-65", text=text)


def a_knowledge(*rules: Rule, **changes: Any) -> KnowledgeBase:
    reasons = ("patient-preference", "other", "not-available", "not-tolerated")
    known: dict[str, Any] = {
        "version": "2026-11-22+test",
        "rules": {rule.id: rule for rule in rules},
        "states": {
            StateId.INITIAL_CONSERVATIVE: StateEntry(
                title="Start", entry="Everything else", exit="A trial starts", changes="A finished trial."
            )
        },
        "evidence": {"guide": an_evidence(), "other": an_evidence(publisher="Other people", year="2025")},
        "thresholds": {},
        "seed": {},
        "override_reasons": {code: OverrideReason(code=code, display=f"Because {code}") for code in reasons},
        "common_override_reasons": ("patient-preference", "other"),
        "texts": {},
    }
    return KnowledgeBase(**(known | changes))


# --- advice ----------------------------------------------------------------------------------------


def a_situation(**changes: Any) -> Situation:
    known: dict[str, Any] = {
        "facts": some_facts(_axial(-40)),
        "state": StateId.INITIAL_CONSERVATIVE,
        "problem": Problem.AXIAL,
        "problem_conditions": (_axial(-40),),
        "duration": Duration(
            length=DurationClass.SUBACUTE, source=DurationSource.ONSET, onset=day(-40), days=40
        ),
        "conservative": Conservative(
            non_drug=Verdict.NOT_MET, drug=Verdict.UNKNOWN, duration=Verdict.MET, failed=Verdict.NOT_MET
        ),
        "series": Series(),
    }
    return Situation(**(known | changes))


def an_item(identifier: str = "exercise-pt", values: Values | None = None, **changes: Any) -> Advised:
    known: dict[str, Any] = {
        "id": identifier,
        "urgency": Urgency.ROUTINE,
        "values": {"as_of": TODAY, **(values or {})},
    }
    return Advised(**(known | changes))


def a_plan(*items: Advised, kind: CardKind = CardKind.STATE) -> CardPlan:
    return CardPlan(kind=kind, items=items)


def an_advice(*plans: CardPlan, **changes: Any) -> Advice:
    known: dict[str, Any] = {"situation": a_situation(), "cards": plans}
    return Advice(**(known | changes))


# --- answers ---------------------------------------------------------------------------------------


def numbered_uuids() -> Callable[[], str]:
    """UUIDs that a test can tell apart."""
    numbers = itertools.count(1)
    return lambda: f"00000000-0000-4000-8000-{next(numbers):012d}"


def answer_to(renderer: Renderer, advice: Advice) -> Any:
    """The answer as a client reads it."""
    return json.loads(msgspec.json.encode(renderer.answer(advice, numbered_uuids())))


def answer_for(renderer: Renderer, knowledge: KnowledgeBase, facts: Facts) -> Any:
    return answer_to(renderer, advise(facts, knowledge))


def only_card(renderer: Renderer, advice: Advice) -> Any:
    (card,) = answer_to(renderer, advice)["cards"]
    return card
