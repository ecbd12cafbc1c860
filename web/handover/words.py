"""What is on record of an animal, in words for a vet."""

from __future__ import annotations

from datetime import datetime

from web.handover.dossier import Day, Dossier
from web.pages import diary
from web.pages.plan_words import every, ml
from web.records import Animal, Companionship, Reminder
from web.times import age_words, ago, clock_time

STATUS = {
    "in_care": "in care",
    "with_mother": "back with its mother",
    "adopted": "adopted",
    "died": "died",
    "gone": "left our care",
}
MOTHER = {"present": "with it", "available": "here, apart from it", "none": "not here"}
PARASITES = {"clear": "clear", "treated": "treated", "present": "present"}
YES_NO = {True: "yes", False: "no", None: "not known"}
KINDS = {
    "deworming": "Deworming",
    "vaccine": "Vaccine",
    "medicine": "Medicine",
    "vet": "Vet",
    "other": "Reminder",
}
OUTCOMES = {"passed": "went well", "failed": "did not work", None: "outcome not told"}


def identity(found: Dossier) -> list[tuple[str, str]]:
    """Who it is."""
    animal = found.animal
    return [
        ("Species and sex", ", ".join([animal.species, animal.sex or "sex not known"])),
        ("Age", _age(found)),
        ("Litter", animal.litter or "none known"),
        ("Mother", _mother(animal)),
        ("In care since", _day(animal.intake_on)),
        ("Status", _status(animal)),
    ]


def background(found: Dossier) -> list[tuple[str, str]]:
    """What else is on record; `not known` is said too, because a vet asks."""
    animal = found.animal
    milk = found.milks.get(animal.formula_id) if animal.formula_id is not None else None
    rows = [
        ("Parasites", PARASITES.get(animal.parasites or "", "not known")),
        ("First vaccine", YES_NO[animal.vaccinated]),
        ("Contact with infection", YES_NO[animal.exposed]),
        ("In quarantine", YES_NO[animal.in_quarantine]),
        ("Milk", milk or "not noted"),
        ("Own feeding plan", _plan(animal)),
    ]
    marks = [
        words
        for holds, words in (
            (animal.runt, "runt"),
            (animal.keep_apart, "kept apart"),
            (animal.suckles_others, "suckles on others"),
        )
        if holds
    ]
    if marks:
        rows.append(("Marked", ", ".join(marks)))
    if animal.notes:
        rows.append(("Standing notes", animal.notes))
    return rows


def _age(found: Dossier) -> str:
    animal = found.animal
    if animal.born_on is None:
        return "not known"
    guess = ""
    if animal.born_estimated:
        guess = f", estimated{' from ' + animal.born_signs if animal.born_signs else ''}"
    return f"{age_words(found.age_days)} (born {animal.born_on.isoformat()}{guess})"


def _mother(animal: Animal) -> str:
    said = MOTHER.get(animal.mother or "", "not known")
    return f"{animal.mother_name}, {said}" if animal.mother_name else said


def _status(animal: Animal) -> str:
    said = STATUS.get(animal.status, animal.status)
    return f"{said}, {animal.left_on.isoformat()}" if animal.left_on else said


def _plan(animal: Animal) -> str:
    parts = [
        *([every(animal.plan_interval_min)] if animal.plan_interval_min else []),
        *([ml(animal.plan_volume_ml)] if animal.plan_volume_ml else []),
    ]
    return ", ".join(parts) or "none, the usual one"


def _day(day: object) -> str:
    return "not known" if day is None else str(day)


def reminder(one: Reminder, found: Dossier) -> str:
    """`done 2026-11-20 by Ana`, `due 2026-11-25`; never a dose."""
    if one.done_at is not None:
        return f"done {found.day_of(one.done_at)}{' by ' + one.done_by if one.done_by else ''}"
    late = "overdue since" if one.due_at < found.at else "due"
    return f"{late} {found.day_of(one.due_at)}"


def together(pair: Companionship) -> str:
    """What came of company."""
    if pair.outcome is None and pair.ended_at is None:
        return "goes on"
    return OUTCOMES[pair.outcome] + (f": {pair.why}" if pair.why else "")


def signs(day: Day) -> str:
    """The day's signs, the red ones first."""
    return ", ".join((diary.RED_FLAGS | diary.AMBER)[name] for name in day.signs)


def when(moment: datetime, found: Dossier) -> str:
    """`2026-11-22 02:14` in the house."""
    return f"{found.day_of(moment)} {clock_time(moment, found.zone)}"


def when_ago(moment: datetime, found: Dossier) -> str:
    """`2 h 10 min ago (2026-11-22 02:14)`."""
    return f"{ago(moment, found.at)} ({when(moment, found)})"
