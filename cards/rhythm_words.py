"""How often a drug is taken, as an instruction in words says it, changed where that can be done safely.

One phrase that says the old number of doses a day ("three times daily", "q8h", "every 4-6 hours")
becomes the new one. Where anything else may tell a number or a time of the day, or the words are
none that are known here, there is no change.
"""

import re
from collections.abc import Collection
from decimal import Decimal

from cards.draft_words import NUMBER_VALUES, has_number

_HOURS = 24
_NUMBER_WORDS = "|".join(NUMBER_VALUES)
_COUNT = rf"(?:\d{{1,2}}|(?:{_NUMBER_WORDS}))"
_A_DAY = r"\s?(?:(?:a|per|each|every)\s|/\s?)?(?:day|daily)\b"
_PHRASE = re.compile(
    rf"\b(?P<times>{_COUNT})\s?(?:x|times?){_A_DAY}"
    rf"|\b(?P<adverb>once|twice|thrice){_A_DAY}"
    rf"|\b(?:every\s|q\s?)(?P<hours>{_COUNT})(?:\s?(?:-|\u2013|to)\s?{_COUNT})?[\s-]?(?:hours?|hrs?|h)\b"
    r"|\b(?P<code>bid|tid|qid)\b|\b(?P<dotted>b\.i\.d|t\.i\.d|q\.i\.d)\b\.?",
    re.IGNORECASE,
)
_ADVERBS = {"once": 1, "twice": 2, "thrice": 3, "bid": 2, "tid": 3, "qid": 4}
# What stays true at fewer doses a day: how long, and the strength of one dose in brackets.
_TIMELESS = re.compile(
    r"\bfor\s(?:up\sto\s)?\d{1,3}\s(?:days?|weeks?)\b"
    r"|\(\s?\d{1,5}(?:\.\d{1,3})?\s?(?:mg|mcg|ug)(?:\stotal)?\s?\)",
    re.IGNORECASE,
)
_DOSE = re.compile(
    rf"(?<![\d.,/\u2013-])\b(?P<number>\d{{1,5}}(?:\.\d{{1,3}})?|{_NUMBER_WORDS})\s?"
    r"(?:tab|tabs|tablets?|cap|caps|capsules?|pills?|(?P<measure>mg|ml))\b(?!\s?(?:/|per\b|-|\u2013))",
    re.IGNORECASE,
)
_OF_TIME = re.compile(
    r"\b(?:day|days|daily|night|nights|nightly|morning|mornings|noon|midday|afternoon|evening|evenings|bed|bedtime"
    r"|[ap]\.?m|hs|q\w{1,4}|meals?|mealtimes?|breakfast|lunch|dinner|supper|hours?|hourly|hrs?|h|times?|once|twice"
    r"|thrice|bid|tid|qid|per|max|maximum|most|exceed|more|less|total|then|every|each|double|extra|repeat|may"
    r"|weeks?|weekly|months?|monthly|ac|pc)\b|[bt]\.i\.d|q\.",
    re.IGNORECASE,
)
# Words beside which no number of doses is told: an instruction of these alone stays as it is.
_PLAIN_WORDS = """
    take give use tablet tablets tab tabs capsule capsules cap caps pill pills mg by mouth po oral orally
    as needed prn if for pain back severe with without food water a full glass of the and swallow whole
    do not crush chew
"""
_PLAIN = frozenset(_PLAIN_WORDS.split())


def tells_time(words: str) -> bool:
    """Whether words say, or may say, how often or when."""
    return _PHRASE.search(words) is not None or _OF_TIME.search(words) is not None


def without_rhythm(words: str) -> str:
    """The words without the phrases that say how often."""
    return _PHRASE.sub(" ", words)


def said_anew(words: str, doses: Collection[Decimal] | None, times: Decimal, rhythm: str) -> str | None:
    """An instruction with another rhythm.

    Args:
        words: The instruction as written.
        doses: The single dose in pieces as written, which stays; None where it is a measure, and
            the words may count it in pieces.
        times: The doses a day as written.
        rhythm: The new rhythm in words.

    Returns:
        The words unchanged where they do not say how often; None where that is unclear.
    """
    found = list(_PHRASE.finditer(words))
    if len(found) > 1 or any(_times(phrase) != times for phrase in found):
        return None
    start, end = found[0].span() if found else (len(words), len(words))
    rest = f"{words[:start]} {words[end:]}"
    rest = _TIMELESS.sub(" ", rest)
    rest = _DOSE.sub(lambda dose: " " if _is_single(dose, doses) else dose[0], rest)
    if has_number(rest) or _OF_TIME.search(rest):
        return None
    if not found and not _PLAIN.issuperset(re.findall(r"\w+", rest.lower())):
        return None
    return f"{words[:start]}{rhythm}{words[end:]}" if found else words


def _is_single(dose: re.Match[str], doses: Collection[Decimal] | None) -> bool:
    if doses is None:
        return not dose["measure"]
    return _value(dose["number"]) in doses


def _times(phrase: re.Match[str]) -> Decimal:
    """The doses a day that a phrase says, at most."""
    if phrase["hours"]:
        hours = _value(phrase["hours"])
        return Decimal(_HOURS) / hours if hours else Decimal(0)
    if phrase["times"]:
        return _value(phrase["times"])
    word = phrase["adverb"] or phrase["code"] or phrase["dotted"]
    return Decimal(_ADVERBS[word.lower().replace(".", "")])


def _value(number: str) -> Decimal:
    word = number.lower()
    return NUMBER_VALUES[word] if word in NUMBER_VALUES else Decimal(word)
