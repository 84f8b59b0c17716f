"""Morphine milligram equivalents of the opioids a patient would take (section d opioid-mme-50, R47, R48).

Source of the factors: opioid-mme.csv (CDC 2022).
"""

from decimal import Decimal

from pathway.draft_context import DraftContext
from pathway.drafts import DraftDrug
from pathway.facts import DrugFact, Fact

# No factor, and left out of the sum altogether (R48).
LEFT_OUT = frozenset({"buprenorphine"})


class OpioidDose(Fact, frozen=True, kw_only=True):
    """One opioid order in MME a day."""

    drug: DrugFact
    mme: Decimal | None  # None: a dose or factor is unknown
    is_draft: bool = False


class OpioidLoad(Fact, frozen=True, kw_only=True):
    """All opioids taken together."""

    doses: tuple[OpioidDose, ...]

    @property
    def total(self) -> Decimal:
        """The sum of what is known, in mg MME a day."""
        return sum((d.mme for d in self.doses if d.mme is not None), Decimal(0))

    @property
    def unknown(self) -> bool:
        """Whether a dose could not be computed."""
        return any(d.mme is None for d in self.doses)


def equivalents(drug: DrugFact, factors: dict[str, Decimal]) -> Decimal | None:
    """The MME a day of one order; None when a dose or a factor is not known."""
    total = Decimal(0)
    for substance in drug.substances:
        if substance.drug_class != "opioid" or substance.ingredient in LEFT_OUT:
            continue
        factor = factors.get(substance.ingredient)
        if (
            factor is None
            or substance.daily_dose is None
            or not _unit_fits(substance.ingredient, substance.unit)
        ):
            return None
        total += substance.daily_dose * factor
    return total


def _unit_fits(ingredient: str, unit: str) -> bool:
    """The factor of fentanyl is for micrograms an hour of a patch, the others for milligrams a day."""
    return unit == ("ug/h" if ingredient == "fentanyl" else "mg")


def counts(drug: DrugFact) -> bool:
    """Whether a drug enters the sum: an opioid analgesic, not buprenorphine alone."""
    found = {s.ingredient for s in drug.substances if s.drug_class == "opioid"}
    return bool(found - LEFT_OUT)


def load_of(context: DraftContext, factors: dict[str, Decimal]) -> OpioidLoad:
    """The draft, the other drafts and the active orders, without what a draft renews (R47)."""
    drafts = [o.drug for o in (context.draft, *context.others) if isinstance(o, DraftDrug) and counts(o.drug)]
    active = [d for d in context.active(("opioid",)) if counts(d) and not _renewed(context, d)]
    return OpioidLoad(
        doses=(
            *(OpioidDose(drug=d, mme=equivalents(d, factors), is_draft=True) for d in drafts),
            *(OpioidDose(drug=d, mme=equivalents(d, factors)) for d in active),
        )
    )


def _renewed(context: DraftContext, old: DrugFact) -> bool:
    """Whether any draft of the call renews the order, so that no dose counts twice."""
    drafts = [o for o in (context.draft, *context.others) if isinstance(o, DraftDrug)]
    return any(DraftContext(context.picture, draft, ()).renews(old) for draft in drafts)
