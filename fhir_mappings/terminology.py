"""Which concept a code stands for: one dictionary from (system, code) to meanings, built once.

Built from the verified rows of knowledge/terminology/*.csv; see the README there. ICD-10 codes are
looked up without the dot, by each of their prefixes, from the longest to the shortest.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from string import ascii_uppercase
from typing import Protocol, Self, TypeVar

import msgspec

from fhir_mappings.code_systems import ICD_10_CM, ICD_10_PCS, could_be, our_url
from fhir_mappings.drug_names import DrugNames
from fhir_mappings.elements import Concept
from fhir_mappings.products import Products
from pathway.codelists import CONDITION_FILES, CodeRow

ICD = frozenset({ICD_10_CM.url, ICD_10_PCS.url})
SEQUELA_LENGTH = 7
ICD_CODES_KEPT = 2048  # of those looked up last: charts of one clinic share them
ICD_HEAD = 3  # characters: an ICD-10 category
NOT_LOOKED_UP = ("medications", "opioid", "override")  # files of drugs (see `products`) and of our own codes


class Coded(Protocol):
    """A resource whose `code` tells what it is about."""

    @property
    def code(self) -> Concept | None:
        """Its code."""


C = TypeVar("C", bound=Coded)


class Meaning(msgspec.Struct, frozen=True):
    """What a code means here: a concept and its role, from one of the files."""

    concept: str
    role: str
    file: str
    code: str  # as looked up: ICD-10 without the dot, upper case
    needs_words: bool = False  # counts only where text or body site say so (R20.0)
    display: str = ""  # in the code list: what a bare code is called on a card

    def is_condition(self) -> bool:
        """Whether it comes from one of the condition files."""
        return self.file in CONDITION_FILES


class Terminology:
    """The code lists, ready to be asked. Holds no state beside what it was built from."""

    def __init__(self, rows: tuple[CodeRow, ...], products: Products, names: DrugNames) -> None:
        self.products = products
        self.names = names
        self._meanings, self._prefixes = _dictionary(rows)
        self._lengths = {
            system: tuple(sorted({len(code) for url, code in self._prefixes if url == system}, reverse=True))
            for system in ICD
        }
        self._of_icd = lru_cache(maxsize=ICD_CODES_KEPT)(self._look_up_icd)
        self._files = _files_by_code(rows)
        icd = {code for url, code in (*self._meanings, *self._prefixes) if url in ICD}
        self._heads = frozenset(head for code in icd for head in _heads(code))

    @classmethod
    def of(cls, rows: Iterable[CodeRow]) -> Self:
        """The terminology of all rows; rows that are not verified stay out, but for drug names."""
        rows = tuple(rows)
        return cls(rows, Products.of(rows), DrugNames.of(rows))

    def candidates(self, resources: Iterable[C]) -> list[C]:
        """The resources with a code that may be ours: a glance at the code, whatever its system.

        Most resources of a chart end here, so this looks at nothing else.
        """
        listed, heads = self._files, self._heads
        found = []
        for resource in resources:
            concept = resource.code
            for coding in (concept.coding or ()) if concept is not None else ():
                code = coding.code
                if code in listed or (code is not None and code[:ICD_HEAD] in heads):
                    found.append(resource)
                    break
        return found

    def meanings(self, concept: Concept | None) -> tuple[Meaning, ...]:
        """What the codes of a CodeableConcept mean, code by code; empty where none is ours.

        A code counts only in its own system. Text is not looked at.
        """
        found: tuple[Meaning, ...] = ()
        for coding in (concept.coding or ()) if concept is not None else ():
            if coding.system is not None and coding.code is not None:
                meanings = self.of_code(coding.system, coding.code)
                found = found + meanings if found else meanings
        return found

    def of_code(self, system: str, code: str) -> tuple[Meaning, ...]:
        """What one code means; empty where it is not ours."""
        url = our_url(system)
        if url is None:
            return ()
        if url in ICD:
            return self._of_icd(url, code)
        return self._meanings.get((url, code), ())

    def misfiled(self, concept: Concept, files: frozenset[str]) -> bool:
        """Whether a code of ours stands under a system that it cannot belong to, or under none.

        Args:
            concept: One that has no meaning by `meanings`.
            files: The files whose codes would be read in its place.
        """
        for coding in concept.coding or ():
            homes = self._files.get(coding.code or "")
            if homes and any(file in files for file in homes):
                url = our_url(coding.system) if coding.system else ""
                if url == "" or (url is not None and not could_be(coding.code or "", url)):
                    return True
        return False

    def _look_up_icd(self, url: str, sent: str) -> tuple[Meaning, ...]:
        code = sent.replace(".", "").upper()
        found = self._meanings.get((url, code), ())
        for length in self._lengths[url]:
            if length <= len(code):
                found += self._prefixes.get((url, code[:length]), ())
        return tuple(m for m in _coded_as(found, code) if _counts(m)) if found else ()


def _coded_as(meanings: tuple[Meaning, ...], code: str) -> Iterable[Meaning]:
    """The meanings with the patient's whole code, each concept once: the longest prefix wins."""
    seen: set[str] = set()
    for meaning in meanings:
        if meaning.concept not in seen:
            seen.add(meaning.concept)
            yield msgspec.structs.replace(meaning, code=code)


def _counts(meaning: Meaning) -> bool:
    """The exclusions that the code lists write beside a prefix."""
    match meaning.concept:
        case "malignancy-active":
            return not meaning.code.startswith("C44")  # non-melanoma skin cancer
        case "vertebral-fracture":  # 7th character S: sequela
            return not (len(meaning.code) >= SEQUELA_LENGTH and meaning.code[SEQUELA_LENGTH - 1] == "S")
        case "pregnancy":  # O85 to O92: the puerperium
            return not "O85" <= meaning.code[:3] <= "O92"
        case _:
            return True


Dictionary = dict[tuple[str, str], tuple[Meaning, ...]]


def _dictionary(rows: Iterable[CodeRow]) -> tuple[Dictionary, Dictionary]:
    """Meanings by whole code, and by prefix."""
    exact: Dictionary = {}
    prefixes: Dictionary = {}
    for row in rows:
        if not row.verified or row.file.startswith(NOT_LOOKED_UP):
            continue
        code = row.code.replace(".", "").upper() if row.system in ICD else row.code
        needs_words = "only if text" in row.note
        meaning = Meaning(row.concept, row.role, row.file, code, needs_words, row.display)
        target = prefixes if row.match == "prefix" else exact
        target[row.system, code] = (*target.get((row.system, code), ()), meaning)
    return exact, prefixes


def _files_by_code(rows: Iterable[CodeRow]) -> Mapping[str | None, frozenset[str]]:
    """The files that list a code, in whatever system; ICD-10 codes with and without the dot."""
    files: dict[str | None, frozenset[str]] = {}
    for row in rows:
        if row.verified and row.code:
            for code in {row.code, row.code.replace(".", "") if row.system in ICD else row.code}:
                files[code] = files.get(code, frozenset()) | {row.file}
    return files


def _heads(code: str) -> Iterable[str]:
    """The categories that an ICD-10 code or prefix may begin with, as they may be written."""
    if len(code) >= ICD_HEAD:
        heads = [code[:ICD_HEAD]]
    else:  # "C": a whole chapter
        heads = [f"{code}{number:02}"[:ICD_HEAD] for number in range(100)]
        heads += [f"{code}{digit}{letter}" for digit in range(10) for letter in ascii_uppercase]
    return {variant for head in heads for variant in (head, head.lower())}
