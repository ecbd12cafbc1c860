"""The forms of `entry` as they are shown: whom they are for, what each line offers or holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import abort, render_template, url_for
from sqlalchemy import select

from web.care.signs import AMBER_SIGNS, RED_SIGNS
from web.nursery import Look, looking
from web.pages import babies, diary, lines, offers
from web.pages.babies import Baby
from web.pages.lines import Attempt, Line
from web.pages.offers import Offer
from web.pages.taps import our_path
from web.records import Animal, Formula

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
# What a line holds for one baby; all else holds for all of them.
OF_A_LINE = ("ml", "how", "before", "after", "same", "g", "came", "score")


def page(kind: str, form: lines.Form, attempt: Attempt | None = None) -> Page:
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
        shown_page = render_template(
            f"entry_{kind if kind != 'look' or len(shown) == 1 else 'well'}.html",
            kind=kind,
            kinds=KINDS,
            lines=shown,
            near=offers.near,
            groups=_groups(everyone, chosen),
            box=_one_box(chosen),
            attempt=attempt,
            form=form,
            back=our_path(form.get("back", "")) or url_for("home.home"),
            minutes_ago=MINUTES_AGO,
            formulas=[(str(one.id), one.name) for one in _formulas(look)],
            routes=diary.ROUTES,
            stool=STOOL,
            stool_short=[(str(score), str(score)) for score, _ in STOOL],
            stool_words=[(str(score), f"{score} · {words}") for score, words in STOOL],
            red_signs=RED_SIGNS,
            amber_signs=AMBER_SIGNS,
            new_key=lines.new_key,
            sure_word=lines.sure_word,
        )
        return shown_page, 422 if attempt else 200


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
    named = shown_ids(form)
    if named:
        return [one for one in everyone if one.id in named]
    if box := form.get("box"):
        return [one for one in everyone if one.box_id == box]
    return list(everyone)


def _gone(look: Look, form: lines.Form, everyone: Sequence[Baby]) -> list[Baby]:
    in_care = {one.id for one in everyone}
    missing = [one for one in shown_ids(form) if one not in in_care]
    rows = look.session.scalars(select(Animal).where(Animal.id.in_(missing))).all()
    return babies.as_listed(look, rows, {})


def shown_ids(form: lines.Form) -> list[int]:
    """The animals that the form has lines for."""
    return lines.ids_of(form, "shown") or lines.ids_of(form, "animal")


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


def _formulas(look: Look) -> list[Formula]:
    query = select(Formula).where(Formula.undone_at.is_(None)).order_by(Formula.name)
    return list(look.session.scalars(query))
