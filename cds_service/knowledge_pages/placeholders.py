"""What stands in braces in the words of a card: "{last_esi}" is the day of the last injection."""

import re
from collections.abc import Mapping

from markupsafe import Markup

WORDS: Mapping[str, str] = {
    "age": "age",
    "allergy_name": "the allergy",
    "anticoagulant_name": "the anticoagulant",
    "antiplatelet_name": "the antiplatelet",
    "as_of": "today",
    "at_least": "at least",
    "cap_until": "day the cap ends",
    "ceiling": "highest daily dose",
    "ckd_basis": "code or eGFR",
    "closes": "day the series closes",
    "condition_date": "its date",
    "condition_name": "the condition",
    "count": "number",
    "daily": "daily dose",
    "date": "proposed date",
    "days": "number of days",
    "days_elapsed": "days since then",
    "days_since_esi": "days since the injection",
    "drug": "the drug",
    "drug_name": "the drug",
    "earliest": "earliest day",
    "egfr": "eGFR",
    "egfr_date": "its date",
    "esi_code": "code of the last injection",
    "event": "the event",
    "finding": "the laboratory finding",
    "first_esi": "day of the first injection",
    "flags": "the red flags",
    "gestation": "week of pregnancy",
    "imaging_date": "day of the imaging",
    "implant_name": "the implant",
    "inr": "INR",
    "inr_date": "its date",
    "last_esi": "day of the last injection",
    "later": "a later day",
    "mi_date": "its date",
    "missing": "what is missing",
    "n": "number given",
    "new_daily_units": "lower dose a day",
    "new_dose": "lower dose",
    "new_rhythm": "how often then",
    "new_times": "doses a day then",
    "next_n": "number of the next",
    "odi": "ODI",
    "odi_date": "its date",
    "old_rhythm": "how often now",
    "old_times": "doses a day now",
    "onset_date": "day of the onset",
    "order_day": "day of the order",
    "other_date": "its date",
    "other_drug": "the other drug",
    "other_order": "the other order",
    "pain": "pain score",
    "pain_date": "its date",
    "phq9": "score",
    "platelets": "platelet count",
    "platelets_date": "its date",
    "problem": "the problem",
    "reasons": "the reasons",
    "relief": "relief in percent",
    "review_date": "day of review",
    "risk_names": "the risk markers",
    "session_dates": "days of the injections",
    "short_supply": "number of days",
    "start_back": "score",
    "sum": "the opioids with their doses",
    "supply_days": "days of supply",
    "symptom": "the symptom",
    "total": "total",
    "trials": "the running trials",
    "weeks": "number of weeks",
    "window_end": "end of the window",
}
_NAME = re.compile(r"\{([a-z0-9_]+)\}")


def shown(text: str) -> Markup:
    """A text of the knowledge as HTML; what is filled in for a patient is marked as such."""
    parts = _NAME.split(text)  # words, name, words, name, …, words
    marked = [
        Markup("<var>{}</var>").format(words_for(part)) if index % 2 else Markup("{}").format(part)
        for index, part in enumerate(parts)
    ]
    return Markup("").join(marked)


def plain(text: str) -> str:
    """The same as plain text, for programs that search and for titles."""
    return _NAME.sub(lambda match: f"[{words_for(match[1])}]", text)


def words_for(name: str) -> str:
    """What a name in braces stands for."""
    return WORDS.get(name) or name.replace("_", " ")
