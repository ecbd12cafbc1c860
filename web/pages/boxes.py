"""What a box's card shows, read from the records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from web.company import Together, together
from web.known import House, house
from web.nursery import Look
from web.pages import nights, words
from web.pages.babies import Baby, babies, box_names
from web.pages.cards import Suggested, suggested
from web.pages.cry_lists import CryView, view
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
    """What is read once for all boxes."""

    babies: list[Baby]
    house: House
    pairs: list[Together]
    rows: Mapping[str, Box]
    statuses: Mapping[str, BoxStatus]


def box_cards(look: Look, only: Iterable[str] | None = None) -> list[BoxCard]:
    """The cards of all boxes, or of those named."""
    session = look.session
    names = box_names(look)
    chosen = set(names if only is None else only)
    known = house(session, look.now)
    read = _Read(
        babies=babies(look),
        house=known,
        pairs=together(session, look.settings.house, known),
        rows={row.id: row for row in session.scalars(select(Box))},
        statuses={row.box_id: row for row in session.scalars(select(BoxStatus))},
    )
    return [_box_card(look, box, name, read) for box, name in names.items() if box in chosen]


def _box_card(look: Look, box_id: str, name: str, read: _Read) -> BoxCard:
    session, now = look.session, look.now
    row, status = read.rows.get(box_id), read.statuses.get(box_id)
    heard = presence(status, now)
    hearing = words.hearing(heard)
    age = now - status.heard_at if status and status.heard_at else None
    cry = read.house.cries.get(box_id)
    last = None if cry else _last_cry(session, box_id, now)
    inside = tuple(one for one in read.babies if one.box_id == box_id)
    return BoxCard(
        id=box_id,
        name=name,
        demo=bool((row and row.demo) or (status and status.demo)),
        hearing=hearing,
        word_age_s=max(0.0, age.total_seconds()) if age is not None else None,
        level=words.level_share(status.level_dbfs if status and hearing.heard else None),
        since=heard.since,
        cry=view(session, cry, now, calls=True) if cry else None,
        last=view(session, last, now) if last else None,
        ask_stopped=bool(last and _worth_asking(last, now)),
        advice=suggested(look, box_id, cry, inside, read.house) if row else Suggested(),
        babies=inside,
        elsewhere=tuple(one for one in read.babies if one.box_id != box_id),
        lately=nights.lately(look, row) if row and not cry else None,
        last_night=nights.last_night(look, row) if row and not cry else None,
        together=tuple(one for one in read.pairs if one.box_id == box_id),
    )


def _last_cry(session: Session, box_id: str, now: datetime) -> Cry | None:
    return session.scalars(
        select(Cry)
        .where(Cry.box_id == box_id, Cry.state != "open", Cry.state != "retracted")
        .where(Cry.onset >= now - RECENT_CRY)
        .order_by(Cry.onset.desc())
        .limit(1)
    ).first()


def _worth_asking(cry: Cry, now: datetime) -> bool:
    return cry.stopped_by is None and cry.state == "ended" and now - cry.offset < ASK_STOPPED
