"""Makes the page of the service in a process of its own: a job on standard input, HTML on standard output.

The renderer of the charts keeps Python's lock for as long as it draws, and some 100 MB for good: in a worker
no hook call would be answered meanwhile.
"""

import sys
from collections.abc import Mapping
from datetime import date
from zoneinfo import ZoneInfo

import msgspec

from cds_service.report.page import Form, page
from cds_service.report.periods import Calendar, Period
from cds_service.report.reading import read_report
from pathway.errors import PathwayError

DONE, REFUSED = 0, 2


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """What a page is made of."""

    store: str | None  # BACKPATH_STORE
    since: date | None
    until: date | None
    tenant: str | None
    zone: str  # IANA name, of sites that are not configured any more
    zones: Mapping[str, str]  # by site
    titles: Mapping[str, str]  # by id
    stylesheet: str  # its address
    home: str = ""  # what the addresses of the service's pages begin with


def main() -> int:
    """Read a job, write its page; the exit status."""
    job = msgspec.json.decode(sys.stdin.buffer.read(), type=Job)
    calendar = Calendar(ZoneInfo(job.zone), {name: ZoneInfo(zone) for name, zone in job.zones.items()})
    period = Period(since=job.since, until=job.until)
    try:
        report = read_report(job.store, period, calendar, tenant=job.tenant)
    except PathwayError:  # the store is away; the service tells its reader in its own words
        return REFUSED
    form = Form(
        since="" if job.since is None else job.since.isoformat(),
        until="" if job.until is None else job.until.isoformat(),
        tenant=job.tenant or "",
        tenants=tuple(sorted(job.zones)),
        home=job.home,
    )
    text = page(report, job.titles, stylesheet=job.stylesheet, form=form)
    sys.stdout.buffer.write(text.encode())
    return DONE


if __name__ == "__main__":
    sys.exit(main())
