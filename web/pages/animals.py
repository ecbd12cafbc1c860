"""Babies: who is in care, what is known of each, feeds and weights. Typed input is never lost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web import changes, journal
from web.journal import Entry, EntryError, Written
from web.nursery import entry, looking, now, reading, settings, writing
from web.pages import babies
from web.records import Animal, Feed, Photo, Weight

bp = Blueprint("animals", __name__, url_prefix="/babies")

SHOWN_FEEDS, SHOWN_WEIGHTS = 8, 14
# What the form asks, in the journal's words (web/journal/animals.py).
FIELDS = (
    *("name", "species", "sex", "age_days", "born_on", "intake_on", "litter", "mother"),
    *("in_quarantine", "exposed", "parasites", "vaccinated", "temperament", "suckles_others"),
    *("keep_apart", "plan_interval_min", "notes", "status"),
)

Page = str | tuple[str, int] | Response


@dataclass(frozen=True)
class Point:
    """One weighing in the small curve, in the picture's own units."""

    x: float
    y: float


@bp.get("")
def animals() -> str:
    """All in care."""
    with looking() as look:
        return render_template(
            "animals.html",
            babies=babies.babies(look),
            change=changes.newest(look.session),
            live_page="animals",
        )


@bp.route("/new", methods=["GET", "POST"])
def add() -> Page:
    """Take one in: name and species are enough."""
    if request.method == "GET":
        return _form(None, {"box": request.args.get("box") or settings().box[0].id}, {})
    values = _typed()

    def write(session: Session, who: Entry) -> Written:
        return journal.add_animal(session, who, values, request.form.get("box") or None)

    errors = _try(write, f"{values.get('name', '')} is in your care")
    if errors:
        return _form(None, request.form, errors)
    return redirect(url_for("home.home"), 303)


@bp.route("/<int:animal_id>/edit", methods=["GET", "POST"])
def edit(animal_id: int) -> Page:
    """Put right what is known."""
    with reading() as session:
        animal = session.get(Animal, animal_id) or abort(404)
        box = babies.box_of(session, animal_id)
        known = {name: getattr(animal, name, None) for name in FIELDS} | {"box": box or ""}
    if request.method == "GET":
        return _form(animal, known, {})
    values = _typed()

    def write(session: Session, who: Entry) -> Written:
        written = journal.edit_animal(session, who, animal_id, values)
        target = request.form.get("box", "")
        if target != (box or "") and values.get("status", "in_care") == "in_care":
            journal.move(session, who, animal_id, target or None)
        return written

    errors = _try(write, f"{values.get('name', animal.name)}: noted")
    if errors:
        return _form(animal, request.form, errors)
    return redirect(url_for("animals.animal", animal_id=animal_id), 303)


@bp.get("/<int:animal_id>")
def animal(animal_id: int) -> Page:
    """One baby."""
    return _page(animal_id, {}, {})


@bp.get("/<int:animal_id>/photo/<int:photo_id>")
def photo(animal_id: int, photo_id: int) -> Response:
    """Its face; another photo has another address, so that phones may keep it."""
    with reading() as session:
        found = session.get(Photo, photo_id)
        if found is None or found.animal_id != animal_id:
            abort(404)
        answer = current_app.response_class(found.image, mimetype=found.content_type)
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer


@bp.post("/<int:animal_id>/feeds")
def feed(animal_id: int) -> Page:
    """A feed with its amount; the time is now unless another is given."""

    def write(session: Session, who: Entry) -> Written:
        amount, how = request.form.get("amount_ml"), request.form.get("how") or "full"
        return journal.feed(session, who, [animal_id], amount, how, request.form.get("fed_at"))

    return _noted(animal_id, write, "Feed noted", {"at": "fed_at"})


@bp.post("/<int:animal_id>/weights")
def weigh(animal_id: int) -> Page:
    """A weighing."""

    def write(session: Session, who: Entry) -> Written:
        grams, at = request.form.get("grams"), request.form.get("weighed_at")
        return journal.weigh(session, who, animal_id, grams, at)

    return _noted(animal_id, write, "Weight noted", {"at": "weighed_at"})


@bp.post("/<int:animal_id>/approval")
def approve(animal_id: int) -> Page:
    """The coordinator's word on company of the other species."""

    def write(session: Session, who: Entry) -> Written:
        return journal.approve_cross(session, who, animal_id, request.form.get("ok"))

    return _noted(animal_id, write, "Noted, with your name", {})


def _noted(
    animal_id: int,
    write: Callable[[Session, Entry], Written],
    text: str,
    fields: Mapping[str, str],
) -> Page:
    """The baby's page again; with what was typed where it could not be written.

    `fields` names the form's fields where they differ from the journal's.
    """
    errors = _try(write, text, url_for("animals.animal", animal_id=animal_id))
    if errors:
        errors = {fields.get(key, key): message for key, message in errors.items()}
        return _page(animal_id, request.form, errors)
    return redirect(url_for("animals.animal", animal_id=animal_id), 303)


def _try(write: Callable[[Session, Entry], Written], text: str, back: str = "") -> dict[str, str]:
    """Write and tell so in a toast; or say which field was wrong."""
    try:
        with writing() as session:
            written = write(session, entry())
        message = {"text": text, "undo": str(written.undo_id), "back": back}
        flash(message)  # type: ignore[arg-type]  # any JSON lives in the session
        return {}
    except EntryError as error:
        return {error.field: error.message[0].upper() + error.message[1:] + "."}


def _typed() -> dict[str, Any]:
    return {name: request.form[name] for name in FIELDS if name in request.form}


def _form(animal: Animal | None, values: Mapping[str, Any], errors: dict[str, str]) -> Page:
    with looking() as look:
        names = babies.box_names(look)
    today = now().astimezone(settings().house.zone).date()
    page = render_template(
        "animal_form.html",
        animal=animal,
        values=values,
        errors=errors,
        boxes=list(names.items()),
        today=today,
    )
    return page, 422 if errors else 200


def _page(animal_id: int, values: Mapping[str, Any], errors: dict[str, str]) -> Page:
    with looking() as look:
        session = look.session
        row = session.get(Animal, animal_id) or abort(404)
        weights = _weights(session, animal_id)
        page = render_template(
            "animal.html",
            animal=row,
            baby=babies.baby(look, row, babies.box_names(look)),
            feeds=_feeds(session, animal_id),
            weights=weights,
            curve=_curve(weights),
            values=values,
            errors=errors,
        )
        return page, 422 if errors else 200


def _feeds(session: Session, animal_id: int) -> list[Feed]:
    return list(
        session.scalars(
            select(Feed)
            .where(Feed.animal_id == animal_id, Feed.undone_at.is_(None))
            .order_by(Feed.at.desc(), Feed.id.desc())
            .limit(SHOWN_FEEDS)
        )
    )


def _weights(session: Session, animal_id: int) -> list[Weight]:
    return list(
        session.scalars(
            select(Weight)
            .where(Weight.animal_id == animal_id, Weight.undone_at.is_(None))
            .order_by(Weight.at.desc(), Weight.id.desc())
            .limit(SHOWN_WEIGHTS)
        )
    )


def _curve(weights: list[Weight], width: float = 300, height: float = 70) -> list[Point]:
    """The weights over time, oldest at the left; nothing to draw of fewer than two."""
    if len(weights) < 2:
        return []
    times = [weight.at.timestamp() for weight in weights]
    grams = [weight.grams for weight in weights]
    span, rise = max(times) - min(times) or 1.0, max(grams) - min(grams) or 1.0
    return [
        Point(
            round(6 + (at - min(times)) / span * (width - 12), 1),
            round(height - 8 - (gram - min(grams)) / rise * (height - 16), 1),
        )
        for at, gram in sorted(zip(times, grams, strict=True))
    ]
