"""MedicationRequest, MedicationStatement, MedicationDispense -> drugs of known classes (a.5).

Requests come first: statements and dispenses count only for ingredients that no request names.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from decimal import Decimal

import msgspec
from msgspec import Raw

from fhir_mappings.doses import DOSAGES, Dosage, Intake, daily_dose, intake, supply_days
from fhir_mappings.drugs import Drug, Drugs
from fhir_mappings.elements import QUANTITY, Element, Quantity, listed, read
from fhir_mappings.gaps import DataGapError
from fhir_mappings.gathering import Gathered
from fhir_mappings.products import Product
from fhir_mappings.reading import Reading, first_of
from fhir_mappings.resources import MedicationDispense, MedicationRequest, MedicationStatement, OfMedication
from fhir_mappings.stop_reasons import stop_reason
from pathway.facts import DrugFact, Fact, Substance

# a.1 drops revoked, cancelled, draft and entered-in-error; R5 says `ended` and `recorded`.
STATUSES = {
    "active": "active",
    "completed": "completed",
    "stopped": "stopped",
    "ended": "completed",
    "on-hold": "on-hold",
    "unknown": "unknown",
    "recorded": "active",  # R5 knows no other status of what is taken; its period tells the end
    "in-progress": "active",  # of a dispense
}
INTENTS = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order"})  # R76
# Without a start these cannot be a trial; for the other classes the status tells what is needed.
DATED_CLASSES = frozenset({"nsaid", "muscle-relaxant", "snri-duloxetine"})


class _DispenseRequest(Element, frozen=True, gc=False):
    """https://hl7.org/fhir/R4/medicationrequest-definitions.html#MedicationRequest.dispenseRequest."""

    quantity: Quantity | None = None
    expected_supply_duration: Quantity | None = None


_DISPENSE_REQUEST = msgspec.json.Decoder(_DispenseRequest | None)


class Supply(msgspec.Struct, frozen=True):
    """What a resource says of dose and supply; None where it does not."""

    dosages: tuple[Dosage, ...] = ()
    expected: Quantity | None = None
    quantity: Quantity | None = None


def medication_facts(gathered: Gathered, reading: Reading) -> list[Fact]:
    """The drugs of known classes."""
    drugs, reader = Drugs(gathered, reading.terminology), _Medications(reading)
    requests = _drugs(reading.facts(drugs.ours(gathered.of(MedicationRequest)), reader.request))
    others = [
        *reading.facts(drugs.ours(gathered.of(MedicationStatement)), reader.statement),
        *reading.facts(drugs.ours(gathered.of(MedicationDispense)), reader.dispense),
    ]
    # "Else" of a.5 is read per ingredient and route, and only an active order stands for what is
    # taken: an order that ended or is on hold must not hide a drug that a later statement names.
    requested = {
        (s.ingredient, drug.systemic) for drug in requests if drug.status == "active" for s in drug.substances
    }
    return [*_distinct(requests), *_not_requested(_drugs(others), requested)]


class _Medications:
    """Reads medication resources of one patient."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading

    def request(self, request: MedicationRequest, drug: Drug) -> Iterator[Fact]:
        """An order.

        Raises:
            DataGapError: the reason for its status cannot be read.
        """
        status = STATUSES.get(request.status or "")
        intent = request.intent
        if status is None or (intent is not None and intent not in INTENTS):
            return
        if request.do_not_perform:
            return
        authored = (request.authored_on, "authoredOn")
        supply = self._supply(request, lambda: requested(request))
        yield from self._fact(
            request, drug, status, start=authored, stop=bounds_end(supply.dosages), supply=supply
        )

    def statement(self, statement: MedicationStatement, drug: Drug) -> Iterator[Fact]:
        """What the patient is said to take.

        Raises:
            DataGapError: the reason for its status cannot be read.
        """
        status = STATUSES.get(statement.status or "")
        if status is None:
            return
        taken = self.reading.period(statement, statement.effective_period, "effectivePeriod")
        start = first_of(
            (statement.effective_date_time, "effectiveDateTime"),
            (taken.start, "effectivePeriod.start"),
            (statement.date_asserted, "dateAsserted"),
        )
        supply = self._supply(statement, lambda: Supply(dosages=_dosages(statement.dosage, "dosage")))
        stop = (taken.end, "effectivePeriod.end") if taken.end else bounds_end(supply.dosages)
        for fact in self._fact(statement, drug, status, start=start, stop=stop, supply=supply):
            ended = fact.stop is not None and fact.stop < self.reading.as_of
            is_over = statement.status == "recorded" and ended
            yield msgspec.structs.replace(fact, status="completed") if is_over else fact

    def dispense(self, dispense: MedicationDispense, drug: Drug) -> Iterator[Fact]:
        """What was handed over.

        Raises:
            DataGapError: the reason for its status cannot be read.
        """
        status = STATUSES.get(dispense.status or "")
        if status is None:
            return
        start = first_of(
            (dispense.when_handed_over, "whenHandedOver"), (dispense.when_prepared, "whenPrepared")
        )
        supply = self._supply(dispense, lambda: _dispensed(dispense))
        yield from self._fact(
            dispense, drug, status, start=start, stop=bounds_end(supply.dosages), supply=supply
        )

    def _supply(self, resource: OfMedication, supplied: Callable[[], Supply]) -> Supply:
        """Dose and supply; what cannot be read is unknown, with a gap.

        The order itself is kept: an anticoagulant with an unreadable dosage is still taken.
        """
        try:
            return supplied()
        except DataGapError as error:
            self.reading.note(error.code, resource, error.element)
            return Supply()

    def _fact(
        self,
        resource: OfMedication,
        drug: Drug,
        status: str,
        *,
        start: tuple[str | None, str],
        stop: tuple[str | None, str],
        supply: Supply,
    ) -> Iterator[DrugFact]:
        reading, product = self.reading, drug.product
        if product is None:
            reading.note("unreadable", resource, drug.unreadable or "medication[x]")
            return
        first = reading.counted_day(resource, *start)
        if first is None and any(p.drug_class in DATED_CLASSES for p in product.parts):
            reading.note("missing-date", resource, start[1])
        substances, days = self._amounts(resource, product, supply)
        yield DrugFact(
            substances=substances,
            status=status,
            start=first,
            stop=reading.stop_day(resource, *stop),
            supply_days=days,
            long_acting=product.long_acting,
            systemic=product.systemic,
            stop_reason=stop_reason(resource.status_reason),
            source=reading.source(resource, drug.concept),
        )

    def _amounts(
        self, resource: OfMedication, product: Product, supply: Supply
    ) -> tuple[tuple[Substance, ...], Decimal | None]:
        taken, days = Intake(), None
        try:
            taken = intake(supply.dosages, product)
            days = supply_days(supply.expected, supply.quantity, product, taken)
        except DataGapError as error:
            self.reading.note(error.code, resource, error.element)
        return substances_of(product, taken), days


def substances_of(product: Product, taken: Intake) -> tuple[Substance, ...]:
    """The known ingredients of a drug, with what is taken of each a day."""
    doses = [(part, *daily_dose(part, product, taken)) for part in product.parts]
    return tuple(
        Substance(drug_class=part.drug_class, ingredient=part.ingredient, daily_dose=dose, unit=unit)
        for part, dose, unit in doses
    )


def _dosages(raw: Raw, element: str) -> tuple[Dosage, ...]:
    return listed(read(DOSAGES, raw, element))


def requested(request: MedicationRequest) -> Supply:
    """Dose and supply of an order.

    Raises:
        DataGapError: an element has another shape.
    """
    dispense = read(_DISPENSE_REQUEST, request.dispense_request, "dispenseRequest") or _DispenseRequest()
    dosages = _dosages(request.dosage_instruction, "dosageInstruction")
    return Supply(dosages, dispense.expected_supply_duration, dispense.quantity)


def _dispensed(dispense: MedicationDispense) -> Supply:
    return Supply(
        _dosages(dispense.dosage_instruction, "dosageInstruction"),
        read(QUANTITY, dispense.days_supply, "daysSupply"),
        read(QUANTITY, dispense.quantity, "quantity"),
    )


def bounds_end(dosages: tuple[Dosage, ...]) -> tuple[str | None, str]:
    """The stop date of an order: the end of the first dosage's bounds (R55)."""
    element = "dosageInstruction[0].timing.repeat.boundsPeriod.end"
    first = dosages[0].timing if dosages else None
    bounds = first.repeat.bounds_period if first is not None and first.repeat is not None else None
    return (None if bounds is None else bounds.end), element


def _drugs(facts: Iterable[Fact]) -> list[DrugFact]:
    return [fact for fact in facts if isinstance(fact, DrugFact)]


def _distinct(drugs: Iterable[DrugFact]) -> list[DrugFact]:
    """Orders that are one by R5: same ingredients, release type, start, daily dose and status.

    Of these the one with the longest supply stands, so that their order does not matter.
    """
    kept: dict[object, DrugFact] = {}
    for drug in sorted(drugs, key=_by_supply):
        kept[drug.substances, drug.long_acting, drug.start, drug.status] = drug
    return list(kept.values())


def _by_supply(drug: DrugFact) -> tuple[Decimal, date, str]:
    return drug.supply_days or Decimal(-1), drug.stop or date.min, drug.source.resource_id or ""


def _not_requested(drugs: Iterable[DrugFact], requested: set[tuple[str, bool]]) -> Iterator[DrugFact]:
    for drug in drugs:
        rest = tuple(s for s in drug.substances if (s.ingredient, drug.systemic) not in requested)
        if rest:
            is_whole = len(rest) == len(drug.substances)
            yield drug if is_whole else msgspec.structs.replace(drug, substances=rest)
