"""Time lines of sample patients and of patients in a few words."""

from functools import cache
from zoneinfo import ZoneInfo

from cds_service.decision import Decider
from cds_service.inputs import case_of
from cds_service.picture.pictured import picture_of
from cds_service.picture.timeline import Timeline
from cds_service.samples import Samples
from fhir_mappings.gathering import gather
from pathway.evaluation import advise
from pathway.facts import ConditionFact, Facts, ImagingFact, Instrument, OperationFact, Source
from pathway.knowledge_base import KnowledgeBase
from pathway.loading import load_knowledge
from pathway.state import Situation
from tests.cds_service.making import TODAY
from tests.pathway.making import condition, day, drug, facts, injection, score, source, therapy

KNOWLEDGE = load_knowledge()

# What a record may hold in any of its strings.
ATTACKS = (
    '<script>alert(1)</script><img src=x onerror="alert(2)">',
    "</text></svg><svg onload=alert(3)>",
    "]]><!ENTITY x SYSTEM 'file:///etc/passwd'>&x;&amp;",
    "{{ 7 * 7 }}{% raw %}",
    "\x00\x08\x1b\ufffe\ud800\u202egnirts\u2066",
    "line\nbreak\ttab" + " long" * 100,
    "javascript:alert(4)//\" style='color:red'",
    "腰痛" * 40,
)


@cache
def decider() -> Decider:
    return Decider.load(ZoneInfo("UTC"))


@cache
def samples() -> Samples:
    return Samples.load(decider().rows)


def situation_of_sample(name: str) -> Situation:
    case = case_of(samples().request(name, TODAY))
    judged = decider().judged(gather(case.prefetch), patient_id=case.patient_id, as_of=TODAY)
    return judged.advice.situation


def sampled(name: str) -> Timeline:
    """The time line of a sample patient."""
    return picture_of(situation_of_sample(name), decider().knowledge)


def situation(known: Facts, knowledge: KnowledgeBase = KNOWLEDGE) -> Situation:
    return advise(known, knowledge).situation


def pictured(known: Facts, knowledge: KnowledgeBase = KNOWLEDGE) -> Timeline:
    """The time line of a patient in a few words."""
    return picture_of(situation(known, knowledge), knowledge)


def attacking(text: str) -> Facts:
    """A patient whose every name in the chart is `text`."""
    place = Source(resource_type="Condition", resource_id=text, text=text)
    back = ConditionFact(
        concept="radicular", role="problem", code=text, onset=day(-200), recorded=day(-200), source=place
    )
    flag = ConditionFact(
        concept="cauda-equina", role="emergency", code=text, onset=day(-1), recorded=day(-1), source=place
    )
    return facts(
        back,
        flag,
        drug("nsaid", text, daily="1000", start=-60, stop=-30, status="completed"),
        drug("opioid", text, start=-20),
        therapy("exercise-pt", -90, -40),
        injection(-20),
        score("8", -25),
    )


def crowded() -> Facts:
    """A patient with more than can be told one by one."""
    modalities = ("exercise-pt", "acupuncture", "massage", "cbt", "yoga", "mbsr", "spinal-manipulation")
    drugs = ("oxycodone", "gabapentin", "apixaban", "sertraline", "alprazolam", "amitriptyline", "baclofen")
    return facts(
        condition("radicular", onset=-2400, code="M54.16"),
        *(therapy(modality, -350 + 10 * i, -330 + 12 * i) for i, modality in enumerate(modalities)),
        *(therapy(modality, -120 + 5 * i, -100 + 5 * i) for i, modality in enumerate(modalities)),
        therapy("yoga", -800, -760),
        *(drug("opioid", name, start=-700 + 100 * i) for i, name in enumerate(drugs)),
        *(injection(offset) for offset in (-600, -560, -330, -300, -200, -20, None)),
        *(score(str(2 + offset % 7), -offset) for offset in range(0, 700, 9)),
        *(score(str(offset % 90), -offset, Instrument.ODI) for offset in range(3, 700, 60)),
        score("55", -9, Instrument.EGFR),
        imaging=tuple(
            ImagingFact(modality=modality, on=on, source=source())
            for modality, on in (("mri-lumbar", day(-700)), ("mri-lumbar", day(-100)), ("ct-lumbar", None))
        ),
        operations=(OperationFact(concept="lumbar-fusion", on=day(-650), source=source()),),
    )
