"""Orders of the knowledge as FHIR R4 resources for a sample patient.

A filled order differs from its draft only in what `cards.orders` puts in: subject, day, reason,
occurrence, and the code where the values choose it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from cards.resources import (
    UCUM,
    Annotation,
    CodeableConcept,
    DispenseRequest,
    Dosage,
    DoseAndRate,
    FhirCoding,
    MedicationRequest,
    Period,
    Quantity,
    Ratio,
    Reference,
    ServiceRequest,
    Timing,
    TimingRepeat,
    number,
)
from pathway.rules import Coded, DoseStep, MedicationOrder, ServiceOrder

UCUM_UNITS = ("mg", "g", "ug", "mL")  # dose units that UCUM knows; others are annotations
DRAFT = "draft"
ORDER = "order"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderContext:
    """What every order of one answer has in common."""

    subject: Reference
    as_of: date
    reasons: tuple[Reference, ...]  # the problem's condition; empty when it has no usable id


SAMPLE = OrderContext(
    subject=Reference(reference="Patient/sample"),
    as_of=date(2026, 11, 22),
    reasons=(Reference(reference="Condition/sample"),),
)


def coding_of(coded: Coded) -> FhirCoding:
    """A coding of the knowledge as FHIR writes it."""
    return FhirCoding(system=coded.system, code=coded.code, display=coded.display)


def service_draft(order: ServiceOrder) -> ServiceRequest:
    """The ServiceRequest of a proposal, for the sample patient."""
    details = CodeableConcept(text=order.details) if order.details else None
    return ServiceRequest(
        status=DRAFT,
        intent=ORDER,
        category=(_concept(order.category),) if order.category else (),
        priority=order.priority,
        code=CodeableConcept(coding=tuple(map(coding_of, order.codes)), text=order.text),
        order_detail=(details,) if details and order.codes else (),
        subject=SAMPLE.subject,
        occurrence_date_time=SAMPLE.as_of,
        authored_on=SAMPLE.as_of,
        reason_code=(CodeableConcept(text=order.reason),) if order.reason else (),
        reason_reference=SAMPLE.reasons,
        body_site=(_concept(order.body_site),) if order.body_site else (),
        note=(Annotation(text=order.details),) if order.details and not order.codes else (),
    )


def medication_draft(order: MedicationOrder) -> MedicationRequest:
    """The MedicationRequest of a proposal, for the sample patient."""
    route = _concept(order.route) if order.route else None
    return MedicationRequest(
        status=DRAFT,
        intent=ORDER,
        medication_codeable_concept=CodeableConcept(coding=(coding_of(order.code),), text=order.text),
        subject=SAMPLE.subject,
        authored_on=SAMPLE.as_of,
        reason_reference=SAMPLE.reasons,
        dosage_instruction=tuple(
            dosage(sequence, step, route, SAMPLE.as_of) for sequence, step in enumerate(order.doses, start=1)
        ),
        dispense_request=DispenseRequest(
            number_of_repeats_allowed=order.refills,
            quantity=_units(order.quantity, order.quantity_unit),
            expected_supply_duration=_days(order.supply_days) if order.supply_days else None,
        ),
    )


def dosage(sequence: int, step: DoseStep, route: CodeableConcept | None, first_day: date) -> Dosage:
    """One step of a dosage whose first dose is taken on `first_day`."""
    limit = None
    if step.max_per_day is not None:
        limit = Ratio(numerator=_units(step.max_per_day, step.unit), denominator=_days(1))
    return Dosage(
        sequence=sequence,
        text=step.text,
        timing=Timing(repeat=_repeat(step, first_day)),
        as_needed_boolean=True if step.as_needed else None,
        route=route,
        dose_and_rate=(DoseAndRate(dose_quantity=_units(step.value, step.unit)),),
        max_dose_per_period=limit,
    )


def _repeat(step: DoseStep, first_day: date) -> TimingRepeat:
    """How often, and for how long.

    A first step is bounded by its duration: an end date there would read as the end of the whole
    order (clinical/pathway.md R55). Only a later step needs the day on which it begins.
    """
    start = first_day + timedelta(days=step.start_day)
    end = start + timedelta(days=step.days - 1) if step.days else None
    return TimingRepeat(
        bounds_duration=_days(step.days) if step.days and not step.start_day else None,
        bounds_period=Period(start=start, end=end) if step.start_day else None,
        frequency=step.frequency,
        period=number(step.period),
        period_max=number(step.period_max) if step.period_max is not None else None,
        period_unit=step.period_unit,
    )


def _units(value: Decimal, unit: str) -> Quantity:
    code = unit if unit in UCUM_UNITS else f"{{{unit}}}"
    return Quantity(value=number(value), unit=unit, system=UCUM, code=code)


def _days(count: int) -> Quantity:
    return Quantity(value=count, unit="day" if count == 1 else "days", system=UCUM, code="d")


def _concept(coded: Coded) -> CodeableConcept:
    return CodeableConcept(coding=(coding_of(coded),), text=coded.display)
