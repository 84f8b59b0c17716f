"""The services that discovery lists: ids, hooks, and the prefetch that they ask for."""

from collections.abc import Iterable

import msgspec

from pathway.codelists import CodeRow

SPEC_VERSION = "3.0.0-ballot"  # of the CDS Hooks specification, not of the product

# prefetch key: resource type searched by patient alone
BY_PATIENT = {
    "conditions": "Condition",
    "medicationRequests": "MedicationRequest",
    "procedures": "Procedure",
    "diagnosticReports": "DiagnosticReport",
    "imagingStudies": "ImagingStudy",
    "allergies": "AllergyIntolerance",
}
PATIENT_VIEW = "low-back-pain-patient-view"
ORDER_SELECT = "low-back-pain-order-select"
ORDER_SIGN = "low-back-pain-order-sign"
PATIENT_TOKEN = "{{context.patientId}}"  # noqa: S105 - a prefetch token, not a secret


class HookService(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """One entry of the discovery answer: https://cds-hooks.hl7.org/2.0/#response."""

    hook: str
    id: str
    version: str = SPEC_VERSION
    hook_version: str
    title: str
    description: str
    usage_requirements: str
    prefetch: dict[str, str]


class Discovery(msgspec.Struct, frozen=True):
    """The discovery answer."""

    services: tuple[HookService, ...]


_UNSEEN = (
    "Anything that is not provided is named on the cards as not seen. Resources are found by type, whatever "
    "the prefetch key."
)


def services(rows: Iterable[CodeRow]) -> tuple[HookService, ...]:
    """The services of this release; the observation codes of the prefetch come from `rows`."""
    templates = prefetch_templates(rows)
    return (
        HookService(
            hook="patient-view",
            id=PATIENT_VIEW,
            hook_version="1.1",
            title="Low back pain: the next step",
            description=(
                "Shows where an adult with low back pain stands on the care pathway and proposes what comes "
                "next when conservative care may have failed, with the evidence for and against."
            ),
            usage_requirements=(
                f"The Patient and an answer for Condition are indispensable (412 without them). {_UNSEEN}"
            ),
            prefetch=templates,
        ),
        HookService(
            hook="order-select",
            id=ORDER_SELECT,
            hook_version="1.0",
            title="Low back pain: orders being selected",
            description=(
                "Says what is unsafe, premature or unsupported about selected orders for low back pain "
                "(injections, imaging, drugs, referrals, surgery), and offers the better order."
            ),
            usage_requirements=(
                "The Patient is indispensable (412 without). Selected orders are judged, the others are "
                f"background. {_UNSEEN}"
            ),
            prefetch=templates,
        ),
        HookService(
            hook="order-sign",
            id=ORDER_SIGN,
            hook_version="1.0",
            title="Low back pain: orders before signing",
            description=(
                "Says what is unsafe, premature or unsupported about orders for low back pain before they "
                "are signed (injections, imaging, drugs, referrals, surgery), and offers the better order."
            ),
            usage_requirements=(
                f"The Patient is indispensable (412 without). Every draft is judged. {_UNSEEN}"
            ),
            prefetch=templates,
        ),
    )


def prefetch_templates(rows: Iterable[CodeRow]) -> dict[str, str]:
    """The contract's prefetch table: plain 2.0 tokens only, the same for every service."""
    codes = ",".join(row.code for row in rows if row.file == "observations.csv" and row.verified)
    searches = {key: f"{kind}?patient={PATIENT_TOKEN}" for key, kind in BY_PATIENT.items()}
    return {
        "patient": f"Patient/{PATIENT_TOKEN}",
        **searches,
        "observations": f"Observation?patient={PATIENT_TOKEN}&code={codes}",
        "serviceRequests": f"ServiceRequest?patient={PATIENT_TOKEN}&status=active",
    }
