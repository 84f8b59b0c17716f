"""Records calls: whatever becomes of the record, the card goes out."""

import threading
import time

from cds_service.errors import place_of
from cds_service.logs import Log
from cds_service.memory.outbox import Outbox, OutboxError
from cds_service.memory.records import CallRecord

TOLD_EVERY_S = 60.0


class Recorder:
    """Puts the record of each call into the outbox."""

    def __init__(self, outbox: Outbox, *, log: Log, told_every_s: float = TOLD_EVERY_S) -> None:
        """Told to `log` when calls are not recorded: the first at once, then how many, so often."""
        self._outbox = outbox
        self._log = log
        self._told_every_s = told_every_s
        self._lock = threading.Lock()
        self._dropped = 0
        self._not_told = 0
        self._told_at = -told_every_s

    @property
    def dropped(self) -> int:
        """How many calls of this process were not recorded."""
        return self._dropped

    def record(self, record: CallRecord) -> bool:
        """Write the record out, without waiting for the disk; False: it could not be. Never raises."""
        try:
            self._outbox.append(record)
        except OutboxError as error:
            self._drop(error.cause, None)
            return False
        except Exception as error:  # noqa: BLE001 - a defect of ours must not cost a card
            self._drop(type(error).__name__, place_of(error))
            return False
        return True

    def _drop(self, cause: str, place: str | None) -> None:
        with self._lock:
            self._dropped += 1
            self._not_told += 1
            now = time.monotonic()
            if now - self._told_at < self._told_every_s:
                return
            self._told_at, number, self._not_told = now, self._not_told, 0
        at = {} if place is None else {"place": place}
        self._log.error("call.not_recorded", reason=cause, records=number, **at)
