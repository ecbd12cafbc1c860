"""What was noted of one baby, newest first: feeds, weights, looks and notes, in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from web.care.signs import AMBER_SIGNS, RED_SIGNS
from web.records import Feed, Formula, Note, Observation, Weight

ON_A_PAGE = 12
FACTS_OF_A_LOOK = 16  # at most, about: so many rows are read for each line that is shown


def _small(words: str) -> str:
    return words[0].lower() + words[1:]


HOW = {"full": "drank it all", "short": "did not finish", "refused": "refused"}
ROUTES = {"bottle": "bottle", "syringe": "syringe", "tube": "tube", "bowl": "bowl"}
ROUTES |= {"mother": "its mother"}
CAME = {"urine": "urine", "stool": "stool", "both": "urine and stool"}
FEELS = {"warm": "feels warm", "cool": "feels cool", "cold": "feels cold", "hot": "feels hot"}
HEALTH = {"ok": "looks well", "suspect": "not quite well", "ill": "looks ill"}
RED_FLAGS = {sign.name: _small(sign.seen) for sign in RED_SIGNS}
AMBER = {sign.name: _small(sign.seen) for sign in AMBER_SIGNS}
_ALARMING = {("body_feel", "cold"), ("health", "ill")}


@dataclass(frozen=True)
class Noted:
    """One line of the diary."""

    kind: str
    """The journal's word for the record: `feed`, `weight`, `check`, `note`."""
    id: int
    at: datetime
    text: str
    by: str | None
    sign: str
    """Name of the icon."""
    red: bool = False


@dataclass(frozen=True)
class Diary:
    """A piece of the diary, newest first."""

    lines: Sequence[Noted]
    before: datetime | None
    """From where it goes on; None where there is nothing older."""


def diary(
    session: Session, animal_id: int, before: datetime | None = None, limit: int = ON_A_PAGE
) -> Diary:
    """The newest lines, or the newest before a moment."""
    milks = dict(iter(session.execute(select(Formula.id, Formula.name))))
    more = limit + 1
    found = [
        Noted("feed", feed.id, feed.at, fed_words(feed, milks), feed.by, "bottle")
        for feed in session.scalars(_of(Feed, animal_id, before, more))
    ]
    found += [
        Noted("weight", one.id, one.at, weighed_words(one), one.by, "scales")
        for one in session.scalars(_of(Weight, animal_id, before, more))
    ]
    found += [
        Noted("note", note.id, note.at, note.text, note.by, "letter")
        for note in session.scalars(_of(Note, animal_id, before, more))
    ]
    seen = session.scalars(_of(Observation, animal_id, before, more * FACTS_OF_A_LOOK))
    found += looks(seen)
    found.sort(key=lambda one: (one.at, one.kind, one.id), reverse=True)
    page = found[:limit]
    if len(found) > limit:  # what was noted at one moment stays together
        page += [one for one in found[limit:] if one.at == page[-1].at]
    return Diary(page, page[-1].at if len(found) > len(page) else None)


def _of(table: Any, animal_id: int, before: datetime | None, limit: int) -> Select[Any]:
    query = select(table).where(table.animal_id == animal_id, table.undone_at.is_(None))
    if before is not None:
        query = query.where(table.at < before)
    return query.order_by(table.at.desc(), table.id.desc()).limit(limit)


def looks(seen: Iterable[Observation]) -> list[Noted]:
    """What was found at one moment is one line."""
    together: dict[tuple[datetime, str | None], list[Observation]] = {}
    for one in seen:
        together.setdefault((one.at, one.by), []).append(one)
    return [_look(rows) for rows in together.values()]


def _look(rows: Sequence[Observation]) -> Noted:
    first = min(rows, key=lambda one: one.id)
    facts = {one.fact: one.value for one in sorted(rows, key=lambda one: one.id)}
    alarming = any(facts.get(flag) is True for flag in RED_FLAGS)
    alarming = alarming or any((fact, value) in _ALARMING for fact, value in facts.items())
    sign = "drop" if set(facts) <= {"toilet", "toilet_tried", "stool_score"} else "search"
    words = seen_words(facts)
    return Noted("check", first.id, first.at, words, first.by, sign, alarming)


def fed_words(feed: Feed, milks: Mapping[int, str]) -> str:
    """`6.5 mL · did not finish · syringe`."""
    said = [f"{feed.amount_ml:g} mL" if feed.amount_ml is not None else "fed, amount not noted"]
    if feed.how == "refused":
        said = [HOW["refused"]]
    elif feed.how != "full":
        said.append(HOW[feed.how])
    if feed.route and feed.route != "bottle":
        said.append(ROUTES[feed.route])
    if feed.formula_id is not None and feed.formula_id in milks:
        said.append(milks[feed.formula_id])
    return " · ".join([*said, *([feed.note] if feed.note else [])])


def weighed_words(weight: Weight) -> str:
    """`311 g`, and what for, where it was for a bottle."""
    moment = {"before": " before its bottle", "after": " after its bottle"}
    return f"{weight.grams:g} g{moment.get(weight.moment or '', '')}"


def seen_words(facts: Mapping[str, Any]) -> str:
    """What a look found, the alarming first: `pale gums · feels cool · 35.5 °C · stool 6 of 7`."""
    said = [words for flag, words in RED_FLAGS.items() if facts.get(flag) is True]
    if not said and any(facts.get(flag) is False for flag in RED_FLAGS):
        said.append("no red flags")
    said += [words for fact, value in facts.items() if (words := _one_word(fact, value))]
    return " · ".join(said) or "looked at"


def _one_word(fact: str, value: Any) -> str:
    """One fact in words; none for a red flag, a sign that was not seen, or what is not known."""
    if fact in RED_FLAGS or (value in (None, False) and fact != "hungry_signs"):
        return ""
    say = _WORDS.get(fact)
    return say(value) if say else AMBER.get(fact, f"{fact.replace('_', ' ')}: {value}")


_WORDS: Mapping[str, Callable[[Any], str]] = {
    "toilet": lambda came: f"passed {CAME[came]}" if came in CAME else "went to the toilet",
    "toilet_tried": lambda _: "toilet: nothing came",
    "hungry_signs": lambda seen: "signs of hunger" if seen else "no signs of hunger",
    "body_feel": lambda feel: FEELS.get(feel, feel),
    "body_temp_c": lambda degrees: f"{degrees:g} °C",
    "health": lambda word: HEALTH.get(word, word),
    "stool_score": lambda score: f"stool {score} of 7",
}
