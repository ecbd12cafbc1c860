"""How each animal in care is right now, as it is told over MQTT; only reads.

Feeds are those of the plan page, suggestions those of the box's page: the same functions, asked
once for all animals.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from monitor.messages import AnimalCareMessage, Companion, FeedState, SuggestionItem
from monitor.settings import Settings
from web import known
from web.care.facts import Feed
from web.care.growth import change_pct, day_before
from web.known import KnownAnimal
from web.plan import Planned, plan
from web.suggesting import advise

FEEDS: Mapping[Feed, FeedState] = {
    Feed.OVERDUE: FeedState.OVERDUE,
    Feed.SOON: FeedState.SOON,
    Feed.SHORT: FeedState.SHORT,
    Feed.HUNGRY: FeedState.HUNGRY,
    Feed.NOT_DUE: FeedState.NOT_DUE,
    Feed.MOTHER: FeedState.MOTHER,
    Feed.UNKNOWN: FeedState.UNKNOWN,
}
MOST_COMPANY = 50  # told of one animal: a message must stay small


def care_of_all(
    session: Session, settings: Settings, now: datetime
) -> dict[int, AnimalCareMessage]:
    """Everybody in care, by id."""
    everyone = known.house(session, now)
    planned = plan(session, settings.house, now, everyone)
    cards = _first_cards(session, settings, now, everyone)
    return {
        one.animal.id: _care(
            one, everyone.animals, planned.of(one.animal.id), cards.get(str(one.animal.id)), now
        )
        for one in everyone.animals
    }


def _care(
    one: KnownAnimal,
    everyone: Iterable[KnownAnimal],
    planned: Planned | None,
    card: SuggestionItem | None,
    now: datetime,
) -> AnimalCareMessage:
    animal = one.animal
    following = planned.next if planned else None  # none of an animal that outgrew the tables
    feed = FEEDS[following.why] if following else FeedState.UNKNOWN
    stimulated = one.facts.get("toilet")
    newest = one.weights[0] if one.weights else None
    before = day_before(newest, one.weights) if newest else None
    return AnimalCareMessage(
        animal=str(animal.id),
        name=animal.name,
        species=animal.species,  # type: ignore[arg-type]  # the records hold nothing else
        at=now,
        box=one.box_id,
        feed=feed,
        overdue=None if feed is FeedState.UNKNOWN else feed is FeedState.OVERDUE,
        last_fed=one.feed.at if one.feed else None,
        last_feed=one.feed.how if one.feed else None,  # type: ignore[arg-type]
        last_feed_ml=one.feed.amount_ml if one.feed else None,
        next_due=following.due_at if following else None,
        not_now=following.stop.value if following and following.stop else None,
        next_feed_ml=following.amount.ml if following and following.amount else None,
        last_stimulated=stimulated.at if stimulated and stimulated.value else None,
        weight_g=newest.grams if newest else None,
        weighed=newest.at if newest else None,
        gain_24h_g=round(newest.grams - before.grams, 1) if newest and before else None,
        gain_24h_pct=change_pct(newest, before) if newest else None,
        company=tuple(
            Companion(id=str(other.animal.id), name=other.animal.name)
            for other in everyone
            if one.box_id is not None and other is not one and other.box_id == one.box_id
        )[:MOST_COMPANY],
        suggestion=card,
        demo=animal.demo,
    )


def _first_cards(
    session: Session, settings: Settings, now: datetime, everyone: known.House
) -> dict[str, SuggestionItem]:
    """The first suggestion about each animal: of its own box, else as another box's companion."""
    own: dict[str, SuggestionItem] = {}
    elsewhere: dict[str, SuggestionItem] = {}
    for box_id in sorted({one.box_id for one in everyone.animals if one.box_id is not None}):
        here = [str(one.animal.id) for one in everyone.animals if one.box_id == box_id]
        for card in advise(session, settings, box_id, now, everyone).items:
            # One without subjects (the nest is cold) is about all that lie there.
            about = [animal for animal in card.subjects or here if animal in here]
            for animal in about:
                own.setdefault(animal, card)
            if card.partner is not None:
                elsewhere.setdefault(card.partner, card)
    return elsewhere | own
