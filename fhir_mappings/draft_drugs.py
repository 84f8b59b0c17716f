"""Draft MedicationRequest -> a drug of a known class, with its doses (section d; a.5, R46 to R49, R72)."""

from fhir_mappings.draft_doses import BOUNDS, amounts_of, bounds_start, supply_of
from fhir_mappings.draft_reading import DraftReading, Written
from fhir_mappings.draft_resources import DrugOrder
from fhir_mappings.drugs import Drug, Drugs
from fhir_mappings.medications import bounds_end
from pathway.drafts import DraftDrug
from pathway.facts import DrugFact

DRAFT = "draft"


def drug_draft(written: Written, order: DrugOrder, drugs: Drugs, drafts: DraftReading) -> DraftDrug | None:
    """What a MedicationRequest orders; None while no drug is chosen, or when its class is unknown.

    A dose that cannot be read is unknown, with a gap; the drug is judged all the same.
    """
    entry = written.entry
    drug = _drug(written, order, drugs, drafts)
    if drug is None or drug.product is None:
        return None
    supply, unread = supply_of(order)
    amounts, unread_amounts = amounts_of(drug.product, supply)
    drafts.note(entry, (*unread, *unread_amounts))
    day = drafts.day(entry, bounds_start(supply.dosages), f"{BOUNDS}.start")
    reason = drafts.reason(entry, order)
    return DraftDrug(
        ref=entry.ref,
        editable=entry.has_id,
        selected=written.is_selected,
        order_day=day,
        reason=reason.kind,
        reason_labels_gabapentinoid=reason.labels_gabapentinoid,
        drug=DrugFact(
            substances=amounts.substances,
            status=DRAFT,
            start=day,
            stop=drafts.stop(entry, *bounds_end(supply.dosages)),
            supply_days=amounts.supply_days,
            long_acting=drug.product.long_acting,
            systemic=drug.product.systemic,
            source=written.source(drug.concept),
        ),
        dose_units=amounts.dose.units,
        dose_unit=amounts.dose.unit,
        daily_units=amounts.dose.daily_units,
        rhythm=amounts.dose.rhythm,
        supply_is_counted=supply.expected is None,
    )


def _drug(written: Written, order: DrugOrder, drugs: Drugs, drafts: DraftReading) -> Drug | None:
    is_named = order.medication_codeable_concept or order.medication_reference or order.medication
    if not is_named:
        return None  # an order entry screen asks before a drug is chosen
    for _, drug in drugs.ours((order,)):
        if drug.unreadable is not None:
            drafts.note(written.entry, (drug.unreadable,))
        return drug
    return None
