"""The figures counted again from the rows in the plainest way, to compare a report with."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from datetime import UTC, datetime
from typing import Any

from tests.cds_service.report.making import Rows

Row = dict[str, Any]


class Recount:
    """Everything from the rows; each question is one pass over them."""

    def __init__(self, rows: Rows) -> None:
        self.calls = {call["id"]: call for call in rows.calls}
        self.items = rows.items
        self.suggestions = rows.suggestions
        self.feedback = rows.feedback
        self.call_of = {item["card"]: self.calls[item["call"]] for item in rows.items if item["card"]}

    def answers(self, card: str) -> list[Row]:
        """Oldest first."""
        own = [f for f in self.feedback if f["card"] == card and f["tenant"] == self.call_of[card]["tenant"]]
        return sorted(own, key=lambda f: (min(f["outcome_at"], f["received_at"]), f["received_at"], f["key"]))

    def card_outcome(self, card: str) -> str:
        answers = self.answers(card)
        return str(answers[-1]["outcome"]) if answers else "unanswered"

    def item_outcome(self, item: Row) -> str:
        chosen = {
            s["id"]
            for s in self.suggestions
            if s["card"] == item["card"] and s["recommendation"] == item["recommendation"]
        }
        outcome = "unanswered"
        for answer in self.answers(item["card"]):
            if answer["outcome"] == "overridden" or chosen & set(answer["suggestions"].split()):
                outcome = answer["outcome"]
        return outcome

    def cards(self, group: Callable[[Row], Hashable]) -> Counter[tuple[Hashable, str]]:
        """By a property of the call, and outcome."""
        return Counter((group(call), self.card_outcome(card)) for card, call in self.call_of.items())

    def patients(self, pairs: Iterable[tuple[Hashable, Row]]) -> dict[Hashable, int]:
        """How many are behind each key."""
        found: defaultdict[Hashable, set[tuple[str, bytes]]] = defaultdict(set)
        for key, call in pairs:
            found[key].add((call["tenant"], call["patient"]))
        return {key: len(patients) for key, patients in found.items()}

    def shown_items(self) -> list[Row]:
        return [item for item in self.items if item["fate"] == "shown"]


def week(call: Row) -> str:
    return datetime.fromtimestamp(call["at"] / 1000, UTC).strftime("%G-W%V")
