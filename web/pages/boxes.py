"""What a box's card shows, read from the records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from web.company import Together, together
from web.known import House, house
from web.nursery import Look
from web.pages import nights, words
from web.pages.babies import Baby, as_listed, box_names
from web.pages.cards import Suggested, suggested
from web.pages.cry_lists import CryView, last_of, view, views
from web.presence import presence
from web.records import Box, BoxStatus, Cry

RECENT_CRY = timedelta(hours=6)  # an ended cry stays on the card for so long
ASK_STOPPED = timedelta(minutes=45)  # and for so long its card asks what stopped it


@dataclass(frozen=True)
class BoxCard:
    """All that one box's card shows."""

    id: str
    name: str
    demo: bool
    hearing: words.Hearing
    word_age_s: float | None
    level: int
    since: datetime | None
    cry: CryView | None = None
    last: CryView | None = None
    ask_stopped: bool = False
    advice: Suggested = Suggested()  # noqa: RUF009 - frozen
    babies: tuple[Baby, ...] = ()
    elsewhere: tuple[Baby, ...] = ()
    lately: nights.NightView | None = None
    last_night: nights.NightView | None = None
    together: tuple[Together, ...] = ()
    """Those in it that were put together, and how it goes."""

    @property
    def doubtful(self) -> bool:
        """Whether the box is quiet only because a cry could hardly be heard there."""
        return self.hearing.ear == "quiet" and self.lately is not None and self.lately.hides_cries

    @property
    def title(self) -> str:
        """How it is heard, in a word; not called quiet where that is not known."""
        return "No cry heard" if self.doubtful else self.hearing.title


@dataclass(frozen=True)
class _Read:
    """What is read once for all boxes; by box, but for the babies."""

    babies: Sequence[Baby]
    pairs: Sequence[Together]
    demo: Mapping[str, bool]
    statuses: Mapping[str, BoxStatus]
    cries: Mapping[str, CryView]  # those that go on
    last: Mapping[str, CryView]  # of the others the newest, of late
    advice: Mapping[str, Suggested]
    lately: Mapping[str, nights.NightView]
    last_night: Mapping[str, nights.NightView]


def box_cards(look: Look, only: Collection[str] | None = None) -> list[BoxCard]:
    """The cards of all boxes, or of those named; a few dozen queries, whatever their number."""
    known = house(look.session, look.now)
    names = box_names(look, known.boxes.values())
    chosen = {box_id: name for box_id, name in names.items() if only is None or box_id in only}
    read = _read(look, known, names, [box for id_, box in known.boxes.items() if id_ in chosen])
    return [_box_card(look, box_id, name, read) for box_id, name in chosen.items()]


def boxless(cards: Sequence[BoxCard]) -> tuple[Baby, ...]:
    """Who lies in no box, as far as is known, and so gets no suggestion when one cries."""
    return tuple(baby for card in cards[:1] for baby in card.elsewhere if baby.box_id is None)


def _read(look: Look, known: House, names: Mapping[str, str], boxes: Sequence[Box]) -> _Read:
    session, now = look.session, look.now
    animals = sorted((one.animal for one in known.animals), key=lambda one: (one.name, one.id))
    listed = as_listed(look, animals, names)
    quiet = [box for box in boxes if box.id not in known.cries]
    last = last_of(session, [box.id for box in quiet]).values()
    lately = [cry for cry in last if cry.onset >= now - RECENT_CRY]
    return _Read(
        babies=listed,
        pairs=together(session, look.settings.house, known),
        demo={box.id: box.demo for box in boxes},
        statuses={row.box_id: row for row in session.scalars(select(BoxStatus))},
        cries={
            box.id: view(session, known.cries[box.id], now) for box in boxes if box not in quiet
        },
        last={one.row.box_id: one for one in views(session, lately, now)},
        advice=suggested(look, [box.id for box in boxes], known, listed),
        lately=nights.lately(look, quiet),
        last_night=nights.last_night(look, quiet),
    )


def _box_card(look: Look, box_id: str, name: str, read: _Read) -> BoxCard:
    status, last = read.statuses.get(box_id), read.last.get(box_id)
    heard = presence(status, look.now)
    hearing = words.hearing(heard)
    age = look.now - status.heard_at if status and status.heard_at else None
    return BoxCard(
        id=box_id,
        name=name,
        demo=read.demo.get(box_id, False) or bool(status and status.demo),
        hearing=hearing,
        word_age_s=max(0.0, age.total_seconds()) if age is not None else None,
        level=words.level_share(status.level_dbfs if status and hearing.heard else None),
        since=heard.since,
        cry=read.cries.get(box_id),
        last=last,
        ask_stopped=bool(last and _worth_asking(last.row, look.now)),
        advice=read.advice.get(box_id, Suggested()),
        babies=tuple(one for one in read.babies if one.box_id == box_id),
        elsewhere=tuple(one for one in read.babies if one.box_id != box_id),
        lately=read.lately.get(box_id),
        last_night=read.last_night.get(box_id),
        together=tuple(one for one in read.pairs if one.box_id == box_id),
    )


def _worth_asking(cry: Cry, now: datetime) -> bool:
    return cry.stopped_by is None and cry.state == "ended" and now - cry.offset < ASK_STOPPED
