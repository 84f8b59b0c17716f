"""When an Observation or DiagnosticReport was made."""

from datetime import date

from fhir_mappings.reading import Reading, first_of, period
from fhir_mappings.resources import Finding


def observed_day(finding: Finding, reading: Reading) -> date | None:
    """The day of effective[x]: of a period the end, else the start; where there is none, of `issued`.

    Some servers give only the time of publication: what was measured cannot be newer than that.

    Raises:
        DataGapError: a date cannot be read, or lies after the evaluation day (R3).
    """
    if finding.effective_date_time is not None:
        return reading.event_day(finding.effective_date_time, "effectiveDateTime")
    span = period(finding.effective_period, "effectivePeriod")
    text, element = first_of(
        (finding.effective_instant, "effectiveInstant"),
        (span.end, "effectivePeriod.end"),
        (span.start, "effectivePeriod.start"),
        (finding.issued, "issued"),
    )
    return reading.event_day(text, element)
