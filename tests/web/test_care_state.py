"""How each animal is, as it is told on the broker: what, when, and when it is taken back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.web.dashboard import NIGHT, Dashboard, dashboard
from web import care_teller, journal
from web.care_teller import AGAIN_S, BIRTH_WAIT_S, NOT_BEFORE_S, CareTeller

STEP_S = NOT_BEFORE_S + 0.1


class Broker:
    """Keeps what is retained."""

    def __init__(self) -> None:
        self.births = 0
        self.connected = True
        self.retained: dict[str, bytes] = {}
        self.told: list[str] = []
        self.left_over: set[str] = set()

    def tell(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        assert retain
        if self.connected:
            self.told.append(topic)
            self.retained[topic] = payload
            if not payload:
                del self.retained[topic]
        return self.connected

    def kept_care(self) -> set[str]:
        found, self.left_over = self.left_over, set()
        return found

    def forget(self) -> None:
        self.retained.clear()


class House:
    """A dashboard, a broker, and what tells the one of the other."""

    def __init__(self, shown: Dashboard) -> None:
        self.shown, self.broker, self.clock_s = shown, Broker(), 0.0
        self.teller = CareTeller(shown.database, shown.settings, self.broker)

    def add(self, name: str = "Miso", box: str | None = "nest", **values: Any) -> int:
        given = {"name": name, "species": "kitten", "age_days": 10, **values}
        added: int = self.shown.write(journal.add_animal, given, box)
        return added

    def turn(self, seconds: float = STEP_S) -> list[str]:
        """Let time pass; the topics that were told."""
        self.clock_s += seconds
        self.shown.at += timedelta(seconds=seconds)
        self.broker.told.clear()
        self.teller.turn(self.shown.now(), self.clock_s)
        return self.broker.told

    def care(self, animal: int) -> dict[str, Any]:
        said: dict[str, Any] = json.loads(self.broker.retained[care(animal)])
        return said


def care(animal: int | str) -> str:
    return f"nursery/animal/{animal}/care"


def device(animal: int | str) -> str:
    return f"homeassistant/device/nursery_animal/{animal}/config"


@pytest.fixture
def house(tmp_path: Path, sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    assert sqlite_url
    monkeypatch.setattr(care_teller, "MOST_SHARE", math.inf)  # however slow the computer is
    with dashboard(tmp_path, carer=False) as shown:
        yield House(shown)


def test_the_care_tells_feeds_weight_gain_company_and_the_first_suggestion(house: House) -> None:
    miso, other = house.add(), house.add("Tofu")
    house.shown.write(journal.weigh, miso, 200, NIGHT - timedelta(hours=24))
    house.shown.write(journal.weigh, miso, 212)
    house.shown.write(journal.feed, [miso], 6, "short", NIGHT - timedelta(minutes=200))
    assert house.turn() == [device(miso), care(miso), device(other), care(other)]
    said = house.care(miso)
    assert (said["animal"], said["name"], said["box"]) == (str(miso), "Miso", "nest")
    assert (said["feed"], said["overdue"]) == ("overdue", True)
    assert (said["last_fed"], said["last_feed"]) == ("2026-11-21T22:54:00.000Z", "short")
    assert said["last_feed_ml"] == 6
    assert said["next_due"] == "2026-11-22T01:54:00.000Z"  # 180 min, from 7 days and 150 g on
    assert (said["weight_g"], said["gain_24h_g"], said["gain_24h_pct"]) == (212, 12, 6)
    assert said["company"] == [{"id": str(other), "name": "Tofu"}]
    assert said["suggestion"]["code"] == "FEED"
    unknown = house.care(other)
    assert (unknown["feed"], unknown["overdue"], unknown["last_fed"]) == ("unknown", None, None)


def test_a_cold_kitten_is_overdue_and_not_to_be_fed(house: House) -> None:
    miso = house.add()
    house.shown.write(journal.feed, [miso], 6, "full", NIGHT - timedelta(hours=4))
    house.shown.write(journal.observe, miso, "body_feel", "cool")
    house.turn()
    said = house.care(miso)
    assert (said["overdue"], said["not_now"]) == (True, "chilled")
    assert said["suggestion"]["code"] == "WARM_FIRST"


def test_nothing_is_said_twice_but_for_a_sign_of_life_now_and_then(house: House) -> None:
    miso = house.add()
    house.turn()
    assert house.turn() == []
    assert house.turn(AGAIN_S) == []
    assert house.turn(300) == [care(miso)]


def test_what_changes_is_told_soon_and_time_alone_makes_it_overdue(house: House) -> None:
    miso = house.add()
    house.turn()
    house.shown.write(journal.feed, [miso], 6)
    assert house.turn() == [care(miso)]
    assert house.care(miso)["feed"] == "not_due"
    house.turn(180 * 60)
    assert house.care(miso)["overdue"] is True


def test_who_leaves_or_was_never_there_is_taken_back(house: House) -> None:
    miso, other = house.add(), house.add("Tofu")
    house.turn()
    house.shown.write(journal.edit_animal, miso, {"status": "adopted"})
    house.turn()
    assert set(house.broker.retained) == {device(other), care(other)}
    house.broker.left_over = {"77", str(other)}  # an ingest of before has told of it
    house.broker.retained |= {care(77): b"{}", device(77): b"{}"}
    assert house.turn() == [device(77), care(77)]
    assert set(house.broker.retained) == {device(other), care(other)}


def test_all_is_told_again_after_a_new_connection_and_home_assistants_birth(house: House) -> None:
    miso = house.add()
    house.turn()
    house.broker.forget()
    house.teller.connected_anew()
    assert house.turn() == [device(miso), care(miso)]
    house.broker.births += 1
    house.turn(0.1)
    assert house.turn(BIRTH_WAIT_S[1] + STEP_S) == [device(miso), care(miso)]


def test_what_could_not_be_told_is_told_when_there_is_a_connection(house: House) -> None:
    miso = house.add()
    house.broker.connected = False
    house.turn()
    house.broker.connected = True
    house.teller.connected_anew()
    assert house.turn() == [device(miso), care(miso)]


def test_switched_off_discovery_takes_devices_back_and_leaves_the_care(
    tmp_path: Path, sqlite_url: str
) -> None:
    assert sqlite_url
    with dashboard(tmp_path, carer=False, home_assistant={"discovery": False}) as shown:
        house = House(shown)
        miso = house.add()
        house.broker.retained[device(miso)] = b"{}"
        house.turn()
        assert set(house.broker.retained) == {care(miso)}


def test_ids_that_people_build_on_never_change_and_clash_with_no_box(house: House) -> None:
    miso = house.add()
    house.turn()
    told = json.loads(house.broker.retained[device(miso)])
    assert told["device"]["identifiers"] == [f"nursery-animal-{miso}"]
    kinds = {key: one["platform"] for key, one in told["components"].items()}
    assert kinds == {
        "last_fed": "sensor",
        "next_feed": "sensor",
        "overdue": "binary_sensor",
        "weight": "sensor",
        "gain_24h": "sensor",
        "company": "sensor",
        "suggestion": "sensor",
        "fed": "button",
        "stimulated": "button",
    }
    for key, one in told["components"].items():
        assert one["unique_id"] == f"nursery-animal-{miso}_{key}"
    assert told["components"]["fed"]["command_topic"] == f"nursery/animal/{miso}/set/fed"
    assert "retain" not in json.dumps(told)
