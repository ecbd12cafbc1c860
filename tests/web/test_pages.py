"""What stands on the pages, and what a tap writes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import soundfile
from flask.testing import FlaskClient
from sqlalchemy import select

from monitor.messages import Topics
from tests.web.dashboard import CRY, NAME, NIGHT, Dashboard, csrf, dashboard
from web import demo, journal, starting
from web.nursery import utc_now
from web.records import Animal, Cry, Feed, Observation, Review, Stay, Suggestion, Weight


@pytest.fixture
def shown(tmp_path: Path, sqlite_url: str) -> Iterator[Dashboard]:
    assert sqlite_url
    house = {
        "time_zone": "Europe/London",
        "vet_phone": "+44 20 7946 0018",
        "urgent_text": "Call Dr Hale first.",
    }
    boxes = [{"id": "nest", "name": "Nest"}, {"id": "crate"}]
    with dashboard(tmp_path, house=house, box=boxes) as found:
        yield found


@pytest.fixture
def client(shown: Dashboard) -> FlaskClient:
    return shown.client()


def take_in(shown: Dashboard, name: str, box: str | None = "nest", **more: Any) -> int:
    shown.at -= timedelta(hours=1)  # it is there for a while already
    values = {"name": name, "species": "kitten", "age_days": "12", **more}
    animal: int = shown.write(journal.add_animal, values, box)
    shown.at += timedelta(hours=1)
    return animal


def card(client: FlaskClient, box: str = "nest") -> str:
    """The words of one box's card."""
    page = client.get("/").text
    start = page.index(f'id="box-{box}"')
    end = page.find("</article>", start)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page[page.rindex("<", 0, start) : end]))


def post(client: FlaskClient, path: str, **form: Any) -> Any:
    return client.post(path, data={"csrf_token": csrf(client, "/health"), **form})


def rows(shown: Dashboard, table: Any) -> list[Any]:
    with shown.database.reading() as session:
        return list(session.scalars(select(table)))


def test_a_box_that_never_spoke_is_not_called_quiet(client: FlaskClient) -> None:
    assert "Not heard yet" in card(client)
    assert "quiet" not in card(client)


def test_a_box_that_listens_is_quiet_and_says_how_old_its_word_is(
    shown: Dashboard, client: FlaskClient
) -> None:
    shown.state()
    shown.at += timedelta(seconds=4)
    assert "All quiet" in card(client)
    assert "heard 4 s ago" in card(client)


def test_old_word_is_never_shown_as_if_it_were_of_now(
    shown: Dashboard, client: FlaskClient
) -> None:
    shown.state()
    shown.at += timedelta(minutes=3)
    assert "No word from the listener" in card(client)
    assert "All quiet" not in card(client)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("unplugged", "The microphone is gone"),
        ("frozen", "sends no sound"),
        ("silent", "pure silence"),
        ("clipped", "far too loud"),
        ("starting", "Starting to listen"),
    ],
)
def test_a_deaf_box_says_why(
    shown: Dashboard, client: FlaskClient, reason: str, words: str
) -> None:
    shown.state(state="deaf", reason=reason)
    assert words in card(client)


def test_an_offline_listener_is_no_word(shown: Dashboard, client: FlaskClient) -> None:
    shown.state()
    shown.hear(Topics("nursery", "nest").availability, b"offline")
    assert "No word from the listener" in card(client)


def test_a_muted_box_says_that_a_cry_would_go_unnoticed(
    shown: Dashboard, client: FlaskClient
) -> None:
    shown.state(state="muted")
    assert "switched off" in card(client)


def test_the_open_cry_tells_how_long_whose_and_how_sure(
    shown: Dashboard, client: FlaskClient
) -> None:
    take_in(shown, "Miso")
    shown.state(state="crying")
    shown.cry(onset=shown.at - timedelta(seconds=72), calls=14)
    words = card(client)
    assert "Crying for 1 min 12 s" in words
    assert "Sounds like a kitten (Miso?) · very sure" in words
    assert "14 calls" in words


def test_an_unknown_voice_is_called_unknown(shown: Dashboard, client: FlaskClient) -> None:
    shown.state(state="crying")
    shown.cry(species="unknown", score=0.6)
    assert "Kitten or puppy: unknown · fairly sure" in card(client)


def test_with_nobody_entered_the_page_leads_to_the_first_baby(client: FlaskClient) -> None:
    page = client.get("/").text
    assert "Who is in your care?" in page
    assert 'href="/babies/new"' in page


def test_what_is_unknown_is_asked_and_one_tap_answers(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso = take_in(shown, "Miso")
    shown.state(state="crying")
    shown.cry()
    shown.advise()
    assert "Miso: is its belly warm?" in card(client)
    answer = {"key": f"{miso}.warmth", "value": '"cool"', "box": "nest", "cry": CRY}
    assert post(client, "/tap/answer", **answer).status_code == 303
    shown.advise()
    assert [(row.fact, row.value) for row in rows(shown, Observation)] == [("body_feel", "cool")]
    assert "Warm it first" in card(client)


def test_each_question_is_asked_once_and_few_at_a_time(
    shown: Dashboard, client: FlaskClient
) -> None:
    for name in ("Miso", "Pip", "Luna"):
        take_in(shown, name)
    shown.state(state="crying")
    shown.cry()
    shown.advise()
    page = client.get("/").text
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    first_card = page[page.index('<details class="suggestion') : page.index("</details>")]
    assert first_card.count('class="question"') <= 2
    for name in ("Miso", "Pip", "Luna"):
        assert page.count(f"{name}: is its belly warm?") == 1


def test_an_emergency_shows_the_phone_and_the_rescues_own_words(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso = take_in(shown, "Miso")
    shown.state(state="crying")
    shown.cry()
    tapped = {"key": f"{miso}.red_flags", "value": '["gasping"]', "box": "nest", "cry": CRY}
    post(client, "/tap/answer", **tapped)
    shown.advise()
    page = client.get("/").text
    assert 'href="tel:+442079460018"' in page
    assert "Call Dr Hale first." in page
    assert "It gasps for air." in page
    assert page.index("Call the vet now") < page.index("It stopped because")


def test_fed_writes_all_that_are_ticked_and_can_be_taken_back(
    shown: Dashboard, client: FlaskClient
) -> None:
    ids = [take_in(shown, name) for name in ("Miso", "Pip")]
    answer = post(client, "/tap/fed", animal=ids)
    page = client.get(answer.location).text
    assert "Fed Miso and Pip, just now" in page
    assert [feed.at for feed in rows(shown, Feed)] == [NIGHT, NIGHT]
    assert {feed.by for feed in rows(shown, Feed)} == {NAME}
    undo = re.search(r'name="undo" value="([\d-]+)"', page)
    assert undo is not None
    post(client, "/tap/undo", undo=undo[1])
    assert all(feed.undone_at is not None for feed in rows(shown, Feed))


def test_fed_with_nobody_ticked_writes_nothing_and_says_so(client: FlaskClient) -> None:
    answer = post(client, "/tap/fed")
    assert "choose at least one animal" in client.get(answer.location).text.lower()


def test_a_pages_script_gets_the_toast_alone(shown: Dashboard, client: FlaskClient) -> None:
    miso = take_in(shown, "Miso")
    form = {"animal": miso, "csrf_token": csrf(client, "/health")}
    answer = client.post("/tap/fed", data=form, headers={"X-Wants": "toast"})
    assert answer.status_code == 200
    assert answer.headers["X-Toast"]
    assert answer.text.lstrip().startswith('<div class="toast"')


def test_put_together_moves_the_partner_in_and_parting_takes_it_back(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso, bis = take_in(shown, "Miso"), take_in(shown, "Biscuit", "crate", species="puppy")
    assert "Biscuit" in client.get("/tap/together?box=nest").text
    post(client, "/tap/together", animal=miso, partner=bis, box="nest")
    assert "Biscuit and Miso are together" in card(client).replace(
        "Miso and Biscuit", "Biscuit and Miso"
    )
    pairing = re.search(r"/tap/part/(\d+)", client.get("/").text)
    assert pairing is not None
    shown.at += timedelta(minutes=20)
    post(client, pairing[0], outcome="failed")
    homes = {s.animal_id: s.box_id for s in rows(shown, Stay) if s.ended_at is None}
    assert homes == {miso: "nest", bis: "crate"}


def test_it_stopped_because_it_was_fed_notes_the_feed_of_the_only_one_it_can_be(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso = take_in(shown, "Miso")
    shown.state(state="crying")
    shown.cry()
    page = client.get(post(client, "/tap/stopped", cry=CRY, because="fed").location).text
    assert "Miso&#39;s feed is noted" in page
    assert [cry.stopped_by for cry in rows(shown, Cry)] == ["fed"]
    assert [feed.animal_id for feed in rows(shown, Feed)] == [miso]
    undo = re.search(r'name="undo" value="([\d-]+)"', page)
    assert undo is not None
    post(client, "/tap/undo", undo=undo[1])
    assert [cry.stopped_by for cry in rows(shown, Cry)] == [None]
    assert all(feed.undone_at for feed in rows(shown, Feed))


def test_a_suggestion_put_aside_is_folded_away(shown: Dashboard, client: FlaskClient) -> None:
    take_in(shown, "Miso")
    shown.state(state="crying")
    shown.cry()
    shown.advise()
    first = min(rows(shown, Suggestion), key=lambda row: row.rank)
    title = first.advice["title"]
    assert f"<strong>{title}</strong>" in client.get("/").text
    post(client, f"/tap/suggestion/{first.id}", outcome="dismissed")
    assert f"<strong>{title}</strong>" not in client.get("/").text


def test_cries_are_listed_newest_first_by_night_and_day(
    shown: Dashboard, client: FlaskClient
) -> None:
    earlier = "01929b1e-7c1a-7aa0-a2ef-0d6ad8b54c22"
    at = NIGHT - timedelta(hours=8)
    shown.cry("cry_ended", id=earlier, onset=at, offset=at + timedelta(seconds=20))
    at = NIGHT - timedelta(minutes=12)
    shown.cry("cry_ended", onset=at, offset=at + timedelta(seconds=64), calls=33)
    text = re.sub(r"<[^>]+>", " ", client.get("/cries").text)
    found = [text.index(words) for words in ("Last night", "12 min ago", "02:02", "Yesterday")]
    assert found == sorted(found)
    assert "1 min 4 s · 33 calls" in re.sub(r"\s+", " ", text)


def test_a_cry_page_says_in_words_how_it_sounded(shown: Dashboard, client: FlaskClient) -> None:
    shown.cry("cry_ended")
    page = client.get(f"/cries/{CRY}").text
    for words in ("middling, 1240 Hz", "clear, 81", "very sure", "No sound of it is kept"):
        assert words in page
    shown.cry("cry_ended", seq=9, no_clip="speech")
    assert "Sound not kept: somebody was talking" in client.get(f"/cries/{CRY}").text
    assert client.get("/cries/nope").status_code == 404


def test_a_carers_word_on_a_cry_is_kept(shown: Dashboard, client: FlaskClient) -> None:
    shown.cry("cry_ended")
    post(client, f"/tap/review/{CRY}", verdict="not_a_cry")
    assert [(row.verdict, row.by) for row in rows(shown, Review)] == [("not_a_cry", NAME)]
    assert "not a cry" in client.get("/cries").text


def test_the_sound_of_a_cry_is_played_in_pieces(shown: Dashboard, client: FlaskClient) -> None:
    sound = io.BytesIO()
    soundfile.write(sound, [0.0] * 16000, 16000, format="FLAC")
    shown.cry("cry_ended", clip=True)
    shown.hear(Topics("nursery", "nest").clip(CRY), sound.getvalue())
    path = f"/cries/{CRY}/clip"
    whole = client.get(path, buffered=True)
    assert whole.data == sound.getvalue()
    assert whole.mimetype == "audio/flac"
    part = client.get(path, headers={"Range": "bytes=4-9"}, buffered=True)
    assert (part.status_code, part.data) == (206, sound.getvalue()[4:10])
    assert client.get("/cries/nope/clip").status_code == 404
    assert f'src="{path}"' in client.get(f"/cries/{CRY}").text


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
        'value="Miso &lt;3"',
        'value="twelve"',
        'value="hedge"',
        "found under\nthe hedge",
        'value="puppy" checked',
        'value="crate" checked',
        'value="none" checked',
    ):
        assert kept in answer.text
    assert "Must be a number" in answer.text


def test_editing_puts_right_what_was_typed_and_leaves_the_rest(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso = take_in(shown, "Miso")
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


def test_feeds_and_weights_are_noted_for_now_or_for_another_time(
    shown: Dashboard, client: FlaskClient
) -> None:
    miso = take_in(shown, "Miso")
    post(client, f"/babies/{miso}/feeds", amount_ml="6,5", how="short", fed_at="2026-11-22T01:05")
    post(client, f"/babies/{miso}/weights", grams="311")
    feed, weight = rows(shown, Feed)[0], rows(shown, Weight)[0]
    assert (feed.amount_ml, feed.how, feed.at) == (6.5, "short", NIGHT - timedelta(minutes=69))
    assert (weight.grams, weight.at) == (311, NIGHT)
    page = client.get(f"/babies/{miso}").text
    assert "1 h 9 min ago" in page
    assert "6.5 mL" in page


@pytest.mark.parametrize(
    ("what", "form", "said"),
    [
        ("feeds", {"amount_ml": "lots", "how": "short"}, "Must be a number"),
        ("feeds", {"amount_ml": "5", "fed_at": "2027-01-01T10:00"}, "Is in the future"),
        ("weights", {"grams": "3"}, "Must be from 20 to 8000 g"),
    ],
)
def test_a_slip_in_a_feed_or_weight_is_said_and_kept(
    shown: Dashboard, client: FlaskClient, what: str, form: dict[str, str], said: str
) -> None:
    miso = take_in(shown, "Miso")
    answer = post(client, f"/babies/{miso}/{what}", **form)
    assert answer.status_code == 422
    assert said in answer.text
    assert all(f'value="{typed}"' in answer.text for typed in form.values())


def test_approval_is_recorded_with_the_name(shown: Dashboard, client: FlaskClient) -> None:
    miso = take_in(shown, "Miso")
    post(client, f"/babies/{miso}/approval", ok="true")
    assert f"Approved by {NAME}" in client.get(f"/babies/{miso}").text


def test_messages_that_could_not_be_read_are_shown_with_their_reason(
    shown: Dashboard, client: FlaskClient
) -> None:
    shown.hear("nursery/nest/cry", b'{"schema": 1, "id": "<script>"}')
    shown.hear("nursery/nest/state", b"\xff\xfe\x00")
    page = client.get("/messages").text
    assert "&lt;script&gt;" in page
    assert "\\xff\\xfe\\x00" in page
    assert "2" in client.get("/health").text


def test_the_health_page_judges_by_age_and_says_what_to_do(
    shown: Dashboard, client: FlaskClient
) -> None:
    shown.state()
    assert "listening" in client.get("/health").text
    shown.at += timedelta(minutes=5)
    page = client.get("/health").text
    assert "Something is wrong" in page
    assert "no word from the listener lately" in page


def test_a_demo_says_so_on_every_page(tmp_path: Path, sqlite_url: str) -> None:
    with dashboard(tmp_path) as shown:
        assert sqlite_url == shown.settings.database_url
        app = starting.prepare(shown.settings, shown.database, demo=True)
        shown.app = app
        client = shown.client()
        for path in ("/", "/cries", "/babies", "/health", "/babies/new", "/nope"):
            page = client.get(path).text
            assert "nothing here is real" in page
            assert "<title>DEMO — " in page
        app.extensions["feed"].close()


def test_the_demo_tells_the_founding_story(tmp_path: Path, sqlite_url: str) -> None:
    assert sqlite_url
    with dashboard(tmp_path) as shown:
        shown.app = starting.prepare(shown.settings, shown.database, demo=True)
        shown.at = utc_now()
        shown.state(state="crying", demo=True)
        shown.cry(onset=shown.at - timedelta(seconds=45), demo=True)
        shown.advise()
        assert next(row.code for row in rows(shown, Suggestion)) == "PAIR_CROSS_SPECIES"
        kitten, puppy = (animal.id for animal in rows(shown, Animal))
        shown.write(journal.put_together, kitten, puppy, box_id="nest")
        shown.at += timedelta(minutes=2)
        shown.cry("cry_ended")
        mealtime = "01929b1e-7c1a-7aa0-a2ef-0d6ad8b54c33"
        shown.cry(id=mealtime, onset=shown.at - timedelta(seconds=9), demo=True)
        shown.advise()
        of_mealtime = [row.code for row in rows(shown, Suggestion) if row.cry_id == mealtime]
        assert of_mealtime[0] == "FEED"


def test_a_demo_of_another_night_begins_anew(tmp_path: Path, sqlite_url: str) -> None:
    assert sqlite_url
    with dashboard(tmp_path) as shown:
        with shown.database.writing() as session:
            demo.seed(session, shown.at, "nest")
        kitten, puppy = (animal.id for animal in rows(shown, Animal))
        shown.write(journal.put_together, kitten, puppy, box_id="nest")
        for later, homes in (
            (timedelta(minutes=2), [kitten, puppy]),
            (timedelta(days=1), [kitten]),
        ):
            shown.at = NIGHT + later
            with shown.database.writing() as session:
                demo.seed(session, shown.at, "nest")
            at_home = [s.animal_id for s in rows(shown, Stay) if s.ended_at is None]
            assert sorted(at_home) == homes
        assert len(rows(shown, Animal)) == 2


def test_a_voice_that_fits_nobody_here_is_not_given_a_name(
    shown: Dashboard, client: FlaskClient
) -> None:
    take_in(shown, "Miso")
    shown.state(state="crying")
    shown.cry(species="puppy")
    assert "Sounds like a puppy · very sure" in card(client)


def test_a_demo_is_never_mixed_with_real_records(tmp_path: Path, sqlite_url: str) -> None:
    assert sqlite_url
    with dashboard(tmp_path) as shown:
        shown.write(journal.add_animal, {"name": "Miso", "species": "kitten"}, "nest")
        with pytest.raises(starting.NotADemoError, match="these records are real"):
            starting.prepare(shown.settings, shown.database, demo=True)
