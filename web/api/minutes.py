"""The minutes of a box: what was heard, and how long anybody listened."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy import select, tuple_

from monitor.messages import BOX_PATTERN, Moment
from web.api.access import blueprint, database
from web.api.cursors import cursor, place
from web.api.paging import LARGEST_ID, NURSERY, Asked, Cursor, json
from web.api.problems import described, problem
from web.records import Box, Minute


class BoxPath(BaseModel):
    """Names one box."""

    box_id: str = Field(pattern=BOX_PATTERN)


class MinutesQuery(BaseModel):
    """Which minutes, oldest first."""

    since: Asked | None = Field(default=None, description="that began at or after")
    until: Asked | None = Field(default=None, description="that began before")
    limit: int = Field(default=500, ge=1, le=1440)
    cursor: Cursor | None = Field(default=None, description="`next` of the page before")


class MinuteItem(BaseModel):
    """A minute; levels in dBFS of the sound from 300 to 8000 Hz, null where none was heard."""

    at: Moment = Field(description="when it began")
    clock: str
    length_s: float
    listened_s: float = Field(description="of it that a cry would have been heard")
    muted_s: float
    deaf_s: float
    reason: str | None = Field(description="why it was deaf")
    level_dbfs: float | None = Field(description="median")
    loud_dbfs: float | None = Field(description="95th percentile")
    peak_dbfs: float | None
    noise_dbfs: float | None = Field(description="10th percentile")
    score: float = Field(description="highest score of a cry, 0..1")
    threshold: float = Field(description="score from which a sound was a call")
    sensitivity: str
    near_calls: int = Field(description="sounds just under the threshold")
    lone_calls: int = Field(description="calls that were too few for a cry")
    demo: bool


class MinutePage(BaseModel):
    """Minutes, oldest first, and where to go on. A time without minutes was not listened to."""

    items: list[MinuteItem]
    next: str | None = Field(description="cursor of the next page; null on the last")


@blueprint.get(
    "/api/v1/boxes/<string:box_id>/minutes",
    tags=[NURSERY],
    summary="How a box was listened to, minute by minute",
    responses={"200": MinutePage, **described(404)},
)
def minutes(path: BoxPath, query: MinutesQuery) -> Response:
    """Minutes that match, a page at a time."""
    found = select(Minute).where(Minute.box_id == path.box_id)
    if query.since is not None:
        found = found.where(Minute.at >= query.since)
    if query.until is not None:
        found = found.where(Minute.at < query.until)
    if query.cursor is not None:
        at, name = place(query.cursor)
        run, _, number = name.partition(":")
        after = (at, run, min(int(number), LARGEST_ID) if number.isdecimal() else 0)
        found = found.where(tuple_(Minute.at, Minute.run, Minute.number) > tuple_(*after))
    found = found.order_by(Minute.at, Minute.run, Minute.number)
    with database().reading() as session:
        if session.get(Box, path.box_id) is None:
            return problem(404, "there is no such box")
        rows = list(session.scalars(found.limit(query.limit + 1)))
    page = rows[: query.limit]
    items = [
        MinuteItem(**{name: getattr(row, name) for name in MinuteItem.model_fields}) for row in page
    ]
    more = None
    if len(rows) > query.limit:
        more = cursor(page[-1].at, f"{page[-1].run}:{page[-1].number}")
    return json(MinutePage(items=items, next=more))
