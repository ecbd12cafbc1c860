"""Suggestion cards: what a tap writes, what is put aside, what would change one, its file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.web.dashboard import CRY, NAME, Dashboard, csrf, dashboard
from web import journal, suggesting
from web.care.advice import plain
from web.care.rules import Code
from web.care.sources import RANKS, SOURCES
from web.care.wording import ENDS
from web.commands.suggest import suggest
from web.pages import acts
from web.records import Animal, Feed, Observation, Suggestion

MINUTE = timedelta(minutes=1)


@pytest.fixture
def shown(tmp_path: Path, sqlite_url: str) -> Iterator[Dashboard]:
    assert sqlite_url
    house = {"time_zone": "Europe/London", "vet_phone": "+44 20 7946 0018", "urgent_text": "Ring."}
    boxes = [{"id": "nest", "name": "Nest"}, {"id": "crate"}]
    with dashboard(tmp_path, house=house, box=boxes) as found:
        yield found


@pytest.fixture
def client(shown: Dashboard) -> FlaskClient:
    return shown.client()


def take_in(shown: Dashboard, name: str, box: str | None = "nest", **more: Any) -> int:
    shown.at -= timedelta(hours=5)
    values = {"name": name, "species": "kitten", "age_days": "12", **more}
    animal: int = shown.write(journal.add_animal, values, box)
    shown.write(journal.weigh, animal, 250)
    shown.write(journal.feed, [animal], 8)
    shown.at += timedelta(hours=5)
    return animal


def crying(shown: Dashboard, seconds: int = 3) -> None:
    shown.state(state="crying")
    shown.cry(onset=shown.now() - timedelta(seconds=seconds))


def well(shown: Dashboard, animal: int) -> None:
    """Looked at, warm and well."""
    shown.write(journal.checked, [animal], (), {"body_feel": "warm", "health": "ok"})


def post(client: FlaskClient, path: str, **form: Any) -> Any:
    return client.post(path, data={"csrf_token": csrf(client, "/health"), **form})


def rows(shown: Dashboard, model: type[Any]) -> list[Any]:
    with shown.database.reading() as session:
        return list(session.scalars(select(model).order_by(model.id)))


def codes(shown: Dashboard) -> list[str]:
    with shown.database.reading() as session:
        advice = suggesting.advise(session, shown.settings, "nest", shown.now())
    return [item.code for item in advice.items]


def card(client: FlaskClient, code: str) -> str | None:
    """The markup of one card on the page, if it is shown."""
    page = client.get("/").text
    found = re.search(
        rf'<details class="suggestion[^>]*data-code="{code}".*?</details>', page, re.DOTALL
    )
    return found[0] if found else None


def tapped(client: FlaskClient, code: str, do: str) -> Any:
    """Tap a button of a card, with what its form holds."""
    made = card(client, code)
    assert made is not None
    form = re.search(r'<form method="post" class="acts".*?</form>', made, re.DOTALL)
    assert form is not None
    assert f'name="do" value="{do}"' in form[0]
    hidden = re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[0])
    fields: dict[str, list[str]] = {"do": [do]}
    for name, value in hidden:
        fields.setdefault(name, []).append(value)
    return client.post(f"/card/nest/{code}", data=fields)


def test_done_on_a_feed_writes_the_amount_that_the_card_showed_and_is_taken_back(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso = take_in(shown, "Miso")
    well(shown, miso)
    crying(shown)
    made = card(client, "FEED")
    assert made is not None
    # 20 kcal x 250 g / 100 x 180 min / 1440, at 1 kcal/mL
    assert "Miso: about 6 mL, never over 10 mL" in made
    page = client.get(tapped(client, "FEED", "fed").location).text
    assert "Fed Miso, just now" in page
    newest = rows(shown, Feed)[-1]
    assert (newest.amount_ml, newest.how, newest.by) == (6.0, "full", NAME)
    assert [(row.code, row.outcome) for row in rows(shown, Suggestion)] == [("FEED", "done")]
    assert "FEED" not in codes(shown)
    undo = re.search(r'name="undo" value="([\d-]+)"', page)
    assert undo is not None
    post(client, "/tap/undo", undo=undo[1])
    assert rows(shown, Feed)[-1].undone_at
    assert [row.outcome for row in rows(shown, Suggestion)] == [None]
    assert codes(shown)[0] == "FEED"


def test_an_own_plan_is_what_is_given_but_never_more_than_the_stomach_holds(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso = take_in(shown, "Miso", plan_volume_ml=7)
    well(shown, miso)
    crying(shown)
    assert "about 7 mL by its own plan" in (card(client, "FEED") or "")
    with shown.database.writing() as session:
        animal = session.get(Animal, miso)
        assert animal is not None
        animal.plan_volume_ml = 30
    assert "about 10 mL: its plan says 30 mL, its stomach holds no more" in (
        card(client, "FEED") or ""
    )
    tapped(client, "FEED", "fed")
    assert rows(shown, Feed)[-1].amount_ml == 10


@pytest.mark.parametrize(
    ("do", "fact", "value"), [("well", "health", "ok"), ("suspect", "health", "suspect")]
)
def test_a_look_at_an_ill_one_is_written_as_a_check(
    shown: Dashboard, client: FlaskClient, do: str, fact: str, value: str
) -> None:
    miso = take_in(shown, "Miso")
    well(shown, miso)
    shown.write(journal.feed, [miso], 6, "refused")
    crying(shown, 90)
    tapped(client, "CHECK_ILL", do)
    newest = rows(shown, Observation)[-1]
    assert (newest.animal_id, newest.fact, newest.value) == (miso, fact, value)


def test_what_is_put_aside_comes_back_in_a_while_and_at_once_for_somebody_new(
    shown: Dashboard, client: FlaskClient
) -> None:
    well(shown, take_in(shown, "Miso"))
    crying(shown)
    assert card(client, "FEED")
    post(client, "/card/nest/FEED", do="not_now", cry=CRY)
    assert card(client, "FEED") is None
    assert [(r.outcome, r.why) for r in rows(shown, Suggestion)] == [("dismissed", "not_now")]
    shown.advise()  # what the ingest process keeps changes nothing of it
    pip = take_in(shown, "Pip")
    well(shown, pip)
    assert "Pip" in (card(client, "FEED") or "")  # nobody has put that aside
    post(client, "/card/nest/FEED", do="did_not_help", cry=CRY)
    shown.at += 16 * MINUTE
    assert card(client, "FEED") is None
    post(client, "/card/nest/FEED", do="not_now", cry=CRY)
    shown.at += 16 * MINUTE
    assert card(client, "FEED")


def test_a_quiet_box_can_be_told_not_now_too(shown: Dashboard, client: FlaskClient) -> None:
    take_in(shown, "Miso")
    shown.state()
    assert codes(shown)[0] == "FEED"
    post(client, "/card/nest/FEED", do="not_now")
    assert card(client, "FEED") is None
    shown.at += 16 * MINUTE
    assert card(client, "FEED")


def test_cold_is_never_put_aside(shown: Dashboard, client: FlaskClient) -> None:
    miso = take_in(shown, "Miso")
    shown.write(journal.observe, miso, "body_feel", "cool")
    crying(shown)
    post(client, "/card/nest/WARM_FIRST", do="wrong", cry=CRY)
    assert card(client, "WARM_FIRST")
    tapped(client, "WARM_FIRST", "done")
    assert "Warming since then" in (card(client, "WARM_FIRST") or "")
    pip = take_in(shown, "Pip")
    shown.write(journal.observe, pip, "body_feel", "cool")
    assert "Warming since then" not in (card(client, "WARM_FIRST") or "")  # Pip is not
    tapped(client, "WARM_FIRST", "warm")
    assert "WARM_FIRST" not in codes(shown)


def test_a_second_feed_within_minutes_is_asked_about_and_written_if_so(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso = take_in(shown, "Miso")
    well(shown, miso)
    crying(shown)
    form = {"do": "fed", "animal": miso, f"ml-{miso}": "6"}
    post(client, "/card/nest/FEED", **form)
    before = len(rows(shown, Feed))
    page = client.get(post(client, "/card/nest/FEED", **form).location).text
    assert len(rows(shown, Feed)) == before
    assert "is it the same one?" in page
    assert 'name="sure" value="1"' in page
    post(client, "/card/nest/FEED", sure="1", **form)
    assert len(rows(shown, Feed)) == before + 1


def test_a_card_says_which_answer_would_change_it_and_what_time_would(
    shown: Dashboard, client: FlaskClient
) -> None:
    take_in(shown, "Miso")
    crying(shown)
    made = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", card(client, codes(shown)[0]) or ""))
    assert "is its belly warm?" in made
    assert "Cool: Warm it first" in made
    assert "Cold: Call the vet now" in made
    page = re.sub(r"<[^>]+>", "", client.get(f"/card/nest/{codes(shown)[0]}").text)
    assert "Any of the others: Call the vet now" in page


def test_why_shows_facts_source_and_a_file_that_the_command_answers_alike(
    shown: Dashboard, client: FlaskClient, tmp_path: Path
) -> None:
    take_in(shown, "Miso")
    crying(shown)
    for code in codes(shown):
        page = client.get(f"/card/nest/{code}").text
        assert SOURCES[Code(code)].split(":")[0].split("(")[0].replace("'", "&#39;") in page
    assert "No longer suggested" in client.get("/card/nest/COMFORT").text
    assert client.get("/card/attic/FEED").status_code == 404
    answer = client.get("/card/nest/scenario.json")
    assert "attachment" in answer.headers["Content-Disposition"]
    file = tmp_path / "scenario.json"
    file.write_bytes(answer.data)
    (case,) = json.loads(answer.data)
    replayed = CliRunner().invoke(suggest, [str(file), "--json"])
    assert replayed.exit_code == 0, replayed.output
    said = json.loads(replayed.stdout)
    with shown.database.reading() as session:
        advice = suggesting.advise(session, shown.settings, "nest", shown.now())
    assert (
        said == {"id": case["id"], **plain(advice.result)} == {"id": case["id"], **case["expect"]}
    )


def test_every_code_has_a_source_a_rank_and_buttons_that_write() -> None:
    assert set(SOURCES) == set(RANKS) == set(ENDS) == set(Code)
    buttons = {act.do for some in acts._ACTS.values() for act in some}
    assert buttons - {"done"} <= set(acts.WRITES)
    assert set(acts.WRITES) | {"done", *journal.WHYS} == set(acts.SAID)
