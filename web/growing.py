"""How the babies grow, read from the records: each on its own curve and beside its litter."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.settings import HouseSettings
from web.care import growth as care
from web.care.growth import Expected, Growth, Weighing
from web.care.scenario import TRUST_WEIGHT_MIN, Species
from web.records import Animal, Weight
from web.times import age_in_days

LOOKED_BACK = timedelta(days=42)  # the curve begins there, or where the baby's own does
LATELY = timedelta(days=21)  # and so the short curves of everybody
TRUSTED = timedelta(minutes=TRUST_WEIGHT_MIN)


@dataclass(frozen=True)
class Mate:
    """A littermate's curve."""

    id: int
    name: str
    weighings: Sequence[Weighing]


@dataclass(frozen=True)
class Growing:
    """A baby's weights and what they say."""

    id: int
    name: str
    species: Species
    age_days: int | None
    born: datetime | None
    """Begin of its day of birth."""
    weighings: Sequence[Weighing]
    """Oldest first."""
    growth: Growth
    band: Sequence[Expected]
    litter: str | None
    mates: Sequence[Mate]
    litter_mean_g: float | None
    """Of those of its litter that were weighed in the last day, itself included."""
    offer_runt: bool
    """Whether it is so light beside its litter that it should be asked whether it is the runt."""

    @property
    def red(self) -> bool:
        """Somebody should look today."""
        return self.growth.red


def of(session: Session, animal: Animal, house: HouseSettings, now: datetime) -> Growing:
    """One baby, with its littermates that are in care."""
    mates = [animal]
    if animal.litter:
        query = select(Animal).where(
            Animal.litter == animal.litter,
            Animal.species == animal.species,
            Animal.status == "in_care",
            Animal.id != animal.id,
        )
        mates += session.scalars(query.order_by(Animal.name, Animal.id))
    weights = _weights(session, [one.id for one in mates], now - LOOKED_BACK, now)
    return _growing(animal, mates, weights, house.zone, now)


def everyone(session: Session, house: HouseSettings, now: datetime) -> list[Growing]:
    """All in care: those to be looked at first, then by litter and name."""
    animals = session.scalars(select(Animal).where(Animal.status == "in_care")).all()
    weights = _weights(session, [one.id for one in animals], now - LATELY, now)
    litters: dict[tuple[str, str], list[Animal]] = {}
    for one in sorted(animals, key=lambda one: (one.name, one.id)):
        if one.litter:
            litters.setdefault((one.species, one.litter), []).append(one)
    found = [
        _growing(one, litters.get((one.species, one.litter or ""), [one]), weights, house.zone, now)
        for one in animals
    ]
    return sorted(found, key=lambda one: (not one.red, one.litter or "", one.name, one.id))


def _weights(
    session: Session, ids: Iterable[int], since: datetime, now: datetime
) -> Mapping[int, Sequence[Weighing]]:
    """Oldest first; not those after a bottle, with the milk in them."""
    query = (
        select(Weight.animal_id, Weight.at, Weight.grams)
        .where(
            Weight.animal_id.in_(list(ids)),
            Weight.undone_at.is_(None),
            Weight.moment.is_distinct_from("after"),
            Weight.at <= now,
            Weight.at > since,
        )
        .order_by(Weight.at, Weight.id)
    )
    found: dict[int, list[Weighing]] = {}
    for animal_id, at, grams in session.execute(query):
        found.setdefault(animal_id, []).append(Weighing(at, grams))
    return found


def _growing(
    animal: Animal,
    litter: Sequence[Animal],
    weights: Mapping[int, Sequence[Weighing]],
    zone: ZoneInfo,
    now: datetime,
) -> Growing:
    species: Species = "kitten" if animal.species == "kitten" else "puppy"
    weighings = weights.get(animal.id, ())
    born = None
    if animal.born_on is not None:
        born = datetime.combine(animal.born_on, time(0), tzinfo=zone).astimezone(UTC)
    age = age_in_days(animal.born_on, now, zone)
    lately = {
        one.id: weights[one.id][-1].grams
        for one in litter
        if one.id in weights and now - weights[one.id][-1].at <= TRUSTED
    }
    mine = lately.get(animal.id)
    return Growing(
        id=animal.id,
        name=animal.name,
        species=species,
        age_days=age,
        born=born,
        weighings=weighings,
        growth=care.growth(species, weighings, age, now),
        band=care.band(species, weighings[0], born, now) if weighings else (),
        litter=animal.litter,
        mates=[
            Mate(one.id, one.name, weights[one.id])
            for one in litter
            if one.id != animal.id and one.id in weights
        ],
        litter_mean_g=care.litter_mean(lately.values()) if mine is not None else None,
        offer_runt=animal.runt is None and mine is not None and care.is_runt(mine, lately.values()),
    )
