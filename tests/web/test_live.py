"""Live pages: nothing is missed, silence is noticed, and no stream outlives its sign-in."""

from __future__ import annotations

import http.client
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.mosquitto import free_port
from tests.postgresql import PostgreSQL
from tests.web.dashboard import CRY, NAME, Dashboard, csrf, dashboard, served
from web import carers, changes, journal, live

PATIENCE_S = 10.0


@dataclass(frozen=True)
class Event:
    """One server-sent event."""

    kind: str
    data: Any
    id: int | None


@pytest.fixture
def shown(tmp_path: Path, sqlite_url: str) -> Iterator[Dashboard]:
    assert sqlite_url
    with dashboard(tmp_path, ticking=True) as found:
        found.state()
        yield found


@pytest.fixture
def address(shown: Dashboard) -> Iterator[tuple[str, int]]:
    port = free_port()
    with served(shown.app, port):
        yield "127.0.0.1", port


def cookie(client: FlaskClient) -> str:
    found = client.get_cookie("nursery")
    assert found is not None
    return f"nursery={found.value}"


@contextmanager
def streaming(
    address: tuple[str, int], client: FlaskClient, page: str = "home", **headers: str
) -> Iterator[Iterator[Event]]:
    """The events of one page, as a browser gets them."""
    connection = http.client.HTTPConnection(*address, timeout=PATIENCE_S)
    try:
        wanted = {"Cookie": cookie(client), "Accept": "text/event-stream", **headers}
        connection.request("GET", f"/live?page={page}", headers=wanted)
        with connection.getresponse() as answer:
            assert answer.status == 200, answer.status
            assert answer.headers["Content-Type"].startswith("text/event-stream")
            yield events(answer)
    finally:
        connection.close()


def events(answer: http.client.HTTPResponse) -> Iterator[Event]:
    fields: dict[str, str] = {}
    while line := answer.readline():
        name, _, value = line.decode().rstrip("\n").partition(": ")
        if name:
            fields[name] = value
        elif "data" in fields:
            number = int(fields["id"]) if "id" in fields else None
            yield Event(fields["event"], json.loads(fields["data"]), number)
            fields = {}


def first(found: Iterator[Event], kind: str, containing: str = "") -> Event:
    return next(e for e in found if e.kind == kind and containing in json.dumps(e.data))


def newest(shown: Dashboard) -> int:
    with shown.database.reading() as session:
        return changes.newest(session)


def test_a_cry_reaches_an_open_page_at_once(shown: Dashboard, address: tuple[str, int]) -> None:
    with streaming(address, shown.client()) as found:
        first(found, "pulse")
        took = []
        for calls in range(3, 13):
            begun = time.monotonic()
            shown.cry("cry_updated", calls=calls)
            first(found, "news", f"<b>{calls}</b> calls")
            took.append(time.monotonic() - begun)
    assert sorted(took)[-2] < 1.0, took  # the aim is p95 < 0.3 s on an idle machine


def test_after_a_gap_everything_that_came_is_there(
    shown: Dashboard, address: tuple[str, int]
) -> None:
    client = shown.client()
    with streaming(address, client) as found:
        first(found, "pulse")
        shown.cry()
        seen = first(found, "news", "Crying for").id
    shown.state("crate")
    shown.cry("cry_ended", calls=21)
    shown.state("crate", "deaf", reason="unplugged")
    with streaming(address, client, **{"Last-Event-ID": str(seen)}) as found:
        news = first(found, "news")
    assert set(news.data["parts"]) == {"box-nest", "box-crate"}
    assert "The microphone is gone" in news.data["parts"]["box-crate"]
    assert "Crying for" not in news.data["parts"]["box-nest"]
    assert news.id == newest(shown)


def test_who_was_away_too_long_or_is_of_another_database_loads_anew(
    shown: Dashboard, address: tuple[str, int]
) -> None:
    with streaming(address, shown.client(), **{"Last-Event-ID": "999999"}) as found:
        assert first(found, "news").data["reload"] is True


def test_no_page_loads_anew_for_what_was_told_before_it_was_opened(shown: Dashboard) -> None:
    """A form would lose what is typed in it, over and over, once old changes are forgotten."""
    shown.write(journal.add_animal, {"name": "Miso", "species": "kitten"}, "nest")
    shown.cry()
    with shown.database.writing() as session:
        changes.prune(session, shown.now() + 2 * changes.KEPT, 1000)
    client, read = shown.client(), []
    for rule in shown.app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.arguments or rule.endpoint == "live.stream":
            continue
        page = client.get(rule.rule)
        found = re.search(r'data-page="(.*?)" data-change="(.*?)" data-live="/', page.text)
        if page.status_code == 200 and found:
            read.append(rule.rule)
            query = {"page": found[1], "after": found[2] or "0"}
            answer = client.get("/live/changes", query_string=query)
            assert answer.get_json()["reload"] is False, rule.rule
    assert {"/", "/note/feed", "/babies/new", "/plan/night"} <= set(read)


def test_the_pulse_proves_life_and_tells_the_age_of_each_word(
    shown: Dashboard, address: tuple[str, int]
) -> None:
    with streaming(address, shown.client()) as found:
        begun = time.monotonic()
        first(found, "pulse")
        shown.level(level_dbfs=-30)
        beats = [first(found, "pulse") for _ in range(2)]
    assert time.monotonic() - begun < 3 * live.PULSE_S
    nest = beats[-1].data["boxes"]["nest"]
    assert nest["ear"] == "quiet"
    assert nest["level"] == 50
    assert 0 <= nest["age_s"] <= 5


def test_a_listener_that_falls_silent_turns_its_card_without_any_change(
    shown: Dashboard, address: tuple[str, int]
) -> None:
    with streaming(address, shown.client()) as found:
        first(found, "news", "All quiet")
        moved = timedelta(seconds=60)
        shown.app.extensions["now"] = lambda: type(shown).now(shown) + moved
        news = first(found, "news")
    assert "No word from the listener" in news.data["parts"]["box-nest"]


def test_signing_out_ends_the_stream(shown: Dashboard, address: tuple[str, int]) -> None:
    client = shown.client()
    with streaming(address, client) as found:
        first(found, "pulse")
        client.post("/sign-out", data={"csrf_token": csrf(client, "/health")})
        kinds = [event.kind for event in found]
    assert kinds[-1] == "signed-out"


def test_a_new_passphrase_ends_the_stream(shown: Dashboard, address: tuple[str, int]) -> None:
    with streaming(address, shown.client()) as found:
        first(found, "pulse")
        with shown.database.writing() as session:
            carers.reset(session, NAME, "another good passphrase", shown.now())
        assert first(found, "signed-out")


def test_streams_are_bounded_and_the_rest_may_poll(
    shown: Dashboard, address: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "STREAMS", 1)
    client = shown.client()
    with streaming(address, client) as found:
        first(found, "pulse")
        refused = client.get("/live?page=home")
        assert refused.status_code == 503
        assert refused.headers["Retry-After"]
        shown.cry()
        polled = client.get("/live/changes?page=home&after=0").get_json()
        assert "Crying for" in polled["parts"]["box-nest"]
        assert polled["id"] == newest(shown)
        assert polled["pulse"]["boxes"]["nest"]["ear"] == "quiet"
    feed: live.Feed = shown.app.extensions["feed"]
    deadline = time.monotonic() + PATIENCE_S
    while not feed.join("next"):
        assert time.monotonic() < deadline, "a stream that ended was not counted out"
        time.sleep(0.1)
    feed.leave("next")


@pytest.mark.parametrize(
    ("page", "part", "others"),
    [
        ("cries", "cries", set()),
        (f"cry/{CRY}", "cry", set()),
        ("home", "box-nest", {"boxless"}),
        ("animals", "babies", set()),
    ],
)
def test_each_page_gets_its_own_part(
    shown: Dashboard, page: str, part: str, others: set[str]
) -> None:
    client, seen = shown.client(), newest(shown)
    shown.cry(calls=17)
    shown.write(journal.add_animal, {"name": "Miso 17", "species": "kitten"}, "nest")
    polled = client.get(f"/live/changes?page={page}&after={seen}").get_json()
    assert set(polled["parts"]) == {part} | others
    assert "17" in polled["parts"][part]


def test_the_health_page_follows_signs_of_life_that_make_no_change(shown: Dashboard) -> None:
    client, seen = shown.client(), newest(shown)
    before = client.get(f"/live/changes?page=health&after={seen}").get_json()["parts"]["health"]
    assert "no word from the listener lately" not in before
    shown.app.extensions["now"] = lambda: type(shown).now(shown) + timedelta(minutes=1)
    after = client.get(f"/live/changes?page=health&after={seen}").get_json()["parts"]["health"]
    assert "no word from the listener lately" in after


def test_what_is_sent_is_what_the_page_would_show(shown: Dashboard) -> None:
    shown.cry()
    shown.at, shown.ticking = shown.now(), False
    client = shown.client()
    polled = client.get("/live/changes?page=home&after=0").get_json()
    part = polled["parts"]["box-nest"]
    page = client.get("/").text
    # A token tells the second it was made in, which may have passed between the two.
    bare = [re.sub(r'name="csrf_token" value="[^"]*"|\s', "", html) for html in (part, page)]
    assert bare[0] in bare[1]


def test_the_feed_ends_with_its_thread(shown: Dashboard, address: tuple[str, int]) -> None:
    feed: live.Feed = shown.app.extensions["feed"]
    with streaming(address, shown.client()) as found:
        first(found, "pulse")
        begun = time.monotonic()
        feed.close()
        assert [event.kind for event in found] in ([], ["pulse"])
    assert time.monotonic() - begun < 2
    assert feed.join("anybody") is False


def test_two_dashboards_on_postgresql_share_sign_ins_and_news(
    tmp_path: Path, postgresql: PostgreSQL, blank_postgresql: str
) -> None:
    web = {"database_url": postgresql.new_database(like=blank_postgresql)}
    with (
        dashboard(tmp_path, ticking=True, web=web) as one,
        dashboard(tmp_path, ticking=True, web=web, carer=False) as other,
    ):
        one.state()
        port = free_port()
        with (
            served(other.app, port),
            streaming(("127.0.0.1", port), one.client()) as found,
        ):
            first(found, "news", "All quiet")
            one.cry()
            assert first(found, "news", "Crying for").id == newest(other)
