"""Take a baby in, or put right what is known of it. Typed input is never lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from web import journal
from web.care.age_signs import KITTEN, AgeEstimate, estimate
from web.journal import Entry, Written
from web.nursery import looking, now, reading, settings
from web.pages import babies, lines
from web.pages.animals import STATUSES
from web.records import Animal, Formula

bp = Blueprint("animal_form", __name__, url_prefix="/babies")

# What the form asks, in the journal's words (web/journal/animals.py).
FIELDS = (
    *("name", "species", "sex", "age_days", "born_on", "intake_on", "litter", "runt"),
    *("mother", "mother_name", "status", "left_on", "in_quarantine", "exposed", "parasites"),
    *("vaccinated", "temperament", "suckles_others", "keep_apart", "plan_interval_min"),
    *("plan_volume_ml", "formula_id", "notes"),
)
# The signs of age in words: what is asked, and each answer.
SIGNS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "cord": ("Navel cord", {"attached": "Still on", "gone": "Gone"}),
    "eyes": ("Eyes", {"closed": "Closed", "opening": "Opening", "open": "Open"}),
    "ears": ("Ear canals", {"closed": "Closed", "opening": "Opening", "open": "Open"}),
    "teeth": (
        "Teeth",
        {
            "none": "None",
            "incisors": "Small front teeth",
            "canines": "Canines too",
            "premolars": "Back teeth too",
        },
    ),
    "gait": (
        "It moves",
        {"crawls": "Crawling", "unsteady": "Walking, unsteady", "steady": "Walking well"},
    ),
}
assert SIGNS.keys() == KITTEN.keys()  # noqa: S101 - every sign has its words

Page = Any


@bp.get("/new")
def add() -> Page:
    """The form."""
    return _form(None, {"box": request.args.get("box") or settings().box[0].id}, lines.Tried())


@bp.post("/new")
def take_in() -> Page:
    """Take one in: name and species are enough."""
    if "guess" in request.form:
        return _form(None, request.form, lines.Tried())
    values = _typed()

    def write(session: Session, who: Entry) -> list[Written]:
        return [journal.add_animal(session, who, values, request.form.get("box") or None)]

    tried = lines.write_form(write)
    if tried.errors:
        return _form(None, request.form, tried)
    return lines.done(f"{values.get('name', '')} is in your care", tried.undo_ids)


@bp.get("/<int:animal_id>/edit")
def edit(animal_id: int) -> Page:
    """The form, with what is known."""
    with reading() as session:
        animal = session.get(Animal, animal_id) or abort(404)
        known = {name: getattr(animal, name, None) for name in FIELDS}
        known["box"] = babies.box_of(session, animal_id) or ""
    return _form(animal, known, lines.Tried())


@bp.post("/<int:animal_id>/edit")
def save(animal_id: int) -> Page:
    """Put right what is known."""
    with reading() as session:
        animal = session.get(Animal, animal_id) or abort(404)
        box = babies.box_of(session, animal_id) or ""
    if "guess" in request.form:
        return _form(animal, request.form, lines.Tried())
    values = _typed()

    def write(session: Session, who: Entry) -> Sequence[Written]:
        written = [journal.edit_animal(session, who, animal_id, values)]
        target = request.form.get("box", box)
        if target != box and values.get("status", "in_care") == "in_care":
            written.append(journal.move(session, who, animal_id, target or None))
        return written

    tried = lines.write_form(write)
    if tried.errors:
        return _form(animal, request.form, tried)
    page = url_for("animals.animal", animal_id=animal_id)
    return lines.done(f"{values.get('name', animal.name)}: noted", tried.undo_ids, page)


def _typed() -> dict[str, Any]:
    """What the form says; signs of age, where some were chosen, instead of a date of birth."""
    values: dict[str, Any] = {name: request.form[name] for name in FIELDS if name in request.form}
    if signs := _signs(request.form):
        for told_otherwise in ("born_on", "age_days"):
            values.pop(told_otherwise, None)
        values["age_signs"] = signs
    return values


def _signs(form: Mapping[str, Any]) -> dict[str, str]:
    return {sign: form[f"sign-{sign}"] for sign in SIGNS if form.get(f"sign-{sign}")}


def _guess(form: Mapping[str, Any]) -> AgeEstimate | None:
    """What the chosen signs say; None while no species, or no sign, is chosen."""
    species = form.get("species")
    if species not in ("kitten", "puppy"):
        return None
    try:
        return estimate("kitten" if species == "kitten" else "puppy", _signs(form))
    except ValueError:
        return None


def _form(animal: Animal | None, values: Mapping[str, Any], tried: lines.Tried) -> Page:
    with looking() as look:
        names = babies.box_names(look)
        used = select(Animal.litter).where(Animal.status == "in_care", Animal.litter.is_not(None))
        litters = sorted({one for one in look.session.scalars(used) if one})
        milks = select(Formula).where(Formula.undone_at.is_(None)).order_by(Formula.name)
        formulas = [(str(one.id), one.name) for one in look.session.scalars(milks)]
    page = render_template(
        "animal_form.html",
        animal=animal,
        values=values,
        errors=tried.errors,
        tried=tried,
        boxes=list(names.items()),
        formulas=formulas,
        litters=litters,
        signs=SIGNS,
        guess=_guess(values),
        asked_guess="guess" in values,
        statuses=list(STATUSES.items()),
        today=now().astimezone(settings().house.zone).date(),
        new_key=lines.new_key,
        sure_word=lines.sure_word,
    )
    return page, 422 if tried.errors else 200
