"""Animals: who they are, where they live, and the newest of what is known of them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from flask import Response
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.messages import BOX_PATTERN, Amount, Moment, Whole
from web import journal
from web.api.access import blueprint, database
from web.api.paging import NURSERY, Id, IdPath, Query, cut, json, same
from web.api.problems import described, problem
from web.api.writing import REFUSALS, Body, Key, Sure, WriteAnswer, write
from web.nursery import is_demo
from web.records import Animal, Companionship, Feed, Photo, Stay, Weight

Status = Literal["in_care", "with_mother", "adopted", "died", "gone"]
Newest = TypeVar("Newest", Feed, Weight, Photo)
BoxId = Annotated[str, Field(pattern=BOX_PATTERN)]


class AnimalsQuery(Query):
    """Which animals, by id."""

    status: Status | None = None
    species: Literal["kitten", "puppy"] | None = None
    litter: str | None = Field(default=None, max_length=60)
    box: BoxId | None = Field(default=None, description="that live there now")
    limit: int = Field(default=500, ge=1, le=500)
    cursor: str | None = Field(
        default=None, pattern=r"^[0-9]{1,9}$", description="`next` of the page before"
    )


class AnimalFacts(Body):
    """Facts of an animal; null makes one unknown again."""

    name: str | None = None
    species: Literal["kitten", "puppy"] | None = None
    sex: Literal["female", "male"] | None = None
    born_on: date | None = None
    born_estimated: bool | None = None
    born_signs: str | None = Field(default=None, description="what the estimate rests on")
    age_days: Whole | None = Field(default=None, description="instead of a birth date")
    age_signs: dict[str, str] | None = Field(
        default=None, description='instead of a birth date: `{"eyes": "opening"}`; cord, ears, ...'
    )
    intake_on: date | None = None
    litter: str | None = None
    runt: bool | None = None
    mother: Literal["present", "available", "none"] | None = None
    mother_name: str | None = None
    status: Status | None = None
    left_on: date | None = None
    in_quarantine: bool | None = None
    exposed: bool | None = Field(default=None, description="was near a sick animal lately")
    parasites: Literal["clear", "treated", "present"] | None = None
    vaccinated: bool | None = None
    temperament: Literal["calm", "rough"] | None = None
    suckles_others: bool | None = None
    keep_apart: bool | None = None
    plan_interval_min: Whole | None = Field(default=None, description="its own plan, in minutes")
    plan_volume_ml: Amount | None = None
    formula_id: Id | None = Field(default=None, description="the milk that it drinks")
    notes: str | None = None
    demo: bool | None = None


class NewAnimal(AnimalFacts):
    """An animal that comes; name and species are needed."""

    name: str
    species: Literal["kitten", "puppy"]
    box_id: BoxId | None = None


class Move(Body):
    """To a box, or (null) out of all boxes."""

    box_id: BoxId | None
    at: Moment | None = None


class Approval(Body):
    """A coordinator's word on company of the other species, of one animal or of both."""

    ok: bool | None
    partner_id: Id | None = None


class AnimalItem(BaseModel):
    """An animal and the newest of what is known of it."""

    id: int
    name: str
    species: str
    sex: str | None
    status: str
    left_on: date | None
    born_on: date | None
    born_estimated: bool
    born_signs: str | None
    intake_on: date | None
    litter: str | None
    runt: bool | None
    mother: str | None
    mother_name: str | None
    box: str | None
    together_with: list[int]
    in_quarantine: bool | None
    exposed: bool | None
    parasites: str | None
    vaccinated: bool | None
    temperament: str | None
    suckles_others: bool
    cross_ok: bool | None
    cross_ok_by: str | None
    cross_ok_at: Moment | None
    keep_apart: bool
    plan_interval_min: int | None
    plan_volume_ml: float | None
    formula_id: int | None
    notes: str
    photo: str | None = Field(description="where its picture is, if there is one")
    last_fed_at: Moment | None
    last_feed: str | None
    last_feed_ml: float | None
    weight_g: float | None
    weighed_at: Moment | None
    demo: bool


class AnimalPage(BaseModel):
    """Animals by id, and where to go on."""

    items: list[AnimalItem]
    next: str | None = Field(description="cursor of the next page; null on the last")


class StaysQuery(Query):
    """Which stays, newest first."""

    animal: Id | None = None
    box: BoxId | None = None
    open: bool | None = Field(default=None, description="true: those that go on")
    limit: int = Field(default=100, ge=1, le=500)
    cursor: str | None = Field(
        default=None, pattern=r"^[0-9]{1,9}$", description="`next` of the page before"
    )


class StayItem(BaseModel):
    """An animal in a box, from, to."""

    id: int
    animal_id: int
    box_id: str
    began_at: Moment
    ended_at: Moment | None


class StayPage(BaseModel):
    """Stays, newest first, and where to go on."""

    items: list[StayItem]
    next: str | None = Field(description="cursor of the next page; null on the last")


@blueprint.get("/api/v1/animals", tags=[NURSERY], summary="Animals", responses={"200": AnimalPage})
def animals(query: AnimalsQuery) -> Response:
    """Animals that match, also those that are not in care any more (see `status`)."""
    found = select(Animal).order_by(Animal.id)
    if query.status is not None:
        found = found.where(Animal.status == query.status)
    if query.species is not None:
        found = found.where(Animal.species == query.species)
    if query.litter is not None:
        found = found.where(Animal.litter == query.litter)
    if query.box is not None:
        there = select(Stay.animal_id).where(Stay.box_id == query.box, Stay.ended_at.is_(None))
        found = found.where(Animal.id.in_(there))
    if query.cursor is not None:
        found = found.where(Animal.id > int(query.cursor))
    with database().reading() as session:
        rows = list(session.scalars(found.limit(query.limit + 1)))
        page, more = cut(rows, query.limit, lambda row: str(row.id))
        items = animal_items(session, page)
    return json(AnimalPage(items=items, next=more))


@blueprint.get(
    "/api/v1/animals/<int:id>",
    tags=[NURSERY],
    summary="One animal",
    responses={"200": AnimalItem, **described(404)},
)
def animal(path: IdPath) -> Response:
    """One animal."""
    with database().reading() as session:
        found = session.get(Animal, path.id)
        if found is None:
            return problem(404, "there is no such animal")
        (item,) = animal_items(session, [found])
    return json(item)


@blueprint.post(
    "/api/v1/animals",
    tags=[NURSERY],
    summary="Take an animal in",
    responses={"201": WriteAnswer, **REFUSALS},
)
def add_animal(query: Sure, header: Key, body: NewAnimal) -> Response:
    """Into a box, if one is named."""
    given = body.given()
    box_id = given.pop("box_id", None)
    if is_demo():  # whoever is entered in it is of it: else the demo would not start again
        given["demo"] = True
    return write(
        query, header, lambda s, e: journal.add_animal(s, e, given, box_id=box_id), status=201
    )


@blueprint.patch(
    "/api/v1/animals/<int:id>",
    tags=[NURSERY],
    summary="Put facts of an animal right",
    responses={"200": WriteAnswer, **REFUSALS},
)
def edit_animal(path: IdPath, query: Sure, header: Key, body: AnimalFacts) -> Response:
    """Only those given are changed."""
    return write(
        query,
        header,
        lambda s, e: journal.edit_animal(s, e, path.id, body.given()),
        of=(Animal, path.id),
    )


@blueprint.post(
    "/api/v1/animals/<int:id>/move",
    tags=[NURSERY],
    summary="Put an animal into a box, or out of all",
    responses={"200": WriteAnswer, **REFUSALS},
)
def move(path: IdPath, query: Sure, header: Key, body: Move) -> Response:
    """The stay that goes on ends; company that stays behind ends too."""
    return write(
        query,
        header,
        lambda s, e: journal.move(s, e, path.id, body.box_id, at=body.at),
        of=(Animal, path.id),
    )


@blueprint.post(
    "/api/v1/animals/<int:id>/cross-approval",
    tags=[NURSERY],
    summary="A coordinator's word on company of the other species",
    responses={"200": WriteAnswer, **REFUSALS},
)
def approve_cross(path: IdPath, query: Sure, header: Key, body: Approval) -> Response:
    """Yes is a coordinator's own act, on the page; a token may say no or take a word back."""
    return write(
        query,
        header,
        lambda s, e: journal.approve_cross(s, e, path.id, body.ok, partner_id=body.partner_id),
        of=(Animal, path.id),
    )


@blueprint.post(
    "/api/v1/animals/<int:id>/to-mother",
    tags=[NURSERY],
    summary="Back to its mother, who is on site",
    responses={"200": WriteAnswer, **REFUSALS},
)
def to_mother(path: IdPath, query: Sure, header: Key) -> Response:
    """That she takes it and nurses is for a carer to watch."""
    return write(query, header, lambda s, e: journal.to_mother(s, e, path.id), of=(Animal, path.id))


@blueprint.get("/api/v1/stays", tags=[NURSERY], summary="Stays", responses={"200": StayPage})
def stays(query: StaysQuery) -> Response:
    """Who lived where, newest first."""
    found = select(Stay).order_by(Stay.id.desc())
    if query.animal is not None:
        found = found.where(Stay.animal_id == query.animal)
    if query.box is not None:
        found = found.where(Stay.box_id == query.box)
    if query.open is not None:
        found = found.where(Stay.ended_at.is_(None) if query.open else Stay.ended_at.is_not(None))
    if query.cursor is not None:
        found = found.where(Stay.id < int(query.cursor))
    with database().reading() as session:
        rows = list(session.scalars(found.limit(query.limit + 1)))
    page, more = cut(rows, query.limit, lambda row: str(row.id))
    return json(StayPage(items=[StayItem(**same(StayItem, row)) for row in page], next=more))


def animal_items(session: Session, page: list[Animal]) -> list[AnimalItem]:
    """Animals as the API gives them; a handful of queries, whatever their number."""
    ids = [one.id for one in page]
    at_home, pairs = living(session), _together(session)
    fed = _newest(session, Feed, ids)
    weighed = _newest(session, Weight, ids, Weight.moment.is_distinct_from("after"))
    pictured = _newest(session, Photo, ids)
    items = []
    for one in page:
        feed, weight = fed.get(one.id), weighed.get(one.id)
        item = AnimalItem(
            **same(AnimalItem, one),
            box=at_home.get(one.id),
            together_with=pairs.get(one.id, []),
            photo=f"/api/v1/animals/{one.id}/photo" if one.id in pictured else None,
            last_fed_at=feed.at if feed else None,
            last_feed=feed.how if feed else None,
            last_feed_ml=feed.amount_ml if feed else None,
            weight_g=weight.grams if weight else None,
            weighed_at=weight.at if weight else None,
        )
        items.append(item)
    return items


def living(session: Session) -> dict[int, str]:
    """Animal -> the box it lives in."""
    found = session.execute(select(Stay.animal_id, Stay.box_id).where(Stay.ended_at.is_(None)))
    return dict(iter(found))


def _together(session: Session) -> dict[int, list[int]]:
    """Animal -> with whom it has been put together."""
    found: dict[int, list[int]] = {}
    for pair in session.scalars(select(Companionship).where(Companionship.ended_at.is_(None))):
        found.setdefault(pair.animal_id, []).append(pair.partner_id)
        found.setdefault(pair.partner_id, []).append(pair.animal_id)
    return found


def _newest(session: Session, kind: type[Newest], ids: list[int], *more: Any) -> dict[int, Newest]:
    """Animal -> its newest row of this kind: one step into the index for each animal."""
    newest = (
        select(kind.id)
        .where(kind.animal_id == Animal.id, kind.undone_at.is_(None), *more)
        .order_by(kind.at.desc(), kind.id.desc())
        .limit(1)
        .correlate(Animal)
        .scalar_subquery()
    )
    rows = select(kind).where(kind.id.in_(select(newest).where(Animal.id.in_(ids))))
    return {row.animal_id: row for row in session.scalars(rows)}
