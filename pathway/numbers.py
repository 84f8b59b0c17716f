"""The pathway's numbers as the code names them; their values are knowledge (thresholds.yaml)."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from pathway.knowledge_base import KnowledgeBase


class Number(StrEnum):
    """Every threshold that a rule may ask for; thresholds.yaml has exactly these."""

    ADULT_AGE = "adult-age"
    OLDER_AGE = "older-age"
    PERSISTING_DAYS = "persisting-days"
    SUBACUTE_FROM = "subacute-from"
    CHRONIC_FROM = "chronic-from"
    CAUDA_EQUINA_NEW_DAYS = "cauda-equina-new-days"
    MOTOR_DEFICIT_NEW_DAYS = "motor-deficit-new-days"
    FRACTURE_NEW_DAYS = "fracture-new-days"
    INFECTION_DAYS = "infection-days"
    INFARCTION_DAYS = "infarction-days"
    PREGNANCY_DAYS = "pregnancy-days"
    MAOI_DAYS = "maoi-days"
    EGFR_MONTHS = "egfr-months"
    EGFR_SEVERE = "egfr-severe"
    EGFR_MODERATE = "egfr-moderate"
    EGFR_VERY_LOW = "egfr-very-low"
    INR_HIGH = "inr-high"
    PLATELETS_LOW = "platelets-low"
    COAGULATION_DAYS = "coagulation-days"
    TRIAL_LOOK_BACK_DAYS = "trial-look-back-days"
    TRIAL_GAP_DAYS = "trial-gap-days"
    NSAID_DAYS = "nsaid-days"
    NSAID_DOSE_IBUPROFEN = "nsaid-dose-ibuprofen"
    NSAID_DOSE_NAPROXEN = "nsaid-dose-naproxen"
    NSAID_DOSE_MELOXICAM = "nsaid-dose-meloxicam"
    NSAID_DOSE_DICLOFENAC = "nsaid-dose-diclofenac"
    NSAID_DOSE_CELECOXIB = "nsaid-dose-celecoxib"
    NSAID_DOSE_ETODOLAC = "nsaid-dose-etodolac"
    NSAID_DOSE_NABUMETONE = "nsaid-dose-nabumetone"
    MUSCLE_RELAXANT_DAYS = "muscle-relaxant-days"
    DULOXETINE_DAYS = "duloxetine-days"
    DULOXETINE_TARGET_DAYS = "duloxetine-target-days"
    DULOXETINE_TARGET_DOSE = "duloxetine-target-dose"
    EXERCISE_PT_DAYS = "exercise-pt-days"
    EXERCISE_PT_SESSIONS = "exercise-pt-sessions"
    SPINAL_MANIPULATION_SESSIONS = "spinal-manipulation-sessions"
    SPINAL_MANIPULATION_DAYS = "spinal-manipulation-days"
    ACUPUNCTURE_SESSIONS = "acupuncture-sessions"
    ACUPUNCTURE_DAYS = "acupuncture-days"
    MASSAGE_SESSIONS = "massage-sessions"
    MASSAGE_DAYS = "massage-days"
    CBT_SESSIONS = "cbt-sessions"
    CBT_DAYS = "cbt-days"
    YOGA_DAYS = "yoga-days"
    MBSR_DAYS = "mbsr-days"
    PROGRESSIVE_RELAXATION_DAYS = "progressive-relaxation-days"
    MULTIDISCIPLINARY_REHAB_DAYS = "multidisciplinary-rehab-days"
    BASELINE_BEFORE_DAYS = "baseline-before-days"
    BASELINE_AFTER_DAYS = "baseline-after-days"
    ESI_BASELINE_BEFORE_DAYS = "esi-baseline-before-days"
    ESI_RESPONSE_AFTER_DAYS = "esi-response-after-days"
    SCORE_RECENT_DAYS = "score-recent-days"
    SCORE_CURRENT_DAYS = "score-current-days"
    PAIN_IMPROVED_PERCENT = "pain-improved-percent"
    PAIN_IMPROVED_POINTS = "pain-improved-points"
    ODI_IMPROVED_POINTS = "odi-improved-points"
    ODI_IMPROVED_PERCENT = "odi-improved-percent"
    PEG_IMPROVED_PERCENT = "peg-improved-percent"
    SUBSTANTIAL_PERCENT = "substantial-percent"
    RESPONSE_PARTIAL_PERCENT = "response-partial-percent"
    PAIN_CONTROLLED = "pain-controlled"
    PAIN_RELAPSE = "pain-relapse"
    PAIN_SEVERE = "pain-severe"
    ODI_DISABLING = "odi-disabling"
    PHQ9_POSITIVE = "phq9-positive"
    START_BACK_RISK = "start-back-risk"
    ESI_MIN_GAP_DAYS = "esi-min-gap-days"
    ESI_USUAL_GAP_DAYS = "esi-usual-gap-days"
    ESI_SERIES_SIZE = "esi-series-size"
    ESI_SERIES_MONTHS = "esi-series-months"
    ESI_ROLLING_CAP = "esi-rolling-cap"
    ESI_ROLLING_MONTHS = "esi-rolling-months"
    ESI_FIRST_DAYS = "esi-first-days"
    IMAGING_MONTHS = "imaging-months"
    IMAGING_BEFORE_ONSET_MONTHS = "imaging-before-onset-months"
    POST_SURGICAL_DAYS = "post-surgical-days"
    REFERRAL_OPEN_DAYS = "referral-open-days"
    HOSPICE_CARE_DAYS = "hospice-care-days"
    HOSPICE_ORDER_DAYS = "hospice-order-days"
    EARLY_IMAGING_DAYS = "early-imaging-days"
    IMAGING_REPEAT_MONTHS = "imaging-repeat-months"
    MME_WARNING = "mme-warning"
    MME_CRITICAL = "mme-critical"
    OPIOID_NAIVE_DAYS = "opioid-naive-days"
    OPIOID_SUPPLY_DAYS = "opioid-supply-days"
    OPIOID_SHORT_SUPPLY_DAYS = "opioid-short-supply-days"
    ASPIRIN_LOW_DOSE = "aspirin-low-dose"
    NSAID_PREGNANCY_WEEKS = "nsaid-pregnancy-weeks"
    MUSCLE_RELAXANT_SUPPLY_DAYS = "muscle-relaxant-supply-days"
    MUSCLE_RELAXANT_SHORT_SUPPLY_DAYS = "muscle-relaxant-short-supply-days"
    PREGABALIN_CEILING = "pregabalin-ceiling"
    PREGABALIN_CEILING_MODERATE = "pregabalin-ceiling-moderate"
    PREGABALIN_CEILING_SEVERE = "pregabalin-ceiling-severe"
    PREGABALIN_CEILING_VERY_LOW = "pregabalin-ceiling-very-low"
    RENEWAL_DAYS = "renewal-days"
    INFECTION_POSTPONE_DAYS = "infection-postpone-days"


class Numbers:
    """The values in force on one day."""

    __slots__ = ("_values", "_whole")

    def __init__(self, values: Mapping[str, Decimal]) -> None:
        self._values = dict(values)
        self._whole = {name: int(value) for name, value in values.items()}

    def __getitem__(self, number: Number) -> Decimal:
        """The exact value, in the unit of thresholds.yaml."""
        return self._values[number]

    def whole(self, number: Number) -> int:
        """The value as a whole number: days, months, years, sessions."""
        return self._whole[number]

    def analgesic_dose(self, ingredient: str) -> Decimal | None:
        """The analgesic dose of an NSAID in mg a day; None where the pathway gives none."""
        return self._values.get(f"nsaid-dose-{ingredient}")


@lru_cache(maxsize=64)  # of a few days, for each site that has changed the knowledge
def numbers_on(knowledge: KnowledgeBase, day: date) -> Numbers:
    """The numbers of the knowledge in force on `day`."""
    return Numbers({name: threshold.on(day) for name, threshold in knowledge.thresholds.items()})
