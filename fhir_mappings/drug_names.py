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
