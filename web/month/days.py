"""The days of the made-up month: babies grow hungry and cry, carers come, write down, and sleep."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from web.care import tables
from web.month.babies import (
    BABIES,
    COLD_FROM,
    DEWORMED_EVERY,
    DIES,
    FADES_FROM,
    FADING,
    LISTENING,
    MILKS,
    NOTES,
    Baby,
)
from web.month.steps import (
    Approved,
    Came,
    Checked,
    Cried,
    Dewormed,
    Edited,
    Fed,
    Helped,
    Milk,
    Nest,
    Noted,
    Parted,
    Reminded,
    Step,
    Together,
    Weighed,
)

DAYS = 30
SEED = 12
TICK = timedelta(minutes=5)
DAY = timedelta(days=1)
NIGHT = time(22), time(7)  # the usual settings
ROUNDS = (time(1, 30), time(7, 30), time(13), time(19))  # everybody is looked at
WEIGHS_AT = time(8, 15)
OVERDUE_DAY = 11  # in the night after it nobody wakes
ASLEEP = time(23, 30), time(6, 10)
# Cries an hour of one baby, awake or not: alone, in company, and more as its feed comes near.
ALONE_AN_HOUR, TOGETHER_AN_HOUR, HUNGRY_AN_HOUR, OVERDUE_AN_HOUR = 0.5, 0.06, 1.2, 2.5
HUNGRY_FROM = 0.85  # of the interval
FLAGS = ("limp", "unresponsive", "gasping", "pale_gums", "no_suck", "convulsion", "bleeding")


@dataclass
class _Life:
    """A baby as the month goes on."""

    baby: Baby
    fed: datetime
    box: str | None
    weighed_g: int
    together: bool
    lead: timedelta = timedelta(0)  # how much before its time it is fed
    interval_min: int = 120
    cold: bool = False


@dataclass
class _Month:
    first: date
    zone: ZoneInfo
    rng: random.Random
    lives: dict[str, _Life] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.asleep = overdue_night(self.first, self.zone)
        self._midnight = self.at(0, time())

    def at(self, day: int, clock: time) -> datetime:
        """A time of the house's clock, in UTC."""
        local = datetime.combine(self.first + timedelta(days=day), clock, tzinfo=self.zone)
        return local.astimezone(UTC)

    def days(self, at: datetime) -> float:
        """Days since the first one's midnight."""
        return (at - self._midnight) / DAY

    def soon(self, at: datetime, most_min: int = 4) -> datetime:
        """A moment a little later."""
        return at + timedelta(seconds=self.rng.randrange(5, most_min * 60))


def overdue_night(first: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when until when nobody feeds, in UTC."""
    evening, morning = first + timedelta(days=OVERDUE_DAY), first + timedelta(days=OVERDUE_DAY + 1)
    return (
        datetime.combine(evening, ASLEEP[0], tzinfo=zone).astimezone(UTC),
        datetime.combine(morning, ASLEEP[1], tzinfo=zone).astimezone(UTC),
    )


def steps(first: date, zone: ZoneInfo, *, days: int = DAYS, seed: int = SEED) -> list[Step]:
    """All that happens from the first day's midnight on, in order."""
    month = _Month(first, zone, random.Random(seed))  # noqa: S311 - a made-up month, no secret
    found: list[Step] = []
    at, end = month.at(0, time()), month.at(days, time())
    while at < end:
        found += sorted(_tick(month, at), key=lambda step: step.at)
        at += TICK
    return sorted(found, key=lambda step: step.at)


def _tick(month: _Month, at: datetime) -> Iterator[Step]:
    local = at.astimezone(month.zone)
    day = (local.date() - month.first).days
    clock = local.time()
    if clock == time(12):
        yield from _arrivals(month, day, at)
    yield from _words(month, day, clock, at)
    yield from _company(month, day, clock, at)
    yield from _leavings(month, day, clock, at)
    if clock == WEIGHS_AT:
        for life in _here(month):
            yield _weighed(month, life, month.soon(at))
    # A clock that goes back shows the same time twice: who looks at it makes one round.
    if clock in ROUNDS and not local.fold:
        yield from _round(month, at)
    yield from _feeds(month, at, local)
    yield from _cries(month, at)


def _here(month: _Month) -> list[_Life]:
    return list(month.lives.values())


def _arrivals(month: _Month, day: int, at: datetime) -> Iterator[Step]:
    if day == 0:
        for species, (name, kcal_ml) in MILKS.items():
            yield Milk(at - TICK, name, species, kcal_ml)
    for baby in BABIES:
        if baby.came != day:
            continue
        born = month.first + timedelta(days=baby.born)
        values = {
            "name": baby.name,
            "species": baby.species,
            "sex": baby.sex,
            "born_on": born.isoformat(),
            "intake_on": (month.first + timedelta(days=day)).isoformat(),
            **baby.values,
        }
        yield Came(at, baby.name, values, baby.box, MILKS[baby.species][0])
        life = _Life(baby, at, baby.box, 0, together=baby.litter is not None)
        month.lives[baby.name] = life
        yield _weighed(month, life, at + timedelta(minutes=6))
        yield from _looked_at(life, at + timedelta(minutes=8))
        due = month.first + timedelta(days=day + DEWORMED_EVERY)
        yield Reminded(at + timedelta(minutes=9), baby.name, due)
        yield from _feed(month, life, at + timedelta(minutes=12))


def _words(month: _Month, day: int, clock: time, at: datetime) -> Iterator[Step]:
    for on, hour, who, text in NOTES:
        if (on, time(hour)) == (day, clock) and who in month.lives:
            yield Noted(at, who, text)
    if clock == time(9, 30):
        for life in _here(month):
            since = day - life.baby.came
            if since > 0 and since % DEWORMED_EVERY == 0:
                yield Dewormed(at, life.baby.name)


def _company(month: _Month, day: int, clock: time, at: datetime) -> Iterator[Step]:
    for life in _here(month):
        baby = life.baby
        partner = month.lives.get(baby.partner or "")
        if baby.company_from != day or partner is None or baby.name > partner.baby.name:
            continue
        if clock == time(9):
            for one in (life, partner):
                yield Edited(at, one.baby.name, {"vaccinated": "yes"})
        if clock == time(9, 30) and baby.species != partner.baby.species:
            yield Approved(at, baby.name, partner.baby.name)
        box = life.box or partner.box
        assert box is not None  # noqa: S101 - of the babies above
        if clock == time(10, 20):
            for one in (life, partner):
                yield from _looked_at(one, at)
                yield from _feed(month, one, at + timedelta(minutes=2))
            yield _nest(month, box, at, can_watch=True)
        if clock == time(10, 55):
            cried = _cried(month, life, box, at + timedelta(minutes=2), hungry=False, lasts_s=100)
            yield replace(cried, stopped_by="company")
        if clock == time(11):
            yield Together(at, baby.name, partner.baby.name, box)
            life.box = partner.box = box
            life.together = partner.together = True
        if clock == time(11, 40):
            yield Parted(at, baby.name, partner.baby.name, "passed")


def _leavings(month: _Month, day: int, clock: time, at: datetime) -> Iterator[Step]:
    for life in _here(month):
        baby = life.baby
        if baby.name == FADING:
            yield from _fading(month, life, at)
        elif baby.left == day and baby.status == "with_mother" and clock == time(9):
            yield Edited(at, baby.name, {"mother": "available"})
        elif baby.left == day and clock == time(15):
            yield Edited(at, baby.name, {"status": baby.status})
            del month.lives[baby.name]


def _fading(month: _Month, life: _Life, at: datetime) -> Iterator[Step]:
    days = month.days(at)
    if days >= COLD_FROM and not life.cold:
        life.cold = True
        yield Checked(at, FADING, {"body_feel": "cool", "health": "suspect"})
    if days >= COLD_FROM + 0.16 and days < COLD_FROM + 0.16 + TICK / DAY:
        yield Checked(at, FADING, {"body_feel": "cold", "limp": True, "no_suck": True})
    if days >= DIES:
        yield Edited(at, FADING, {"status": "died"})
        del month.lives[FADING]


def _weighed(month: _Month, life: _Life, at: datetime) -> Weighed:
    life.weighed_g = round(life.baby.grams(month.days(at)) + month.rng.uniform(-0.6, 0.6))
    return Weighed(at, life.baby.name, life.weighed_g)


def _round(month: _Month, at: datetime) -> Iterator[Step]:
    for life in _here(month):
        if not life.cold:
            yield from _looked_at(life, month.soon(at))
    for box in sorted({life.box for life in _here(month) if life.box is not None}):
        yield _nest(month, box, month.soon(at))


def _nest(month: _Month, box: str, at: datetime, *, can_watch: bool = False) -> Nest:
    """As warm as the youngest needs it."""
    age = int(month.days(at)) - max(one.baby.born for one in _here(month) if one.box == box)
    row = tables.AGE_ROWS[tables.row_of_age(age)]
    middle = (row.nest_low_c + row.nest_high_c) / 2
    return Nest(at, box, round(middle + month.rng.uniform(-1, 1), 1), can_watch)


def _looked_at(life: _Life, at: datetime) -> Iterator[Step]:
    facts = {"body_feel": "warm", "health": "ok", "hungry_signs": False}
    yield Checked(at, life.baby.name, {**facts, **dict.fromkeys(FLAGS, False)})


def _feeds(month: _Month, at: datetime, local: datetime) -> Iterator[Step]:
    night = local.time() >= NIGHT[0] or local.time() < NIGHT[1]
    for life in _here(month):
        life.interval_min = _interval_min(month, life, local.date(), night=night)
    if month.asleep[0] <= at < month.asleep[1]:
        return
    due: set[str | None] = set()
    for life in _here(month):
        if not life.cold and at - life.fed >= timedelta(minutes=life.interval_min) - life.lead:
            due.add(life.box or life.baby.name)
    for life in _here(month):
        # Who lies in the same box is fed in the same round, if it is not far from its own time.
        near = at - life.fed >= timedelta(minutes=0.6 * life.interval_min)
        if (life.box or life.baby.name) in due and near and not life.cold:
            yield from _feed(month, life, month.soon(at))


def _feed(month: _Month, life: _Life, at: datetime) -> Iterator[Step]:
    life.fed = at
    life.lead = timedelta(minutes=month.rng.randrange(-10, 15))
    age = int(month.days(at)) - life.baby.born
    energy = tables.AGE_ROWS[tables.row_of_age(age)].energy(life.baby.species)
    kcal = energy * life.weighed_g / 100 * life.interval_min / 1440
    usual = kcal / MILKS[life.baby.species][1]
    most = min(usual, tables.STOMACH_ML_PER_G * life.weighed_g)
    full = max(tables.STEP_ML, math.floor(most / tables.STEP_ML) * tables.STEP_ML)
    fading = life.baby.name == FADING and month.days(at) > FADES_FROM + 1
    chance = month.rng.random()
    if chance < (0.15 if fading else 0.0):
        yield Fed(at, life.baby.name, 0, "refused")
    elif chance < (0.8 if fading else 0.05):
        yield Fed(at, life.baby.name, max(tables.STEP_ML, full // 2), "short")
    else:
        yield Fed(at, life.baby.name, full, "full")
    if age < tables.TOILET_HELP_BELOW_DAYS:
        kinds: tuple[Literal["urine", "both", "nothing"], ...] = ("urine", "both", "nothing")
        (came,) = month.rng.choices(kinds, (70, 25, 5))
        yield Helped(at + timedelta(seconds=90), life.baby.name, came)


def _interval_min(month: _Month, life: _Life, day: date, *, night: bool) -> int:
    """By age, weight and hour, or its own plan; as the tables say."""
    own = life.baby.values.get("plan_interval_min")
    if own is not None:
        return int(own)
    row = tables.row_of_age((day - month.first).days - life.baby.born)
    if life.baby.species == "kitten" and life.weighed_g:
        row = min(row, tables.row_of_kitten_weight(life.weighed_g))
    return tables.AGE_ROWS[row].interval_min(life.baby.species, night=night)


def _cries(month: _Month, at: datetime) -> Iterator[Step]:
    for box in LISTENING:
        for life in _here(month):
            if life.box != box or life.cold:
                continue
            since = (at - life.fed) / timedelta(minutes=life.interval_min)
            rate = TOGETHER_AN_HOUR if life.together else ALONE_AN_HOUR
            hungry = since >= HUNGRY_FROM
            if hungry:
                rate += OVERDUE_AN_HOUR if since >= 1.2 else HUNGRY_AN_HOUR
            if month.rng.random() < rate * (TICK / timedelta(hours=1)):
                yield _cried(month, life, box, month.soon(at, 2), hungry=hungry)
                break  # one at a time: nobody could tell them apart


def _cried(  # noqa: PLR0913 - what there is to tell of a cry
    month: _Month,
    life: _Life,
    box: str,
    at: datetime,
    *,
    hungry: bool,
    lasts_s: float | None = None,
) -> Cried:
    rng, calls, moment = month.rng, [], 0.0
    lasts = lasts_s or min(100.0, 12 * math.exp(rng.gauss(0.4, 0.7)))
    while moment < lasts:
        calls.append((round(moment, 2), round(rng.uniform(0.25, 0.7), 2)))
        moment += rng.uniform(1.0, 2.8)
    told = rng.random() < 0.6  # somebody was there and tapped
    why = ("fed" if hungry else rng.choice(("comfort", "by_itself"))) if told else None
    return Cried(at, box, life.baby.name, life.baby.species, tuple(calls), hungry, why)
