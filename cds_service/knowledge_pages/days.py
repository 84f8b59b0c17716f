"""Days of the golden cases in words: they count from the day of the case."""

WEEK = 7
LONGEST_IN_DAYS = 28  # what is longer, and whole weeks, is said in weeks


def span(days: int) -> str:
    """A number of days: "1 day", "13 days", "8 weeks"."""
    if days > LONGEST_IN_DAYS and days % WEEK == 0:
        return f"{days // WEEK} weeks"
    return "1 day" if days == 1 else f"{days} days"


def when(offset: int) -> str:
    """A day, counted from the day of the case: "today", "13 days ago", "in 4 days"."""
    if offset == 0:
        return "today"
    return f"{span(-offset)} ago" if offset < 0 else f"in {span(offset)}"


def between(first: int | None, last: int | None) -> str:
    """From a day to a day; what is not recorded is said so."""
    if first is not None and first == last:
        return when(first)
    if first is not None and last is not None:
        return f"from {when(first)} to {when(last)}"
    if first is not None:
        return f"since {when(first)}"
    return "without dates" if last is None else f"until {when(last)}"


def listed(words: list[str], last: str = "and") -> str:
    """Words in a row: "a, b and c"."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"
