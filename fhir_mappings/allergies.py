"""AllergyIntolerance -> the drug classes that it rules out (R26)."""

import re
from collections.abc import Iterable, Iterator

from fhir_mappings.conditions import CONTRAST_ALLERGY
from fhir_mappings.drugs import Drugs
from fhir_mappings.elements import Concept
from fhir_mappings.gathering import Gathered
from fhir_mappings.reading import Reading
from fhir_mappings.resources import AllergyIntolerance
from fhir_mappings.terminology import Terminology
from pathway.facts import AllergyFact, Fact

Substances = tuple[tuple[str, ...], tuple[str, ...]]  # classes, ingredients
NOT_SO = frozenset({"entered-in-error", "refuted"})
ACTIVE = "active"
STEROIDS = ("steroid", "systemic-steroid", "epidural-steroid-agent")
# A part of the word as a quick look, the words, and the classes that they name. R26 gives the words
# for contrast and local anaesthetics; charts as often name the substance, and not to see it is the
# greater harm.
_CLASSES_BY_WORDS: tuple[tuple[str, re.Pattern[str], tuple[str, ...]], ...] = (
    ("nsaid", re.compile(r"\bnsaids?\b"), ("nsaid",)),
    ("steroidal", re.compile(r"\bnon-?\s?steroidal anti-?\s?inflammator"), ("nsaid",)),
    ("contrast", re.compile("contrast"), ("contrast",)),
    ("steroid", re.compile(r"\b(cortico|gluco|glucocortico)?steroids?\b"), STEROIDS),
    ("io", re.compile(r"\b(iodinated|iohexol|iopamidol|iodixanol|ioversol)\b"), ("contrast",)),
    ("gado", re.compile(r"\bgado(linium|butrol|pentetate)\b"), ("contrast",)),
    ("radiographic dye", re.compile(r"\bradiographic dyes?\b"), ("contrast",)),
    ("esthetic", re.compile(r"\blocal ana?esthetics?\b"), ("local-anaesthetic",)),
    (
        "caine",
        re.compile(r"\b(lido|(levo)?bupiva|ropiva|mepiva|(chloro)?pro|tetra)caine\b"),
        ("local-anaesthetic",),
    ),
)
_DENIED = re.compile(r"\bno (known )?(history of )?(drug |medication )?allerg|\bnot allergic\b|\bno known\b")


def allergy_facts(gathered: Gathered, reading: Reading) -> list[Fact]:
    """The active allergies and intolerances to a class or ingredient that we know."""
    drugs = Drugs(gathered, reading.terminology)

    def ours() -> Iterator[tuple[AllergyIntolerance, Substances]]:
        for allergy in gathered.of(AllergyIntolerance):
            if allergy.code is not None:
                found = _substances(allergy.code, drugs, reading.terminology)
                if found[0]:
                    yield allergy, found

    return reading.facts(ours(), lambda allergy, found: _fact(allergy, found, reading))


def _fact(allergy: AllergyIntolerance, found: Substances, reading: Reading) -> Iterator[Fact]:
    if NOT_SO & reading.status(allergy.verification_status, "verificationStatus"):
        return
    clinical = reading.status(allergy.clinical_status, "clinicalStatus")
    if clinical and ACTIVE not in clinical:
        return
    classes, ingredients = found
    source = reading.source(allergy, allergy.code)
    yield AllergyFact(drug_classes=classes, ingredients=ingredients, source=source)


def _substances(concept: Concept, drugs: Drugs, terminology: Terminology) -> Substances:
    """By RxNorm ingredient or clinical drug, by ingredient name, and by the words that name a class."""
    product = drugs.product(concept)
    parts = () if product is None else product.parts
    classes = {c for part in parts for c in _classes(part.drug_class)}
    texts = " | ".join(concept.texts()).lower()
    classes.update(_named_in(texts))
    if classes and _DENIED.search(texts):
        return (), ()
    if any(m.concept == CONTRAST_ALLERGY for m in terminology.meanings(concept)):
        classes.add("contrast")
    return tuple(sorted(classes)), tuple(sorted({part.ingredient for part in parts}))


def _named_in(texts: str) -> Iterator[str]:
    """The classes that words name."""
    for hint, pattern, named in _CLASSES_BY_WORDS:
        if hint in texts and pattern.search(texts):
            yield from named


def _classes(drug_class: str) -> Iterable[str]:
    """A class, and the wider one that is asked about: of steroids, and of opioids in cough medicine."""
    if drug_class == "opioid-antitussive":
        return (drug_class, "opioid")
    return (drug_class, "steroid") if drug_class in STEROIDS else (drug_class,)
