"""A dashboard for tests: real records in a directory of their own, and a listener to speak to it.

The clock is the test's: it stands until it is moved.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from monitor.messages import CryMessage, CryStep, LevelMessage, StateMessage, Topics
from monitor.settings import Settings
from web import boxes, carers, serving, suggesting
from web.app import create_app
from web.database import Database, open_database
from web.journal import Entry
from web.levels import Levels
from web.mqtt import Arrived
from web.take import take

NIGHT = datetime(2026, 11, 22, 2, 14, tzinfo=UTC)
NAME, PASSPHRASE = "Ana", "three warm blankets"
CRY = "01929b1e-7c1a-7aa0-a2ef-0d6ad8b54c11"
ACOUSTICS = {
    "pitch_hz": 1240,
    "pitch_range_hz": 310,
    "call_s": 0.42,
    "tonality": 0.81,
    "level_dbfs": -31.2,
    "snr_db": 14.5,
}


@dataclass
class Dashboard:
    """The app on its records, as of a moment."""

    settings: Settings
    database: Database
    at: datetime = NIGHT
    ticking: bool = False
    app: Flask = field(init=False)

    def __post_init__(self) -> None:
        self.app = create_app(self.settings, self.database, now=self.now)
        self._said = 0

    def now(self) -> datetime:
        """The dashboard's clock."""
        return datetime.now(UTC) if self.ticking else self.at

    def entry(self) -> Entry:
        """What a carer writes now."""
        return Entry(by=NAME, now=self.now(), zone=self.settings.house.zone)

    def client(self, *, signed_in: bool = True) -> FlaskClient:
        """A browser without JavaScript, signed in through the page if asked."""
        client = self.app.test_client()
        if signed_in:
            token = csrf(client, "/sign-in")
            answer = client.post(
                "/sign-in", data={"name": NAME, "passphrase": PASSPHRASE, "csrf_token": token}
            )
            assert answer.status_code == 303, answer.text
        return client

    @contextmanager
    def records_put_back(self) -> Iterator[None]:
        """Afterwards the records (on SQLite) and the clock are as before.

        So tests may share one app: to make it and to compile its templates takes longer than they.
        """
        path = Path(str(self.database.engine.url.database))
        self.database.close()
        before, at = path.read_bytes(), self.at
        try:
            yield
        finally:
            self.database.close()
            for left in (
                path,
                path.with_name(f"{path.name}-wal"),
                path.with_name(f"{path.name}-shm"),
            ):
                left.unlink(missing_ok=True)
            path.write_bytes(before)
            self.at = at

    def hear(self, topic: str, payload: bytes) -> None:
        """A message arrives and is taken."""
        with self.database.writing() as session:
            take(session, [Arrived(topic, payload)], self.settings, self.now())

    def state(self, box: str = "nest", state: str = "listening", **more: Any) -> None:
        """The listener says what it does."""
        values = {"since": self.now() - timedelta(hours=2), **more}
        said = StateMessage.model_validate({"box": box, "state": state, **values})
        self.hear(Topics("nursery", box).state, said.payload())
        self.hear(Topics("nursery", box).availability, b"online")

    def level(self, box: str = "nest", level_dbfs: float = -42.0) -> None:
        """The listener's level, each second."""
        said = LevelMessage(
            box=box, at=self.now(), level_dbfs=level_dbfs, noise_dbfs=-60, kitten=0.1, puppy=0.1
        )
        levels = Levels("nursery")
        assert levels.take(Arrived(Topics("nursery", box).level, said.payload()))
        with self.database.writing(soft=True) as session:
            levels.write(session, self.now())

    def cry(self, step: str = "cry_started", box: str = "nest", **more: Any) -> str:
        """A cry's message; gives the cry's id."""
        self._said += 1
        now = self.now()
        values: dict[str, Any] = {
            "id": CRY,
            "seq": self._said,
            "type": CryStep(step),
            "box": box,
            "onset": now - timedelta(seconds=3),
            "offset": now,
            "clock": "synchronised",
            "species": "kitten",
            "species_scores": {"kitten": 0.93, "puppy": 0.04},
            "score": 0.93,
            "calls": 3,
            "calls_per_minute": 34.1,
            "call_times": [[0.0, 0.41], [1.3, 0.52], [2.4, 0.5]],
            "arousal": "high",
            "acoustics": ACOUSTICS,
            "model": "cry-1 sha256:ab12",
            **more,
        }
        said = CryMessage.model_validate(values)
        self.hear(Topics("nursery", box).cry, said.payload())
        return said.id

    def advise(self, box: str = "nest") -> None:
        """Keep the open cry's suggestions, as the ingest process does."""
        with self.database.writing() as session:
            advice = suggesting.advise(session, self.settings, box, self.now())
            suggesting.keep(session, advice)

    def write(self, what: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Write into the journal as a carer; gives the id."""
        with self.database.writing() as session:
            return what(session, self.entry(), *args, **more).id


@contextmanager
def dashboard(
    state_dir: Path, *, carer: bool = True, ticking: bool = False, **settings: Any
) -> Iterator[Dashboard]:
    """A dashboard with one carer, and the boxes of the settings."""
    values: Mapping[str, Any] = {"house": {"time_zone": "Europe/London"}, **settings}
    made = Settings.model_validate({"state_dir": state_dir, **values})
    ready = (state_dir / "records.db").exists()  # copied here
    database = open_database(made.database_url)
    try:
        if not ready:
            database.upgrade()
        found = Dashboard(made, database, ticking=ticking)
        with database.writing() as session:
            boxes.configured(session, made, found.now())
            if carer:
                carers.add(session, NAME, PASSPHRASE, found.now())
        yield found
        found.app.extensions["feed"].close()
    finally:
        database.close()


@contextmanager
def served(app: Flask, port: int, *, behind_proxy: bool = False) -> Iterator[str]:
    """The app behind the real server, in a thread; gives its address."""
    values = {"host": "127.0.0.1", "port": port, "behind_proxy": behind_proxy}
    settings = Settings.model_validate({"web": values}).web
    server = serving.open_server(app, settings)
    thread = threading.Thread(target=server.run, name="server", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.task_dispatcher.shutdown()
        # In the server's own thread: when nothing is left to look after, its loop ends.
        # Under the lock: woken for something else, it would close the pipe we write to.
        with server.trigger.lock:
            server.trigger.thunks.append(lambda: server.asyncore.close_all(server._map))
            server.trigger._physical_pull()
        thread.join(5)


def csrf(client: FlaskClient, path: str) -> str:
    """The CSRF token of a page's first form."""
    page = client.get(path).text
    return page.split('name="csrf_token" value="', 1)[1].split('"', 1)[0]
