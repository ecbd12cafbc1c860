"""Animals put together, and what came of it."""

from __future__ import annotations

from typing import Literal

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy import or_, select

from monitor.messages import Moment, Whole
from web import journal
from web.api.access import blueprint, database
from web.api.animals import BoxId
from web.api.paging import CARE, Id, IdPath, Query, cut, json, same
from web.api.writing import REFUSALS, Body, Key, Sure, WriteAnswer, write
from web.records import Companionship

Outcome = Literal["passed", "failed"]


class CompanyQuery(Query):
    """Which pairings, newest first."""

    animal: Id | None = Field(default=None, description="one of the two")
    open: bool | None = Field(default=None, description="true: those that go on")
    limit: int = Field(default=100, ge=1, le=500)
    cursor: str | None = Field(
        default=None, pattern=r"^[0-9]{1,9}$", description="`next` of the page before"
    )


class CompanyItem(BaseModel):
    """Two animals put together."""

    id: int
    animal_id: int
    partner_id: int
    kind: str = Field(description="company, litter, mother")
    began_at: Moment
    ended_at: Moment | None
    watch_until: Moment | None = Field(description="a first trial: watched until then")
    outcome: str | None
    why: str | None
    by: str | None


class CompanyPage(BaseModel):
    """Pairings, newest first, and where to go on."""

    items: list[CompanyItem]
    next: str | None = Field(description="cursor of the next page; null on the last")


class CompanyBody(Body):
    """Two that come together."""

    animal_id: Id
    partner_id: Id
    box_id: BoxId | None = Field(default=None, description="the first one's, or the litter's")
    at: Moment | None = Field(default=None, description="now if not told")
    kind: Literal["company", "litter", "mother"] | None = None
    watch_min: Whole | None = Field(default=None, description="minutes of a first trial")


class OutcomeBody(Body):
    """How it went while they stay together."""

    outcome: Outcome | None
    why: str | None = None


class PartBody(Body):
    """How it went until now."""

    outcome: Outcome | None = None
    why: str | None = None
    at: Moment | None = Field(default=None, description="now if not told")


@blueprint.get(
    "/api/v1/companionships",
    tags=[CARE],
    summary="Who was put together",
    responses={"200": CompanyPage},
)
def companionships(query: CompanyQuery) -> Response:
    """Pairings that match, newest first."""
    found = select(Companionship).order_by(Companionship.id.desc())
    if query.animal is not None:
        either = or_(
            Companionship.animal_id == query.animal, Companionship.partner_id == query.animal
        )
        found = found.where(either)
    if query.open is not None:
        ended = Companionship.ended_at
        found = found.where(ended.is_(None) if query.open else ended.is_not(None))
    if query.cursor is not None:
        found = found.where(Companionship.id < int(query.cursor))
    with database().reading() as session:
        rows = list(session.scalars(found.limit(query.limit + 1)))
    page, more = cut(rows, query.limit, lambda row: str(row.id))
    items = [CompanyItem(**same(CompanyItem, row)) for row in page]
    return json(CompanyPage(items=items, next=more))


@blueprint.post(
    "/api/v1/companionships",
    tags=[CARE],
    summary="Put two animals together",
    responses={"201": WriteAnswer, **REFUSALS},
)
def put_together(query: Sure, header: Key, body: CompanyBody) -> Response:
    """A 409 tells what in their records speaks against it."""
    given = body.given()
    return write(query, header, lambda s, e: journal.put_together(s, e, **given), status=201)


@blueprint.post(
    "/api/v1/companionships/<int:id>/outcome",
    tags=[CARE],
    summary="How company goes, while they stay together",
    responses={"200": WriteAnswer, **REFUSALS},
)
def trial_outcome(path: IdPath, query: Sure, header: Key, body: OutcomeBody) -> Response:
    """The newest word holds."""
    return write(
        query,
        header,
        lambda s, e: journal.trial_outcome(s, e, path.id, body.outcome, why=body.why),
        of=(Companionship, path.id),
    )


@blueprint.post(
    "/api/v1/companionships/<int:id>/part",
    tags=[CARE],
    summary="Part two animals again",
    responses={"200": WriteAnswer, **REFUSALS},
)
def part(path: IdPath, query: Sure, header: Key, body: PartBody) -> Response:
    """Whoever moved in for it goes back to the box it came from."""
    return write(
        query,
        header,
        lambda s, e: journal.part(s, e, path.id, body.outcome, body.at, why=body.why),
        of=(Companionship, path.id),
    )
