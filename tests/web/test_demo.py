"""The demo: a month of twelve babies behind it, and the founding story in front."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from tests.web.dashboard import CRY, NIGHT, Dashboard, csrf, dashboard
from web import boxes, demo, demo_month, journal, month, starting, stopped
from web.care.stopping import FEWEST, first_suggestion
from web.care.usual import Sound, compare
from web.journal import Entry
from web.month import Cried, Fed, Helped, Weighed
from web.nursery import utc_now
from web.records import Animal, Base, Cry, Feed, Observation, Stay, Suggestion, Weight
from web.suggesting import advise
from web.whose import history

ZONE = ZoneInfo("Europe/London")


@pytest.fixture
def shown(tmp_path: Path, sqlite_url: str) -> Iterator[Dashboard]:
    assert sqlite_url
    with dashboard(tmp_path) as found:
        yield found


def seed(shown: Dashboard) -> None:
    with shown.database.writing() as session:
        demo.seed(session, shown.at, "nest", ZONE)


def rows(shown: Dashboard, table: type[Base]) -> list[Any]:
    with shown.database.reading() as session:
        return list(session.scalars(select(table)))


def two(shown: Dashboard) -> tuple[int, int]:
    """The kitten and the puppy of the story."""
    ids = {animal.name: animal.id for animal in rows(shown, Animal)}
    return ids["Miso"], ids["Biscuit"]


def test_the_demo_tells_the_founding_story(shown: Dashboard) -> None:
    shown.app = starting.prepare(shown.settings, shown.database, demo=True)
    shown.at = utc_now()
    shown.state(state="crying", demo=True)
    shown.cry(onset=shown.at - timedelta(seconds=45), demo=True)
    shown.advise()
    of_the_first = [row.code for row in rows(shown, Suggestion) if row.cry_id == CRY]
    assert of_the_first[0] == "PAIR_CROSS_SPECIES"
    shown.write(journal.put_together, *two(shown), box_id="nest")
    shown.at += timedelta(minutes=2)
    shown.cry("cry_ended")
    mealtime = "01929b1e-7c1a-7aa0-a2ef-0d6ad8b54c33"
    shown.cry(id=mealtime, onset=shown.at - timedelta(seconds=9), demo=True)
    shown.advise()
    of_mealtime = [row.code for row in rows(shown, Suggestion) if row.cry_id == mealtime]
    assert of_mealtime[0] == "FEED"


def test_a_demo_of_another_night_begins_anew(shown: Dashboard) -> None:
    seed(shown)
    kitten, puppy = two(shown)
    shown.write(journal.put_together, kitten, puppy, box_id="nest")
    for later, both in ((timedelta(minutes=2), True), (timedelta(days=1), False)):
        shown.at = NIGHT + later
        seed(shown)
        at_home = [
            s.animal_id for s in rows(shown, Stay) if (s.ended_at, s.box_id) == (None, "nest")
        ]
        assert sorted(at_home) == sorted(two(shown) if both else two(shown)[:1])
    assert len(rows(shown, Animal)) == len(month.BABIES) == 12
    with shown.database.reading() as session:
        codes = [card.code for card in advise(session, shown.settings, "nest", shown.at).items]
    assert codes == []  # quiet, and nothing is due


def test_the_month_is_the_same_each_time_and_all_in_order() -> None:
    steps = month.steps(date(2026, 10, 4), ZONE, days=9)
    assert steps == month.steps(date(2026, 10, 4), ZONE, days=9)
    assert steps != month.steps(date(2026, 10, 4), ZONE, days=9, seed=13)
    moments = [step.at for step in steps]
    assert moments == sorted(moments)
    assert len({(s.at, s.box) for s in steps if isinstance(s, Cried)}) == sum(
        isinstance(s, Cried) for s in steps
    )


def test_what_the_demo_writes_as_rows_is_what_the_journal_writes(shown: Dashboard) -> None:
    """Two days: nothing is in doubt in them."""
    steps = [s for s in month.steps(date(2026, 11, 19), ZONE, days=2) if s.at < NIGHT]
    with shown.database.writing() as session:
        for box in month.BOXES:
            boxes.box_of(session, box, NIGHT)
        ids = demo_month.write(session, steps, boxes={}, by="Demo", zone=ZONE, until=NIGHT)

    def kept(table: Any) -> list[Any]:
        columns = [c for c in table.__table__.columns if c.key != "id"]
        with shown.database.reading() as session:
            return sorted(map(tuple, session.execute(select(*columns))), key=repr)

    tables = (Feed, Weight, Observation)
    before = [kept(table) for table in tables]
    with shown.database.writing() as session:
        for table in tables:
            session.execute(table.__table__.delete())  # type: ignore[attr-defined]
        for step in steps:
            entry = Entry("Demo", step.at, ZONE)
            match step:
                case Fed():
                    journal.feed(session, entry, [ids[step.who]], step.ml, step.how)
                case Weighed():
                    journal.weigh(session, entry, ids[step.who], step.grams)
                case Helped():
                    journal.toilet(session, entry, [ids[step.who]], step.came)
                case month.Checked():
                    journal.observe_all(session, entry, ids[step.who], step.facts)
    assert [len(kept) for kept in before] > [60, 8, 200]
    assert [kept(table) for table in tables] == before


def test_a_demo_is_never_mixed_with_real_records(shown: Dashboard) -> None:
    shown.write(journal.add_animal, {"name": "Miso", "species": "kitten"}, "nest")
    with pytest.raises(starting.NotADemoError, match="these records are real"):
        starting.prepare(shown.settings, shown.database, demo=True)
    assert [animal.name for animal in rows(shown, Animal)] == ["Miso"]


def test_the_demo_knows_how_often_the_first_suggestion_was_what_helped(shown: Dashboard) -> None:
    """As the rules would have said then, of what was on record by then."""
    with shown.database.writing() as session:
        demo.seed(session, shown.at, "nest", ZONE, settings=shown.settings)
    with shown.database.reading() as session:
        told = stopped.stopped(session, shown.at).told
        assert not list(session.scalars(select(Cry.id).where(Cry.state == "open")))
    found = first_suggestion(told)
    assert found.of > FEWEST
    fed = [one.first for one in told if one.by == "fed" and one.first]
    assert fed.count("FEED") > len(fed) / 2


def test_nothing_in_the_demos_night_is_called_unusual(shown: Dashboard) -> None:
    """Voices as they were measured in it: of the kitten, and of the puppy beside it."""
    seed(shown)
    sounds = [
        Sound(0, 1160, 0.52),
        Sound(0, 1185, 0.64),
        Sound(0, 1005, 0.19),
        Sound(0, 1023, 0.16),
    ]
    with shown.database.reading() as session:
        before = history(session, session.get_one(Animal, two(shown)[0]), shown.at)
    assert not [one for one in sounds if compare(one, before).unusual]


def test_whoever_is_entered_in_the_demo_is_of_it_and_it_starts_again(shown: Dashboard) -> None:
    shown.app = starting.prepare(shown.settings, shown.database, demo=True)
    client = shown.client()
    token = csrf(client, "/health")
    form = {"csrf_token": token, "name": "Fern", "species": "kitten", "box": "nest"}
    assert client.post("/babies/new", data=form).status_code == 303
    fern = next(animal for animal in rows(shown, Animal) if animal.name == "Fern")
    assert fern.demo
    starting.prepare(shown.settings, shown.database, demo=True)


def test_the_demos_past_is_marked_as_a_demo(shown: Dashboard) -> None:
    seed(shown)
    with shown.database.reading() as session:
        real = [
            session.scalar(select(func.count()).where(t.demo.is_(False))) for t in (Animal, Cry)
        ]
    assert real == [0, 0]
