"""The real `nursery-monitor ingest` as a child process, on a real broker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.mosquitto import Mosquitto

WAIT_S = 30.0  # this machine may be busy


class IngestProcess:
    """`nursery-monitor ingest` with its own state directory; to be killed at will."""

    def __init__(
        self, folder: Path, mosquitto: Mosquitto, url: str, *arguments: str, **settings: str
    ) -> None:
        self._folder, self._arguments = folder, arguments
        self._environment = {
            **os.environ,
            "NURSERY_STATE_DIR": str(folder),
            "NURSERY_MQTT__HOST": "127.0.0.1",
            "NURSERY_MQTT__PORT": str(mosquitto.port),
            "NURSERY_MQTT__USERNAME": "dashboard",
            "NURSERY_MQTT__PASSWORD": mosquitto.password("dashboard"),
            "NURSERY_WEB__DATABASE_URL": url,
            **settings,
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; it is not yet connected."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "monitor", "ingest", *self._arguments],
                env=self._environment,
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """`kill -9`."""
        self._end(signal.SIGKILL)

    def stop(self) -> int:
        """As systemd would; the exit status."""
        return self._end(signal.SIGTERM)

    def wait(self) -> int:
        """Wait until it ends by itself; the exit status."""
        assert self._process is not None
        return self._process.wait(WAIT_S)

    def _end(self, how: signal.Signals) -> int:
        assert self._process is not None
        self._process.send_signal(how)
        return self._process.wait(WAIT_S)

    def log(self) -> str:
        """What it said so far."""
        return (self._folder / "log").read_text()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()


def wait_until(true: Callable[[], bool], what: str, timeout_s: float = WAIT_S) -> None:
    """Wait for something to become true."""
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end, f"not within {timeout_s:g} s: {what}"
        time.sleep(0.02)
