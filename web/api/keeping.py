"""What is kept beside the feeds: milks, reminders, notes."""

from __future__ import annotations

from typing import Literal

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy import select

from monitor.messages import Amount, Moment, Whole
from web import journal
from web.api.access import blueprint, database
from web.api.animals import BoxId
from web.api.paging import CARE, Id, IdPath, LogQuery, Query, cut, json, log_page, same
from web.api.writing import REFUSALS, Body, Key, Sure, WriteAnswer, write
from web.records import Formula, Note, Reminder

Species = Literal["kitten", "puppy"]
Kind = Literal["deworming", "vaccine", "medicine", "vet", "other"]


class FormulaItem(BaseModel):
    """A milk as it is mixed."""

    id: int
    name: str
    species: str | None = Field(description="made for; null: for both")
    kcal_ml: float | None = Field(description="null: nobody has looked it up")
    by: str | None
    undone_at: Moment | None = Field(description="not used any more since")


class FormulaPage(BaseModel):
    """All milks, also those that are not used any more."""

    items: list[FormulaItem]


class FormulaBody(Body):
    """A milk that is used here."""

    name: str
    kcal_ml: Amount | None = Field(default=None, description="energy as mixed, kcal/mL")
    species: Species | None = Field(default=None, description="made for; null: for both")


class FormulaFix(Body):
    """What was wrong of a milk."""

    name: str | None = None
    kcal_ml: Amount | None = None
    species: Species | None = None


class RemindersQuery(Query):
    """Which reminders, those due first first."""

    animal: Id | None = None
    open: bool | None = Field(default=None, description="true: those not done yet")
    undone: bool = Field(default=False, description="also those that were taken back")
    limit: int = Field(default=500, ge=1, le=500)
    cursor: str | None = Field(
        default=None, pattern=r"^[0-9]{1,9}$", description="`next` of the page before"
    )


class ReminderItem(BaseModel):
    """Something to be done by a day; never a dose."""

    id: int
    animal_id: int
    kind: str
    text: str
    due_at: Moment
    every_days: int | None
    by: str | None
    done_at: Moment | None
    done_by: str | None
    undone_at: Moment | None


class ReminderPage(BaseModel):
    """Reminders by id, and where to go on."""

    items: list[ReminderItem]
    next: str | None = Field(description="cursor of the next page; null on the last")


class ReminderBody(Body):
    """To be done for each of these animals."""

    animal_ids: list[Id] = Field(max_length=100)
    kind: Kind
    due_at: str = Field(max_length=40, description="a day (its morning), or a moment")
    text: str = ""
    every_days: Whole | None = Field(default=None, description="done, it comes again after so many")


class ReminderFix(Body):
    """What was wrong of a reminder."""

    kind: Kind | None = None
    due_at: str | None = Field(default=None, max_length=40)
    text: str | None = None
    every_days: Whole | None = None


class Done(Body):
    """When it was done."""

    at: Moment | None = Field(default=None, description="now if not told")


class NotesQuery(LogQuery):
    """Which notes, newest first."""

    box: BoxId | None = None


class NoteItem(BaseModel):
    """Words on an animal, or on a box."""

    id: int
    animal_id: int | None
    box_id: str | None
    at: Moment
    text: str
    by: str | None
    undone_at: Moment | None


class NotePage(BaseModel):
    """Notes, newest first, and where to go on."""

    items: list[NoteItem]
    next: str | None = Field(description="cursor of the next page; null on the last")


class NoteBody(Body):
    """A note on an animal, or on a box: one of the two."""

    text: str
    animal_id: Id | None = None
    box_id: BoxId | None = None
    at: Moment | None = Field(default=None, description="now if not told")


class NoteFix(Body):
    """What was wrong of a note."""

    animal_id: Id | None = None
    at: Moment | None = None
    text: str | None = None


@blueprint.get("/api/v1/formulas", tags=[CARE], summary="Milks", responses={"200": FormulaPage})
def formulas() -> Response:
    """All milks by name."""
    with database().reading() as session:
        rows = session.scalars(select(Formula).order_by(Formula.name)).all()
    return json(FormulaPage(items=[FormulaItem(**same(FormulaItem, row)) for row in rows]))


@blueprint.post(
    "/api/v1/formulas",
    tags=[CARE],
    summary="A milk that is used here",
    responses={"201": WriteAnswer, **REFUSALS},
)
def add_formula(query: Sure, header: Key, body: FormulaBody) -> Response:
    """Its energy is asked once."""
    return write(
        query,
        header,
        lambda s, e: journal.add_formula(s, e, body.name, body.kcal_ml, body.species),
        status=201,
    )


@blueprint.patch(
    "/api/v1/formulas/<int:id>",
    tags=[CARE],
    summary="Put a milk right",
    responses={"200": WriteAnswer, **REFUSALS},
)
def edit_formula(path: IdPath, query: Sure, header: Key, body: FormulaFix) -> Response:
    """The volumes of all who drink it follow."""
    return write(
        query,
        header,
        lambda s, e: journal.edit_formula(s, e, path.id, body.given()),
        of=(Formula, path.id),
    )


@blueprint.delete(
    "/api/v1/formulas/<int:id>",
    tags=[CARE],
    summary="A milk is not used any more",
    responses={"200": WriteAnswer, **REFUSALS},
)
def remove_formula(path: IdPath, query: Sure, header: Key) -> Response:
    """Feeds that were given of it keep it."""
    return write(
        query,
        header,
        lambda s, e: journal.remove_formula(s, e, path.id),
        of=(Formula, path.id),
    )


@blueprint.get(
    "/api/v1/reminders", tags=[CARE], summary="Reminders", responses={"200": ReminderPage}
)
def reminders(query: RemindersQuery) -> Response:
    """Reminders that match, by id."""
    found = select(Reminder).order_by(Reminder.id)
    if query.animal is not None:
        found = found.where(Reminder.animal_id == query.animal)
    if query.open is not None:
        done = Reminder.done_at
        found = found.where(done.is_(None) if query.open else done.is_not(None))
    if not query.undone:
        found = found.where(Reminder.undone_at.is_(None))
    if query.cursor is not None:
        found = found.where(Reminder.id > int(query.cursor))
    with database().reading() as session:
        rows = list(session.scalars(found.limit(query.limit + 1)))
    page, more = cut(rows, query.limit, lambda row: str(row.id))
    items = [ReminderItem(**same(ReminderItem, row)) for row in page]
    return json(ReminderPage(items=items, next=more))


@blueprint.post(
    "/api/v1/reminders",
    tags=[CARE],
    summary="Something to be done by a day",
    responses={"201": WriteAnswer, **REFUSALS},
)
def add_reminder(query: Sure, header: Key, body: ReminderBody) -> Response:
    """A dose is refused: it stands on the vet's sheet."""
    given = body.given()
    return write(query, header, lambda s, e: journal.add_reminder(s, e, **given), status=201)


@blueprint.patch(
    "/api/v1/reminders/<int:id>",
    tags=[CARE],
    summary="Put a reminder right",
    responses={"200": WriteAnswer, **REFUSALS},
)
def correct_reminder(path: IdPath, query: Sure, header: Key, body: ReminderFix) -> Response:
    """The old values stay in its history."""
    return write(
        query,
        header,
        lambda s, e: journal.correct(s, e, "reminder", path.id, body.given()),
        of=(Reminder, path.id),
    )


@blueprint.post(
    "/api/v1/reminders/<int:id>/done",
    tags=[CARE],
    summary="Done",
    responses={"200": WriteAnswer, **REFUSALS},
)
def reminder_done(path: IdPath, query: Sure, header: Key, body: Done) -> Response:
    """The next one is written if it comes again; `ids` holds both."""
    return write(
        query,
        header,
        lambda s, e: journal.reminder_done(s, e, path.id, body.at),
        of=(Reminder, path.id),
    )


@blueprint.get("/api/v1/notes", tags=[CARE], summary="Notes", responses={"200": NotePage})
def notes(query: NotesQuery) -> Response:
    """Notes that match, newest first."""
    more = () if query.box is None else (Note.box_id == query.box,)
    with database().reading() as session:
        rows, following = log_page(session, Note, query, *more)
    return json(NotePage(items=[NoteItem(**same(NoteItem, row)) for row in rows], next=following))


@blueprint.post(
    "/api/v1/notes",
    tags=[CARE],
    summary="Words on an animal, or on a box",
    responses={"201": WriteAnswer, **REFUSALS},
)
def add_note(query: Sure, header: Key, body: NoteBody) -> Response:
    """One of the two."""
    return write(
        query,
        header,
        lambda s, e: journal.add_note(
            s, e, body.text, animal_id=body.animal_id, box_id=body.box_id, at=body.at
        ),
        status=201,
    )


@blueprint.patch(
    "/api/v1/notes/<int:id>",
    tags=[CARE],
    summary="Put a note right",
    responses={"200": WriteAnswer, **REFUSALS},
)
def correct_note(path: IdPath, query: Sure, header: Key, body: NoteFix) -> Response:
    """The old values stay in its history."""
    return write(
        query,
        header,
        lambda s, e: journal.correct(s, e, "note", path.id, body.given()),
        of=(Note, path.id),
    )
