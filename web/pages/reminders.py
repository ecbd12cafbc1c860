"""Reminders: deworming, vaccines, medicines, the vet: what and when, never how much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, abort, render_template, request, url_for
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from web import journal
from web.journal import Entry, Written
from web.nursery import Look, looking
from web.pages import babies, lines
from web.pages.taps import our_path, tap
from web.records import Animal, Reminder

bp = Blueprint("reminders", __name__, url_prefix="/reminders")

AHEAD = timedelta(hours=12)  # what comes so soon is shown beside what is due
DONE_SHOWN = 20

KINDS = {
    "deworming": "Deworming",
    "vaccine": "Vaccine",
    "medicine": "Medicine",
    "vet": "Vet",
    "other": "Something else",
}
EVERY = {
    "": "Once",
    "1": "Every day",
    "7": "Every week",
    "14": "Every 2 weeks",
    "28": "Every 4 weeks",
}

Page = Any


@dataclass(frozen=True)
class Remind:
    """One thing to be done."""

    row: Reminder
    name: str
    late: bool

    @property
    def words(self) -> str:
        """`Deworming`, or with what was written to it."""
        kind = KINDS.get(self.row.kind, self.row.kind)
        if self.row.kind == "other" and self.row.text:
            return self.row.text
        return f"{kind}: {self.row.text}" if self.row.text else kind


def due(look: Look) -> list[Remind]:
    """What is due or will be soon, of all in care; the longest due first."""
    return _read(look, _open().where(Reminder.due_at <= look.now + AHEAD))


def open_of(look: Look, animal_id: int) -> list[Remind]:
    """All that is to be done for one animal, the next first."""
    return _read(look, _open(in_care=False).where(Reminder.animal_id == animal_id))


def _open(*, in_care: bool = True) -> Select[Reminder, str]:
    query = (
        select(Reminder, Animal.name)
        .join(Animal, Animal.id == Reminder.animal_id)
        .where(Reminder.done_at.is_(None), Reminder.undone_at.is_(None))
        .order_by(Reminder.due_at, Reminder.id)
    )
    return query.where(Animal.status == "in_care") if in_care else query


def _read(look: Look, query: Select[Reminder, str]) -> list[Remind]:
    rows = look.session.execute(query)
    return [Remind(row, name, row.due_at <= look.now) for row, name in rows]


@bp.get("")
def reminders() -> Page:
    """All that is to be done, and what was done lately."""
    with looking() as look:
        done = (
            select(Reminder, Animal.name)
            .join(Animal, Animal.id == Reminder.animal_id)
            .where(Reminder.done_at.is_not(None), Reminder.undone_at.is_(None))
            .order_by(Reminder.done_at.desc(), Reminder.id.desc())
            .limit(DONE_SHOWN)
        )
        return render_template(
            "reminders.html", reminders=_read(look, _open()), done=_read(look, done)
        )


@bp.get("/new")
def new() -> Page:
    """The form."""
    return _form(lines.Tried())


@bp.post("/new")
def add() -> Page:
    """To be done for one baby or several."""

    def write(session: Session, who: Entry) -> list[Written]:
        form = request.form
        written = journal.add_reminder(
            session,
            who,
            lines.ticked(form),
            form.get("kind"),
            form.get("due_at"),
            form.get("text"),
            form.get("every_days"),
        )
        return [written]

    tried = lines.write_form(write)
    if tried.errors:
        return _form(tried)
    return lines.done("Will be remembered", tried.undo_ids)


def _form(tried: lines.Tried) -> Page:
    form = request.form if request.method == "POST" else request.args
    with looking() as look:
        page = render_template(
            "reminder_form.html",
            babies=babies.babies(look),
            chosen=form.getlist("animal"),
            form=form,
            tried=tried,
            kinds=KINDS,
            every=EVERY,
            days=_days(look),
            new_key=lines.new_key,
            sure_word=lines.sure_word,
            back=our_path(form.get("back", "")) or url_for("reminders.reminders"),
        )
    return page, 422 if tried.errors else 200


def _days(look: Look) -> list[tuple[str, str]]:
    """Days that are often meant: ISO date, words."""
    today = look.now.astimezone(look.settings.house.zone).date()
    ahead = ((0, "Today"), (1, "Tomorrow"), (7, "In a week"), (14, "In 2 weeks"))
    return [((today + timedelta(days=days)).isoformat(), words) for days, words in ahead]


@bp.post("/<int:reminder_id>/done")
def done(reminder_id: int) -> Page:
    """Done; if it comes again, the next one is written."""

    def write(session: Session, who: Entry) -> tuple[list[Written], str]:
        written = journal.reminder_done(session, who, reminder_id)
        again = session.get(Reminder, written.ids[-1]) if len(written.ids) > 1 else None
        text = f"Done. Again {_day(again.due_at, who)}" if again else "Done"
        return [written], text

    return tap(write)


@bp.post("/<int:reminder_id>/remove")
def remove(reminder_id: int) -> Page:
    """Not to be done after all."""

    def write(session: Session, who: Entry) -> tuple[list[Written], str]:
        if session.get(Reminder, reminder_id) is None:
            abort(404)
        return [journal.remove(session, who, "reminder", reminder_id)], "Taken off the list"

    return tap(write)


def _day(moment: datetime, who: Entry) -> str:
    local = moment.astimezone(who.zone)
    return f"on {local:%A} {local.day} {local:%B}"
