"""What each box has learned from reviews: undone and redone by a tap, and given away if allowed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from sqlalchemy import select
from werkzeug.wrappers import Response

from monitor.messages import LearnedVersion, LearningMessage, Tolerance
from web import changes
from web.learning import Value, wish
from web.learning_export import exportable, write_export
from web.nursery import Look, entry, looking, now, reading, writing
from web.pages.babies import box_names
from web.pages.taps import answered
from web.records import Audit, Box, BoxLearning, Wish

bp = Blueprint("learning", __name__, url_prefix="/learning")

TOLERANCES = {
    Tolerance.AS_MADE: "As it was made",
    Tolerance.SEVERAL: "A few a night",
    Tolerance.ONE_A_NIGHT: "About one a night",
    Tolerance.HARDLY_ANY: "Hardly any: one a week, and faint cries may be missed",
}


@dataclass(frozen=True)
class BoxView:
    """What one box has learned, as the page shows it."""

    id: str
    name: str
    said: LearningMessage | None  # None: its listener has not told yet
    waiting: int  # wishes that it has not answered
    last: Wish | None  # of the last tap that it has answered

    @property
    def headline(self) -> str:
        """By what it goes."""
        if self.said is None:
            return "No word yet from a listener here"
        if not self.said.version:
            return "Hears as it was made"
        return f"Goes by what you taught it (version {self.said.version})"

    @property
    def newest(self) -> LearnedVersion | None:
        """What it has learned last."""
        return self.said.versions[0] if self.said and self.said.versions else None

    @property
    def can_go_on(self) -> bool:
        """Whether it holds to something older than what it could go by."""
        return self.said is not None and not self.said.on


@bp.get("")
def learning() -> str:
    """What each box has learned, from what, and how to take it back."""
    with looking() as look:
        return render_template(
            "learning.html",
            **how_it_stands(look),
            exportable=exportable(look.session),
            change=changes.newest(look.session),
            live_page="learning",
        )


def how_it_stands(look: Look) -> dict[str, Any]:
    """What the live part of the page shows."""
    session = look.session
    said = {row.box_id: row.said for row in session.scalars(select(BoxLearning))}
    wishes: dict[str, list[Wish]] = {}
    for one in session.scalars(select(Wish).order_by(Wish.id)):
        wishes.setdefault(one.box_id, []).append(one)
    views = []
    for box_id, name in box_names(look).items():
        mine = wishes.get(box_id, [])
        taps = [one for one in mine if one.what != "review" and one.answered_at]
        told = LearningMessage.model_validate(said[box_id]) if box_id in said else None
        waiting = sum(one.answered_at is None for one in mine)
        views.append(BoxView(box_id, name, told, waiting, taps[-1] if taps else None))
    return {"boxes": views, "tolerances": TOLERANCES}


@bp.post("/<box_id>/use")
def use(box_id: str) -> Response:
    """Go by a version, by none (0), or by whatever is learned (`on`)."""
    version = request.form.get("version", "")
    if version == "on":
        return _ask(box_id, "learning", True, "It will go by what it has learned")
    if not version.isdecimal() or len(version) > 6:
        abort(400)
    number = int(version)
    text = f"It will go by version {number}" if number else "It will hear as it was made"
    return _ask(box_id, "learning", number or False, text)


@bp.post("/<box_id>/false-alarms")
def false_alarms(box_id: str) -> Response:
    """How many false alarms are all right."""
    try:
        tolerance = Tolerance(request.form.get("tolerance", ""))
    except ValueError:
        abort(400)
    words = TOLERANCES[tolerance]
    return _ask(box_id, "false_alarms", tolerance.value, f"{words}: it will be told")


@bp.post("/export")
def export() -> Response:
    """Reviewed sounds as a ZIP, where a carer consents in so many words."""
    if request.form.get("consent") != "yes":
        message = {"text": "Nothing is written without your consent: tick the box", "wrong": True}
        flash(message)  # type: ignore[arg-type]  # any JSON lives in the session
        return redirect(url_for("learning.learning"), 303)
    who = entry()
    with reading() as session:
        packed, count = write_export(session)
    with writing() as session:
        session.add(Audit(at=who.now, by=who.by, action="reviews exported", subject=str(count)))
    return send_file(
        packed,
        mimetype="application/zip",
        as_attachment=True,
        download_name=f"nursery-reviews-{who.today.isoformat()}.zip",
    )


def _ask(box_id: str, what: str, value: Value, text: str) -> Response:
    who = entry()
    with writing() as session:
        if session.get(Box, box_id) is None:
            abort(404)
        wish(session, box_id, what, value, now(), who.by)
        details = {"value": json.dumps(value)}
        audit = Audit(at=who.now, by=who.by, action=f"{what} asked", subject=box_id)
        audit.details = details
        session.add(audit)
        changes.append(session, who.now, "box", box_id, box_id)
    return answered({"text": text})
