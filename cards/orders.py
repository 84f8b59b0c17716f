"""Proposals of the knowledge as FHIR R4 orders: built once at start, filled for each patient.

A filled order is a draft for this patient: subject, day, reason and occurrence are put into the
template that `cards.order_check` has seen. It has no id, since accepting it creates the resource.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import msgspec

from cards.filling import MissingValueError
from cards.order_check import check_order
from cards.order_drafts import OrderContext, dosage, medication_draft, service_draft
from cards.resources import CodeableConcept, FhirCoding, MedicationRequest, Reference, ServiceRequest
from pathway.advice import Values
from pathway.rules import DoseStep, MedicationOrder, ServiceOrder
from pathway.state import Situation

AS_OF = "as-of"

_FHIR_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def order_context(situation: Situation) -> OrderContext:
    """The patient, the day and the problem of a situation."""
    facts = situation.facts
    sources = [condition.source for condition in situation.problem_conditions[:1]]
    return OrderContext(
        subject=Reference(reference=f"Patient/{facts.patient.id}"),
        as_of=facts.as_of,
        reasons=tuple(
            Reference(reference=f"Condition/{source.resource_id}")
            for source in sources
            if source.resource_type == "Condition" and _FHIR_ID.fullmatch(source.resource_id or "")
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTemplate:
    """A ServiceRequest whose patient is a sample."""

    draft: ServiceRequest
    occurrence: str  # "as-of", or the name of a date among the values
    code_from: str | None  # name of the value whose code replaces the draft's
    codes: Mapping[str, FhirCoding]  # the codes that it may be replaced by
    place: str

    def filled(self, values: Values, context: OrderContext) -> ServiceRequest:
        """The order for this patient.

        Raises:
            MissingValueError: the date of the occurrence is not among the values.
        """
        return msgspec.structs.replace(
            self.draft,
            code=self._code(values),
            subject=context.subject,
            authored_on=context.as_of,
            occurrence_date_time=self._occurrence(values, context),
            reason_reference=context.reasons,
        )

    def values_shown(self, values: Values) -> Values:
        """The values that the words beside the order are filled from: they name the code that is ordered.

        A last code that the knowledge proposes nowhere (one without image guidance, an add-on) is
        not repeated: the template's own code stands.
        """
        if self.code_from is None:
            return values
        return {**values, self.code_from: self._coding(values, self.code_from).code}

    def _code(self, values: Values) -> CodeableConcept:
        if self.code_from is None:
            return self.draft.code
        return CodeableConcept(coding=(self._coding(values, self.code_from),), text=self.draft.code.text)

    def _coding(self, values: Values, name: str) -> FhirCoding:
        wanted = values.get(name)
        found = self.codes.get(wanted) if isinstance(wanted, str) else None
        return found or self.draft.code.coding[0]

    def _occurrence(self, values: Values, context: OrderContext) -> date:
        if self.occurrence == AS_OF:
            return context.as_of
        day = values.get(self.occurrence)
        if not isinstance(day, date):
            raise MissingValueError(f"{self.place}: the advice has no date '{self.occurrence}'")
        return day


@dataclass(frozen=True, slots=True, kw_only=True)
class MedicationTemplate:
    """A MedicationRequest whose patient is a sample."""

    draft: MedicationRequest
    steps: tuple[DoseStep, ...]

    def filled(self, _values: Values, context: OrderContext) -> MedicationRequest:
        """The order for this patient; the drug and its dose are the template's."""
        dosages = self.draft.dosage_instruction
        if len(dosages) > 1:  # later steps name the day on which they begin
            route = dosages[0].route
            dosages = tuple(
                dosage(sequence, step, route, context.as_of)
                for sequence, step in enumerate(self.steps, start=1)
            )
        return msgspec.structs.replace(
            self.draft,
            subject=context.subject,
            authored_on=context.as_of,
            reason_reference=context.reasons,
            dosage_instruction=dosages,
        )

    def values_shown(self, values: Values) -> Values:
        """The values as they are."""
        return values


OrderTemplate = ServiceTemplate | MedicationTemplate


def order_template(
    order: ServiceOrder | MedicationOrder, codes: Mapping[str, FhirCoding], place: str
) -> OrderTemplate:
    """The template of a proposal's order, checked.

    Raises:
        KnowledgeError: it does not make a valid FHIR R4 resource; the message begins with `place`.
    """
    if isinstance(order, ServiceOrder):
        draft = service_draft(order)
        check_order(draft, place)
        return ServiceTemplate(
            draft=draft,
            occurrence=order.occurrence,
            code_from=order.code_from if order.codes else None,
            codes=codes,
            place=place,
        )
    medication = medication_draft(order)
    check_order(medication, place)
    return MedicationTemplate(draft=medication, steps=order.doses)
