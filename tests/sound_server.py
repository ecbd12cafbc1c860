"""A sound server of our own for tests, with a microphone that can be spoken into and pulled out.

A PulseAudio server in its own folder plays a null sink into a source `usb_mic`, which PortAudio
sees through ALSA. Nothing of the user's sound set-up is read or changed.

    with SoundServer(tmp_path / "sound") as server:
        process = subprocess.Popen([...], env={**os.environ, **server.environment})
        server.play(path)
        server.unplug()

or the fixture `sound_server` (in `tests/conftest.py`). Tests are skipped, with the reason, where
PulseAudio or ALSA's plugin for it is not installed.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

MICROPHONE = "usb_mic"
RATE_HZ = 48_000
DELAY_MS = 20  # of the sound on its way through the server, about
WAIT_S = 10.0
PROGRAMS = ("pulseaudio", "pactl", "parec", "paplay")
PLUGIN = "alsa-lib/libasound_module_pcm_pulse.so"


class SoundServer:
    """One server in `folder`, started with the microphone plugged in."""

    def __init__(self, folder: Path, microphone: str = MICROPHONE, channels: int = 1) -> None:
        if missing := [name for name in PROGRAMS if shutil.which(name) is None]:
            pytest.skip(f"{', '.join(missing)} not installed (pulseaudio, pulseaudio-utils)")
        if not list(Path("/usr/lib").glob(f"*/{PLUGIN}")):
            pytest.skip("ALSA's pulse plugin is not installed (Debian package libasound2-plugins)")
        self._folder = folder
        self._microphone = microphone
        self._feed = f"{microphone}_feed"  # the null sink that is played into
        self._channels = channels
        self._socket = folder / "socket"
        self._server: subprocess.Popen[bytes] | None = None
        self._opener: subprocess.Popen[bytes] | None = None
        for part in ("runtime", "state", "config"):
            (folder / part).mkdir(parents=True, mode=0o700)
        (folder / "server.pa").write_text(
            f"load-module module-native-protocol-unix socket={self._socket} auth-anonymous=1\n"
        )
        (folder / "alsa.conf").write_text(
            "</usr/share/alsa/alsa.conf>\n"
            f"{self.device}"
            f'pcm.!default "{microphone}"\n'
            f'ctl.!default "{microphone}"\n'
        )

    @property
    def device(self) -> str:
        """The microphone as ALSA's configuration has it."""
        name, server = self._microphone, f'server "unix:{self._socket}"'
        return (
            f'pcm.{name} {{ type pulse {server} device "{name}"\n'
            '  hint { show on description "a microphone for tests" } }\n'
            f"ctl.{name} {{ type pulse {server} }}\n"
        )

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs to hear this microphone and no other."""
        return {
            "ALSA_CONFIG_PATH": str(self._folder / "alsa.conf"),
            "PULSE_SERVER": f"unix:{self._socket}",
            "PULSE_COOKIE": str(self._folder / "cookie"),
        }

    def start(self) -> None:
        """Start the server and plug the microphone in."""
        self._socket.unlink(missing_ok=True)
        command = ["pulseaudio", "-n", "-F", str(self._folder / "server.pa"), "--daemonize=no"]
        command += ["--use-pid-file=no", "--exit-idle-time=-1", "--disable-shm=yes"]
        command += ["--realtime=no", "--high-priority=no", "--log-target=stderr"]
        with (self._folder / "log").open("ab") as log:
            self._server = subprocess.Popen(
                command, env=self._server_environment(), stdout=log, stderr=log
            )
        _wait(lambda: self._ask("info") is not None, "the sound server to answer")
        self.plug()

    def _server_environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/bin:/bin",
            "HOME": str(self._folder),
            "XDG_CONFIG_HOME": str(self._folder / "config"),
            "PULSE_RUNTIME_PATH": str(self._folder / "runtime"),
            "PULSE_STATE_PATH": str(self._folder / "state"),
            "PULSE_COOKIE": str(self._folder / "cookie"),
            "DBUS_SESSION_BUS_ADDRESS": "disabled:",
            "LC_ALL": "C",
        }

    def kill(self) -> None:
        """End the server without warning."""
        for process in (self._server, self._opener):
            if process is not None:
                process.send_signal(signal.SIGKILL)
                process.wait(WAIT_S)
        self._server = self._opener = None
        self._socket.unlink(missing_ok=True)

    def plug(self) -> None:
        """The microphone is there."""
        common = f"rate={RATE_HZ} channels={self._channels}"
        self._tell("load-module", "module-null-sink", f"sink_name={self._feed}", *common.split())
        self._tell(
            *("load-module", "module-remap-source", f"source_name={self._microphone}"),
            *(f"master={self._feed}.monitor", "remix=no", *common.split()),
        )
        # Alone, an idle null sink works in blocks of up to two seconds. One listener that asks for
        # little delay keeps them short; suspending ends the long block that is under way.
        self._opener = subprocess.Popen(
            ["parec", f"--device={self._microphone}", f"--latency-msec={DELAY_MS}", "--raw"],
            env=self._server_environment() | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        _wait(lambda: bool(self._ask("list", "short", "source-outputs")), "a first listener")
        self._tell("suspend-sink", self._feed, "1")
        self._tell("suspend-sink", self._feed, "0")
        self._tell("set-default-source", self._microphone)

    def unplug(self) -> None:
        """The microphone is gone; the server stays."""
        for line in (self._ask("list", "short", "modules") or "").splitlines():
            # The sink first: with it, the source falls at once, and nobody is moved to another.
            number, name, *_ = line.split("\t")
            if name == "module-null-sink":
                self._tell("unload-module", number)
        for line in (self._ask("list", "short", "modules") or "").splitlines():
            number, name, *_ = line.split("\t")
            if name == "module-remap-source":
                self._ask("unload-module", number)
        if self._opener is not None:
            self._opener.terminate()
            self._opener.wait(WAIT_S)
            self._opener = None

    def mute(self, muted: bool = True) -> None:
        """It gives digital silence, or sound again."""
        self._tell("set-source-mute", self._microphone, str(int(muted)))

    def suspend(self, suspended: bool = True) -> None:
        """It gives nothing at all, or sound again."""
        self._tell("suspend-source", self._microphone, str(int(suspended)))

    def play(self, path: Path) -> None:
        """Play a sound file into the microphone; returns at its end."""
        with self.playing(path) as process:
            assert process.wait(600) == 0

    @contextmanager
    def playing(self, path: Path) -> Iterator[subprocess.Popen[bytes]]:
        """Play meanwhile; stops at the end of the block."""
        process = subprocess.Popen(
            ["paplay", f"--device={self._feed}", f"--latency-msec={DELAY_MS}", str(path)],
            env=self._server_environment() | self.environment,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(WAIT_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def _tell(self, *words: str) -> None:
        if self._ask(*words) is None:
            raise RuntimeError(f"pactl {' '.join(words)} failed:\n{self._log()}")

    def _ask(self, *words: str) -> str | None:
        done = subprocess.run(
            ["pactl", *words],
            env=self._server_environment() | self.environment,
            capture_output=True,
            text=True,
            timeout=WAIT_S,
            check=False,
        )
        return done.stdout if done.returncode == 0 else None

    def _log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")[-2000:]


def _wait(there: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + WAIT_S
    while not there():
        if time.monotonic() > end:
            raise RuntimeError(f"waited in vain for {what}")
        time.sleep(0.05)


@pytest.fixture
def sound_server(tmp_path: Path) -> Iterator[SoundServer]:
    """A running sound server with its microphone plugged in."""
    with SoundServer(tmp_path / "sound") as server:
        yield server
