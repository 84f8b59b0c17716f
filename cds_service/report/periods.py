"""The days that a report covers, and the day and week that a moment falls on at a site."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from cds_service.errors import SettingsError

DAY = timedelta(days=1)
EVER = (0, 1 << 62)  # ms since 1970


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Days of the sites' own calendars, both included; None: from the first record, or to the last."""

    since: date | None = None
    until: date | None = None

    def __post_init__(self) -> None:
        if self.since is not None and self.until is not None and self.until < self.since:
            raise SettingsError(f"--until {self.until} is before --since {self.since}")

    def includes(self, day: date) -> bool:
        """Whether a day is in it."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)

    @property
    def window(self) -> tuple[int, int]:
        """First and end in ms since 1970: wide enough for every time zone."""
        since = EVER[0] if self.since is None else _milliseconds(self.since) - _ms(DAY)
        until = EVER[1] if self.until is None else _milliseconds(self.until) + 2 * _ms(DAY)
        return since, until


@dataclass(frozen=True, slots=True)
class Calendar:
    """The clocks of the sites."""

    default: ZoneInfo
    zones: Mapping[str, ZoneInfo] = field(default_factory=dict)  # by tenant

    def day(self, tenant: str, at: int) -> date:
        """The day on which a moment (ms since 1970) falls at a tenant's site."""
        return datetime.fromtimestamp(at // 1000, self.zones.get(tenant, self.default)).date()


def week_of(day: date) -> str:
    """Its ISO 8601 week, e.g. "2026-W45"."""
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"


def _milliseconds(day: date) -> int:
    return int(datetime.combine(day, time(), UTC).timestamp()) * 1000


def _ms(span: timedelta) -> int:
    return int(span.total_seconds()) * 1000
