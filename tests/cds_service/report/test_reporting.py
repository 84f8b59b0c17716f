"""`backpath report`: at the terminal and in files, from a store that it only reads."""

from pathlib import Path
from time import process_time

import pytest
from sqlalchemy import Connection, text

from cds_service.errors import SettingsError
from cds_service.report.periods import Period
from cds_service.report.reading import read, read_report
from cds_service.report.reporting import report
from cds_service.settings import Settings
from cds_service.store.errors import StoreError
from tests.cds_service.report.conftest import fill
from tests.cds_service.report.making import UTC_CALENDAR, Rows, one_card

TENANTS = """
[tenants.south]
title = "South"
issuer = "https://south.example"
jku = "https://south.example/jwks.json"
audiences = ["https://backpath.example"]
time_zone = "Pacific/Auckland"
"""


def test_the_terminal_shows_the_totals_and_each_breakdown(
    busy_store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status = report(settings=Settings(store=busy_store))

    told = capsys.readouterr().out
    assert status == 0
    for words in ("10,000", "2026-W32", "esi-repeat", "prefers-alternative", "control group", "north"):
        assert words in told
    assert max(map(len, told.splitlines())) <= 100


@pytest.mark.parametrize(
    ("rows", "said"), [(Rows(), "Nothing is on record"), (one_card(), "Fewer than 5 patients")]
)
def test_the_terminal_says_when_there_is_nothing_to_tell(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: Rows, said: str
) -> None:
    report(settings=Settings(store=fill(f"sqlite:///{tmp_path}/store.sqlite3", rows)))

    assert said in capsys.readouterr().out


def test_each_file_that_is_named_is_written_and_nothing_printed(
    busy_store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    html, csv, measures = (tmp_path / name for name in ("r.html", "r.csv", "r.json"))

    report(settings=Settings(store=busy_store), html=html, csv=csv, measure_report=measures)

    assert capsys.readouterr().out == ""
    assert html.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "Repeat lumbar epidural steroid injection" in html.read_text(encoding="utf-8")
    assert csv.read_bytes().startswith(b"since,until,site,")
    assert '"MeasureReport"' in measures.read_text(encoding="utf-8")


def test_a_file_that_cannot_be_written_is_told(busy_store: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be written"):
        report(settings=Settings(store=busy_store), csv=tmp_path / "missing" / "r.csv")


def test_days_are_those_of_the_sites_of_the_tenants_file(tmp_path: Path, busy_store: str) -> None:
    tenants = tmp_path / "tenants.toml"
    tenants.write_text(TENANTS, encoding="utf-8")
    csv = tmp_path / "r.csv"

    report(settings=Settings(store=busy_store, tenants=tenants), tenant="south", csv=csv)

    assert csv.read_text(encoding="utf-8").splitlines()[1].startswith("2026-08-03,2026-11-02,south,")


def test_a_site_that_is_not_known_is_told_with_those_that_are(busy_store: str) -> None:
    with pytest.raises(StoreError, match=r"no tenant 'west'; known: north, south"):
        report(settings=Settings(store=busy_store), tenant="west")


def test_no_store_is_made_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store yet"):
        read_report(f"sqlite:///{tmp_path}/none.sqlite3", Period(), UTC_CALENDAR)

    assert list(tmp_path.iterdir()) == []


def test_tables_of_an_older_version_are_told(tmp_path: Path) -> None:
    (tmp_path / "old.sqlite3").touch()

    with pytest.raises(StoreError, match="older version"):
        read_report(f"sqlite:///{tmp_path}/old.sqlite3", Period(), UTC_CALENDAR)


def test_what_is_no_database_is_told_without_its_address(tmp_path: Path) -> None:
    (tmp_path / "secret.sqlite3").write_bytes(b"no database" * 1000)

    with pytest.raises(StoreError, match=r"cannot be read \(SQLITE_NOTADB\)") as told:
        read_report(f"sqlite:///{tmp_path}/secret.sqlite3", Period(), UTC_CALENDAR)

    assert "secret" not in str(told.value)


def test_a_report_cannot_write(address: str) -> None:
    fill(address, one_card())

    def slip(connection: Connection) -> None:
        connection.execute(text("DELETE FROM calls"))

    with pytest.raises(StoreError):
        read(address, slip)

    assert read_report(address, Period(), UTC_CALENDAR).total.calls != 0


def test_ten_thousand_cards_take_less_than_two_seconds(busy_store: str) -> None:
    began = process_time()

    read_report(busy_store, Period(), UTC_CALENDAR)

    assert process_time() - began < 2.0
