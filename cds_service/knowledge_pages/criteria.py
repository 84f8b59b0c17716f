"""The checks of the knowledge in plain sentences: what is asked of the record, with its numbers.

The checks themselves are code (`pathway.factor_checks`, `pathway.pathway_checks`); their sentences
stand here, in the form that follows "when". Numbers in braces are those of thresholds.yaml, `{of}`
is what the check is asked about.
"""

from collections.abc import Iterable, Mapping

import msgspec

from cds_service.knowledge_pages.names import asked_words
from pathway.knowledge_base import KnowledgeBase
from pathway.number_words import named_in, with_numbers

SENTENCES: Mapping[str, str] = {
    "active-infection": "an active infection dated within {infection-days} days is on record",
    "age-65": "the patient is {older-age} years old or older",
    "age-65-or-unknown": "the patient is {older-age} years old or older, or the birth date is missing",
    "allergy": "an active allergy or intolerance is on record: {of}",
    "anticoagulant": "an anticoagulant is active, or its long-term use is coded",
    "antiplatelet": "an antiplatelet other than aspirin is active, or its long-term use is coded",
    "aspirin-active": "aspirin is active",
    "cabg-ever": "a coronary bypass of any age is on record",
    "cancer": "an active cancer is on record",
    "cap-only": "the cap of {esi-rolling-cap} injections in {esi-rolling-months} months is reached, and the "
    "series has fewer than {esi-series-size}",
    "ckd-any": "the kidney function is reduced: a code of stage 3 to 5 or dialysis, or the latest eGFR of "
    "{egfr-months} months below {egfr-moderate}",
    "ckd-moderate": "the kidney function is reduced, not severely: a code of stage 3, or the latest eGFR of "
    "{egfr-months} months below {egfr-moderate}",
    "ckd-severe": "the kidney disease is severe: a code of stage 4 or 5 or dialysis, or the latest eGFR of "
    "{egfr-months} months below {egfr-severe}",
    "condition": "an active entry is on record: {of}",
    "condition-ever": "an entry is on record, active or not: {of}",
    "diabetes": "diabetes is on record",
    "disabling": "the pain is chronic, and the ODI is {odi-disabling} % or more or the pain "
    "{pain-severe} of 10 or more, within {score-recent-days} days",
    "drug-active": "a drug of this class is active: {of}",
    "duration": "the pain is {of}",
    "duration-28-days": "the pain has lasted {persisting-days} days or more",
    "duration-28-days-or-unknown": "the pain has lasted {persisting-days} days or more, or nobody recorded "
    "since when",
    "egfr-15-29": "the latest eGFR of {egfr-months} months is {egfr-very-low} or above, below {egfr-severe}",
    "egfr-30-59": "the latest eGFR of {egfr-months} months is {egfr-severe} or above, below {egfr-moderate}",
    "egfr-below-15": "the latest eGFR of {egfr-months} months is below {egfr-very-low}",
    "egfr-unknown": "no eGFR of the last {egfr-months} months is on record",
    "esi-indication": "the problem is radicular pain, or stenosis with neurogenic claudication",
    "first-session": "one injection of the open series has been given",
    "flag": "this red flag is raised: {of}",
    "fracture": "an active vertebral fracture is on record",
    "gabapentinoid-active": "a gabapentinoid is active",
    "gabapentinoid-unlabelled": "a gabapentinoid is active and no labelled reason for it is coded",
    "ingredient-active": "this drug is active: {of}",
    "injection-late": "the last injection was more than {esi-usual-gap-days} days ago",
    "injection-late-or-no-response": "the last injection was more than {esi-usual-gap-days} days ago, or "
    "brought less than {response-partial-percent} % relief",
    "inr-high": "the latest INR of {coagulation-days} days is above {inr-high}",
    "maoi-recent": "an MAO inhibitor is active, or ended at most {maoi-days} days ago",
    "medications-not-provided": "the medications were not seen",
    "motor-deficit": "an active progressive motor deficit is on record",
    "myocardial-infarction-recent": "a myocardial infarction is dated within {infarction-days} days",
    "naloxone-active": "naloxone is active",
    "no-drug-trial": "no NSAID, muscle relaxant or duloxetine is running or was adequately tried within "
    "{trial-look-back-days} days",
    "no-non-drug-trial": "no therapy without drugs is running or was adequately tried within "
    "{trial-look-back-days} days",
    "no-open-series": "no series of injections is open",
    "no-qualifying-imaging": "no lumbar MRI or CT of the last {imaging-months} months is on record, or only "
    "one from more than {imaging-before-onset-months} months before the onset",
    "not-axial-or-disabling": "the problem is not axial pain; or it is, and the pain is chronic with an ODI "
    "of {odi-disabling} % or more or a score of {pain-severe} of 10 or more",
    "not-tolerated": "a drug of this class was stopped as not tolerated within {trial-look-back-days} "
    "days: {of}",
    "nsaid-failed-or-excluded": "an NSAID has failed or was not tolerated, or the record speaks against it",
    "onset-recorded-only": "the onset is known only from when the problem was recorded",
    "opioid-or-benzodiazepine-active": "an opioid or a benzodiazepine is active",
    "osteoporosis": "osteoporosis is on record",
    "pain-severe": "the latest pain score of {score-recent-days} days is {pain-severe} of 10 or more",
    "phq9-positive": "the latest PHQ-9 of {trial-look-back-days} days is {phq9-positive} or more",
    "platelets-low": "the latest platelet count of {coagulation-days} days is below {platelets-low} "
    "thousand/µL",
    "pregnancy": "a pregnancy is coded as active, dated within {pregnancy-days} days or without a date",
    "problem": "the problem is {of}",
    "qualifying-imaging": "a lumbar MRI or CT of the last {imaging-months} months is on record, from at "
    "most {imaging-before-onset-months} months before the onset",
    "response-helped": "the last injection brought {response-partial-percent} % relief or more",
    "response-none": "the last injection brought less than {response-partial-percent} % relief",
    "response-unknown": "the response to the last injection is not recorded",
    "risk-marker": "a marker of a serious cause is on record",
    "scores-due": "no pain or function score of the last {score-current-days} days is on record, or the "
    "response to the last injection is not known",
    "second-drug-failed-or-excluded": "the second drug (a muscle relaxant in acute or subacute pain, "
    "duloxetine in chronic pain) has failed or was not tolerated, or the record speaks against it",
    "serotonergic": "an SSRI or SNRI is active, or an MAO inhibitor until at most {maoi-days} days ago",
    "ssri-active": "an SSRI is active",
    "start-back-risk": "the latest STarT Back of {trial-look-back-days} days is {start-back-risk} or more",
    "suicidality": "suicidal thoughts are on record",
    "trial-running": "a trial is running that is not adequate yet",
}
# The concepts that a check always looks for, beside those that it is asked about.
CONCEPTS_OF: Mapping[str, tuple[str, ...]] = {
    "active-infection": ("active-infection",),
    "anticoagulant": ("anticoagulant", "anticoagulated-code"),
    "antiplatelet": ("antiplatelet", "antiplatelet-code"),
    "aspirin-active": ("antiplatelet",),
    "cabg-ever": ("cabg",),
    "cancer": ("malignancy-active", "malignancy-spine"),
    "ckd-any": ("ckd-3", "ckd-4-5", "egfr"),
    "ckd-moderate": ("ckd-3", "egfr"),
    "ckd-severe": ("ckd-4-5", "egfr"),
    "diabetes": ("diabetes",),
    "egfr-15-29": ("egfr",),
    "egfr-30-59": ("egfr",),
    "egfr-below-15": ("egfr",),
    "egfr-unknown": ("egfr",),
    "fracture": ("vertebral-fracture",),
    "gabapentinoid-active": ("gabapentinoid",),
    "gabapentinoid-unlabelled": ("gabapentinoid", "gabapentinoid-labelled"),
    "inr-high": ("inr",),
    "maoi-recent": ("maoi",),
    "motor-deficit": ("progressive-motor-deficit",),
    "myocardial-infarction-recent": ("cabg-or-recent-mi",),
    "naloxone-active": ("naloxone",),
    "no-qualifying-imaging": ("mri-lumbar", "ct-lumbar"),
    "opioid-or-benzodiazepine-active": ("opioid", "benzodiazepine"),
    "osteoporosis": ("osteoporosis",),
    "phq9-positive": ("phq9",),
    "platelets-low": ("platelets",),
    "pregnancy": ("pregnancy", "pregnancy-status"),
    "serotonergic": ("ssri", "snri-other", "snri-duloxetine", "maoi"),
    "ssri-active": ("ssri",),
    "start-back-risk": ("start-back",),
    "suicidality": ("suicidal-ideation",),
}


class Criterion(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """A check as it is asked somewhere."""

    reference: str  # as the knowledge names it: "condition:fever", "!naloxone-active"
    sentence: str  # "Only when …", "Unless …"
    thresholds: tuple[str, ...] = ()
    concepts: tuple[str, ...] = ()


def criterion(
    check: str, of: tuple[str, ...], knowledge: KnowledgeBase, *, negated: bool = False, only: bool = False
) -> Criterion:
    """One check in words.

    Args:
        check: Its name.
        of: What it is asked about; empty where it takes nothing.
        knowledge: Gives the numbers.
        negated: Whether it must not be met.
        only: Whether the sentence says so with "Only when" and "Unless"; else it stands by itself.
    """
    template = SENTENCES[check]
    words = with_numbers(template, knowledge.thresholds).replace("{of}", asked_words(of))
    before = ("Unless " if negated else "Only when ") if only else ""
    name = ":".join((check, ",".join(of))) if of else check
    return Criterion(
        reference=f"!{name}" if negated else name,
        sentence=f"{before}{words}" if before else f"{words[:1].upper()}{words[1:]}",
        thresholds=tuple(sorted(named_in(template))),
        concepts=tuple(dict.fromkeys((*CONCEPTS_OF.get(check, ()), *of))),
    )


def referenced(references: Iterable[str], knowledge: KnowledgeBase) -> tuple[Criterion, ...]:
    """The conditions of a `when` list, each as "Only when …" or "Unless …"."""
    found = []
    for reference in references:
        name, _, of = reference.removeprefix("!").partition(":")
        negated = reference.startswith("!")
        found.append(criterion(name, (of,) if of else (), knowledge, negated=negated, only=True))
    return tuple(found)
