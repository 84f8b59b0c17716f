"""Points in time as clients write them (RFC 3339) and as the store keeps them: ms since 1970."""

import re
from datetime import UTC, datetime, timedelta

RFC_3339 = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})[Tt](?P<minute>[0-9]{2}:[0-9]{2}):(?P<second>[0-9]{2})"
    r"(?:\.(?P<fraction>[0-9]+))?(?P<offset>[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])"
)
LEAP_SECOND, LAST_SECOND = "60", "59"
FIRST, AFTER_LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def milliseconds_of(text: str) -> int | None:
    """The ms since 1970 of an RFC 3339 date-time.

    Returns:
        None: it is none, lacks `Z` or an offset, or is of a year before 1970 or after 2999. Of a second's
        fraction three digits count; a leap second counts as the one before it.

    Source:
        https://www.rfc-editor.org/rfc/rfc3339#section-5.6
    """
    match = RFC_3339.fullmatch(text)
    if match is None:
        return None
    second = LAST_SECOND if match["second"] == LEAP_SECOND else match["second"]
    fraction = (match["fraction"] or "").ljust(3, "0")[:3]
    offset = "+00:00" if match["offset"] in "Zz" else match["offset"]
    try:
        instant = datetime.fromisoformat(f"{match['day']}T{match['minute']}:{second}.{fraction}{offset}")
        return (instant - FIRST) // MILLISECOND if FIRST <= instant < AFTER_LAST else None
    except (ValueError, OverflowError):  # the 30th of February, say
        return None
