"""Take a baby in, or put right what is known of it. Typed input is never lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from web import journal
from web.care.age_signs import KITTEN, AgeEstimate, estimate
from web.journal import Entry, Written
from web.nursery import Look, entry, is_demo, looking, now, reading, settings
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
# What the toast says of one that leaves, or comes again.
LEFT = {status: words[0].lower() + words[1:] for status, words in STATUSES.items()}
LEFT["died"] = "died. We are sorry"
# What is likely the same for its littermates.
OF_A_LITTER = (
    *("species", "born_on", "intake_on", "litter", "mother", "mother_name", "in_quarantine"),
    *("exposed", "parasites", "vaccinated", "formula_id"),
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
    """The form; `like` a baby of the same litter, where one was entered before."""
    like = lines.ids_of(request.args, "like")
    with looking() as look:
        mate = look.session.get(Animal, like[0]) if like else None
        if mate is None:
            values: dict[str, Any] = {"box": request.args.get("box") or _empty_box(look)}
        else:
            values = {name: getattr(mate, name) for name in OF_A_LITTER}
            values["box"] = babies.box_of(look.session, mate.id) or ""
            if mate.born_estimated and mate.born_on is not None:  # a guess stays one
                values["age_days"] = (entry().today - mate.born_on).days
                values["born_on"] = None
    return _form(None, values, lines.Tried())


@bp.post("/new")
def take_in() -> Page:
    """Take one in: name and species are enough."""
    if "guess" in request.form:
        return _form(None, request.form, lines.Tried())
    values = _typed()
    name = values.get("name", "")
    if is_demo():  # whoever is entered in it is of it: else the demo would not start again
        values["demo"] = "yes"
    another = "another" in request.form
    if another and not values.get("litter", "").strip():
        values["litter"] = f"{name}'s litter"

    def write(session: Session, who: Entry) -> list[Written]:
        return [journal.add_animal(session, who, values, request.form.get("box") or None)]

    tried = lines.write_form(write)
    if tried.errors:
        return _form(None, request.form, tried)
    next_form = url_for("animal_form.add", like=_newest(name)) if another else ""
    return lines.done(f"{name} is in your care", tried.undo_ids, next_form)


def _newest(name: str) -> int | None:
    """Whoever of that name was entered last."""
    with reading() as session:
        return session.scalar(select(func.max(Animal.id)).where(Animal.name == name.strip()))


def _empty_box(look: Look) -> str:
    """Where nobody lives: a newcomer is not put to others by what a form happens to offer."""
    taken = {one.box_id for one in babies.babies(look)}
    return next((box.id for box in look.settings.box if box.id not in taken), "")


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
    status = values.get("status", animal.status)
    said = "noted" if status == animal.status else LEFT.get(status, "noted")
    page = url_for("animals.animal", animal_id=animal_id)
    return lines.done(f"{values.get('name', animal.name)}: {said}", tried.undo_ids, page)


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
        inside: dict[str | None, list[str]] = {}
        for one in babies.babies(look):
            if animal is None or one.id != animal.id:
                inside.setdefault(one.box_id, []).append(one.name)
        boxes = [
            (box, f"{name}: {', '.join(inside[box])}" if box in inside else name)
            for box, name in babies.box_names(look).items()
        ]
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
        boxes=boxes,
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
