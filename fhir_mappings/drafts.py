"""`context.draftOrders` -> the orders being written, as the guards judge them (clinical/pathway.md d).

Every order counts whatever its status or intent; only those that are cancelled, revoked, completed
or entered in error do not (contract, HTTP). Beside each fact stands the order as the client wrote
it, for the suggestion that hands it back.
"""

from collections.abc import Collection, Iterator
from datetime import date
from functools import cached_property
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Raw

from fhir_mappings.draft_bundles import DraftBundle, DraftEntry, draft_bundle
from fhir_mappings.draft_drugs import drug_draft
from fhir_mappings.draft_reading import DraftReading, Written
from fhir_mappings.draft_resources import DrugOrder, Order, ServiceOrder, lenient
from fhir_mappings.draft_services import service_draft
from fhir_mappings.drugs import Drugs
from fhir_mappings.gaps import DataGapError, gap, settled
from fhir_mappings.gathering import Gathered
from fhir_mappings.patients import bare_id
from fhir_mappings.reading import Reading
from fhir_mappings.resources import Condition, Entry, Medication, Patient, Resource
from fhir_mappings.terminology import Terminology
from pathway.drafts import DraftDrug, DraftService
from pathway.facts import DataGap

Draft = DraftDrug | DraftService
_DRUG_ORDER = msgspec.json.Decoder(DrugOrder)
_SERVICE_ORDER = msgspec.json.Decoder(ServiceOrder)
# What a draft may refer to, and what may come in its Bundle (Epic sends Medications there).
_REFERRED: dict[str, tuple[type[Resource], msgspec.json.Decoder[Resource]]] = {
    kind.__name__: (kind, msgspec.json.Decoder(kind)) for kind in (Condition, Medication, Patient)
}


class WrittenOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One draft: what the pathway knows of it, and the resource as it came."""

    fact: Draft | None = None  # None: nothing that the pathway knows
    resource: Raw


class DraftOrders(msgspec.Struct, frozen=True, kw_only=True):
    """The drafts of one call in the order of the Bundle, and what could not be read of them."""

    orders: tuple[WrittenOrder, ...] = ()
    gaps: tuple[DataGap, ...] = ()

    @property
    def facts(self) -> tuple[Draft, ...]:
        """What the guards judge."""
        return tuple(order.fact for order in self.orders if order.fact is not None)

    @property
    def resources(self) -> tuple[Raw, ...]:
        """The resource of each of `facts`."""
        return tuple(order.resource for order in self.orders if order.fact is not None)


def drafts_of(
    bundle: Raw,
    *,
    selections: Collection[str] | None,
    gathered: Gathered,
    patient_id: str,
    as_of: date,
    zone: ZoneInfo,
    terminology: Terminology,
) -> DraftOrders:
    """The orders of `draftOrders`; no JSON makes it fail.

    Args:
        bundle: The value of `context.draftOrders`, as it came.
        selections: `context.selections` on order-select; None on order-sign, which judges all.
        gathered: The chart, for Conditions and Medications that a draft refers to.
        patient_id: `context.patientId`, bare or as "Patient/id".
        as_of: The evaluation day.
        zone: Where the calendar day of a dateTime with offset is taken (R86).
        terminology: What codes mean.

    Returns:
        The orders that count; those of another patient are left out, with a gap.
    """
    found = draft_bundle(bundle)
    if found is None:
        return DraftOrders(gaps=(gap("unreadable", None, "draftOrders"),))
    own_id = bare_id(patient_id)
    within_reach = _within_reach(found, gathered)
    reading = Reading(within_reach, patient_id=own_id, as_of=as_of, zone=zone, terminology=terminology)
    reader = _Drafts(DraftReading(within_reach, reading, own_id), selections)
    orders = tuple(reader.orders(found))
    if found.unreadable:
        reading.gaps.append(gap("unreadable", None, "draftOrders.entry.resource"))
    return DraftOrders(orders=orders, gaps=settled(reading.gaps))


def _within_reach(bundle: DraftBundle, chart: Gathered) -> Gathered:
    """What a draft can refer to: the chart, and what came in the Bundle itself."""
    referred = [entry for entry in bundle.entries if entry.kind in _REFERRED]
    if not referred:
        return chart
    entries = dict(chart.entries)
    entries |= {kind: list(chart.entries.get(kind, ())) for kind, _ in _REFERRED.values()}
    for entry in referred:
        kind, decoder = _REFERRED[entry.kind]
        resource, _ = lenient(decoder, entry.resource)
        if resource is not None:
            entries[kind].append(Entry(resource=resource, full_url=entry.full_url))
    return Gathered(entries=entries, answered=chart.answered)


class _Drafts:
    """Reads the drafts of one call."""

    def __init__(self, drafts: DraftReading, selections: Collection[str] | None) -> None:
        self.drafts = drafts
        self.selections = None if selections is None else frozenset(selections)

    @cached_property
    def drugs(self) -> Drugs:
        return Drugs(self.drafts.gathered, self.drafts.terminology)

    def orders(self, bundle: DraftBundle) -> Iterator[WrittenOrder]:
        """The drafts; one that came twice, byte for byte, counts once."""
        seen: set[bytes] = set()
        for entry in bundle.entries:
            content = bytes(entry.resource)
            if entry.is_draft and not (entry.has_id and content in seen):
                seen.add(content)
                order = self._order(entry)
                if order is not None:
                    yield order

    def _order(self, entry: DraftEntry) -> WrittenOrder | None:
        """A draft; None when it is another patient's."""
        order, unread = self._read(entry)
        self.drafts.note(entry, unread)
        if order is None:
            return WrittenOrder(resource=entry.resource)
        if self.drafts.is_ours(entry, order):
            return WrittenOrder(fact=self._fact(entry, order), resource=entry.resource)
        self.drafts.reading.gaps.append(gap("other-patient", entry.kind))
        return None

    @staticmethod
    def _read(entry: DraftEntry) -> tuple[Order | None, tuple[str, ...]]:
        match entry.kind:
            case "MedicationRequest":
                return lenient(_DRUG_ORDER, entry.resource)
            case "ServiceRequest":
                return lenient(_SERVICE_ORDER, entry.resource)
            case _:
                return None, ()

    def _fact(self, entry: DraftEntry, order: Order) -> Draft | None:
        if order.do_not_perform:
            return None
        written = Written(entry, entry.is_among(self.selections))
        try:
            if isinstance(order, DrugOrder):
                return drug_draft(written, order, self.drugs, self.drafts)
            return service_draft(written, order, self.drafts)
        except DataGapError as error:
            self.drafts.note(entry, (error.element,))
            return None
