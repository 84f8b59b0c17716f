"""`backpath report`: what came of the cards, at the terminal and in files."""
# ruff: noqa: PLC0415 - each form of the report loads only what it needs

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from cds_service.errors import SettingsError
from cds_service.progress import tracked
from cds_service.report.figures import Report
from cds_service.report.periods import Calendar, Period
from cds_service.report.reading import read_report
from cds_service.settings import Settings
from cds_service.tenants.loading import load_tenants
from cds_service.tenants.model import DEVELOPMENT
from pathway.knowledge_base import KnowledgeBase

DONE = 0


def report(
    *,
    settings: Settings,
    since: date | None = None,
    until: date | None = None,
    tenant: str | None = None,
    html: Path | None = None,
    csv: Path | None = None,
    measure_report: Path | None = None,
) -> int:
    """Print the report, or write it to the files that are named; the exit status.

    Args:
        settings: Where the store is, and the tenants file with the sites' time zones.
        since: The first day; None: that of the first record.
        until: The last day; None: that of the last record.
        tenant: One site alone; None: all.
        html: Written with a page that needs nothing else.
        csv: Written with one figure a row.
        measure_report: Written with a FHIR Bundle of MeasureReports.

    Raises:
        SettingsError: the period, the site, the store or a file cannot be used.
    """
    calendar = Calendar(settings.time_zone, zones_of(settings))
    found = read_report(settings.store, Period(since=since, until=until), calendar, tenant=tenant)
    forms: tuple[tuple[Path | None, Callable[[Report], str]], ...] = (
        (csv, _csv),
        (html, _html),
        (measure_report, _measure_report),
    )
    wanted = [(path, form) for path, form in forms if path is not None]
    for path, form in tracked(wanted, "Files"):
        _write(path, form(found))
    if not wanted:
        from cds_service.reading import paper
        from cds_service.report.terminal import print_report

        print_report(found, paper())
    return DONE


def zones_of(settings: Settings) -> Mapping[str, ZoneInfo]:
    """The time zone of each site.

    Raises:
        SettingsError: the tenants file is faulty.
    """
    if settings.tenants is None:
        return {DEVELOPMENT: settings.time_zone}
    return {tenant.id: tenant.zone for tenant in load_tenants(settings.tenants, settings)}


def titles_of(knowledge: KnowledgeBase) -> Mapping[str, str]:
    """What recommendations, guards, states and override reasons are called, by id."""
    return {
        **{code: reason.display for code, reason in knowledge.override_reasons.items()},
        **{name: state.title for name, state in knowledge.states.items()},
        **{name: rule.title for name, rule in knowledge.rules.items()},
        **{name: guard.title for name, guard in knowledge.guards.items()},
    }


def _html(found: Report) -> str:
    from cds_service.report.page import page
    from pathway.loading import load_knowledge

    return page(found, titles_of(load_knowledge()))


def _csv(found: Report) -> str:
    from cds_service.report.exports import as_csv

    return as_csv(found)


def _measure_report(found: Report) -> str:
    from cds_service.report.measures import bundle

    return bundle(found, datetime.now(UTC)) + "\n"


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise SettingsError(f"{path} cannot be written: {error.strerror}") from error
