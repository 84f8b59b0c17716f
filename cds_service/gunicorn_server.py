"""The production server: gunicorn with threads, configured here and nowhere else."""

import gc
import logging
import socket
from collections.abc import Callable
from pathlib import Path

from flask import Flask
from gunicorn.app.base import BaseApplication  # type: ignore[import-untyped]  # gunicorn has no types
from gunicorn.config import KNOWN_SETTINGS, Config  # type: ignore[import-untyped]
from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from cds_service.allocation import keep_freed_memory
from cds_service.errors import SettingsError
from cds_service.logs import Log, log_to
from cds_service.reloading import MESSAGES, ReloadingArbiter, ReloadingWorker, hold_hangups
from cds_service.settings import Address, Settings

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - a place for heartbeats, no file of ours
GRACE_S = 20  # calls under way may finish; Kubernetes kills after 30
# objects made before the collector looks for cycles; a call makes hundreds, and hardly any in a cycle
COLLECT_AFTER = 10_000
TIMEOUT_S = 30  # of a worker that has stopped answering
KEEP_ALIVE_S = 75  # longer than the idle time-out of common load balancers

# gunicorn's own lifecycle messages, and ours of a reload; any other may quote a request
LIFECYCLE = (
    *MESSAGES,
    "Starting gunicorn",
    "Listening at",
    "Using worker",
    "Booting worker",
    "Worker exiting",
    "Handling signal",
    "Shutting down",
    "WORKER TIMEOUT",
    "Worker (pid",
)


class LifecycleOnly(logging.Filter):
    """Lets lifecycle messages through; of others only the level is told, for they quote requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Replace what may hold a URL or a header."""
        if not str(record.msg).startswith(LIFECYCLE):
            record.msg, record.args = "request refused or failed in the server", ()
            record.exc_info = record.exc_text = None
        return True


class EventHandler(logging.Handler):
    """Writes the server's messages as our JSON lines."""

    def __init__(self, log: Log) -> None:
        super().__init__()
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """One line a message."""
        write = self._log.error if record.levelno >= logging.ERROR else self._log.info
        if record.levelno == logging.WARNING:
            write = self._log.warning
        write(f"server: {record.getMessage()}")


class JsonLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's logger, with our format and without what could name a patient."""

    def setup(self, cfg: Config) -> None:
        """Replace gunicorn's handlers."""
        super().setup(cfg)
        handler = EventHandler(log_to())
        handler.addFilter(LifecycleOnly())
        self.error_log.handlers = [handler]


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn told by values: no configuration file, no GUNICORN_CMD_ARGS."""

    def __init__(
        self,
        make_app: Callable[[], Flask],
        settings: Settings,
        when_ready: Callable[[], None],
        *,
        reload: Callable[[], None] | None = None,
        begin: Callable[[], None] | None = None,
        end: Callable[[], None] | None = None,
    ) -> None:
        """Serve the app that `make_app` makes, once.

        Args:
            make_app: Called in the master process, before the workers are forked.
            settings: Address, processes, threads.
            when_ready: Called when the port is open.
            reload: Called on SIGHUP, in every process; a PathwayError of it is logged with its reason and
                leaves what was in force. None: SIGHUP changes nothing.
            begin: Called in each worker process before its first call.
            end: Called in each worker process after its last call, unless the process is killed.
        """
        self._make_app = make_app
        self._settings = settings
        self._when_ready = when_ready
        self.reload_in_force = reload
        self._begin = begin or (lambda: None)
        self._end = end or (lambda: None)
        super().__init__()

    def run(self) -> None:
        """Serve until told to stop; SIGHUP waits from here on until it can be heard."""
        hold_hangups()
        ReloadingArbiter(self).run()

    def load_config(self) -> None:
        """Set what differs from gunicorn's defaults."""
        for name, value in self._choices().items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """The app, made once before the workers are forked."""
        keep_freed_memory()
        app = self._make_app()
        gc.collect()
        gc.freeze()  # what is loaded stays shared between the processes
        gc.set_threshold(COLLECT_AFTER)
        return app

    def _choices(self) -> dict[str, object]:
        choices: dict[str, object] = {
            "bind": str(self._settings.bind),
            "workers": self._settings.workers,
            "threads": self._settings.threads,
            "worker_class": ReloadingWorker,  # with threads, since calls wait for FHIR servers
            "preload_app": True,
            "timeout": TIMEOUT_S,
            "graceful_timeout": GRACE_S,
            "keepalive": KEEP_ALIVE_S,
            "accesslog": None,  # its lines hold URLs
            # a header of a client's, SCRIPT_NAME say, must not move a path past what the proxy lets through
            "forwarded_allow_ips": "",
            "forwarder_headers": "",
            "logger_class": JsonLogger,
            "proc_name": "backpath",
            "when_ready": lambda _: self._when_ready(),
            "post_worker_init": lambda _: self._begin(),
            "worker_exit": lambda _arbiter, _worker: self._end(),
        }
        if SHARED_MEMORY.is_dir():
            choices["worker_tmp_dir"] = str(SHARED_MEMORY)
        if any(setting.name == "control_socket_disable" for setting in KNOWN_SETTINGS):
            choices["control_socket_disable"] = True  # its default path is shared by all services of a user
        return choices


def check_free(address: Address) -> None:
    """Fail early and clearly where gunicorn would retry for seconds.

    Raises:
        SettingsError: the address is taken or is not this machine's.
    """
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            raise SettingsError(
                f"cannot listen at {address}: {error.strerror}; choose another --port"
            ) from error
