"""Urgency of the pathway as the indicator of CDS Hooks."""

from collections.abc import Iterable, Mapping

from cards.wire import Indicator
from pathway.advice import Urgency

ORDER_SELECT = "order-select"

_INDICATORS: Mapping[Urgency, Indicator] = {  # in rising order
    Urgency.ROUTINE: Indicator.INFO,
    Urgency.CAUTION: Indicator.WARNING,
    Urgency.URGENT: Indicator.CRITICAL,
}
_RISING = tuple(_INDICATORS)


def highest(urgencies: Iterable[Urgency]) -> Indicator:
    """The indicator of a card with several recommendations: the highest of them (contract)."""
    return _INDICATORS[max(urgencies, key=_RISING.index)]


def on_hook(urgency: Urgency, hook: str) -> Indicator:
    """The indicator of a guard; while an order is still being chosen nothing is critical (R40)."""
    if hook == ORDER_SELECT and urgency is Urgency.URGENT:
        return Indicator.WARNING
    return _INDICATORS[urgency]
