"""What the rules knew when they suggested something, in words; pure."""

from __future__ import annotations

from dataclasses import dataclass

from monitor.messages import SuggestionItem
from web.care.facts import Facts, Feed, Flagged, Health, Warmth, facts_of
from web.care.scenario import Scenario
from web.suggesting import Advice
from web.times import age_words, lasting

NOT_KNOWN = "not known"

_WARMTH = {
    Warmth.CHILLED: "too cool",
    Warmth.HOT: "too warm",
    Warmth.WARM: "warm",
    Warmth.PRESUMED: "nobody has felt it; likely warm",
    Warmth.UNKNOWN: f"{NOT_KNOWN}, or felt more than an hour ago",
}
_FEED = {
    Feed.MOTHER: "its mother feeds it",
    Feed.UNKNOWN: NOT_KNOWN,
    Feed.OVERDUE: "overdue",
    Feed.SOON: "nearly due",
    Feed.SHORT: "half the time since a feed that was short",
    Feed.HUNGRY: "it shows hunger",
    Feed.NOT_DUE: "not due",
}
_HEALTH = {Health.OK: "well", Health.BAD: "cause for concern", Health.UNKNOWN: NOT_KNOWN}
_FLAGGED = {
    Flagged.YES: "seen",
    Flagged.NO: "none seen",
    Flagged.UNKNOWN: "not looked at in the last hour",
}
_MOTHER = {"present": "with it", "available": "on site", "none": "not here", None: NOT_KNOWN}
_TOOK = {"full": ", took all", "short": ", took less", "refused": ", refused", None: ""}


@dataclass(frozen=True)
class Known:
    """The facts of one animal, or of the box."""

    name: str
    facts: tuple[tuple[str, str], ...]


def of(advice: Advice, item: SuggestionItem) -> tuple[Known, ...]:
    """The facts of whom the suggestion is about (all in the box if of nobody), and of the box."""
    scenario = advice.scenario
    meant = {*item.subjects, *([item.partner] if item.partner else [])}
    animals = [
        Known(advice.names.get(one.id, one.id), _animal(facts_of(one, scenario)))
        for one in scenario.animals
        if (one.id in meant if meant else one.in_box)
    ]
    return (*animals, Known("The box", _box(scenario)))


def _animal(facts: Facts) -> tuple[tuple[str, str], ...]:
    animal = facts.animal
    age = age_words(animal.age_days)
    if animal.age_days is None:
        age = f"{NOT_KNOWN}; taken as {age_words(facts.age)}"
    warmth = _WARMTH[facts.warmth]
    if animal.body_temp_c is not None:
        warmth += f", {animal.body_temp_c:g} °C"
    fed = NOT_KNOWN
    if animal.min_since_fed is not None:
        fed = f"{_minutes(animal.min_since_fed)} ago{_TOOK[animal.last_feed]}"
    change = animal.weight_change_pct
    grew = f", {change:+.1f} % in a day" if change is not None else ""
    weight = "not weighed in the last day"
    if animal.weight_g is not None:
        weight = f"{animal.weight_g:g} g{grew}"
    toilet = animal.min_since_toilet
    return (
        ("Red signs", _FLAGGED[facts.flagged]),
        ("Warmth", warmth),
        ("Last fed", fed),
        ("A feed every", _minutes(facts.interval_min)),
        ("So its feed is", _FEED[facts.feed]),
        ("Toilet", NOT_KNOWN if toilet is None else f"{_minutes(toilet)} ago"),
        ("Health", _HEALTH[facts.health]),
        ("Age", age),
        ("Weight", weight),
        ("Mother", _MOTHER[animal.mother]),
    )


def _box(scenario: Scenario) -> tuple[tuple[str, str], ...]:
    box, cry, context = scenario.box, scenario.cry, scenario.context
    yes_no = {True: "yes", False: "no", None: NOT_KNOWN}
    milk = context.formula_kcal_ml
    return (
        ("Crying", f"for {lasting(cry.episode_s)}" if cry.episode_s else "no"),
        ("Warm side", NOT_KNOWN if box.temp_c is None else f"{box.temp_c:g} °C"),
        ("Spread out", yes_no[box.spread]),
        ("Comforts", yes_no[box.comfort]),
        ("One can watch", yes_no[context.carer_can_watch]),
        ("Milk", f"{milk:g} kcal/mL" if milk else "not known; 1 kcal/mL is taken"),
        ("Feeding hours", "night" if context.night else "day"),
    )


def _minutes(minutes: int) -> str:
    return lasting(60 * minutes)
