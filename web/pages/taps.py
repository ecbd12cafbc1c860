"""One tap: written at once, told in a toast that takes it back. No confirmations at night."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, abort, current_app, flash, redirect, render_template, request, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web import journal
from web.journal import Doubt, Entry, EntryError, Written
from web.nursery import entry, writing
from web.pages import words
from web.pages.babies import in_box
from web.records import Animal, Box, Cry

bp = Blueprint("taps", __name__, url_prefix="/tap")


def tap(write: Callable[[Session, Entry], tuple[list[Written], str]]) -> Response:
    """Write, then show what was written: as a toast for the page's script, else on the page that
    the form came from.
    """
    try:
        with writing() as session:
            written, text = write(session, replace(entry(), sure="sure" in request.form))
        undo_ids = "-".join(str(one.undo_id) for one in written)
        return answered({"text": text, "undo": undo_ids, "back": came_from()})
    except EntryError as error:
        message: dict[str, Any] = {"text": f"Not written: {_sentence(error.message)}"}
        if isinstance(error, Doubt):  # the same again with "yes" writes it
            fields = [*request.form.items(multi=True), ("sure", "1")]
            message["again"] = [one for one in fields if one[0] != "csrf_token"]
            message["path"] = request.full_path
        return answered(message | {"wrong": True}, 422)


def _sentence(text: str) -> str:
    text = text[0].upper() + text[1:]
    return text if text.endswith((".", "?")) else f"{text}."


def answered(message: dict[str, Any], status: int = 200) -> Response:
    """The toast alone, or the page again with it."""
    if request.headers.get("X-Wants") == "toast":
        page = render_template("_toast.html", message=message)
        return current_app.response_class(page, status, {"X-Toast": "1"})
    flash(message)  # type: ignore[arg-type]  # any JSON lives in the session
    return redirect(came_from(), 303)


def came_from() -> str:
    """Where to go back to: only paths of our own."""
    return our_path(request.form.get("back", "")) or url_for("home.home")


def our_path(text: str) -> str:
    """A path of our own pages; empty where it would lead elsewhere."""
    ours = text.startswith("/") and not text.startswith(("//", "/\\"))
    return text if ours else ""


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
    value = request.form.get("value", "")
    if value not in words.SENSITIVITIES:
        abort(400)
    with writing() as session:
        if session.get(Box, box_id) is None:
            abort(404)
        journal.set_sensitivity(session, entry(), box_id, value)
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
