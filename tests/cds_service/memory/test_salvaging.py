"""A damaged outbox: what can still be read of it is not lost, and the service goes on with a new one."""

import io
import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from cds_service.logs import Log
from cds_service.memory.forwarding import Forwarder
from cds_service.memory.outbox import Outbox
from cds_service.memory.parcels import AnyRecord, packed
from cds_service.memory.records import CallRecord
from cds_service.store.tables import calls, feedback
from tests.cds_service.memory.recording import a_call, a_report, keys_in
from tests.cds_service.store.making import OpenStore

RECORDS = 400
SHORT, LONG = 8, range(8, 200)  # ways to damage it at random
LARGE = tuple(f"gap-{number}" for number in range(2_000))  # of a call that takes several pages

Damage = Callable[[Path], None]


def left_behind(file: Path, scratch: Path) -> list[AnyRecord]:
    """The files of a service that was killed; part of the records are in the file, part in its log."""
    outbox = Outbox(scratch / file.name)
    records: list[AnyRecord] = []
    for number in range(RECORDS):
        record = a_report() if number % 2 else a_call(gaps=LARGE if number % 50 == 0 else ())
        records.append(record)
        if isinstance(record, CallRecord):
            outbox.append(record)
        else:
            outbox.append_safely([record])
        if number == RECORDS // 2:
            written_into_the_file(outbox.file)
    file.parent.mkdir(mode=0o700)
    for suffix in ("", "-wal"):
        shutil.copyfile(f"{outbox.file}{suffix}", f"{file}{suffix}")
    outbox.close()
    return records


def written_into_the_file(file: Path) -> None:
    """What is in the log; then the log is begun anew."""
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0


def still_there(records: list[AnyRecord], file: Path) -> list[AnyRecord]:
    """Those of which every byte lies in the files in one piece."""
    files = [path.read_bytes() for path in (file, wal(file)) if path.exists()]
    return [record for record in records if any(packed(record) in data for data in files)]


def wal(file: Path) -> Path:
    return file.with_name(f"{file.name}-wal")


def overwrite(file: Path, at: int, data: bytes) -> None:
    with file.open("r+b") as opened:
        opened.seek(at)
        opened.write(data)


def nothing(_: Path) -> None:
    pass


def header_overwritten(file: Path) -> None:
    overwrite(file, 0, b"something else altogether" * 10)


def first_page_overwritten(file: Path) -> None:
    overwrite(file, 100, b"\xa5" * 8_000)


def middle_overwritten(file: Path) -> None:
    overwrite(file, file.stat().st_size // 2, b"\xa5" * 20_000)


def a_few_bytes_overwritten(file: Path) -> None:
    overwrite(file, file.read_bytes().rindex(b'"overridden"'), b'"accepted"  ')


def cut_in_half(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2 + 1)


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def deleted(file: Path) -> None:
    file.unlink()


def zeroed(file: Path) -> None:
    file.write_bytes(b"\0" * file.stat().st_size)


def no_database(file: Path) -> None:
    file.write_text("a letter to the administrator\n" * 1_000)


def log_overwritten(file: Path) -> None:
    overwrite(wal(file), wal(file).stat().st_size // 3, b"\xa5" * 20_000)


def log_header_overwritten(file: Path) -> None:
    overwrite(wal(file), 0, b"\xa5" * 32)


def log_cut(file: Path) -> None:
    with wal(file).open("r+b") as opened:
        opened.truncate(wal(file).stat().st_size // 2)


def both_overwritten(file: Path) -> None:
    header_overwritten(file)
    log_header_overwritten(file)


OF_THE_FILE = (
    header_overwritten,
    middle_overwritten,
    a_few_bytes_overwritten,
    cut_in_half,
    emptied,
    deleted,
    zeroed,
    no_database,
    both_overwritten,
)
# the log has a newer first page; and what is wrong with the log, SQLite passes over in silence
SILENT = (nothing, first_page_overwritten, log_overwritten, log_header_overwritten, log_cut)


def told(stream: io.StringIO) -> list[str]:
    return [json.loads(line)["event"] for line in stream.getvalue().splitlines()]


def arrived(outbox: Outbox, open_a_store: OpenStore, address: str, log: Log) -> set[object]:
    """What the store has after a start with what was left behind."""
    store = open_a_store(address)
    assert outbox.prepare()
    assert Forwarder(outbox, store, log=log).forward()
    assert outbox.depth() == 0
    return {*keys_in(store, calls), *keys_in(store, feedback)}


def names(records: list[AnyRecord]) -> set[object]:
    return {record.id if isinstance(record, CallRecord) else record.key for record in records}


@pytest.mark.parametrize("damage", [*OF_THE_FILE, *SILENT])
def test_every_record_that_can_be_read_arrives(
    damage: Damage, outbox: Outbox, tmp_path: Path, open_a_store: OpenStore, log: Log
) -> None:
    records = left_behind(outbox.file, tmp_path / "scratch")
    damage(outbox.file)
    readable = names(still_there(records, outbox.file))

    found = arrived(outbox, open_a_store, f"sqlite:///{tmp_path}/store.sqlite3", log)

    assert len(readable) > RECORDS // 4
    assert readable <= found <= names(records)


@pytest.mark.parametrize("damage", OF_THE_FILE)
def test_the_damaged_file_is_kept_and_the_operator_told(
    damage: Damage, outbox: Outbox, tmp_path: Path, log_stream: io.StringIO
) -> None:
    left_behind(outbox.file, tmp_path / "scratch")
    damage(outbox.file)

    outbox.prepare()
    outbox.oldest(RECORDS)
    outbox.mend()

    events = told(log_stream)
    assert [event for event in events if event.startswith("outbox")] == ["outbox.damaged", "outbox.salvaged"]
    kept = {path.name.removesuffix("-wal") for path in outbox.file.parent.glob("*.salvaged-*")}
    assert kept == {f"{outbox.file.name}.salvaged-1"}
    assert list(outbox.file.parent.glob("*damaged*")) == list(outbox.file.parent.glob("*unclean*")) == []


def test_records_that_take_several_pages_arrive_when_only_others_are_damaged(
    outbox: Outbox, tmp_path: Path, open_a_store: OpenStore, log: Log
) -> None:
    records = left_behind(outbox.file, tmp_path / "scratch")
    a_few_bytes_overwritten(outbox.file)

    found = arrived(outbox, open_a_store, f"sqlite:///{tmp_path}/store.sqlite3", log)

    assert len(names(records) - found) == 1


def test_a_killed_service_loses_nothing_and_says_nothing(
    outbox: Outbox, tmp_path: Path, open_a_store: OpenStore, log: Log, log_stream: io.StringIO
) -> None:
    records = left_behind(outbox.file, tmp_path / "scratch")

    found = arrived(outbox, open_a_store, f"sqlite:///{tmp_path}/store.sqlite3", log)

    assert found == names(records)
    assert told(log_stream) == ["store.opened"]


@pytest.mark.parametrize(
    "seed", [*range(SHORT), *(pytest.param(seed, marks=pytest.mark.soak) for seed in LONG)]
)
def test_damage_anywhere_costs_no_record_that_can_be_read(
    seed: int, outbox: Outbox, tmp_path: Path, open_a_store: OpenStore, log: Log
) -> None:
    chance = random.Random(seed)  # noqa: S311 - no secret
    records = left_behind(outbox.file, tmp_path / "scratch")
    for _ in range(chance.randint(1, 6)):
        damaged = chance.choice((outbox.file, wal(outbox.file)))
        length = chance.choice((1, 16, 500, 9_000))
        overwrite(damaged, chance.randrange(damaged.stat().st_size - length), chance.randbytes(length))
    readable = names(still_there(records, outbox.file))

    found = arrived(outbox, open_a_store, f"sqlite:///{tmp_path}/store.sqlite3", log)

    assert readable <= found <= names(records)


def test_who_has_the_damaged_file_open_goes_on_in_the_new_one(
    outbox: Outbox, log: Log, open_a_store: OpenStore, tmp_path: Path
) -> None:
    worker = Outbox(outbox.file, log=log)
    reports = [a_report() for _ in range(200)]
    worker.append_safely(reports)
    worker.append(a_call())
    written_into_the_file(worker.file)
    worker.append_safely([late := a_report()])
    middle_overwritten(outbox.file)
    readable = names(still_there(list(reports), outbox.file))

    while_damaged = len(outbox.oldest(10_000))  # as the forwarder of another worker finds it
    worker.append_safely([later := a_report()])
    found = arrived(outbox, open_a_store, f"sqlite:///{tmp_path}/store.sqlite3", log)

    assert while_damaged == 0
    assert {*readable, late.key, later.key} <= found


def test_a_salvage_that_was_cut_short_is_done_again(
    outbox: Outbox, tmp_path: Path, open_a_store: OpenStore, log: Log
) -> None:
    records = left_behind(outbox.file, tmp_path / "scratch")
    header_overwritten(outbox.file)
    outbox.prepare()
    readable = names(records)
    copies = tmp_path / "copies"
    copies.mkdir()
    for path in outbox.file.parent.glob("*.damaged-*"):
        shutil.copy2(path, copies)
    outbox.mend()
    for path in copies.iterdir():  # as if it had not got to the end
        shutil.copy2(path, outbox.file.parent)

    found = arrived(outbox, open_a_store, f"sqlite:///{tmp_path}/store.sqlite3", log)

    assert found == names(records) or readable - found == names(
        [record for record in records if isinstance(record, CallRecord) and record.gaps]
    )
