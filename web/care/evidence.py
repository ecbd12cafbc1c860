"""What may be compared: hours before and with company in which the same animals were heard; pure.

An hour before company counts if every animal of the later group that was heard at all lived in a
box with nobody else but others of the group. An hour with company counts if the box held exactly
the group. So all crying of the one kind is that of the same animals as all crying of the other.
The hours in which somebody moved are left out.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from web.care.proof import WINDOW_DAYS
from web.care.trend import Cell

HOUR = timedelta(hours=1)
STEP = timedelta(minutes=5)  # in which feeds are looked at
WINDOW = timedelta(days=WINDOW_DAYS)
HEARD_FOR = timedelta(days=3)  # before company: an animal there for less was not heard before
HEARD_AT_LEAST = 0.25  # of an hour, in every box of it
SEEN_SHARE = 0.8  # of the cries, where only people tell who of two cried
# How long since the last feed, in intervals: the last two are near to a feed that is due.
PHASES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
DUE_FROM = 0.8
LOG_KEPT = 2.0  # intervals after which it is likelier that a feed was not written down


@dataclass(frozen=True, slots=True)
class Stayed:
    """An animal in a box, from, to."""

    animal: int
    box: str
    begin: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Cried:
    """A cry as it counts here."""

    box: str
    onset: datetime
    seconds: float
    calls: int
    species: str  # heard
    source: int | None  # seen by a person


@dataclass(frozen=True, slots=True)
class Fed:
    """A feed, and how long it holds by the rules."""

    at: datetime
    interval: timedelta


@dataclass(frozen=True)
class Records:
    """All that is known around two that were put together."""

    pair: tuple[int, int]
    began: datetime
    until: datetime  # their end, or now
    species: Mapping[int, str]
    stays: Sequence[Stayed]  # of everybody who was in one of the boxes, in the window
    cries: Sequence[Cried]
    # Box -> hour in UTC -> share of it that was listened to. A box that is missing told nothing
    # of how it listened: it counts as heard all the time, and that is said.
    listened: Mapping[str, Mapping[datetime, float]]
    feeds: Mapping[int, Sequence[Fed]]  # of each animal, in order
    hour_of_day: Callable[[datetime], int]  # in the house


@dataclass
class Phase:
    """Crying so long after a feed."""

    listened_h: float = 0.0
    minutes: float = 0.0
    cries: int = 0


Amount = Callable[[Cried], float]


def _phases() -> list[Phase]:
    return [Phase() for _ in PHASES]


@dataclass
class Evidence:
    """The hours that count."""

    members: tuple[int, ...] = ()
    unheard: tuple[int, ...] = ()  # of them, before: their crying is counted only after
    assumed: tuple[str, ...] = ()  # boxes taken as heard all the time
    calls: list[Cell] = field(default_factory=list)
    minutes: list[Cell] = field(default_factory=list)
    away: list[Cell] = field(default_factory=list)  # minutes while no feed was due soon
    due: list[Cell] = field(default_factory=list)  # minutes while one was
    own_calls: dict[int, list[Cell]] = field(default_factory=dict)
    own_minutes: dict[int, list[Cell]] = field(default_factory=dict)
    without: list[Phase] = field(default_factory=_phases)
    with_company: list[Phase] = field(default_factory=_phases)


@dataclass(frozen=True, slots=True)
class _Hour:
    begin: datetime
    company: bool
    boxes: frozenset[str]


@dataclass(frozen=True)
class _Group:
    """Who lived in the box when company began, and who of them was heard before."""

    records: Records
    box: str
    members: frozenset[int]
    heard: frozenset[int]

    def hours(self) -> Iterator[_Hour]:
        """The hours that count."""
        records = self.records
        at = _full_hour(records.began - WINDOW)
        until = min(records.until, records.began + WINDOW)
        while at + HOUR <= until:
            if at >= records.began or at + HOUR <= records.began:
                company = at >= records.began
                boxes = self._with_company(at) if company else self._before(at)
                if boxes:
                    yield _Hour(at, company, boxes)
            at += HOUR

    def _with_company(self, begin: datetime) -> frozenset[str]:
        inside, whole = self._who(begin)
        alike = frozenset(inside.get(self.box, ())) == self.members <= whole.keys()
        return frozenset({self.box}) if alike else frozenset()

    def _before(self, begin: datetime) -> frozenset[str]:
        inside, whole = self._who(begin)
        if not self.heard or not self.heard <= whole.keys():
            return frozenset()
        boxes = frozenset(whole[one] for one in self.heard)
        one, other = self.records.pair
        together = one in whole and whole[one] == whole.get(other)
        strangers = any(not inside[box] <= self.members for box in boxes)
        return frozenset() if together or strangers else boxes

    def _who(self, begin: datetime) -> tuple[dict[str, set[int]], dict[int, str]]:
        """Who was in each box in an hour at all, and where each was that did not move."""
        inside: dict[str, set[int]] = {}
        whole: dict[int, str] = {}
        for stay in self.records.stays:
            if stay.begin < begin + HOUR and (stay.end is None or stay.end > begin):
                inside.setdefault(stay.box, set()).add(stay.animal)
                if stay.begin <= begin and (stay.end is None or stay.end >= begin + HOUR):
                    whole[stay.animal] = stay.box
        return inside, whole

    def can_be_told(self, animal: int) -> bool:
        """Whether its cries can be told from those of the others with company."""
        species = self.records.species
        if all(species[one] != species[animal] for one in self.members - {animal}):
            return True
        after = [
            cry
            for cry in self.records.cries
            if cry.box == self.box and cry.onset >= self.records.began
        ]
        seen = sum(cry.source is not None for cry in after)
        return bool(after) and seen >= SEEN_SHARE * len(after)

    def phase(self, at: datetime) -> int | None:
        """Which of `PHASES` the hungriest is in; None where a feed may not have been noted."""
        longest = 0.0
        for animal in self.heard:
            feeds = self.records.feeds.get(animal, ())
            place = bisect_right(feeds, at, key=lambda fed: fed.at)
            if not place:
                return None
            share = (at - feeds[place - 1].at) / feeds[place - 1].interval
            if share > LOG_KEPT:
                return None
            longest = max(longest, share)
        return max(number for number, begin in enumerate(PHASES) if longest >= begin)


@dataclass(frozen=True)
class _Heard:
    """What was heard in an hour that counts."""

    hour: _Hour
    days: float
    of_day: int
    listened: float
    cries: tuple[tuple[Cried, float], ...]  # each with its weight

    def cell(self, amount: Amount, fits: Callable[[Cried], bool] = lambda _: True) -> Cell:
        """The hour, by an amount of the cries that fit."""
        mine = [(cry, weight) for cry, weight in self.cries if fits(cry)]
        total = sum(amount(cry) * weight for cry, weight in mine)
        return Cell(self.days, self.of_day, self.hour.company, self.listened, len(mine), total)


def evidence(records: Records) -> Evidence:
    """The hours that count, with what was cried in them."""
    box = _box_of(records, records.pair[0])
    if box is None or box != _box_of(records, records.pair[1]):
        return Evidence(members=tuple(sorted(records.pair)))
    members = frozenset(
        stay.animal for stay in records.stays if stay.box == box and _there(stay, records.began)
    )
    heard = frozenset(one for one in members if _before(records, one) >= HEARD_FOR)
    group = _Group(records, box, members, heard)
    hours = list(group.hours())
    boxes = {one for hour in hours for one in hour.boxes}
    found = Evidence(
        members=tuple(sorted(members)),
        unheard=tuple(sorted(members - heard)),
        assumed=tuple(sorted(boxes - records.listened.keys())),
    )
    own = [one for one in sorted(heard) if group.can_be_told(one)]
    for hour in _heard(group, hours):
        found.calls.append(hour.cell(_calls))
        found.minutes.append(hour.cell(_minutes))
        for animal in own:
            mine = _of(records, animal)
            found.own_calls.setdefault(animal, []).append(hour.cell(_calls, mine))
            found.own_minutes.setdefault(animal, []).append(hour.cell(_minutes, mine))
        _by_feeds(found, group, hour)
    return found


def _there(stay: Stayed, at: datetime) -> bool:
    return stay.begin <= at and (stay.end is None or stay.end > at)


def _box_of(records: Records, animal: int) -> str | None:
    """Where it lived when company had begun."""
    stays = (s for s in records.stays if s.animal == animal and _there(s, records.began))
    return next((stay.box for stay in stays), None)


def _before(records: Records, animal: int) -> timedelta:
    """For how long it lived in a box before company."""
    whole = timedelta()
    for stay in records.stays:
        if stay.animal == animal:
            end = min(stay.end or records.began, records.began)
            whole += max(timedelta(), end - max(stay.begin, records.began - WINDOW))
    return whole


def _full_hour(at: datetime) -> datetime:
    """The first one from a moment on."""
    whole = _hour_of(at)
    return whole if whole == at else whole + HOUR


def _hour_of(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _heard(group: _Group, hours: Iterable[_Hour]) -> Iterator[_Heard]:
    """Those of the hours that were listened to."""
    records = group.records
    cries: dict[datetime, list[Cried]] = {}
    for cry in records.cries:
        cries.setdefault(_hour_of(cry.onset), []).append(cry)
    for hour in hours:
        shares = {box: _listened(records, box, hour.begin) for box in sorted(hour.boxes)}
        if min(shares.values()) < HEARD_AT_LEAST:
            continue
        listened = sum(shares.values()) / len(shares)
        yield _Heard(
            hour,
            days=(hour.begin - records.began) / timedelta(days=1),
            of_day=records.hour_of_day(hour.begin),
            listened=listened,
            # Boxes that were not listened to alike: what was cried in each, as if they were.
            cries=tuple(
                (cry, listened / shares[cry.box])
                for cry in cries.get(hour.begin, ())
                if cry.box in shares and (cry.source is None or cry.source in group.members)
            ),
        )


def _listened(records: Records, box: str, hour: datetime) -> float:
    told = records.listened.get(box)
    return 1.0 if told is None else min(1.0, told.get(hour, 0.0))


def _calls(cry: Cried) -> float:
    return float(cry.calls)


def _minutes(cry: Cried) -> float:
    return cry.seconds / 60


def _of(records: Records, animal: int) -> Callable[[Cried], bool]:
    """Its cries: by the same rule before and after, so that a mistaken ear errs alike."""
    return lambda cry: (
        cry.source == animal if cry.source is not None else cry.species == records.species[animal]
    )


def _by_feeds(found: Evidence, group: _Group, heard: _Heard) -> None:
    """The hour once more, by how long ago the hungriest was fed."""
    hour = heard.hour
    bins = found.with_company if hour.company else found.without
    time = [0.0, 0.0]  # away from feeds, near to one
    at = hour.begin + STEP / 2
    while at < hour.begin + HOUR:
        phase = group.phase(at)
        if phase is not None:
            share = heard.listened * (STEP / HOUR)
            bins[phase].listened_h += share
            time[PHASES[phase] >= DUE_FROM] += share
        at += STEP
    sides: list[list[tuple[Cried, float]]] = [[], []]
    for cry, weight in heard.cries:
        phase = group.phase(cry.onset)
        if phase is not None:
            bins[phase].minutes += _minutes(cry) * weight
            bins[phase].cries += 1
            sides[PHASES[phase] >= DUE_FROM].append((cry, weight))
    for cells, cried, listened in zip((found.away, found.due), sides, time, strict=True):
        if listened > 0:
            part = replace(heard, listened=listened, cries=tuple(cried))
            cells.append(part.cell(_minutes))
