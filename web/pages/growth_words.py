"""What a weight says, in the words of the carer's checklist."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from web.care import feeding
from web.care.growth import DAY, RED, Finding, Growth
from web.growing import Growing
from web.times import lasting

_MINUTE_S = 60
_LOSSES = (Finding.LOST_MUCH, Finding.UNDER_PEAK, Finding.LOST)


class Said(NamedTuple):
    """One thing to know."""

    title: str
    text: str
    red: bool


def said(growing: Growing, now: datetime) -> list[Said]:
    """What its newest weight says, the gravest first; one thing is said once."""
    found = growing.growth.findings
    losses = [one for one in found if one in _LOSSES]
    return [
        Said(*_words(one, growing.growth, usual_gain(growing), now), one in RED)
        for one in found
        if one not in losses[1:]  # the gravest says the others too
    ]


def gain(growth: Growth) -> str | None:
    """`+12 g in 24 h`."""
    if growth.newest is None or growth.before is None or growth.gain_g is None:
        return None
    return f"{growth.gain_g:+g} g in {_apart(growth)}"


def usual_gain(growing: Growing) -> str | None:
    """`usual: 7 to 15 g a day`, where its age is known."""
    if growing.age_days is None or growing.age_days > feeding.OLDEST_DAYS:
        return None
    return f"usual: {feeding.said(growing.species, 'gain', growing.age_days).words}"


def gravest(growth: Growth, now: datetime) -> str | None:
    """What is red, in a word: `No gain in 24 h.`; None when nothing is."""
    found = next((one for one in growth.findings if one in RED), None)
    return None if found is None else _words(found, growth, None, now)[0]


def _words(finding: Finding, growth: Growth, usual: str | None, now: datetime) -> tuple[str, str]:
    newest, peak = growth.newest, growth.peak
    if newest is None:
        return "Not weighed lately.", "A weight gives the amount of milk, and shows trouble first."
    if finding is Finding.OLD:
        hours = lasting((now - newest.at).total_seconds() // _MINUTE_S * _MINUTE_S)
        return f"Not weighed for {hours}.", "The amount of milk waits for a weight."
    apart, lost = _apart(growth), abs(growth.gain_g or 0)
    most = f"{peak.grams:g} g" if peak else "most"
    look = "Look at it today: warmth, milk, stool."
    return {
        Finding.LOST_MUCH: (f"Lost {lost:g} g, over a tenth, in {apart}.", "Call the vet now."),
        Finding.UNDER_PEAK: (f"A tenth or more under the {most} it weighed.", "Call the vet."),
        Finding.LOST: (f"Lost {lost:g} g in {apart}.", look),
        Finding.NO_GAIN: (f"No gain in {apart}.", look),
        Finding.SLOW: ("Gains less than usual:", f"{gain(growth)}; {usual}."),
    }[finding]


def _apart(growth: Growth) -> str:
    """How far apart the two weights are that are compared."""
    if growth.newest is None or growth.before is None:
        return "a day"
    apart = growth.newest.at - growth.before.at
    if apart < 2 * DAY:
        return f"{round(apart / timedelta(hours=1))} h"
    return f"{round(apart / DAY)} days"
