"""Whose cry it was, and what that animal's cries usually are: read from the records.

A cry belongs to an animal if a carer saw who cried, or if it was alone in the box and the sound
does not speak against it. What follows from that is judged in `web/care/`, without the records.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, union_all
from sqlalchemy.orm import Session

from monitor.messages import ClockState
from web.care.usual import HISTORY_DAYS, MOST_CRIES, Compared, Sound, compare
from web.care.voice import Voice, whose
from web.records import Animal, Cry, Review, Stay

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
RATE_CALLS, RATE_S = 4, 5.0  # fewer calls, or a shorter cry, have no rate
LOOKED_AT = 2 * MOST_CRIES  # of an animal's boxes: some of them are not its own


def inside_at(session: Session, box_id: str, moment: datetime) -> Sequence[Animal]:
    """Who was in the box at a moment."""
    return session.scalars(
        select(Animal)
        .join(Stay, Stay.animal_id == Animal.id)
        .where(Stay.box_id == box_id, Stay.began_at <= moment)
        .where(or_(Stay.ended_at.is_(None), Stay.ended_at > moment))
        .order_by(Animal.id)
    ).all()


def voice_of(session: Session, cry: Cry) -> Voice:
    """Whose voice it was, by the sound and by who was in the box; a carer's word is not asked."""
    return _voice(cry, inside_at(session, cry.box_id, _when(cry)))


def crier(session: Session, cry: Cry) -> Animal | None:
    """The animal that cried; None where that is not known."""
    if cry.source_id is not None:
        return session.get(Animal, cry.source_id)
    inside = inside_at(session, cry.box_id, _when(cry))
    if len(inside) != 1 or _voice(cry, inside).stranger:
        return None
    told = select(Review.species).where(Review.cry_id == cry.id, Review.species.is_not(None))
    species = session.scalars(told.order_by(Review.id.desc())).first()
    return inside[0] if species in (None, inside[0].species) else None


def compared(session: Session, cry: Cry) -> Compared | None:
    """The cry beside those of the same animal before it; None where it is not known whose it is."""
    animal = crier(session, cry)
    return compare(sound_of(cry), history(session, animal, _when(cry))) if animal else None


def history(session: Session, animal: Animal, before: datetime) -> list[Sound]:
    """The animal's own cries in the days before a moment."""
    since = before - timedelta(days=HISTORY_DAYS)
    stays = _stays(session, animal, since, before)
    of = [Cry.source_id == animal.id]
    # Not "is null", of which there is an index that leads through the cries of all boxes.
    nobody_elses = func.coalesce(Cry.source_id, animal.id) == animal.id
    of += [(Cry.box_id == box) & nobody_elses for box in sorted({stay.box_id for stay in stays})]
    newest = [
        select(Cry.id)
        .where(Cry.onset >= since, Cry.onset < before, Cry.state == "ended", one)
        .where(Cry.clock == ClockState.SYNCHRONISED, Cry.demo == animal.demo)
        .order_by(Cry.onset.desc())
        .limit(LOOKED_AT)
        .subquery()
        for one in of
    ]
    rows = session.scalars(
        select(Cry)
        .where(Cry.id.in_(union_all(*(select(part.c.id) for part in newest))))
        .order_by(Cry.onset.desc())
        .limit(LOOKED_AT)
    ).all()
    said = verdicts(session, [row.id for row in rows])
    return [
        sound_of(row)
        for row in rows
        if said.get(row.id) != "not_a_cry"
        and (row.source_id == animal.id or _alone(animal, row, stays))
    ]


def verdicts(session: Session, cry_ids: Iterable[str]) -> dict[str, str]:
    """The carers' newest word on each of these cries, of those that have one."""
    rows = select(Review.cry_id, Review.verdict).where(Review.cry_id.in_(list(cry_ids)))
    return dict(iter(session.execute(rows.order_by(Review.id))))


def sound_of(cry: Cry) -> Sound:
    """What was measured of a cry. While it goes on only its rate is known."""
    found: dict[str, Any] = cry.details.get("acoustics") or {}
    lasted_s = (cry.offset - cry.onset).total_seconds()
    has_rate = cry.calls >= RATE_CALLS and lasted_s >= RATE_S
    return Sound(
        at_h=(_when(cry) - EPOCH) / timedelta(hours=1),
        pitch_hz=found.get("pitch_hz"),
        call_s=found.get("call_s"),
        rate=cry.calls_per_minute if has_rate else None,
        tonality=found.get("tonality"),
        rough=found.get("rough"),
    )


def _voice(cry: Cry, inside: Iterable[Animal]) -> Voice:
    scores = cry.details.get("species_scores") or {}
    kitten, puppy = float(scores.get("kitten", 0.0)), float(scores.get("puppy", 0.0))
    return whose(cry.species, kitten, puppy, {animal.species for animal in inside})


def _stays(session: Session, animal: Animal, since: datetime, until: datetime) -> Sequence[Stay]:
    """All stays, of any animal, in the boxes where this one was in that time."""
    own = select(Stay.box_id).where(
        Stay.animal_id == animal.id,
        Stay.began_at <= until,
        or_(Stay.ended_at.is_(None), Stay.ended_at > since),
    )
    return session.scalars(
        select(Stay)
        .where(Stay.box_id.in_(own), Stay.began_at <= until)
        .where(or_(Stay.ended_at.is_(None), Stay.ended_at > since))
    ).all()


def _alone(animal: Animal, cry: Cry, stays: Sequence[Stay]) -> bool:
    """Whether nobody else can have cried it, and it does not sound like the other kind."""
    there = {
        stay.animal_id
        for stay in stays
        if stay.box_id == cry.box_id
        and stay.began_at <= cry.onset
        and (stay.ended_at is None or stay.ended_at > cry.onset)
    }
    return there == {animal.id} and not _voice(cry, [animal]).stranger


def _when(cry: Cry) -> datetime:
    """When it began; by our clock where its listener did not know the time."""
    return cry.onset if cry.clock == ClockState.SYNCHRONISED else cry.received_at
