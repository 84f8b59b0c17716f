"""What a drug is made of: RxNorm clinical drugs and ingredients of medications-*.csv.

Clinical drugs are taken apart once, at start: ingredients, strengths, release type, route.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Self

import msgspec

from fhir_mappings.code_systems import RXNORM, our_url
from fhir_mappings.drug_names import Ingredient
from fhir_mappings.elements import Coding, Concept
from fhir_mappings.strengths import Strength, is_single, strengths_in
from pathway.codelists import CodeRow

LONG_ACTING = re.compile(r"\bextended[ -]release\b|\b\d+ hr\b|\btransdermal\b", re.IGNORECASE)  # R49
TOPICAL = re.compile(r"\b(gel|cream|patch|topical|ophthalmic)\b", re.IGNORECASE)  # R72
OPIOID = "opioid"
THROUGH_THE_SKIN = frozenset({"opioid", "maoi"})  # their patches work on the whole body


class Part(msgspec.Struct, frozen=True):
    """One ingredient of a product that we know, with its strength where the name tells it."""

    drug_class: str
    ingredient: str
    strength: Strength | None = None


class Product(msgspec.Struct, frozen=True):
    """A drug: its known parts, and what its name says of it."""

    parts: tuple[Part, ...]
    name: str  # of the clinical drug; "" for one that the chart's words made
    single: bool  # one component only: a dose in mg is a dose of it
    long_acting: bool
    systemic: bool


def product_of(ingredients: Iterable[Ingredient], texts: Iterable[str], name: str = "") -> Product:
    """A product of these ingredients, with strengths, release and route read from its texts."""
    known = tuple(sorted(set(ingredients)))
    texts = tuple(texts)
    names = [i.name.split()[0] for i in known]
    strengths: dict[str, Strength] = {}
    for text in texts:
        strengths = {**strengths_in(text, names), **strengths}
    parts = tuple(Part(i.drug_class, i.name, strengths.get(i.name.split()[0])) for i in known)
    all_texts = " ".join(texts)
    through_skin = any(i.drug_class in THROUGH_THE_SKIN for i in known)
    return Product(
        parts=parts,
        name=name,
        single=len(known) == 1 and all(is_single(text) for text in texts),
        long_acting=bool(LONG_ACTING.search(all_texts)) or any(i.name == "methadone" for i in known),
        systemic=through_skin or not TOPICAL.search(all_texts),
    )


class Products:
    """Clinical drugs and ingredients by RxNorm code."""

    def __init__(
        self,
        clinical: Mapping[str, tuple[tuple[Ingredient, ...], str]],
        ingredients: Mapping[str, Ingredient],
    ) -> None:
        self._ingredients = ingredients
        self.codes: frozenset[str | None] = frozenset((*clinical, *ingredients))
        self._clinical = {code: product_of(parts, (name,), name) for code, (parts, name) in clinical.items()}

    @classmethod
    def of(cls, rows: Iterable[CodeRow]) -> Self:
        """The verified drugs; a combination has one row an ingredient."""
        clinical: dict[str, tuple[tuple[Ingredient, ...], str]] = {}
        ingredients: dict[str, Ingredient] = {}
        for row in rows:
            if not row.verified:
                continue
            if row.file == "medications-scd.csv":
                parts, _ = clinical.get(row.code, ((), ""))
                clinical[row.code] = ((*parts, Ingredient(row.role.lower(), row.concept)), row.display)
            elif row.file == "medications-ingredients.csv":
                ingredients[row.code] = Ingredient(row.display.lower(), row.concept)
        return cls(clinical, ingredients)

    def coded(self, concept: Concept) -> Product | None:
        """The drug that a CodeableConcept names by code: clinical drug, else ingredient."""
        known = [c for c in concept.coding or () if c.code in self.codes and _is_rxnorm(c)]
        if not known:
            return None
        codes = [coding.code for coding in known if coding.code]
        for code in codes:
            product = self._clinical.get(code)
            if product is not None:
                return self._as_charted(product, concept)
        ingredients = [self._ingredients[code] for code in codes if code in self._ingredients]
        return product_of(ingredients, concept.texts()) if ingredients else None

    @staticmethod
    def _as_charted(product: Product, concept: Concept) -> Product:
        """A clinical drug, with what other words of the chart add about release, route and strength."""
        name = product.name.lower()
        texts = " ".join(text for text in concept.texts() if text.lower() != name)
        if not texts:
            return product
        if any(p.drug_class == OPIOID for p in product.parts):
            product = _as_displayed(product, concept)
        long_acting = product.long_acting or bool(LONG_ACTING.search(texts))
        topical = TOPICAL.search(texts) and not any(p.drug_class in THROUGH_THE_SKIN for p in product.parts)
        systemic = product.systemic and not topical
        if (long_acting, systemic) == (product.long_acting, product.systemic):
            return product
        return msgspec.structs.replace(product, long_acting=long_acting, systemic=systemic)


def _as_displayed(product: Product, concept: Concept) -> Product:
    """An opioid of whose strength code and display differ: the higher counts (R46 goes by the display)."""
    names = [part.ingredient.split()[0] for part in product.parts]
    displays = [c.display for c in concept.coding or () if c.display and _is_rxnorm(c)]
    parts = product.parts
    for display in displays:
        found = strengths_in(display, names)
        parts = tuple(_stronger(part, found.get(name)) for part, name in zip(parts, names, strict=True))
    return product if parts == product.parts else msgspec.structs.replace(product, parts=parts)


def _stronger(part: Part, displayed: Strength | None) -> Part:
    own = part.strength
    if part.drug_class != OPIOID or own is None or displayed is None or displayed.per is not own.per:
        return part
    return part if displayed.amount <= own.amount else msgspec.structs.replace(part, strength=displayed)


def _is_rxnorm(coding: Coding) -> bool:
    return coding.system is not None and our_url(coding.system) == RXNORM.url
