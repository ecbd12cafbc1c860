"""Cries: what was heard, and a carer's word on it."""

from __future__ import annotations

from typing import Literal

from flask import Response
from flask_openapi3.models.tag import Tag
from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import Session

from web import journal, whose
from web.api.access import blueprint, database
from web.api.cursors import cursor, place
from web.api.paging import Id, json, same
from web.api.problems import Responses, described, problem, unprocessable
from web.api.shapes import (
    CriesQuery,
    CryDetail,
    CryItem,
    CryPage,
    CryPath,
    ReviewItem,
    SuggestionRecord,
)
from web.api.writing import REFUSALS, Body, Key, Sure, WriteAnswer, write
from web.journal import Entry, Written
from web.records import Call, Clip, Cry, Review, Suggestion

CRIES = Tag(name="cries")
CLIPS: Responses = {"200": {"description": "FLAC", "content": {"audio/flac": {}}}}


@blueprint.get(
    "/api/v1/cries", tags=[CRIES], summary="Cries, newest first", responses={"200": CryPage}
)
def cries(query: CriesQuery) -> Response:
    """Cries that match, a page at a time."""
    with database().reading() as session:
        rows = list(session.scalars(_matching(query).limit(query.limit + 1)))
        page = rows[: query.limit]
        items = _cry_items(session, page)
    more = cursor(page[-1].onset, page[-1].id) if len(rows) > query.limit else None
    return json(CryPage(items=items, next=more))


@blueprint.get(
    "/api/v1/cries/<string:cry_id>",
    tags=[CRIES],
    summary="One cry with its calls and suggestions",
    responses={"200": CryDetail, **described(404)},
)
def cry(path: CryPath) -> Response:
    """One cry."""
    with database().reading() as session:
        found = session.get(Cry, path.cry_id)
        if found is None:
            return problem(404, "there is no such cry")
        (item,) = _cry_items(session, [found])
        calls = session.scalars(
            select(Call).where(Call.cry_id == found.id).order_by(Call.onset_s)
        ).all()
        voice, compared = whose.voice_of(session, found), whose.compared(session, found)
        said = session.scalars(
            select(Review).where(Review.cry_id == found.id).order_by(Review.id)
        ).all()
        shown = session.scalars(
            select(Suggestion).where(Suggestion.cry_id == found.id).order_by(Suggestion.rank)
        ).all()
    detail = CryDetail(
        **item.model_dump(),
        call_times=[(call.onset_s, call.length_s) for call in calls],
        reason=found.details.get("reason"),
        arousal_evidence=found.details.get("arousal_evidence") or [],
        stopped_told_by=found.stopped_told_by,
        told_unusual=found.unusual,
        voice=voice.words,
        species_here=voice.species,
        unusual=[one.words for one in compared.differences]
        if compared is not None and compared.known
        else None,
        suggestions=[
            SuggestionRecord(**s.advice, id=s.id, shown_at=s.shown_at, outcome=s.outcome, why=s.why)
            for s in shown
        ],
        reviews=[ReviewItem(**same(ReviewItem, one)) for one in said],
    )
    return json(detail)


@blueprint.get(
    "/api/v1/cries/<string:cry_id>/clip",
    tags=[CRIES],
    summary="The sound of a cry",
    responses={**CLIPS, **described(404)},
)
def clip(path: CryPath) -> Response:
    """The sound of a cry, as FLAC."""
    with database().reading() as session:
        flac = session.scalar(select(Clip.flac).where(Clip.cry_id == path.cry_id))
    if flac is None:
        return problem(404, "no sound of this cry is kept")
    return Response(flac, content_type="audio/flac")


class CryWord(Body):
    """A carer's word on a cry; what is not told stays as it is."""

    stopped_by: Literal["fed", "company", "warmth", "comfort", "by_itself", "unknown"] | None = None
    source_id: Id | None = None
    unusual: bool | None = None


class ReviewBody(Body):
    """Whether it was a cry, and whose voice."""

    verdict: Literal["right", "not_a_cry"]
    species: Literal["kitten", "puppy"] | None = None


@blueprint.patch(
    "/api/v1/cries/<string:cry_id>",
    tags=[CRIES],
    summary="What made a cry stop, whose it was, whether it was unusual",
    responses={"200": WriteAnswer, **REFUSALS},
)
def tell_of_cry(path: CryPath, query: Sure, header: Key, body: CryWord) -> Response:
    """What stopped it is one entry, who was seen another: they are sent one at a time."""
    given = body.given()

    def change(session: Session, entry: Entry) -> Written:
        if "stopped_by" in given:
            return journal.cry_stopped(session, entry, path.cry_id, given["stopped_by"])
        found = session.get_one(Cry, path.cry_id)
        seen = {"source_id": found.source_id, "unusual": found.unusual, **given}
        return journal.cry_seen(session, entry, path.cry_id, **seen)

    if not given or ("stopped_by" in given and len(given) > 1):
        return unprocessable("stopped_by", "tell either stopped_by, or source_id and unusual")
    return write(query, header, change, of=(Cry, path.cry_id))


@blueprint.post(
    "/api/v1/cries/<string:cry_id>/reviews",
    tags=[CRIES],
    summary="Right, or not a cry; the newest word holds",
    responses={"201": WriteAnswer, **REFUSALS},
)
def review_cry(path: CryPath, query: Sure, header: Key, body: ReviewBody) -> Response:
    """It teaches the next model."""
    return write(
        query,
        header,
        lambda s, e: journal.review(s, e, path.cry_id, body.verdict, body.species),
        of=(Cry, path.cry_id),
        status=201,
    )


def _matching(query: CriesQuery) -> Select[Cry]:
    found = select(Cry).order_by(Cry.onset.desc(), Cry.id.desc())
    if query.box is not None:
        found = found.where(Cry.box_id == query.box)
    if query.since is not None:
        found = found.where(Cry.onset >= query.since)
    if query.until is not None:
        found = found.where(Cry.onset < query.until)
    if query.state is not None:
        found = found.where(Cry.state == query.state)
    if query.species is not None:
        found = found.where(Cry.species == query.species)
    if query.source is not None:
        found = found.where(Cry.source_id == query.source)
    if query.cursor is not None:
        onset, cry_id = place(query.cursor)
        after = and_(Cry.onset <= onset, or_(Cry.onset < onset, Cry.id < cry_id))
        found = found.where(after)  # the onset alone first: the index begins there
    return found


def _cry_items(session: Session, cries: list[Cry]) -> list[CryItem]:
    ids = [cry.id for cry in cries]
    clips = set(session.scalars(select(Clip.cry_id).where(Clip.cry_id.in_(ids))))
    reviews = session.scalars(select(Review).where(Review.cry_id.in_(ids)).order_by(Review.id))
    verdicts = {review.cry_id: review.verdict for review in reviews}  # the newest stays
    return [_cry_item(c, clip=c.id in clips, verdict=verdicts.get(c.id)) for c in cries]


def _cry_item(cry: Cry, *, clip: bool, verdict: str | None) -> CryItem:
    return CryItem(
        **same(CryItem, cry),
        box=cry.box_id,
        duration_s=round((cry.offset - cry.onset).total_seconds(), 3),
        species_scores=cry.details.get("species_scores") or {},
        acoustics=cry.details.get("acoustics"),
        clip=f"/api/v1/cries/{cry.id}/clip" if clip else None,
        no_clip=cry.details.get("no_clip"),
        source=cry.source_id,
        verdict=verdict,
    )
