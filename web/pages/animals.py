"""Babies: who is in care, what is known of each, its photo, its diary."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, current_app, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from web import changes, growing, journal, plan
from web.journal import Entry, Written
from web.nursery import Look, looking, reading
from web.pages import babies, diary, lines, reminders, weight_chart
from web.pages.taps import tap
from web.records import Animal, Formula, Photo

bp = Blueprint("animals", __name__, url_prefix="/babies")

LEFT_SHOWN = 40  # of those no longer in care
# A phone's own picture, where no script makes it smaller first: refused by what it is, not by a
# broken connection.
MOST_UPLOAD_BYTES = 16 * 1024 * 1024

STATUSES = {
    "in_care": "In your care",
    "with_mother": "Back with its mother",
    "adopted": "Adopted",
    "died": "Died",
    "gone": "Moved on",
}

Page = Any


@bp.url_value_preprocessor
def _room_for_a_photo(endpoint: str | None, values: object) -> None:  # noqa: ARG001
    """Before anybody reads the form."""
    if endpoint == "animals.take_photo":
        request.max_content_length = MOST_UPLOAD_BYTES


@bp.get("")
def animals() -> str:
    """All in care, what is to be done for them, and those who have left."""
    with looking() as look:
        away = select(Animal).where(Animal.status != "in_care")
        return render_template(
            "animals.html",
            babies=babies.babies(look),
            due=reminders.due(look),
            left=look.session.scalars(
                away.order_by(Animal.left_on.desc(), Animal.id.desc()).limit(LEFT_SHOWN)
            ).all(),
            left_count=look.session.scalar(select(func.count()).select_from(away.subquery())),
            statuses=STATUSES,
            change=changes.newest(look.session),
            live_page="animals",
        )


@bp.get("/<int:animal_id>")
def animal(animal_id: int) -> Page:
    """One baby."""
    with looking() as look:
        row = look.session.get(Animal, animal_id) or abort(404)
        return render_template(
            "animal.html",
            **shown(look, row),
            change=changes.newest(look.session),
            live_page=f"animal/{animal_id}",
        )


@bp.get("/<int:animal_id>/diary")
def older(animal_id: int) -> Page:
    """What was noted of it earlier."""
    with looking() as look:
        row = look.session.get(Animal, animal_id) or abort(404)
        return render_template(
            "animal_diary.html",
            animal=row,
            diary=diary.diary(look.session, animal_id, _moment(request.args.get("before")), 60),
        )


def shown(look: Look, row: Animal) -> dict[str, Any]:
    """What a baby's page shows, for its templates."""
    session, house = look.session, look.settings.house
    in_care = row.status == "in_care"
    grown = growing.of(session, row, house, look.now)
    return {
        "animal": row,
        "baby": babies.baby(look, row, babies.box_names(look)),
        "planned": plan.plan(session, house, look.now).of(row.id) if in_care else None,
        "growing": grown,
        "chart": weight_chart.chart(grown, look.now, house.zone),
        "diary": diary.diary(session, row.id),
        "reminders": reminders.open_of(look, row.id),
        "milk": session.get(Formula, row.formula_id) if row.formula_id else None,
        "statuses": STATUSES,
        "vet_phone": house.vet_phone,
        "urgent_text": house.urgent_text,
    }


@bp.get("/<int:animal_id>/photo/<int:photo_id>")
def photo(animal_id: int, photo_id: int) -> Response:
    """Its face; another photo has another address, so that phones may keep it."""
    with reading() as session:
        found = session.get(Photo, photo_id)
        if found is None or found.animal_id != animal_id or found.undone_at is not None:
            abort(404)
        answer = current_app.response_class(found.image, mimetype=found.content_type)
    answer.headers["Cache-Control"] = "private, max-age=31536000, immutable"
    return answer


@bp.post("/<int:animal_id>/photo")
def take_photo(animal_id: int) -> Page:
    """A new photo, or none any more."""

    def write(session: Session, who: Entry) -> list[Written]:
        if "remove" in request.form:
            return [journal.remove_photo(session, who, animal_id)]
        sent = request.files.get("photo")
        return [journal.set_photo(session, who, animal_id, sent.read() if sent else b"")]

    tried = lines.write_form(write)
    page = url_for("animals.animal", animal_id=animal_id)
    if tried.errors:
        [why] = tried.errors.values()
        lines.say(f"Not kept: the picture {why[0].lower()}{why[1:]}")
        return lines.leave(page)
    words = "Photo taken away" if "remove" in request.form else "Photo kept"
    return lines.done(words, tried.undo_ids, page)


@bp.post("/<int:animal_id>/runt")
def runt(animal_id: int) -> Page:
    """Whether it is its litter's runt, asked where it is that light."""

    def write(session: Session, who: Entry) -> tuple[list[Written], str]:
        word = request.form.get("runt")
        return [journal.edit_animal(session, who, animal_id, {"runt": word})], "Noted"

    return tap(write)


@bp.post("/<int:animal_id>/approval")
def approve(animal_id: int) -> Page:
    """The coordinator's word on company of the other species."""

    def write(session: Session, who: Entry) -> tuple[list[Written], str]:
        word = request.form.get("ok")
        return [journal.approve_cross(session, who, animal_id, word)], "Noted, with your name"

    return tap(write)


def _moment(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        abort(404)
    return found if found is None or found.tzinfo else abort(404)
