"""From records to the scenario of the care rules: the one place that says what may be trusted.

Pure: records, the house's rules and a moment in; a valid scenario out, whatever the records hold.
What is too old, or out of the range that the rules know, becomes unknown; animals that the rules
are not made for are left out, with a note for the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

from monitor.messages import ClockState
from monitor.settings import HouseSettings
from web.care.feeding_night import night_at
from web.care.growth import DAY_BEFORE, Weighing
from web.care.scenario import (
    MAX_ANIMALS,
    RED_FLAGS,
    TRUST_BODY_MIN,
    TRUST_BOX_MIN,
    TRUST_SIGNS_MIN,
    TRUST_WEIGHT_MIN,
    Animal,
    Box,
    Context,
    Cry,
    Protocol,
    RedFlags,
    Scenario,
    ScenarioError,
)
from web.care.tables import FORMULA_KCAL_ML
from web.known import PAUSE, Known, KnownAnimal, Seen
from web.records import Cry as CryRecord

Part = TypeVar("Part", Animal, Box, Context, RedFlags)

OLDEST_DAYS = 70  # the rules are made for babies up to here
LONGEST_EPISODE_S = 86_400
LONGEST_CHANGE_MIN = 1440  # a move longer ago is none lately
LONGEST_SINCE_MIN = 2880  # a feed or stool longer ago means that the log was not kept
TRUST_HEALTH_MIN = 24 * 60  # "well" holds for a day; "not well" until somebody says otherwise


@dataclass(frozen=True)
class Question:
    """A scenario, the names behind its ids, and what was left out."""

    scenario: Scenario
    names: dict[str, str]
    notes: list[str] = field(default_factory=list)


def scenario_of(known: Known, house: HouseSettings, now: datetime) -> Question:
    """The question that the rules are asked for this box at this moment."""
    notes: list[str] = []
    animals = _chosen(known.animals, house, now, notes)
    box = known.box
    return Question(
        scenario=Scenario(
            cry=_cry(known, {one.animal.id for one in animals if one.in_box}, now),
            box=_trusted(
                Box,
                "the box",
                notes,
                temp_c=_fresh(box.temp_c, box.temp_at, TRUST_BOX_MIN, now),
                spread=_fresh(box.spread, box.spread_at, TRUST_SIGNS_MIN, now),
                comfort=box.comfort,
                min_since_change=_minutes(known.changed_at, now, LONGEST_CHANGE_MIN),
            ),
            context=_trusted(
                Context,
                "the milk",
                notes,
                night=is_night(house, now),
                carer_can_watch=_fresh(
                    box.carer_can_watch, box.carer_can_watch_at, TRUST_SIGNS_MIN, now
                ),
                formula_kcal_ml=_milk(animals, house, notes),
            ),
            protocol=Protocol(
                quarantine_days=house.quarantine_days,
                vet_phone=house.vet_phone,
                urgent_text=house.urgent_text,
            ),
            animals=tuple(_animal(one, house, now, notes) for one in animals),
        ),
        names={str(one.animal.id): one.animal.name for one in animals},
        notes=notes,
    )


def _milk(animals: Sequence[KnownAnimal], house: HouseSettings, notes: list[str]) -> float | None:
    """Energy of the milk, kcal/mL: of what those in the box drink, else the house's.

    The rules know one milk. Where several are drunk the richest counts, of which less is given.
    """
    inside = [one for one in animals if one.in_box and not _only_nursed(one)]
    found = {one.kcal_ml or house.formula_kcal_ml for one in inside} or {house.formula_kcal_ml}
    if len(found) == 1:
        return found.pop()
    richest = max(FORMULA_KCAL_ML if energy is None else energy for energy in found)
    notes.append(
        "They drink different milks; the amounts are for the richest of them, "
        f"{richest:g} kcal/mL, and so rather too small than too large."
    )
    return richest


def _only_nursed(one: KnownAnimal) -> bool:
    return one.animal.mother == "present" and one.animal.plan_interval_min is None


def baby_of(one: KnownAnimal, house: HouseSettings, now: datetime) -> Animal:
    """One animal as the rules know it at this moment, whatever its box."""
    return _animal(one, house, now, [])


def is_night(house: HouseSettings, now: datetime) -> bool:
    """Whether the house's feeding night holds; it may pass midnight."""
    return night_at(now.astimezone(house.zone).time(), house.night_from, house.night_to)


def episode_began(cry: CryRecord, earlier: Sequence[CryRecord]) -> datetime:
    """When the crying began of which this cry is the last part; `earlier` is newest first.

    Of a cry whose listener did not know the time, the time of arrival counts.
    """
    began = _onset(cry)
    for before in earlier:
        if began - _offset(before) >= PAUSE:
            break
        began = min(began, _onset(before))
    return began


def _onset(cry: CryRecord) -> datetime:
    return cry.onset if cry.clock == ClockState.SYNCHRONISED else cry.received_at


def _offset(cry: CryRecord) -> datetime:
    return cry.offset if cry.clock == ClockState.SYNCHRONISED else cry.updated_at


def _cry(known: Known, in_box: set[int], now: datetime) -> Cry:
    cry = known.cry
    if cry is None:
        return Cry(episode_s=0)
    lasts = (now - episode_began(cry, known.earlier)).total_seconds()
    return Cry(
        # It cries: never quiet, even when the listener's clock runs ahead of ours.
        episode_s=max(1, min(int(lasts), LONGEST_EPISODE_S)),
        species=known.heard,  # type: ignore[arg-type]  # kitten, puppy or None
        source_id=str(cry.source_id) if cry.source_id in in_box else None,
        unusual=_unusual(known, cry),
    )


def _unusual(known: Known, cry: CryRecord) -> bool | None:
    """A carer's word on this crying; else True where it was measured to be unlike the usual.

    That nothing stands out is no word that it is as usual: then it stays unknown, and is asked.
    """
    told = next((one.unusual for one in _episode(cry, known) if one.unusual is not None), None)
    if told is not None:
        return told
    return True if known.compared is not None and known.compared.unusual else None


def _episode(cry: CryRecord, known: Known) -> list[CryRecord]:
    """The cries that this crying is made of, newest first."""
    began = episode_began(cry, known.earlier)
    return [cry, *(one for one in known.earlier if _onset(one) >= began)]


def _chosen(
    animals: Sequence[KnownAnimal], house: HouseSettings, now: datetime, notes: list[str]
) -> list[KnownAnimal]:
    """Those of the box, and as many possible companions as the rules take, the likeliest first."""
    young: list[KnownAnimal] = []
    for one in animals:
        age = _age_days(one, house, now)
        if age is None or age <= OLDEST_DAYS:
            young.append(one)
        elif one.in_box:
            notes.append(
                f"{one.animal.name} is older than {OLDEST_DAYS} days; the suggestions are made "
                "for babies and leave it out."
            )
    inside = [one for one in young if one.in_box]
    outside = [one for one in young if not one.in_box]
    if inside:
        outside.sort(key=lambda one: _unlikeness(inside[0], one, house, now))
    chosen = [*inside, *outside][:MAX_ANIMALS]
    if len(young) > MAX_ANIMALS:
        notes.append(
            f"Only {MAX_ANIMALS} of {len(young)} animals are looked at: this box's first, then "
            "the likeliest companions."
        )
    return chosen


def _unlikeness(
    one: KnownAnimal, other: KnownAnimal, house: HouseSettings, now: datetime
) -> tuple[bool, bool, float, int]:
    """How unlikely a companion is: other litter, other species, far in age."""
    ages = _age_days(one, house, now), _age_days(other, house, now)
    apart = abs(ages[0] - ages[1]) if ages[0] is not None and ages[1] is not None else OLDEST_DAYS
    litter = one.animal.litter
    return (
        litter is None or other.animal.litter != litter,
        other.animal.species != one.animal.species,
        apart,
        other.animal.id,
    )


def _animal(one: KnownAnimal, house: HouseSettings, now: datetime, notes: list[str]) -> Animal:
    animal, weight = one.animal, _weight(one, now)
    since_fed = _minutes(one.feed.at, now, LONGEST_SINCE_MIN) if one.feed else None

    def seen(fact: str, minutes: int) -> Any:
        found = one.facts.get(fact)
        return _fresh(found.value, found.at, minutes, now) if found else None

    flags = {flag: seen(flag, TRUST_SIGNS_MIN) for flag in RED_FLAGS}
    return _trusted(
        Animal,
        animal.name,
        notes,
        id=str(animal.id),
        species=animal.species,
        in_box=one.in_box,
        age_days=_age_days(one, house, now),
        weight_g=weight.grams if weight else None,
        litter_id=animal.litter or None,
        mother=animal.mother,
        body_temp_c=seen("body_temp_c", TRUST_BODY_MIN),
        body_feel=seen("body_feel", TRUST_BODY_MIN),
        min_since_fed=since_fed,
        last_feed=one.feed.how if one.feed and since_fed is not None else None,
        plan_interval_min=animal.plan_interval_min,
        hungry_signs=seen("hungry_signs", TRUST_SIGNS_MIN),
        min_since_toilet=_since_toilet(one.facts.get("toilet"), now),
        red_flags=_trusted(RedFlags, animal.name, notes, **flags),
        weight_change_pct=_weight_change_pct(weight, one.weights),
        health=_health(one.facts.get("health"), now),
        stool_score=seen("stool_score", TRUST_HEALTH_MIN),
        exposed=animal.exposed,
        parasites=animal.parasites,
        days_in_care=_days_in_care(one, house, now),
        vaccinated=animal.vaccinated,
        cross_ok=animal.cross_ok,
        temperament=animal.temperament,
        suckles_others=animal.suckles_others,
        keep_apart=animal.keep_apart,
        ok_with=tuple(str(other) for other in sorted(one.ok_with)),
    )


def _trusted(part: type[Part], whose: str, notes: list[str], **values: Any) -> Part:
    """The part of a scenario; a value that the rules do not know becomes unknown, with a note."""
    while True:
        try:
            return part(**values)
        except ScenarioError as error:
            if values.get(error.field) is None:
                raise
            notes.append(f"{whose}: {error} and is not used.")
            values[error.field] = None


def _age_days(one: KnownAnimal, house: HouseSettings, now: datetime) -> int | None:
    born = one.animal.born_on
    if born is None:
        return None
    age = (now.astimezone(house.zone).date() - born).days
    return age if age >= 0 else None


def _days_in_care(one: KnownAnimal, house: HouseSettings, now: datetime) -> int | None:
    """Days since intake; while a carer keeps it in quarantine, never enough to leave it."""
    came = one.animal.intake_on
    days = None if came is None else (now.astimezone(house.zone).date() - came).days
    if days is not None and days < 0:
        days = None
    if one.animal.in_quarantine:
        return min(days or 0, house.quarantine_days - 1)
    return None if days is None else min(days, 365)


def _weight(one: KnownAnimal, now: datetime) -> Weighing | None:
    newest: Weighing | None = one.weights[0] if one.weights else None
    return _fresh(newest, newest.at, TRUST_WEIGHT_MIN, now) if newest else None


def _weight_change_pct(newest: Weighing | None, weights: Sequence[Weighing]) -> float | None:
    """Against the weighing nearest to a day before the newest, if there is one."""
    if newest is None:
        return None
    least, most = DAY_BEFORE
    comparable = [w for w in weights if least <= newest.at - w.at <= most and w.grams > 0]
    if not comparable:
        return None
    before = min(comparable, key=lambda w: abs(newest.at - w.at - timedelta(days=1)))
    change = 100 * (newest.grams - before.grams) / before.grams
    return max(-50.0, min(round(change, 2), 50.0))


def _health(seen: Seen | None, now: datetime) -> Any:
    if seen is None:
        return None
    return _fresh(seen.value, seen.at, TRUST_HEALTH_MIN, now) if seen.value == "ok" else seen.value


def _since_toilet(seen: Seen | None, now: datetime) -> int | None:
    """`toilet` is True when it went; the newest word is what counts."""
    return _minutes(seen.at, now, LONGEST_SINCE_MIN) if seen and seen.value else None


def _fresh(value: Any, at: datetime | None, minutes: int, now: datetime) -> Any:
    """The value, if it was seen lately enough to be trusted still."""
    return value if at is not None and now - at <= timedelta(minutes=minutes) else None


def _minutes(at: datetime | None, now: datetime, most: int) -> int | None:
    """Whole minutes since then; None when unknown or longer ago than counts."""
    if at is None:
        return None
    minutes = max(0, int((now - at).total_seconds() // 60))
    return minutes if minutes <= most else None
