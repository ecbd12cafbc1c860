"""What the next carer must know of the last hours: who needs a look first, then each baby."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TypeVar

from sqlalchemy import or_, select

from web import growing, plan
from web.care.growth import Finding
from web.care.plan import State
from web.care.signs import RED
from web.growing import Growing
from web.nursery import Look
from web.pages import diary, growth_words, plan_words
from web.pages.babies import Baby, as_listed, box_names
from web.plan import Plan, Planned
from web.records import (
    Animal,
    Companionship,
    Cry,
    Feed,
    Note,
    Observation,
    Reminder,
    Review,
    Stay,
    Weight,
)
from web.times import ago

AHEAD = timedelta(hours=12)  # what comes so soon is told
UNWEIGHED = frozenset({Finding.OLD, Finding.NEVER})
DIARRHOEA = 6  # of 7 on Purina's scale (care rules, section 3)
Written = TypeVar("Written", Feed, Weight, Observation, Note)


@dataclass(frozen=True)
class Concern:
    """Something to look at; red ones first."""

    text: str
    red: bool = False


@dataclass
class Watched:
    """One baby in the watch that ends."""

    animal: Animal
    baby: Baby
    planned: Planned | None = None
    growing: Growing | None = None
    feeds: list[Feed] = field(default_factory=list)
    seen: list[Observation] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    company: list[str] = field(default_factory=list)
    concerns: list[Concern] = field(default_factory=list)

    @property
    def red(self) -> bool:
        """Whether it comes first."""
        return any(one.red for one in self.concerns)

    @property
    def ml(self) -> float:
        """What it drank, as far as it was noted."""
        return sum(feed.amount_ml or 0.0 for feed in self.feeds)

    @property
    def ml_unknown(self) -> int:
        """Feeds whose amount nobody noted."""
        return sum(one.amount_ml is None and one.how != "refused" for one in self.feeds)

    @property
    def fed(self) -> int:
        """Feeds that it took, at least in part."""
        return sum(feed.how != "refused" for feed in self.feeds)

    def newest(self, *facts: str) -> Observation | None:
        """The newest of some facts within the watch."""
        return next((one for one in reversed(self.seen) if one.fact in facts), None)


@dataclass
class HeardBox:
    """What a box was heard to do."""

    id: str
    name: str
    cries: int = 0
    lasting_s: float = 0.0
    stopped: Counter[str] = field(default_factory=Counter)
    notes: list[Note] = field(default_factory=list)


@dataclass(frozen=True)
class Event:
    """A coming, a going, a move, a pairing."""

    at: datetime
    text: str


@dataclass(frozen=True)
class Summary:
    """A watch, to be handed over."""

    since: datetime
    until: datetime
    babies: Sequence[Watched]
    """Those with concerns first."""
    boxes: Sequence[HeardBox]
    events: Sequence[Event]
    reminders: Sequence[tuple[Reminder, str]]
    """Due or overdue, with the baby's name."""
    coming: Sequence[Planned]
    """Feeds of the hours ahead, overdue ones first."""
    carers: Sequence[str]

    @property
    def to_weigh(self) -> list[str]:
        """Names of those not weighed for a day."""
        return [
            one.animal.name
            for one in self.babies
            if one.growing and UNWEIGHED.intersection(one.growing.growth.findings)
        ]

    @property
    def first(self) -> list[Watched]:
        """Who needs a look."""
        return [one for one in self.babies if one.concerns]


def summary(look: Look, hours: int) -> Summary:
    """Read it; a score of queries, whatever the number of babies."""
    session, since = look.session, look.now - timedelta(hours=hours)
    animals = session.scalars(
        select(Animal).where(Animal.status == "in_care").order_by(Animal.name, Animal.id)
    ).all()
    house = look.settings.house
    planned = plan.plan(session, house, look.now)
    grown = {one.id: one for one in growing.everyone(session, house, look.now)}
    names = box_names(look)
    babies = {
        one.id: Watched(one, baby, planned.of(one.id), grown.get(one.id))
        for one, baby in zip(animals, as_listed(look, animals, names), strict=True)
    }
    written = [*_noted(look, babies, since)]
    for one in babies.values():
        one.concerns = sorted(_concerns(one, look.now), key=lambda concern: not concern.red)
    boxes = _boxes(look, names, since)
    return Summary(
        since=since,
        until=look.now,
        babies=sorted(babies.values(), key=_order),
        boxes=boxes,
        events=sorted(_events(look, babies, names, since), key=lambda one: one.at),
        reminders=_reminders(look, babies),
        coming=_coming(planned, look.now),
        carers=sorted({name for name in written if name}),
    )


def _order(one: Watched) -> tuple[bool, bool, str, str]:
    return not one.red, not one.concerns, one.baby.box_name or "~", one.animal.name


def _noted(look: Look, babies: Mapping[int, Watched], since: datetime) -> Iterable[str | None]:
    """Give each baby what was noted of it; gives who noted."""
    for feed in _since(look, Feed, since):
        if feed.animal_id in babies:
            babies[feed.animal_id].feeds.append(feed)
        yield feed.by
    for seen in _since(look, Observation, since):
        if seen.animal_id in babies:
            babies[seen.animal_id].seen.append(seen)
        yield seen.by
    for note in _since(look, Note, since):
        if note.animal_id is not None and note.animal_id in babies:
            babies[note.animal_id].notes.append(note)
        yield note.by
    for weight in _since(look, Weight, since):
        yield weight.by


def _since(look: Look, table: type[Written], since: datetime) -> Sequence[Written]:
    return look.session.scalars(
        select(table)
        .where(table.undone_at.is_(None), table.at > since, table.at <= look.now)
        .order_by(table.at, table.id)
    ).all()


def _concerns(one: Watched, now: datetime) -> Iterable[Concern]:
    """What to look at, by the records alone; the gravest first."""
    facts: dict[str, Observation] = {seen.fact: seen for seen in one.seen}  # the newest stays
    for name, words in (diary.RED_FLAGS | diary.AMBER).items():
        if name in facts and facts[name].value is True:
            yield Concern(f"{_capital(words)}, {ago(facts[name].at, now)}", red=name in RED)
    if one.planned is not None and one.planned.next.stop is not None:
        yield Concern(plan_words.STOPS[one.planned.next.stop], red=True)
    if one.growing is not None:
        for said in growth_words.said(_weighed(one.growing), now):
            yield Concern(f"{said.title} {said.text}", said.red)
    health = facts.get("health")
    if health is not None and health.value != "ok":
        words = diary.HEALTH.get(health.value, "health")
        yield Concern(f"{_capital(words)}, {ago(health.at, now)}", health.value == "ill")
    stool = facts.get("stool_score")
    if stool is not None and (stool.value or 0) >= DIARRHOEA:
        yield Concern(
            f"Stool {stool.value} of 7, {ago(stool.at, now)}: ask the vet today", red=True
        )
    refused = sum(feed.how == "refused" for feed in one.feeds)
    short = sum(feed.how == "short" for feed in one.feeds)
    if refused:
        yield Concern(f"Refused {_times(refused)}")
    if short:
        yield Concern(f"Took less than offered {_times(short)}")


def _weighed(one: Growing) -> Growing:
    """Without what is to be done anyway: those not weighed lately are named together."""
    findings = tuple(finding for finding in one.growth.findings if finding not in UNWEIGHED)
    return replace(one, growth=replace(one.growth, findings=findings))


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _boxes(look: Look, names: Mapping[str, str], since: datetime) -> list[HeardBox]:
    """Cries that reach into the watch, but for what a carer said was none."""
    session = look.session
    boxes = {key: HeardBox(key, name) for key, name in names.items()}
    heard = (Cry.onset > since, Cry.onset <= look.now, Cry.state != "retracted")
    rows = session.execute(
        select(Cry.id, Cry.box_id, Cry.onset, Cry.offset, Cry.state, Cry.stopped_by).where(*heard)
    ).all()
    told = select(Review.cry_id, Review.verdict).join(Cry, Cry.id == Review.cry_id).where(*heard)
    verdicts = dict(iter(session.execute(told.order_by(Review.id))))  # the last word holds
    for row in rows:
        if verdicts.get(row.id) == "not_a_cry":
            continue
        box = boxes[row.box_id]
        end = look.now if row.state == "open" else row.offset
        box.cries += 1
        box.lasting_s += max(0.0, (end - row.onset).total_seconds())
        if row.stopped_by:
            box.stopped[row.stopped_by] += 1
    notes = _since(look, Note, since)
    for note in notes:
        if note.box_id in boxes:
            boxes[note.box_id].notes.append(note)
    return list(boxes.values())


def _events(
    look: Look, babies: Mapping[int, Watched], names: Mapping[str, str], since: datetime
) -> Iterable[Event]:
    session, now = look.session, look.now
    zone = look.settings.house.zone
    known = {key: one.animal.name for key, one in babies.items()}
    left = session.scalars(
        select(Animal).where(
            Animal.status != "in_care", Animal.left_on >= since.astimezone(zone).date()
        )
    )
    for animal in left:
        known[animal.id] = animal.name
        words = {"with_mother": "is back with its mother", "adopted": "was adopted"}
        words |= {"died": "died"}
        ended = session.scalar(
            select(Stay.ended_at).where(Stay.animal_id == animal.id).order_by(Stay.id.desc())
        )
        yield Event(ended or now, f"{animal.name} {words.get(animal.status, 'left our care')}")
    for stay in session.scalars(select(Stay).where(Stay.began_at > since, Stay.began_at <= now)):
        if stay.animal_id in known:
            box = names.get(stay.box_id, stay.box_id)
            yield Event(stay.began_at, f"{known[stay.animal_id]} came into {box}")
    pairs = session.scalars(
        select(Companionship).where(
            or_(Companionship.ended_at.is_(None), Companionship.ended_at > since),
            Companionship.began_at <= now,
        )
    )
    for pair in pairs:
        yield from _company(pair, babies, known, since, now)


def _company(
    pair: Companionship,
    babies: Mapping[int, Watched],
    known: Mapping[int, str],
    since: datetime,
    now: datetime,
) -> Iterable[Event]:
    names = known.get(pair.animal_id), known.get(pair.partner_id)
    if None in names:
        return
    both = f"{names[0]} and {names[1]}"
    if pair.began_at > since:
        yield Event(pair.began_at, f"{both} were put together")
    if pair.ended_at is not None:
        outcome = {"passed": ": it went well", "failed": ": it did not work"}
        why = f" ({pair.why})" if pair.why else ""
        yield Event(pair.ended_at, f"{both} were parted{outcome.get(pair.outcome or '', '')}{why}")
        return
    trial = pair.watch_until is not None and pair.outcome is None
    for mine, other in ((pair.animal_id, names[1]), (pair.partner_id, names[0])):
        if mine in babies:
            watched = f" (a first trial{', being watched' if _soon(pair, now) else ''})"
            babies[mine].company.append(f"{other}{watched if trial else ''}")


def _soon(pair: Companionship, now: datetime) -> bool:
    return pair.watch_until is not None and pair.watch_until > now


def _reminders(look: Look, babies: Mapping[int, Watched]) -> list[tuple[Reminder, str]]:
    query = select(Reminder).where(
        Reminder.done_at.is_(None),
        Reminder.undone_at.is_(None),
        Reminder.due_at <= look.now + AHEAD,
    )
    return [
        (one, babies[one.animal_id].animal.name)
        for one in look.session.scalars(query.order_by(Reminder.due_at, Reminder.id))
        if one.animal_id in babies
    ]


def _coming(planned: Plan, now: datetime) -> list[Planned]:
    """Everybody whom a carer feeds, overdue ones first."""
    return [
        one
        for one in planned.babies
        if one.next.state is not State.MOTHER and (one.due_at is None or one.due_at <= now + AHEAD)
    ]
