"""What can be done from a card with one tap, and what each tap writes into the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from monitor.messages import SuggestionItem
from web import journal
from web.journal import Entry, EntryError, Written


@dataclass(frozen=True)
class Act:
    """One button of a card."""

    do: str
    words: str
    sign: str = "check"
    main: bool = False
    """What is most likely meant."""


@dataclass(frozen=True)
class Deed:
    """A tap on a card: what was done, for whom, as the card showed it."""

    do: str
    box_id: str
    cry_id: str | None
    animals: Sequence[int] = ()
    partner: int | None = None
    amounts_ml: Mapping[int, float] = field(default_factory=dict)


Write = Callable[[Session, Entry, Deed], list[Written]]


def acts(item: SuggestionItem, amounts_ml: Mapping[str, float]) -> tuple[Act, ...]:
    """The buttons of a suggestion, the likeliest first; of a feed with what it writes down."""
    many = len(item.subjects) > 1
    if item.code == "FEED":
        took = "Fed" + "".join(f" {ml:g} mL" for ml in amounts_ml.values() if not many)
        return (
            Act("fed", f"Fed, all {len(item.subjects)}" if many else took, "bottle", main=True),
            Act("short", "Took less"),
            Act("refused", "Refused"),
        )
    if item.code == "CHECK_WARMTH":
        return (Act("warm", f"All {len(item.subjects)} warm", "hand", main=True),) if many else ()
    if item.code == "CHECK_BOX" and "spread_out" in item.reasons:
        return (Act("huddled", "They lie together again", "together", main=True),)
    return _ACTS.get(item.code, ())


_ACTS: dict[str, tuple[Act, ...]] = {
    "URGENT_VET": (Act("done", "The vet is called", "check"),),
    "WARM_FIRST": (
        Act("done", "Warming it", "warm", main=True),
        Act("warm", "Warm now"),
        Act("cool", "Still cool"),
    ),
    "CHECK_BOX": (Act("done", "Put right", "thermometer", main=True),),
    "CHECK_SPECIES": (Act("not_a_cry", "It was no cry", "cross"), Act("done", "Looked")),
    "REUNITE": (
        Act("to_mother", "It is with her", "together", main=True),
        Act("no_mother", "She does not take it"),
    ),
    "STIMULATE": (
        Act("urine", "Urine", "drop", main=True),
        Act("stool", "Stool"),
        Act("both", "Both"),
        Act("nothing", "Nothing came"),
    ),
    "CHECK_ILL": (
        Act("well", "Looks well", main=True),
        Act("suspect", "Not sure"),
        Act("ill", "Looks ill"),
    ),
    "PAIR_SAME_LITTER": (Act("together", "Put together", "together", main=True),),
    "PAIR_SAME_SPECIES": (Act("together", "Put together", "together", main=True),),
    "PAIR_CROSS_SPECIES": (Act("together", "Put together", "together", main=True),),
    "COMFORT": (Act("comfort", "It has that now", "hand", main=True),),
}


def write(session: Session, who: Entry, deed: Deed) -> list[Written]:
    """Write what the tap means; `done` and what is not known to need a record writes nothing.

    Raises EntryError.
    """
    if deed.do == "done":
        return []
    if deed.do not in WRITES:
        raise EntryError("do", "is nothing that a card can do")
    return WRITES[deed.do](session, who, deed)


def _fed(how: str) -> Write:
    def fed(session: Session, who: Entry, deed: Deed) -> list[Written]:
        taken = deed.amounts_ml if how == "full" else {}
        amounts = {one: taken.get(one) for one in _someone(deed)}
        return [journal.feed_each(session, who, amounts, how)]

    return fed


def _seen(fact: str, value: Any) -> Write:
    return lambda session, who, deed: [
        journal.observe_each(session, who, _someone(deed), {fact: value})
    ]


def _toilet(came: str) -> Write:
    return lambda session, who, deed: [journal.toilet(session, who, _someone(deed), came)]


def _box_is(**facts: Any) -> Write:
    return lambda session, who, deed: [journal.box_facts(session, who, deed.box_id, **facts)]


def _together(session: Session, who: Entry, deed: Deed) -> list[Written]:
    (one, *_), partner = _someone(deed), deed.partner
    if partner is None:
        raise EntryError("partner_id", "say who comes to it")
    return [journal.put_together(session, who, one, partner)]


def _to_mother(session: Session, who: Entry, deed: Deed) -> list[Written]:
    return [journal.to_mother(session, who, one) for one in _someone(deed)]


def _no_mother(session: Session, who: Entry, deed: Deed) -> list[Written]:
    return [journal.edit_animal(session, who, one, {"mother": "none"}) for one in _someone(deed)]


def _not_a_cry(session: Session, who: Entry, deed: Deed) -> list[Written]:
    return [journal.review(session, who, deed.cry_id or "", "not_a_cry")]


def _someone(deed: Deed) -> Sequence[int]:
    if not deed.animals:
        raise EntryError("animal_ids", "choose at least one animal")
    return deed.animals


WRITES: Mapping[str, Write] = {
    "fed": _fed("full"),
    "short": _fed("short"),
    "refused": _fed("refused"),
    "warm": _seen("body_feel", "warm"),
    "cool": _seen("body_feel", "cool"),
    "huddled": _box_is(spread=False),
    "not_a_cry": _not_a_cry,
    "to_mother": _to_mother,
    "no_mother": _no_mother,
    "urine": _toilet("urine"),
    "stool": _toilet("stool"),
    "both": _toilet("both"),
    "nothing": _toilet("nothing"),
    "well": _seen("health", "ok"),
    "suspect": _seen("health", "suspect"),
    "ill": _seen("health", "ill"),
    "together": _together,
    "comfort": _box_is(comfort=True),
}

# What the toast says; `{}` stands for the animals' names.
SAID: Mapping[str, str] = {
    "done": "Noted",
    "fed": "Fed {}, just now",
    "short": "{}: took less. How much is not noted",
    "refused": "{}: refused, noted",
    "warm": "{}: warm, noted",
    "cool": "{}: still cool, noted",
    "huddled": "Noted. They lie together again",
    "not_a_cry": "Noted: not a cry",
    "to_mother": "{}: back with its mother",
    "no_mother": "{}: she does not take it, noted",
    "urine": "{}: urine, noted",
    "stool": "{}: stool, noted",
    "both": "{}: urine and stool, noted",
    "nothing": "{}: nothing came, noted",
    "well": "{}: looks well, noted",
    "suspect": "{}: not sure, noted. Look again soon",
    "ill": "{}: looks ill, noted. Ask your vet",
    "together": "{} are together now. Stay with them",
    "comfort": "Noted. It has its comforts",
    "not_now": "Not now: it comes back in a quarter of an hour",
    "did_not_help": "Noted: it did not help",
    "wrong": "Noted: it was wrong",
}
