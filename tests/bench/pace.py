"""How fast every page and call answers in a house that has been kept for a year.

`python -m tests.bench.pace --work DIR [--cries 1000000] [--database postgresql]`: forty babies at a
time and a million cries (`year.py`), then p50 and p95 of the server's time for each GET of the app
(walked over its URL map, so that no new page escapes) and for the writes of a night. Times are
those of the app alone, in one thread; the target is a p95 under 100 ms on an idle machine. DIR
keeps the filled SQLite records.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from monitor.settings import Settings
from tests.bench.year import AT_A_TIME, BOXES, NOW, WAVES, cry_id, fill
from tests.postgresql import PostgreSQL
from tests.web.dashboard import NAME, PASSPHRASE, csrf
from web import carers, serving, tokens
from web.app import create_app
from web.database import Database, open_database
from web.records import Cry, Feed

TARGET_MS = 100.0
SKIPPED = frozenset({"static", "live.stream", "auth.first_run", "auth.sign_in"})


def main() -> None:
    """Fill, ask, print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.pace", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for the records")
    parser.add_argument("--cries", type=int, default=1_000_000)
    parser.add_argument("--repeat", type=int, default=30, help="requests of each kind")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--only", default="", help="endpoints that begin with this")
    args = parser.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        if args.database == "sqlite":
            url = f"sqlite:///{args.work / f'pace-{args.cries}.db'}"
        else:
            url = stack.enter_context(PostgreSQL()).new_database()
        database = open_database(url)
        stack.callback(database.close)
        database.upgrade()
        fill(database, args.cries)
        settings = Settings.model_validate({"state_dir": args.work, "house": {"time_zone": "UTC"}})
        slow = report(House(settings, database), args.repeat, args.only)
    sys.exit(1 if slow else 0)


class House:
    """The app on the filled records, with a carer signed in and a token that may write."""

    def __init__(self, settings: Settings, database: Database) -> None:
        self.database = database
        self.app = create_app(settings, database, now=lambda: NOW)
        with database.writing() as session:
            if not carers.any_carer(session):
                carers.add(session, NAME, PASSPHRASE, NOW)
            for token in tokens.living(session):
                tokens.revoke(session, token.name, NOW)
            self.token = tokens.add(session, "pace", NOW, scope=tokens.WRITE)
            self.last_cry = (session.scalar(select(func.count()).select_from(Cry)) or 1) - 1
            self.feeds = session.scalars(  # of the newest animal, the newest first
                select(Feed.id)
                .where(Feed.animal_id == AT_A_TIME * WAVES)
                .order_by(Feed.id.desc())
                .limit(AT_A_TIME)
            ).all()
        self.client: FlaskClient = self.app.test_client()
        form = {"name": NAME, "passphrase": PASSPHRASE}
        form["csrf_token"] = csrf(self.client, "/sign-in")
        assert self.client.post("/sign-in", data=form).status_code == 303
        serving.settle()  # as the server does

    def ask(self, path: str, method: str = "GET", body: Any = None) -> TestResponse:
        """The answer, with all of its body."""
        headers = {}
        if path.startswith("/api/"):
            headers["Authorization"] = f"Bearer {self.token}"
        return self.client.open(path, method=method, json=body, headers=headers, buffered=True)


@dataclass(frozen=True)
class Timed:
    """What one kind of request took."""

    name: str
    status: int
    ms: Sequence[float]
    cpu_ms: Sequence[float]

    @property
    def p95(self) -> float:
        """95th percentile, ms."""
        return statistics.quantiles(self.ms, n=20)[-1] if len(self.ms) > 1 else self.ms[0]


def report(house: House, repeat: int, only: str) -> list[Timed]:
    """Print a line for each kind of request; gives those that are too slow or fail."""
    found = []
    print("  p95 ms, median ms, median ms of our own thread on a CPU, worst status, what")
    for name, request in _requests(house, only):
        times, cpu, status = [], [], 0
        for turn in range(repeat + 2):
            began, worked = time.perf_counter(), time.thread_time()
            answer = request(turn)
            times.append(1000 * (time.perf_counter() - began))
            cpu.append(1000 * (time.thread_time() - worked))
            status = max(status, answer.status_code)
            answer.close()
        one = Timed(
            name, status, times[2:], cpu[2:]
        )  # the first ones warm caches up, as a day does
        found.append(one)
        mark = " " if one.p95 <= TARGET_MS and status < 400 else "!"
        middle = statistics.median(one.ms)
        own = statistics.median(one.cpu_ms)
        print(f"{mark} {one.p95:8.1f} {middle:8.1f} {own:8.1f}  {status}  {name}", flush=True)
    slow = [one for one in found if one.p95 > TARGET_MS or one.status >= 400]
    worst = max(found, key=lambda one: one.p95)
    print(f"{len(found)} kinds of request; worst p95 {worst.p95:.0f} ms ({worst.name})")
    print(f"{len(slow)} above {TARGET_MS:.0f} ms or failing")
    return slow


def _requests(house: House, only: str) -> Iterator[tuple[str, Callable[[int], TestResponse]]]:
    for rule in sorted(house.app.url_map.iter_rules(), key=lambda rule: rule.rule):
        wanted = rule.endpoint.startswith(only) and rule.endpoint not in SKIPPED
        if wanted and "GET" in (rule.methods or ()):
            yield rule.rule, partial(_get, house, rule.rule)
    for query in QUERIES:
        if "api".startswith(only[:3]):
            yield query, partial(_get, house, query)
    if "api".startswith(only[:3]):
        yield from _writes(house)


# What lists are asked for, beside everything: rare, far back, of nobody.
QUERIES = (
    "/api/v1/cries?limit=500",
    "/api/v1/cries?species=puppy",
    "/api/v1/cries?state=retracted",
    "/api/v1/cries?state=retracted&box=<box_id>",
    "/api/v1/cries?source=<animal_id>",
    "/api/v1/cries?source=<animal_id>&box=<box_id>",
    "/api/v1/cries?box=<box_id>&until=2026-02-01T00:00:00Z",
    "/api/v1/feeds?until=2026-02-01T00:00:00Z",
    "/api/v1/feeds?animal=<animal_id>&limit=500",
    "/api/v1/checks?animal=<animal_id>&fact=toilet",
    "/api/v1/checks?fact=gasping&limit=500",
    "/api/v1/entries?since=2026-11-21T00:00:00Z",
    "/api/v1/entries?until=2026-02-01T00:00:00Z",
    "/api/v1/suggestions?box=<box_id>&until=2026-02-01T00:00:00Z",
    "/api/v1/notes?box=<box_id>",
    "/api/v1/animals?status=in_care",
    "/cries?box=<box_id>",
)


def _get(house: House, path: str, turn: int) -> TestResponse:
    return house.ask(_filled(house, path, turn))


def _filled(house: House, path: str, turn: int) -> str:
    """Something that is there in each place of a path, another one each turn."""
    newest = AT_A_TIME * (WAVES - 1) + 1 + turn % AT_A_TIME
    places = {
        "cry_id": cry_id(house.last_cry - turn % 400),
        "box_id": BOXES[turn % len(BOXES)],
        "animal_id": str(newest),
        "id": str(newest),
        "photo_id": str(newest),
        "code": "ASK_FEED",
        "kind": "feed",
        "record_id": str(house.feeds[turn % len(house.feeds)]),
        "companionship_id": str(turn + 1),
        "pairing_id": str(turn + 1),
    }
    if any(word in path for word in ("formulas", "reminders", "companionships")):
        places["id"] = "1"
    if "record_id" in path:
        places["animal_id"] = str(AT_A_TIME * WAVES)  # whose feeds they are
    return re.sub(r"<(?:\w+:)?(\w+)>", lambda found: places[found[1]], path)


def _writes(house: House) -> Iterator[tuple[str, Callable[[int], TestResponse]]]:
    """What a night writes; each turn for another baby, so that nothing is doubted."""

    def baby(turn: int) -> int:
        return AT_A_TIME * (WAVES - 1) + 1 + turn % AT_A_TIME

    def at(turn: int) -> str:
        return (NOW - timedelta(minutes=turn % 7)).isoformat()

    def post(path: str, body: Callable[[int], Any]) -> Callable[[int], TestResponse]:
        return lambda turn: house.ask(path, "POST", body(turn))

    v1 = "/api/v1"
    each = [AT_A_TIME * (WAVES - 1) + 1 + place for place in range(8)]
    yield (
        "POST feeds (one)",
        post(f"{v1}/feeds?sure=true", lambda t: {"animal_ids": [baby(t)], "amount_ml": 4}),
    )
    yield (
        "POST feeds (eight)",
        post(f"{v1}/feeds?sure=true", lambda t: {"animal_ids": each, "amount_ml": 4}),
    )
    yield (
        "POST weights",
        post(f"{v1}/weights?sure=true", lambda t: {"grams": {str(baby(t)): 400}, "at": at(t)}),
    )
    yield (
        "POST checks (the checklist)",
        post(f"{v1}/checks?sure=true", lambda t: {"animal_ids": [baby(t)], "signs": []}),
    )
    yield (
        "POST cry review",
        lambda t: house.ask(
            f"{v1}/cries/{cry_id(house.last_cry - t)}/reviews", "POST", {"verdict": "right"}
        ),
    )
    yield "POST note", post(f"{v1}/notes", lambda t: {"animal_id": baby(t), "text": "well"})
    yield "PATCH box", lambda t: house.ask(f"{v1}/boxes/{BOXES[t % 8]}", "PATCH", {"temp_c": 30})


if __name__ == "__main__":
    main()
