"""Run the house: checks first, then the programs, until somebody says stop."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import click

from monitor import broker, notify, preflight
from monitor.household import Apart, Wish, demo_apart, programs
from monitor.messages import Check, CheckStatus
from monitor.settings import Settings, SettingsError, addresses, broker_for, load, own_address
from monitor.signals import stop_signals
from monitor.supervisor import Supervisor
from monitor.welcome import Welcome

LOOK_S = 30.0  # for a look at microphones and model; a small board may need several seconds
NETWORK_S = 10.0  # how often is looked whether there is a network by now

log = logging.getLogger("up")


def run(wish: Wish) -> None:
    """Check, start, watch, stop. Raises SettingsError for what a person must put right first."""
    real = load(wish.config)
    apart = demo_apart(real) if wish.demo else Apart()
    settings = load(wish.config, **apart.settings) if wish.demo else real
    preflight.check_recordings(wish.replay)
    if not (wish.demo or wish.replay):
        preflight.check_microphones(settings.box)
    preflight.prepare_state_dir(settings.state_dir)
    lock = preflight.lock(settings.state_dir)
    preflight.check_port(settings.web.host, settings.web.port)
    if not wish.service:  # a service does not wait for an answer: each listener says what it lacks
        check_ears(wish)
    private = broker.prepare(settings) if settings.mqtt.host is None else None
    broker_for(settings, "listener")  # whose password and certificates can be read
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
                greeting.tick(ready=supervisor.is_ready("web"))
                # A listener without fresh sound is the supervisor's business; this tells systemd
                # that the supervisor itself still turns.
                notify.notify(f"{notify.READY}\n{notify.WATCHDOG}")
        finally:
            notify.notify(notify.STOPPING)
            log.info("stopping")
            supervisor.stop()


def check_ears(wish: Wish) -> None:
    """The model must load, and each box must have a microphone that can be told.

    Asked in a process of its own: PortAudio and the network stay out of this one, which lives for
    months. A microphone that is named may come later.
    """
    command = wish.command("doctor", "--json", "--look")
    try:
        answer = subprocess.run(
            command, capture_output=True, text=True, timeout=LOOK_S, check=False
        )
        checks = [Check.model_validate(check) for check in json.loads(answer.stdout)]
    except (subprocess.TimeoutExpired, ValueError) as error:
        said = error.stderr if isinstance(error, subprocess.TimeoutExpired) else answer.stderr
        last = (said or "it does not answer").strip().splitlines()[-1:]
        log.warning("cannot look for microphones and model, starting all the same: %s", *last)
        return
    for check in checks:
        if check.name.startswith("microphone") and (wish.demo or wish.replay):
            continue
        if check.name == "database" and wish.demo:  # it has records of its own
            continue
        if check.status is CheckStatus.FAILED:
            raise SettingsError(_refusal(check))
        if check.status is not CheckStatus.OK:
            log.warning("%s: %s", check.name, check.message)


def _refusal(check: Check) -> str:
    text = f"{check.name}: {check.message}"
    if not check.name.startswith("microphone"):
        advice = check.advice or "see `nursery-monitor doctor`"
        return f"{text}; {advice[:1].lower()}{advice[1:]}"
    return (
        f"{text}\n"
        "  To name one, as microphone in [[box]]: `nursery-monitor devices` lists what there is.\n"
        "  To try it without a microphone:  --demo (a made-up night) or --replay FILE..."
    )


def _is_overruled(name: str, apart: Apart) -> bool:
    return name.partition("__")[0] in apart.environment


def _write(line: bytes) -> None:
    """A program's line goes to standard error, beside our own; a closed terminal stops nobody."""
    with suppress(OSError):
        sys.stderr.buffer.write(line + b"\n")
        sys.stderr.buffer.flush()


class Greeting:
    """Shows the address when the dashboard answers; again, should the network come later.

    A service starts with the computer, and so before the router has given it an address.
    """

    def __init__(self, settings: Settings, wish: Wish) -> None:
        self._settings = settings
        self._wish = wish
        self._shown: list[str] = []
        self._look_at: float | None = 0.0  # monotonic, s; None: all is said

    def tick(self, *, ready: bool) -> None:
        """Show it if it is time."""
        now = time.monotonic()
        if not ready or self._look_at is None or now < self._look_at:
            return
        own = own_address()
        self._look_at = now + NETWORK_S if own is None else None
        found = addresses(self._settings.web, own)
        if found == self._shown:
            return
        self._shown = found
        welcome = Welcome(
            addresses=found,
            listens_to=list(_sources(self._settings, self._wish)),
            setup_code=_setup_code(self._settings.state_dir),
            demo=self._wish.demo,
            in_terminal=not self._wish.service,
        )
        with suppress(OSError):
            click.echo(welcome.text(picture=sys.stdout.isatty()))


def _sources(settings: Settings, wish: Wish) -> Iterator[str]:
    for box in settings.box:
        if wish.demo:
            yield f"{box.label}: a made-up night"
        elif wish.replay:
            yield f"{box.label}: {_names(wish.replay)}"
            return
        else:
            yield f"{box.label}: {box.microphone or 'the microphone'}"


def _names(paths: Sequence[Path]) -> str:
    first = paths[0].name
    return first if len(paths) == 1 else f"{first} and {len(paths) - 1} more"


def _setup_code(state_dir: Path) -> str | None:
    """The code for the first sign-in, which the dashboard leaves there until it has been used."""
    with suppress(OSError):
        return (state_dir / "setup-code").read_text(encoding="ascii").strip() or None
    return None
