"""What a silence is worth: was the room heard, or nothing at all? Pure: minutes in, findings out.

A box without cries may be calm, or its microphone may hang too far away, be covered, or drown in
the noise of a fan. Each rule says what it looks at; its number stands beside it with its reason.
Silence heard is silence, never well-being: the sickest newborns are quiet.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Literal, NamedTuple

# A minute is told when it is over, and may wait a while on its way: until then nothing is missing.
LATE = timedelta(seconds=150)
# Shorter gaps are restarts and plugs put right; a page full of them would say nothing.
GAP = timedelta(seconds=90)
# Before so much was listened to, nothing can be said of the room.
ENOUGH_S = 600.0
# Noise that never changes (a card's own hiss) wanders by less than 1 dB between the quietest and
# the loudest tenth of a second of a minute; a rustle beside the microphone is 10 dB over it.
FLAT_DB = 3.0
# A litter that sleeps soundly still stirs within the hour, and so does the house around it.
FLAT_S = 3600.0
# Taken where no cry is known: a faint kitten (60 dB SPL at 1 m, an assumption) is at -48 dBFS on a
# microphone whose full scale is 105 dB SPL. Gains differ by more than 10 dB, so a room is called
# loud only when it is 18 dB over that.
LOUD_DBFS = -30.0
# The room drowns a box's usual cries when it comes within so much of them: a cry may be softer.
LOUD_UNDER_CRIES_DB = 6.0
CRIES_KNOWN = 3  # with fewer of them, what is usual for the box is not known
LOUD_S = 1800.0  # a fan that runs for less is not worth a word
# So many sounds just under the threshold, and at least one an hour: the odd creak makes fewer.
NEAR_MANY, NEAR_AN_HOUR = 5, 1.0
LONE_MANY = 3  # single calls, each too little for a cry: somebody may be calling slowly
BESIDE_CRY = timedelta(seconds=60)  # what is heard so close to a cry belongs to its trouble

Code = Literal["flat", "loud", "near", "lone", "gaps", "heard", "unknown"]
CONCERNS: frozenset[Code] = frozenset({"flat", "loud", "near", "lone", "gaps"})


class Heard(NamedTuple):
    """What was heard in a minute; levels in dBFS of 300 to 8000 Hz."""

    at: datetime
    end: datetime
    length_s: float
    listened_s: float
    muted_s: float
    deaf_s: float
    reason: str | None
    level_dbfs: float | None
    loud_dbfs: float | None
    peak_dbfs: float | None
    noise_dbfs: float | None
    sensitivity: str
    near_calls: int
    lone_calls: int

    @property
    def listened(self) -> bool:
        """Whether a cry would have been heard in the most of it."""
        return self.listened_s >= self.length_s / 2

    @property
    def why_not(self) -> str:
        """Why it was not listened to: a reason of the microphone's, `muted`, or `lost`."""
        if self.deaf_s >= max(self.muted_s, self.length_s / 4):
            return self.reason or "lost"
        return "muted" if self.muted_s >= self.length_s / 4 else "lost"

    @property
    def flat(self) -> bool:
        """Whether not even a rustle was in it."""
        if self.peak_dbfs is None or self.noise_dbfs is None:
            return False
        return self.peak_dbfs - self.noise_dbfs < FLAT_DB


@dataclass(frozen=True)
class Cried:
    """A cry: from, to, and how loud it was at the microphone."""

    onset: datetime
    offset: datetime
    level_dbfs: float | None = None


@dataclass(frozen=True)
class Gap:
    """A time in which a cry would not have been heard."""

    begin: datetime
    end: datetime
    why: str  # as `Heard.why_not`, or `no_word`: nothing is known of it

    @property
    def length_s(self) -> float:
        """How long it lasted."""
        return (self.end - self.begin).total_seconds()


@dataclass(frozen=True)
class Finding:
    """Something that the minutes say; which fields are set depends on `code`."""

    code: Code
    since: datetime | None = None
    until: datetime | None = None  # None: it goes on
    count: int = 0
    sensitivity: str = ""
    noise_dbfs: float | None = None
    missing_s: float = 0.0

    @property
    def concern(self) -> bool:
        """Whether a person should look."""
        return self.code in CONCERNS


@dataclass(frozen=True)
class Silence:
    """What is known of a stretch of time at a box."""

    begin: datetime
    end: datetime  # now, while it goes on
    goes_on: bool
    minutes: tuple[Heard, ...]
    cries: tuple[Cried, ...]
    gaps: tuple[Gap, ...]
    listened_s: float
    near: int
    lone: int
    findings: tuple[Finding, ...]

    @property
    def length_s(self) -> float:
        """Of the stretch so far."""
        return (self.end - self.begin).total_seconds()

    @property
    def first(self) -> Finding:
        """What matters most."""
        return self.findings[0]


def look(  # noqa: PLR0913 - what is known of a night
    begin: datetime,
    end: datetime,
    minutes: Sequence[Heard],
    cries: Sequence[Cried],
    *,
    goes_on: bool,
    usual_cry_dbfs: Sequence[float] = (),
) -> Silence:
    """Judge a stretch of time: the minutes that reach into it and its cries, both in order.

    `goes_on`: the end is now. `usual_cry_dbfs` are levels of the box's newest cries.
    """
    missing = tuple(gaps(begin, end - LATE if goes_on else end, minutes))
    apart = _apart(minutes, cries)
    listened_s = sum(_listened_within(minute, begin, end) for minute in minutes)
    found = Silence(
        begin,
        end,
        goes_on,
        tuple(minutes),
        tuple(cries),
        missing,
        listened_s=min(listened_s, (end - begin).total_seconds()),
        near=sum(minute.near_calls for minute in apart),
        lone=sum(minute.lone_calls for minute in apart),
        findings=(),
    )
    concerns = [
        finding
        for finding in (
            _flat(found),
            _loud(found, usual_cry_dbfs),
            _near(apart, found.listened_s),
            _lone(found),
            _gaps(found),
        )
        if finding is not None
    ]
    calm = _calm(found)
    if not concerns or ([one.code for one in concerns] == ["gaps"] and calm.code == "heard"):
        concerns.append(calm)  # a gap earlier in the night does not make what was heard since less
    return replace(found, findings=tuple(concerns))


def gaps(begin: datetime, end: datetime, minutes: Iterable[Heard]) -> list[Gap]:
    """Times between `begin` and `end` in which nobody listened, longer than GAP, in order."""
    found: list[Gap] = []
    known = begin  # all before is accounted for
    for minute in minutes:
        if minute.at > known:
            _join(found, Gap(known, min(minute.at, end), "no_word"))
        if not minute.listened:
            _join(found, Gap(max(minute.at, known), min(minute.end, end), minute.why_not))
        known = max(known, minute.end)
    if known < end:
        _join(found, Gap(known, end, "no_word"))
    return [gap for gap in found if gap.end - gap.begin >= GAP]


def _join(found: list[Gap], gap: Gap) -> None:
    """Add a gap, or make the one before it longer: one story is told of both if either is short."""
    if gap.end <= gap.begin:
        return
    last = found[-1] if found else None
    if last is not None and gap.begin - last.end < timedelta(seconds=1):
        shorter, longer = sorted((last, gap), key=lambda one: one.length_s)
        if last.why == gap.why or shorter.end - shorter.begin < GAP:
            found[-1] = Gap(last.begin, gap.end, longer.why)
            return
    found.append(gap)


def _apart(minutes: Iterable[Heard], cries: Iterable[Cried]) -> list[Heard]:
    """The minutes that are beside no cry."""
    coming = deque(cries)
    found = []
    for minute in minutes:
        while coming and coming[0].offset + BESIDE_CRY <= minute.at:
            coming.popleft()
        if not coming or minute.end <= coming[0].onset - BESIDE_CRY:
            found.append(minute)
    return found


def _listened_within(minute: Heard, begin: datetime, end: datetime) -> float:
    inside_s = (min(minute.end, end) - max(minute.at, begin)).total_seconds()
    return minute.listened_s * max(0.0, min(1.0, inside_s / minute.length_s))


def _flat(night: Silence) -> Finding | None:
    """The longest stretch in which every listened minute was flat; the newest, if it goes on."""
    runs: list[list[Heard]] = [[]]
    for minute in night.minutes:
        if not minute.listened:
            continue
        if minute.flat:
            runs[-1].append(minute)
        elif runs[-1]:
            runs.append([])
    goes_on = night.goes_on and runs[-1]
    run = runs[-1] if goes_on and _heard_s(runs[-1]) >= FLAT_S else max(runs, key=_heard_s)
    if _heard_s(run) < FLAT_S:
        return None
    until = None if goes_on and run is runs[-1] else run[-1].end
    return Finding("flat", since=max(run[0].at, night.begin), until=until)


def _heard_s(minutes: Iterable[Heard]) -> float:
    return sum(minute.listened_s for minute in minutes)


def _loud(night: Silence, usual_cry_dbfs: Sequence[float]) -> Finding | None:
    """The newest half hour, or half the time if it is over, was too loud to hear a faint cry in."""
    limit = LOUD_DBFS
    if len(usual_cry_dbfs) >= CRIES_KNOWN:
        limit = median(usual_cry_dbfs) - LOUD_UNDER_CRIES_DB
    listened = [m for m in night.minutes if m.listened and m.noise_dbfs is not None]
    newest: list[Heard] = []
    for minute in reversed(listened):
        newest.append(minute)
        if night.goes_on and _heard_s(newest) >= LOUD_S:
            break
    if _heard_s(newest) < LOUD_S:
        return None
    noise = median(m.noise_dbfs for m in newest if m.noise_dbfs is not None)
    if noise < limit:
        return None
    return Finding("loud", noise_dbfs=noise, until=None if night.goes_on else night.end)


def _near(apart: Sequence[Heard], listened_s: float) -> Finding | None:
    """Many sounds just under the threshold, at the sensitivity that is in force."""
    if not apart:
        return None
    now = apart[-1].sensitivity
    count = sum(minute.near_calls for minute in apart if minute.sensitivity == now)
    if count < max(NEAR_MANY, NEAR_AN_HOUR * listened_s / 3600):
        return None
    return Finding("near", count=count, sensitivity=now)


def _lone(night: Silence) -> Finding | None:
    return Finding("lone", count=night.lone) if night.lone >= LONE_MANY else None


def _gaps(night: Silence) -> Finding | None:
    """Time that nobody listened, with the longest gap."""
    if not night.gaps:
        return None
    longest = max(night.gaps, key=lambda gap: gap.length_s)
    missing_s = sum(gap.length_s for gap in night.gaps)
    return Finding("gaps", since=longest.begin, until=longest.end, missing_s=missing_s)


def _calm(night: Silence) -> Finding:
    """Nothing speaks against the silence; since when it is one, without a gap or a cry."""
    if night.listened_s < ENOUGH_S or (night.goes_on and not _lately(night)):
        return Finding("unknown")
    return Finding("heard", since=quiet_since(night), until=None if night.goes_on else night.end)


def _lately(night: Silence) -> bool:
    last = night.minutes[-1] if night.minutes else None
    return last is not None and last.listened and night.end - last.end < LATE


def quiet_since(night: Silence) -> datetime:
    """When the silence began that lasts until the end: nothing before a gap or a cry counts."""
    ends = [night.begin, *(cry.offset for cry in night.cries), *(gap.end for gap in night.gaps)]
    # A hole too short to be a gap is still no silence that was heard.
    holes = [b.at for a, b in pairwise(night.minutes) if b.at - a.end > timedelta(seconds=30)]
    holes += [minute.end for minute in night.minutes if not minute.listened]
    first = [night.minutes[0].at] if night.minutes else []
    return min(night.end, max([*ends, *holes, *first]))
