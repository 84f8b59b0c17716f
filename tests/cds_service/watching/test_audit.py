"""The trail of calls: who asked what when and which rules spoke, as FHIR, and nothing of the patient."""

import hashlib
import json
import tracemalloc
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from fhir.resources.R4B.auditevent import AuditEvent as AuditEventModel
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from cds_service.audit import audit, export
from cds_service.audit_events import AuditedCall, Fired, audit_event
from cds_service.errors import SettingsError
from cds_service.settings import Settings
from cds_service.store.connecting import connector
from cds_service.store.location import location_of
from cds_service.store.tables import calls, items

PATIENT = b"\x99" * 32
DAY_MS = 86_400_000
NOON = int(datetime(2026, 11, 22, 12, tzinfo=UTC).timestamp() * 1000)


def a_row(number: int, **changes: Any) -> dict[str, Any]:
    row = {
        "id": f"00000000-0000-4000-8000-{number:012}",
        "at": NOON + number,
        "tenant": "north",
        "issuer": "https://ehr.example.org",
        "service": "low-back-pain-patient-view",
        "hook": "patient-view",
        "instance": f"11111111-0000-4000-8000-{number:012}",
        "patient": PATIENT,
        "user": b"\xab" * 32,
        "encounter": b"\x98" * 32,
        "state": "red-flag-emergency",
        "as_of": "2026-11-22",
        "knowledge_version": "2026-11-22+1a2b3c4d",
        "gaps": "onset-missing",
        "milliseconds": 12.5,
        "memory_asked": True,
        "cards": 1,
    }
    return row | changes


def an_item(call: str, position: int, recommendation: str, **changes: Any) -> dict[str, Any]:
    item = {
        "call": call,
        "position": position,
        "card": "c" * 36,
        "indicator": "info",
        "recommendation": recommendation,
        "variant": None,
        "fate": "shown",
        "reason": None,
        "until": None,
        "fingerprint": b"\x97" * 32,
        "order_code": None,
    }
    return item | changes


def connected(address: str) -> Connection:
    return connector(location_of(address), patience_s=10)()


def filled(address: str, rows: list[dict[str, Any]], fired: list[dict[str, Any]] | None = None) -> None:
    connection = connected(address)
    connection.execute(insert(calls), rows)
    if fired:
        connection.execute(insert(items), fired)
    connection.close()


def exported(out: Path, address: str, **bounds: date | None) -> list[dict[str, Any]]:
    settings = Settings(store=address, time_zone=ZoneInfo("UTC"))
    assert audit(str(out), settings=settings, **({"since": None, "until": None} | bounds)) == 0
    return [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]


def known(reference: dict[str, Any]) -> tuple[str, str]:
    return reference["identifier"]["system"], reference["identifier"]["value"]


def test_a_call_is_one_audit_event(address: str, make_a_store: Callable[[str], None], tmp_path: Path) -> None:
    make_a_store(address)
    row = a_row(1)
    fired = [
        an_item(row["id"], 0, "esi-repeat"),
        an_item(row["id"], 1, "exercise-pt", card=None, fate="quiet", reason="patient-preference"),
    ]
    filled(address, [row], fired)

    (event,) = exported(tmp_path / "trail.ndjson", address)

    AuditEventModel.model_validate(event)
    assert event["id"] == row["id"]
    assert event["recorded"] == "2026-11-22T12:00:00.001Z"
    client, user = event["agent"]
    assert known(client["who"]) == ("urn:backpath:tenant", "north")
    assert client["altId"] == "https://ehr.example.org"
    assert known(user["who"]) == ("urn:backpath:user", "ab" * 32)
    assert event["subtype"][1]["code"] == "low-back-pain-patient-view"
    told = {
        known(entity["what"]): entity.get("detail", [{}])[0].get("valueString") for entity in event["entity"]
    }
    assert told == {
        ("urn:backpath:hook-instance", row["instance"]): None,
        ("urn:backpath:knowledge", "2026-11-22+1a2b3c4d"): None,
        ("urn:backpath:recommendation", "esi-repeat"): "shown",
        ("urn:backpath:recommendation", "exercise-pt"): "quiet",
    }


def test_nothing_of_the_patient_is_exported(
    address: str, make_a_store: Callable[[str], None], tmp_path: Path
) -> None:
    make_a_store(address)
    row = a_row(1)
    filled(address, [row], [an_item(row["id"], 0, "esi-repeat")])

    exported(tmp_path / "trail.ndjson", address)

    text = (tmp_path / "trail.ndjson").read_text(encoding="utf-8")
    for hidden in (PATIENT.hex(), "98" * 32, "97" * 32, "red-flag", "onset-missing", "patient/", "Patient/"):
        assert hidden not in text


def test_all_calls_come_once_and_in_their_order(
    address: str, make_a_store: Callable[[str], None], tmp_path: Path
) -> None:
    make_a_store(address)
    rows = [a_row(number, at=NOON + number // 7) for number in range(1234)]  # several at one time
    filled(address, rows[::-1], [an_item(row["id"], 0, f"rule-{row['id'][-4:]}") for row in rows])

    events = exported(tmp_path / "trail.ndjson", address)

    assert [event["id"] for event in events] == [row["id"] for row in rows]
    assert all(known(event["entity"][2]["what"])[1][-4:] == event["id"][-4:] for event in events)


def test_the_days_are_those_of_the_time_zone(
    sqlite_address: str, make_a_store: Callable[[str], None]
) -> None:
    make_a_store(sqlite_address)
    midnight = int(datetime(2026, 11, 22, tzinfo=ZoneInfo("America/New_York")).timestamp() * 1000)
    times = [midnight - 1, midnight, midnight + DAY_MS - 1, midnight + DAY_MS]
    filled(sqlite_address, [a_row(number, at=at) for number, at in enumerate(times)])
    out = Path(sqlite_address.removeprefix("sqlite:///")).with_name("trail.ndjson")
    settings = Settings(store=sqlite_address, time_zone=ZoneInfo("America/New_York"))

    day = date(2026, 11, 22)
    audit(str(out), settings=settings, since=day, until=day)

    assert [json.loads(line)["id"][-1] for line in out.read_text().splitlines()] == ["1", "2"]


def test_the_checksum_is_that_of_the_file(
    sqlite_address: str,
    make_a_store: Callable[[str], None],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_a_store(sqlite_address)
    filled(sqlite_address, [a_row(1), a_row(2)])

    exported(tmp_path / "trail.ndjson", sqlite_address)

    digest = hashlib.sha256((tmp_path / "trail.ndjson").read_bytes()).hexdigest()
    assert f"2 calls in {tmp_path / 'trail.ndjson'}, SHA-256 {digest}" in capsys.readouterr().out


def test_the_file_is_for_the_user_alone_and_whole(
    sqlite_address: str, make_a_store: Callable[[str], None], tmp_path: Path
) -> None:
    make_a_store(sqlite_address)
    filled(sqlite_address, [a_row(1)])
    out = tmp_path / "trail.ndjson"
    out.write_text("an older one")

    exported(out, sqlite_address)

    assert out.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in tmp_path.iterdir() if file.is_file()] == ["trail.ndjson"]


def test_a_file_that_cannot_be_written_leaves_nothing(
    sqlite_address: str, make_a_store: Callable[[str], None], tmp_path: Path
) -> None:
    make_a_store(sqlite_address)

    with pytest.raises(SettingsError, match="could not be exported: FileNotFoundError"):
        exported(tmp_path / "missing" / "trail.ndjson", sqlite_address)


def test_without_a_store_none_is_made(sqlite_address: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no store"):
        exported(tmp_path / "trail.ndjson", sqlite_address)
    assert list(tmp_path.iterdir()) == []


def test_days_in_the_wrong_order_are_refused(sqlite_address: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="--until is before --since"):
        exported(tmp_path / "t", sqlite_address, since=date(2026, 11, 22), until=date(2026, 11, 21))


def test_a_long_trail_does_not_fill_the_memory(
    sqlite_address: str, make_a_store: Callable[[str], None]
) -> None:
    make_a_store(sqlite_address)
    filled(sqlite_address, [a_row(number) for number in range(6000)])
    connection = connected(sqlite_address)

    tracemalloc.start()
    count, _ = export(connection, _Counted(), 0, 2**53)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    connection.close()

    assert count == 6000
    assert peak < 6_000_000


class _Counted:
    def write(self, data: bytes, /) -> int:
        return len(data)


@given(
    st.builds(
        AuditedCall,
        id=st.uuids().map(str),
        at=st.integers(min_value=0, max_value=4_000_000_000_000),
        tenant=st.from_regex(r"[a-z0-9-]{1,20}", fullmatch=True),
        issuer=st.none() | st.just("https://ehr.example.org"),
        service=st.just("low-back-pain-order-sign"),
        instance=st.uuids().map(str),
        user=st.binary(min_size=32, max_size=32),
        knowledge_version=st.just("2026-11-22+1a2b3c4d"),
        fired=st.lists(
            st.builds(Fired, st.just("esi-repeat"), st.sampled_from(["shown", "shadow"])), max_size=4
        ),
    )
)
def test_every_call_is_a_valid_audit_event(call: AuditedCall) -> None:

    AuditEventModel.model_validate_json(msgspec.json.encode(audit_event(call)))
