"""A kitten with two weeks of everything: what a vet would be given."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

from PIL import Image

from tests.web.dashboard import Dashboard
from web import journal

RED_CRUMB = "=HYPERLINK(1)"  # a note that would be a formula in a spreadsheet


def raised(shown: Dashboard, name: str = "Żółta", days: int = 14) -> int:
    """Taken in two weeks ago, fed, weighed and looked at since; it loses weight at the end."""
    end = shown.at
    shown.at = end - timedelta(days=days)
    values: dict[str, Any] = {"name": name, "species": "kitten", "age_days": 4, "sex": "female"}
    values |= {"litter": "Shed", "intake_on": shown.at.date().isoformat(), "mother": "none"}
    baby: int = shown.write(journal.add_animal, values, "nest")
    mate: int = shown.write(journal.add_animal, values | {"name": "Sol"}, "nest")
    with shown.database.writing() as session:
        milk = journal.add_formula(session, shown.entry(), "Kitten milk", 0.9)
        journal.choose_formula(session, shown.entry(), [baby, mate], milk.id)
    grams = 130.0
    while shown.at < end:
        shown.at += timedelta(hours=4)
        hour, last = shown.at.hour, end - shown.at < timedelta(hours=21)
        how = "short" if hour == 14 else "refused" if last and hour < 4 else "full"
        ml = None if how == "refused" else round(grams * (0.025 if how == "short" else 0.03), 1)
        shown.write(journal.feed, [baby, mate], ml, how)
        shown.write(
            journal.toilet, [baby], "both" if hour == 6 else "urine", 4 if hour == 6 else None
        )
        if hour == 6:
            grams += -6 if last else 9
            shown.write(journal.weigh, baby, grams)
            shown.write(journal.weigh, mate, grams + 11)
            shown.write(journal.observe_all, baby, {"body_temp_c": 37.2, "health": "ok"})
    shown.at = end
    shown.write(journal.checked, [baby], ["weak"], {"body_feel": "cool", "health": "suspect"})
    shown.write(journal.add_note, f"{RED_CRUMB} slept apart, 猫 came by", animal_id=baby)
    shown.write(journal.add_reminder, [baby], "deworming", "2026-11-25", "with the mentor")
    picture = io.BytesIO()
    Image.new("RGB", (60, 40), (217, 131, 36)).save(picture, "PNG")
    shown.write(journal.set_photo, baby, picture.getvalue())
    return baby
