"""What a box's card shows, read from the records."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from web.nursery import Look
from web.pages import nights, words
from web.pages.babies import Baby, babies, box_names
from web.pages.cards import Suggested, suggested
from web.pages.cry_lists import CryView, view
from web.presence import presence
from web.records import Box, BoxStatus, Companionship, Cry

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
    together: tuple[tuple[int, str, str], ...] = ()
    """Open pairings: id, both names."""

    @property
    def doubtful(self) -> bool:
        """Whether the box is quiet only because a cry could hardly be heard there."""
        return self.hearing.ear == "quiet" and self.lately is not None and self.lately.hides_cries

    @property
    def title(self) -> str:
        """How it is heard, in a word; not called quiet where that is not known."""
        return "No cry heard" if self.doubtful else self.hearing.title


def box_cards(look: Look, only: Iterable[str] | None = None) -> list[BoxCard]:
    """The cards of all boxes, or of those named."""
    names = box_names(look)
    chosen = set(names if only is None else only)
    everyone = babies(look)
    return [_box_card(look, box, name, everyone) for box, name in names.items() if box in chosen]


def _box_card(look: Look, box_id: str, name: str, everyone: list[Baby]) -> BoxCard:
    session, now = look.session, look.now
    row, status = session.get(Box, box_id), session.get(BoxStatus, box_id)
    heard = presence(status, now)
    hearing = words.hearing(heard)
    age = now - status.heard_at if status and status.heard_at else None
    cry, last = _open_cry(session, box_id), _last_cry(session, box_id, now)
    inside = tuple(one for one in everyone if one.box_id == box_id)
    return BoxCard(
        id=box_id,
        name=name,
        demo=bool((row and row.demo) or (status and status.demo)),
        hearing=hearing,
        word_age_s=max(0.0, age.total_seconds()) if age is not None else None,
        level=words.level_share(status.level_dbfs if status and hearing.heard else None),
        since=heard.since,
        cry=view(session, cry, now, calls=True) if cry else None,
        last=view(session, last, now) if last and not cry else None,
        ask_stopped=bool(last and not cry and _worth_asking(last, now)),
        advice=suggested(look, box_id, cry, inside) if row else Suggested(),
        babies=inside,
        elsewhere=tuple(one for one in everyone if one.box_id != box_id),
        lately=nights.lately(look, row) if row and not cry else None,
        last_night=nights.last_night(look, row) if row and not cry else None,
        together=_together(session, inside),
    )


def _open_cry(session: Session, box_id: str) -> Cry | None:
    return session.scalars(
        select(Cry)
        .where(Cry.box_id == box_id, Cry.state == "open")
        .order_by(Cry.onset.desc())
        .limit(1)
    ).first()


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


def _together(session: Session, inside: tuple[Baby, ...]) -> tuple[tuple[int, str, str], ...]:
    names = {one.id: one.name for one in inside}
    rows = session.scalars(
        select(Companionship)
        .where(Companionship.ended_at.is_(None), Companionship.animal_id.in_(names))
        .order_by(Companionship.began_at)
    )
    return tuple(
        (row.id, names[row.animal_id], names[row.partner_id])
        for row in rows
        if row.partner_id in names
    )
