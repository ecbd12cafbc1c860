"""A private PostgreSQL for tests: own data directory, own socket, no TCP; gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import pytest

UNPRIVILEGED = "postgres"  # PostgreSQL refuses to run as root; Debian's package makes this user


def find(program: str) -> Path | None:
    """A program of the newest PostgreSQL: Debian keeps them off the PATH."""
    versions = sorted(
        Path("/usr/lib/postgresql").glob("*"), key=lambda p: int(p.name), reverse=True
    )
    for folder in versions:
        if (folder / "bin" / program).exists():
            return folder / "bin" / program
    found = shutil.which(program)
    return Path(found) if found else None


class PostgreSQL:
    """One server in a temporary directory; skips the test where there is none to be had."""

    def __init__(self) -> None:
        if find("initdb") is None:
            pytest.skip("PostgreSQL is not installed (Debian package `postgresql`)")
        self._as: list[str] = []
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))  # a socket's path must be short
        self.user = pwd.getpwuid(os.getuid()).pw_name
        if os.getuid() == 0:
            self.user = UNPRIVILEGED
            self._as = ["runuser", "-u", self.user, "--"]
            shutil.chown(self.folder, self.user)
        data = self.folder / "data"
        self._run("initdb", "-D", str(data), "-A", "trust", "-U", self.user, "--no-sync")
        with (data / "postgresql.conf").open("a") as settings:
            settings.write(f"unix_socket_directories = '{self.folder}'\n")
            settings.write("listen_addresses = ''\nfsync = off\n")

    def start(self) -> None:
        """Start it and wait until it answers."""
        log = str(self.folder / "log")
        self._run("pg_ctl", "start", "-w", "-D", str(self.folder / "data"), "-l", log)

    def stop(self) -> None:
        """Stop it at once, breaking its connections."""
        self._run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(self.folder / "data"))

    def new_database(self, like: str | None = None) -> str:
        """URL of a fresh database: empty, or a copy of the one at another URL."""
        name = f"t{uuid4().hex[:12]}"
        template = like.partition("@/")[2].partition("?")[0] if like else "template0"
        self._run("createdb", "-h", str(self.folder), "-U", self.user, "-T", template, name)
        return f"postgresql+psycopg://{self.user}@/{name}?host={self.folder}"

    def _run(self, program: str, *arguments: str) -> None:
        path = find(program)
        assert path is not None
        done = subprocess.run(
            [*self._as, str(path), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program != "pg_ctl" else subprocess.DEVNULL,
            stderr=subprocess.STDOUT if program != "pg_ctl" else subprocess.DEVNULL,
            cwd=self.folder,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, f"{program}: {done.stdout!r}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A running server, shared by all tests; each takes a database of its own."""
    with PostgreSQL() as server:
        yield server
