"""What was given, measured and seen: feeds, weights, checks."""

from __future__ import annotations

from typing import Any, Literal

from flask import Response
from pydantic import BaseModel, Field

from monitor.messages import Amount, Moment
from web import journal
from web.api.access import blueprint, database
from web.api.paging import CARE, Id, IdPath, LogQuery, json, log_page, same
from web.api.problems import unprocessable
from web.api.writing import REFUSALS, Body, Key, Sure, WriteAnswer, write
from web.journal.tending import FACTS
from web.records import Feed, Observation, Weight

How = Literal["full", "short", "refused"]
Route = Literal["bottle", "syringe", "tube", "bowl", "mother"]
When = Field(default=None, description="now if not told")


class FeedItem(BaseModel):
    """One feed of one animal."""

    id: int
    animal_id: int
    at: Moment
    amount_ml: float | None
    how: str
    route: str | None
    formula_id: int | None
    note: str
    by: str | None
    undone_at: Moment | None


class FeedPage(BaseModel):
    """Feeds, newest first, and where to go on."""

    items: list[FeedItem]
    next: str | None = Field(description="cursor of the next page; null on the last")


class FeedBody(Body):
    """Several fed in one go, each the same, or (`amounts_ml`) each its own."""

    animal_ids: list[Id] | None = Field(default=None, max_length=100)
    amount_ml: Amount | None = Field(default=None, description="each; null: nobody measured")
    amounts_ml: dict[Id, Amount | None] | None = Field(
        default=None, max_length=100, description="animal -> mL, instead of the two above"
    )
    how: How = "full"
    at: Moment | None = When
    route: Route | None = None
    formula_id: Id | None = Field(default=None, description="the animal's own if not told")
    note: str = ""


class BottleBody(Body):
    """A feed weighed before and after: 1 g is 1 mL."""

    animal_id: Id
    after_g: Amount
    before_g: Amount | None = Field(default=None, description="else the weight before this bottle")
    how: How = "full"
    at: Moment | None = When
    route: Route | None = None
    formula_id: Id | None = None
    note: str = ""


class RestBody(Body):
    """The rest of a feed that was given in parts."""

    amount_ml: Amount
    how: How | None = Field(default=None, description="how it went in the end")
    note: str = ""


class FeedFix(Body):
    """What was wrong of a feed."""

    animal_id: Id | None = None
    at: Moment | None = None
    amount_ml: Amount | None = None
    how: How | None = None
    route: Route | None = None
    formula_id: Id | None = None
    note: str | None = None


class WeightItem(BaseModel):
    """One weighing."""

    id: int
    animal_id: int
    at: Moment
    grams: float
    moment: str | None = Field(description="before, after a bottle; null: plain")
    feed_id: int | None
    by: str | None
    undone_at: Moment | None


class WeightPage(BaseModel):
    """Weighings, newest first, and where to go on."""

    items: list[WeightItem]
    next: str | None = Field(description="cursor of the next page; null on the last")


class WeightBody(Body):
    """Several weighed in one go."""

    grams: dict[Id, Amount] = Field(max_length=100, description="animal -> g")
    at: Moment | None = When
    moment: Literal["before", "after"] | None = Field(default=None, description="of a bottle")


class WeightFix(Body):
    """What was wrong of a weighing."""

    animal_id: Id | None = None
    at: Moment | None = None
    grams: Amount | None = None
    moment: Literal["before", "after"] | None = None


class ChecksQuery(LogQuery):
    """Which checks, newest first."""

    fact: str | None = Field(default=None, max_length=30, pattern=r"^[a-z_]+$")


class CheckItem(BaseModel):
    """One fact that was seen, felt or measured."""

    id: int
    animal_id: int
    at: Moment
    fact: str
    value: Any
    by: str | None
    undone_at: Moment | None


class CheckPage(BaseModel):
    """Checks, newest first, and where to go on."""

    items: list[CheckItem]
    next: str | None = Field(description="cursor of the next page; null on the last")


class CheckBody(Body):
    """What one look found, of one animal or of several."""

    animal_ids: list[Id] = Field(max_length=100)
    values: dict[str, Any] = Field(
        default={},
        max_length=40,
        description="fact -> value: body_feel (warm, cool, cold, hot), body_temp_c, health "
        "(ok, suspect, ill), stool_score (1..7), hungry_signs, toilet (true, urine, stool, both), "
        "toilet_tried (true: nothing came), and the signs of the checklist (true, false)",
    )
    signs: list[str] | None = Field(
        default=None,
        max_length=40,
        description="the whole checklist was gone through: these were seen, all others were not",
    )
    at: Moment | None = When


class CheckFix(Body):
    """What was wrong of a check."""

    animal_id: Id | None = None
    at: Moment | None = None
    value: Any = None


@blueprint.get("/api/v1/feeds", tags=[CARE], summary="Feeds", responses={"200": FeedPage})
def feeds(query: LogQuery) -> Response:
    """Feeds that match, newest first."""
    with database().reading() as session:
        rows, more = log_page(session, Feed, query)
    return json(FeedPage(items=[FeedItem(**same(FeedItem, row)) for row in rows], next=more))


@blueprint.post(
    "/api/v1/feeds",
    tags=[CARE],
    summary="Fed: one animal or several",
    responses={"201": WriteAnswer, **REFUSALS},
)
def add_feed(query: Sure, header: Key, body: FeedBody) -> Response:
    """A 409 with `same` tells of a feed minutes ago: add to that one, if it is the same."""
    if (body.animal_ids is None) == (body.amounts_ml is None):
        return unprocessable("animal_ids", "tell either animal_ids, or amounts_ml for each")
    amounts = body.amounts_ml or dict.fromkeys(body.animal_ids or (), body.amount_ml)
    more = {"route": body.route, "formula_id": body.formula_id, "note": body.note}
    return write(
        query,
        header,
        lambda s, e: journal.feed_each(s, e, amounts, body.how, body.at, **more),
        status=201,
        names=dict.fromkeys(("animal_ids", "amount_ml"), "amounts_ml") if body.amounts_ml else None,
    )


@blueprint.post(
    "/api/v1/feeds/by-weight",
    tags=[CARE],
    summary="Fed, and weighed before and after it",
    responses={"201": WriteAnswer, **REFUSALS},
)
def feed_by_weight(query: Sure, header: Key, body: BottleBody) -> Response:
    """What was drunk is the difference."""
    given = body.given()
    animal_id, after_g = given.pop("animal_id"), given.pop("after_g")
    return write(
        query,
        header,
        lambda s, e: journal.feed_by_weight(s, e, animal_id, after_g, **given),
        status=201,
        names={"amount_ml": "after_g", "grams": "before_g"},
    )


@blueprint.post(
    "/api/v1/feeds/<int:id>/rest",
    tags=[CARE],
    summary="The rest of a feed that is given in parts",
    responses={"200": WriteAnswer, **REFUSALS},
)
def add_to_feed(path: IdPath, query: Sure, header: Key, body: RestBody) -> Response:
    """One feed stays one entry; its amount grows."""
    return write(
        query,
        header,
        lambda s, e: journal.add_to_feed(s, e, path.id, body.amount_ml, body.how, body.note),
        of=(Feed, path.id),
    )


@blueprint.patch(
    "/api/v1/feeds/<int:id>",
    tags=[CARE],
    summary="Put a feed right",
    responses={"200": WriteAnswer, **REFUSALS},
)
def correct_feed(path: IdPath, query: Sure, header: Key, body: FeedFix) -> Response:
    """The old values stay in its history."""
    return write(
        query,
        header,
        lambda s, e: journal.correct(s, e, "feed", path.id, body.given()),
        of=(Feed, path.id),
    )


@blueprint.get("/api/v1/weights", tags=[CARE], summary="Weighings", responses={"200": WeightPage})
def weights(query: LogQuery) -> Response:
    """Weighings that match, newest first."""
    with database().reading() as session:
        rows, more = log_page(session, Weight, query)
    return json(WeightPage(items=[WeightItem(**same(WeightItem, row)) for row in rows], next=more))


@blueprint.post(
    "/api/v1/weights",
    tags=[CARE],
    summary="Weighed: one animal or several",
    responses={"201": WriteAnswer, **REFUSALS},
)
def add_weight(query: Sure, header: Key, body: WeightBody) -> Response:
    """Taken back together."""
    return write(
        query,
        header,
        lambda s, e: journal.weigh_each(s, e, body.grams, body.at, body.moment),
        status=201,
        names=dict.fromkeys(("animal_id", "animal_ids"), "grams"),
    )


@blueprint.patch(
    "/api/v1/weights/<int:id>",
    tags=[CARE],
    summary="Put a weighing right",
    responses={"200": WriteAnswer, **REFUSALS},
)
def correct_weight(path: IdPath, query: Sure, header: Key, body: WeightFix) -> Response:
    """The old values stay in its history."""
    return write(
        query,
        header,
        lambda s, e: journal.correct(s, e, "weight", path.id, body.given()),
        of=(Weight, path.id),
        names={"amount_ml": "grams"},
    )


@blueprint.get("/api/v1/checks", tags=[CARE], summary="Checks", responses={"200": CheckPage})
def checks(query: ChecksQuery) -> Response:
    """Facts that were seen, newest first."""
    more = () if query.fact is None else (Observation.fact == query.fact,)
    with database().reading() as session:
        rows, following = log_page(session, Observation, query, *more)
    items = [CheckItem(**same(CheckItem, row)) for row in rows]
    return json(CheckPage(items=items, next=following))


@blueprint.post(
    "/api/v1/checks",
    tags=[CARE],
    summary="What one look found",
    responses={"201": WriteAnswer, **REFUSALS},
)
def add_check(query: Sure, header: Key, body: CheckBody) -> Response:
    """Single facts, or the whole checklist."""

    def change(session: Any, entry: journal.Entry) -> journal.Written:
        if body.signs is None:
            return journal.observe_each(session, entry, body.animal_ids, body.values, body.at)
        return journal.checked(session, entry, body.animal_ids, body.signs, body.values, body.at)

    names = {fact: f"values.{fact}" for fact in FACTS} | {"fact": "values"}
    return write(query, header, change, status=201, names=names)


@blueprint.patch(
    "/api/v1/checks/<int:id>",
    tags=[CARE],
    summary="Put a check right",
    responses={"200": WriteAnswer, **REFUSALS},
)
def correct_check(path: IdPath, query: Sure, header: Key, body: CheckFix) -> Response:
    """The old values stay in its history."""
    return write(
        query,
        header,
        lambda s, e: journal.correct(s, e, "check", path.id, body.given()),
        of=(Observation, path.id),
        names=dict.fromkeys(FACTS, "value"),
    )
