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
from web import journal, starting
from web.records import Cry, Feed, Observation, Review


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
    assert "No microphone here yet" in card(client)
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


def test_who_lies_in_no_box_is_not_forgotten(shown: Dashboard, client: FlaskClient) -> None:
    take_in(shown, "Miso")
    foundling = take_in(shown, "Tofu", box=None)
    page = client.get("/").text
    boxless = page[page.index('id="boxless"') :]
    assert "In no box" in boxless
    assert f'href="/babies/{foundling}"' in boxless
    assert "Miso" not in boxless[: boxless.index("</section>")]
    shown.write(journal.move, foundling, "crate")
    assert "In no box" not in client.get("/").text


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


def test_a_pages_script_gets_the_toast_alone(shown: Dashboard, client: FlaskClient) -> None:
    shown.cry("cry_ended")
    form = {"verdict": "right", "csrf_token": csrf(client, "/health")}
    answer = client.post(f"/tap/review/{CRY}", data=form, headers={"X-Wants": "toast"})
    assert answer.status_code == 200
    assert answer.headers["X-Toast"]
    assert answer.text.lstrip().startswith('<div class="toast"')


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


def test_cries_are_listed_newest_first_by_night_and_day(
    shown: Dashboard, client: FlaskClient
) -> None:
    earlier = "01929b1e-7c1a-7aa0-a2ef-0d6ad8b54c22"
    at = NIGHT - timedelta(hours=8)
    shown.cry("cry_ended", id=earlier, onset=at, offset=at + timedelta(seconds=20))
    at = NIGHT - timedelta(minutes=12)
    shown.cry("cry_ended", onset=at, offset=at + timedelta(seconds=64), calls=33)
    text = re.sub(r"<[^>]+>", " ", client.get("/cries").text)
    found = [text.index(words) for words in ("Tonight", "12 min ago", "02:02", "Yesterday")]
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


def test_a_voice_that_fits_nobody_here_is_not_given_a_name(
    shown: Dashboard, client: FlaskClient
) -> None:
    take_in(shown, "Miso")
    shown.state(state="crying")
    shown.cry(species="puppy")
    assert "Sounds like a puppy · very sure" in card(client)
