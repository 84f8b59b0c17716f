"""Words of the picture: names of what the pathway knows, and chart text made fit to be shown."""

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal

from cards import wording
from cards.filling import shown_number
from pathway.facts import Bounded, Instrument, ScoreFact

LONGEST_CHARTED = 120  # characters of a name that the chart gives
_OWN: Mapping[str, str] = {
    "cabg": "coronary bypass",
    "nsaid": "NSAID",
    "snri-duloxetine": "SNRI",
    "ssri": "SSRI",
    "snri": "SNRI",
    "maoi": "MAO inhibitor",
}
SCORE_NAMES: Mapping[Instrument, str] = {
    Instrument.NRS: "pain (NRS)",
    Instrument.NRS_WEEK: "pain of the past week (NRS)",
    Instrument.VAS: "pain (VAS)",
    Instrument.PAIN_OTHER: "pain score",
    Instrument.FACES: "pain (faces scale)",
    Instrument.PEG: "PEG, pain and function",
    Instrument.ODI: "ODI, disability",
    Instrument.PROMIS_PI: "PROMIS pain interference",
    Instrument.START_BACK: "STarT Back, risk",
    Instrument.PHQ9: "PHQ-9, depression",
}
# Not characters of XML 1.0 (https://www.w3.org/TR/xml/#charsets), and those that turn the
# direction of what is written beside them.
_UNFIT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufeff\ufff9-\uffff]"
)


def charted(text: str) -> str:
    """Chart words on one line, without characters that no document may hold, and not endless."""
    words = " ".join(_UNFIT.sub("\N{REPLACEMENT CHARACTER}", text).split())
    return words if len(words) <= LONGEST_CHARTED else f"{words[: LONGEST_CHARTED - 1].rstrip()}…"


def name_of(identifier: str) -> str:
    """A modality, drug class, study or operation in words."""
    return _OWN.get(identifier) or wording.name_of(identifier)


def drug_name(ingredients: Iterable[str], drug_class: str) -> str:
    """A drug by ingredient with its class, as far as that says more: "naproxen (NSAID)"."""
    named = ", ".join(sorted({charted(name) for name in ingredients if name}))
    kind = name_of(drug_class)
    if not named:
        return kind
    return named if kind in named else f"{named} ({kind})"


def score_name(instrument: Instrument) -> str:
    """An instrument with what it measures."""
    return SCORE_NAMES.get(instrument) or wording.INSTRUMENTS[instrument][0]


def scores_in_words(baseline: ScoreFact | None, follow_up: ScoreFact | None) -> str | None:
    """Two scores that show a change: "pain 8/10, then 5/10"; None where one is missing."""
    if baseline is None or follow_up is None:
        return None
    label, suffix = wording.INSTRUMENTS[baseline.instrument]
    return f"{label} {shown_number(baseline.shown)}{suffix}, then {shown_number(follow_up.shown)}{suffix}"


def number(value: Decimal | Bounded) -> str:
    """A value as cards show it."""
    return shown_number(value)


def counted(count: int, unit: str) -> str:
    """A count with its unit: "1 day", "3 days"."""
    return f"1 {unit}" if count == 1 else f"{count} {unit}s"
