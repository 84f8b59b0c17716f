"""Which drug a medication resource names: by its own concept, or by the Medication it points at."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec

from fhir_mappings.drug_names import Ingredient
from fhir_mappings.elements import Concept, Element, Reference, read
from fhir_mappings.gaps import DataGapError
from fhir_mappings.gathering import Gathered
from fhir_mappings.products import Product, product_of
from fhir_mappings.references import local
from fhir_mappings.resources import Medication, OfMedication
from fhir_mappings.terminology import Terminology

D = TypeVar("D", bound=OfMedication)
FILES = frozenset({"medications-ingredients.csv", "medications-scd.csv"})


class Drug(msgspec.Struct, frozen=True):
    """A drug of a class that we know, or why it could not be told (`unreadable` names the element)."""

    product: Product | None
    concept: Concept | None  # as the chart names it
    unreadable: str | None = None


class _Contained(Element, frozen=True, gc=False):
    """A contained resource, of which a Medication has an id and a code."""

    id: str | None = None
    code: Concept | None = None


_CONTAINED = msgspec.json.Decoder(tuple[_Contained, ...] | None)


class Drugs:
    """Tells drugs apart, within one call."""

    def __init__(self, gathered: Gathered, terminology: Terminology) -> None:
        self._terminology = terminology
        self._named: dict[str, tuple[Ingredient, ...]] = {}  # charts repeat the same few texts
        self._codes = terminology.products.codes
        self._by_url = gathered.by_url(Medication)
        self._by_key = {f"Medication/{m.id}": m for m in gathered.of(Medication)}

    def ours(self, resources: Iterable[D]) -> Iterator[tuple[D, Drug]]:
        """The resources whose drug we know, or whose drug cannot be read."""
        for resource in resources:
            concept = resource.medication_codeable_concept
            if concept is None:
                drug = self._elsewhere(resource)
                if drug.product is not None or drug.unreadable is not None:
                    yield resource, drug
            elif self._may_be_ours(concept):
                product = self.product(concept)
                if product is not None:
                    yield resource, Drug(product, concept)
                elif self._terminology.misfiled(concept, FILES):
                    yield resource, Drug(None, concept, "medicationCodeableConcept.coding.system")

    def _may_be_ours(self, concept: Concept) -> bool:
        """A glance at codes and words: most drugs of a chart end here."""
        codes, named, text = self._codes, self._named, concept.text
        for coding in concept.coding or ():
            if coding.code in codes:
                return True
            if coding.display and coding.display != text and self._ingredients(coding.display):
                return True
        if not text:
            return False
        return bool(named[text] if text in named else self._ingredients(text))

    def product(self, concept: Concept) -> Product | None:
        """The drug that a CodeableConcept names; None when it is of no class that we know.

        By clinical drug, else by ingredient, else by a whole word of display or text.
        """
        coded = self._terminology.products.coded(concept)
        if coded is not None:
            return coded
        ingredients = [i for text in concept.texts() for i in self._ingredients(text)]
        return product_of(ingredients, concept.texts()) if ingredients else None

    def _ingredients(self, text: str) -> tuple[Ingredient, ...]:
        found = self._named.get(text)
        if found is None:
            found = self._named[text] = self._terminology.names.found_in(text)
        return found

    def _elsewhere(self, resource: OfMedication) -> Drug:
        """R5 `medication`, or the resource that a reference points at, or the reference's display."""
        reference, element = resource.medication_reference, "medicationReference"
        if resource.medication is not None:
            reference, element = resource.medication.reference, "medication.reference"
            if resource.medication.concept is not None:
                own = resource.medication.concept
                return Drug(self.product(own), own)
        if reference is None:
            return Drug(None, None, "medication[x]")
        try:
            named = self._referred(resource, reference)
        except DataGapError as error:
            return Drug(None, None, error.element)
        display = Concept(text=reference.display) if reference.display else None
        for concept in (named, display):
            product = None if concept is None else self.product(concept)
            if product is not None:
                return Drug(product, concept)
        return Drug(None, None, element if named is None and display is None else None)

    def _referred(self, resource: OfMedication, reference: Reference) -> Concept | None:
        if reference.reference is None:
            return None
        if reference.reference.startswith("#"):
            wanted = reference.reference.removeprefix("#")
            contained = read(_CONTAINED, resource.contained, "contained") or ()
            return next((c.code for c in contained if c.id == wanted), None)
        medication = self._by_url.get(reference.reference) or self._by_key.get(
            local(reference.reference, "Medication", {})
        )
        return None if medication is None else medication.code
