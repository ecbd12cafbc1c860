"""Write down what was done, with one hand: several babies at once, the usual value offered first.

What a carer may know better is asked once and then written; what was typed always comes back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import Session

from web import journal
from web.care.signs import AMBER_SIGNS, RED_SIGNS
from web.journal import Entry, EntryError, Written
from web.nursery import Look, looking, now
from web.pages import babies, diary, lines, offers
from web.pages.babies import Baby
from web.pages.lines import Attempt, Line, done, ticked, write_each
from web.pages.offers import Offer
from web.records import Animal, Formula

bp = Blueprint("entry", __name__, url_prefix="/note")

Page = Any
KINDS = {"feed": "Feed", "weight": "Weight", "toilet": "Toilet", "look": "Check", "note": "Note"}
MINUTES_AGO = (5, 15, 30, 60)  # offered for what was done a little earlier
STOOL = (  # Purina's scale; from 6 on it is diarrhoea
    (1, "hard pellets"),
    (2, "firm"),
    (3, "formed, moist"),
    (4, "soft log"),
    (5, "soft heap"),
    (6, "shapeless"),
    (7, "water"),
)
THE_BOX = 0  # stands for the box among the animals' ids, which begin at 1
NAMED = 3  # so many are named in the toast, more are counted
# What a line holds for one baby, and what holds for all of them.
OF_A_LINE = ("ml", "how", "before", "after", "same", "g", "came", "score", "well")


@bp.get("/feed")
def feed() -> Page:
    """Who took how much: the form."""
    return _page("feed", request.args)


@bp.post("/feed")
def fed() -> Page:
    """Who took how much."""
    ids = ticked(request.form)
    attempt = write_each(ids, _feed)
    if attempt.problems is not None:
        return _page("feed", request.form, attempt)
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
    if same := _of("same", animal_id):
        return [journal.add_to_feed(session, who, _number(same), amount, how, more["note"])]
    after = _of("after", animal_id)
    if after.strip():
        before = _of("before", animal_id)
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
    return _page("weight", request.args)


@bp.post("/weight")
def weighed() -> Page:
    """Who weighs what; lines left empty are not written."""

    def write(session: Session, who: Entry, animal_id: int) -> Sequence[Written]:
        moment = request.form.get("moment")
        return [journal.weigh(session, who, animal_id, _of("g", animal_id), _when(), moment)]

    ids = [one for one in _shown_ids(request.form) if _of("g", one).strip()]
    attempt = write_each(ids, write)
    if attempt.problems is not None:
        return _page("weight", request.form, attempt)
    said = [f"{name} {_of('g', one)} g" for one, name in _named(ids).items()]
    return done(
        ", ".join(said) if len(said) <= NAMED else f"{len(said)} weights noted", attempt.undo_ids
    )


@bp.get("/toilet")
def toilet() -> Page:
    """Who was helped with its toilet: the form."""
    return _page("toilet", request.args)


@bp.post("/toilet")
def helped() -> Page:
    """Who was helped with its toilet, and what came."""

    def write(session: Session, who: Entry, animal_id: int) -> Sequence[Written]:
        came, score = _of("came", animal_id), _of("score", animal_id)
        return [journal.toilet(session, who, [animal_id], came, score, _when())]

    ids = [one for one in _shown_ids(request.form) if _of("came", one) or _of("score", one).strip()]
    attempt = write_each(ids, write)
    if attempt.problems is not None:
        return _page("toilet", request.form, attempt)
    return done(f"{_names(ids)}: toilet noted", attempt.undo_ids)


@bp.get("/look")
def look() -> Page:
    """How one baby is, by the checklist; of several, who of them is well."""
    return _page("look", request.args)


@bp.post("/look")
def looked() -> Page:
    """What was seen of one baby."""
    ids = _shown_ids(request.form)[:1]
    attempt = write_each([*ids, *_the_box()], _look)
    if attempt.problems is not None:
        return _page("look", request.form, attempt)
    if {sign.name for sign in RED_SIGNS} & set(request.form.getlist("sign")):
        page = url_for("animals.animal", animal_id=ids[0])  # which says whom to call
        return done(f"{_names(ids)}: noted", attempt.undo_ids, page)
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
        return _page("look", request.form, attempt)
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
    return _page("note", request.args)


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
        return _page("note", request.form, attempt)
    return done(f"{_names(ids)}: noted" if ids else "Noted", attempt.undo_ids)


def _page(kind: str, form: lines.Form, attempt: Attempt | None = None) -> Page:
    """The form for all that are meant; with what was typed where it could not be written."""
    with looking() as look:
        everyone = babies.babies(look)
        # Somebody may have left care while the form stood open; what was typed of it stays.
        known = everyone if attempt is None else [*everyone, *_gone(look, form, everyone)]
        chosen = _chosen(form, known)
        if not chosen:
            abort(404)
        offered = offers.feed_offers(look, [one.id for one in chosen]) if kind == "feed" else {}
        shown = [_line(one, form, attempt, offered.get(one.id)) for one in chosen]
        page = render_template(
            f"entry_{kind if kind != 'look' or len(shown) == 1 else 'well'}.html",
            kind=kind,
            kinds=KINDS,
            lines=shown,
            near=offers.near,
            groups=_groups(everyone, chosen),
            box=_one_box(chosen),
            everyone=everyone,
            attempt=attempt,
            form=form,
            back=_back(form),
            minutes_ago=MINUTES_AGO,
            formulas=[(str(one.id), one.name) for one in _formulas(look)],
            routes=diary.ROUTES,
            stool=STOOL,
            stool_short=[(str(score), str(score)) for score, _ in STOOL],
            stool_words=[(str(score), f"{score} · {words}") for score, words in STOOL],
            red_signs=RED_SIGNS,
            amber_signs=AMBER_SIGNS,
            new_key=lines.new_key,
        )
        return page, 422 if attempt else 200


def _line(baby: Baby, form: lines.Form, attempt: Attempt | None, offer: Offer | None) -> Line:
    offer = offer or Offer()
    values = {"ml": f"{offer.ml:g}" if offer.ml is not None else "", "how": "full"}
    values |= {name: form[f"{name}-{baby.id}"] for name in OF_A_LINE if f"{name}-{baby.id}" in form}
    problems = (attempt.problems or {}) if attempt else {}
    return Line(
        baby=baby,
        ticked=str(baby.id) in form.getlist("animal") if attempt else offer.stop is None,
        values=values,
        offer=offer,
        problem=problems.get(baby.id),
    )


def _chosen(form: lines.Form, everyone: Sequence[Baby]) -> list[Baby]:
    """Those named, else those in the box, else all in care."""
    named = _shown_ids(form)
    if named:
        return [one for one in everyone if one.id in named]
    if box := form.get("box"):
        return [one for one in everyone if one.box_id == box]
    return list(everyone)


def _gone(look: Look, form: lines.Form, everyone: Sequence[Baby]) -> list[Baby]:
    in_care = {one.id for one in everyone}
    missing = [one for one in _shown_ids(form) if one not in in_care]
    rows = look.session.scalars(select(Animal).where(Animal.id.in_(missing))).all()
    return babies.as_listed(look, rows, {})


def _shown_ids(form: lines.Form) -> list[int]:
    """The animals that the form has lines for."""
    named = form.getlist("shown") or form.getlist("animal")
    return [_number(one) for one in named if _number(one)]


def _groups(everyone: Sequence[Baby], chosen: Sequence[Baby]) -> list[tuple[str, str, bool]]:
    """Whom else the form could be for: box id ("" for all), words, whether it is that one now."""
    now_shown = {one.id for one in chosen}
    boxes = {one.box_id: one.box_name for one in everyone if one.box_id}
    groups = [("", f"All {len(everyone)}", {one.id for one in everyone})]
    groups += [
        (box, name or box, {one.id for one in everyone if one.box_id == box})
        for box, name in boxes.items()
    ]
    return [(box, words, now_shown == inside) for box, words, inside in groups]


def _one_box(chosen: Sequence[Baby]) -> tuple[str, str] | None:
    """Id and name of the box, where all of them live in one."""
    boxes = {(one.box_id, one.box_name or one.box_id) for one in chosen}
    [first, *others] = boxes
    return (first[0], first[1] or "") if first[0] and not others else None


def _of(name: str, animal_id: int) -> str:
    return request.form.get(f"{name}-{animal_id}", "")


def _number(text: str) -> int:
    """An id as forms send it; 0, which nothing has, when it is none."""
    return int(text) if text.isdecimal() and len(text) < 19 else 0


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
        return f", {minutes} min ago"
    return "" if request.form.get("at") else ", just now"


def _named(ids: Sequence[int]) -> Mapping[int, str]:
    with looking() as look:
        rows = look.session.execute(select(Animal.id, Animal.name).where(Animal.id.in_(ids)))
        names = dict(iter(rows))
    return {one: names[one] for one in ids}


def _names(ids: Sequence[int]) -> str:
    names = list(_named(ids).values())
    return " and ".join(names) if len(names) <= NAMED else f"{len(names)} babies"


def _back(form: lines.Form) -> str:
    return form.get("back") or "/"


def _formulas(look: Look) -> list[Formula]:
    query = select(Formula).where(Formula.undone_at.is_(None)).order_by(Formula.name)
    return list(look.session.scalars(query))
