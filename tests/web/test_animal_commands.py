"""What is said over MQTT of an animal's care: written once, answered, or refused with a reason."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from sqlalchemy import select

from tests.web.dashboard import NIGHT, Dashboard, dashboard
from web import journal
from web.animal_commands import Saying
from web.mqtt import Arrived
from web.records import Audit, Feed, Observation, QuarantinedMessage
from web.take import take


class House:
    """One kitten, and somebody who says over MQTT what was done for it."""

    def __init__(self, shown: Dashboard) -> None:
        self.shown = shown
        self.take_in()

    def take_in(self) -> None:
        values = {"name": "Miso", "species": "kitten", "age_days": 10}
        self.kitten: int = self.shown.write(journal.add_animal, values, "nest")
        self.shown.write(journal.weigh, self.kitten, 200)

    def say(self, what: str, retained: bool = False, **said: Any) -> tuple[dict[str, Any], str]:
        """A command; its answer, and why it was refused."""
        return self.deliver(what, json.dumps({"id": "a", **said}).encode(), retained)

    def deliver(
        self, what: str, payload: bytes, retained: bool = False
    ) -> tuple[dict[str, Any], str]:
        """A payload, whatever it is."""
        answers: list[Saying] = []
        topic = f"nursery/animal/{self.kitten}/{what}"
        with self.shown.database.writing() as session:
            (reason,) = take(
                session,
                [Arrived(topic, payload, retained=retained)],
                self.shown.settings,
                self.shown.now(),
                answers,
            )
        for answer in answers:
            assert answer.topic == topic.replace("/set/", "/answer/")
        return (json.loads(answers[0].payload) if answers else {}), reason or ""

    def feeds(self) -> list[Feed]:
        with self.shown.database.reading() as session:
            return list(session.scalars(select(Feed).order_by(Feed.id)))

    def quarantined(self) -> list[str]:
        with self.shown.database.reading() as session:
            return list(session.scalars(select(QuarantinedMessage.reason)))


@pytest.fixture
def house(tmp_path: Path, sqlite_url: str) -> Iterator[House]:
    assert sqlite_url
    with dashboard(tmp_path, carer=False) as shown:
        yield House(shown)


def test_fed_is_written_with_its_amount_its_moment_and_who_did_it(house: House) -> None:
    at = NIGHT - timedelta(minutes=20)
    answer, refused = house.say("set/fed", ml=6, at=at.isoformat(), by="Home Assistant")
    assert (answer["ok"], answer["id"], refused) == (True, "a", "")
    assert answer["message"] == "Miso: fed, 6 mL, at 01:54"
    (feed,) = house.feeds()
    assert (feed.amount_ml, feed.at, feed.how, feed.by) == (6.0, at, "full", "Home Assistant")


def test_stimulated_is_written_with_what_came(house: House) -> None:
    house.say("set/stimulated", id="1")
    house.say("set/stimulated", id="2", came="both")
    answer, _ = house.say("set/stimulated", id="3", came="nothing")
    assert answer["message"] == "Miso: helped to the toilet, nothing came, at 02:14"
    with house.shown.database.reading() as session:
        seen = session.scalars(select(Observation).order_by(Observation.id)).all()
    assert [(one.fact, one.value) for one in seen] == [
        ("toilet", True),
        ("toilet", "both"),
        ("toilet_tried", True),
    ]


FEW = trying(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


@FEW
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 600)), min_size=1, max_size=12))
def test_however_often_and_late_it_is_delivered_each_command_counts_once(
    house: House, deliveries: list[tuple[int, int]]
) -> None:
    house.shown.at = NIGHT
    house.take_in()
    told: dict[int, dict[str, Any]] = {}
    for number, later_min in deliveries:
        house.shown.at = max(house.shown.at, NIGHT + timedelta(minutes=later_min))
        at = NIGHT - timedelta(hours=number)
        answer, refused = house.say("set/fed", id=f"tap {number}", at=at.isoformat())
        assert refused == ""
        assert told.setdefault(number, answer) == answer
    feeds = [feed for feed in house.feeds() if feed.animal_id == house.kitten]
    assert len(feeds) == len(told)


def test_the_same_id_with_another_content_is_refused(house: House) -> None:
    house.say("set/fed", ml=6)
    answer, refused = house.say("set/fed", ml=5)
    assert not answer["ok"]
    assert "used for something else" in answer["message"]
    assert len(house.feeds()) == 1
    assert house.quarantined() == [refused]


def test_a_doubt_is_refused_and_the_same_command_is_written_when_sure(house: House) -> None:
    answer, _ = house.say("set/fed", ml=30)
    assert not answer["ok"]
    assert answer["message"].startswith("ml: is more than Miso's stomach holds")
    assert '"sure": true' in answer["message"]
    assert house.feeds() == []
    answer, _ = house.say("set/fed", ml=30, sure=True)
    assert answer["ok"]
    (feed,) = house.feeds()
    assert feed.amount_ml == 30
    with house.shown.database.reading() as session:
        (details,) = session.scalars(select(Audit.details).where(Audit.action == "fed"))
        assert "stomach" in str(details)


GARBAGE = {
    "no JSON": ("set/fed", b"{", "EOF"),
    "no object": ("set/fed", b"6", "object"),
    "no id": ("set/fed", b'{"ml": 6}', "id"),
    "words for mL": ("set/fed", b'{"id": "a", "ml": "six"}', "ml: must be a number"),
    "yes for mL": ("set/fed", b'{"id": "a", "ml": true}', "ml: must be a number"),
    "less than nothing": ("set/fed", b'{"id": "a", "ml": -1}', "ml: must be from 0 to 400 mL"),
    "more than anybody drinks": ("set/fed", b'{"id": "a", "ml": 1e300}', "ml: must be from 0"),
    "a number without end": ("set/fed", b'{"id": "a", "ml": "Infinity"}', "ml: must be a number"),
    "not a number": ("set/fed", b'{"id": "a", "ml": NaN}', "ml"),
    "no zone": ("set/fed", b'{"id": "a", "at": "2026-11-22T01:54:00"}', "at"),
    "the future": ("set/fed", b'{"id": "a", "at": "2026-11-22T03:54:00Z"}', "in the future"),
    "a NUL": ("set/fed", b'{"id": "a", "by": "\\u0000"}', "NUL"),
    "too large": ("set/fed", b" " * 17_000, "too large"),
    "half a surrogate": ("set/fed", b'{"id": "\\ud800"}', "Invalid JSON"),
    "an id that cannot be kept": ("set/fed", b'{"id": "a\\n"}', "printable"),
    "what nobody takes": ("set/bathed", b'{"id": "a"}', "there are fed, stimulated"),
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_is_kept_apart_with_its_reason_and_answered_if_it_has_an_id(
    house: House, kind: str
) -> None:
    what, payload, reason = GARBAGE[kind]
    answer, refused = house.deliver(what, payload)
    assert reason in refused
    assert house.quarantined() == [refused]
    assert house.feeds() == []
    if answer:
        assert (answer["ok"], answer["message"]) == (False, refused)
    assert bool(answer) == (b'"id": "a' in payload and what == "set/fed")


def test_what_the_broker_kept_is_not_done_again(house: House) -> None:
    answer, refused = house.say("set/fed", retained=True)
    assert answer == {}
    assert "must not be retained" in refused
    assert house.feeds() == []


@pytest.mark.parametrize("animal", ["0", "999999999", "12345678901", "x", "7\n", ""])
def test_an_animal_that_is_not_known_is_refused(house: House, animal: str) -> None:
    house.kitten = animal  # type: ignore[assignment]
    _, refused = house.say("set/fed")
    assert refused
    assert house.quarantined() == [refused]


def test_no_box_can_take_the_place_of_animals(house: House) -> None:
    with house.shown.database.writing() as session:
        said = [Arrived("nursery/animal/availability", b"online")]
        assert take(session, said, house.shown.settings, NIGHT) == ["no box may be called 'animal'"]
