"""What may help at a box: the suggestions, the scenario behind them, answers and outcomes."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response, jsonify
from pydantic import BaseModel, Field
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from monitor.messages import BOX_PATTERN, CRY_PATTERN, CryId, Moment, SuggestionItem
from web import journal, suggesting
from web.api.access import blueprint, database, now, settings
from web.api.animals import BoxId
from web.api.cursors import cursor
from web.api.minutes import BoxPath
from web.api.paging import CARE, Asked, Cursor, IdPath, Query, before, cut, json
from web.api.problems import described, problem
from web.api.writing import REFUSALS, Body, Key, Sure, WriteAnswer, write
from web.care.scenario import plain_scenario
from web.journal import Entry, EntryError, Written
from web.records import Box, Suggestion

Outcome = Literal["done", "dismissed"]
Why = Literal["not_now", "did_not_help", "wrong"]


class Suggested(BaseModel):
    """What may help at a box now, highest first."""

    at: Moment
    box_id: str
    cry_id: str | None = Field(description="the open cry; null: it is quiet")
    who: list[str] = Field(description="ids of those that may be crying")
    suggestions: list[SuggestionItem]
    unknown: list[str] = Field(description="what would be good to know: keys of `answers`")
    names: dict[str, str] = Field(description="id -> name")
    notes: list[str] = Field(description="what was left out, and why")


class SuggestionsQuery(Query):
    """Which suggestions, those shown last first."""

    box: BoxId | None = None
    cry: str | None = Field(default=None, pattern=CRY_PATTERN)
    since: Asked | None = Field(default=None, description="shown at or after")
    until: Asked | None = Field(default=None, description="shown before")
    limit: int = Field(default=100, ge=1, le=500)
    cursor: Cursor | None = Field(default=None, description="`next` of the page before")


class ShownItem(SuggestionItem):
    """A suggestion as it was shown, and what a carer did with it."""

    id: int
    box_id: str
    cry_id: str | None
    shown_at: Moment
    outcome: str | None
    why: str | None
    outcome_at: Moment | None
    by: str | None


class ShownPage(BaseModel):
    """Suggestions, those shown last first, and where to go on."""

    items: list[ShownItem]
    next: str | None = Field(description="cursor of the next page; null on the last")


class OutcomeBody(Body):
    """Done, dismissed, or (null) open again."""

    outcome: Outcome | None
    why: Why | None = None


class CodePath(BaseModel):
    """Names what is suggested at a box now."""

    box_id: str = Field(pattern=BOX_PATTERN)
    code: str = Field(pattern=r"^[A-Z_]{1,50}$")


class AnswerBody(Body):
    """The answer to one unknown."""

    key: str = Field(max_length=60, description="of `unknown`: `7.fed`, `box.temp_c`")
    value: Any = Field(
        description="fed and toilet: minutes ago; red_flags: those seen; weight_g and growth: g now"
    )
    cry_id: CryId | None = Field(default=None, description="for questions about the cry")


@blueprint.get(
    "/api/v1/boxes/<string:box_id>/suggestions",
    tags=[CARE],
    summary="What may help at a box now",
    responses={"200": Suggested, **described(404)},
)
def suggested(path: BoxPath) -> Response:
    """Whether it cries or not."""
    with database().reading() as session:
        if session.get(Box, path.box_id) is None:
            return problem(404, "there is no such box")
        advice = suggesting.advise(session, settings(), path.box_id, now())
    return json(
        Suggested(
            at=advice.at,
            box_id=advice.box.id,
            cry_id=advice.cry.id if advice.cry else None,
            who=list(advice.result.who),
            suggestions=list(advice.items),
            unknown=list(advice.result.unknown),
            names=advice.names,
            notes=advice.notes,
        )
    )


@blueprint.get(
    "/api/v1/boxes/<string:box_id>/scenario",
    tags=[CARE],
    summary="The scenario that the suggestions of a box are made from",
    responses={"200": {"description": "a scenario file"}, **described(404)},
)
def scenario(path: BoxPath) -> Response:
    """`nursery-monitor suggest FILE` gives the same suggestions again."""
    with database().reading() as session:
        if session.get(Box, path.box_id) is None:
            return problem(404, "there is no such box")
        advice = suggesting.advise(session, settings(), path.box_id, now())
    return jsonify(plain_scenario(advice.scenario))


@blueprint.post(
    "/api/v1/boxes/<string:box_id>/answers",
    tags=[CARE],
    summary="Answer something that the suggestions do not know",
    responses={"201": WriteAnswer, **REFUSALS},
)
def answer(path: BoxPath, query: Sure, header: Key, body: AnswerBody) -> Response:
    """It is written where it belongs, and the suggestions follow."""

    def change(session: Session, entry: Entry) -> Written:
        told = body.key, body.value
        try:
            return journal.answer(session, entry, *told, box_id=path.box_id, cry_id=body.cry_id)
        except EntryError as error:
            if error.field not in AnswerBody.model_fields:
                error.field = "value"  # which the journal calls by the fact's own name
            raise

    return write(query, header, change, of=(Box, path.box_id), status=201)


@blueprint.post(
    "/api/v1/boxes/<string:box_id>/suggestions/<string:code>",
    tags=[CARE],
    summary="Say what became of something that is suggested now",
    responses={"200": WriteAnswer, **REFUSALS},
)
def answer_code(path: CodePath, query: Sure, header: Key, body: OutcomeBody) -> Response:
    """Also where it is quiet; what was done (a feed, company) is written by its own request."""

    def change(session: Session, entry: Entry) -> Written:
        advice = suggesting.advise(session, settings(), path.box_id, entry.now)
        row = suggesting.row_of(session, advice, path.code)
        if row is None:
            raise EntryError("code", "is not suggested here now")
        return journal.suggestion_answered(session, entry, row.id, body.outcome, body.why)

    return write(query, header, change, of=(Box, path.box_id))


@blueprint.get(
    "/api/v1/suggestions",
    tags=[CARE],
    summary="What was suggested",
    responses={"200": ShownPage},
)
def suggestions(query: SuggestionsQuery) -> Response:
    """Suggestions that match, those shown last first."""
    with database().reading() as session:
        rows = list(session.scalars(_matching(query).limit(query.limit + 1)))
    page, more = cut(rows, query.limit, lambda row: cursor(row.shown_at, str(row.id)))
    items = [
        ShownItem(
            **row.advice,
            id=row.id,
            box_id=row.box_id,
            cry_id=row.cry_id,
            shown_at=row.shown_at,
            outcome=row.outcome,
            why=row.why,
            outcome_at=row.outcome_at,
            by=row.by,
        )
        for row in page
    ]
    return json(ShownPage(items=items, next=more))


@blueprint.patch(
    "/api/v1/suggestions/<int:id>",
    tags=[CARE],
    summary="Say what became of a suggestion",
    responses={"200": WriteAnswer, **REFUSALS},
)
def answer_suggestion(path: IdPath, query: Sure, header: Key, body: OutcomeBody) -> Response:
    """Done, dismissed and why, or (null) open again."""
    return write(
        query,
        header,
        lambda s, e: journal.suggestion_answered(s, e, path.id, body.outcome, body.why),
        of=(Suggestion, path.id),
    )


def _matching(query: SuggestionsQuery) -> Select[Suggestion]:
    found = select(Suggestion).order_by(Suggestion.shown_at.desc(), Suggestion.id.desc())
    if query.box is not None:
        found = found.where(Suggestion.box_id == query.box)
    if query.cry is not None:
        found = found.where(Suggestion.cry_id == query.cry)
    if query.since is not None:
        found = found.where(Suggestion.shown_at >= query.since)
    if query.until is not None:
        found = found.where(Suggestion.shown_at < query.until)
    if query.cursor is not None:
        found = found.where(before(Suggestion.shown_at, Suggestion.id, query.cursor))
    return found
