"""Ingredients by name: the fallback for drugs without a known RxNorm code.

A name counts as a whole word of what the chart displays, never as part of one.
"""

import re
from collections.abc import Iterable, Mapping
from string import digits, punctuation
from typing import Self

import msgspec

from pathway.codelists import CodeRow

_WORDS = re.compile(rf"[^\s{re.escape(punctuation + digits)}]+")


_COUGH_OPIOIDS = frozenset({"codeine", "hydrocodone", "dihydrocodeine"})
_OPIOID, _ANTITUSSIVE = "opioid", "opioid-antitussive"
# What stands beside an opioid in cough and cold products, and in no product for pain.
_COUGH_NAMES = """
    guaifenesin promethazine chlorpheniramine brompheniramine pseudoephedrine phenylephrine
    homatropine cough antitussive
"""
_COUGH_WORDS = frozenset(_COUGH_NAMES.split())


class Ingredient(msgspec.Struct, frozen=True, order=True):
    """An ingredient and the class it is counted in."""

    name: str  # lower case, as in medications-ingredients.csv
    drug_class: str


class DrugNames:
    """The ingredient names, by their first word."""

    def __init__(self, by_first_word: Mapping[str, Ingredient]) -> None:
        self._by_first_word = by_first_word

    @classmethod
    def of(cls, rows: Iterable[CodeRow]) -> Self:
        """The names of all ingredient rows, also of those whose code is not verified (R81).

        Of a name of two words ("dabigatran etexilate") the first is enough: the second is its salt.
        """
        return cls(
            {
                row.display.lower().split()[0]: Ingredient(row.display.lower(), row.concept)
                for row in rows
                if row.file == "medications-ingredients.csv" and row.display
            }
        )

    def found_in(self, text: str) -> tuple[Ingredient, ...]:
        """The ingredients that a drug's text names, in alphabetical order."""
        words = self._by_first_word.keys() & _WORDS.findall(text.lower())
        return tuple(sorted(self._by_first_word[word] for word in words)) if words else ()


def as_cough_medicine(ingredients: Iterable[Ingredient], texts: Iterable[str]) -> tuple[Ingredient, ...]:
    """The ingredients of a drug known by its words alone, with the class that those words give.

    Clinical drugs of this kind have the class in medications-scd.csv; by name alone codeine in a
    cough syrup would be an opioid for pain.
    """
    known = tuple(ingredients)
    if not any(i.name in _COUGH_OPIOIDS for i in known):
        return known
    if _COUGH_WORDS.isdisjoint(word for text in texts for word in _WORDS.findall(text.lower())):
        return known
    return tuple(
        Ingredient(i.name, _ANTITUSSIVE) if i.name in _COUGH_OPIOIDS and i.drug_class == _OPIOID else i
        for i in known
    )
