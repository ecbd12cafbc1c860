"""What a box's card shows, read from the records."""

from __future__ import annotations

from collections.abc import Iterable
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


def box_cards(look: Look, only: Iterable[str] | None = None) -> list[BoxCard]:
    """The cards of all boxes, or of those named."""
    names = box_names(look)
    chosen = set(names if only is None else only)
    listed, known = babies(look), house(look.session, look.now)
    pairs = together(look.session, look.settings.house, look.now, known)
    return [
        _box_card(look, box, name, listed, known, [one for one in pairs if one.box_id == box])
        for box, name in names.items()
        if box in chosen
    ]


def _box_card(  # noqa: PLR0913, PLR0917 - what was read once for all boxes
    look: Look,
    box_id: str,
    name: str,
    everyone: list[Baby],
    known: House,
    pairs: list[Together],
) -> BoxCard:
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
        advice=suggested(look, box_id, cry, inside, known) if row else Suggested(),
        babies=inside,
        elsewhere=tuple(one for one in everyone if one.box_id != box_id),
        lately=nights.lately(look, row) if row and not cry else None,
        last_night=nights.last_night(look, row) if row and not cry else None,
        together=tuple(pairs),
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
