"""The plan's pages: who is next, the night, the growth, the milks."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from selenium.webdriver.support.ui import WebDriverWait
from sqlalchemy import event, select

from monitor.settings import HouseSettings
from tests.browser import WAIT_S, chromium, complaints
from tests.mosquitto import free_port
from tests.web.dashboard import NAME, NIGHT, PASSPHRASE, Dashboard, csrf, dashboard, served
from web import growing, journal, plan
from web.care.plan import State
from web.database import Database
from web.journal import Entry
from web.nursery import Look
from web.pages import fragments, weight_chart
from web.records import Animal, Formula

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture
def shown(tmp_path: Path, sqlite_url: str) -> Iterator[Dashboard]:
    assert sqlite_url
    house = {
        "time_zone": "Europe/London",
        "vet_phone": "+44 20 7946 0018",
        "urgent_text": "Call Dr Hale first.",
    }
    with dashboard(tmp_path, house=house, box=[{"id": "nest", "name": "Nest"}]) as found:
        yield found


@pytest.fixture
def client(shown: Dashboard) -> FlaskClient:
    return shown.client()


def baby(
    shown: Dashboard,
    name: str,
    *,
    fed: float | None = None,
    grams: dict[float, float] | None = None,
    **facts: Any,
) -> int:
    """In care for two days; fed so many minutes ago; weighed so many hours ago."""
    now = shown.at
    shown.at = now - 48 * HOUR
    values = {"name": name, "species": "kitten", "age_days": "10", **facts}
    found: int = shown.write(journal.add_animal, values, "nest")
    for hours, weight in sorted((grams or {}).items(), reverse=True):
        shown.at = now - hours * HOUR
        shown.write(journal.weigh, found, weight)
    if fed is not None:
        shown.at = now - fed * MINUTE
        shown.write(journal.feed, [found])
    shown.at = now
    return found


def text(client: FlaskClient, path: str) -> str:
    page = client.get(path)
    assert page.status_code == 200
    main = page.text[page.text.index("<main") : page.text.index("</main")]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", main))


def post(client: FlaskClient, path: str, **form: Any) -> Any:
    return client.post(path, data={"csrf_token": csrf(client, "/health"), **form})


def planned(shown: Dashboard) -> plan.Plan:
    with shown.database.reading() as session:
        return plan.plan(session, shown.settings.house, shown.at)


def test_overdue_stands_before_due_soon_before_later(shown: Dashboard, client: FlaskClient) -> None:
    assert "Nobody to plan for yet" in text(client, "/plan")
    baby(shown, "Luna", fed=30)
    assert "Nobody is due. Next: Luna in 2 h 30 min" in text(client, "/plan")
    baby(shown, "Pip", fed=150, grams={3: 200})
    baby(shown, "Miso", fed=210)
    baby(shown, "Olive")
    page = text(client, "/plan")
    assert "1 overdue · 1 due soon · 1 not known" in page
    words = ["Overdue", "Miso", "When did they last feed", "Olive", "Due soon", "Pip", "Later"]
    places = [page.index(word) for word in words]
    assert places == sorted(places)
    assert "due 30 min ago" in page
    assert "Weigh it first" in page
    link = re.search(r'href="(/note/feed[^"]+)"', client.get("/plan").text)
    assert link is not None
    form = text(client, unescape(link[1]))
    assert [name in form for name in ("Miso", "Pip", "Olive", "Luna")] == [True, True, True, False]


def test_the_amount_follows_the_milk_and_never_passes_the_stomach(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso = baby(shown, "Miso", fed=100, grams={3: 200})
    page = text(client, "/plan")
    assert "5 mL never more than 8 mL" in page
    assert "Nobody has said yet how rich the milk is for Miso" in page
    assert "Sources say 3 to 4 h S12 S13 S26" in page
    post(client, "/plan/milk", name="Thin", energy="70", unit="kcal_100", species="kitten")
    (thin,) = rows(shown, Formula)
    assert thin.kcal_ml == 0.7
    post(client, f"/plan/milk/{thin.id}/drinkers", animal=[miso])
    page = text(client, "/plan")
    assert "7 mL never more than 8 mL" in page
    assert "0.7 kcal in a mL; 57 mL a day" in page
    post(client, f"/plan/milk/{thin.id}", name="Thin", energy="0.5", unit="kcal_ml")
    assert "8 mL the most its stomach takes" in text(client, "/plan")


def rows(shown: Dashboard, table: Any) -> list[Any]:
    with shown.database.reading() as session:
        return list(session.scalars(select(table)))


def test_what_was_typed_of_a_milk_comes_back_with_what_is_wrong(client: FlaskClient) -> None:
    answer = post(client, "/plan/milk", name="Goat", energy="70", unit="kcal_ml", species="puppy")
    assert answer.status_code == 422
    assert 'value="Goat"' in answer.text
    assert 'value="70"' in answer.text
    assert "is the energy of the milk" in answer.text.lower().replace("is it", "is")


def test_milk_of_the_other_species_is_asked_about_once(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso = baby(shown, "Miso")
    post(client, "/plan/milk", name="For puppies", energy="400", unit="kj_100", species="puppy")
    (milk,) = rows(shown, Formula)
    assert milk.kcal_ml == 0.956
    answer = post(client, f"/plan/milk/{milk.id}/drinkers", animal=[miso])
    assert answer.status_code == 422
    assert "made for a puppy" in answer.text
    assert rows(shown, Animal)[0].formula_id is None
    post(client, f"/plan/milk/{milk.id}/drinkers", animal=[miso], sure="yes")
    assert rows(shown, Animal)[0].formula_id == milk.id
    post(client, f"/plan/milk/{milk.id}/drinkers")
    assert rows(shown, Animal)[0].formula_id is None


def test_a_cool_baby_is_not_to_be_fed_however_late_it_is(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso = baby(shown, "Miso", fed=300, grams={3: 200})
    shown.write(journal.observe, miso, "body_feel", "cool")
    page = text(client, "/plan")
    assert "Too cool: warm it first" in page
    assert " mL " not in page[: page.index("every 3 h")]
    assert "Note a feed" not in page
    assert "warm first" in text(client, "/plan/night")
    shown.at += MINUTE
    shown.write(journal.observe, miso, "body_feel", "cold")
    page = text(client, "/plan")
    assert "please do not feed; call the vet. +44 20 7946 0018 Call Dr Hale first." in page
    assert "Miso: looks like an emergency. No feeds are planned" in text(client, "/plan/night")


def test_those_with_their_mother_and_the_grown_ones_are_not_planned(
    shown: Dashboard, client: FlaskClient
) -> None:
    baby(shown, "Mo", mother="present")
    baby(shown, "Old", age_days="80")
    page = text(client, "/plan")
    assert "Fed by their mother Mo" in re.sub(r"\s+", " ", page)
    assert "not in the plan: Old" in page
    assert "Fed by their mother: Mo." in text(client, "/plan/night")


def test_the_night_is_on_one_page_by_the_clock(shown: Dashboard, client: FlaskClient) -> None:
    shown.at = datetime(2026, 11, 21, 20, 0, tzinfo=UTC)
    baby(shown, "Miso", fed=60, grams={3: 200})
    baby(shown, "Pip", fed=45, age_days="5", grams={3: 110})
    page = text(client, "/plan/night")
    assert "The coming night 22:00 to" in page
    assert "22:00 Miso 5 mL" in re.sub(r"\s+", " ", page)
    clocks = re.findall(r"(\d\d:\d\d) (?:Miso|Pip)", page)
    assert clocks == ["22:00", "23:15", "01:00", "03:15", "04:00", "05:15"]


@pytest.mark.parametrize(
    ("evening", "clocks"),
    [
        (datetime(2026, 3, 28, 22, 30, tzinfo=UTC), ["22:30", "02:30", "05:30"]),
        (datetime(2026, 10, 24, 21, 30, tzinfo=UTC), ["22:30", "01:30 BST", "03:30", "06:30"]),
    ],
)
def test_the_night_keeps_its_hours_when_the_clock_is_changed(
    shown: Dashboard, client: FlaskClient, evening: datetime, clocks: list[str]
) -> None:
    shown.at = evening
    baby(shown, "Miso", fed=180, grams={3: 200})
    page = text(client, "/plan/night")
    found = re.findall(r"(\d\d:\d\d(?: BST| GMT)?) (?:now )?Miso", page)
    assert found == clocks
    with shown.database.reading() as session:
        night = plan.night_plan(session, shown.settings.house, shown.at)
    times = [one.at for one in night.rounds]
    assert {later - one for one, later in pairwise(times)} == {3 * HOUR}


def test_no_weight_gained_is_red_and_the_runt_is_asked_for(
    shown: Dashboard, client: FlaskClient
) -> None:
    baby(shown, "Pip", grams={25: 190, 1: 204}, litter="Attic")
    baby(shown, "Tom", grams={25: 185, 1: 200}, litter="Attic")
    luna = baby(shown, "Luna", grams={25: 120, 1: 120}, litter="Attic")
    page = text(client, "/plan/growth")
    assert page.index("Luna") < page.index("Pip")
    assert "No gain in 24 h." in page
    assert "Luna has 69 % of that" in page
    assert page.count("the runt?") == 1
    answer = post(client, f"/plan/growth/{luna}/runt", runt="yes", back="/plan/growth")
    assert "the runt?" not in text(client, answer.location)
    assert [one.runt for one in rows(shown, Animal)] == [None, None, True]


def test_the_curve_holds_every_point_and_marks_the_red_ones(shown: Dashboard) -> None:
    miso = baby(shown, "Miso", grams={47: 180, 24: 192, 0: 190}, litter="Attic")
    baby(shown, "Pip", grams={40: 170, 16: 185}, litter="Attic")
    with shown.database.reading() as session:
        animal = session.get(Animal, miso)
        assert animal is not None
        found = growing.of(session, animal, shown.settings.house, shown.at)
    chart = weight_chart.chart(found, shown.at, UTC)
    assert chart is not None
    assert [point.red for point in chart.points] == [False, False, True]
    assert [point.newest for point in chart.points] == [False, False, True]
    assert chart.points[0].y > chart.points[2].y > chart.points[1].y
    assert all(0 <= p.x <= chart.width and 0 <= p.y <= chart.height for p in chart.points)
    assert chart.band
    assert [line.name for line in chart.litter] == ["Pip"]


def test_a_weight_with_the_milk_in_it_is_not_on_the_curve(shown: Dashboard) -> None:
    miso = baby(shown, "Miso", grams={24: 190, 1: 200})
    shown.write(journal.feed_by_weight, miso, 207, 201)
    with shown.database.reading() as session:
        animal = session.get(Animal, miso)
        assert animal is not None
        found = growing.of(session, animal, shown.settings.house, shown.at)
    assert [one.grams for one in found.weighings] == [190, 200, 201]


def test_the_plan_asks_the_records_as_often_for_twenty_as_for_two(shown: Dashboard) -> None:
    def queries() -> int:
        asked: list[str] = []
        engine = shown.database.engine

        def count(*args: Any) -> None:
            asked.append(args[2])

        event.listen(engine, "before_cursor_execute", count)
        try:
            assert all(one.next.state in State for one in planned(shown).babies)
            with shown.database.reading() as session:
                growing.everyone(session, shown.settings.house, shown.at)
        finally:
            event.remove(engine, "before_cursor_execute", count)
        return len(asked)

    for name in ("Miso", "Pip"):
        baby(shown, name, fed=60, grams={3: 200}, litter="Attic")
    few = queries()
    for number in range(18):
        baby(shown, f"Baby {number}", fed=60, grams={3: 200}, litter="Attic")
    assert queries() == few


def test_a_live_page_moves_a_baby_when_time_alone_has_made_it_due(shown: Dashboard) -> None:
    baby(shown, "Miso", fed=170, grams={3: 200})

    def piece(seconds: int) -> dict[str, str]:
        look_at = shown.at.replace(second=seconds)
        with shown.app.test_request_context("/plan"), shown.database.reading() as session:
            return fragments.changed(Look(session, shown.settings, look_at), "plan", [], set())

    assert piece(10) == {}  # nothing changed, and it was looked at a moment ago
    assert "Due soon" in piece(20)["plan"]
    shown.at += 11 * MINUTE
    assert "Overdue" in piece(20)["plan"]


def test_a_night_of_twenty_babies_is_printed_on_one_page(shown: Dashboard) -> None:
    shown.at = datetime(2026, 11, 21, 22, 0, tzinfo=UTC)
    for number in range(20):
        baby(shown, f"Baby {number}", fed=6 * number, age_days="3", grams={3: 110})
    with served(shown.app, free_port()) as address, chromium() as browser:
        browser.get(f"{address}/sign-in?next=/plan/night")
        browser.find_element("name", "name").send_keys(NAME)
        browser.find_element("name", "passphrase").send_keys(PASSPHRASE)
        browser.find_element("css selector", "main button").click()
        WebDriverWait(browser, WAIT_S).until(lambda page: "89 feeds" in page.page_source)
        paper = {"paperWidth": 8.27, "paperHeight": 11.69}  # A4, inches
        printed = b64decode(browser.execute_cdp_cmd("Page.printToPDF", paper)["data"])
        assert complaints(browser) == []
    assert len(re.findall(rb"/Type /Page\b(?!s)", printed)) == 1


def test_plan_and_growth_are_read_alike_from_both_databases(database: Database) -> None:
    house = HouseSettings(time_zone="Europe/London")
    with database.writing() as session:
        animal = journal.add_animal(
            session, Entry("Ana", NIGHT - 48 * HOUR), {"name": "Miso", "species": "kitten"}
        )
        assert isinstance(animal.id, int)
        for hours, grams in ((24, 290), (0.5, 300)):
            journal.weigh(session, Entry("Ana", NIGHT - hours * HOUR), animal.id, grams)
        journal.feed(session, Entry("Ana", NIGHT - 5 * HOUR), [animal.id], "9")
    with database.reading() as session:
        (found,) = plan.plan(session, house, NIGHT).babies
        (grown,) = growing.everyone(session, house, NIGHT)
    assert (found.overdue, found.due_at, found.fed_ml) == (True, NIGHT - HOUR, 9)
    assert (grown.growth.gain_g, grown.red) == (10, False)
