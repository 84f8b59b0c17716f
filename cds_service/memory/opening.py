"""Opens all that memory takes: the outbox, the way into the store, the past, and the keys of the hashes."""

from dataclasses import dataclass
from typing import Self

from cds_service.logs import Log
from cds_service.memory.considering import Memory
from cds_service.memory.forwarding import Forwarder
from cds_service.memory.history import History, reading_access
from cds_service.memory.identities import Identities, folder_beside
from cds_service.memory.outbox import Outbox
from cds_service.memory.outbox_files import outbox_file
from cds_service.memory.recorder import Recorder
from cds_service.settings import Settings
from cds_service.store.location import location_of
from cds_service.store.opening import Store

LAST_S = 5.0  # of a worker's end, for what waits to be brought into the store


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembrance:
    """Made once, before the fork; each worker begins with connections of its own."""

    identities: Identities
    outbox: Outbox
    forwarder: Forwarder
    recorder: Recorder
    history: History
    memory: Memory

    @classmethod
    def open(cls, settings: Settings, store: Store, log: Log) -> Self:
        """Make ready; no connection stays open, and no thread is begun.

        Raises:
            StoreError: BACKPATH_STORE cannot be used.
        """
        location = location_of(settings.store)
        identities = Identities(folder_beside(location), log)
        outbox = Outbox(outbox_file(settings.store), log=log)
        outbox.prepare()
        history = History(reading_access(location, log=log, threads=settings.threads))
        return cls(
            identities=identities,
            outbox=outbox,
            forwarder=Forwarder(outbox, store, log=log, kept_days=settings.retention_days),
            recorder=Recorder(outbox, log=log),
            history=history,
            memory=Memory(history, identities),
        )

    def begin(self) -> None:
        """A worker has been forked."""
        self.outbox.warm()
        self.history.warm()
        self.forwarder.begin()

    def end(self) -> None:
        """A worker is about to exit: what it recorded is in the store then, if that answers.

        What is not stays in the outbox for the next start.
        """
        self.forwarder.flush(LAST_S)
        self.forwarder.close()
        self.history.close()
        self.outbox.close()
