"""The summary of a watch, and the export from the page."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.web.dashboard import Dashboard, csrf, dashboard
from web import journal

HOUR = timedelta(hours=1)


@pytest.fixture
def shown(tmp_path: Path, sqlite_url: str) -> Iterator[Dashboard]:
    assert sqlite_url
    boxes = [{"id": "nest", "name": "Nest"}, {"id": "crate"}]
    with dashboard(tmp_path, box=boxes, house={"time_zone": "Europe/London"}) as found:
        yield found


def told(shown: Dashboard, hours: int = 12) -> str:
    page = shown.client().get(f"/handover?hours={hours}")
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))


def ago(shown: Dashboard, hours: float, what: object, *args: object, **more: object) -> int:
    """Write something that happened so long ago; gives the id."""
    shown.at -= hours * HOUR
    found: int = shown.write(what, *args, **more)  # type: ignore[arg-type]
    shown.at += hours * HOUR
    return found


def test_an_empty_house_has_nothing_to_hand_over(shown: Dashboard) -> None:
    assert "Nobody in care" in told(shown)


def test_the_next_carer_reads_what_happened_and_who_comes_first(shown: Dashboard) -> None:
    values = {"name": "Miso", "species": "kitten", "age_days": 12, "mother": "none"}
    miso = ago(shown, 40, journal.add_animal, values, "nest")
    sol = ago(shown, 40, journal.add_animal, {**values, "name": "Sol"}, "nest")
    biscuit = ago(shown, 30, journal.add_animal, {**values, "name": "Biscuit"}, "crate")
    for one, grams in ((miso, 200), (sol, 210), (biscuit, 190)):
        ago(shown, 25, journal.weigh, one, grams)
        ago(shown, 1, journal.weigh, one, grams + (-4 if one == miso else 9))
    for hours, ml in ((20, 6), (8, 6), (5, 7), (1.5, None)):
        ago(shown, hours, journal.feed, [miso, sol], ml, "full")
    ago(shown, 2, journal.feed, [biscuit], None, "refused")
    ago(shown, 5, journal.toilet, [miso], "both", 4)
    ago(shown, 3, journal.toilet, [miso], "nothing")
    ago(shown, 3, journal.checked, [sol], ["weak"], {"body_feel": "warm", "health": "ok"})
    ago(shown, 2, journal.add_note, "Likes the blue blanket", animal_id=sol)
    ago(shown, 2, journal.add_note, "Fan on", box_id="crate")
    shown.write(journal.add_reminder, [sol], "deworming", shown.at + 3 * HOUR)
    ago(shown, 4, journal.edit_animal, biscuit, {"temperament": "calm"})
    shown.at -= HOUR
    shown.cry("cry_started")
    shown.cry("cry_ended", calls=9)
    shown.at += HOUR

    page = told(shown)
    first, rest = page.split("The next 12 hours", 1)
    assert "Miso Lost 4 g in 24 h" in first
    assert "Sol Weak, 3 h ago" in first
    assert "Refused once" in first.split("Biscuit")[1]
    assert first.index("Miso") < first.index("Biscuit")  # red before the rest
    assert "Sol : deworming" in rest
    assert (
        "3 times, 13 mL, 1 without an amount; last 1 h 30 min ago" in rest
    )  # not that of 20 h ago
    assert "urine 1×, stool 1×, nothing came 1×; stool 4 of 7; last 5 h ago" in rest
    assert "Likes the blue blanket" in rest
    assert "Nest : 1 cry, 3 s" in rest
    assert "Crate : no cry" in rest
    assert "Fan on" in rest
    assert "noted by Ana" in page
    assert "4 times, 19 mL" in told(shown, 24)


def test_who_left_and_who_was_put_together_is_told(shown: Dashboard) -> None:
    values = {"name": "Miso", "species": "kitten", "age_days": 30, "mother": "none"}
    miso = ago(shown, 40, journal.add_animal, values, "nest")
    sol = ago(shown, 40, journal.add_animal, {**values, "name": "Sol"}, "crate")
    lia = ago(shown, 40, journal.add_animal, {**values, "name": "Lia"}, "crate")
    shown.at -= HOUR
    with shown.database.writing() as session:
        who = journal.Entry("Ana", shown.at, sure=True)
        journal.put_together(session, who, miso, sol)
        journal.edit_animal(session, who, lia, {"status": "adopted"})
    shown.at += HOUR
    page = told(shown)
    assert "Miso and Sol were put together" in page
    assert "Lia was adopted" in page
    assert "With Sol (a first trial)" in page


def test_an_export_comes_from_the_page_without_the_sounds(shown: Dashboard) -> None:
    ago(shown, 3, journal.add_animal, {"name": "Miso", "species": "kitten"}, "nest")
    client = shown.client()
    answer = client.post("/handover/export", data={"csrf_token": csrf(client, "/handover")})
    with zipfile.ZipFile(io.BytesIO(answer.data)) as packed:
        names = packed.namelist()
    answer.close()
    assert "records/animal.jsonl" in names
    assert "records/clip.jsonl" not in names
    assert client.post("/handover/export").status_code == 400  # a form of another site
