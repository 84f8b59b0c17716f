"""When an Observation or DiagnosticReport was made."""

from datetime import date

from fhir_mappings.reading import Reading, first_of
from fhir_mappings.resources import Finding


def observed_day(finding: Finding, reading: Reading) -> date | None:
    """The day of effective[x]: of a period the end, else the start; where there is none, of `issued`.

    Some servers give only the time of publication: what was measured cannot be newer than that. An
    effective[x] that cannot be read counts as none, with a gap.

    Raises:
        DataGapError: it lies after the evaluation day (R3).
    """
    on: date | None = None
    if finding.effective_date_time is not None:
        on = reading.event_day(finding, finding.effective_date_time, "effectiveDateTime")
    else:
        span = reading.period(finding, finding.effective_period, "effectivePeriod")
        text, element = first_of(
            (finding.effective_instant, "effectiveInstant"),
            (span.end, "effectivePeriod.end"),
            (span.start, "effectivePeriod.start"),
        )
        on = reading.event_day(finding, text, element)
    return on if on is not None else reading.event_day(finding, finding.issued, "issued")
