"""Ids of the knowledge in plain words: concepts, drug classes, code lists, code systems, units."""

from collections.abc import Iterable, Mapping

from pathway.facts import Instrument
from pathway.number_words import unit_words
from pathway.rules import Mark
from pathway.values import FLAG_WORDS, PROBLEM_WORDS

# Those that do not read as words when the hyphens are taken out.
CONCEPTS: Mapping[str, str] = {
    "active-infection": "infection",
    "anticoagulated-code": "long-term use of an anticoagulant, coded",
    "antiplatelet-code": "long-term use of an antiplatelet, coded",
    "cabg": "coronary bypass",
    "cabg-or-recent-mi": "myocardial infarction",
    "cancer-history": "cancer in the history",
    "cardiac-rhythm": "heart block or arrhythmia",
    "cauda-equina": "cauda equina syndrome",
    "cauda-equina-symptom": "bladder, bowel or saddle symptom",
    "cbt": "cognitive behavioural therapy",
    "chronic-pain-marker": "chronic pain code",
    "ckd-3": "chronic kidney disease, stage 3",
    "ckd-4-5": "chronic kidney disease, stage 4 or 5, or dialysis",
    "contrast-allergy": "contrast allergy, coded as a condition",
    "cord-compression": "spinal cord compression",
    "ct-lumbar": "lumbar CT",
    "egfr": "eGFR",
    "epidural-steroid-agent": "steroid for epidural use",
    "esi-lumbar": "lumbar epidural steroid injection",
    "esi-lumbar-catheter": "lumbar epidural injection by catheter",
    "esi-other-region": "epidural injection of another region",
    "exercise-pt": "exercise or physical therapy",
    "fall-risk": "risk of falls",
    "gabapentinoid-labelled": "labelled reason for a gabapentinoid",
    "gi-bleed-ulcer": "bleeding or ulcer of stomach or bowel",
    "hospice-palliative": "hospice or palliative care",
    "immunosuppression": "immunosuppression",
    "inflammatory-spine": "inflammatory spine disease",
    "inr": "INR",
    "lbp-axial": "low back pain",
    "liver-disease-severe": "severe liver disease",
    "malignancy-active": "active cancer",
    "malignancy-spine": "spinal malignancy",
    "manual-therapy": "manual therapy",
    "maoi": "MAO inhibitor",
    "mbsr": "mindfulness-based stress reduction",
    "mri-implant": "implant that matters for MRI",
    "mri-lumbar": "lumbar MRI",
    "mri-spine": "MRI of the spine",
    "multidisciplinary-rehab": "multidisciplinary rehabilitation",
    "neuropathic-pain": "neuropathic pain",
    "nsaid": "NSAID",
    "odi": "Oswestry Disability Index",
    "opioid-antitussive": "opioid cough medicine",
    "pain-faces": "pain on a faces scale",
    "pain-nrs": "pain on a 0 to 10 numeric scale",
    "pain-other": "pain on another 0 to 10 scale",
    "pain-referral": "referral to pain medicine",
    "pain-vas": "pain on a visual analogue scale",
    "peg": "PEG score",
    "peg-panel": "PEG panel",
    "phq9": "PHQ-9",
    "post-laminectomy": "post-laminectomy syndrome",
    "pregabalin-sci": "pregabalin after spinal cord injury",
    "procedure-partially-successful": "procedure partially successful",
    "progressive-motor-deficit": "progressive motor deficit",
    "progressive-relaxation": "progressive muscle relaxation",
    "promis-pi": "PROMIS pain interference",
    "radicular": "radicular back pain",
    "rehab-referral": "referral to rehabilitation",
    "rheumatology-referral": "referral to rheumatology",
    "sickle-cell": "sickle cell disease",
    "sleep-apnea": "sleep apnoea",
    "snri-duloxetine": "duloxetine",
    "snri-other": "SNRI other than duloxetine",
    "spinal-stenosis": "lumbar spinal stenosis",
    "ssri": "SSRI",
    "start-back": "STarT Back score",
    "suicidal-ideation": "suicidal thoughts",
    "surgical-referral": "referral to a spine surgeon",
    "systemic-steroid-long-term": "long-term systemic steroid",
    "unexplained-weight-loss": "unexplained weight loss",
    "urgent-referral": "urgent referral",
    "xray-lumbar": "lumbar X-ray",
    "z-drug": "Z-drug",
}
CODE_LISTS: Mapping[str, str] = {
    "conditions-problem": "Back problems",
    "red-flags": "Red flags and risk markers",
    "patient-factors": "Patient factors and outcomes",
    "labelled-indications": "Labelled indications",
    "esi": "Epidural injections",
    "imaging": "Imaging",
    "medications-ingredients": "Drug ingredients",
    "medications-scd": "Clinical drugs",
    "medications-suggested": "Suggested products",
    "observations": "Observations",
    "opioid-mme": "Opioid conversion factors",
    "override-reasons": "Override reasons",
    "surgery-referral": "Operations, referrals and visits",
    "therapies": "Therapies",
}
# `applies_to` of a guard: which drafts it is asked of, and the concepts by which they are known
DRAFT_KINDS: Mapping[str, str] = {
    "any": "every order",
    "lumbar-esi": "lumbar epidural steroid injections",
    "lumbar-imaging": "lumbar imaging",
    "lumbar-mri": "lumbar MRI",
    "lumbar-fusion": "lumbar fusion",
    "opioid": "opioids",
    "opioid-or-benzodiazepine": "opioids and benzodiazepines",
    "nsaid": "NSAIDs",
    "muscle-relaxant": "muscle relaxants",
    "muscle-relaxant-or-baclofen": "muscle relaxants and baclofen",
    "gabapentinoid": "gabapentinoids",
    "benzodiazepine": "benzodiazepines",
    "systemic-steroid": "systemic steroids",
    "duloxetine": "duloxetine",
}
MARKS: Mapping[Mark, str] = {
    Mark.VERIFIED: "verified in the source",
    Mark.SEED: "seed text, not checked otherwise",
    Mark.UNVERIFIED: "general clinical knowledge, unverified",
    Mark.PROJECT: "project decision",
    Mark.LOCAL: "set by the site",
}
_SYSTEMS: Mapping[str, str] = {
    "http://www.nlm.nih.gov/research/umls/rxnorm": "RxNorm",
    "http://hl7.org/fhir/sid/icd-10-cm": "ICD-10-CM",
    "http://snomed.info/sct": "SNOMED CT",
    "http://loinc.org": "LOINC",
    "http://www.ama-assn.org/go/cpt": "CPT",
    "http://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets": "HCPCS",
    "http://www.cms.gov/Medicare/Coding/ICD10": "ICD-10-PCS",
    "http://terminology.hl7.org/CodeSystem/discharge-disposition": "HL7 discharge disposition",
    "urn:backpath:override-reason": "Backpath",
}
_UNITS: Mapping[str, str] = {
    "mL/min/{1.73_m2}": "mL/min per 1.73 m²",
    "{score}": "points",
    "{session}": "sessions",
    "mg/d": "mg a day",
    "ug/h": "µg an hour",
    "wk": "weeks",
}
_INSTRUMENTS: Mapping[Instrument, tuple[str, str]] = {
    Instrument.NRS: ("pain", "/10"),
    Instrument.NRS_WEEK: ("pain of the past week", "/10"),
    Instrument.VAS: ("pain (VAS)", "/10"),
    Instrument.PAIN_OTHER: ("pain (other scale)", "/10"),
    Instrument.FACES: ("pain (faces)", "/10"),
    Instrument.PEG: ("PEG", "/10"),
    Instrument.ODI: ("ODI", " %"),
    Instrument.PROMIS_PI: ("PROMIS pain interference T", ""),
    Instrument.START_BACK: ("STarT Back", "/9"),
    Instrument.PHQ9: ("PHQ-9", "/27"),
    Instrument.EGFR: ("eGFR", ""),
    Instrument.INR: ("INR", ""),
    Instrument.PLATELETS: ("platelets", ""),
}


def concept_words(name: str) -> str:
    """A concept, drug class, modality or ingredient within a sentence."""
    return CONCEPTS.get(name) or name.replace("-", " ")


def asked_words(of: Iterable[str]) -> str:
    """What a check is asked about: "low back pain or lumbar stenosis"."""
    known = {**{p.value: words for p, words in PROBLEM_WORDS.items()}, **FLAG_WORDS}
    return " or ".join(known.get(word) or concept_words(word) for word in of)


def system_words(system: str) -> str:
    """A code system by its usual name, else its address."""
    return _SYSTEMS.get(system, system)


def measure_words(unit: str) -> str:
    """A UCUM unit in words; empty for a bare number."""
    return _UNITS.get(unit) or unit_words(unit)


def instrument_words(instrument: Instrument) -> tuple[str, str]:
    """An instrument, and what follows its value."""
    return _INSTRUMENTS[instrument]


def titled(words: str) -> str:
    """With a capital letter, unless the first word has one already."""
    return words[:1].upper() + words[1:] if words[:2].islower() else words
