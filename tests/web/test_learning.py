"""What boxes learn, on the dashboard: told until answered, shown, undone, given away by consent."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from monitor.messages import Answer, Command, CryStep, LearningMessage, Tolerance, Topics
from tests.web.cry_messages import cry, cry_id
from tests.web.dashboard import CRY, NIGHT, Dashboard, csrf, dashboard
from web import journal
from web.learning_teacher import AGAIN_S, AT_ONCE, Teacher
from web.records import Clip, Wish

TOPICS = Topics("nursery", "nest")


class Listener:
    """What a listener is told."""

    def __init__(self, shown: Dashboard) -> None:
        self.told: list[tuple[str, Command]] = []
        self.connected = True
        self._shown = shown
        self.teacher = Teacher(shown.database, self._tell)

    def _tell(self, box: str, what: str, command: Command) -> bool:
        if self.connected:
            self.told.append((what, command))
        return self.connected

    def turn(self, monotonic_s: float) -> list[tuple[str, bool | float | str | None, str | None]]:
        self.told.clear()
        self.teacher.turn(self._shown.now(), monotonic_s)
        return [(what, one.value, one.cry) for what, one in self.told]

    def answer(self, *, ok: bool = True, message: str = "noted") -> None:
        for what, command in self.told:
            said = Answer(id=command.id, ok=ok, message=message)
            self._shown.hear(TOPICS.answer(what), said.payload())


@pytest.fixture
def shown(tmp_path: Path, sqlite_url: str) -> Iterator[Dashboard]:
    assert sqlite_url
    with dashboard(tmp_path, box=[{"id": "nest", "name": "Nest"}]) as found:
        found.state()
        yield found


@pytest.fixture
def client(shown: Dashboard) -> FlaskClient:
    return shown.client()


def post(client: FlaskClient, path: str, **form: Any) -> Any:
    data = {"csrf_token": csrf(client, "/learning"), **form}
    return client.post(path, data=data, buffered=True)


def learned(shown: Dashboard, version: int = 2, **more: Any) -> None:
    """The listener tells what it has learned."""
    versions = [
        {"version": n, "at": NIGHT, "text": f"Learned thing {n}.", "right": 5, "not_a_cry": 9}
        for n in (2, 1)
    ]
    values = {
        "box": "nest",
        "at": shown.now(),
        "model": "cry-1",
        "on": version == 2,
        "version": version,
        "tolerance": Tolerance.AS_MADE,
        "right": 5,
        "not_a_cry": 9,
        "text": "Learned from 14 reviews.",
        "versions": versions,
    }
    said = LearningMessage.model_validate({**values, **more})
    shown.hear(TOPICS.learning, said.payload())


def ended(shown: Dashboard, **more: Any) -> str:
    shown.cry()
    return shown.cry("cry_ended", **more)


def test_a_review_is_told_until_it_is_answered_and_then_no_more(shown: Dashboard) -> None:
    listener = Listener(shown)
    shown.write(journal.review, ended(shown), "not_a_cry")
    assert listener.turn(0.0) == [("review", "not_a_cry", CRY)]
    assert listener.turn(AGAIN_S - 1) == []
    assert listener.turn(AGAIN_S) == [("review", "not_a_cry", CRY)]
    listener.answer()
    assert listener.turn(9 * AGAIN_S) == []
    assert Listener(shown).turn(0.0) == []  # nor after a restart


def test_a_newer_review_replaces_and_taking_back_removes(
    shown: Dashboard, client: FlaskClient
) -> None:
    listener = Listener(shown)
    one = ended(shown)
    shown.write(journal.review, one, "not_a_cry")
    assert listener.turn(0.0)
    listener.answer()
    with shown.database.writing() as session:
        undo_id = journal.review(session, shown.entry(), one, "right").undo_id
    assert listener.turn(1.0) == [("review", "right", CRY)]
    listener.answer()
    post(client, "/tap/undo", undo=str(undo_id))
    assert listener.turn(2.0) == [("review", "not_a_cry", CRY)]
    listener.answer()
    first = undo_id - 1
    post(client, "/tap/undo", undo=str(first))
    assert listener.turn(3.0) == [("review", None, CRY)]


def test_a_listener_that_was_off_is_told_when_it_is_back(shown: Dashboard) -> None:
    listener = Listener(shown)
    shown.hear(TOPICS.availability, b"offline")
    shown.write(journal.review, ended(shown), "right")
    assert listener.turn(0.0) == []
    shown.hear(TOPICS.availability, b"online")
    listener.connected = False
    assert listener.turn(1.0) == []
    listener.connected = True
    assert listener.turn(2.0) == [("review", "right", CRY)]
    listener.teacher.connected_anew()
    assert listener.turn(3.0) == [("review", "right", CRY)]


def test_not_too_many_are_told_at_once(shown: Dashboard) -> None:
    for number in range(AT_ONCE + 3):
        shown.cry(id=cry_id(number))
        shown.write(journal.review, cry_id(number), "right")
    listener = Listener(shown)
    assert len(listener.turn(0.0)) == AT_ONCE
    assert len(listener.turn(1.0)) == 3


def test_answers_to_others_and_to_old_wishes_change_nothing(shown: Dashboard) -> None:
    listener = Listener(shown)
    shown.write(journal.review, ended(shown), "right")
    listener.turn(0.0)
    for foreign in ("x", "wish-999", "wish-", "wish-99999999999999999999"):
        shown.hear(TOPICS.answer("review"), Answer(id=foreign, ok=True, message="").payload())
    with shown.database.reading() as session:
        assert [one.answered_at for one in session.query(Wish)] == [None]


def test_the_page_shows_what_was_learned_and_undoes_it_by_a_tap(
    shown: Dashboard, client: FlaskClient
) -> None:
    assert "No word yet from a listener" in client.get("/learning").text
    learned(shown)
    page = client.get("/learning").text
    assert "Goes by what you taught it (version 2)" in page
    assert "Learned thing 1." in page
    assert "Undo: hear as it was made" in page
    listener = Listener(shown)
    assert post(client, "/learning/nest/use", version="0").status_code == 303
    assert listener.turn(0.0) == [("learning", False, None)]
    listener.answer()
    learned(shown, version=0)
    page = client.get("/learning").text
    assert "Hears as it was made" in page
    assert "Go back on" in page
    post(client, "/learning/nest/use", version="on")
    assert listener.turn(1.0) == [("learning", True, None)]
    post(client, "/learning/nest/use", version="1")  # in the place of what was not yet answered
    assert listener.turn(2.0) == [("learning", 1, None)]
    listener.answer(ok=False, message="there is no version 1 any more")
    assert "there is no version 1 any more" in client.get("/learning").text


def test_a_carer_says_in_words_how_many_false_alarms_are_all_right(
    shown: Dashboard, client: FlaskClient
) -> None:
    learned(shown)
    post(client, "/learning/nest/false-alarms", tolerance="hardly_any")
    assert Listener(shown).turn(0.0) == [("false_alarms", "hardly_any", None)]
    learned(shown, tolerance="hardly_any")
    page = client.get("/learning").text
    assert 'value="hardly_any" aria-pressed="true"' in page


@pytest.mark.parametrize(
    ("path", "form", "code"),
    [
        ("/learning/nest/use", {"version": "newest"}, 400),
        ("/learning/nest/false-alarms", {"tolerance": "lots"}, 400),
        ("/learning/barn/use", {"version": "0"}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(
    client: FlaskClient, path: str, form: dict[str, str], code: int
) -> None:
    assert post(client, path, **form).status_code == code


def keep_clip(shown: Dashboard, cry_id: str) -> None:
    with shown.database.writing() as session:
        session.add(
            Clip(
                cry_id=cry_id,
                box_id="nest",
                received_at=shown.now(),
                size_bytes=8,
                flac=b"fLaCcry1",
            )
        )


def test_reviews_are_given_away_only_with_consent_and_without_speech(
    shown: Dashboard, client: FlaskClient
) -> None:
    kinds: dict[str, dict[str, Any]] = {
        "checked": {"clip": True, "no_clip": None},
        "not checked": {"clip": False, "no_clip": "unchecked"},
        "talked in": {"clip": False, "no_clip": "speech"},
        "made up": {"clip": True, "no_clip": None, "demo": True},
        "not reviewed": {"clip": True, "no_clip": None},
    }
    for number, (kind, more) in enumerate(kinds.items()):
        one = cry_id(number)
        shown.cry(id=one)
        shown.cry("cry_ended", id=one, **more)
        keep_clip(shown, one)
        if kind != "not reviewed":
            shown.write(journal.review, one, "not_a_cry")
        shown.at += timedelta(minutes=1)
    assert "1 sound is ready" in client.get("/learning").text
    refused = post(client, "/learning/export")
    assert refused.status_code == 303
    answer = post(client, "/learning/export", consent="yes")
    packed = zipfile.ZipFile(io.BytesIO(answer.data))
    assert packed.namelist() == ["0001.flac", "labels.json"]
    assert packed.read("0001.flac") == b"fLaCcry1"
    (label,) = json.loads(packed.read("labels.json"))["sounds"]
    assert label["verdict"] == "not_a_cry"
    text = packed.read("labels.json").decode()
    assert not any(word in text for word in ("nest", "Nest", "2026", "Ana", CRY[:8]))


def test_sound_of_a_listener_that_does_not_look_for_speech_is_not_given_away(
    shown: Dashboard, client: FlaskClient
) -> None:
    shown.cry()
    said = json.loads(_ended_payload(shown))
    del said["no_clip"]
    shown.hear(TOPICS.cry, json.dumps(said).encode())
    keep_clip(shown, CRY)
    shown.write(journal.review, CRY, "right")
    assert "0 sounds are ready" in client.get("/learning").text


def _ended_payload(shown: Dashboard) -> bytes:
    return cry(1, 9, CryStep.ENDED, id=CRY, clip=True, onset=shown.now()).payload()
