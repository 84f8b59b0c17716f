"""What an order says in words, where a change of its numbers could contradict them.

Nothing is understood here but numbers and what they count: where that is unclear, the caller makes
no change.
"""

import re
from collections.abc import Collection, Iterator
from decimal import Decimal, InvalidOperation

from cards.opaque import DraftJson, json_object

_COUNTED = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_WHOLE = {word: Decimal(value) for value, word in enumerate(_COUNTED, start=1)}
NUMBER_VALUES = _WHOLE | {"half": Decimal("0.5")}
_NUMBER_WORD = "|".join(NUMBER_VALUES)
_TENS = "eleven|twelve|fourteen|fifteen|twenty|thirty|forty|fifty|sixty|ninety"  # as durations are told
_ANY_NUMBER = re.compile(rf"[\d\u00bc-\u00be]|\b(?:{_NUMBER_WORD})\b", re.IGNORECASE)
# "2", "1,000", "1/2", "two", before the word that says what it counts; "4" of "4-6 hours" is hours.
_NUMBER = re.compile(
    rf"(?P<number>[\d\u00bc-\u00be][\d.,/\u00bc-\u00be]{{0,20}}|\.\d{{1,9}}|\b(?:{_NUMBER_WORD})\b)"
    rf"(?=(?:\s?(?:-|\u2013|to|or)\s?(?:[\d.]{{1,9}}|(?:{_NUMBER_WORD})\b))?"
    r"[\s-]{0,3}(?P<unit>[a-z]{0,10}))",
    re.IGNORECASE,
)
# What a number counts that is no dose: "every 6 hours", "3 times a day".
_NO_DOSE = re.compile(
    r"h|hrs?|hours?|hourly|min|mins|minutes?|d|days?|wks?|weeks?|months?|years?|times|x", re.IGNORECASE
)
_PERIOD = r"(?:days?|d|wks?|weeks?|months?|mos?|years?|fortnights?)\b"
_DURATION = re.compile(
    rf"(?:\d|\b(?:{_NUMBER_WORD}|{_TENS})\b)\)?[\s-]{{0,3}}"
    rf"(?:(?:more|full|further|additional|consecutive|calendar)\s)?{_PERIOD}"
    rf"|\bfor\s(?:up\sto\s)?(?:a|the|another)\s(?:(?:next|full|whole|further|few|couple\sof)\s)?{_PERIOD}"
    r"|\bdays?\s?\d",
    re.IGNORECASE,
)


def words_of(value: object) -> Iterator[str]:
    """What an element says: a string itself, an annotation or a concept with `text` and `display`."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for element in value:
            if not isinstance(element, list):  # FHIR has no lists of lists
                yield from words_of(element)
    else:
        element = json_object(value) or {}
        yield from (said for said in (element.get("text"), element.get("display")) if isinstance(said, str))
        codings = element.get("coding")
        for coding in codings if isinstance(codings, list) else [codings]:
            display = (json_object(coding) or {}).get("display")
            if isinstance(display, str):
                yield display


def instructions_of(dosage: DraftJson) -> Iterator[str]:
    """What a Dosage says beside its `text`."""
    yield from words_of(dosage.get("patientInstruction"))
    yield from words_of(dosage.get("additionalInstruction"))


def has_number(words: str) -> bool:
    """Whether there is a digit or a number word."""
    return _ANY_NUMBER.search(words) is not None


def has_duration(words: str) -> bool:
    """Whether it is said how long: "for 10 days", "x 2 weeks", "for a month", also "every 3 days"."""
    return _DURATION.search(words) is not None


def may_name(words: str, doses: Collection[Decimal], *, but: int | None = None) -> bool:
    """Whether a number may stand for one of these doses: it is as large and counts no time.

    Args:
        words: What the order says.
        doses: The doses as written.
        but: Where the one number begins that does not count here.
    """
    return any(
        found.start() != but
        and not _NO_DOSE.fullmatch(found["unit"])
        and words[: found.start()][-1:] not in ("q", "Q")
        and _is_one_of(found["number"], doses)
        for found in _NUMBER.finditer(words)
    )


def _is_one_of(number: str, doses: Collection[Decimal]) -> bool:
    """Whether it is one of them; also where its value is unclear (1/2, 0,5)."""
    word = number.rstrip(".,/").lower()
    try:
        return (NUMBER_VALUES[word] if word in NUMBER_VALUES else Decimal(word)) in doses
    except InvalidOperation:
        return True
