"""A baby's record for the vet: PDF and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from pypdf import PdfReader

from tests.web.dashboard import Dashboard, dashboard
from tests.web.handover.a_baby import CRUMB, raised
from web import journal
from web.handover import paper
from web.records import Photo


@pytest.fixture(scope="module")
def shown(blank_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    folder = tmp_path_factory.mktemp("vet")
    (folder / "records.db").write_bytes(blank_sqlite.read_bytes())
    with dashboard(folder, box=[{"id": "nest", "name": "Nest"}]) as found:
        yield found


@pytest.fixture(scope="module")
def baby(shown: Dashboard) -> int:
    return raised(shown)


def words_of(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)


def test_the_pdf_tells_what_matters(shown: Dashboard, baby: int) -> None:
    answer = shown.client().get(f"/handover/baby/{baby}.pdf")
    assert answer.content_type == "application/pdf"
    assert unquote(answer.headers["Content-Disposition"]).endswith("Żółta-2026-11-22.pdf")
    first = PdfReader(io.BytesIO(answer.data)).pages[0]
    said = first.extract_text()
    for words in ("Żółta", "Lost 6 g", "Weak: just now", "160 g, 20 h ago", "kitten, female"):
        assert words in said
    assert "2 weeks (born 2026-11-08, estimated)" in said
    assert "5 feeds, 23.2 mL" in said
    assert len(first.images) == 1  # its photo
    whole = words_of(answer.data)
    assert "2026-11-20 12 166 +9 6 28.9 1 short 6 / 1 4 37.2" in whole
    assert "with the mentor due 2026-11-25" in whole


def test_a_pdf_is_made_of_whatever_is_on_record(shown: Dashboard) -> None:
    bare = shown.write(journal.add_animal, {"name": "N" * 60, "species": "puppy"})
    said = words_of(shown.client().get(f"/handover/baby/{bare}.pdf").data)
    assert "not weighed lately" in said
    assert "none on record" in said
    assert "age not known" not in said
    broken = shown.write(journal.add_animal, {"name": "Pic", "species": "puppy"})
    spoiled = Photo(animal_id=broken, content_type="image/png", at=shown.at)
    spoiled.image = b"\x89PNG\r\n\x1a\n no picture"  # kept by an earlier release
    with shown.database.writing() as session:
        session.add(spoiled)
    shown.write(journal.add_note, "word\n" * 790, animal_id=broken)
    assert "word" in words_of(shown.client().get(f"/handover/baby/{broken}.pdf").data)


def test_without_a_font_letters_become_the_nearest_that_can_be_printed(
    shown: Dashboard, baby: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper, "FONTS", ())
    said = words_of(shown.client().get(f"/handover/baby/{baby}.pdf").data)
    assert "Zólta" in said
    assert "no font for them" in said


def test_the_csv_holds_every_entry_and_no_formula(shown: Dashboard, baby: int) -> None:
    answer = shown.client().get(f"/handover/baby/{baby}.csv")
    assert answer.content_type == "text/csv; charset=utf-8"
    text = answer.data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    kinds = [row["what"] for row in rows]
    assert kinds.count("feed") == 30
    assert kinds.count("weight") == 5
    assert {"toilet", "stool_score", "body_temp_c", "deworming", "note", "weak"} <= set(kinds)
    assert [row["when_utc"] for row in rows] == sorted(row["when_utc"] for row in rows)
    note = next(row for row in rows if row["what"] == "note")
    assert note["value"].startswith(f"'{CRUMB}")
    weight = next(row for row in rows if row["what"] == "weight")
    assert (weight["value"], weight["unit"]) == ("139.0", "g")


def test_what_was_taken_back_is_not_told(shown: Dashboard, baby: int) -> None:
    before = shown.client().get(f"/handover/baby/{baby}.csv").text
    with shown.database.writing() as session:
        slip = journal.weigh(session, shown.entry(), baby, 164)
        journal.undo(session, shown.entry(), slip.undo_id)
    assert shown.client().get(f"/handover/baby/{baby}.csv").text == before


def test_a_baby_that_is_not_known_has_no_record(shown: Dashboard) -> None:
    assert shown.client().get("/handover/baby/999.pdf").status_code == 404
