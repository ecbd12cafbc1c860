"""How many queries a page makes: no more in a full house than in a small one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from monitor.messages import Topics
from tests.web.cry_messages import minute
from tests.web.dashboard import NIGHT, Dashboard, dashboard
from web import journal

BOXES, LITTER = 8, 5
MORNING = NIGHT.replace(hour=8)  # when the first page also sums up the night
MOST = {"/": 36, "/company": 16, "/company/1": 22}  # queries, with nobody crying
MOST_A_CRY = 8  # and for each box that cries: whose voice it is is asked of its own records


@pytest.fixture
def shown(tmp_path: Path, database_url: str) -> Iterator[Dashboard]:
    boxes = [{"id": f"box{number}"} for number in range(BOXES)]
    with dashboard(tmp_path, box=boxes, web={"database_url": database_url}) as found:
        found.at = MORNING
        yield found


def fill(shown: Dashboard, box: int, babies: int) -> None:
    """A litter moves into a box that was listened to: fed, weighed, looked at, two of it a pair."""
    name = f"box{box}"
    shown.at -= timedelta(hours=6)
    litter = []
    for number in range(babies):
        values = {"name": f"Baby {number}", "species": "kitten", "age_days": "12"}
        litter.append(shown.write(journal.add_animal, {**values, "litter": name}, name))
        shown.write(journal.weigh, litter[-1], 300 + number)
    shown.write(journal.feed, litter, 5)
    shown.write(journal.observe_each, litter, {"health": "ok", "body_feel": "warm"})
    shown.write(journal.put_together, litter[0], litter[1])
    for number in range(3):
        said = minute(number + 1, box=name, at=shown.at + number * timedelta(minutes=1))
        shown.hear(Topics("nursery", name).minute, said.payload())
    cry = shown.cry("cry_ended", name, id=f"01929b1e-7c1a-7aa0-a2ef-{box:012x}")
    shown.write(journal.review, cry, "right")
    shown.at += timedelta(hours=6)
    shown.state(name)
    shown.cry("cry_ended", name, id=f"01929b1e-7c1a-7aa0-a2ef-{100 + box:012x}")


@contextmanager
def queries(shown: Dashboard) -> Iterator[list[str]]:
    """What is asked of the records meanwhile."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip("( ").startswith(("SELECT", "WITH")):
            asked.append(statement)

    event.listen(shown.database.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(shown.database.engine, "before_cursor_execute", note)


def count(shown: Dashboard, client: FlaskClient, path: str) -> int:
    with queries(shown) as asked:
        page = client.get(path)
    assert page.status_code == 200
    return len(asked)


def test_a_full_house_is_read_with_as_many_queries_as_a_small_one(shown: Dashboard) -> None:
    client = shown.client()
    fill(shown, 0, 2)
    small = {path: count(shown, client, path) for path in MOST}
    for box in range(1, BOXES):
        fill(shown, box, LITTER)
    full = {path: count(shown, client, path) for path in MOST}
    assert full == small
    assert {path: found for path, found in full.items() if found > MOST[path]} == {}
    assert "Last night: listened" in client.get("/").text
    for box in range(BOXES):
        shown.cry("cry_started", f"box{box}", id=f"01929b1e-7c1a-7aa0-a2ef-{200 + box:012x}")
    assert count(shown, client, "/") <= MOST["/"] + BOXES * MOST_A_CRY
