"""A kitten with some days of everything: what a vet would be given."""

from __future__ import annotations

import io
from datetime import datetime, timedelta
from typing import Any

from PIL import Image
from sqlalchemy.orm import Session

from tests.web.dashboard import NAME, Dashboard
from web import journal
from web.journal import Entry

CRUMB = "=HYPERLINK(1)"  # a note that would be a formula in a spreadsheet
DAYS = 5


def raised(shown: Dashboard, name: str = "Żółta") -> int:
    """Fed, weighed and looked at since its intake; it loses weight at the end."""
    with shown.database.writing() as session:  # in one go: it is many entries
        return _raised(session, shown.at, name)


def _raised(session: Session, end: datetime, name: str) -> int:
    now = end - timedelta(days=DAYS)
    who = Entry(NAME, now)
    values: dict[str, Any] = {"name": name, "species": "kitten", "age_days": 9, "sex": "female"}
    values |= {"litter": "Shed", "intake_on": who.today, "mother": "none"}
    baby = int(journal.add_animal(session, who, values, "nest").id)
    mate = int(journal.add_animal(session, who, values | {"name": "Sol"}, "nest").id)
    milk = journal.add_formula(session, who, "Kitten milk", 0.9).id
    journal.choose_formula(session, who, [baby, mate], milk)
    grams = 130.0
    while now < end:
        now += timedelta(hours=4)
        who, last = Entry(NAME, now), end - now < timedelta(hours=21)
        if now.hour == 6:
            grams += -6 if last else 9
            journal.weigh(session, who, baby, grams)
            journal.weigh(session, who, mate, grams + 11)
            journal.observe_all(session, who, baby, {"body_temp_c": 37.2, "health": "ok"})
        how = "short" if now.hour == 14 else "refused" if last and now.hour < 4 else "full"
        ml = None if how == "refused" else round(grams * (0.025 if how == "short" else 0.03), 1)
        journal.feed(session, who, [baby, mate], ml, how)
        stool = now.hour == 6
        journal.toilet(session, who, [baby], "both" if stool else "urine", 4 if stool else None)
    journal.checked(session, who, [baby], ["weak"], {"body_feel": "cool", "health": "suspect"})
    journal.add_note(session, who, f"{CRUMB} slept apart, 猫 came by", animal_id=baby)
    journal.add_reminder(session, who, [baby], "deworming", "2026-11-25", "with the mentor")
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), (217, 131, 36)).save(picture, "PNG")
    journal.set_photo(session, who, baby, picture.getvalue())
    return baby
