"""A call against the past: what is told, what is recorded, and that it never fails for the sake of it."""

import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from cards.dialects import dialect
from cards.wire import Answer
from cds_service.decision import Decider, Judged, encoded
from cds_service.envelope import HookRequest
from cds_service.logs import Log, log_to
from cds_service.memory.considering import Considered, Memory
from cds_service.memory.history import History, reading_access
from cds_service.memory.identities import Identities
from cds_service.memory.key_files import rotate
from cds_service.memory.records import CallRecord, Fate, FeedbackRecord
from cds_service.memory.rows import Writer
from cds_service.memory.settings import SiteMemory
from cds_service.store.location import location_of
from cds_service.store.opening import Store
from cds_service.tenants.model import Memory as MemoryTable
from cds_service.tenants.model import Tenant
from pathway.errors import KnowledgeError
from pathway.evaluation import advise
from pathway.golden import Given, facts_of
from pathway.golden_drafts import drafts_of
from pathway.guards import judge
from tests.cds_service.store.making import UNHURRIED_S, OpenStore

DAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
AT = int(NOW.timestamp() * 1000)
PATIENT = "patient-of-the-test"
AXIAL: dict[str, Any] = {"conditions": [{"concept": "lbp-axial", "onset": -400}]}
EMERGENCY: dict[str, Any] = {
    "conditions": [{"concept": "lbp-axial", "onset": -400}, {"concept": "cauda-equina", "onset": -1}]
}
BLEEDING: dict[str, Any] = {
    "conditions": [{"concept": "lbp-axial", "onset": -400}, {"concept": "gi-bleed-ulcer", "onset": -900}],
    "drafts": [{"ingredient": "naproxen", "daily": 1000, "supply_days": 14}],
}
NAPROXEN: dict[str, object] = {
    "resourceType": "MedicationRequest",
    "id": "draft",
    "medicationCodeableConcept": {
        "coding": [{"system": "urn:drugs", "code": "naproxen"}],
        "text": "naproxen",
    },
}


@pytest.fixture
def store(sqlite_address: str, open_a_store: OpenStore) -> Store:
    return open_a_store(sqlite_address)


@pytest.fixture
def identities(tmp_path: Path, log: Log) -> Identities:
    found = Identities(tmp_path / "keys", log)
    found.prepare({"north": None})
    return found


@pytest.fixture
def memory(store: Store, sqlite_address: str, identities: Identities, log: Log) -> Iterator[Memory]:  # noqa: ARG001 - its tables are read
    access = reading_access(location_of(sqlite_address), log=log, within_s=UNHURRIED_S)
    history = History(access, within_s=UNHURRIED_S)
    yield Memory(history, identities)
    history.close()


@pytest.fixture
def blind(tmp_path: Path, identities: Identities) -> Iterator[Memory]:
    """Without a store."""
    (tmp_path / "file").write_text("no folder")
    location = location_of(f"sqlite:///{tmp_path}/file/store.sqlite3")
    history = History(reading_access(location, log=log_to(io.StringIO())))
    yield Memory(history, identities)
    history.close()


def a_site(decider: Decider, *, zone: str = "UTC", **settings: Any) -> SiteMemory:
    table = msgspec.convert(settings, MemoryTable)
    return SiteMemory.of(Tenant(id="north", title="N", zone=ZoneInfo(zone), memory=table), decider.knowledge)


def asked(hook: str = "patient-view", **changes: Any) -> HookRequest:
    values: dict[str, Any] = {
        "hook": hook,
        "hook_instance": "i",
        "user_id": "Practitioner/a",
        "patient_id": PATIENT,
    }
    return HookRequest(**values | changes)


def judged(decider: Decider, patient: dict[str, Any], hook: str = "patient-view") -> Judged:
    given = msgspec.convert(patient, Given)
    facts = facts_of(given, DAY, decider.rows)
    if hook == "patient-view":
        return Judged(advise(facts, decider.knowledge))
    drafts = drafts_of(given, DAY, decider.rows)
    return Judged(judge(facts, drafts, decider.knowledge), [NAPROXEN] * len(drafts), hook)


@pytest.fixture
def consider(decider: Decider, memory: Memory) -> Callable[..., Considered]:
    def considered(
        patient: dict[str, Any] = AXIAL,
        hook: str = "patient-view",
        *,
        by: Memory = memory,
        zone: str = "UTC",
        **settings: Any,
    ) -> Considered:
        site = a_site(decider, zone=zone, **settings)
        return by.considered(site, asked(hook), judged(decider, patient, hook), as_of=DAY, now=NOW)

    return considered


def told(decider: Decider, considered: Considered) -> Any:
    return json.loads(encoded(considered.told(decider.answer(considered.judged))))


def overridden(store: Store, considered: Considered, answer: Answer, name: str, reason: str) -> None:
    """The answer is recorded, and the card that carries `name` overridden."""
    card = next(c for c in answer.cards if name in c.extension.org_backpath.recommendations)
    call = CallRecord(
        id="call",
        at=AT,
        tenant="north",
        service="s",
        hook="patient-view",
        instance="i",
        patient=considered.patient,
        user=considered.user,
        state="x",
        as_of=DAY.isoformat(),
        knowledge_version="k",
        cards=considered.cards(answer),
    )
    report = FeedbackRecord(
        key=b"k",
        tenant="north",
        service="s",
        card=card.uuid,
        outcome="overridden",
        reason_system="urn:backpath:override-reason",
        reason_code=reason,
        outcome_at=AT,
        received_at=AT,
    )
    writer = Writer(store.kind)
    assert store.run_beside(lambda connection: writer.write(connection, [call, report])) == {}


# --- what is told -------------------------------------------------------------------------------------------


def test_without_answers_the_answer_is_as_without_memory(
    decider: Decider, consider: Callable[..., Considered]
) -> None:
    considered = consider()

    assert considered.judged == judged(decider, AXIAL)
    assert (
        told(decider, considered)["extension"]
        == json.loads(encoded(decider.answer(considered.judged)))["extension"]
    )


def test_what_is_held_back_stands_in_the_answer(
    decider: Decider, store: Store, consider: Callable[..., Considered]
) -> None:
    first = consider()
    overridden(store, first, decider.answer(first.judged), "nsaid", "patient-preference")

    answer = told(decider, consider())

    assert answer["extension"]["org.backpath"]["heldBack"] == [
        {"recommendation": "nsaid", "reason": "patient-preference", "until": "2027-02-20"}
    ]
    assert "memory" not in answer["extension"]["org.backpath"]
    carried = [card["extension"]["org.backpath"]["recommendations"] for card in answer["cards"]]
    assert "nsaid" not in [name for names in carried for name in names]


def test_a_guard_that_is_held_back_names_its_order(
    decider: Decider, consider: Callable[..., Considered]
) -> None:
    answer = told(decider, consider(BLEEDING, "order-sign", shadow=["nsaid-gi-bleed"]))

    held = answer["extension"]["org.backpath"]["heldBack"]
    assert {
        "recommendation": "nsaid-gi-bleed",
        "reason": "shadow",
        "order": "MedicationRequest/draft",
    } in held


def test_an_answer_says_that_memory_was_not_asked(
    decider: Decider, blind: Memory, consider: Callable[..., Considered]
) -> None:
    considered = consider(by=blind)

    assert not considered.memory_asked
    assert told(decider, considered)["extension"]["org.backpath"]["memory"] == "not-asked"
    assert considered.judged == judged(decider, AXIAL)


@pytest.mark.parametrize(
    ("patient", "settings"),
    [(EMERGENCY, {}), ({}, {}), (AXIAL, {"shadow": True}), (AXIAL, {"rollout_percent": 0})],
    ids=["all is urgent", "there is nothing to say", "all is in the shadow", "the patient is of the control"],
)
def test_memory_is_not_needed_where_it_could_hold_nothing_back(
    blind: Memory, consider: Callable[..., Considered], patient: dict[str, Any], settings: dict[str, Any]
) -> None:
    assert consider(patient, by=blind, **settings).memory_asked


def test_state_and_gaps_stay_whatever_is_held_back(
    decider: Decider, consider: Callable[..., Considered]
) -> None:
    plain, silent = told(decider, consider()), told(decider, consider(shadow=True))

    assert silent["cards"] == []
    ours = silent["extension"]["org.backpath"]
    del ours["heldBack"]
    assert ours == plain["extension"]["org.backpath"]


# --- what is recorded ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["standard", "epic", "oracle"])
def test_the_records_name_the_cards_and_suggestions_that_are_sent(
    decider: Decider, consider: Callable[..., Considered], name: str
) -> None:
    considered = consider()
    answer = dialect(name, decider.knowledge)(considered.told(decider.answer(considered.judged)))

    records = considered.cards(answer)

    assert [record.id for record in records] == [card.uuid for card in answer.cards]
    assert [[item.recommendation for item in record.items] for record in records] == [
        list(card.extension.org_backpath.recommendations) for card in answer.cards
    ]
    assert [[s.id for s in record.suggestions] for record in records] == [
        [s.uuid for s in card.suggestions] for card in answer.cards
    ]
    assert {item.fate for record in records for item in record.items} == {Fate.SHOWN}


def test_what_is_held_back_is_recorded_as_a_card_that_was_never_sent(
    decider: Decider, store: Store, consider: Callable[..., Considered]
) -> None:
    first = consider()
    overridden(store, first, decider.answer(first.judged), "exercise-pt", "patient-preference")

    considered = consider(zone="America/New_York", shadow=["outcome-scores"])
    records = considered.cards(decider.answer(considered.judged))

    held = [record for record in records if record.id is None]
    assert [[item.recommendation for item in record.items] for record in held] == [
        ["exercise-pt", "spinal-manipulation", "massage", "acupuncture"],
        ["outcome-scores"],
    ]
    (quiet, *_), (shadowed,) = held[0].items, held[1].items
    assert (quiet.fate, quiet.reason) == (Fate.QUIET, "patient-preference")
    assert quiet.until == datetime(2027, 2, 20, tzinfo=ZoneInfo("America/New_York")).timestamp() * 1000
    assert (shadowed.fate, shadowed.reason, shadowed.until) == (Fate.SHADOW, "shadow", None)


def test_cards_that_were_not_sent_are_not_recorded_as_shown(
    decider: Decider, consider: Callable[..., Considered]
) -> None:
    """A trigger that the site does not want answered."""
    considered = consider()
    answer = msgspec.structs.replace(decider.answer(considered.judged), cards=())

    assert considered.cards(answer) == ()


@pytest.mark.parametrize(("hook", "indicator"), [("order-select", "warning"), ("order-sign", "critical")])
def test_a_held_guard_is_recorded_with_the_indicator_that_it_would_have_had(
    decider: Decider, consider: Callable[..., Considered], hook: str, indicator: str
) -> None:
    considered = consider(BLEEDING, hook, shadow=["nsaid-gi-bleed"])
    records = considered.cards(decider.answer(considered.judged))

    (held,) = [r for r in records if r.id is None]
    assert held.indicator == indicator
    assert held.items[0].variant == "default"


def test_a_guard_is_recorded_with_the_hash_of_its_order_code(
    decider: Decider, identities: Identities, consider: Callable[..., Considered]
) -> None:
    considered = consider(BLEEDING, "order-sign")

    records = considered.cards(decider.answer(considered.judged))

    expected = identities.of("north").order_code("urn:drugs", "naproxen")
    assert {item.order_code for record in records for item in record.items} == {expected}


def test_no_record_holds_the_patient_the_user_or_the_encounter(decider: Decider, memory: Memory) -> None:
    site = a_site(decider)
    call = asked(encounter_id="the-encounter", user_id="Practitioner/the-user")

    considered = memory.considered(site, call, judged(decider, AXIAL), as_of=DAY, now=NOW)

    written = msgspec.json.encode(considered.cards(decider.answer(considered.judged)))
    written += considered.patient + considered.user + (considered.encounter or b"")
    for word in (PATIENT, "the-user", "the-encounter"):
        assert word.encode() not in written
        assert word not in repr(considered.held_back)


# --- keys and shares ----------------------------------------------------------------------------------------


def test_after_a_rotation_of_the_key_what_was_answered_is_still_quiet(
    decider: Decider,
    store: Store,
    identities: Identities,
    tmp_path: Path,
    consider: Callable[..., Considered],
) -> None:
    first = consider()
    overridden(store, first, decider.answer(first.judged), "nsaid", "patient-preference")
    rotate(tmp_path / "keys" / "north.json")
    identities.prepare({"north": None})

    again = consider()

    assert again.patient != first.patient
    assert [piece.item.id for piece, _ in again.held_back] == ["nsaid"]


def shown_to(decider: Decider, tenant: str = "north", name: str = "nsaid", **settings: Any) -> set[int]:
    table = msgspec.convert(settings, MemoryTable)
    site = SiteMemory.of(Tenant(id=tenant, title="T", memory=table), decider.knowledge)
    return {n for n in range(1000) if site.policy.silenced(name, site.place(f"patient-{n}")) is None}


def test_a_roll_out_shows_about_its_share_and_only_adds_patients(decider: Decider) -> None:
    shares = [shown_to(decider, rollout_percent=percent) for percent in (0, 10, 50, 90, 100)]

    assert [len(share) for share in (shares[0], shares[-1])] == [0, 1000]
    assert all(abs(len(share) - 10 * p) < 60 for share, p in zip(shares[1:4], (10, 50, 90), strict=True))
    assert all(less <= more for less, more in pairwise(shares))


def test_the_same_patients_are_chosen_at_every_start(decider: Decider) -> None:
    """Nothing that a restart, another replica or another key could change goes into the choice."""
    chosen = shown_to(decider, rollout_percent=50)

    assert chosen == shown_to(decider, rollout_percent=50)
    assert sorted(chosen)[:8] == [0, 5, 7, 8, 9, 10, 12, 19]


def test_sites_and_recommendations_choose_their_patients_each_for_itself(decider: Decider) -> None:
    all_of_them = shown_to(decider, rollout_percent=50)

    assert all_of_them == shown_to(decider, name="cbt", rollout_percent=50)
    assert all_of_them != shown_to(decider, rollout={"nsaid": 50})
    assert all_of_them != shown_to(decider, tenant="south", rollout_percent=50)


# --- settings -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"quiet": {"alredy-tried": 3}}, "memory.quiet: there is no such answer: 'alredy-tried'"),
        ({"quiet_for": {"esi": {}}}, "memory.quiet_for: there is no such recommendation or guard: 'esi'"),
        ({"quiet_for": {"nsaid": {"x": 1}}}, "memory.quiet_for.nsaid: there is no such answer: 'x'"),
        ({"shadow": ["nsaid", "esi"]}, "memory.shadow: there is no such recommendation or guard: 'esi'"),
        ({"rollout": {"esi": 3}}, "memory.rollout: there is no such recommendation or guard: 'esi'"),
    ],
)
def test_names_that_nobody_knows_are_told_with_their_place(
    decider: Decider, settings: dict[str, Any], problem: str
) -> None:
    with pytest.raises(KnowledgeError) as raised:
        a_site(decider, **settings)

    assert str(raised.value).startswith(problem)


def test_every_fault_is_told_at_once(decider: Decider) -> None:
    with pytest.raises(KnowledgeError) as raised:
        a_site(decider, quiet={"x": 1, "y": 1}, rollout={"z": 1})

    assert len(str(raised.value).splitlines()) == 3


def test_as_much_history_is_read_as_can_matter(decider: Decider) -> None:
    assert a_site(decider).days_back == 365 + 35
    assert a_site(decider, quiet_for={"nsaid": {"other": 3650}}).days_back == 3650 + 35
