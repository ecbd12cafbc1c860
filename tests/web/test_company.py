"""Company: candidates with every gate, trials that are watched and judged, the way back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from tests.web.dashboard import Dashboard, csrf, dashboard
from web import carers, company, journal
from web.journal import Doubt, EntryError
from web.known import house
from web.records import Animal, Audit, Companionship, Stay

MINUTE = timedelta(minutes=1)
FIT = {"parasites": "clear", "exposed": "false", "mother": "none", "temperament": "calm"}


@pytest.fixture
def shown(tmp_path: Path, sqlite_url: str) -> Iterator[Dashboard]:
    assert sqlite_url
    boxes = [{"id": "nest", "name": "Nest"}, {"id": "crate"}, {"id": "attic"}]
    with dashboard(tmp_path, house={"time_zone": "Europe/London"}, box=boxes) as found:
        yield found


@pytest.fixture
def client(shown: Dashboard) -> FlaskClient:
    return shown.client()


def fit(shown: Dashboard, name: str, box: str | None, grams: float = 300, **more: Any) -> int:
    """A baby of which everything is on record that company asks for, and good."""
    shown.at -= timedelta(hours=1)
    came = shown.entry().today - timedelta(days=16)
    values = {"name": name, "species": "kitten", "age_days": "18", "intake_on": str(came), **FIT}
    animal: int = shown.write(journal.add_animal, {**values, **more}, box)
    shown.write(journal.weigh, animal, grams)
    shown.write(journal.feed, [animal], 5)
    shown.write(journal.checked, [animal], (), {"body_feel": "warm", "health": "ok"})
    shown.at += timedelta(hours=1)
    return animal


def sure(shown: Dashboard, what: Any, *args: Any, **more: Any) -> Any:
    with shown.database.writing() as session:
        return what(session, replace(shown.entry(), sure=True), *args, **more).id


def post(client: FlaskClient, path: str, **form: Any) -> Any:
    return client.post(path, data={"csrf_token": csrf(client, "/health"), **form})


def one(shown: Dashboard, model: type[Any], id_: Any) -> Any:
    with shown.database.reading() as session:
        return session.get(model, id_)


def homes(shown: Dashboard) -> dict[int, str]:
    with shown.database.reading() as session:
        stays = session.scalars(select(Stay).where(Stay.ended_at.is_(None)))
        return {stay.animal_id: stay.box_id for stay in stays}


def words(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text))


def together_now(shown: Dashboard) -> list[company.Together]:
    with shown.database.reading() as session:
        return company.together(session, shown.settings.house, house(session, shown.now()))


def test_candidates_show_every_gate_as_passed_failed_or_not_known(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso = fit(shown, "Miso", "nest")
    fit(shown, "Pip", "crate")
    fit(shown, "Rex", "attic", parasites="present")
    fit(shown, "Ida", None, parasites="")
    fit(shown, "Bob", None, species="puppy")
    page = client.get(f"/company/{miso}").text
    said = words(page)
    order = [said.index(f"{name} ") for name in ("Pip", "Ida", "Bob", "Rex")]
    assert order == sorted(order)
    assert "Pip all clear" in said
    assert "Ida 1 not known" in said
    assert "Rex 1 thing against it" in said
    ida = words(page[page.index("Ida") : page.index("Rex")])
    assert "Neither has parasites Ida: not known" in ida
    assert "Ida: has it been checked or treated for parasites?" in ida
    rex = words(page[page.index("Rex") :])
    assert "Neither has parasites Rex: no" in rex


def test_an_answer_on_the_page_opens_the_gate(shown: Dashboard, client: FlaskClient) -> None:
    miso, ida = fit(shown, "Miso", "nest"), fit(shown, "Ida", "crate", parasites="")
    key, box = f"{ida}.parasites", "nest"
    post(client, "/tap/answer", key=key, value='"treated"', box=box)
    assert "Ida all clear" in words(client.get(f"/company/{miso}").text)


def test_a_first_trial_is_watched_for_half_an_hour_and_then_asked_about(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso, pip = fit(shown, "Miso", "nest"), fit(shown, "Pip", "crate")
    place = post(client, f"/company/{miso}/with/{pip}").location
    assert homes(shown) == {miso: "nest", pip: "nest"}
    assert re.search(r"Stay with them: 30 min\s+left", words(client.get(place).text))
    assert "Miso and Pip are together" in words(client.get("/").text)
    shown.at += 5 * MINUTE
    shown.cry(onset=shown.at, offset=shown.at)
    shown.at += MINUTE
    shown.cry("cry_ended", onset=shown.at - MINUTE, offset=shown.at)
    said = words(client.get(place).text)
    assert "Cried 1 time since they are together, 1 min in all" in said
    assert "It went well: end the watch now" in said  # no word on how it goes so far
    shown.at += 25 * MINUTE
    assert "How did it go?" in words(client.get(place).text)
    post(client, place, do="passed")
    assert "It goes well" in words(client.get(place).text)
    shown.at += 10 * MINUTE
    post(client, place, do="part")
    assert homes(shown) == {miso: "nest", pip: "crate"}
    again = post(client, f"/company/{miso}/with/{pip}").location  # proven: no trial any more
    assert one(shown, Companionship, int(again.rsplit("/", 1)[1])).watch_until is None


def trial_now(shown: Dashboard, companionship_id: int) -> company.Together:
    with shown.database.reading() as session:
        found = company.one_of(session, shown.settings.house, companionship_id, shown.now())
    assert found is not None
    return found


def test_the_crying_that_was_there_already_counts_from_when_they_came_together(
    shown: Dashboard,
) -> None:
    miso, pip = fit(shown, "Miso", "nest"), fit(shown, "Pip", "crate")
    began = shown.at - 2 * MINUTE
    shown.cry(onset=began, offset=shown.at)
    trial = shown.write(journal.put_together, miso, pip)
    shown.at += 3 * MINUTE
    pair = trial_now(shown, trial)
    assert (pair.crying.cries, pair.crying.lasting_s) == (1, 180)
    shown.cry("cry_ended", onset=began, offset=shown.at - MINUTE)
    pair = trial_now(shown, trial)
    assert (pair.crying.cries, pair.crying.lasting_s) == (1, 120)


def test_who_sucks_on_the_other_is_parted_and_remembered(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso, pip = fit(shown, "Miso", "nest"), fit(shown, "Pip", "crate")
    place = post(client, f"/company/{miso}/with/{pip}").location
    shown.at += 10 * MINUTE
    page = client.get(post(client, place, do="suckled", who=pip, back=place).location).text
    row = one(shown, Companionship, int(place.rsplit("/", 1)[1]))
    assert (row.outcome, row.why) == ("failed", "sucking on each other")
    assert homes(shown) == {miso: "nest", pip: "crate"}
    assert one(shown, Animal, pip).suckles_others
    undo = re.search(r'name="undo" value="([\d-]+)"', page)
    assert undo is not None
    post(client, "/tap/undo", undo=undo[1])
    assert not one(shown, Animal, pip).suckles_others
    assert homes(shown) == {miso: "nest", pip: "nest"}


def test_what_speaks_against_two_is_said_and_can_be_written_all_the_same(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso = fit(shown, "Miso", "nest", keep_apart="on")
    big = fit(shown, "Big", "crate", grams=700)
    answer = post(client, f"/company/{miso}/with/{big}")
    assert answer.status_code == 422
    said = words(answer.text)
    assert "Miso is to be kept apart; one weighs more than twice as much as the other." in said
    assert post(client, f"/company/{miso}/with/{big}", sure="1").status_code == 303
    (pair,) = together_now(shown)
    assert [flag.code for flag in pair.flags] == ["keep_apart", "too_heavy"]
    with shown.database.reading() as session:
        note = session.scalars(select(Audit).order_by(Audit.id.desc())).first()
        assert note is not None
        assert "Miso is to be kept apart" in str(note.details)


@pytest.mark.parametrize(
    ("fact", "value", "code"),
    [("health", "ill", "ill"), ("body_feel", "cool", "chilled"), ("limp", True, "urgent")],
)
def test_a_pair_is_flagged_when_one_gets_worse(
    shown: Dashboard, client: FlaskClient, fact: str, value: Any, code: str
) -> None:
    miso, pip = fit(shown, "Miso", "nest"), fit(shown, "Pip", "crate")
    shown.write(journal.put_together, miso, pip)
    assert [pair.flags for pair in together_now(shown)] == [()]
    shown.write(journal.observe, pip, fact, value)
    assert code in {flag.code for pair in together_now(shown) for flag in pair.flags}
    assert "Pip: " in words(client.get("/company").text)


def test_only_a_coordinator_approves_company_across_species_and_for_both(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso, bob = fit(shown, "Miso", "nest"), fit(shown, "Bob", "crate", species="puppy")
    with shown.database.writing() as session:
        carers.add(session, "Ben", "another warm blanket", shown.now())
        ben = replace(shown.entry(), by="Ben")
        with pytest.raises(EntryError, match="coordinator"):
            journal.approve_cross(session, ben, miso, "yes", bob)
        with pytest.raises(Doubt, match="no coordinator has approved"):
            journal.put_together(session, ben, miso, bob)
    page = client.get(f"/company/{miso}").text
    assert "I am the coordinator" in page
    post(client, f"/company/{miso}/approve/{bob}")
    for animal in (miso, bob):
        assert one(shown, Animal, animal).cross_ok
        assert one(shown, Animal, animal).cross_ok_by == "Ana"
    assert "I am the coordinator" not in client.get(f"/company/{miso}").text


def test_a_littermate_goes_to_its_litter_which_is_not_broken_up(shown: Dashboard) -> None:
    miso = fit(shown, "Miso", "nest", litter="blue")
    pip, luna = (fit(shown, name, "attic", litter="blue") for name in ("Pip", "Luna"))
    pair = shown.write(journal.put_together, miso, pip)
    assert homes(shown) == {miso: "attic", pip: "attic", luna: "attic"}
    assert one(shown, Companionship, pair).kind == "litter"
    shown.at += MINUTE
    shown.write(journal.part, pair)
    assert homes(shown)[miso] == "nest"


def test_back_to_its_mother_by_its_own_criteria(shown: Dashboard, client: FlaskClient) -> None:
    miso = fit(shown, "Miso", "nest", mother="available")
    said = words(client.get(f"/company/{miso}").text)
    assert "Its mother is here and takes it" in said
    post(client, f"/company/{miso}/mother", do="to_mother")
    assert one(shown, Animal, miso).mother == "present"
    assert "It is not taken from her for company" in words(client.get(f"/company/{miso}").text)
    ill = fit(shown, "Ill", "crate", mother="available")
    shown.write(journal.observe, ill, "health", "ill")
    answer = post(client, f"/company/{ill}/mother", do="to_mother")
    assert answer.status_code == 422
    assert "was not well at its last check" in words(answer.text)


def test_nobody_is_put_together_with_itself_twice_or_after_it_left(shown: Dashboard) -> None:
    miso, pip = fit(shown, "Miso", "nest"), fit(shown, "Pip", "crate")
    with shown.database.writing() as session:
        for pair, match in (((miso, miso), "another animal"), ((miso, 99), "not an animal")):
            with pytest.raises(EntryError, match=match):
                journal.put_together(session, shown.entry(), *pair)
    shown.write(journal.put_together, miso, pip)
    gone = fit(shown, "Gone", "attic")
    sure(shown, journal.edit_animal, gone, {"status": "adopted"})
    with shown.database.writing() as session:
        with pytest.raises(EntryError, match="together with it already"):
            journal.put_together(session, shown.entry(), pip, miso)
        with pytest.raises(EntryError, match="not in care any more"):
            journal.put_together(session, shown.entry(), miso, gone)


def test_pages_of_nobody_are_not_found(client: FlaskClient) -> None:
    for path in ("/company/99", "/company/trial/99", "/company/in/cellar"):
        assert client.get(path).status_code == 404
    assert client.get("/company").status_code == 200


def test_two_that_live_nowhere_are_put_into_a_box_that_is_asked_for(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso, pip = fit(shown, "Miso", None), fit(shown, "Pip", None)
    answer = post(client, f"/company/{miso}/with/{pip}")
    assert "Say in which box; neither of them is in one." in words(answer.text)
    assert 'name="sure"' not in answer.text  # no doubt, but a question
    post(client, f"/company/{miso}/with/{pip}", box="crate")
    assert homes(shown) == {miso: "crate", pip: "crate"}


def test_who_is_twice_as_heavy_is_so_the_day_after_too(shown: Dashboard) -> None:
    miso, pip = fit(shown, "Miso", "nest"), fit(shown, "Pip", "crate", grams=610)
    sure(shown, journal.put_together, miso, pip)
    shown.at += timedelta(hours=30)
    assert [flag.code for pair in together_now(shown) for flag in pair.flags] == ["too_heavy"]
