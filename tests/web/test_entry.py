"""Noting down with a few taps: all or nothing, nothing typed lost, nothing written twice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.web.dashboard import NAME, NIGHT, Dashboard, csrf, dashboard
from web import journal
from web.pages import offers
from web.records import Feed, Note, Observation, Weight


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Dashboard, FlaskClient]]:
    """One dashboard for all tests here, and a browser that is signed in."""
    settings = {"time_zone": "Europe/London"}
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
def babies(shown: Dashboard) -> list[int]:
    """Three kittens that drank 6 mL two and a half hours ago, of 250 g."""
    shown.at = NIGHT - timedelta(days=2)
    ids = [
        shown.write(journal.add_animal, {"name": name, "species": "kitten", "age_days": 14}, box)
        for name, box in (("Fig", "nest"), ("Miso", "nest"), ("Pip", "crate"))
    ]
    for hours in (5, 2.5):
        shown.at = NIGHT - timedelta(hours=hours)
        shown.write(journal.feed, ids, 6)
    shown.write(journal.weigh_each, dict.fromkeys(ids, 250))
    shown.at = NIGHT
    return ids


def post(client: FlaskClient, path: str, **form: Any) -> Any:
    return client.post(path, data={"csrf_token": csrf(client, "/health"), **form})


def new_rows(shown: Dashboard, table: Any) -> list[Any]:
    """What was written at the test's moment or later, and stands."""
    with shown.database.reading() as session:
        query = select(table).where(table.undone_at.is_(None)).order_by(table.id)
        return [row for row in session.scalars(query) if row.at > NIGHT - timedelta(hours=2)]


def value_of(page: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def test_the_usual_amount_is_offered_and_the_time_is_now(
    shown: Dashboard, client: FlaskClient, babies: list[int]
) -> None:
    page = client.get("/note/feed?box=nest").text
    assert "Fig" in page
    assert "Pip" not in re.sub(r"<nav.*?</nav>", "", page, flags=re.DOTALL)
    assert value_of(page, f"ml-{babies[0]}") == "6"
    post(client, "/note/feed", animal=babies[0], **{f"ml-{babies[0]}": "6"})
    [fed] = new_rows(shown, Feed)
    assert (fed.animal_id, fed.amount_ml, fed.how, fed.at, fed.by) == (
        *(babies[0], 6, "full"),
        *(NIGHT, NAME),
    )


def test_each_gets_its_own_amount_and_one_undo_takes_all_back(
    shown: Dashboard, client: FlaskClient, babies: list[int]
) -> None:
    fig, miso, pip = babies
    amounts = {f"ml-{fig}": "6", f"ml-{miso}": "4,5", f"how-{miso}": "short", f"ml-{pip}": "6"}
    form = {"animal": babies, "shown": babies, f"how-{pip}": "refused", **amounts, "ago": "15"}
    page = client.get(post(client, "/note/feed", **form, back="/babies").location).text
    assert [(one.amount_ml, one.how) for one in new_rows(shown, Feed)] == [
        *((6, "full"), (4.5, "short"), (None, "refused")),
    ]
    assert {one.at for one in new_rows(shown, Feed)} == {NIGHT - timedelta(minutes=15)}
    assert "Fig 6 mL" in page
    post(client, "/tap/undo", undo=value_of(page, "undo"))
    assert new_rows(shown, Feed) == []


def test_where_one_line_is_wrong_none_is_written_and_all_that_was_typed_stays(
    shown: Dashboard, client: FlaskClient, babies: list[int]
) -> None:
    fig, miso, _ = babies
    form = {f"ml-{fig}": "7.5", f"ml-{miso}": "lots", f"how-{fig}": "short", "note": "<sleepy>"}
    answer = post(client, "/note/feed", animal=babies[:2], shown=babies, back="/babies", **form)
    assert answer.status_code == 422
    assert new_rows(shown, Feed) == []
    assert "The amount must be a number" in answer.text
    assert value_of(answer.text, f"ml-{fig}") == "7.5"
    assert value_of(answer.text, f"ml-{miso}") == "lots"
    assert f'name="how-{fig}" value="short" checked' in answer.text
    assert "&lt;sleepy&gt;" in answer.text
    assert value_of(answer.text, "back") == "/babies"
    ticked = re.findall(r'name="animal" value="(\d+)" checked', answer.text)
    assert ticked == [str(one) for one in babies[:2]]


def test_what_a_carer_may_know_better_is_asked_once_and_then_written(
    shown: Dashboard, client: FlaskClient, babies: list[int]
) -> None:
    form = {"animal": babies[0], f"ml-{babies[0]}": "14"}  # its stomach takes 10
    doubted = post(client, "/note/feed", **form)
    assert doubted.status_code == 422
    assert "Is that right?" in doubted.text
    sure = value_of(doubted.text, "sure")
    assert value_of(doubted.text, f"ml-{babies[0]}") == "14"
    changed = form | {f"ml-{babies[0]}": "41"}  # the yes was meant for the 14
    assert post(client, "/note/feed", **changed, sure=sure).status_code == 422
    assert post(client, "/note/feed", **form, sure=sure).status_code == 303
    assert [one.amount_ml for one in new_rows(shown, Feed)] == [14]


def test_the_rest_of_a_feed_is_added_to_it(
    shown: Dashboard, client: FlaskClient, babies: list[int]
) -> None:
    miso = babies[1]
    post(client, "/note/feed", animal=miso, **{f"ml-{miso}": "4"})
    shown.at += timedelta(minutes=10)
    doubted = post(client, "/note/feed", animal=miso, **{f"ml-{miso}": "2"}).text
    [first] = new_rows(shown, Feed)
    assert f'name="same-{miso}" value="{first.id}" checked' in doubted
    rest = {f"ml-{miso}": "2", f"same-{miso}": first.id, "sure": value_of(doubted, "sure")}
    post(client, "/note/feed", animal=miso, **rest)
    assert [one.amount_ml for one in new_rows(shown, Feed)] == [6]


def test_a_form_that_arrives_twice_is_written_once(
    shown: Dashboard, client: FlaskClient, babies: list[int]
) -> None:
    form = {"animal": babies[0], f"ml-{babies[0]}": "6", "key": "abc"}
    assert [post(client, "/note/feed", **form).status_code for _ in range(2)] == [303, 303]
    assert len(new_rows(shown, Feed)) == 1
    other = {**form, f"ml-{babies[0]}": "5"}  # another feed from the same page
    post(
        client,
        "/note/feed",
        **other,
        sure=value_of(post(client, "/note/feed", **other).text, "sure"),
    )
    assert len(new_rows(shown, Feed)) == 2


def test_what_was_typed_of_a_baby_that_left_meanwhile_stays(
    shown: Dashboard, client: FlaskClient, babies: list[int]
) -> None:
    shown.write(journal.edit_animal, babies[0], {"status": "adopted"})
    shown.at += timedelta(days=1)
    answer = post(client, "/note/feed", animal=babies[0], **{f"ml-{babies[0]}": "6.5"})
    assert answer.status_code == 422
    assert "after Fig left your care" in answer.text
    assert value_of(answer.text, f"ml-{babies[0]}") == "6.5"


def test_a_bottle_on_the_scales_gives_the_amount(
    shown: Dashboard, client: FlaskClient, babies: list[int]
) -> None:
    pip = babies[2]
    form = {f"before-{pip}": "252", f"after-{pip}": "258.5", f"ml-{pip}": "6", "route": "bottle"}
    post(client, "/note/feed", animal=pip, **form)
    [fed] = new_rows(shown, Feed)
    assert (fed.amount_ml, fed.route) == (6.5, "bottle")


def test_the_rest_of_a_feed_on_the_scales_is_what_the_scales_say(
    shown: Dashboard, client: FlaskClient, babies: list[int]
) -> None:
    pip = babies[2]
    shown.write(journal.feed, [pip], 2, "short")
    shown.write(journal.weigh, pip, 252, None, "before")
    form = {f"after-{pip}": "255", f"ml-{pip}": "6"}  # 6 is what was offered
    answer = post(client, "/note/feed", animal=pip, **form)
    form[f"same-{pip}"] = re.search(rf'name="same-{pip}" value="(\d+)"', answer.text)[1]  # type: ignore[index]
    post(client, "/note/feed", animal=pip, **form)
    [fed] = new_rows(shown, Feed)
    assert (fed.amount_ml, fed.how, fed.note) == (5, "full", "weighed 252, then 255 g")
    [weight] = new_rows(shown, Weight)
    assert weight.moment is None  # the next bottle is not measured from it


def test_weights_are_written_where_they_are_filled_in(
    shown: Dashboard, client: FlaskClient, babies: list[int]
) -> None:
    fig, miso, pip = babies
    form = {"shown": babies, f"g-{fig}": "255", f"g-{miso}": "", f"g-{pip}": "500"}
    doubted = post(client, "/note/weight", **form)
    assert "Is that right?" in doubted.text
    assert new_rows(shown, Weight) == []
    post(client, "/note/weight", **form | {f"g-{pip}": "257"})
    assert [(one.animal_id, one.grams) for one in new_rows(shown, Weight)] == [
        *((fig, 255), (pip, 257)),
    ]
    nothing = post(client, "/note/weight", shown=babies)
    assert "Nothing is filled in yet" in nothing.text
    assert "Nothing is filled in yet" in post(client, "/note/feed", shown=babies).text


def test_toilet_help_says_what_came(
    shown: Dashboard, client: FlaskClient, babies: list[int]
) -> None:
    fig, miso, _ = babies
    came = {f"came-{fig}": "both", f"score-{fig}": "4", f"came-{miso}": "nothing"}
    post(client, "/note/toilet", shown=babies, **came)
    assert [(one.animal_id, one.fact, one.value) for one in new_rows(shown, Observation)] == [
        *((fig, "toilet", "both"), (fig, "stool_score", 4), (miso, "toilet_tried", True)),
    ]


def test_what_was_not_looked_at_stays_unknown(
    shown: Dashboard, client: FlaskClient, babies: list[int]
) -> None:
    form = {"shown": babies[0], "sign": "apart", "body_feel": "cool", "note": "restless"}
    post(client, "/note/look", **form)
    seen = {one.fact: one.value for one in new_rows(shown, Observation)}
    assert seen == {"apart": True, "body_feel": "cool"}
    assert [one.text for one in new_rows(shown, Note)] == ["restless"]


def test_a_red_flag_leads_to_whom_to_call(
    shown: Dashboard, client: FlaskClient, babies: list[int]
) -> None:
    answer = post(client, "/note/look", shown=babies[0], sign="gasping", all="yes")
    seen = {one.fact: one.value for one in new_rows(shown, Observation)}
    assert (seen["gasping"], seen["limp"], seen["apart"]) == (True, False, False)
    assert answer.location == f"/babies/{babies[0]}"
    assert "call the vet" in client.get(answer.location).text
    page = client.get(f"/note/feed?animal={babies[0]}&animal={babies[1]}").text
    assert "Not now: call the vet" in page
    assert re.findall(r'name="animal" value="(\d+)" checked', page) == [str(babies[1])]


def test_of_a_box_full_those_ticked_are_well(
    shown: Dashboard, client: FlaskClient, babies: list[int]
) -> None:
    assert "Tick who is well" in client.get("/note/look?box=nest").text
    form = {"animal": babies[:2], "shown": babies[:2], "warm": "yes", "in_box": "nest"}
    wrong = post(client, "/note/well", **form, nest_c="310")
    assert "Nest: The temperature must be from 0 to 60" in wrong.text
    assert new_rows(shown, Observation) == []
    page = client.get(post(client, "/note/well", **form, nest_c="31").location).text
    assert "Fig and Miso: looked at, well; nest 31 °C" in page
    health = [one for one in new_rows(shown, Observation) if one.fact in ("health", "body_feel")]
    assert {(one.animal_id, one.value) for one in health} == {
        (animal, value) for animal in babies[:2] for value in ("ok", "warm")
    }


def test_one_note_can_stand_with_several_and_with_their_box(
    shown: Dashboard, client: FlaskClient, babies: list[int]
) -> None:
    form = {"animal": babies[:2], "shown": babies, "on_box": "nest", "note": "New blanket."}
    post(client, "/note/note", **form)
    assert [(one.animal_id, one.box_id, one.text) for one in new_rows(shown, Note)] == [
        *((animal, None, "New blanket.") for animal in babies[:2]),
        (None, "nest", "New blanket."),
    ]


def test_a_script_is_told_where_to_go_and_the_toast_waits_there(
    client: FlaskClient, babies: list[int]
) -> None:
    form = {"animal": babies[0], f"ml-{babies[0]}": "6", "back": "/babies"}
    data = {"csrf_token": csrf(client, "/health"), **form}
    answer = client.post("/note/feed", data=data, headers={"X-Wants": "page"})
    assert (answer.status_code, answer.headers["X-Go"]) == (204, "/babies")
    assert "Fed: Fig 6 mL" in client.get("/babies").text


@pytest.mark.parametrize("back", ["https://example.org/", "//example.org", "/\\example.org"])
def test_a_form_leads_back_to_our_own_pages_only(
    client: FlaskClient, babies: list[int], back: str
) -> None:
    answer = post(client, "/note/feed", animal=babies[0], back=back, **{f"ml-{babies[0]}": "6"})
    assert answer.location == "/"


def test_the_usual_is_the_middle_of_the_last_whole_feeds() -> None:
    amounts = [(9, "full"), (2, "short"), (6, "full"), (7, "full"), (None, "full"), (7.5, "full")]
    feeds = [Feed(amount_ml=ml, how=how) for ml, how in amounts]
    assert offers.usual(feeds) == 7
    assert offers.usual([Feed(amount_ml=3, how="refused")]) is None
    assert offers.near(6) == [5, 5.5, 6, 6.5, 7]
    assert offers.near(0.5) == [0.5, 1, 1.5]
    assert offers.near(23, 23) == [19, 20, 21, 22, 23]  # nothing above what the stomach holds
