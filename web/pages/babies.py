"""Who is in care, as lists show it, read from the records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from web.nursery import Look
from web.records import Animal, Box, Feed, Stay, Weight
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


def box_names(look: Look) -> dict[str, str]:
    """Every box that is set up or has ever spoken: id -> what people call it."""
    names = {box.id: box.label for box in look.settings.box}
    for box in look.session.scalars(select(Box).order_by(Box.created_at, Box.id)):
        label = box.name or names.get(box.id) or box.id.replace("-", " ").capitalize()
        names[box.id] = label
    return names


def babies(look: Look) -> list[Baby]:
    """All animals in care, with the box, the newest feed and the newest weights of each."""
    animals = look.session.scalars(
        select(Animal)
        .where(Animal.status == "in_care")
        .options(selectinload(Animal.stays))
        .order_by(Animal.name, Animal.id)
    ).all()
    names = box_names(look)
    return [baby(look, animal, names) for animal in animals]


def baby(look: Look, animal: Animal, names: Mapping[str, str]) -> Baby:
    """One animal as lists show it; `names` are those of the boxes."""
    session = look.session
    box_id = next((stay.box_id for stay in animal.stays if stay.ended_at is None), None)
    fed = session.scalars(
        select(Feed)
        .where(Feed.animal_id == animal.id, Feed.undone_at.is_(None))
        .order_by(Feed.at.desc(), Feed.id.desc())
        .limit(1)
    ).first()
    weights = session.scalars(
        select(Weight)
        .where(Weight.animal_id == animal.id, Weight.undone_at.is_(None))
        .order_by(Weight.at.desc())
        .limit(2)
    ).all()
    return Baby(
        id=animal.id,
        name=animal.name,
        species=animal.species,
        age_days=age_in_days(animal.born_on, look.now, look.settings.house.zone),
        born_estimated=animal.born_estimated,
        box_id=box_id,
        box_name=names.get(box_id) if box_id else None,
        fed_at=fed.at if fed else None,
        fed_ml=fed.amount_ml if fed else None,
        fed_how=fed.how if fed else None,
        grams=weights[0].grams if weights else None,
        grams_before=weights[1].grams if len(weights) > 1 else None,
        weighed_at=weights[0].at if weights else None,
        marks=_marks(animal),
        demo=animal.demo,
    )


def _marks(animal: Animal) -> tuple[str, ...]:
    said = (
        (animal.in_quarantine, "in quarantine"),
        (animal.exposed, "exposed"),
        (animal.keep_apart, "keep apart"),
        (animal.suckles_others, "suckles others"),
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
