"""The plan in the words of a tired carer."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType

from web.care.facts import Feed
from web.care.plan import Next, State, Stop
from web.plan import Plan
from web.times import lasting

_MINUTE_S = 60

HELD = "Not to be fed now"
HEADINGS = MappingProxyType(
    {
        State.OVERDUE: "Overdue",
        State.UNKNOWN: "When did they last feed?",
        State.DUE: "Due soon",
        State.LATER: "Later",
        State.MOTHER: "Fed by their mother",
    }
)
STOPS = MappingProxyType(
    {
        Stop.URGENT: "Looks like an emergency: please do not feed; call the vet.",
        Stop.CHILLED: "Too cool: warm it first, slowly. Milk can wait.",
        Stop.HOT: "Too warm: let it cool first, and look at the nest.",
    }
)


def summary(plan: Plan, now: datetime) -> str:
    """`2 overdue · 1 due soon`, or when the next one is due."""
    states = [one.next.state for one in plan.babies]
    counts = [
        (states.count(State.OVERDUE), "overdue"),
        (states.count(State.DUE), "due soon"),
        (states.count(State.UNKNOWN), "not known"),
    ]
    said = " · ".join(f"{number} {words}" for number, words in counts if number)
    if said:
        return said
    coming = [one for one in plan.babies if one.due_at is not None]
    if not coming:
        return "Nobody to be fed"
    first = min(coming, key=lambda one: one.due_at or now)
    wait = lasting(((first.due_at or now) - now).total_seconds() // _MINUTE_S * _MINUTE_S)
    return f"Nobody is due. Next: {first.name} in {wait}"


def why(found: Next) -> str:
    """Why it is due before its time; empty when it is not."""
    return {
        Feed.SHORT: "took little at the last feed",
        Feed.HUNGRY: "shows signs of hunger",
    }.get(found.why, "")


def every(interval_min: float) -> str:
    """`every 3 h`, `every 2 h 30 min`."""
    return f"every {minutes(interval_min)}"


def minutes(count: float) -> str:
    """`3 h`, `2 h 30 min`."""
    return lasting(count * _MINUTE_S)


def ml(amount: float) -> str:
    """`5 mL`, `5.5 mL`."""
    return f"{amount:g} mL"
