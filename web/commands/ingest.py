"""`nursery-monitor ingest`: writes into the records what the listeners send."""

from __future__ import annotations

import fcntl
import os
import signal
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import click

from web.commands.records import fail, records

NAME_PATTERN = r"[A-Za-z0-9_-]{1,40}"


@click.command()
@click.option(
    "--share",
    metavar="GROUP",
    help="Share the cries with the other ingests of this group; each needs its own --name.",
)
@click.option("--name", default="main", show_default=True, help="Tells several ingests apart.")
@click.pass_obj
def ingest(config: Path | None, share: str | None, name: str) -> None:
    """Write what the boxes say into the records; publish suggestions."""
    import re  # noqa: PLC0415 - only when the command runs

    from monitor.settings import broker_for, load  # noqa: PLC0415
    from web.ingest import Ingest  # noqa: PLC0415
    from web.mqtt import Connection  # noqa: PLC0415

    for option, word in (("--name", name), ("--share", share)):
        if word is not None and re.fullmatch(NAME_PATTERN, word) is None:
            fail(f"{option}: must be 1 to 40 letters, digits, _ and -")
    settings = load(config)
    broker = broker_for(settings, "dashboard")
    with records(config) as database, _only_one(settings.state_dir, name):
        client_id = f"nursery-ingest-{name}-{_own_id(settings.state_dir)}"
        born = f"{settings.home_assistant.prefix}/status"
        connection = Connection(broker, settings.mqtt.base_topic, client_id, share, born)
        running = Ingest(database, settings, connection, name, lambda: datetime.now(UTC))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: running.stop())
        running.run()


def _only_one(state_dir: Path, name: str) -> IO[str]:
    """Held while we run: two of one name would throw each other off the broker for ever."""
    path = state_dir / f"ingest-{name}.lock"
    try:
        state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = path.open("w")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        fail(f"an ingest called {name} runs already; to run another, give it a --name")
    except OSError as error:
        fail(f"{path}: cannot be written: {error.strerror}")
    return lock


def _own_id(state_dir: Path) -> str:
    """Stays the same, so that the broker knows our session again; another house has another."""
    from web.kept import kept  # noqa: PLC0415 - only when the command runs

    path = state_dir / "ingest-id"
    try:
        return kept(path, lambda: os.urandom(6).hex())[:12]
    except OSError as error:
        fail(f"{path}: cannot be used: {error}")
