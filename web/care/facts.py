"""Facts derived from the records of one animal, and from the whole scene around it.

A fact is unknown only when none of the records behind it settles it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from web.care import tables
from web.care.scenario import RED_FLAGS, Animal, Scenario


class Flagged(StrEnum):
    """Is any red flag seen?"""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Warmth(StrEnum):
    """Is its body warm?"""

    CHILLED = "chilled"
    HOT = "hot"
    WARM = "warm"
    PRESUMED = "presumed"  # nobody has felt it, but the nest or its age makes it likely
    UNKNOWN = "unknown"


class Feed(StrEnum):
    """Is a feed due?"""

    MOTHER = "mother"  # its mother feeds it
    UNKNOWN = "unknown"
    OVERDUE = "overdue"
    SOON = "soon"
    SHORT = "short"  # half the interval has passed since a feed that was short or refused
    HUNGRY = "hungry"
    NOT_DUE = "not due"


class Health(StrEnum):
    """What the last check found."""

    OK = "ok"
    BAD = "bad"
    UNKNOWN = "unknown"


class Crying(StrEnum):
    """How long this cry has been going on."""

    QUIET = "quiet"
    SHORT = "short"
    LONG = "long"
    PERSISTENT = "persistent"


FEED_DUE = frozenset({Feed.OVERDUE, Feed.SOON, Feed.SHORT, Feed.HUNGRY})
OUT_OF_TEMPERATURE = frozenset({Warmth.CHILLED, Warmth.HOT})
WARM_ENOUGH = frozenset({Warmth.WARM, Warmth.PRESUMED})


@dataclass(frozen=True, slots=True)
class Facts:
    """What the records of one animal amount to."""

    animal: Animal
    id: str
    age: int  # working age in days: for the table's rows, never for pairing
    interval_min: int  # between its feeds
    flagged: Flagged
    warmth: Warmth
    feed: Feed
    health: Health
    urgent: bool  # a red flag, or severely cold, hot or losing weight
    missing: frozenset[str]  # names of the facts that are not known

    @property
    def row(self) -> tables.AgeRow:
        """The table's row for its working age."""
        return tables.AGE_ROWS[tables.row_of_age(self.age)]

    @property
    def motherless(self) -> bool:
        """Its mother is not with it, as far as is known."""
        return self.animal.mother != "present"

    @property
    def out_of_temperature(self) -> bool:
        """Chilled or hot: to be put right before anything else."""
        return self.warmth in OUT_OF_TEMPERATURE


def facts_of(animal: Animal, scenario: Scenario) -> Facts:
    """Derive the facts of one animal."""
    age = _working_age(animal)
    interval = _interval_min(animal, age, night=scenario.context.night)
    flagged = _flagged(animal)
    warmth = _warmth(animal, age, scenario.box.temp_c)
    feed = _feed(animal, interval)
    health = _health(animal, flagged)
    return Facts(
        animal=animal,
        id=animal.id,
        age=age,
        interval_min=interval,
        flagged=flagged,
        warmth=warmth,
        feed=feed,
        health=health,
        urgent=flagged is Flagged.YES or _severe(animal),
        missing=_missing(animal, flagged, warmth, feed, health),
    )


def _known_kitten_weight(animal: Animal) -> float | None:
    return animal.weight_g if animal.species == "kitten" else None


def _working_age(animal: Animal) -> int:
    if animal.age_days is not None:
        return animal.age_days
    weight = _known_kitten_weight(animal)
    if weight is None:
        return tables.PRESUMED_AGE_DAYS
    return tables.AGE_ROWS[tables.row_of_kitten_weight(weight)].first_day


def _interval_min(animal: Animal, age: int, *, night: bool) -> int:
    if animal.plan_interval_min is not None:
        return animal.plan_interval_min
    weight = _known_kitten_weight(animal)
    if animal.age_days is None and weight is None:
        return tables.PRESUMED_INTERVAL_MIN
    row = tables.row_of_age(age)
    if weight is not None:  # a light kitten is fed like a younger one
        row = min(row, tables.row_of_kitten_weight(weight))
    return tables.AGE_ROWS[row].interval_min(animal.species, night=night)


def _flagged(animal: Animal) -> Flagged:
    flags = [getattr(animal.red_flags, name) for name in RED_FLAGS]
    if True in flags:
        return Flagged.YES
    return Flagged.UNKNOWN if None in flags else Flagged.NO


def _severe(animal: Animal) -> bool:
    return severely_cold(animal) or severely_hot(animal) or losing_weight_fast(animal)


def severely_cold(animal: Animal) -> bool:
    """Cold enough to be an emergency, by thermometer or by touch."""
    temperature = animal.body_temp_c
    return animal.body_feel == "cold" or (
        temperature is not None and temperature < tables.SEVERE_COLD_BELOW_C
    )


def severely_hot(animal: Animal) -> bool:
    """Hot enough to be an emergency."""
    return animal.body_temp_c is not None and animal.body_temp_c >= tables.SEVERE_HEAT_FROM_C


def losing_weight_fast(animal: Animal) -> bool:
    """Losing weight so fast that it is an emergency."""
    change = animal.weight_change_pct
    return change is not None and change < tables.SEVERE_LOSS_BELOW_PCT


def _warmth(animal: Animal, age: int, nest_c: float | None) -> Warmth:
    row = tables.AGE_ROWS[tables.row_of_age(age)]
    body_c, feel = animal.body_temp_c, animal.body_feel
    if feel in {"cool", "cold"} or (body_c is not None and body_c < row.chilled_below_c):
        return Warmth.CHILLED
    if feel == "hot" or (body_c is not None and body_c > row.hot_above_c):
        return Warmth.HOT
    if feel is not None or body_c is not None:
        return Warmth.WARM
    if animal.in_box and _nest_keeps_warm(animal, row, nest_c):
        return Warmth.PRESUMED
    return Warmth.UNKNOWN


def _nest_keeps_warm(animal: Animal, row: tables.AgeRow, nest_c: float | None) -> bool:
    if nest_c is not None:
        return row.nest_low_c <= nest_c <= row.nest_high_c
    return animal.age_days is not None and animal.age_days >= tables.PRESUMED_WARM_FROM_DAYS


def _feed(animal: Animal, interval: int) -> Feed:  # noqa: PLR0911 - the table's own order
    if animal.mother == "present" and animal.plan_interval_min is None:
        return Feed.MOTHER
    since = animal.min_since_fed
    if since is None:
        return Feed.HUNGRY if animal.hungry_signs else Feed.UNKNOWN
    if since >= interval:
        return Feed.OVERDUE
    if 10 * since >= tables.SOON_TENTHS * interval:
        return Feed.SOON
    if animal.last_feed in {"short", "refused"} and tables.SHORT_FEED_SHARE * since >= interval:
        return Feed.SHORT
    if animal.hungry_signs and since >= tables.HUNGER_SIGNS_FROM_MIN:
        return Feed.HUNGRY
    return Feed.NOT_DUE


def _health(animal: Animal, flagged: Flagged) -> Health:
    stool = animal.stool_score
    diarrhoea = stool is not None and stool >= tables.DIARRHOEA_FROM_SCORE
    if animal.health in {"suspect", "ill"} or diarrhoea or flagged is Flagged.YES:
        return Health.BAD
    return Health.OK if animal.health == "ok" else Health.UNKNOWN


def _missing(
    animal: Animal, flagged: Flagged, warmth: Warmth, feed: Feed, health: Health
) -> frozenset[str]:
    known = {
        "red_flags": flagged is not Flagged.UNKNOWN,
        "warmth": warmth not in {Warmth.PRESUMED, Warmth.UNKNOWN},
        "growth": animal.weight_change_pct is not None,
        "age_days": animal.age_days is not None,
        "weight_g": animal.weight_g is not None,
        "mother": animal.mother is not None,
        "health": health is not Health.UNKNOWN,
        # Signs of hunger alone do not say when it was fed.
        "fed": feed is Feed.MOTHER or (animal.min_since_fed is not None),
        "last_feed": animal.last_feed is not None,
        "hungry": animal.hungry_signs is not None,
        "toilet": animal.min_since_toilet is not None,
    }
    return frozenset(name for name, is_known in known.items() if not is_known)
