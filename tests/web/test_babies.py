"""A baby's page: taking in, guessing its age, photo, diary, corrections, reminders, leaving."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from monitor.settings import Settings
from tests.web.dashboard import NAME, NIGHT, Dashboard, csrf, dashboard
from tests.web.pictures import of_a_phone, width_of
from web import boxes, journal
from web.database import Database
from web.journal import Entry
from web.nursery import Look
from web.pages import babies
from web.records import Animal, Feed, Observation, Photo, Reminder, Stay

PNG = of_a_phone("PNG", turned=1)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Dashboard, FlaskClient]]:
    """One dashboard for all tests here, and a browser that is signed in."""
    settings = {"time_zone": "Europe/London", "vet_phone": "+44 20 7946 0018"}
    nests = [{"id": "nest", "name": "Nest"}, {"id": "crate"}]
    with dashboard(tmp_path_factory.mktemp("house"), house=settings, box=nests) as found:
        yield found, found.client()


@pytest.fixture
def shown(house: tuple[Dashboard, FlaskClient]) -> Iterator[Dashboard]:
    """Its records are the test's own."""
    with house[0].records_put_back():
        yield house[0]


@pytest.fixture
def client(shown: Dashboard, house: tuple[Dashboard, FlaskClient]) -> FlaskClient:
    assert shown
    house[1].get("/health")  # takes the toasts of an earlier test
    return house[1]


@pytest.fixture
def miso(shown: Dashboard) -> int:
    shown.at = NIGHT - timedelta(days=2)
    values = {"name": "Miso", "species": "kitten", "age_days": "12"}
    animal: int = shown.write(journal.add_animal, values, "nest")
    shown.at = NIGHT
    return animal


def post(client: FlaskClient, path: str, **form: Any) -> Any:
    return client.post(path, data={"csrf_token": csrf(client, "/health"), **form})


def rows(shown: Dashboard, table: Any) -> list[Any]:
    with shown.database.reading() as session:
        return list(session.scalars(select(table).order_by(table.id)))


def words(page: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_a_baby_needs_only_a_name_and_a_kind(shown: Dashboard, client: FlaskClient) -> None:
    form = {"name": "Miso", "species": "kitten", "box": "nest", "age_days": ""}
    assert post(client, "/babies/new", **form).status_code == 303
    assert [(a.name, a.born_on) for a in rows(shown, Animal)] == [("Miso", None)]
    assert "Miso is in your care" in client.get("/").text


def test_a_form_that_cannot_be_written_keeps_what_was_typed(client: FlaskClient) -> None:
    form = {
        "name": "Miso <3",
        "species": "puppy",
        "box": "crate",
        "age_days": "twelve",
        "litter": "hedge",
        "notes": "found under\nthe hedge",
        "mother": "none",
    }
    answer = post(client, "/babies/new", **form)
    assert answer.status_code == 422
    for kept in (
        *('value="Miso &lt;3"', 'value="twelve"', 'value="hedge"', "found under\nthe hedge"),
        *('value="puppy" checked', 'value="crate" checked', 'value="none" checked'),
    ):
        assert kept in answer.text
    assert "Must be a number" in answer.text


def test_the_age_is_guessed_from_signs_and_kept_with_what_it_rests_on(
    shown: Dashboard, client: FlaskClient
) -> None:
    form = {"name": "Wren", "species": "kitten", "box": "", "sign-eyes": "opening"}
    guessed = post(client, "/babies/new", **form, guess="yes")
    assert guessed.status_code == 200
    assert "About 8 days" in guessed.text
    assert 'value="Wren"' in guessed.text
    assert rows(shown, Animal) == []
    post(client, "/babies/new", **form)
    [wren] = rows(shown, Animal)
    assert (wren.born_on, wren.born_estimated) == (date(2026, 11, 14), True)
    assert wren.born_signs.startswith("eyes opening: 5 to 14 days")
    assert "Say first whether" in post(client, "/babies/new", guess="yes").text


def test_a_litter_is_entered_without_saying_everything_four_times(
    shown: Dashboard, client: FlaskClient
) -> None:
    form = {"species": "kitten", "box": "crate", "sign-eyes": "opening", "mother": "none"}
    place = post(client, "/babies/new", **form, name="Wren", runt="true", another="yes").location
    page = client.get(place).text
    for kept in ('value="8"', 'value="crate" checked', "Wren&#39;s litter", 'value="none" checked'):
        assert kept in page
    assert 'value="Wren"' not in page
    assert 'name="runt" value="true" checked' not in page
    mate = {"name": "Tit", "species": "kitten", "box": "crate", "age_days": "8"}
    post(client, "/babies/new", **mate, litter="Wren's litter")
    one, other = rows(shown, Animal)
    assert (one.litter, one.born_on, one.born_estimated) == (
        *(other.litter, other.born_on, other.born_estimated),
    )


def test_a_newcomer_is_offered_a_box_where_nobody_lives(
    shown: Dashboard, client: FlaskClient
) -> None:
    assert 'value="nest" checked' in client.get("/babies/new").text
    shown.write(journal.add_animal, {"name": "Miso", "species": "kitten"}, "nest")
    page = client.get("/babies/new").text
    assert 'value="nest" checked' not in page
    assert ": Miso</span>" in page


def test_editing_puts_right_what_was_typed_and_leaves_the_rest(
    shown: Dashboard, client: FlaskClient, miso: int
) -> None:
    with shown.database.reading() as session:
        born = session.get_one(Animal, miso).born_on
    page = client.get(f"/babies/{miso}/edit").text
    assert f'value="{born}"' in page
    form = {"name": "Misou", "species": "kitten", "box": "crate", "born_on": str(born)}
    post(client, f"/babies/{miso}/edit", **form, suckles_others="false", exposed="true")
    animal = rows(shown, Animal)[0]
    assert (animal.name, animal.born_on, animal.born_estimated) == ("Misou", born, True)
    assert animal.exposed is True
    assert {s.box_id for s in rows(shown, Stay) if s.ended_at is None} == {"crate"}


def test_what_was_known_before_an_edit_is_kept(
    shown: Dashboard, client: FlaskClient, miso: int
) -> None:
    form = {"name": "Misou", "species": "kitten", "born_on": "2026-11-09", "exposed": "true"}
    post(client, f"/babies/{miso}/edit", **form)
    page = words(client.get(f"/babies/{miso}/log/facts").text)
    assert "name: Miso → Misou" in page
    assert "exposed: nothing → yes" in page
    assert "born: Sunday 8 November → Monday 9 November" in page


def test_whoever_leaves_is_no_longer_among_those_in_care(
    shown: Dashboard, client: FlaskClient, miso: int
) -> None:
    form = {"name": "Miso", "species": "kitten", "status": "adopted", "left_on": "2026-11-21"}
    post(client, f"/babies/{miso}/edit", **form)
    page = words(client.get("/babies").text)
    assert "No longer in your care: 1 Miso adopted, yesterday" in page
    own = client.get(f"/babies/{miso}").text
    assert "Adopted, yesterday" in own
    assert "/note/feed" not in own
    assert client.get(f"/note/feed?animal={miso}").status_code == 404


def test_of_a_baby_that_died_nothing_more_is_asked(
    shown: Dashboard, client: FlaskClient, miso: int
) -> None:
    form = {"name": "Miso", "species": "kitten", "status": "died"}
    page = words(client.get(post(client, f"/babies/{miso}/edit", **form).location).text)
    assert "Miso: died. We are sorry" in page
    assert "What was noted of Miso stays here" in page
    assert "Approve" not in page
    assert "Not weighed" not in page


def test_the_page_says_when_the_next_feed_is_due_and_tells_the_day(
    shown: Dashboard, client: FlaskClient, miso: int
) -> None:
    shown.at = NIGHT - timedelta(minutes=69)
    shown.write(journal.feed, [miso], "6,5", "short", note="sleepy")
    shown.write(journal.weigh, miso, "311")
    shown.at = NIGHT - timedelta(minutes=20)
    shown.write(journal.checked, [miso], ["apart"], {"body_feel": "cool"})
    shown.at = NIGHT
    page = words(client.get(f"/babies/{miso}").text)
    assert "6.5 mL · did not finish · sleepy 1 h 9 min ago · 01:05 · Ana" in page
    assert "311 g" in page
    assert "no red flags · apart and restless · feels cool" in page
    assert "Too cool: warm it first" in page


def test_another_carers_entry_comes_onto_the_open_page(
    shown: Dashboard, client: FlaskClient, miso: int
) -> None:
    seen = re.search(r'data-change="(\d+)"', client.get(f"/babies/{miso}").text)
    assert seen is not None
    shown.write(journal.add_note, "He hiccups.", animal_id=miso)
    news = client.get(f"/live/changes?page=animal/{miso}&after={seen[1]}").get_json()
    assert "He hiccups." in news["parts"]["animal"]


def test_the_diary_is_read_in_pieces_and_skips_nothing(
    shown: Dashboard, client: FlaskClient, miso: int
) -> None:
    for number in range(40):
        shown.at = NIGHT - timedelta(hours=1, minutes=number // 2)  # two at each moment
        shown.write(journal.add_note, f"note {number}.", animal_id=miso)
    shown.at = NIGHT
    found, path = [], f"/babies/{miso}"
    while path:
        page = client.get(path).text
        found += re.findall(r"note (\d+)\.", page)
        older = re.search(r'href="(/babies/\d+/diary[^"]+)"', page)
        path = older[1].replace("&amp;", "&") if older else ""
    assert sorted(map(int, found)) == list(range(40))


def test_a_correction_keeps_the_old_value_and_can_be_taken_back(
    shown: Dashboard, client: FlaskClient, miso: int
) -> None:
    feed = shown.write(journal.feed, [miso], "6")
    path = f"/babies/{miso}/log/feed/{feed}"
    form = {"amount_ml": "5", "how": "full", "route": "", "note": "", "at": "2026-11-22T02:14"}
    assert post(client, path, **form).location == f"/babies/{miso}"
    assert (rows(shown, Feed)[0].amount_ml, rows(shown, Feed)[0].at) == (5, NIGHT)
    page = client.get(path).text
    assert f"mL: 6 → 5 just now · {NAME}" in words(page)
    undo = re.search(r'name="undo" value="(\d+)"', page)
    assert undo is not None
    post(client, "/tap/undo", undo=undo[1])
    assert rows(shown, Feed)[0].amount_ml == 6
    assert "taken back just now" in words(client.get(path).text)


def test_a_slip_in_a_correction_is_said_and_kept(
    shown: Dashboard, client: FlaskClient, miso: int
) -> None:
    weight = shown.write(journal.weigh, miso, "311")
    path = f"/babies/{miso}/log/weight/{weight}"
    answer = post(client, path, grams="3", at="2026-11-22T02:14")
    assert answer.status_code == 422
    assert "Must be from 20 to 8000 g" in answer.text
    assert 'value="3"' in answer.text


def test_what_was_noted_of_the_wrong_baby_is_moved_or_struck_out(
    shown: Dashboard, client: FlaskClient, miso: int
) -> None:
    pip = shown.write(journal.add_animal, {"name": "Pip", "species": "kitten"}, "nest")
    feed = shown.write(journal.feed, [miso], "6")
    post(client, f"/babies/{miso}/log/feed/{feed}", amount_ml="6", how="full", animal=pip)
    assert [one.animal_id for one in rows(shown, Feed)] == [pip]
    assert client.get(f"/babies/{miso}/log/feed/{feed}").status_code == 404
    answer = post(client, f"/babies/{pip}/log/feed/{feed}/remove")
    assert rows(shown, Feed)[0].undone_at == NIGHT
    page = client.get(answer.location).text
    assert "Struck out" in page
    undo = re.search(r'name="undo" value="(\d+)"', page)
    assert undo is not None
    post(client, "/tap/undo", undo=undo[1])
    assert rows(shown, Feed)[0].undone_at is None


def test_one_fact_of_a_look_is_put_right(shown: Dashboard, client: FlaskClient, miso: int) -> None:
    shown.write(journal.checked, [miso], [], {"stool_score": "4"})
    facts = {one.fact: one.id for one in rows(shown, Observation)}
    other = shown.write(journal.add_animal, {"name": "Pip", "species": "kitten"}, "nest")
    assert post(client, f"/babies/{other}/log/check/{facts['limp']}/remove").status_code == 404
    page = client.get(f"/babies/{miso}/log/check/{facts['gasping']}").text
    assert "stool 4 of 7" in page
    post(client, f"/babies/{miso}/log/check/{facts['stool_score']}", value="6")
    post(client, f"/babies/{miso}/log/check/{facts['gasping']}", value="true")
    values = {one.fact: one.value for one in rows(shown, Observation)}
    assert (values["stool_score"], values["gasping"], values["limp"]) == (6, True, False)


def test_a_photo_is_shown_replaced_and_taken_away(
    shown: Dashboard, client: FlaskClient, miso: int
) -> None:
    def send(content: bytes) -> Any:
        return post(client, f"/babies/{miso}/photo", photo=(io.BytesIO(content), "p.png"))

    page = client.get(send(PNG).location).text
    source = re.search(r'src="(/babies/\d+/photo/\d+)"', page)
    assert source is not None
    answer = client.get(source[1])
    assert (width_of(answer.data), answer.mimetype) == (64, "image/png")
    assert b"PhoneMaker" not in answer.data
    assert "immutable" in answer.headers["Cache-Control"]
    assert source[1] in client.get("/babies").text
    large = client.get(send(PNG + b"\x00" * 400_000).location).text
    assert "too large" in large
    assert "must be a JPEG" in words(client.get(send(b"<svg></svg>").location).text)
    assert len(rows(shown, Photo)) == 1
    post(client, f"/babies/{miso}/photo", remove="yes")
    assert client.get(source[1]).status_code == 404


def test_a_reminder_is_done_comes_again_and_holds_no_dose(
    shown: Dashboard, client: FlaskClient, miso: int
) -> None:
    form = {"kind": "deworming", "animal": miso, "due_at": "2026-11-22T02:00", "every_days": "14"}
    refused = post(client, "/reminders/new", **form | {"text": "0.5 ml"})
    assert refused.status_code == 422
    assert 'value="0.5 ml"' in refused.text
    ahead = {**form, "due_at": "2026-11-22T02:30", "text": "sheet on the fridge"}
    assert post(client, "/reminders/new", **ahead).status_code == 303
    [first] = rows(shown, Reminder)
    assert "Deworming: sheet on the fridge" in client.get("/babies").text
    page = client.get(post(client, f"/reminders/{first.id}/done").location).text
    assert "Done. Again on Sunday 6 December" in page
    assert [(one.done_at, one.due_at.day) for one in rows(shown, Reminder)] == [
        *((NIGHT, 22), (None, 6)),
    ]
    post(client, f"/reminders/{rows(shown, Reminder)[1].id}/remove")
    assert "Nothing is on the list" in client.get("/reminders").text


def test_the_lightest_of_a_litter_is_asked_about_once(
    shown: Dashboard, client: FlaskClient
) -> None:
    ids = [
        shown.write(journal.add_animal, {"name": n, "species": "kitten", "litter": "hedge"}, "nest")
        for n in ("Fig", "Pip", "Wren")
    ]
    shown.write(journal.weigh_each, dict(zip(ids, (210, 205, 120), strict=True)))
    assert "Is it the runt?" in client.get(f"/babies/{ids[2]}").text
    assert "Is it the runt?" not in client.get(f"/babies/{ids[0]}").text
    post(client, f"/babies/{ids[2]}/runt", runt="yes")
    page = client.get(f"/babies/{ids[2]}").text
    assert "Is it the runt?" not in page
    assert ">runt<" in page


def test_lists_show_the_newest_of_each_on_both_databases(database: Database) -> None:
    settings = Settings.model_validate({"box": [{"id": "nest"}], "house": {"time_zone": "UTC"}})
    who = Entry(by=NAME, now=NIGHT)
    with database.writing() as session:
        boxes.configured(session, settings, NIGHT)
        fig, pip = (
            int(journal.add_animal(session, who, {"name": name, "species": "kitten"}, box).id)
            for name, box in (("Fig", "nest"), ("Pip", None))
        )
        for hours, ml, grams in ((30, 5, 200), (5, 6, 210), (2, 7, 220)):
            at = NIGHT - timedelta(hours=hours)
            fed = journal.feed(session, who, [fig], ml, at=at)
            journal.weigh(session, who, fig, grams, at=at)
        journal.undo(session, who, fed.undo_id)
        journal.weigh(session, who, fig, 228, at=NIGHT, moment="after")
    with database.reading() as session:
        found = {one.name: one for one in babies.babies(Look(session, settings, NIGHT))}
    one = found["Fig"]
    assert (one.fed_ml, one.grams, one.grams_before, one.box_name) == (6, 220, 210, "Nest")
    assert (found["Pip"].id, found["Pip"].fed_at, found["Pip"].box_id) == (pip, None, None)


def test_approval_is_recorded_with_the_name(
    shown: Dashboard, client: FlaskClient, miso: int
) -> None:
    post(client, f"/babies/{miso}/approval", ok="true")
    assert f"Approved by {NAME}" in client.get(f"/babies/{miso}").text
