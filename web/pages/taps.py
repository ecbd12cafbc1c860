"""One tap: written at once, told in a toast that takes it back. No confirmations at night."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web import changes, journal
from web.journal import Entry, EntryError, Written
from web.learning import wish
from web.nursery import entry, looking, writing
from web.pages import boxes, words
from web.pages.babies import in_box
from web.records import Animal, Audit, Box, Companionship, Cry, Suggestion

bp = Blueprint("taps", __name__, url_prefix="/tap")


def tap(write: Callable[[Session, Entry], tuple[list[Written], str]]) -> Response:
    """Write, then show what was written: as a toast for the page's script, else on the page that
    the form came from.
    """
    try:
        with writing() as session:
            written, text = write(session, entry())
        undo_ids = "-".join(str(one.undo_id) for one in written)
        return answered({"text": text, "undo": undo_ids, "back": came_from()})
    except EntryError as error:
        text = error.message[0].upper() + error.message[1:]
        return answered({"text": f"Not written: {text}.", "wrong": True}, 422)


def answered(message: dict[str, Any], status: int = 200) -> Response:
    """The toast alone, or the page again with it."""
    if request.headers.get("X-Wants") == "toast":
        page = render_template("_toast.html", message=message)
        return current_app.response_class(page, status, {"X-Toast": "1"})
    flash(message)  # type: ignore[arg-type]  # any JSON lives in the session
    return redirect(came_from(), 303)


def came_from() -> str:
    """Where to go back to: only paths of our own."""
    back = request.form.get("back", "")
    ours = back.startswith("/") and not back.startswith(("//", "/\\"))
    return back if ours else url_for("home.home")


@bp.post("/fed")
def fed() -> Response:
    """All those ticked were fed, now."""

    def write(session: Session, who: Entry) -> tuple[list[Written], str]:
        ids = request.form.getlist("animal")
        written = journal.feed(session, who, map(_id, ids))
        return [written, *_settled(session, who)], f"Fed {_names(session, ids)}, just now"

    return tap(write)


@bp.get("/together")
def together() -> str:
    """Choose who comes to whom; one tap where there is little to choose."""
    with looking() as look:
        cards = boxes.box_cards(look, [request.args.get("box", "")])
        if not cards:
            abort(404)
        return render_template("together.html", card=cards[0])


@bp.post("/together")
def put_together() -> Response:
    """Two animals come into one box."""

    def write(session: Session, who: Entry) -> tuple[list[Written], str]:
        animal, partner = request.form.get("animal", ""), request.form.get("partner", "")
        box = request.form.get("box") or None
        written = journal.put_together(session, who, _id(animal), _id(partner), box_id=box)
        text = f"{_names(session, [animal, partner])} are together now"
        return [written, *_settled(session, who)], text

    return tap(write)


@bp.post("/part/<int:pairing>")
def part(pairing: int) -> Response:
    """How company went: well, and they stay; or they are parted again."""

    def write(session: Session, who: Entry) -> tuple[list[Written], str]:
        row = session.get(Companionship, pairing)
        names = _names(session, [str(row.animal_id), str(row.partner_id)] if row else [])
        if request.form.get("outcome") == "passed":
            judged = journal.trial_outcome(session, who, pairing, "passed")
            return [judged], f"{names}: it went well"
        return [journal.part(session, who, pairing, "failed")], f"{names} are apart again"

    return tap(write)


@bp.post("/stopped")
def stopped() -> Response:
    """What made a cry stop."""

    def write(session: Session, who: Entry) -> tuple[list[Written], str]:
        because, cry_id = request.form.get("because", ""), request.form.get("cry", "")
        written = [journal.cry_stopped(session, who, cry_id, because)]
        text = f"It stopped because: {words.STOPPED.get(because, because).lower()}"
        meant = _the_one_meant(session, cry_id) if because == "fed" else None
        if meant is not None and journal.feed_near(session, meant, who.now) is None:
            written.append(journal.feed(session, who, [meant]))
            text += f". {_names(session, [str(meant)])}'s feed is noted"
        return written, text

    return tap(write)


@bp.post("/answer")
def answer() -> Response:
    """One fact that the suggestions did not know."""

    def write(session: Session, who: Entry) -> tuple[list[Written], str]:
        written = journal.answer(
            session,
            who,
            request.form.get("key", ""),
            _value(),
            box_id=request.form.get("box", ""),
            cry_id=request.form.get("cry") or None,
        )
        return [written], "Noted. The suggestions follow"

    return tap(write)


@bp.post("/suggestion/<int:suggestion_id>")
def suggestion(suggestion_id: int) -> Response:
    """Done, or not now."""

    def write(session: Session, who: Entry) -> tuple[list[Written], str]:
        outcome = request.form.get("outcome", "")
        written = journal.suggestion_answered(session, who, suggestion_id, outcome)
        return [written], "Done" if outcome == "done" else "Put aside for this cry"

    return tap(write)


@bp.post("/review/<cry_id>")
def review(cry_id: str) -> Response:
    """A carer's word on what was heard: it teaches the next model."""

    def write(session: Session, who: Entry) -> tuple[list[Written], str]:
        verdict, species = request.form.get("verdict", ""), request.form.get("species") or None
        written = journal.review(session, who, cry_id, verdict, species)
        return [written], "Noted: not a cry" if verdict == "not_a_cry" else "Noted: heard right"

    return tap(write)


@bp.post("/sensitivity/<box_id>")
def sensitivity(box_id: str) -> Response:
    """How easily something counts as a cry at a box, from when its listener has been told."""
    value, who = request.form.get("value", ""), entry()
    if value not in words.SENSITIVITIES:
        abort(400)
    with writing() as session:
        if session.get(Box, box_id) is None:
            abort(404)
        wish(session, box_id, "sensitivity", value, who.now, who.by)
        session.add(Audit(at=who.now, by=who.by, action=f"sensitivity {value}", subject=box_id))
        changes.append(session, who.now, "box", box_id, box_id)
    return answered({"text": f"Sensitivity {value}: its listener is told", "back": came_from()})


@bp.post("/undo")
def undo() -> Response:
    """Take the last tap back."""
    try:
        with writing() as session:
            for undo_id in reversed(request.form.get("undo", "").split("-")):
                journal.undo(session, entry(), _id(undo_id))
        return answered({"text": "Taken back"})
    except EntryError as error:
        return answered({"text": f"Cannot be taken back: {error.message}.", "wrong": True}, 422)


def _settled(session: Session, who: Entry) -> list[Written]:
    """The suggestion that the tap followed is done with it."""
    given = _id(request.args.get("suggestion", ""))
    if session.get(Suggestion, given) is None:
        return []
    return [journal.suggestion_answered(session, who, given, "done")]


def _names(session: Session, ids: list[str]) -> str:
    found = (session.get(Animal, int(one)) for one in ids if one.isdecimal())
    return " and ".join(animal.name for animal in found if animal) or "nobody"


def _id(text: str) -> int:
    """An id as forms send it; 0, which nothing has, when it is none."""
    return int(text) if text.isdecimal() and len(text) < 19 else 0


def _value() -> Any:
    """The button's JSON, or the number that was typed."""
    if "number" in request.form:
        return request.form["number"]
    try:
        return json.loads(request.form.get("value", ""))
    except ValueError:
        raise EntryError("value", "that answer is not known here") from None


def _the_one_meant(session: Session, cry_id: str) -> int | None:
    """Whose cry it was, where only one baby can be meant."""
    cry = session.get(Cry, cry_id)
    if cry is None:
        return None
    inside = in_box(session, cry.box_id)
    return cry.source_id or (inside[0] if len(inside) == 1 else None)
