"""One record of a baby's diary: put it right, strike it out, see what it was before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from web import journal
from web.journal import Entry, Written
from web.journal.corrections import KINDS, Change
from web.nursery import Look, looking, zone
from web.pages import babies, diary, lines
from web.records import Animal, Feed, Formula, Note, Observation, Weight
from web.times import day_and_time, day_name

bp = Blueprint("corrections", __name__, url_prefix="/babies/<int:animal_id>/log")

Page = Any
Row = Feed | Weight | Observation | Note
# What can be put right of each, in the journal's words.
FIELDS: Mapping[str, Sequence[str]] = {
    "feed": ("amount_ml", "how", "route", "formula_id", "note"),
    "weight": ("grams",),
    "check": ("value",),
    "note": ("text",),
}
WORDS = {
    "amount_ml": "mL",
    "how": "how",
    "route": "given by",
    "formula_id": "milk",
    "note": "note",
    "grams": "g",
    "value": "seen",
    "text": "note",
    "at": "time",
    "animal_id": "baby",
    "undone_at": "struck out",
    "born_on": "born",
    "born_estimated": "birth guessed",
    "born_signs": "guessed from",
    "intake_on": "in care since",
    "cross_ok": "company of the other species",
    "cross_ok_by": "said by",
    "plan_interval_min": "own plan, minutes",
    "plan_volume_ml": "own plan, mL",
}
_YES_NO = (("true", "Yes"), ("false", "No"))
ANSWERS: Mapping[str, Sequence[tuple[str, str]]] = {
    "body_feel": (("warm", "Warm"), ("cool", "Cool"), ("cold", "Cold"), ("hot", "Hot")),
    "health": (("ok", "Well"), ("suspect", "Not sure"), ("ill", "Ill")),
    "toilet": (("urine", "Urine"), ("stool", "Stool"), ("both", "Both"), ("true", "Not told")),
    "stool_score": tuple((str(score), str(score)) for score in range(1, 8)),
}


@dataclass(frozen=True)
class Past:
    """One change that was made to the record."""

    change: Change
    words: str


@bp.get("/<kind>/<int:record_id>")
def record(animal_id: int, kind: str, record_id: int) -> Page:
    """One record."""
    return _page(animal_id, kind, record_id, lines.Tried())


@bp.post("/<kind>/<int:record_id>")
def correct(animal_id: int, kind: str, record_id: int) -> Page:
    """Put it right; only what was changed is written."""
    with looking() as look:
        shown = _values(_found(look.session, animal_id, kind, record_id), kind)
    typed = {name: _lines(request.form[name]) for name in shown if name in request.form}
    changed = {name: value for name, value in typed.items() if value != shown[name]}
    other = request.form.get("animal", "")
    if other.isdecimal() and int(other) != animal_id:
        changed["animal_id"] = int(other)  # type: ignore[assignment]

    def write(session: Session, who: Entry) -> Sequence[Written]:
        return [journal.correct(session, who, kind, record_id, changed)] if changed else []

    tried = lines.write_form(write)
    if tried.errors:
        return _page(animal_id, kind, record_id, tried)
    page = url_for("animals.animal", animal_id=animal_id)
    return lines.done(
        f"The {kind} is put right" if changed else "Nothing was changed", tried.undo_ids, page
    )


@bp.post("/<kind>/<int:record_id>/remove")
def remove(animal_id: int, kind: str, record_id: int) -> Page:
    """Strike it out; undo brings it back."""
    with looking() as look:
        _found(look.session, animal_id, kind, record_id)
    tried = lines.write_form(
        lambda session, who: [journal.remove(session, who, kind, record_id)],
    )
    if tried.errors:
        return _page(animal_id, kind, record_id, tried)
    page = url_for("animals.animal", animal_id=animal_id)
    return lines.done("Struck out", tried.undo_ids, page)


@bp.get("/facts")
def facts(animal_id: int) -> Page:
    """What was changed of what is known of a baby."""
    with looking() as look:
        animal = look.session.get(Animal, animal_id) or abort(404)
        milks = {str(one.id): one.name for one in look.session.scalars(select(Formula))}
        past = _past(look, "animal", animal_id, milks)
        return render_template("animal_past.html", animal=animal, past=past)


def _found(session: Session, animal_id: int, kind: str, record_id: int) -> Row:
    row: Any = session.get(KINDS[kind], record_id) if kind in FIELDS else None
    if row is None or row.undone_at is not None or row.animal_id != animal_id:
        abort(404)
    found: Row = row
    return found


def _lines(text: str) -> str:
    """Browsers send the ends of lines in their own way."""
    return text.replace("\r\n", "\n")


def _values(row: Row, kind: str) -> dict[str, str]:
    """What the form shows, as browsers send it; times to the minute, in the house's zone."""
    values = {name: _text(getattr(row, name)) for name in FIELDS[kind]}
    return values | {"at": f"{row.at.astimezone(zone()):%Y-%m-%dT%H:%M}"}


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _page(animal_id: int, kind: str, record_id: int, tried: lines.Tried) -> Page:
    with looking() as look:
        session = look.session
        row = _found(session, animal_id, kind, record_id)
        animal = session.get_one(Animal, animal_id)
        milks = [(str(one.id), one.name) for one in session.scalars(select(Formula))]
        page = render_template(
            "record.html",
            animal=animal,
            kind=kind,
            row=row,
            values=request.form if tried.errors else _values(row, kind),
            tried=tried,
            answers=ANSWERS.get(row.fact, _YES_NO) if isinstance(row, Observation) else (),
            look_at=_same_look(session, row) if isinstance(row, Observation) else (),
            others=babies.babies(look),
            how=diary.HOW,
            routes=[(value, words.capitalize()) for value, words in diary.ROUTES.items()],
            milks=milks,
            past=_past(look, kind, record_id, dict(milks)),
            new_key=lines.new_key,
            sure_word=lines.sure_word,
        )
    return page, 422 if tried.errors else 200


def _same_look(session: Session, row: Observation) -> list[tuple[int, str]]:
    """Id and words of what was found at the same look."""
    rows = session.scalars(
        select(Observation)
        .where(Observation.animal_id == row.animal_id, Observation.at == row.at)
        .where(Observation.undone_at.is_(None))
        .order_by(Observation.id)
    )
    return [(one.id, _fact_words(one)) for one in rows]


def _fact_words(row: Observation) -> str:
    sign = {**diary.RED_FLAGS, **diary.AMBER}.get(row.fact)
    if sign is not None:
        return sign if row.value else f"not: {sign}"
    return diary.seen_words({row.fact: row.value})


def _past(look: Look, kind: str, record_id: int, milks: Mapping[str, str]) -> list[Past]:
    """What was changed, the newest first."""
    found = []
    for change in reversed(journal.history(look.session, kind, record_id)):
        said = [
            f"{WORDS.get(name, name.replace('_', ' '))}: {_was(look, name, old, milks)} → "
            f"{_was(look, name, change.after.get(name), milks)}"
            for name, old in change.before.items()
        ]
        found.append(Past(change, ", ".join(said)))
    return found


def _was(look: Look, name: str, value: Any, milks: Mapping[str, str]) -> str:
    """A value as it was, in words."""
    if value in (None, ""):
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if name == "at" or name.endswith("_at"):
        return day_and_time(datetime.fromisoformat(value), look.now, zone())
    if name.endswith("_on"):
        return day_name(date.fromisoformat(value), look.now.astimezone(zone()).date())
    other = look.session.get(Animal, value) if name == "animal_id" else None
    words = {
        "how": diary.HOW.get(value) if name == "how" else None,
        "formula_id": milks.get(str(value)),
        "animal_id": other.name if other else None,
    }
    return words.get(name) or _text(value)
