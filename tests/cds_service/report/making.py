"""Rows of the store as a service would write them, for the tests of the report."""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Table, insert

from cards.overrides import SYSTEM
from cds_service.memory.records import Fate
from cds_service.report.periods import Calendar
from cds_service.store.tables import calls, feedback, items, suggestions

START = datetime(2026, 8, 3, 8, tzinfo=UTC)  # a Monday
UTC_CALENDAR = Calendar(ZoneInfo("UTC"))
DAY_MS, MINUTE_MS = 86_400_000, 60_000
STATES = (
    "esi-repeat-window",
    "esi-eligible",
    "conservative-in-progress",
    "initial-conservative",
    "improved-monitoring",
)
RULES = (
    "esi-repeat",
    "exercise-pt",
    "nsaid",
    "duloxetine",
    "mri-lumbar",
    "shared-decision",
    "evidence-limits",
)
GUARDS = ("esi-too-early", "nsaid-ckd", "imaging-no-red-flag")
REASONS = (
    "patient-preference",
    "already-tried",
    "not-tolerated",
    "specialist-plan",
    "data-incorrect",
    "other",
)


def ms(moment: datetime) -> int:
    return int(moment.timestamp()) * 1000


def hashed(text: str) -> bytes:
    return sha256(text.encode()).digest()


@dataclass
class Rows:
    """The rows of each table."""

    calls: list[dict[str, Any]] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    suggestions: list[dict[str, Any]] = field(default_factory=list)
    feedback: list[dict[str, Any]] = field(default_factory=list)
    on_card: dict[str, list[dict[str, Any]]] = field(default_factory=dict)  # suggestions
    numbers: random.Random = field(default_factory=lambda: random.Random(5))  # noqa: S311 - test data

    def uuid(self) -> str:
        return str(UUID(int=self.numbers.getrandbits(128), version=4))

    def call(
        self,
        *cards: Sequence[str],
        at: int = ms(START),
        tenant: str = "north",
        hook: str = "patient-view",
        state: str = "esi-repeat-window",
        patient: str = "p1",
        user: str = "u1",
        held: Iterable[tuple[str, Fate, str | None]] = (),
        without_suggestion: Iterable[str] = ("evidence-limits",),
    ) -> list[str]:
        """One call with cards, each of recommendations; the uuids of its cards."""
        call = self.uuid()
        self.calls.append(
            {
                "id": call,
                "at": at,
                "tenant": tenant,
                "service": f"low-back-pain-{hook}",
                "hook": hook,
                "instance": self.uuid(),
                "patient": hashed(f"{tenant} {patient}"),
                "user": hashed(f"{tenant} {user}"),
                "state": state,
                "as_of": datetime.fromtimestamp(at / 1000, UTC).date().isoformat(),
                "knowledge_version": "2026-11-22+0a1b2c3d",
                "gaps": "",
                "milliseconds": 12.5,
                "memory_asked": True,
                "cards": len(cards),
            }
        )
        position, uuids = 0, []
        for recommendations in cards:
            card = self.uuid()
            uuids.append(card)
            for name in recommendations:
                self._item(call, position, name, Fate.SHOWN, card=card)
                position += 1
                if name not in without_suggestion:
                    self._suggestion(call, card, name)
        for name, fate, reason in held:
            self._item(call, position, name, fate, reason=reason)
            position += 1
        return uuids

    def _suggestion(self, call: str, card: str, name: str) -> None:
        made = {"id": self.uuid(), "call": call, "card": card, "recommendation": name, "recommended": False}
        self.suggestions.append(made)
        self.on_card.setdefault(card, []).append(made)

    def _item(self, call: str, position: int, name: str, fate: Fate, **more: str | None) -> None:
        self.items.append(
            {
                "call": call,
                "position": position,
                "card": more.get("card"),
                "indicator": "info",
                "recommendation": name,
                "fate": fate.value,
                "reason": more.get("reason"),
                "fingerprint": hashed(name),
            }
        )

    def accept(self, card: str, *recommendations: str, at: int, tenant: str = "north") -> None:
        chosen = [
            s["id"]
            for s in self.on_card.get(card, ())
            if not recommendations or s["recommendation"] in recommendations
        ]
        self._feedback(card, "accepted", at, tenant, suggestions=" ".join(chosen))

    def override(
        self, card: str, reason: str | None = None, *, at: int, tenant: str = "north", system: str = SYSTEM
    ) -> None:
        self._feedback(
            card, "overridden", at, tenant, reason_system=system if reason else None, reason_code=reason
        )

    def _feedback(self, card: str, outcome: str, at: int, tenant: str, **more: str | None) -> None:
        self.feedback.append(
            {
                "key": hashed(f"{card} {outcome} {at} {more} {len(self.feedback)}"),
                "tenant": tenant,
                "service": "low-back-pain-patient-view",
                "card": card,
                "outcome": outcome,
                "suggestions": more.get("suggestions") or "",
                "reason_system": more.get("reason_system"),
                "reason_code": more.get("reason_code"),
                "outcome_at": at,
                "received_at": at + 2000,
            }
        )

    def write(self, connection: Connection) -> None:
        written: Mapping[Table, list[dict[str, Any]]] = {
            calls: self.calls,
            items: self.items,
            suggestions: self.suggestions,
            feedback: self.feedback,
        }
        for table, rows in written.items():
            for start in range(0, len(rows), 1000):
                connection.execute(insert(table), rows[start : start + 1000])


def one_card() -> Rows:
    rows = Rows()
    card = rows.call(["esi-repeat", "exercise-pt"])[0]
    rows.accept(card, "esi-repeat", at=ms(START) + 3 * MINUTE_MS)
    return rows


def a_busy_quarter(cards: int = 10_000) -> Rows:
    """Two sites, thirteen weeks, `cards` cards; one site shows one recommendation to half its patients."""
    rows = Rows()
    sent = 0
    while sent < cards:
        sent += _visit(rows, cards - sent)
    return rows


def _visit(rows: Rows, room: int) -> int:
    numbers = rows.numbers
    tenant = numbers.choices(("north", "south"), (3, 2))[0]
    patient, user = f"p{numbers.randrange(1200)}", f"u{int(numbers.triangular(0, 60, 5))}"
    at = ms(START) + numbers.randrange(91) * DAY_MS + numbers.randrange(9 * 60) * MINUTE_MS
    who: dict[str, Any] = {"at": at, "tenant": tenant, "patient": patient, "user": user}
    if numbers.random() < 0.2:
        cards = [[name] for name in numbers.sample(GUARDS, numbers.choice((0, 1, 1, 2)))][:room]
        sent = rows.call(*cards, hook=numbers.choice(("order-select", "order-sign")), state=STATES[2], **who)
    else:
        sent = _open_chart(rows, room, who)
    for card in sent:
        _answer(rows, card, at, tenant)
    return len(sent)


def _open_chart(rows: Rows, room: int, who: Mapping[str, Any]) -> list[str]:
    numbers = rows.numbers
    if numbers.random() < 0.25:
        return rows.call(state="not-applicable", **who)
    is_control = int(who["patient"][1:]) % 2 == 1
    held: list[tuple[str, Fate, str | None]] = []
    names = numbers.sample([name for name in RULES if name != "duloxetine"], numbers.choice((2, 3, 4)))
    if numbers.random() < 0.2:
        held.append((names.pop(), Fate.QUIET, numbers.choice(("patient-preference", "accepted"))))
    if numbers.random() < 0.03:
        held.append((names.pop(), Fate.CAPPED, "once-per-encounter"))
    if who["tenant"] == "south" and numbers.random() < (0.5 if is_control else 0.35):
        if is_control:
            held.append(("duloxetine", Fate.CONTROL, None))
        else:
            names.append("duloxetine")
    if who["tenant"] == "north" and numbers.random() < 0.1:
        held.append(("duloxetine", Fate.SHADOW, None))
    cards = [names[:2], names[2:]][: max(room, 0)]
    return rows.call(*(card for card in cards if card), state=numbers.choice(STATES), held=held, **who)


def _answer(rows: Rows, card: str, at: int, tenant: str) -> None:
    numbers = rows.numbers
    moment = at + int(numbers.lognormvariate(4.2, 1.3) * 1000)
    chance = numbers.random()
    if chance < 0.22:
        rows.accept(card, at=moment, tenant=tenant)
    elif chance < 0.57:
        if numbers.random() < 0.15:
            rows.override(
                card, numbers.choice(("45", "46")), at=moment, tenant=tenant, system="urn:site:reasons"
            )
        else:
            rows.override(card, numbers.choice((*REASONS, *REASONS[:2], None)), at=moment, tenant=tenant)


def anything(seed: int, visits: int, patients: int) -> Rows:
    """Whatever may happen: late, early, repeated and contradicting answers, other tenants', unknown cards."""
    rows = Rows(numbers=random.Random(seed))  # noqa: S311 - test data
    numbers = rows.numbers
    for _ in range(visits):
        tenant = numbers.choice(("north", "south"))
        at = ms(START) + numbers.randrange(20 * DAY_MS) // 3_600_000 * 3_600_000
        cards = [numbers.sample(RULES, numbers.randint(1, 3)) for _ in range(numbers.randint(0, 3))]
        held = [
            (
                numbers.choice(RULES),
                numbers.choice(list(Fate)[1:]),
                numbers.choice(("accepted", "other", None)),
            )
            for _ in range(numbers.choice((0, 0, 1, 2)))
        ]
        sent = rows.call(
            *cards,
            at=at,
            tenant=tenant,
            hook=numbers.choice(("patient-view", "patient-view", "order-sign")),
            state=numbers.choice(STATES),
            patient=f"p{numbers.randrange(patients)}",
            user=f"u{numbers.randrange(8)}",
            held=held,
        )
        for card in sent:
            for _ in range(numbers.choice((0, 0, 1, 1, 2, 3))):
                _answer_somehow(rows, card, at, numbers.choice((tenant, tenant, tenant, "north")))
    for _ in range(numbers.randrange(3)):
        rows.override(rows.uuid(), "other", at=ms(START))
    for table in (rows.calls, rows.items, rows.suggestions, rows.feedback):
        numbers.shuffle(table)  # they arrive in any order
    return rows


def _answer_somehow(rows: Rows, card: str, at: int, tenant: str) -> None:
    numbers = rows.numbers
    moment = at + numbers.choice((-MINUTE_MS, 0, MINUTE_MS, numbers.randrange(DAY_MS)))
    if numbers.random() < 0.5:
        carried = [s["recommendation"] for s in rows.on_card.get(card, ())]
        rows.accept(card, *numbers.sample(carried, min(1, len(carried))), at=moment, tenant=tenant)
    else:
        system = numbers.choice((SYSTEM, SYSTEM, "urn:site:reasons"))
        rows.override(card, numbers.choice((*REASONS, None)), at=moment, tenant=tenant, system=system)
