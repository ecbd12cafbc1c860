"""Write down what was done, with one hand: several babies at once, the usual value offered first.

What a carer may know better is asked once and then written; what was typed always comes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from web import journal
from web.care.signs import RED_SIGNS
from web.journal import Entry, EntryError, Written
from web.nursery import looking, now
from web.pages.entry_page import MINUTES_AGO, Page, page, shown_ids
from web.pages.lines import done, ticked, write_each
from web.records import Animal
from web.times import lasting

bp = Blueprint("entry", __name__, url_prefix="/note")

THE_BOX = 0  # stands for the box among the animals' ids, which begin at 1
NAMED = 3  # so many are named in the toast, more are counted


@bp.get("/feed")
def feed() -> Page:
    """Who took how much: the form."""
    return page("feed", request.args)


@bp.post("/feed")
def fed() -> Page:
    """Who took how much."""
    ids = ticked(request.form)
    attempt = write_each(ids, _feed)
    if attempt.problems is not None:
        return page("feed", request.form, attempt)
    named = _named(ids)
    said = [f"{name} {_of('ml', one)} mL" if _drank(one) else name for one, name in named.items()]
    text = ", ".join(said) if len(said) <= NAMED else f"{len(said)} babies"
    return done(f"Fed: {text}{_ago_words()}", attempt.undo_ids)


def _feed(session: Session, who: Entry, animal_id: int) -> Sequence[Written]:
    how, when, form = _of("how", animal_id) or "full", _when(), request.form
    amount = None if how == "refused" else _of("ml", animal_id)
    more: dict[str, Any] = {
        "route": form.get("route") or None,
        "formula_id": form.get("formula") or None,
        "note": form.get("note", ""),
    }
    before, after = _of("before", animal_id), _of("after", animal_id)
    if (same := _of("same", animal_id)).isdecimal():
        rest, note = int(same), more["note"]
        if after.strip():
            return [journal.rest_by_weight(session, who, rest, after, before, how, note)]
        return [journal.add_to_feed(session, who, rest, amount, how, note)]
    if after.strip():
        return [
            journal.feed_by_weight(session, who, animal_id, after, before, how, when, **more),
        ]
    return [journal.feed(session, who, [animal_id], amount, how, when, **more)]


def _drank(animal_id: int) -> bool:
    weighed = _of("after", animal_id).strip() or _of("same", animal_id)
    return bool(_of("ml", animal_id).strip() and not weighed and _of("how", animal_id) != "refused")


@bp.get("/weight")
def weight() -> Page:
    """Who weighs what: the form."""
    return page("weight", request.args)


@bp.post("/weight")
def weighed() -> Page:
    """Who weighs what; lines left empty are not written."""

    def write(session: Session, who: Entry, animal_id: int) -> Sequence[Written]:
        moment = request.form.get("moment")
        return [journal.weigh(session, who, animal_id, _of("g", animal_id), _when(), moment)]

    ids = [one for one in shown_ids(request.form) if _of("g", one).strip()]
    attempt = write_each(ids, write)
    if attempt.problems is not None:
        return page("weight", request.form, attempt)
    said = [f"{name} {_of('g', one)} g" for one, name in _named(ids).items()]
    return done(
        ", ".join(said) if len(said) <= NAMED else f"{len(said)} weights noted", attempt.undo_ids
    )


@bp.get("/toilet")
def toilet() -> Page:
    """Who was helped with its toilet: the form."""
    return page("toilet", request.args)


@bp.post("/toilet")
def helped() -> Page:
    """Who was helped with its toilet, and what came."""

    def write(session: Session, who: Entry, animal_id: int) -> Sequence[Written]:
        came, score = _of("came", animal_id), _of("score", animal_id)
        return [journal.toilet(session, who, [animal_id], came, score, _when())]

    ids = [one for one in shown_ids(request.form) if _of("came", one) or _of("score", one).strip()]
    attempt = write_each(ids, write)
    if attempt.problems is not None:
        return page("toilet", request.form, attempt)
    return done(f"{_names(ids)}: toilet noted", attempt.undo_ids)


@bp.get("/look")
def look() -> Page:
    """How one baby is, by the checklist; of several, who of them is well."""
    return page("look", request.args)


@bp.post("/look")
def looked() -> Page:
    """What was seen of one baby."""
    ids = shown_ids(request.form)[:1]
    attempt = write_each([*ids, *_the_box()], _look)
    if attempt.problems is not None:
        return page("look", request.form, attempt)
    if {sign.name for sign in RED_SIGNS} & set(request.form.getlist("sign")):
        its_page = url_for("animals.animal", animal_id=ids[0])  # which says whom to call
        return done(f"{_names(ids)}: noted", attempt.undo_ids, its_page)
    return done(f"{_names(ids)}: noted", attempt.undo_ids)


def _look(session: Session, who: Entry, animal_id: int) -> Sequence[Written]:
    if animal_id == THE_BOX:
        return [_nest(session, who)]
    form = request.form
    signs = form.getlist("sign")
    measured = ("body_feel", "body_temp_c", "health", "hungry_signs", "stool_score")
    facts = {fact: form[fact] for fact in measured if form.get(fact, "").strip()}
    written = []
    if "all" in form:
        written.append(journal.checked(session, who, [animal_id], signs, facts, _when()))
    elif signs or facts:
        seen = dict.fromkeys(signs, True) | facts
        written.append(journal.observe_all(session, who, animal_id, seen, _when()))
    if form.get("note", "").strip():
        written.append(
            journal.add_note(session, who, form["note"], animal_id=animal_id, at=_when())
        )
    return written


@bp.post("/well")
def well() -> Page:
    """Of several babies: these were looked at by the list, and nothing was found."""

    def write(session: Session, who: Entry, animal_id: int) -> Sequence[Written]:
        if animal_id == THE_BOX:
            return [_nest(session, who)]
        facts = {"health": "ok"} | ({"body_feel": "warm"} if "warm" in request.form else {})
        return [journal.checked(session, who, [animal_id], (), facts, _when())]

    ids = ticked(request.form)
    nest = request.form.get("nest_c", "").strip()
    attempt = write_each([*ids, *_the_box()], write)
    if attempt.problems is not None:
        return page("look", request.form, attempt)
    said = [f"{_names(ids)}: looked at, well"] if ids else []
    said += [f"nest {nest} °C"] if nest else []
    return done("; ".join(said), attempt.undo_ids)


def _the_box() -> list[int]:
    """The box too, where the warmth of its nest is told."""
    return [THE_BOX] if request.form.get("nest_c", "").strip() else []


def _nest(session: Session, who: Entry) -> Written:
    box, degrees = request.form.get("in_box", ""), request.form.get("nest_c")
    return journal.box_facts(session, who, box, temp_c=degrees)


@bp.get("/note")
def note() -> Page:
    """Words on a baby, on several, on their box: the form."""
    return page("note", request.args)


@bp.post("/note")
def noted() -> Page:
    """The same words on each that is ticked."""

    def write(session: Session, who: Entry, animal_id: int) -> Sequence[Written]:
        words, box = request.form.get("note"), request.form.get("on_box")
        if animal_id == THE_BOX:
            return [journal.add_note(session, who, words, box_id=box)]
        return [journal.add_note(session, who, words, animal_id=animal_id)]

    ids = ticked(request.form)
    attempt = write_each([*ids, *([THE_BOX] if request.form.get("on_box") else [])], write)
    if attempt.problems is not None:
        return page("note", request.form, attempt)
    return done(f"{_names(ids)}: noted" if ids else "Noted", attempt.undo_ids)


def _of(name: str, animal_id: int) -> str:
    return request.form.get(f"{name}-{animal_id}", "")


def _when() -> Any:
    """Now, some minutes ago, or the moment that was typed."""
    minutes = request.form.get("ago", "")
    if minutes:
        if not minutes.isdecimal() or int(minutes) not in MINUTES_AGO:
            raise EntryError("ago", "is not among the choices")
        return now() - timedelta(minutes=int(minutes))
    return request.form.get("at") or None


def _ago_words() -> str:
    minutes = request.form.get("ago", "")
    if minutes.isdecimal():
        return f", {lasting(60 * int(minutes))} ago"
    return "" if request.form.get("at") else ", just now"


def _named(ids: Sequence[int]) -> Mapping[int, str]:
    with looking() as look:
        rows = look.session.execute(select(Animal.id, Animal.name).where(Animal.id.in_(ids)))
        names = dict(iter(rows))
    return {one: names[one] for one in ids}


def _names(ids: Sequence[int]) -> str:
    names = list(_named(ids).values())
    return " and ".join(names) if len(names) <= NAMED else f"{len(names)} babies"
