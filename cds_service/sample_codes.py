"""Which code a sample patient's record uses for a concept: the terminology read backwards."""

from enum import StrEnum

from pathway.codelists import CodeRow

SNOMED = "http://snomed.info/sct"
INGREDIENTS, CLINICAL_DRUGS = "medications-ingredients.csv", "medications-scd.csv"
SUGGESTED = "medications-suggested.csv"
DRUG_FILES = (INGREDIENTS, CLINICAL_DRUGS, SUGGESTED, "opioid-mme.csv")
NOT_SYSTEMIC = ("gel", "cream", "patch", "topical", "ophthalmic", "transdermal")  # ruling R72
LONG_ACTING = ("extended release", " hr ")  # ruling R49

# codes that count only with these words (red-flags.csv, note)
WORDS_NEEDED = {"R20.0": "Saddle anaesthesia"}

Concept = dict[str, object]  # a FHIR CodeableConcept

# ruling R57: therapies that have no confirmed code are recognised by these words
TEXT_ONLY = {
    "yoga": "Yoga programme, 8 weeks",
    "mbsr": "Mindfulness-based stress reduction course",
    "progressive-relaxation": "Progressive muscle relaxation training",
    "multidisciplinary-rehab": "Multidisciplinary rehabilitation programme",
    "acupuncture": "Acupuncture",
}


class CodeStyle(StrEnum):
    """How a record codes what it says."""

    US = "us"  # ICD-10-CM, CPT, RxNorm clinical drugs, LOINC
    SNOMED = "snomed"  # SNOMED CT where a verified code exists, RxNorm ingredients, LOINC


class Codes:
    """Codes by concept, in one style; a style without a code falls back to the other's."""

    def __init__(self, rows: tuple[CodeRow, ...], style: CodeStyle) -> None:
        self.style = style
        self._rows = [row for row in rows if row.verified and row.file not in DRUG_FILES]
        usual = {row.code for row in rows if row.file == SUGGESTED}
        drugs = (row for row in rows if row.file == CLINICAL_DRUGS and row.verified)
        single = (row for row in drugs if " / " not in row.display)
        self._clinical_drugs = sorted(single, key=lambda row: row.code not in usual)
        self._ingredients = {row.display: row for row in rows if row.file == INGREDIENTS}

    def concept(self, concept: str, *roles: str, code: str | None = None, exact: bool = False) -> Concept:
        """A CodeableConcept for a concept of the terminology.

        Args:
            concept: The concept id.
            roles: Roles to prefer, best first.
            code: The very code wanted, with or without the dot; another style's code then has
                the same role.
            exact: Whether no other code can say the same, whatever the style (weeks of gestation).

        Raises:
            LookupError: the terminology has no code, and no words, for it.
        """
        rows = [row for row in self._rows if row.concept == concept and row.code]
        if code is not None:
            wanted = code.replace(".", "")
            meant = [row for row in rows if wanted.startswith(row.code.replace(".", ""))]
            meant.sort(key=lambda row: -len(row.code))  # the most exact row says what the code means
            rows = [row for row in rows if meant and row.role == meant[0].role]
            has_snomed = self.style is CodeStyle.SNOMED and any(r.system == SNOMED for r in rows)
            if meant and (exact or not has_snomed):
                return _concept(meant[0], _dotted(meant[0], wanted))
        for role in roles:
            for row in sorted((row for row in rows if row.role == role), key=self._by_style):
                return _concept(row, row.code)
        if concept in TEXT_ONLY:
            return {"text": TEXT_ONLY[concept]}
        for row in sorted(rows, key=self._by_style):
            return _concept(row, row.code)
        raise LookupError(f"no code of the concept {concept!r}")

    def _by_style(self, row: CodeRow) -> bool:
        return (row.system == SNOMED) != (self.style is CodeStyle.SNOMED)

    def of_code(self, code: str) -> Concept:
        """The CodeableConcept of one code, whatever the style.

        Raises:
            LookupError: it is not in the terminology.
        """
        for row in self._rows:
            if row.code == code:
                return _concept(row, row.code)
        raise LookupError(f"no such code: {code!r}")

    def drug(self, ingredient: str, *, long_acting: bool = False, systemic: bool = True) -> Concept:
        """A drug of one ingredient: a clinical drug in US style, else the ingredient or its name."""
        row = self._ingredients.get(ingredient)
        if self.style is CodeStyle.US or long_acting or not systemic:
            for drug in self._clinical_drugs:
                words = f"{drug.display.lower()} "
                is_long, is_local = (any(w in words for w in ws) for ws in (LONG_ACTING, NOT_SYSTEMIC))
                if drug.role == ingredient and is_long == long_acting and is_local != systemic:
                    return _concept(drug, drug.code)
        if row is not None and row.verified and row.code and systemic and not long_acting:
            return _concept(row, row.code)
        form = " Extended Release" if long_acting else "" if systemic else " topical gel"
        return {"text": ingredient.capitalize() + form}

    def substance(self, drug_class: str, ingredient: str | None) -> Concept:
        """What someone is allergic to: an ingredient, else the class in words (ruling R26)."""
        words = {"contrast": "Contrast medium", "steroid": "Steroid", "nsaid": "NSAID"}
        words["local-anaesthetic"] = "Local anaesthetic"
        if ingredient is None and drug_class in words:
            return {"text": words[drug_class]}
        of_class = (name for name, row in self._ingredients.items() if row.concept == drug_class)
        row = self._ingredients[ingredient or next(of_class)]
        return _concept(row, row.code) if row.code and row.verified else {"text": row.display}


def _concept(row: CodeRow, code: str) -> Concept:
    text = WORDS_NEEDED.get(row.code, row.display)
    return {"coding": [{"system": row.system, "code": code, "display": row.display}], "text": text}


def _dotted(row: CodeRow, code: str) -> str:
    """ICD-10-CM codes with their dot."""
    return f"{code[:3]}.{code[3:]}" if row.system.endswith("icd-10-cm") and len(code) > 3 else code
