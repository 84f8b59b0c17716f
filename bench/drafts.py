"""Makes the draft orders of the benchmark: what a clinician signs together, most of it not about backs."""

from random import Random

from bench.resources import CPT, ICD, LOINC, RXNORM, SNOMED, Coding, Json, Resource, resource

MEDICATION, SERVICE = "MedicationRequest", "ServiceRequest"
# In the order in which they are drafted; the first alone is the call with one draft.
DRAFTS: tuple[tuple[str, Coding], ...] = (
    (MEDICATION, Coding(system=RXNORM, code="310431", display="gabapentin 300 MG Oral Capsule")),
    (MEDICATION, Coding(system=RXNORM, code="198014", display="naproxen 500 MG Oral Tablet")),
    (SERVICE, Coding(system=SNOMED, code="306170007", display="Referral to physiotherapy service")),
    (SERVICE, Coding(system=LOINC, code="24323-8", display="Comprehensive metabolic 2000 panel")),
    (SERVICE, Coding(system=CPT, code="72148", display="lumbar MRI without contrast")),
    (MEDICATION, Coding(system=RXNORM, code="828348", display="cyclobenzaprine 10 MG Oral Tablet")),
    (MEDICATION, Coding(system=RXNORM, code="314076", display="lisinopril 10 MG Oral Tablet")),
    (SERVICE, Coding(system=LOINC, code="58410-2", display="CBC panel - Blood by Automated count")),
    (SERVICE, Coding(system=CPT, code="64483", display="lumbar transforaminal epidural injection")),
    (MEDICATION, Coding(system=RXNORM, code="861007", display="metformin hydrochloride 500 MG Oral Tablet")),
    (SERVICE, Coding(system=LOINC, code="4548-4", display="Hemoglobin A1c/Hemoglobin.total in Blood")),
    (MEDICATION, Coding(system=RXNORM, code="1049621", display="oxycodone hydrochloride 5 MG Oral Tablet")),
    (SERVICE, Coding(system=SNOMED, code="183524004", display="Referral to psychiatry service")),
    (MEDICATION, Coding(system=RXNORM, code="312961", display="simvastatin 20 MG Oral Tablet")),
    (SERVICE, Coding(system=LOINC, code="57698-3", display="Lipid panel with direct LDL - Serum or Plasma")),
    (SERVICE, Coding(system=CPT, code="90686", display="influenza vaccination")),
    (MEDICATION, Coding(system=RXNORM, code="197517", display="clarithromycin 500 MG Oral Tablet")),
    (SERVICE, Coding(system=SNOMED, code="399208008", display="Plain chest X-ray")),
    (SERVICE, Coding(system=SNOMED, code="73761001", display="Colonoscopy")),
    (SERVICE, Coding(system=LOINC, code="51990-0", display="Basic metabolic panel - Blood")),
)
ABOUT_BACKS = frozenset({"310431", "198014", "306170007", "72148", "828348", "64483", "1049621"})
REASON = Coding(system=ICD, code="M54.16", display="Radiculopathy, lumbar region")


def draft_orders(count: int) -> Json:
    """A `draftOrders` Bundle of the first `count` drafts, as an EHR writes them before signing."""
    random = Random(count)  # noqa: S311 - sizes and dates, no secrets
    drafts = [_draft(random, kind, coding, number) for number, (kind, coding) in enumerate(DRAFTS[:count])]
    entries: list[Json] = [{"resource": draft} for draft in drafts]
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def _draft(random: Random, kind: str, coding: Coding, number: int) -> Resource:
    made = resource(random, kind, coding, number) | {"id": f"draft-{number}", "status": "draft"}
    # not yet signed, and for the day of the call
    for element in ("authoredOn", "occurrenceDateTime", "meta"):
        made.pop(element, None)
    reason: list[Json] = [REASON.concept()]
    return made | {"reasonCode": reason} if coding.code in ABOUT_BACKS else made
