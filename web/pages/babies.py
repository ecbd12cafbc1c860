"""Who is in care, as lists show it, read from the records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from web.nursery import Look
from web.records import Animal, Box, Feed, Photo, Stay, Weight
from web.times import age_in_days


@dataclass(frozen=True)
class Baby:
    """An animal as lists show it."""

    id: int
    name: str
    species: str
    age_days: int | None
    born_estimated: bool
    box_id: str | None
    box_name: str | None
    fed_at: datetime | None
    fed_ml: float | None
    fed_how: str | None
    grams: float | None
    grams_before: float | None
    weighed_at: datetime | None
    marks: tuple[str, ...] = ()
    demo: bool = False
    photo_id: int | None = None
    """Of the photo that is shown, if there is one: part of its address."""


def box_names(look: Look, boxes: Iterable[Box] | None = None) -> dict[str, str]:
    """Every box that is set up or has ever spoken: id -> what people call it.

    `boxes` are those of the records, the oldest first, if they were read already.
    """
    names = {box.id: box.label for box in look.settings.box}
    if boxes is None:
        boxes = look.session.scalars(select(Box).order_by(Box.created_at, Box.id))
    for box in boxes:
        label = box.name or names.get(box.id) or box.id.replace("-", " ").capitalize()
        names[box.id] = label
    return names


def babies(look: Look) -> list[Baby]:
    """All animals in care, with the box, the newest feed and the newest weights of each."""
    query = select(Animal).where(Animal.status == "in_care").order_by(Animal.name, Animal.id)
    return as_listed(look, look.session.scalars(query).all(), box_names(look))


def baby(look: Look, animal: Animal, names: Mapping[str, str]) -> Baby:
    """One animal as lists show it; `names` are those of the boxes."""
    return as_listed(look, [animal], names)[0]


def as_listed(look: Look, animals: Sequence[Animal], names: Mapping[str, str]) -> list[Baby]:
    """These animals as lists show them; a few queries, whatever their number."""
    session, ids = look.session, [animal.id for animal in animals]
    living = select(Stay.animal_id, Stay.box_id).where(
        Stay.ended_at.is_(None), Stay.animal_id.in_(ids)
    )
    homes = dict(iter(session.execute(living)))
    feeds, weights = _newest_feeds(session, ids), _newest_weights(session, ids)
    taken = (
        select(Photo.animal_id, func.max(Photo.id))
        .where(Photo.animal_id.in_(ids), Photo.undone_at.is_(None))
        .group_by(Photo.animal_id)
    )
    photos = dict(iter(session.execute(taken)))
    found = []
    for animal in animals:
        fed, weighed = feeds.get(animal.id), weights.get(animal.id, [])
        home = homes.get(animal.id)
        found.append(
            Baby(
                id=animal.id,
                name=animal.name,
                species=animal.species,
                age_days=age_in_days(animal.born_on, look.now, look.settings.house.zone),
                born_estimated=animal.born_estimated,
                box_id=home,
                box_name=names.get(home) if home else None,
                fed_at=fed.at if fed else None,
                fed_ml=fed.amount_ml if fed else None,
                fed_how=fed.how if fed else None,
                grams=weighed[0].grams if weighed else None,
                grams_before=weighed[1].grams if len(weighed) > 1 else None,
                weighed_at=weighed[0].at if weighed else None,
                marks=_marks(animal),
                demo=animal.demo,
                photo_id=photos.get(animal.id),
            )
        )
    return found


def _newest_feeds(session: Session, ids: Sequence[int]) -> dict[int, Feed]:
    """By a look into the index for each animal: a year of feeds is not read through."""
    newest = (
        select(Feed.id)
        .where(Feed.animal_id == Animal.id, Feed.undone_at.is_(None))
        .order_by(Feed.at.desc(), Feed.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    wanted = select(newest).select_from(Animal).where(Animal.id.in_(ids))
    feeds = session.scalars(select(Feed).where(Feed.id.in_(wanted)))
    return {feed.animal_id: feed for feed in feeds}


def _newest_weights(session: Session, ids: Sequence[int]) -> dict[int, list[Weight]]:
    """The last two of each, the newest first; not those after a bottle, with the milk in them."""
    newest = (
        select(Weight.id)
        .where(Weight.animal_id == Animal.id, Weight.undone_at.is_(None))
        .where(Weight.moment.is_distinct_from("after"))
        .order_by(Weight.at.desc(), Weight.id.desc())
        .limit(1)
    )
    both = [newest.offset(before).scalar_subquery() for before in (0, 1)]
    pairs = session.execute(select(*both).select_from(Animal).where(Animal.id.in_(ids)))
    wanted = [one for pair in pairs for one in pair]
    found: dict[int, list[Weight]] = {}
    query = select(Weight).where(Weight.id.in_(wanted))
    for weight in session.scalars(query.order_by(Weight.at.desc(), Weight.id.desc())):
        found.setdefault(weight.animal_id, []).append(weight)
    return found


def _marks(animal: Animal) -> tuple[str, ...]:
    said = (
        (animal.in_quarantine, "in quarantine"),
        (animal.exposed, "exposed"),
        (animal.keep_apart, "keep apart"),
        (animal.suckles_others, "suckles others"),
        (animal.runt, "runt"),
    )
    return tuple(word for holds, word in said if holds)


def in_box(session: Session, box_id: str) -> list[int]:
    """Ids of the animals that live in a box now."""
    return list(
        session.scalars(
            select(Stay.animal_id).where(Stay.box_id == box_id, Stay.ended_at.is_(None))
        )
    )


def box_of(session: Session, animal_id: int) -> str | None:
    """The box that an animal lives in now."""
    return session.scalars(
        select(Stay.box_id).where(Stay.animal_id == animal_id, Stay.ended_at.is_(None))
    ).first()
