"""Did it help: what the page /proof tells, in numbers; with what is missing where data are few."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from flask import Response
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.messages import Moment
from web import proof, proof_overview, stopped
from web.api.access import blueprint, database, now, settings
from web.api.paging import IdPath, json
from web.api.problems import described, problem
from web.care import stopping
from web.care.evidence import DUE_FROM, PHASES, Phase
from web.care.proof import Change, TooFew
from web.care.trend import Ratio
from web.pages import proof_words
from web.proof_overview import Pairing
from web.records import Animal, Companionship

PROOF = Tag(name="proof")


class RatioItem(BaseModel):
    """The crying with company over what would have been without it: 0.4 is 60 % less."""

    ratio: float
    low: float = Field(description="of the 95 % interval")
    high: float


class ChangeItem(BaseModel):
    """Before and with company, an hour, over equal hours of the day."""

    before: float | None = Field(description="an hour; null: nobody listened then")
    after: float | None
    expected: float | None = Field(description="after, without company: by age and hour of the day")
    change: RatioItem | None = Field(description="null: too few data")
    too_few: TooFew | None = Field(description="which data are too few; null: there are enough")
    headline: str = Field(description="what changed, or `Too few data`")
    words: str = Field(description="how sure that is, or what is missing")
    days_before: int
    days_after: int
    hours_before: float = Field(description="listened to")
    hours_after: float
    cries_before: int
    cries_after: int
    hours_of_day: int = Field(description="heard both before and after, of 24")


class OwnItem(BaseModel):
    """One of them alone, where its cries can be told from the others'."""

    animal_id: int
    calls: ChangeItem
    minutes: ChangeItem


class StepItem(BaseModel):
    """Crying so long after the last feed."""

    since_feed: float = Field(description="from this share of the feeding interval on; 1: over it")
    due: bool = Field(description="whether a feed is due soon or over")
    listened_h: float
    minutes: float
    cries: int


class FeedsItem(BaseModel):
    """Does company silence all but hunger: crying by the time since the last feed."""

    without: list[StepItem]
    with_company: list[StepItem]
    due_share_before: float | None = Field(description="of the crying that fell near due feeds")
    due_time_before: float | None = Field(description="of the time that was near due feeds")
    due_share_with: float | None
    due_time_with: float | None


class FoundItem(BaseModel):
    """What a pairing changed."""

    at: Moment | None = Field(description="when it was reckoned")
    members: list[int] = Field(description="ids of those who lived there")
    unheard_before: list[int] = Field(description="of them: their crying counts only after")
    assumed: list[str] = Field(description="boxes of which nobody knows when they listened")
    calls: ChangeItem
    minutes: ChangeItem
    minutes_away: ChangeItem = Field(description="while no feed was due soon")
    minutes_due: ChangeItem = Field(description="while one was")
    own: list[OwnItem]
    feeds: FeedsItem


class PairingItem(BaseModel):
    """Two that were put together."""

    companionship_id: int
    animal_id: int
    partner_id: int
    names: dict[str, str] = Field(description="id -> name")
    began_at: Moment
    ended_at: Moment | None
    found: FoundItem | None = Field(description="null: is being reckoned, look again in minutes")


class TypicalItem(BaseModel):
    """What company changes in this house, each pair compared with itself."""

    pairs: int = Field(description="that have data enough")
    minutes: RatioItem | None = Field(description="null: fewer than three such pairs")
    minutes_away: RatioItem | None = Field(description="while no feed was due soon")
    minutes_due: RatioItem | None = Field(description="while one was")
    headline: str = Field(description="of all minutes, or `Too few data`")


class CauseItem(BaseModel):
    """Cries that one thing stopped, as carers told it."""

    stopped_by: str
    cries: int
    minutes: float = Field(description="to silence, the middle one")
    quarter: float = Field(description="a quarter were quicker")
    three_quarters: float = Field(description="a quarter took longer")
    stayed_quiet: int = Field(description="for a quarter of an hour")
    stayed_quiet_of: int = Field(description="whose quarter of an hour is over")


class ShareItem(BaseModel):
    """So many of so many."""

    hits: int
    of: int
    low: float | None = Field(description="of the share's 95 % interval; null: too few to tell")
    high: float | None
    words: str


class StoppedItem(BaseModel):
    """What stopped the cries of the last 30 days."""

    cries: int
    told: int = Field(description="of which somebody told; the newest 200 at most")
    causes: list[CauseItem]
    first_suggestion: ShareItem = Field(description="how often it was what stopped the cry")
    always_the_commonest: ShareItem = Field(
        description="how often that would hold of whoever always said what helps most often"
    )


class ProofBody(BaseModel):
    """Did it help? Nothing here is surer than the data."""

    at: Moment
    typical: TypicalItem
    feeds: FeedsItem
    pairings: list[PairingItem] = Field(description="the newest twelve")
    stopped: StoppedItem


class PairingsBody(BaseModel):
    """One animal's times in company."""

    at: Moment
    pairings: list[PairingItem] = Field(description="the newest twelve")


@blueprint.get(
    "/api/v1/proof", tags=[PROOF], summary="Did company help", responses={"200": ProofBody}
)
def overview() -> Response:
    """What company changed, what stopped the cries, and how often that was suggested first."""
    with database().reading() as session:
        pairs = proof_overview.pairings(session, settings().house, now())
        found = proof_overview.all_found(session, pairs)
        told = stopped.stopped(session, now())
        items = [_pairing(session, pair) for pair in pairs]
    typical = proof_overview.typical(found)
    return json(
        ProofBody(
            at=now(),
            typical=TypicalItem(
                pairs=typical.pairs,
                minutes=_ratio(typical.whole),
                minutes_away=_ratio(typical.away),
                minutes_due=_ratio(typical.due),
                headline=proof_words.of_house(typical.whole) if typical.whole else "Too few data",
            ),
            feeds=_feeds(*proof_overview.by_time_since_feed(found)),
            pairings=items,
            stopped=_stopped(told),
        )
    )


@blueprint.get(
    "/api/v1/companionships/<int:id>/proof",
    tags=[PROOF],
    summary="What one pairing changed",
    responses={"200": PairingItem, **described(404)},
)
def of_pairing(path: IdPath) -> Response:
    """In all its numbers."""
    with database().reading() as session:
        row = session.get(Companionship, path.id)
        if row is None:
            return problem(404, "there is no such companionship")
        found = proof.of_pairing(session, settings().house, row, now())
        item = _pairing(session, Pairing(row, found))
    return json(item)


@blueprint.get(
    "/api/v1/animals/<int:id>/proof",
    tags=[PROOF],
    summary="What company changed for one animal",
    responses={"200": PairingsBody, **described(404)},
)
def of_animal(path: IdPath) -> Response:
    """Each of its times in company; `own` where its cries can be told from the others'."""
    with database().reading() as session:
        if session.get(Animal, path.id) is None:
            return problem(404, "there is no such animal")
        mine = proof_overview.of_animal(path.id)
        pairs = proof_overview.pairings(session, settings().house, now(), mine)
        items = [_pairing(session, pair) for pair in pairs]
    return json(PairingsBody(at=now(), pairings=items))


def _pairing(session: Session, pair: Pairing) -> PairingItem:
    row, found = pair.row, pair.found
    ids = {row.animal_id, row.partner_id, *(found.members if found else ())}
    names = session.execute(select(Animal.id, Animal.name).where(Animal.id.in_(ids)))
    return PairingItem(
        companionship_id=row.id,
        animal_id=row.animal_id,
        partner_id=row.partner_id,
        names={str(one): name for one, name in names},
        began_at=row.began_at,
        ended_at=row.ended_at,
        found=_found(found) if found else None,
    )


def _found(found: proof.Found) -> FoundItem:
    return FoundItem(
        at=found.at,
        members=list(found.members),
        unheard_before=list(found.unheard),
        assumed=list(found.assumed),
        calls=_change(found.calls, calls=True),
        minutes=_change(found.minutes),
        minutes_away=_change(found.away),
        minutes_due=_change(found.due),
        own=[
            OwnItem(animal_id=one, calls=_change(calls, calls=True), minutes=_change(minutes))
            for one, (calls, minutes) in found.own.items()
        ],
        feeds=_feeds(found.without, found.with_company),
    )


def _change(change: Change, *, calls: bool = False) -> ChangeItem:
    return ChangeItem(
        before=change.before,
        after=change.after,
        expected=change.expected,
        change=_ratio(change.found),
        too_few=change.too_few,
        headline=proof_words.headline(change, calls),
        words=proof_words.certainty(change),
        days_before=change.days_before,
        days_after=change.days_after,
        hours_before=change.hours_before,
        hours_after=change.hours_after,
        cries_before=change.cries_before,
        cries_after=change.cries_after,
        hours_of_day=change.hours_of_day,
    )


def _ratio(found: Ratio | None) -> RatioItem | None:
    return RatioItem(ratio=found.ratio, low=found.low, high=found.high) if found else None


def _feeds(without: Sequence[Phase], with_company: Sequence[Phase]) -> FeedsItem:
    before, after = proof.near_feeds(without), proof.near_feeds(with_company)
    return FeedsItem(
        without=_steps(without),
        with_company=_steps(with_company),
        due_share_before=before[0] if before else None,
        due_time_before=before[1] if before else None,
        due_share_with=after[0] if after else None,
        due_time_with=after[1] if after else None,
    )


def _steps(phases: Sequence[Phase]) -> list[StepItem]:
    return [
        StepItem(since_feed=begin, due=begin >= DUE_FROM, **asdict(phase))
        for begin, phase in zip(PHASES, phases, strict=False)  # none where nothing was known
    ]


def _stopped(told: stopped.Stopped) -> StoppedItem:
    return StoppedItem(
        cries=told.cries,
        told=len(told.told),
        causes=[
            CauseItem(
                stopped_by=one.by,
                cries=one.cries,
                minutes=one.minutes,
                quarter=one.quarter,
                three_quarters=one.three_quarters,
                stayed_quiet=one.stayed_quiet,
                stayed_quiet_of=one.of,
            )
            for one in stopping.causes(told.told)
        ],
        first_suggestion=_share(stopping.first_suggestion(told.told)),
        always_the_commonest=_share(stopping.always_the_commonest(told.told)),
    )


def _share(share: stopping.Share) -> ShareItem:
    low, high = share.interval or (None, None)
    words = proof_words.hits(share)
    return ShareItem(hits=share.hits, of=share.of, low=low, high=high, words=words)
