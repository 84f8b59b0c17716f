"""Epic's trigger actions: which step of the clinician's work a patient-view call stands for.

Epic calls patient-view also when a diagnosis or a problem is entered, and says which it was in the
request's extension (https://fhir.epic.com/Documentation?docId=cds-hooks, "Epic Extensions").
"""

from collections.abc import Collection, Mapping

import msgspec
from msgspec import Raw

TRIGGER_ACTION = "com.epic.cdshooks.request.bpa-trigger-action"
# those that Epic can name: docs/epic.md says which step each is
TRIGGER_ACTIONS = ("5", "6", "7", "18", "23", "26", "27", "29", "60")

_VALUE: msgspec.json.Decoder[str | int | None] = msgspec.json.Decoder(str | int | None)


def triggered(extension: Mapping[str, Raw] | None, allowed: Collection[str]) -> bool:
    """Whether a call on patient-view is one that the site wants answered.

    Args:
        extension: `extension` of the request, its members as they came; None without one.
        allowed: The trigger actions that the site wants answered, as Epic numbers them; empty: all.

    Returns:
        False only for a call that names another trigger. One that names none, or names it in a way
        that cannot be read, is answered: silence would look like "nothing to advise".
    """
    if not allowed:
        return True
    action = _action(extension)
    return action is None or action in allowed


def _action(extension: Mapping[str, Raw] | None) -> str | None:
    """The trigger, sent as text or as a number; None where none can be read."""
    raw = (extension or {}).get(TRIGGER_ACTION)
    if raw is None:
        return None
    try:
        value = _VALUE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return None if value is None else str(value).strip() or None
