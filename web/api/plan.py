"""Who is due, for how much, and how each one grows and stands: all reckoned by the care rules."""

from __future__ import annotations

from flask import Response
from pydantic import BaseModel, Field

from monitor.messages import AnimalCareMessage, Moment
from web import growing
from web.api.access import blueprint, database, now, settings
from web.api.paging import CARE, IdPath, json
from web.api.problems import described, problem
from web.care.plan import Amount
from web.care_state import care_of_all
from web.plan import Planned, night_plan, plan
from web.records import Animal


class PlanItem(BaseModel):
    """A baby's next feed."""

    animal_id: int
    name: str
    species: str
    box_id: str | None
    state: str = Field(description="overdue, due, later, unknown, mother")
    why: str = Field(description="the care rules' word for how its feed stands")
    due_at: Moment | None = Field(description="null: not known, or its mother feeds it")
    interval_min: int
    night: bool = Field(description="the interval is the night's")
    volume_ml: float | None = Field(description="null: weigh it first")
    cap_ml: float | None = Field(description="never above: the stomach; null: weight not known")
    capped: bool
    own_plan: bool
    milk_known: bool = Field(description="whether its milk's energy is on record; else 1 kcal/mL")
    not_now: str | None = Field(description="urgent, chilled, hot: not to be fed, however due")
    toilet_help: bool = Field(description="at each feed")
    fed_at: Moment | None
    fed_ml: float | None
    fed_how: str | None
    weight_g: float | None
    weighed_at: Moment | None


class PlanBody(BaseModel):
    """Everybody in care: overdue first, then the next to come."""

    at: Moment
    items: list[PlanItem]
    grown: list[str] = Field(description="names of those too old for the tables")


class NightFeed(BaseModel):
    """One feed of a night."""

    animal_id: int
    at: Moment
    volume_ml: float | None
    cap_ml: float | None


class NightRound(BaseModel):
    """Feeds so near to each other that one gets up once."""

    at: Moment
    feeds: list[NightFeed]


class NightBody(BaseModel):
    """This night's feeds from now on, or the coming night's."""

    begin: Moment
    end: Moment
    running: bool
    rounds: list[NightRound]


class CareBody(BaseModel):
    """Everybody in care, as it is told over MQTT."""

    items: list[AnimalCareMessage]


class Point(BaseModel):
    """A weighing of the curve."""

    at: Moment
    grams: float


class Band(BaseModel):
    """What is expected, from the baby's own first weight on."""

    at: Moment
    low_g: float
    high_g: float


class GrowthBody(BaseModel):
    """A baby's weights and what they say."""

    animal_id: int
    red: bool = Field(description="somebody should look today")
    findings: list[str] = Field(
        description="lost_much, under_peak, lost, no_gain, slow, old, never; the gravest first"
    )
    gain_g: float | None
    gain_pct: float | None
    litter_mean_g: float | None
    offer_runt: bool = Field(description="so light beside its litter that it may be the runt")
    weighings: list[Point]
    expected: list[Band]


@blueprint.get("/api/v1/plan", tags=[CARE], summary="Who is due", responses={"200": PlanBody})
def feeding_plan() -> Response:
    """The next feed of everybody in care."""
    with database().reading() as session:
        found = plan(session, settings().house, now())
    items = [_item(one) for one in found.babies]
    return json(PlanBody(at=found.at, items=items, grown=list(found.grown)))


@blueprint.get(
    "/api/v1/plan/night", tags=[CARE], summary="A night's feeds", responses={"200": NightBody}
)
def night() -> Response:
    """This night's from now on, or the coming one's."""
    with database().reading() as session:
        found = night_plan(session, settings().house, now())
    rounds = [
        NightRound(
            at=one.at,
            feeds=[
                NightFeed(animal_id=int(feed.id), at=feed.at, **_amount(feed.amount))
                for feed in one.feeds
            ],
        )
        for one in found.rounds
    ]
    return json(NightBody(begin=found.begin, end=found.end, running=found.running, rounds=rounds))


@blueprint.get(
    "/api/v1/care", tags=[CARE], summary="How everybody stands", responses={"200": CareBody}
)
def care() -> Response:
    """Last fed, next due, weight, gain, company and the first suggestion of everybody in care."""
    with database().reading() as session:
        found = care_of_all(session, settings(), now())
    return json(CareBody(items=list(found.values())))


@blueprint.get(
    "/api/v1/animals/<int:id>/growth",
    tags=[CARE],
    summary="How a baby grows",
    responses={"200": GrowthBody, **described(404)},
)
def growth(path: IdPath) -> Response:
    """Its weights of the last weeks, oldest first, and what they say."""
    with database().reading() as session:
        animal = session.get(Animal, path.id)
        if animal is None:
            return problem(404, "there is no such animal")
        found = growing.of(session, animal, settings().house, now())
    return json(
        GrowthBody(
            animal_id=found.id,
            red=found.red,
            findings=[str(one) for one in found.growth.findings],
            gain_g=found.growth.gain_g,
            gain_pct=found.growth.gain_pct,
            litter_mean_g=found.litter_mean_g,
            offer_runt=found.offer_runt,
            weighings=[Point(at=one.at, grams=one.grams) for one in found.weighings],
            expected=[Band(at=one.at, low_g=one.low, high_g=one.high) for one in found.band],
        )
    )


def _item(one: Planned) -> PlanItem:
    following = one.next
    return PlanItem(
        animal_id=one.id,
        name=one.name,
        species=one.species,
        box_id=one.box_id,
        state=following.state,
        why=following.why.name.lower(),
        due_at=following.due_at,
        interval_min=following.interval_min,
        night=following.night,
        capped=following.amount is not None and following.amount.capped,
        own_plan=one.own_plan,
        milk_known=one.milk_known,
        not_now=following.stop,
        toilet_help=following.toilet,
        fed_at=one.fed_at,
        fed_ml=one.fed_ml,
        fed_how=one.fed_how,
        weight_g=one.grams,
        weighed_at=one.weighed_at,
        **_amount(following.amount),
    )


def _amount(amount: Amount | None) -> dict[str, float | None]:
    return {
        "volume_ml": amount.ml if amount else None,
        "cap_ml": amount.cap_ml if amount else None,
    }
