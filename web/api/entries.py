"""What was entered, by whom: to be read, taken back, or struck out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from flask import Response
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field
from sqlalchemy import select

from monitor.messages import Moment
from web import journal
from web.api.access import blueprint, database
from web.api.cursors import cursor
from web.api.paging import Asked, Cursor, Id, IdPath, Query, before, cut, json
from web.api.problems import described, problem
from web.api.writing import REFUSALS, Body, Key, Sure, WriteAnswer, write
from web.journal.corrections import KINDS
from web.records import Audit

ENTRIES = Tag(name="entries")
# Where each kind of record lives, and whether it can be struck out.
PLACES: Mapping[str, str] = {
    "feed": "feeds",
    "weight": "weights",
    "check": "checks",
    "note": "notes",
    "reminder": "reminders",
    "animal": "animals",
    "formula": "formulas",
}
REMOVED = ("feed", "weight", "check", "note", "reminder")


class EntriesQuery(Query):
    """Which entries, newest first."""

    since: Asked | None = Field(default=None, description="written at or after")
    until: Asked | None = Field(default=None, description="written before")
    subject: str | None = Field(default=None, max_length=80, description="`feed 7`")
    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor | None = Field(default=None, description="`next` of the page before")


class EntryItem(BaseModel):
    """Who did what."""

    id: int = Field(description="the `undo_id`, where it can be taken back")
    at: Moment
    by: str | None
    action: str
    subject: str
    details: dict[str, Any] | None
    undoable: bool
    undone_at: Moment | None


class EntryPage(BaseModel):
    """Entries, newest first, and where to go on."""

    items: list[EntryItem]
    next: str | None = Field(description="cursor of the next page; null on the last")


class UndoBody(Body):
    """The entry to be taken back."""

    undo_id: Id


class ChangeItem(BaseModel):
    """One change of a record: the columns that changed, before and after."""

    at: Moment
    by: str | None
    action: str
    before: dict[str, Any]
    after: dict[str, Any]
    undo_id: int
    taken_back_at: Moment | None
    sure_of: list[str] = Field(description="doubts that somebody knew better")


class History(BaseModel):
    """How a record came to be what it is, oldest first; empty when it was never changed."""

    items: list[ChangeItem]


@blueprint.get(
    "/api/v1/entries", tags=[ENTRIES], summary="Who did what", responses={"200": EntryPage}
)
def entries(query: EntriesQuery) -> Response:
    """Entries that match, newest first."""
    found = select(Audit).order_by(Audit.at.desc(), Audit.id.desc())
    if query.since is not None:
        found = found.where(Audit.at >= query.since)
    if query.until is not None:
        found = found.where(Audit.at < query.until)
    if query.subject is not None:
        found = found.where(Audit.subject == query.subject)
    if query.cursor is not None:
        found = found.where(before(Audit.at, Audit.id, query.cursor))
    with database().reading() as session:
        rows = list(session.scalars(found.limit(query.limit + 1)))
    page, more = cut(rows, query.limit, lambda row: cursor(row.at, str(row.id)))
    return json(EntryPage(items=[_entry_item(row) for row in page], next=more))


@blueprint.post(
    "/api/v1/undo",
    tags=[ENTRIES],
    summary="Take an entry back",
    responses={"200": WriteAnswer, **REFUSALS},
)
def undo(query: Sure, header: Key, body: UndoBody) -> Response:
    """All that the entry wrote; refused when something newer builds on it."""
    return write(query, header, lambda s, e: journal.undo(s, e, body.undo_id))


def _entry_item(row: Audit) -> EntryItem:
    return EntryItem(
        id=row.id,
        at=row.at,
        by=row.by,
        action=row.action,
        subject=row.subject,
        details=row.details,
        undoable=row.undo is not None and row.undone_at is None,
        undone_at=row.undone_at,
    )


def _history_of(kind: str) -> Callable[..., Response]:
    def history(path: IdPath) -> Response:
        """Oldest first; an old value is never lost."""
        with database().reading() as session:
            if session.get(KINDS[kind], path.id) is None:
                return problem(404, f"there is no such {kind}")
            found = journal.history(session, kind, path.id)
        items = [ChangeItem.model_validate(one, from_attributes=True) for one in found]
        return json(History(items=items))

    history.__name__ = f"history_of_{kind}"
    return history


def _remove(kind: str) -> Callable[..., Response]:
    def remove(path: IdPath, query: Sure, header: Key) -> Response:
        """It stays on record as struck out, and undo brings it back."""
        return write(
            query,
            header,
            lambda s, e: journal.remove(s, e, kind, path.id),
            of=(KINDS[kind], path.id),
        )

    remove.__name__ = f"remove_{kind}"
    return remove


for _kind, _place in PLACES.items():
    blueprint.get(
        f"/api/v1/{_place}/<int:id>/history",
        tags=[ENTRIES],
        summary=f"How a record of the {_place} was changed",
        responses={"200": History, **described(404)},
    )(_history_of(_kind))
for _kind in REMOVED:
    blueprint.delete(
        f"/api/v1/{PLACES[_kind]}/<int:id>",
        tags=[ENTRIES],
        summary=f"Strike a {_kind} out, however old it is",
        responses={"200": WriteAnswer, **REFUSALS},
    )(_remove(_kind))
