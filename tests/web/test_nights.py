"""How a box was listened to, as the pages show it: never calm where nothing was heard."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from monitor.messages import Answer, Topics
from tests.web.cry_messages import minute
from tests.web.dashboard import NIGHT, Dashboard, csrf, dashboard
from tests.web.test_pages import card, rows
from tests.web.test_silence import BEGIN, deaf, heard
from web import journal
from web.pages import night_chart, night_words
from web.records import Box, Wish
from web.silence import Cried, Heard, look
from web.times import watch_span

HOURS = timedelta(hours=1)
YEAR = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def shown(tmp_path: Path, sqlite_url: str) -> Iterator[Dashboard]:
    assert sqlite_url
    with dashboard(tmp_path, box=[{"id": "nest", "name": "Nest"}]) as found:
        with found.database.writing() as session:
            box = session.get(Box, "nest")
            assert box is not None
            box.created_at = NIGHT - timedelta(days=2)
        yield found


@pytest.fixture
def client(shown: Dashboard) -> FlaskClient:
    return shown.client()


def listened(shown: Dashboard, hours: float, **fields: Any) -> None:
    """The minutes of the last hours arrive."""
    number = round(hours * 60)
    for n in range(number):
        at = shown.at - (number - n) * timedelta(minutes=1)
        said = minute(n + 1, at=at, run=f"{number:016x}", **fields)
        shown.hear(Topics("nursery", "nest").minute, said.payload())
    shown.state()
    shown.level()


def words(client: FlaskClient, path: str) -> str:
    page = client.get(path)
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text[page.text.index("<main") :]))


def test_a_quiet_box_says_since_when_and_that_the_room_is_heard(
    shown: Dashboard, client: FlaskClient
) -> None:
    listened(shown, 3)
    assert "All quiet" in card(client)
    assert "Quiet since 23:14, and the microphone hears the room" in card(client)


def test_a_gap_earlier_is_said_beside_the_quiet_since(
    shown: Dashboard, client: FlaskClient
) -> None:
    shown.at -= timedelta(minutes=40)
    listened(shown, 2)
    shown.at += timedelta(minutes=40)
    listened(shown, 0.5)
    assert "Quiet since 01:44, and the microphone hears the room; before, nobody listened" in card(
        client
    )
    page = words(client, "/box/nest")
    assert "01:34 to 01:44: no word from the listener" in page
    assert "Not listened to for" in page


def test_a_night_that_is_over_is_told_in_the_past(shown: Dashboard, client: FlaskClient) -> None:
    shown.at = NIGHT.replace(hour=7, minute=0)
    listened(shown, 9)
    shown.at += HOURS
    page = words(client, "/box/nest?at=2026-11-22T02:00:00Z")
    assert "Last night 22:00 to 07:00" in page
    assert "Quiet from 22:00 on, and the microphone heard the room" in page


def test_a_box_where_nothing_at_all_is_heard_is_not_called_quiet(
    shown: Dashboard, client: FlaskClient
) -> None:
    listened(shown, 3, peak_dbfs=-63.5)
    assert "All quiet" not in card(client)
    assert "Nothing heard at all since 23:14" in card(client)
    assert "Is the microphone near the box" in card(client)


def test_a_box_without_minutes_claims_nothing(shown: Dashboard, client: FlaskClient) -> None:
    shown.state()
    assert "microphone hears the room" not in card(client)
    assert "Not listened to for 4 h 11 min" in words(client, "/box/nest")


def test_the_first_minute_is_not_called_missed() -> None:
    begun = look(BEGIN, BEGIN + timedelta(seconds=43), [], [], goes_on=True)
    assert night_words.summary(begun) == "the first minute is not over yet"


def test_sounds_just_under_the_threshold_are_shown_with_what_to_do(
    shown: Dashboard, client: FlaskClient
) -> None:
    listened(shown, 3, near_calls=1)
    assert "180 sounds just under the threshold" in card(client)
    page = words(client, "/box/nest")
    assert "Tonight 22:00 to 07:00" in page
    assert "raise the sensitivity (it is normal)" in page
    assert "the sickest newborns are quiet" in page


def test_one_tap_raises_the_sensitivity_and_says_what_became_of_it(
    shown: Dashboard, client: FlaskClient
) -> None:
    listened(shown, 3, near_calls=1)

    def pressed() -> list[str]:
        page = client.get("/box/nest").text
        return re.findall(r'value="(\w+)" aria-pressed="true"', page)

    assert pressed() == ["normal"]
    form = {"csrf_token": csrf(client, "/box/nest"), "value": "high"}
    assert client.post("/tap/sensitivity/nest", data=form).status_code == 303
    (asked,) = rows(shown, Wish)
    assert (asked.box_id, asked.what, asked.value) == ("nest", "sensitivity", '"high"')
    assert pressed() == ["high"]
    assert "Its listener has not answered yet" in words(client, "/box/nest")
    no = Answer(id=f"wish-{asked.id}", ok=False, message="value must be one of low, normal, high")
    shown.hear(Topics("nursery", "nest").answer("sensitivity"), no.payload())
    assert "value must be one of" in words(client, "/box/nest")
    assert pressed() == ["normal"]
    for box, value in (("nest", "loud"), ("attic", "high")):
        answer = client.post(f"/tap/sensitivity/{box}", data={**form, "value": value})
        assert answer.status_code in {400, 404}


def test_in_the_morning_the_night_is_summed_up(shown: Dashboard, client: FlaskClient) -> None:
    shown.at = NIGHT.replace(hour=7, minute=0)
    listened(shown, 9)
    shown.at -= 5 * HOURS
    shown.cry("cry_ended")
    none = shown.cry("cry_ended", id="01929b1e-7c1a-7aa0-a2ef-0d6ad8b54c12")
    shown.write(journal.review, none, "not_a_cry")
    shown.at += 6 * HOURS
    shown.state()
    assert "Last night: listened 9 h of 9 h; 1 cry; no sounds just under the threshold" in card(
        client
    )
    shown.at += 6 * HOURS
    assert "Last night" not in card(client)


def test_other_nights_are_a_tap_away_and_addresses_that_are_none_do_no_harm(
    shown: Dashboard, client: FlaskClient
) -> None:
    listened(shown, 9)
    page = client.get("/box/nest?at=2026-11-21T21:00:00Z").text
    assert "at=2026-11-21T06:59:59.000Z" in page
    assert "at=2026-11-21T22:00:00.000Z" in page
    for odd in ("x", "2026-11-21", "0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z"):
        assert client.get(f"/box/nest?at={odd}").status_code == 200
    assert client.get("/box/attic").status_code == 404


def test_a_boxs_page_tells_how_warm_its_nest_was_and_when(
    shown: Dashboard, client: FlaskClient
) -> None:
    assert "Nest: 2" not in words(client, "/box/nest")
    assert "Sensitivity" not in words(client, "/box/nest")  # nobody listens who could be told
    shown.write(journal.box_facts, "nest", temp_c="29,5")
    shown.at += timedelta(minutes=20)
    page = words(client, "/box/nest")
    assert "Nest: 29.5 °C" in page
    assert "20 min ago" in page
    assert "Suggestions ask for it again" in page


def test_the_page_of_tonight_follows_live(shown: Dashboard, client: FlaskClient) -> None:
    listened(shown, 1)
    before = client.get("/live/changes?page=night/nest&after=0").json
    assert before is not None
    listened(shown, 2 / 60, near_calls=40)
    news = client.get(f"/live/changes?page=night/nest&after={before['id']}").json
    assert news is not None
    assert "80 sounds just under" in news["parts"]["night"]


MINUTES = st.lists(st.sampled_from(["heard", "deaf", "missing"]), min_size=3, max_size=200)


@given(MINUTES, st.lists(st.integers(0, 200), max_size=5))
def test_the_picture_stays_in_its_frame_and_holds_no_band_where_nobody_listened(
    kinds: list[str], cries_at: list[int]
) -> None:
    minutes: list[Heard] = []
    for number, kind in enumerate(kinds):
        if kind != "missing":
            minutes.append(
                heard(number, near_calls=number % 2) if kind == "heard" else deaf(number)
            )
    end = BEGIN + len(kinds) * timedelta(minutes=1)
    cries = [
        Cried(begin, begin + timedelta(seconds=20))
        for begin in (BEGIN + timedelta(minutes=n) for n in cries_at if n < len(kinds) - 1)
    ]
    found = look(BEGIN, end, minutes, cries, goes_on=False)
    drawn = night_chart.chart(found, 40.0)
    points = " ".join(drawn.bands + drawn.lines).split()
    places = [tuple(map(float, point.split(","))) for point in points]
    assert all(0 <= x <= night_chart.WIDTH and 0 <= y <= 40 for x, y in places)
    bars = drawn.gaps + drawn.cries
    assert all(bar.x >= 0 and bar.x + bar.width <= night_chart.WIDTH + 0.11 for bar in bars)
    assert len(drawn.gaps) == len(found.gaps)
    assert bool(drawn.bands) == ("heard" in kinds)
    assert night_words.summary(found).startswith("listened ")


@given(
    st.integers(0, 366 * 24 * 60).map(lambda minutes: YEAR + timedelta(minutes=minutes)),
    st.builds(time, st.integers(0, 23), st.integers(0, 59)),
    st.builds(time, st.integers(0, 23), st.integers(0, 59)),
    st.sampled_from(["Europe/London", "UTC", "Australia/Lord_Howe"]),
)
def test_nights_and_days_tile_the_time_also_when_clocks_change(
    at: datetime, night_from: time, night_to: time, zone: str
) -> None:
    house = ZoneInfo(zone)
    begin, end = watch_span(at, house, night_from, night_to)
    assert begin <= at < end
    assert end - begin <= timedelta(hours=25)
    assert watch_span(end, house, night_from, night_to)[0] == end
    assert watch_span(begin - timedelta(seconds=1), house, night_from, night_to)[1] == begin
