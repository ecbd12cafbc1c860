"""Run the house: checks first, then the programs, until somebody says stop."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType

import click

from monitor import broker, notify, preflight
from monitor.household import Apart, Wish, demo_apart, programs
from monitor.settings import Settings, load
from monitor.supervisor import Supervisor
from monitor.welcome import Welcome, own_address

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
ANSWER_S = 0.2  # the dashboard on this computer takes a connection within this

log = logging.getLogger("up")


def run(wish: Wish) -> None:
    """Check, start, watch, stop. Raises SettingsError for what a person must put right first."""
    real = load(wish.config)
    apart = demo_apart(real) if wish.demo else Apart()
    settings = load(wish.config, **apart.settings) if wish.demo else real
    preflight.check_recordings(wish.replay)
    preflight.prepare_state_dir(settings.state_dir)
    lock = preflight.lock(settings.state_dir)
    preflight.check_port(settings.web.host, settings.web.port)
    private = None if settings.mqtt.host else broker.prepare(settings)
    # The programs read file and environment themselves: a demo's own values must win there too.
    for key in [key for key in os.environ if _is_overruled(key, apart)]:
        del os.environ[key]
    os.environ.update(apart.environment)

    supervisor = Supervisor(programs(settings, wish, private), _write, pass_fds=(lock,))
    greeting = Greeting(settings, wish)
    with stop_signals() as stopping:
        try:
            while not stopping.pending():
                supervisor.turn(wake=[stopping.fileno()])
                greeting.tick()
                # A listener without fresh sound is the supervisor's business; this tells systemd
                # that the supervisor itself still turns.
                notify.notify(f"{notify.READY}\n{notify.WATCHDOG}")
        finally:
            notify.notify(notify.STOPPING)
            log.info("stopping")
            supervisor.stop()


def _is_overruled(name: str, apart: Apart) -> bool:
    return name.partition("__")[0] in apart.environment


def _write(line: bytes) -> None:
    """A program's line goes to standard error, beside our own; a closed terminal stops nobody."""
    with suppress(OSError):
        sys.stderr.buffer.write(line + b"\n")
        sys.stderr.buffer.flush()


class StopSignals:
    """Signals that ask for the end, as something to wait for."""

    def __init__(self, reader: socket.socket) -> None:
        self._reader = reader

    def fileno(self) -> int:
        """Readable once a signal has come."""
        return self._reader.fileno()

    def pending(self) -> bool:
        """Whether one has come."""
        try:
            return bool(self._reader.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False


@contextmanager
def stop_signals() -> Iterator[StopSignals]:
    """Collect the signals that end us, instead of being interrupted by them."""

    def note(number: int, frame: FrameType | None) -> None:
        """Nothing: the signal's number is written to the socket by Python."""

    reader, writer = socket.socketpair()
    reader.setblocking(False)
    writer.setblocking(False)
    before = signal.set_wakeup_fd(writer.fileno(), warn_on_full_buffer=False)
    handlers = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    for number in STOP_SIGNALS:
        if handlers[number] is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, note)
    try:
        yield StopSignals(reader)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        reader.close()
        writer.close()


class Greeting:
    """Shows the address once, when the dashboard answers."""

    def __init__(self, settings: Settings, wish: Wish) -> None:
        self._settings = settings
        self._wish = wish
        self._shown = False

    def tick(self) -> None:
        """Look whether it is time."""
        web = self._settings.web
        if self._shown or not answers(web.host, web.port):
            return
        self._shown = True
        welcome = Welcome(
            host=web.host,
            port=web.port,
            listens_to=list(_sources(self._settings, self._wish)),
            setup_code=_setup_code(self._settings.state_dir),
            demo=self._wish.demo,
        )
        with suppress(OSError):
            click.echo(welcome.text(own_address(), picture=sys.stdout.isatty()))


def answers(host: str, port: int) -> bool:
    """Whether something takes connections there."""
    local = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104
    try:
        socket.create_connection((local, port), timeout=ANSWER_S).close()
    except OSError:
        return False
    return True


def _sources(settings: Settings, wish: Wish) -> Iterator[str]:
    for box in settings.box:
        if wish.demo:
            yield f"{box.label}: a made-up night"
        elif wish.replay:
            yield f"{box.label}: listening to {_names(wish.replay)}"
            return
        else:
            yield f"{box.label}: listening to {box.microphone or 'the microphone'}"


def _names(paths: Sequence[Path]) -> str:
    first = paths[0].name
    return first if len(paths) == 1 else f"{first} and {len(paths) - 1} more"


def _setup_code(state_dir: Path) -> str | None:
    """The code for the first sign-in, which the dashboard leaves there until it has been used."""
    with suppress(OSError):
        return (state_dir / "setup-code").read_text(encoding="ascii").strip() or None
    return None
