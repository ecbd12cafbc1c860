"""Animals put together, what came of it, and the way back to a mother."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from web.care.tables import MAX_WEIGHT_RATIO
from web.journal.animals import house
from web.journal.entry import Doubt, Entry, EntryError, Recorder, Written, found_by
from web.journal.values import choice, ids, moment, text_or_unknown, whole
from web.journal.weights import newest_weight
from web.journal.whom import animal_of, box_of, open_companionships, open_stay
from web.records import Animal, Companionship, Observation, Stay

TRIAL_MIN = 30  # a first trial is watched for so long (care rules, section 7)
WEIGHT_KNOWN = timedelta(days=7)  # an older weight says too little of a baby
_OUTCOME = choice("passed", "failed")
_KIND = choice("company", "litter", "mother")
_WHY = text_or_unknown(200)
_WATCH = whole(1, 24 * 60, "minutes")


def put_together(
    session: Session,
    entry: Entry,
    animal_id: int,
    partner_id: int,
    box_id: str | None = None,
    at: Any = None,
    kind: Any = None,
    watch_min: Any = None,
) -> Written:
    """Put two animals into one box: the one named, else the first one's, else the partner's.

    A littermate goes to its litter's box, which is not broken up for it. `kind` is company, litter
    or mother; by the records if not said. Two that have not passed a trial begin one, of
    `watch_min` minutes (`TRIAL_MIN` if not said). Raises EntryError; a Doubt where the records of
    the two speak against it.
    """
    animal = animal_of(session, animal_id)
    partner = animal_of(session, partner_id, "partner_id")
    if animal.id == partner.id:
        raise EntryError("partner_id", "must be another animal")
    for one, field in ((animal, "animal_id"), (partner, "partner_id")):
        if one.status != "in_care":
            raise EntryError(field, f"{one.name} is not in care any more")
    pairs = open_companionships(session, animal.id)
    if any(partner.id in (p.animal_id, p.partner_id) for p in pairs):
        raise EntryError("partner_id", "is together with it already")
    litter = animal.species == partner.species and animal.litter and animal.litter == partner.litter
    box = box_id or _box_for(session, animal, partner, litter=bool(litter))
    if box is None:
        raise EntryError("box_id", "say in which box; neither of them is in one")
    when, minutes = moment(entry, at), _WATCH("watch_min", watch_min)
    if minutes is None and _last_outcome(session, animal, partner) != "passed":
        minutes = TRIAL_MIN
    record = Recorder(session, entry, "put together")
    record.ask([Doubt("partner_id", why) for why in against(session, animal, partner, entry.now)])
    for one in (animal, partner):
        house(record, one, box, when)
    together = Companionship(
        animal_id=animal.id,
        partner_id=partner.id,
        began_at=when,
        kind=_KIND("kind", kind) or ("litter" if litter else "company"),
        watch_until=when + timedelta(minutes=minutes) if minutes else None,
        by=entry.by,
    )
    record.add(together)
    record.tell("animal", animal.id, box)
    pair = [animal.id, partner.id]
    return record.close("companionship", together.id, animals=pair, box=box)


def against(session: Session, animal: Animal, partner: Animal, now: datetime) -> Iterator[str]:
    """What in the records of two speaks against company, one sentence each."""
    both = (animal, partner)
    litter = animal.species == partner.species and animal.litter and animal.litter == partner.litter
    for one in both:
        if one.keep_apart:
            yield f"{one.name} is to be kept apart"
        if one.suckles_others:
            yield f"{one.name} was seen sucking on others"
        if one.in_quarantine and not litter:
            yield f"{one.name} is in quarantine"
        if (health := _health(session, one)) in ("suspect", "ill"):
            yield f"{one.name} was {'ill' if health == 'ill' else 'not well'} at its last check"
    exposed = [one.name for one in both if one.exposed]
    if len(exposed) == 1 or (exposed and not litter):
        yield f"{' and '.join(exposed)} was near a sick animal lately"
    if animal.species != partner.species and not (animal.cross_ok and partner.cross_ok):
        missing = " and ".join(one.name for one in both if not one.cross_ok)
        yield f"no coordinator has approved company across species for {missing}"
    weights = [_grams(session, one, now) for one in both]
    lighter, heavier = min(w or 0 for w in weights), max(w or 0 for w in weights)
    if lighter and heavier > MAX_WEIGHT_RATIO * lighter:
        yield "one weighs more than twice as much as the other"
    if _last_outcome(session, animal, partner) == "failed":
        yield "their last time together did not go well"


def trial_outcome(
    session: Session,
    entry: Entry,
    companionship_id: int,
    outcome: str | None,
    why: Any = None,
) -> Written:
    """Say how company went while they stay together."""
    together = _known(session, companionship_id)
    word = _OUTCOME("outcome", outcome)
    record = Recorder(session, entry, "company judged")
    record.set(together, outcome=word, why=_WHY("why", why))
    _tell(record, together)
    return record.close("companionship", together.id, outcome=word)


def part(
    session: Session,
    entry: Entry,
    companionship_id: int,
    outcome: str | None = None,
    at: Any = None,
    why: Any = None,
) -> Written:
    """Part them again; whoever moved in for it goes back to the box it came from."""
    together = _known(session, companionship_id)
    if together.ended_at is not None:
        raise EntryError("companionship_id", "has ended already")
    when, word = moment(entry, at), _OUTCOME("outcome", outcome)
    if when < together.began_at:
        raise EntryError("at", "is before they were put together")
    record = Recorder(session, entry, "parted")
    record.set(
        together,
        ended_at=when,
        outcome=word or together.outcome,
        why=_WHY("why", why) or together.why,
    )
    pair = [together.animal_id, together.partner_id]
    came_from = {one: _came_from(session, one, together) for one in pair}
    if not any(came_from.values()):
        came_from = {together.partner_id: None}  # into no box: it is told where later
    for animal_id, box_id in came_from.items():
        if box_id is not None or len(came_from) == 1:
            house(record, animal_of(session, animal_id), box_id, when)
    _tell(record, together)
    return record.close("companionship", together.id, outcome=word)


def seen_suckling(session: Session, entry: Entry, animal_ids: Iterable[Any]) -> Written:
    """These were seen sucking on another baby: from now on it speaks against company."""
    record = Recorder(session, entry, "seen suckling")
    animals = [animal_of(session, one) for one in ids("animal_ids", animal_ids)]
    for animal in animals:
        record.set(animal, suckles_others=True)
        record.tell("animal", animal.id, box_of(session, animal.id))
    return record.close("animal", *(animal.id for animal in animals))


def to_mother(session: Session, entry: Entry, animal_id: int) -> Written:
    """Back to its mother, who is on site; that she takes it and nurses is for a carer to watch.

    Raises a Doubt for one that is to be kept apart or was not well at its last check.
    """
    animal = animal_of(session, animal_id)
    if animal.status != "in_care":
        raise EntryError("animal_id", f"{animal.name} is not in your care now; change that first")
    if animal.mother == "present":
        raise EntryError("animal_id", "is with its mother already")
    record = Recorder(session, entry, "back to its mother")
    doubts = []
    if animal.mother == "none":
        doubts.append(Doubt("animal_id", f"{animal.name} has no mother here, by the record"))
    if animal.keep_apart:
        doubts.append(Doubt("animal_id", f"{animal.name} is to be kept apart"))
    if _health(session, animal) in ("suspect", "ill"):
        doubts.append(Doubt("animal_id", f"{animal.name} was not well at its last check"))
    record.ask(doubts)
    record.set(animal, mother="present")
    record.tell("animal", animal.id, box_of(session, animal.id))
    return record.close("animal", animal.id, mother="present")


def _box_for(session: Session, animal: Animal, partner: Animal, *, litter: bool) -> str | None:
    """Where they come together: with the litter if it lives together elsewhere."""
    mine, its = box_of(session, animal.id), box_of(session, partner.id)
    if litter and its and _inhabitants(session, its) > (_inhabitants(session, mine) if mine else 0):
        return its
    return mine or its


def _inhabitants(session: Session, box_id: str) -> int:
    query = select(func.count()).where(Stay.box_id == box_id, Stay.ended_at.is_(None))
    return session.scalar(query) or 0


def _health(session: Session, animal: Animal) -> Any:
    query = select(Observation.value).where(
        Observation.animal_id == animal.id,
        Observation.fact == "health",
        Observation.undone_at.is_(None),
    )
    return session.scalars(query.order_by(Observation.at.desc(), Observation.id.desc())).first()


def _grams(session: Session, animal: Animal, now: datetime) -> float | None:
    weight = newest_weight(session, animal.id, now, WEIGHT_KNOWN)
    return weight.grams if weight else None


def _last_outcome(session: Session, animal: Animal, partner: Animal) -> str | None:
    """How the last judged time together of the two went."""
    pair = (animal.id, partner.id)
    query = select(Companionship.outcome).where(
        or_(
            (Companionship.animal_id == pair[0]) & (Companionship.partner_id == pair[1]),
            (Companionship.animal_id == pair[1]) & (Companionship.partner_id == pair[0]),
        ),
        Companionship.outcome.is_not(None),
    )
    newest = query.order_by(Companionship.began_at.desc(), Companionship.id.desc())
    return session.scalars(newest).first()


def _tell(record: Recorder, together: Companionship) -> None:
    for animal_id in (together.animal_id, together.partner_id):
        record.tell("animal", animal_id, box_of(record.session, animal_id))


def _came_from(session: Session, animal_id: int, together: Companionship) -> str | None:
    """The box that the animal left to be put together, if it lives where it was put."""
    stay = open_stay(session, animal_id)
    if stay is None or stay.began_at != together.began_at:
        return None
    query = select(Stay.box_id).where(
        Stay.animal_id == animal_id, Stay.ended_at == together.began_at
    )
    return session.scalars(query).first()


def _known(session: Session, companionship_id: Any) -> Companionship:
    found = found_by(session, Companionship, companionship_id)
    if found is None:
        raise EntryError("companionship_id", "is not known here")
    return found
