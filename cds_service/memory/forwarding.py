"""Brings what is in the outbox into the store.

Each worker has a thread for it, and a lock sees to it that one of them does it at a time: where a worker
dies, another goes on. What is written twice, since a process died between the two files, is there once.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from cds_service.errors import place_of
from cds_service.logs import Log
from cds_service.memory.file_locks import FileLock
from cds_service.memory.outbox import Outbox, OutboxError, Waiting
from cds_service.memory.outbox_files import SETTLED_BYTES, log_bytes, with_suffix
from cds_service.memory.parcels import AnyRecord, UnreadableError, unpacked
from cds_service.memory.purging import KEPT_DAYS, Purged, bound, purge_piece
from cds_service.memory.rows import Writer
from cds_service.store.errors import StoreAwayError, cause_of
from cds_service.store.location import SQLITE
from cds_service.store.opening import OK, Store

LOCK_SUFFIX = ".forwarding"
EVERY_S = 1.0  # looked for what calls have recorded
WOKEN_S = 0.1  # what one that was woken waits for another that is at it
LOOK_AGAIN_S = 0.02  # by one that waits for what another process may forward
SETTLED_EVERY_S = 5.0
MENDED_EVERY_S = 1.0  # looked for damaged files, which any process may have moved aside
# of one transaction: SQLite keeps its lock for the whole of it, and calls wait for that no longer than 25 ms
SQLITE_BATCH, POSTGRESQL_BATCH = 20, 200
DAY_S = 24 * 60 * 60.0
PURGED_AT_A_TIME = 20  # pieces, between two looks into the outbox


class Forwarder:
    """Empties the outbox; of one process."""

    def __init__(
        self,
        outbox: Outbox,
        store: Store,
        *,
        log: Log,
        kept_days: int | None = KEPT_DAYS,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Nothing is done yet.

        Args:
            outbox: Where records wait.
            store: Where they belong.
            log: Told of records that no store can take, of what was purged, and of defects.
            kept_days: How long the store keeps them; None: for ever.
            now: s since 1970.
        """
        self._outbox = outbox
        self._store = store
        self._log = log
        self._kept_days = kept_days
        self._now = now
        self._writer = Writer(store.kind)
        self._most = SQLITE_BATCH if store.kind == SQLITE else POSTGRESQL_BATCH
        self._batch = self._most
        self._lock = FileLock(with_suffix(outbox.file, LOCK_SUFFIX))
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._moved = threading.Condition()
        self._arrived = (0, 0)  # file and number of the last that this process has brought into the store
        self._is_in_trouble = False
        self._mend_at = self._settle_at = 0.0
        self._purge_at = 0.0
        self._purged = Purged()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Work from now on: in a worker, after the fork."""
        self._thread = threading.Thread(target=self._work, name="forwarder", daemon=True)
        self._thread.start()

    def soon(self) -> None:
        """Have it done at once; returns at once."""
        self._wake.set()

    def flush(self, within_s: float) -> bool:
        """Whether the store has all that is in the outbox by now.

        Waits for it no longer than told, and not at all while the store is away.
        """
        deadline = time.monotonic() + within_s
        try:
            last = self._outbox.last()
            while not self._has_arrived(last):
                left_s = deadline - time.monotonic()
                if left_s <= 0 or self._store.state != OK:
                    return False
                self._wake.set()
                with self._moved:
                    self._moved.wait(min(left_s, LOOK_AGAIN_S))
        except OutboxError:
            return False
        return True

    def forward(self, within_s: float = 0.0) -> bool:
        """Bring all that waits into the store, in the calling thread; False: another process is at it.

        Raises:
            StoreAwayError: the store is away or failed.
            OutboxError: the outbox failed.
            OSError: the disk failed.
        """
        if not self._lock.take(alone=True, within_s=within_s):
            return False
        try:
            self._make_room()
            self._drain()
            self._mend()
            self._settle()
            self._purge()
            self._is_in_trouble = False
        finally:
            self._lock.release()
        return True

    def close(self) -> None:
        """Finish what is being done, and no more."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=5.0)
        self._lock.close()

    def _work(self) -> None:
        self._outbox.warm()
        while not self._closing.is_set():
            woken = self._wake.wait(EVERY_S)
            self._wake.clear()
            try:
                self.forward(WOKEN_S if woken else 0.0)
            except StoreAwayError:
                self._closing.wait(EVERY_S / 10)  # it has told so, and is looked for
            except (OutboxError, OSError) as error:
                self._log.error("forwarder.failed", reason=getattr(error, "cause", None) or cause_of(error))
                self._closing.wait(EVERY_S)
            except Exception as error:  # noqa: BLE001 - a defect of ours must not end the thread
                self._log.error("forwarder.failed", error=type(error).__name__, place=place_of(error))
                self._closing.wait(EVERY_S)

    def _has_arrived(self, number: int) -> bool:
        file, arrived = self._arrived
        if arrived >= number and file == self._outbox.inode:
            return True
        first = self._outbox.first()
        return first is None or first > number

    def _drain(self) -> None:
        inode = self._outbox.inode
        while waiting := self._outbox.oldest(self._batch):
            self._deliver(waiting, inode)
            self._settle()  # under a load that never lets it run empty, too
            inode = self._outbox.inode

    def _mend(self) -> None:
        """Also what was found damaged just now."""
        if time.monotonic() >= self._mend_at:
            while self._outbox.mend():
                self._drain()
            self._mend_at = time.monotonic() + MENDED_EVERY_S

    def _deliver(self, waiting: Sequence[Waiting], inode: int) -> None:
        """Write a batch, and only when it is safe there remove it here."""
        records: list[AnyRecord] = []
        places: list[Waiting] = []
        for one in waiting:
            try:
                records.append(unpacked(one.parcel))
                places.append(one)
            except UnreadableError as error:
                self._set_aside(one, error.cause)
        refused = self._written(records)
        with self._moved:
            self._arrived = (inode, waiting[-1].number)
            self._moved.notify_all()  # it can be read, and is safe here until it is there
        self._store.secure()
        for place, reason in refused.items():
            self._set_aside(places[place], reason)
        self._outbox.remove(waiting)

    def _written(self, records: Sequence[AnyRecord]) -> dict[int, str]:
        try:
            refused = self._store.run_beside(lambda connection: self._writer.write(connection, records))
        except StoreAwayError:
            self._batch = max(1, self._batch // 2)  # perhaps it was late only because it was so much
            raise
        self._batch = min(self._most, self._batch * 2)
        return refused

    def _set_aside(self, waiting: Waiting, reason: str) -> None:
        self._outbox.set_aside(waiting, reason)
        self._log.error("outbox.set_aside", reason=reason, bytes=len(waiting.parcel))

    def _make_room(self) -> None:
        """After a failure: a disk that is full may be full of logs that could be begun anew."""
        if self._is_in_trouble:
            with suppress(OutboxError):
                self._outbox.settle(above_bytes=0)
            self._store.settle()
        self._is_in_trouble = True  # until this round has come to its end

    def _settle(self) -> None:
        """Keep the logs of both files short, so that nobody has to who waits for it."""
        if time.monotonic() < self._settle_at:
            return
        self._settle_at = (
            time.monotonic() + SETTLED_EVERY_S
        )  # a log that was begun anew is as large as before
        self._outbox.settle()
        if self._store.file is not None and log_bytes(self._store.file) > SETTLED_BYTES:
            self._store.settle()

    def _purge(self) -> None:
        """Once a day, and a few pieces at a time."""
        if self._kept_days is None or time.monotonic() < self._purge_at:
            return
        before = bound(self._kept_days, self._now())
        for _ in range(PURGED_AT_A_TIME):
            piece = purge_piece(self._store, before)
            self._purged += piece
            if piece.nothing:
                self._end_purge(before)
                return

    def _end_purge(self, before: int) -> None:
        self._outbox.forget_set_aside(before)
        self._purge_at = time.monotonic() + DAY_S
        if not self._purged.nothing:
            self._log.info("memory.purged", records=self._purged.calls + self._purged.feedback)
        self._purged = Purged()
