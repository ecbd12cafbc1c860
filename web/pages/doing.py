"""Taps on a card: done, put aside; why it is there; and its scenario as a file to be replayed."""

from __future__ import annotations

import json

from flask import Blueprint, Response, abort, current_app, render_template, request
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from monitor.messages import utc_text
from web import journal, suggesting
from web.care.advice import plain
from web.care.rules import Code
from web.care.scenario import plain_scenario
from web.care.sources import RANKS
from web.journal import Entry, Written
from web.nursery import looking, settings
from web.pages import acts, cards, known_facts
from web.pages.babies import box_names
from web.pages.questions import question
from web.pages.taps import tap
from web.records import Animal

bp = Blueprint("cards", __name__, url_prefix="/card")


@bp.post("/<box_id>/<code>")
def act(box_id: str, code: str) -> BaseResponse:
    """Write what was tapped on a card, and that the card is dealt with."""

    def write(session: Session, who: Entry) -> tuple[list[Written], str]:
        deed = _deed(box_id)
        dismissed = deed.do in journal.WHYS
        # First, while the card is still as it was shown.
        said = _answered(session, who, deed, code, dismissed=dismissed)
        written = [] if dismissed else acts.write(session, who, deed)
        names = _names(session, [*deed.animals, *([deed.partner] if deed.partner else [])])
        return [*said, *written], acts.SAID.get(deed.do, "Noted").format(names)

    return tap(write)


@bp.get("/<box_id>/<code>")
def why(box_id: str, code: str) -> str:
    """Why this card is there: what was known, what was not, what would change it, its source."""
    with looking() as look:
        try:
            advice = suggesting.advise(look.session, look.settings, box_id, look.now)
        except KeyError:
            abort(404)
        item = next((one for one in advice.items if one.code == code), None)
        keys = () if item is None else dict.fromkeys((*item.unknown, *advice.result.unknown))
        if item is not None and item.rank > 1:
            keys = dict.fromkeys(item.unknown)
        asked = [one for key in keys if (one := question(key, advice.names, _inside(advice)))]
        shown = [cards.card(advice, item, None, {}, asked)] if item else []
        return render_template(
            "why.html",
            box_id=box_id,
            box_name=box_names(look).get(box_id, box_id),
            card=next(iter(cards.with_turns(advice, shown)), None),
            facts=known_facts.of(advice, item) if item else (),
            rank=RANKS.get(Code(code)) if code in set(Code) else None,
            cry=advice.cry,
            notes=advice.notes,
        )


@bp.get("/<box_id>/scenario.json")
def scenario(box_id: str) -> Response:
    """What the rules were asked about this box just now, with their answer: a scenario file."""
    with looking() as look:
        try:
            advice = suggesting.advise(look.session, look.settings, box_id, look.now)
        except KeyError:
            abort(404)
    moment = utc_text(look.now)
    case = {
        "id": f"{box_id} {moment}",
        "title": f"{box_id} at {moment}",
        "covers": [],
        "input": plain_scenario(advice.scenario),
        "expect": plain(advice.result),
    }
    file = current_app.response_class(json.dumps([case], indent=1) + "\n", 200)
    file.mimetype = "application/json"
    name = f"scenario-{box_id}-{look.now:%Y%m%dT%H%M%S}.json"
    file.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    file.headers["Cache-Control"] = "no-store"
    return file


def _answered(
    session: Session, who: Entry, deed: acts.Deed, code: str, *, dismissed: bool
) -> list[Written]:
    """Note what was done with the suggestion, if it is still made."""
    try:
        advice = suggesting.advise(session, settings(), deed.box_id, who.now)
    except KeyError:
        abort(404)
    row = suggesting.row_of(session, advice, code)
    if row is None:
        return []
    outcome = "dismissed" if dismissed else "done"
    why_not = deed.do if dismissed else None
    return [journal.suggestion_answered(session, who, row.id, outcome, why_not)]


def _deed(box_id: str) -> acts.Deed:
    """The tap as the form sends it."""
    form = request.form
    amounts = {
        int(name.removeprefix("ml-")): float(value)
        for name, value in form.items()
        if name.startswith("ml-") and name.removeprefix("ml-").isdecimal() and _is_number(value)
    }
    return acts.Deed(
        do=form.get("do", ""),
        box_id=box_id,
        cry_id=form.get("cry") or None,
        animals=[int(one) for one in form.getlist("animal") if _is_id(one)],
        partner=int(form["partner"]) if _is_id(form.get("partner", "")) else None,
        amounts_ml=amounts,
    )


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) < 19


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdecimal() and len(text) < 9


def _inside(advice: suggesting.Advice) -> list[str]:
    return [one.id for one in advice.scenario.animals if one.in_box]


def _names(session: Session, ids: list[int]) -> str:
    found = (session.get(Animal, one) for one in ids)
    return " and ".join(animal.name for animal in found if animal) or "nobody"
