"""Which drug a medication resource names: by its own concept, or by the Medication it points at."""

from collections.abc import Iterable, Iterator
from typing import TypeVar

import msgspec
from msgspec import Raw

from fhir_mappings.drug_names import Ingredient, as_cough_medicine
from fhir_mappings.elements import ABSENT, Concept, Element, Reference, read
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
    ingredient: Raw = ABSENT


class _Item(Element, frozen=True, gc=False):
    """R5 `ingredient.item`."""

    concept: Concept | None = None


class _IngredientOf(Element, frozen=True, gc=False):
    """`Medication.ingredient`, R4 and R5."""

    item_codeable_concept: Concept | None = None
    item: _Item | None = None

    @property
    def concept(self) -> Concept | None:
        """What it is made of."""
        return self.item_codeable_concept or (self.item.concept if self.item else None)


_INGREDIENTS = msgspec.json.Decoder(tuple[_IngredientOf, ...] | None)
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
        texts = concept.texts()
        ingredients = [i for text in texts for i in self._ingredients(text)]
        return product_of(as_cough_medicine(ingredients, texts), texts) if ingredients else None

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
        for concept in (*named, display):
            product = None if concept is None else self.product(concept)
            if product is not None:
                return Drug(product, concept)
        return Drug(None, None, None if named or display else element)

    def _referred(self, resource: OfMedication, reference: Reference) -> tuple[Concept, ...]:
        """What the Medication is called, else what it is made of: a formulary's own code says little."""
        if reference.reference is None:
            return ()
        if reference.reference.startswith("#"):
            wanted = reference.reference.removeprefix("#")
            contained = read(_CONTAINED, resource.contained, "contained") or ()
            return _concepts(next((c for c in contained if c.id == wanted), None))
        medication = self._by_url.get(reference.reference) or self._by_key.get(
            local(reference.reference, "Medication", {})
        )
        return _concepts(medication)


def _concepts(medication: Medication | _Contained | None) -> tuple[Concept, ...]:
    """Its code, then its ingredients.

    Raises:
        DataGapError: the ingredients cannot be read.
    """
    if medication is None:
        return ()
    made_of = read(_INGREDIENTS, medication.ingredient, "ingredient") or ()
    return tuple(c for c in (medication.code, *(part.concept for part in made_of)) if c is not None)
