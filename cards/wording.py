"""The words between the knowledge's texts: headings, and names of what the pathway found.

What is said about a recommendation stands in the knowledge; this is only how it is introduced.
"""

from collections.abc import Mapping

from pathway.advice import CardKind
from pathway.facts import Instrument
from pathway.state import DurationClass, FlagLevel, ResponseKind, TrialOutcome

WHY = "Why this patient"
GAPS = "Data gaps"
CHANGES = "What would change this advice"
FOR = "For"
AGAINST = "Against"
PROJECT_DEFAULT = "Project default"
DECIDE = "Decide with the patient"
LOCAL_SETTING = "Local setting"  # a number that a site has set
LOCAL_NOTE = "Local note"  # a sentence of the site's own
PROPOSED = "Proposed"
BLOCKER = "Settle first"
CAUTION = "Caution"
NOT_SEEN = "Not seen, as it was not provided"
SEEN_IN_PART = "Only seen in part"
SEED = "seed text"  # stated in the text that the pathway is built on
UNVERIFIED = "unverified"
AS_ABOVE = "as above"
PROJECT_DECISION = "project decision"
FOR_WARNING = "For this warning"
AGAINST_WARNING = "Against this warning"
ORDER = "Order"
UNNAMED_ORDER = "an order without id"
PATIENT = "Patient"
WORDS_NOW = "The instruction in words then reads"  # and the words
PATIENT_WORDS_NOW = "The instruction for the patient then reads"
CEILING_NOW = "The maximum a day becomes what is then taken a day."

SEED_NAMED = "eed text"  # as a mark, and as the name of the source
SEED_EXPLAINED = "Seed text: the text this pathway is built on; its statements were not checked."

# Our own sources by their address, named by what they are.
OWN_SOURCES: Mapping[str, str] = {
    "urn:backpath:seed": "Seed text",
    "urn:backpath:project": "Project decision",
}

# Publishers by the short names that clinicians know them by; others are named in full. A card's
# `source` has the full name.
PUBLISHERS: Mapping[str, str] = {
    "American Academy of Family Physicians": "AAFP",
    "American Academy of Neurology": "AAN",
    "American Academy of Physical Medicine and Rehabilitation": "AAPMR",
    "American College of Physicians": "ACP",
    "American College of Physicians and American Pain Society": "ACP/APS",
    "American College of Radiology": "ACR",
    "American Geriatrics Society": "AGS",
    "American Pain Society": "APS",
    "American Society of Regional Anesthesia and Pain Medicine": "ASRA",
    "Annals of Internal Medicine": "Ann Intern Med",
    "Blue Cross Blue Shield of Massachusetts": "BCBS Massachusetts",
    "Centers for Disease Control and Prevention": "CDC",
    "Centers for Medicare and Medicaid Services": "CMS",
    "Journal of Rehabilitation Medicine": "J Rehabil Med",
    "National Institute for Health and Care Excellence": "NICE",
    "North American Spine Society": "NASS",
    "US Department of Veterans Affairs and Department of Defense": "VA/DoD",
    "US Food and Drug Administration": "FDA",
    "World Health Organization": "WHO",
}

# How the summary of a card with several options begins; kinds that are not listed show their first item.
GROUP_SUMMARIES: Mapping[CardKind, str] = {
    CardKind.NON_DRUG: "Non-drug options to discuss",
    CardKind.DRUG: "Drug options, at most one",
    CardKind.INTERVENTION: "Next steps to consider",
}

DURATIONS: Mapping[DurationClass, str] = {
    DurationClass.ACUTE: "acute",
    DurationClass.SUBACUTE: "subacute",
    DurationClass.CHRONIC: "chronic",
    DurationClass.UNKNOWN: "duration unknown",
}

FLAG_LEVELS: Mapping[FlagLevel, str] = {
    FlagLevel.EMERGENCY: "Red flag, emergency",
    FlagLevel.WORKUP: "Red flag, work up first",
}

OUTCOMES: Mapping[TrialOutcome, str] = {
    TrialOutcome.FAILED: "did not help enough",
    TrialOutcome.IMPROVED: "improved",
    TrialOutcome.PARTIAL: "helped in part",
    TrialOutcome.NOT_TOLERATED: "not tolerated",
    TrialOutcome.PRESUMED_INADEQUATE: "response not recorded",
}

RESPONSES: Mapping[ResponseKind, str] = {
    ResponseKind.SUBSTANTIAL: "substantial relief",
    ResponseKind.PARTIAL: "partial relief",
    ResponseKind.NONE: "no useful relief",
    ResponseKind.UNKNOWN: "response not recorded",
}

# Instruments as they are shown, and what follows their value.
INSTRUMENTS: Mapping[Instrument, tuple[str, str]] = {
    Instrument.NRS: ("pain", "/10"),
    Instrument.NRS_WEEK: ("pain", "/10"),
    Instrument.VAS: ("pain", "/10"),
    Instrument.PAIN_OTHER: ("pain", "/10"),
    Instrument.FACES: ("pain", "/10"),
    Instrument.PEG: ("PEG", "/10"),
    Instrument.ODI: ("ODI", " %"),
    Instrument.PROMIS_PI: ("PROMIS pain interference T", ""),
    Instrument.START_BACK: ("STarT Back", "/9"),
    Instrument.PHQ9: ("PHQ-9", "/27"),
    Instrument.EGFR: ("eGFR", ""),
    Instrument.INR: ("INR", ""),
    Instrument.PLATELETS: ("platelets", ""),
}

# Ids of the pathway that do not read as words when the hyphens are taken out.
_NAMES: Mapping[str, str] = {
    "nsaid": "NSAID",
    "exercise-pt": "physical therapy / exercise",
    "spinal-manipulation": "spinal manipulation",
    "cbt": "cognitive behavioural therapy",
    "mbsr": "mindfulness-based stress reduction",
    "multidisciplinary-rehab": "multidisciplinary rehabilitation",
    "progressive-relaxation": "progressive muscle relaxation",
    "mri-lumbar": "lumbar MRI",
    "ct-lumbar": "lumbar CT",
    "xray-lumbar": "lumbar X-ray",
}

# What a gap means when the gap itself does not say so.
GAP_TEXTS: Mapping[str, str] = {
    "onset-missing": "No onset date of the back problem is recorded.",
    "birth-date-missing": "No birth date: read as an adult; nothing is proposed that age 65 forbids.",
    "missing-date": "An entry has no date and counts as past, not as recent.",
    "future-date": "An entry is dated in the future.",
    "dose-unknown": "The daily dose of a drug could not be computed and was taken as adequate.",
    "red-flag-undated": "A possible red flag has no date: ask when it began.",
    "not-provided": "This part of the record was not provided.",
    "incomplete": "This part of the record did not arrive in full.",
    "unreadable": "An entry could not be read and was left out.",
    "other-patient": "An entry of another patient was left out.",
    "patient-mismatch": "The patient's record is not that of the patient in context.",
}


def name_of(identifier: str) -> str:
    """A modality, study or operation in words."""
    return _NAMES.get(identifier) or identifier.replace("-", " ")


def lowered(words: str) -> str:
    """Without a capital letter, where the first word is not written so otherwise (NSAID)."""
    return words if words[:2].isupper() else words[:1].lower() + words[1:]


def sentence(words: str) -> str:
    """With a capital letter, where the first word is not written otherwise (NSAID)."""
    return words[:1].upper() + words[1:]
