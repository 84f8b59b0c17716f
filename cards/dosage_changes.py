"""What changes in a dosage instruction beside its dose or its timing, told to the clinician."""

from collections.abc import Iterator

from cards import markdown, wording
from cards.opaque import DraftJson, the_one

_TOLD = {"text": wording.WORDS_NOW, "patientInstruction": wording.PATIENT_WORDS_NOW}


def changes_beside(draft: DraftJson, changed: DraftJson) -> Iterator[str]:
    """One sentence in plain text for each instruction in words, and for the ceiling, that is another now."""
    before = the_one(draft.get("dosageInstruction")) or {}
    after = the_one(changed.get("dosageInstruction")) or {}
    for name, words in _TOLD.items():
        said = after.get(name)
        if isinstance(said, str) and said != before.get(name):
            shown = markdown.plain(said)
            yield f"{words}: {shown}" if shown.endswith((".", "!", "?")) else f"{words}: {shown}."
    if after.get("maxDosePerPeriod") != before.get("maxDosePerPeriod"):
        yield wording.CEILING_NOW
