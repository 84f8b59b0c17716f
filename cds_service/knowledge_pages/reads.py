"""Which numbers and concepts the code itself reads, where no text of the knowledge names them.

States, red flags, trials and the triggers of guards are code. What they read is said here once, so
that a number or a concept leads to what it decides, and back.
"""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from cds_service.knowledge_pages.kinds import Kind
from pathway.injection_guards import ESI_CONCEPTS
from pathway.picture import LUMBAR_SURGERY
from pathway.red_flags import FLAGS, RISK_MARKERS
from pathway.trials import NON_DRUG_MODALITIES, REHABILITATION

Thing: TypeAlias = tuple[Kind, str]
DRUG_TRIALS = ("nsaid", "muscle-relaxant", "duloxetine")
MODALITIES = (*sorted(NON_DRUG_MODALITIES), REHABILITATION, *DRUG_TRIALS)


def _states(*names: str) -> tuple[Thing, ...]:
    return tuple((Kind.STATE, name) for name in names)


def _guards(*names: str) -> tuple[Thing, ...]:
    return tuple((Kind.GUARD, name) for name in names)


AFTER_FAILED_CARE = (
    "advanced-options",
    "pre-intervention-imaging",
    "esi-eligible",
    "second-line-noninvasive",
)
_TRIALS = _states(*AFTER_FAILED_CARE, "conservative-in-progress")
_CARE_GUARDS = _guards("esi-conservative-incomplete", "imaging-axial-routine", "opioid-first-line")
_OPIOIDS = (
    "opioid-first-line",
    "opioid-mme-50",
    "opioid-duration",
    "opioid-er-naive",
    "opioid-oud",
    "opioid-other-depressant",
)
_RESPONSE = _states("esi-nonresponse", "esi-repeat-window")
NUMBERS: Mapping[str, tuple[Thing, ...]] = {
    "adult-age": _states("not-applicable"),
    "hospice-care-days": (*_states("not-applicable"), *_guards(*_OPIOIDS)),
    "hospice-order-days": (*_states("not-applicable"), *_guards(*_OPIOIDS)),
    "cauda-equina-new-days": _states("red-flag-emergency"),
    "motor-deficit-new-days": _states("red-flag-emergency"),
    "fracture-new-days": _states("red-flag-workup"),
    "post-surgical-days": _states("post-surgical"),
    "subacute-from": _states("advanced-options"),
    "chronic-from": _states("advanced-options"),
    "persisting-days": (*_states(*AFTER_FAILED_CARE), *_guards("esi-conservative-incomplete")),
    "trial-look-back-days": _TRIALS,
    "trial-gap-days": _TRIALS,
    "baseline-before-days": _TRIALS,
    "baseline-after-days": _TRIALS,
    "pain-improved-percent": _TRIALS,
    "pain-improved-points": _TRIALS,
    "odi-improved-points": _TRIALS,
    "odi-improved-percent": _TRIALS,
    "peg-improved-percent": _TRIALS,
    "pain-controlled": _states("esi-responding", "improved-monitoring"),
    "score-recent-days": _states("improved-monitoring"),
    "pain-relapse": (*_RESPONSE, *_TRIALS),
    "substantial-percent": _RESPONSE,
    "response-partial-percent": _RESPONSE,
    "esi-baseline-before-days": _RESPONSE,
    "esi-response-after-days": (*_states("esi-responding"), *_RESPONSE),
    "esi-series-months": _states("esi-series-complete", "esi-repeat-window"),
    "imaging-months": _states("pre-intervention-imaging", "esi-eligible"),
    "imaging-before-onset-months": _states("pre-intervention-imaging", "esi-eligible"),
}
_PAIN = ("pain-nrs", "pain-vas", "pain-other", "pain-faces")
_FUNCTION = ("peg", "peg-panel", "odi", "promis-pi")
_INJECTION = ("radicular", "spinal-stenosis", "neurogenic-claudication", *sorted(ESI_CONCEPTS))
_THINNERS = ("anticoagulant", "anticoagulated-code", "antiplatelet", "antiplatelet-code")
_EXEMPT = ("sickle-cell", "malignancy-active", "malignancy-spine", "hospice-palliative")
CONCEPTS: Mapping[Thing, tuple[str, ...]] = {
    (Kind.STATE, "not-applicable"): ("hospice-palliative",),
    (Kind.STATE, "red-flag-emergency"): (*FLAGS, "cauda-equina-symptom"),
    (Kind.STATE, "red-flag-workup"): FLAGS,
    (Kind.STATE, "post-surgical"): tuple(sorted(LUMBAR_SURGERY)),
    (Kind.STATE, "sci-neuropathic-pain"): ("spinal-cord-injury", "neuropathic-pain"),
    (Kind.STATE, "diagnosis-review"): ("inflammatory-spine",),
    (Kind.STATE, "esi-waiting"): _INJECTION,
    (Kind.STATE, "esi-responding"): (*_INJECTION, *_PAIN, "procedure-successful"),
    (Kind.STATE, "esi-series-complete"): _INJECTION,
    (Kind.STATE, "esi-nonresponse"): (*_INJECTION, *_PAIN, "procedure-unsuccessful"),
    (Kind.STATE, "esi-repeat-window"): (*_INJECTION, *_PAIN, "procedure-partially-successful"),
    (Kind.STATE, "improved-monitoring"): _PAIN,
    (Kind.STATE, "advanced-options"): ("lbp-axial", "pregnancy", "chronic-pain-marker", *MODALITIES),
    (Kind.STATE, "pre-intervention-imaging"): (*_INJECTION[:3], "mri-lumbar", "ct-lumbar", "mri-spine"),
    (Kind.STATE, "esi-eligible"): (*_INJECTION, "mri-lumbar", "ct-lumbar", "mri-spine"),
    (Kind.STATE, "second-line-noninvasive"): ("lbp-axial", *MODALITIES, *_PAIN, *_FUNCTION),
    (Kind.STATE, "conservative-in-progress"): (*MODALITIES, "manual-therapy"),
    (Kind.RECOMMENDATION, "outcome-scores"): (*_PAIN, *_FUNCTION),
    (Kind.GUARD, "esi-no-radicular"): ("radicular", "neurogenic-claudication", "post-laminectomy"),
    (Kind.GUARD, "esi-anticoagulant"): (*_THINNERS, "inr", "platelets", "bleeding-disorder"),
    (Kind.GUARD, "esi-active-infection"): ("active-infection", "fever", "spinal-infection"),
    (Kind.GUARD, "esi-conservative-incomplete"): MODALITIES,
    (Kind.GUARD, "esi-no-imaging"): ("mri-lumbar", "ct-lumbar", "mri-spine"),
    (Kind.GUARD, "esi-response-unrecorded"): _PAIN,
    (Kind.GUARD, "esi-pregnancy"): ("pregnancy", "pregnancy-status"),
    (Kind.GUARD, "esi-allergy"): ("epidural-steroid-agent", "systemic-steroid", "contrast-allergy"),
    (Kind.GUARD, "esi-diabetes"): ("diabetes",),
    (Kind.GUARD, "imaging-no-red-flag"): (*FLAGS, *sorted(RISK_MARKERS)),
    (Kind.GUARD, "imaging-axial-routine"): ("lbp-axial", *FLAGS, *sorted(RISK_MARKERS)),
    (Kind.GUARD, "surgery-axial-no-rehab"): ("lbp-axial", "multidisciplinary-rehab", "cbt"),
    (Kind.GUARD, "nsaid-ckd"): ("ckd-3", "ckd-4-5", "egfr"),
    (Kind.GUARD, "nsaid-gi-bleed"): ("gi-bleed-ulcer",),
    (Kind.GUARD, "nsaid-anticoagulant"): _THINNERS,
    (Kind.GUARD, "nsaid-heart-failure"): ("heart-failure",),
    (Kind.GUARD, "nsaid-pregnancy"): ("pregnancy", "pregnancy-status"),
    (Kind.GUARD, "nsaid-recent-mi"): ("cabg-or-recent-mi", "cabg"),
    (Kind.GUARD, "gabapentinoid-nonspecific"): ("gabapentinoid-labelled", "radicular"),
    (Kind.GUARD, "pregabalin-dose"): ("egfr",),
    (Kind.GUARD, "duloxetine-contraindicated"): (
        "maoi",
        "liver-disease-severe",
        "ckd-4-5",
        "egfr",
        "angle-closure-glaucoma",
    ),
    (Kind.GUARD, "duplicate-therapy"): ("nsaid", "muscle-relaxant", "gabapentinoid", "opioid", "snri-other"),
    (Kind.GUARD, "opioid-benzodiazepine"): ("opioid", "opioid-antitussive", "benzodiazepine"),
    (Kind.GUARD, "opioid-first-line"): (*_EXEMPT, *MODALITIES),
    (Kind.GUARD, "opioid-mme-50"): _EXEMPT,
    (Kind.GUARD, "opioid-duration"): _EXEMPT,
    (Kind.GUARD, "opioid-er-naive"): _EXEMPT,
    (Kind.GUARD, "opioid-oud"): ("opioid-use-disorder", *_EXEMPT),
    (Kind.GUARD, "opioid-other-depressant"): (
        "gabapentinoid",
        "muscle-relaxant",
        "z-drug",
        "sleep-apnea",
        *_EXEMPT,
    ),
}


def trial_numbers(modality: str, numbers: Iterable[str]) -> tuple[str, ...]:
    """The numbers that say when a trial of a therapy or drug is adequate."""
    after = ("-days", "-sessions", "-target-days", "-target-dose")
    named = {f"{modality}{ending}" for ending in after}
    return tuple(n for n in numbers if n in named or n.startswith(f"{modality}-dose-"))


def numbers_read(thing: Thing, numbers: Iterable[str]) -> tuple[str, ...]:
    """The numbers that the code reads for one thing."""
    kind, name = thing
    own = trial_numbers(name, numbers) if kind is Kind.RECOMMENDATION and name in MODALITIES else ()
    care = trial_numbers_of_all(numbers) if thing in (*_TRIALS, *_CARE_GUARDS) else ()
    return (*(number for number, things in NUMBERS.items() if thing in things), *own, *care)


def trial_numbers_of_all(numbers: Iterable[str]) -> tuple[str, ...]:
    """The numbers of all trials: what failed conservative care depends on."""
    known = tuple(numbers)
    return tuple(number for modality in MODALITIES for number in trial_numbers(modality, known))
