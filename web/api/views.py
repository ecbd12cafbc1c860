"""The operations of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from flask import Response, current_app, jsonify
from flask_openapi3.models.tag import Tag
from flask_openapi3.openapi import OpenAPI
from pydantic import BaseModel
from sqlalchemy import Select, and_, func, or_, select
from sqlalchemy.orm import Session

from web import health, whose
from web.api.access import blueprint, database, now
from web.api.cursors import cursor, place
from web.api.problems import Responses, described, problem
from web.api.shapes import (
    AnimalItem,
    AnimalPage,
    BoxItem,
    BoxPage,
    CriesQuery,
    CryDetail,
    CryItem,
    CryPage,
    CryPath,
    Health,
    SuggestionRecord,
)
from web.database import DatabaseError
from web.presence import presence
from web.records import (
    Animal,
    Base,
    Box,
    BoxStatus,
    Call,
    Clip,
    Companionship,
    Cry,
    Feed,
    Review,
    Stay,
    Suggestion,
    Weight,
)

CRIES = Tag(name="cries")
NURSERY = Tag(name="nursery")
HEALTH = Tag(name="health")
Log = TypeVar("Log", Feed, Weight)
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
    return _json(CryPage(items=items, next=more))


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
        shown = session.scalars(
            select(Suggestion).where(Suggestion.cry_id == found.id).order_by(Suggestion.rank)
        ).all()
    detail = CryDetail(
        **item.model_dump(),
        call_times=[(call.onset_s, call.length_s) for call in calls],
        reason=found.details.get("reason"),
        arousal_evidence=found.details.get("arousal_evidence") or [],
        voice=voice.words,
        species_here=voice.species,
        unusual=[one.words for one in compared.differences]
        if compared is not None and compared.known
        else None,
        suggestions=[
            SuggestionRecord(**s.advice, shown_at=s.shown_at, outcome=s.outcome, why=s.why)
            for s in shown
        ],
    )
    return _json(detail)


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


@blueprint.get(
    "/api/v1/boxes", tags=[NURSERY], summary="Boxes, heard or not", responses={"200": BoxPage}
)
def boxes() -> Response:
    """All boxes, each with whether it is heard right now."""
    with database().reading() as session:
        rows = session.execute(
            select(Box, BoxStatus).join_from(Box, BoxStatus, isouter=True).order_by(Box.id)
        )
        living = _living(session)
        crying = {
            cry.box_id: cry.id
            for cry in session.scalars(select(Cry).where(Cry.state == "open").order_by(Cry.onset))
        }
        items = [
            _box_item(box, status, sorted(a for a, b in living.items() if b == box.id), crying)
            for box, status in rows
        ]
    return _json(BoxPage(items=items))


@blueprint.get("/api/v1/animals", tags=[NURSERY], summary="Animals", responses={"200": AnimalPage})
def animals() -> Response:
    """All animals, also those that are not in care any more (see `status`)."""
    with database().reading() as session:
        living = _living(session)
        together = _together(session)
        fed, weighed = _newest(session, Feed), _newest(session, Weight)
        items = [
            _animal_item(
                a, living.get(a.id), together.get(a.id, []), fed.get(a.id), weighed.get(a.id)
            )
            for a in session.scalars(select(Animal).order_by(Animal.id))
        ]
    return _json(AnimalPage(items=items))


@blueprint.get(
    "/healthz", tags=[HEALTH], summary="How it is", security=[], responses={"200": Health}
)
def healthz() -> tuple[Response, int]:
    """How the dashboard is; 503 when a check has failed. Open to all, and tells no secrets."""
    try:
        with database().reading() as session:
            checks = health.checks(session, now())
    except DatabaseError as error:
        current_app.logger.warning("records: %s", error)
        checks = health.unreadable("the records cannot be read; the journal says why")
    status = health.overall(checks)
    body = _json(Health(status=status, checks=checks))
    body.headers["Cache-Control"] = "no-store"
    return body, 503 if status == "failed" else 200


@blueprint.route("/api/v1/openapi.json", endpoint="openapi")
def openapi() -> Response:
    """The description of the API; open to all."""
    return jsonify(cast(OpenAPI, current_app).api_doc)


def _json(body: BaseModel) -> Response:
    return Response(body.model_dump_json(), content_type="application/json")


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
    if query.cursor is not None:
        onset, cry_id = place(query.cursor)
        found = found.where(or_(Cry.onset < onset, and_(Cry.onset == onset, Cry.id < cry_id)))
    return found


def _cry_items(session: Session, cries: list[Cry]) -> list[CryItem]:
    ids = [cry.id for cry in cries]
    clips = set(session.scalars(select(Clip.cry_id).where(Clip.cry_id.in_(ids))))
    reviews = session.scalars(select(Review).where(Review.cry_id.in_(ids)).order_by(Review.id))
    verdicts = {review.cry_id: review.verdict for review in reviews}  # the newest stays
    return [_cry_item(c, clip=c.id in clips, verdict=verdicts.get(c.id)) for c in cries]


def _cry_item(cry: Cry, *, clip: bool, verdict: str | None) -> CryItem:
    return CryItem(
        **_same(CryItem, cry),
        box=cry.box_id,
        duration_s=round((cry.offset - cry.onset).total_seconds(), 3),
        species_scores=cry.details.get("species_scores") or {},
        acoustics=cry.details.get("acoustics"),
        clip=f"/api/v1/cries/{cry.id}/clip" if clip else None,
        no_clip=cry.details.get("no_clip"),
        source=cry.source_id,
        verdict=verdict,
    )


def _box_item(
    box: Box, status: BoxStatus | None, animals: list[int], crying: Mapping[str, str]
) -> BoxItem:
    heard = presence(status, now())
    return BoxItem(
        id=box.id,
        name=box.name,
        demo=box.demo,
        state=heard.state,
        reason=heard.reason,
        detail=heard.detail,
        since=heard.since,
        heard_at=status.heard_at if status else None,
        level_dbfs=status.level_dbfs if status else None,
        noise_dbfs=status.noise_dbfs if status else None,
        level_at=status.level_at if status else None,
        open_cry=crying.get(box.id),
        animals=animals,
        temp_c=box.temp_c,
        temp_at=box.temp_at,
        health=status.health if status else None,
    )


def _animal_item(
    animal: Animal,
    box_id: str | None,
    together: list[int],
    feed: Feed | None,
    weight: Weight | None,
) -> AnimalItem:
    return AnimalItem(
        **_same(AnimalItem, animal),
        box=box_id,
        together_with=together,
        last_fed_at=feed.at if feed else None,
        last_feed=feed.how if feed else None,
        last_feed_ml=feed.amount_ml if feed else None,
        weight_g=weight.grams if weight else None,
        weighed_at=weight.at if weight else None,
    )


def _same(shape: type[BaseModel], row: Base) -> dict[str, Any]:
    """The columns of a row that the shape shows as they are."""
    columns = row.__table__.columns
    return {name: getattr(row, name) for name in shape.model_fields if name in columns}


def _living(session: Session) -> dict[int, str]:
    """Animal -> the box it lives in."""
    stays = session.scalars(select(Stay).where(Stay.ended_at.is_(None)))
    return {stay.animal_id: stay.box_id for stay in stays}


def _together(session: Session) -> dict[int, list[int]]:
    """Animal -> with whom it has been put together."""
    found: dict[int, list[int]] = {}
    for pair in session.scalars(select(Companionship).where(Companionship.ended_at.is_(None))):
        found.setdefault(pair.animal_id, []).append(pair.partner_id)
        found.setdefault(pair.partner_id, []).append(pair.animal_id)
    return found


def _newest(session: Session, kind: type[Log]) -> dict[int, Log]:
    """Animal -> its newest row of this kind."""
    holds = kind.undone_at.is_(None)
    newest = (
        select(kind.animal_id, func.max(kind.at).label("at"))
        .where(holds)
        .group_by(kind.animal_id)
        .subquery()
    )
    rows = select(kind).join(
        newest, and_(kind.animal_id == newest.c.animal_id, kind.at == newest.c.at)
    )
    return {row.animal_id: row for row in session.scalars(rows.where(holds).order_by(kind.id))}
