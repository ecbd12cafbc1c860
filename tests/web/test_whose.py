"""Whose cry it was, what is usual for that baby, and what the pages say of it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from uuid6 import uuid7

from tests.web.dashboard import ACOUSTICS, CRY, Dashboard, dashboard
from web import journal, whose
from web.care.usual import Compared
from web.records import Animal, Box, Cry
from web.suggesting import Advice, advise

HOUR = timedelta(hours=1)


@pytest.fixture
def shown(tmp_path: Path, sqlite_url: str) -> Iterator[Dashboard]:
    assert sqlite_url
    with dashboard(tmp_path, box=[{"id": "nest", "name": "Nest"}, {"id": "crate"}]) as found:
        found.at -= 120 * HOUR
        yield found


def baby(shown: Dashboard, name: str, box: str | None = "nest", species: str = "kitten") -> int:
    made: int = shown.write(journal.add_animal, {"name": name, "species": species}, box)
    return made


def cries(shown: Dashboard, number: int = 12, **more: Any) -> list[str]:
    """So many cries, eight hours apart, of one voice near to 1.2 kHz."""
    rng = random.Random(3)
    found = []
    for _ in range(number):
        shown.at += 8 * HOUR
        sound = {**ACOUSTICS, "pitch_hz": 1240 * 2 ** (rng.gauss(0, 0.5) / 12), "rough": 0.1}
        values: dict[str, Any] = {
            "acoustics": sound,
            "calls": 12,
            "onset": shown.at - timedelta(seconds=20),
        }
        shown._said = 0
        found.append(shown.cry("cry_ended", id=str(uuid7()), **values | more))
    shown.at += HOUR
    return found


def shrill(shown: Dashboard) -> None:
    """A cry of quite another pitch, that has just ended; and another one goes on."""
    sound = {**ACOUSTICS, "pitch_hz": 2400, "per_call": [{"at_s": i, "length_s": 0.4,
        "pitch_hz": 2300 + 50 * i, "rough": i == 1} for i in range(4)]}  # fmt: skip
    ago = [shown.at - timedelta(seconds=s) for s in (50, 20)]
    words = ["calls come fast (48 a minute)"]
    shown._said = 0
    shown.cry("cry_ended", acoustics=sound, onset=ago[0], offset=ago[1], arousal_evidence=words)
    shown.cry("cry_started", id=str(uuid7()), acoustics=None)


def compared(shown: Dashboard, cry_id: str = CRY) -> Compared | None:
    with shown.database.reading() as session:
        cry = session.get(Cry, cry_id)
        assert cry is not None
        return whose.compared(session, cry)


def advice(shown: Dashboard) -> Advice:
    with shown.database.reading() as session:
        assert session.get(Box, "nest") is not None
        return advise(session, shown.settings, "nest", shown.at)


def test_a_cry_unlike_the_babys_own_asks_to_look_and_a_carers_word_wins(shown: Dashboard) -> None:
    baby(shown, "Miso")
    cries(shown)
    shrill(shown)
    client = shown.client()
    page = client.get(f"/cries/{CRY}").text
    assert "Unusual for this baby: look" in page
    assert "Higher: pitch 2.40 kHz, usually 1.0" in page
    assert "calls come fast (48 a minute); pitch 9" in page
    assert page.count('class="smooth"') == 3
    assert page.count('class="rough"') == 1
    assert advice(shown).scenario.cry.unusual is True
    assert "Unusual for this baby: look" in client.get("/").text
    shown.write(journal.cry_seen, CRY, None, unusual=False)  # said of an earlier part of it
    assert advice(shown).scenario.cry.unusual is False
    assert "Unusual for this baby" not in client.get("/").text


def test_without_enough_of_its_own_cries_nothing_is_called_usual(shown: Dashboard) -> None:
    baby(shown, "Miso")
    cries(shown, 3)
    shrill(shown)
    found = compared(shown)
    assert found is not None
    assert found.unusual is None
    assert advice(shown).scenario.cry.unusual is None
    assert "not known yet: 3 of its cries" in shown.client().get(f"/cries/{CRY}").text


def test_what_is_as_usual_is_no_word_that_the_baby_is_well(shown: Dashboard) -> None:
    baby(shown, "Miso")
    cries(shown)
    shown.cry("cry_ended", acoustics={**ACOUSTICS, "pitch_hz": 1240})
    found = compared(shown)
    assert found is not None
    assert found.unusual is False
    shown.cry("cry_started", id=str(uuid7()), acoustics=None)
    assert advice(shown).scenario.cry.unusual is None
    assert "may sound as ever" in shown.client().get(f"/cries/{CRY}").text


def test_only_its_own_cries_count(shown: Dashboard) -> None:
    miso = baby(shown, "Miso")
    own = cries(shown, 4)
    shown.write(journal.review, own[0], "not_a_cry")
    cries(shown, 1, species="puppy", species_scores={"kitten": 0.02, "puppy": 0.95})
    rex = baby(shown, "Rex", species="puppy")
    both = cries(shown, 3)  # whose is not known: two are there
    shown.write(journal.cry_seen, both[1], miso, None)
    with shown.database.reading() as session:
        of_miso, of_rex = (session.get(Animal, one) for one in (miso, rex))
        assert of_miso is not None
        assert of_rex is not None
        assert len(whose.history(session, of_miso, shown.at)) == 4
        assert whose.history(session, of_rex, shown.at) == []
    assert compared(shown, both[0]) is None


def test_the_voice_is_said_beside_who_was_in_the_box_then(shown: Dashboard) -> None:
    baby(shown, "Rex", species="puppy")
    shown.at += HOUR
    shown.cry("cry_ended")
    client = shown.client()
    stranger = "this does not sound like anyone in this box"
    assert stranger in client.get(f"/cries/{CRY}").text
    shown.at += HOUR
    baby(shown, "Miso")  # who comes later changes nothing
    assert stranger in client.get(f"/cries/{CRY}").text
    shown.at += HOUR
    shown.cry("cry_started", id=str(uuid7()))
    found = advice(shown).voice
    assert found is not None
    assert found.words == "Sounds like a kitten; both kinds are in this box"
