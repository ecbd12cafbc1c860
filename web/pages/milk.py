"""Milks: how rich each is as it is mixed, asked once; and who drinks which."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web import changes, journal
from web.care import tables
from web.journal import Doubt, Entry, EntryError, Written
from web.nursery import entry, looking, writing
from web.records import Animal, Formula

bp = Blueprint("milk", __name__, url_prefix="/plan/milk")

Page = str | tuple[str, int] | Response
KJ_PER_KCAL = 4.184
# How labels say it: what one of it is in kcal per mL.
UNITS = MappingProxyType({"kcal_ml": 1.0, "kcal_100": 0.01, "kj_100": 0.01 / KJ_PER_KCAL})


@dataclass(frozen=True)
class Milk:
    """A milk as the page shows it."""

    id: int
    name: str
    kcal_ml: float | None
    species: str | None
    drinkers: Sequence[int]


@dataclass(frozen=True)
class Typed:
    """A form that could not be written: which one, what was typed, and why."""

    form: str
    values: Mapping[str, Any]
    errors: Mapping[str, str]
    doubt: bool = False


@bp.get("")
def milks() -> Page:
    """All milks, and who drinks them."""
    return _page(None)


@bp.post("")
def add() -> Page:
    """A milk that is used here."""

    def write(session: Session, who: Entry) -> list[Written]:
        form = request.form
        return [journal.add_formula(session, who, form.get("name"), _energy(), form.get("species"))]

    return _written("new", write, f"{request.form.get('name', '').strip()}: noted")


@bp.post("/<int:formula_id>")
def edit(formula_id: int) -> Page:
    """Put a milk right."""

    def write(session: Session, who: Entry) -> list[Written]:
        values = {name: request.form.get(name) for name in ("name", "species")}
        return [journal.edit_formula(session, who, formula_id, {**values, "kcal_ml": _energy()})]

    return _written(f"edit-{formula_id}", write, "Noted. The amounts follow")


@bp.post("/<int:formula_id>/drinkers")
def drinkers(formula_id: int) -> Page:
    """Those ticked drink it from now on; those who drank it and are not ticked drink none."""

    def write(session: Session, who: Entry) -> list[Written]:
        if session.get(Formula, formula_id) is None:
            abort(404)
        chosen = {int(one) for one in request.form.getlist("animal") if one.isdecimal()}
        before = set(
            session.scalars(
                select(Animal.id).where(Animal.formula_id == formula_id, Animal.status == "in_care")
            )
        )
        steps = [(sorted(chosen - before), formula_id), (sorted(before - chosen), None)]
        return [journal.choose_formula(session, who, ids, milk) for ids, milk in steps if ids]

    return _written(f"who-{formula_id}", write, "Noted. The amounts follow")


@bp.post("/<int:formula_id>/remove")
def remove(formula_id: int) -> Page:
    """It is not used any more."""

    def write(session: Session, who: Entry) -> list[Written]:
        return [journal.remove_formula(session, who, formula_id)]

    return _written(f"edit-{formula_id}", write, "Removed")


def _energy() -> float | str | None:
    """What was typed, in kcal per mL; text that is no number is the journal's to refuse."""
    text = request.form.get("energy", "").strip()
    share = UNITS.get(request.form.get("unit", ""), 1.0)
    try:
        return round(float(text.replace(",", ".")) * share, 3)
    except ValueError:
        return text or None


def _written(form: str, write: Callable[[Session, Entry], Sequence[Written]], text: str) -> Page:
    try:
        with writing() as session:
            written = write(session, replace(entry(), sure="sure" in request.form))
    except EntryError as error:
        words = error.message[0].upper() + error.message[1:]
        if error.field == "kcal_ml":
            words = (
                f"{words}. Is it the energy of the milk as it is mixed, and the unit right? "
                "Milks hold 0.7 to 1.3 kcal in a mL, 70 to 130 in 100 mL"
            )
        field = {"kcal_ml": "energy"}.get(error.field, error.field)
        values = {**request.form, "animal": request.form.getlist("animal")}
        typed = Typed(form, values, {field: f"{words}."}, isinstance(error, Doubt))
        return _page(typed)
    if written:
        undo = "-".join(str(one.undo_id) for one in written)
        message = {"text": text, "undo": undo, "back": url_for("milk.milks")}
        flash(message)  # type: ignore[arg-type]  # any JSON lives in the session
    return redirect(url_for("milk.milks"), 303)


def _page(typed: Typed | None) -> Page:
    with looking() as look:
        rows = look.session.scalars(
            select(Formula).where(Formula.undone_at.is_(None)).order_by(Formula.name)
        )
        animals = look.session.scalars(
            select(Animal).where(Animal.status == "in_care").order_by(Animal.name, Animal.id)
        ).all()
        found = [
            Milk(
                id=row.id,
                name=row.name,
                kcal_ml=row.kcal_ml,
                species=row.species,
                drinkers=[one.id for one in animals if one.formula_id == row.id],
            )
            for row in rows
        ]
        page = render_template(
            "milk.html",
            milks=found,
            animals=animals,
            undecided=[one.name for one in animals if one.formula_id is None],
            house_kcal_ml=look.settings.house.formula_kcal_ml,
            presumed_kcal_ml=tables.FORMULA_KCAL_ML,
            typed=typed,
            change=changes.newest(look.session),
        )
    return page, 422 if typed else 200
