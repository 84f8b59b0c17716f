"""The draft orders of a golden case as the guards see them."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal

from pathway.codelists import CodeRow
from pathway.days import days_after
from pathway.draft_context import Draft
from pathway.drafts import DraftDrug, DraftService, Rhythm
from pathway.facts import DrugFact, Source, Substance
from pathway.golden import Given, GivenDraft

_IMPLIED_CODES = {"esi-lumbar": "62323", "esi-lumbar-catheter": "62327"}


def drafts_of(given: Given, as_of: date, rows: Iterable[CodeRow]) -> tuple[Draft, ...]:
    """The drafts of a case, in order; an ingredient's class is looked up in `rows`."""
    classes = {r.display: r.concept for r in rows if r.file == "medications-ingredients.csv"}
    return tuple(_draft(draft, as_of, classes) for draft in given.drafts)


def _draft(given: GivenDraft, as_of: date, classes: dict[str, str]) -> Draft:
    day = days_after(as_of, max(0, given.on))
    if given.ingredient is None:
        concept = given.concept or ""
        return DraftService(
            ref=f"ServiceRequest/{given.id}",
            order_day=day,
            reason=given.reason,
            selected=given.selected,
            concepts=(concept,),
            code=given.code or _IMPLIED_CODES.get(concept, ""),
        )
    is_patch = given.ingredient == "fentanyl"
    substance = Substance(
        drug_class=classes.get(given.ingredient, given.ingredient),
        ingredient=given.ingredient,
        daily_dose=given.daily,
        unit="ug/h" if is_patch else "mg",
    )
    drug = DrugFact(
        substances=(substance,),
        status="draft",
        start=day,
        supply_days=None if given.supply_days is None else Decimal(given.supply_days),
        long_acting=given.long_acting,
        systemic=given.systemic,
        source=Source(resource_type="MedicationRequest", resource_id=given.id, text=given.ingredient),
    )
    return DraftDrug(
        ref=f"MedicationRequest/{given.id}",
        order_day=day,
        reason=given.reason,
        selected=given.selected,
        drug=drug,
        rhythm=None if is_patch else Rhythm(times=Decimal(given.times)),
    )
