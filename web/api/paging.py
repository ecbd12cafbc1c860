"""What all lists share: ids, moments, pages, and the newest first."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from flask import Response
from flask_openapi3.models.tag import Tag
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from monitor.messages import Whole
from web.api.cursors import check_cursor, cursor, place
from web.records import Base, Feed, Note, Observation, Weight

NURSERY, CARE = Tag(name="nursery"), Tag(name="care")
LARGEST_ID = 2**31 - 1  # that both databases keep
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


def _in_range(moment: datetime) -> datetime:
    if not EARLIEST <= moment <= LATEST:
        raise ValueError("must lie between 1970 and 2200")
    return moment


Id = Annotated[Whole, Field(ge=1, le=LARGEST_ID)]
Asked = Annotated[AwareDatetime, AfterValidator(_in_range)]
Cursor = Annotated[str, Field(max_length=200), AfterValidator(check_cursor)]
Log = TypeVar("Log", Feed, Weight, Observation, Note)


class Query(BaseModel):
    """Refuses what it does not know: a slip must not list everything."""

    model_config = ConfigDict(extra="forbid")


class IdPath(BaseModel):
    """Names one record."""

    id: Id


class LogQuery(Query):
    """Which entries, newest first."""

    animal: Id | None = None
    since: Asked | None = Field(default=None, description="at or after")
    until: Asked | None = Field(default=None, description="before")
    undone: bool = Field(default=False, description="also those that were taken back")
    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor | None = Field(default=None, description="`next` of the page before")


def log_page(
    session: Session, kind: type[Log], query: LogQuery, *more: Any
) -> tuple[list[Log], str | None]:
    """A page of entries, newest first, and where to go on; `more` are further conditions."""
    found: Select[Any] = select(kind).where(*more)
    if query.animal is not None:
        found = found.where(kind.animal_id == query.animal)
    if query.since is not None:
        found = found.where(kind.at >= query.since)
    if query.until is not None:
        found = found.where(kind.at < query.until)
    if not query.undone:
        found = found.where(kind.undone_at.is_(None))
    if query.cursor is not None:
        found = found.where(before(kind.at, kind.id, query.cursor))
    found = found.order_by(kind.at.desc(), kind.id.desc()).limit(query.limit + 1)
    rows = list(session.scalars(found))
    return cut(rows, query.limit, lambda row: cursor(row.at, str(row.id)))


def before(at: Any, number: Any, text: str) -> Any:
    """The condition that a row comes after a cursor of moment and number, newest first.

    The moment alone stands first, so that both databases begin there in their index.
    """
    moment, name = place(text)
    last = min(int(name), LARGEST_ID) if name.isdecimal() else 0
    return and_(at <= moment, or_(at < moment, number < last))


def cut(rows: list[Any], limit: int, named: Any) -> tuple[list[Any], str | None]:
    """The page without the row that tells that there is more, and the cursor of the next."""
    page = rows[:limit]
    return page, named(page[-1]) if len(rows) > limit else None


def same(shape: type[BaseModel], row: Base) -> dict[str, Any]:
    """The columns of a row that the shape shows as they are."""
    columns = row.__table__.columns
    return {name: getattr(row, name) for name in shape.model_fields if name in columns}


def json(body: BaseModel) -> Response:
    """A body as a response."""
    return Response(body.model_dump_json(), content_type="application/json")
