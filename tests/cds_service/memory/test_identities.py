"""Keyed hashes of patients and users, and the files that their keys are in."""

import base64
import io
import json
from concurrent.futures import ProcessPoolExecutor
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path

import pytest

from cds_service.errors import SettingsError
from cds_service.logs import Log, log_to
from cds_service.memory.identities import Identities, TenantIdentities, folder_beside, key_file
from cds_service.memory.key_files import KEY_BYTES, MOST_KEYS, KeyFileError, keys_in, make_if_absent, rotate
from cds_service.store.location import location_of


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(stream: io.StringIO) -> Log:
    return log_to(stream)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "backpath-data" / "keys"


def prepared(folder: Path, *tenants: str, log: Log, named: Path | None = None) -> Identities:
    identities = Identities(folder, log)
    identities.prepare(dict.fromkeys(tenants, named))
    return identities


def every_hash(of: TenantIdentities) -> list[bytes]:
    return [
        of.patient("1"),
        of.user("1"),
        of.encounter("1"),
        of.fingerprint(b"1"),
        of.order_code("1", ""),
        of.order_code("", "1"),
    ]


def test_the_same_patient_has_the_same_hash_after_a_restart(folder: Path, log: Log) -> None:
    before = prepared(folder, "north", log=log).of("north").patient("p1")

    after = prepared(folder, "north", log=log).of("north").patient("p1")

    assert before == after
    assert len(before) == 32


def test_patients_users_encounters_and_facts_do_not_share_hashes(folder: Path, log: Log) -> None:
    hashes = every_hash(prepared(folder, "north", log=log).of("north"))

    assert len(set(hashes)) == len(hashes)


def test_a_hash_cannot_be_told_without_the_key(folder: Path, log: Log) -> None:
    hashes = every_hash(prepared(folder, "north", log=log).of("north"))

    assert sha256(b"1").digest() not in hashes
    assert not set(hashes) & set(every_hash(TenantIdentities("north", (bytes(32),))))


@pytest.mark.parametrize("one_file", [True, False])
def test_the_same_patient_id_at_two_sites_is_two_patients(folder: Path, log: Log, *, one_file: bool) -> None:
    make_if_absent(folder / "shared.json")
    named = folder / "shared.json" if one_file else None

    identities = prepared(folder, "north", "south", log=log, named=named)

    assert not set(every_hash(identities.of("north"))) & set(every_hash(identities.of("south")))


def test_parts_are_not_run_together() -> None:
    of = TenantIdentities("north", (bytes(32),))

    assert of.order_code("a", "bc") != of.order_code("ab", "c")


def test_after_a_rotation_new_rows_get_the_new_key_and_old_ones_are_found(folder: Path, log: Log) -> None:
    identities = prepared(folder, "north", log=log)
    old = every_hash(identities.of("north"))

    assert rotate(key_file(folder, "north", None)) == 2
    identities.prepare({"north": None})

    of = identities.of("north")
    new = every_hash(of)
    assert not set(old) & set(new)
    assert of.all_patient("1") == (new[0], old[0])
    assert of.all_user("1") == (new[1], old[1])
    assert of.all_encounter("1") == (new[2], old[2])
    assert of.all_fingerprint(b"1") == (new[3], old[3])
    assert of.all_order_code("1", "") == (new[4], old[4])


def test_a_running_service_keeps_its_keys_until_it_is_reloaded(folder: Path, log: Log) -> None:
    identities = prepared(folder, "north", log=log)
    before = identities.of("north").patient("1")

    rotate(key_file(folder, "north", None))

    assert identities.of("north").patient("1") == before


def test_keys_for_other_purposes_are_others(folder: Path, log: Log) -> None:
    identities = prepared(folder, "north", "south", log=log)
    secrets = {
        *identities.of("north").secrets("comments"),
        *identities.of("north").secrets("else"),
        *identities.of("south").secrets("comments"),
        *keys_in(folder / "north.json"),
    }

    assert len(secrets) == 4
    assert {len(secret) for secret in secrets} == {KEY_BYTES}


def test_only_the_service_may_read_a_key(folder: Path, log: Log) -> None:
    prepared(folder, "north", log=log)
    rotate(folder / "north.json")

    assert (folder / "north.json").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert folder.parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in folder.iterdir()] == ["north.json"]


def test_a_new_key_is_told_once_and_without_the_key(folder: Path, log: Log, stream: io.StringIO) -> None:
    prepared(folder, "north", log=log)
    prepared(folder, "north", log=log)

    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [(line["event"], line["tenant"]) for line in lines] == [("key.made", "north")]
    assert base64.b64encode(keys_in(folder / "north.json")[0]).decode() not in stream.getvalue()


def test_nothing_that_prints_a_tenant_prints_its_key() -> None:
    assert "keys" not in repr(TenantIdentities("north", (bytes(32),)))


def made_keys(folder: Path) -> tuple[bytes, ...]:
    make_if_absent(folder / "north.json")
    return keys_in(folder / "north.json")


def test_processes_that_start_at_once_have_one_key(folder: Path) -> None:
    with ProcessPoolExecutor(4, mp_context=get_context("forkserver")) as processes:
        found = set(processes.map(made_keys, [folder] * 16))

    assert len(found) == 1


def test_rotations_at_once_lose_no_key(folder: Path) -> None:
    file = folder / "north.json"
    make_if_absent(file)
    first = keys_in(file)

    with ProcessPoolExecutor(4, mp_context=get_context("forkserver")) as processes:
        list(processes.map(rotate, [file] * 8))

    assert len(set(keys_in(file))) == 9
    assert keys_in(file)[-1:] == first


def test_a_file_may_be_made_by_hand(tmp_path: Path, log: Log) -> None:
    named = tmp_path / "site.json"
    named.write_text(json.dumps({"keys": [{"key": base64.b64encode(bytes(range(32))).decode()}]}))
    named.chmod(0o640)

    assert prepared(tmp_path, "north", log=log, named=named).of("north").all_patient("1")


def text_of(*keys: object) -> str:
    return json.dumps({"keys": [{"key": key} for key in keys]})


GOOD = base64.b64encode(bytes(range(32))).decode()


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        "[]",
        GOOD,
        text_of(),
        text_of(GOOD[:-4]),
        text_of(GOOD, "c2hvcnQ="),
        text_of(GOOD, 1),
        text_of("ä" * 44),
        text_of(*[GOOD] * (MOST_KEYS + 1)),
        text_of(GOOD)[:-3],
        '{"keys": [{"key": "' + GOOD + '", "id": 1}]}',
        b"\xff\xfe\x00".decode("latin-1"),
    ],
)
def test_a_damaged_file_is_refused_and_left_as_it_is(folder: Path, log: Log, content: str) -> None:
    folder.mkdir(parents=True)
    file = folder / "north.json"
    file.write_text(content, encoding="latin-1")
    file.chmod(0o600)

    for refusing in (lambda: prepared(folder, "north", log=log), lambda: rotate(file)):
        with pytest.raises(KeyFileError, match=r"north\.json") as refused:
            refusing()
        assert GOOD[:8] not in str(refused.value)

    assert file.read_text(encoding="latin-1") == content


def test_a_damaged_file_stops_the_start_as_other_settings_do() -> None:
    assert issubclass(KeyFileError, SettingsError)


def test_a_file_that_a_tenant_names_is_never_made(tmp_path: Path, log: Log) -> None:
    named = tmp_path / "mounted" / "site.json"

    with pytest.raises(KeyFileError, match="no such key file"):
        prepared(tmp_path, "north", log=log, named=named)

    assert not named.parent.exists()


def test_a_file_that_everyone_may_read_is_refused(folder: Path, log: Log) -> None:
    prepared(folder, "north", log=log)
    (folder / "north.json").chmod(0o644)

    with pytest.raises(KeyFileError, match="chmod 600"):
        prepared(folder, "north", log=log)


def test_a_link_to_nowhere_is_not_taken_for_a_missing_file(folder: Path, log: Log) -> None:
    folder.mkdir(parents=True)
    (folder / "north.json").symlink_to(folder / "gone.json")

    with pytest.raises(KeyFileError, match="no such key file"):
        prepared(folder, "north", log=log)


def test_a_rotation_follows_a_link(tmp_path: Path, folder: Path) -> None:
    make_if_absent(folder / "real.json")
    link = tmp_path / "site.json"
    link.symlink_to(folder / "real.json")

    rotate(link)

    assert link.is_symlink()
    assert len(keys_in(folder / "real.json")) == 2


def test_a_rotation_leaves_the_rights_as_they_are(folder: Path) -> None:
    file = folder / "north.json"
    make_if_absent(file)
    file.chmod(0o640)

    rotate(file)

    assert file.stat().st_mode & 0o777 == 0o640


def test_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path, log: Log) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(KeyFileError, match="cannot be made"):
        prepared(tmp_path / "file" / "keys", "north", log=log)


def test_a_file_that_cannot_be_read_is_a_clear_error(folder: Path, log: Log) -> None:
    (folder / "north.json").mkdir(mode=0o700, parents=True)

    with pytest.raises(KeyFileError, match="cannot be read"):
        prepared(folder, "north", log=log)


def test_a_faulty_file_leaves_what_was_read_in_force(folder: Path, log: Log) -> None:
    identities = prepared(folder, "north", log=log)
    before = identities.of("north").patient("1")
    (folder / "north.json").write_text("{")

    with pytest.raises(KeyFileError):
        identities.prepare({"north": None, "south": None})

    assert identities.of("north").patient("1") == before


def test_a_file_has_room_for_so_many_keys_and_then_asks_for_the_oldest_to_go(folder: Path) -> None:
    file = folder / "north.json"
    make_if_absent(file)
    for _ in range(MOST_KEYS - 1):
        rotate(file)

    with pytest.raises(KeyFileError, match="oldest"):
        rotate(file)

    assert len(keys_in(file)) == MOST_KEYS


def test_keys_lie_beside_the_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    assert folder_beside(location_of(None)) == tmp_path / "backpath-data" / "keys"
    assert folder_beside(location_of("sqlite:////srv/b/store.sqlite3")) == Path("/srv/b/keys")
    assert folder_beside(location_of("postgresql://u@h/d")) == tmp_path / "backpath-data" / "keys"
