"""What a draft would be after one change, so that the change can be judged before it is offered."""

from decimal import Decimal

import msgspec

from pathway.advice import Value
from pathway.draft_context import Draft
from pathway.drafts import DraftDrug, DraftService
from pathway.guard_rules import Edit
from pathway.rules import Coded


def edited(draft: Draft, edit: Edit, value: Value | None, code: Coded | None) -> Draft:
    """The draft as it would be judged after one change."""
    match edit, draft:
        case Edit.OCCURRENCE, _:
            return msgspec.structs.replace(draft, order_day=value)
        case Edit.CODE, DraftService() if code is not None:
            return msgspec.structs.replace(draft, code=code.code)
        case Edit.SUPPLY, DraftDrug() if isinstance(value, str):
            drug = msgspec.structs.replace(draft.drug, supply_days=Decimal(value))
            return msgspec.structs.replace(draft, drug=drug)
        case Edit.DOSE, DraftDrug() if isinstance(value, Decimal) and draft.dose_units:
            return _with_dose(draft, value / draft.dose_units)
        case Edit.FREQUENCY, DraftDrug() if isinstance(value, Decimal) and draft.rhythm is not None:
            return _with_dose(draft, value / draft.rhythm.times)
        case _:
            return draft


def _with_dose(draft: DraftDrug, factor: Decimal) -> DraftDrug:
    """With so much of its daily dose."""
    substances = tuple(
        s if s.daily_dose is None else msgspec.structs.replace(s, daily_dose=s.daily_dose * factor)
        for s in draft.drug.substances
    )
    supply = draft.drug.supply_days
    if supply is not None and draft.supply_is_counted:
        supply /= factor  # the same quantity lasts longer
    drug = msgspec.structs.replace(draft.drug, substances=substances, supply_days=supply)
    return msgspec.structs.replace(draft, drug=drug)
