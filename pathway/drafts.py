"""Orders being written: what the guards judge (clinical/pathway.md d, contract HTTP).

A draft's resource itself travels beside the facts as an opaque value; here is only what a guard
asks of it, and the name by which a card speaks of it.
"""

from datetime import date
from decimal import Decimal
from enum import StrEnum

from pathway.facts import DrugFact, Fact


class DraftReason(StrEnum):
    """What the order says it is for."""

    LUMBAR = "lumbar"  # a code of a low back problem
    OTHER = "other"  # a reason, but not the back
    NONE = "none"  # no reason given


class DraftOrder(Fact, frozen=True, kw_only=True):
    """What all drafts share."""

    ref: str | None  # "MedicationRequest/123", else its fullUrl; None: neither
    editable: bool = True  # it has an id: update and delete may be offered
    selected: bool = True  # order-select judges the selected; the others are background
    order_day: date  # O: the day it is for, never before D (a.1)
    reason: DraftReason = DraftReason.NONE
    reason_labels_gabapentinoid: bool = False  # its own reason is a labelled one (R52)


class Rhythm(Fact, frozen=True, kw_only=True):
    """How often a drug is taken, where the timing says just that and may say another number."""

    times: Decimal  # a day, at most
    at_intervals: bool = False  # "every 6 hours", not "4 times a day"


class DraftDrug(DraftOrder, frozen=True, kw_only=True):
    """A draft MedicationRequest of a known class."""

    drug: DrugFact  # start = order day; supply, daily doses, release, route as of any order
    dose_units: Decimal | None = None  # units (tablets, mg) per administration
    dose_unit: str | None = None  # "tablet", "mg", … as the order has it; None: none given
    daily_units: Decimal | None = None  # units a day, at most
    rhythm: Rhythm | None = None  # None: not one dosage, or no timing that can be changed
    supply_is_counted: bool = False  # the supply follows from quantity and dose: it grows as the dose falls


# A dose in these is a measure: a lower one may be no whole tablet, so none is computed.
MEASURES = frozenset({"g", "mg", "ug", "mcg", "ng", "ml", "l", "meq", "[iu]", "iu", "unit", "units"})


def counts_pieces(draft: DraftDrug) -> bool:
    """Whether the dose counts tablets or other pieces, so that a whole number of them can be taken."""
    return draft.dose_unit is None or draft.dose_unit.strip().lower() not in MEASURES


class DraftService(DraftOrder, frozen=True, kw_only=True):
    """A draft ServiceRequest (or order of another type) whose code the pathway knows."""

    concepts: tuple[str, ...]
    code: str = ""
