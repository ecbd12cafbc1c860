"""How a box was listened to, night by night: so that a silent night is not taken for calm."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, abort, render_template, request
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from web import changes, minutes, silence
from web.nursery import Look, looking
from web.pages import night_chart, night_words, words
from web.pages.babies import box_names
from web.records import Box, Cry, Review, Wish
from web.silence import Cried, Silence
from web.times import Watch, clock_time, watch_of, watch_span

# The card on the first page shows the night or day so far, within these bounds.
AT_LEAST, AT_MOST = timedelta(hours=3), timedelta(hours=9)
MORNING = timedelta(hours=5)  # after the night it is summed up on the first page for so long
USUAL_CRIES = 20  # whose loudness tells what is usual for a box
CARD_HEIGHT, PAGE_HEIGHT = 40.0, 110.0
MOST_CRIES = 500  # of a night are drawn

bp = Blueprint("nights", __name__)


@dataclass(frozen=True)
class NightView:
    """A night or a day at a box, judged and drawn."""

    silence: Silence
    chart: night_chart.Chart
    headline: night_words.Said
    summary: str

    @property
    def known(self) -> bool:
        """Whether any minute of it is."""
        return bool(self.silence.minutes)

    @property
    def hides_cries(self) -> bool:
        """Whether a cry could hardly be heard at its end."""
        return any(
            one.code == "loud" or (one.code == "flat" and one.until is None)
            for one in self.silence.findings
        )


@bp.get("/box/<box_id>")
def box(box_id: str) -> str:
    """A night or a day at a box: the one of now, or that in which the moment `at` lies."""
    with looking() as look:
        at = _moment(request.args.get("at"), look.now)
        found = night(look, box_id, at)
        if found is None:
            abort(404)
        live = f"night/{box_id}" if found["view"].silence.goes_on else ""
        return render_template(
            "night.html", **found, change=changes.newest(look.session), live_page=live
        )


def night(look: Look, box_id: str, at: datetime) -> dict[str, Any] | None:
    """What a box's own page shows, for its templates; None where there is no such box."""
    row = look.session.get(Box, box_id)
    if row is None:
        return None
    house = look.settings.house
    at = max(at, row.created_at)
    begin, end = watch_span(at, house.zone, house.night_from, house.night_to)
    view = _view(look, row, begin, end, PAGE_HEIGHT)
    watch = watch_of(begin, house.zone, house.night_from, house.night_to)

    def clock(moment: datetime) -> str:
        return clock_time(moment, house.zone)

    return {
        "box": row,
        "name": box_names(look).get(box_id, box_id),
        "title": _title(watch, view, look.now.astimezone(house.zone).date()),
        "span": f"{clock(begin)} to {clock(end)}",
        "view": view,
        "findings": [night_words.said(one, clock) for one in view.silence.findings],
        "gaps": [night_words.gap_words(gap, clock) for gap in view.silence.gaps],
        "before": begin - timedelta(seconds=1) if begin > row.created_at else None,
        "sensitivities": words.SENSITIVITIES if view.silence.goes_on else {},
        "sensitivity": _sensitivity(look.session, box_id, view),
        "after": end if end <= look.now else None,
    }


def _sensitivity(session: Session, box_id: str, view: NightView) -> dict[str, Any]:
    """The one in force, as the newest minute tells it, and what was asked for since."""
    newest = view.silence.minutes[-1] if view.silence.minutes else None
    asked = session.scalars(
        select(Wish)
        .where(Wish.box_id == box_id, Wish.what == "sensitivity")
        .order_by(Wish.id.desc())
    ).first()
    heard = newest.sensitivity if newest else None
    if asked is None or (newest is not None and asked.at <= newest.at):
        return {"now": heard, "asked": None}
    return {"now": heard if asked.ok is False else json.loads(asked.value), "asked": asked}


def lately(look: Look, row: Box) -> NightView | None:
    """What the card on the first page shows; None before anything is known."""
    house, now = look.settings.house, look.now
    begin, _ = watch_span(now, house.zone, house.night_from, house.night_to)
    begin = max(now - AT_MOST, min(begin, now - AT_LEAST))
    view = _view(look, row, begin, now, CARD_HEIGHT)
    return view if view.known else None


def last_night(look: Look, row: Box) -> NightView | None:
    """The night that is just over, in the morning after it; None at other times."""
    house, now = look.settings.house, look.now
    begin, _ = watch_span(now, house.zone, house.night_from, house.night_to)
    before = begin - timedelta(seconds=1)
    was_night = watch_of(before, house.zone, house.night_from, house.night_to).night
    if not was_night or now - begin > MORNING:
        return None
    night_began, _ = watch_span(before, house.zone, house.night_from, house.night_to)
    view = _view(look, row, night_began, begin, CARD_HEIGHT)
    return view if view.known else None


def _view(look: Look, row: Box, begin: datetime, end: datetime, height: float) -> NightView:
    """From when the box was first known on; its future is left blank."""
    session, now, zone = look.session, look.now, look.settings.house.zone
    known = min(max(begin, row.created_at), end - timedelta(minutes=1))
    found = silence.look(
        known,
        min(end, now),
        minutes.between(session, row.id, known, end),
        _cries(session, row.id, known, min(end, now)),
        goes_on=end >= now,
        usual_cry_dbfs=_usual(session, row.id),
    )
    return NightView(
        silence=found,
        chart=night_chart.chart(found, height, until=end),
        headline=night_words.headline(found, lambda moment: clock_time(moment, zone)),
        summary=night_words.summary(found),
    )


def _cries(session: Session, box_id: str, begin: datetime, end: datetime) -> list[Cried]:
    """Those in a time, but for what a carer said was none."""
    here = (Cry.box_id == box_id, Cry.state != "retracted")
    # A box has one cry at a time: of those that began before, only the last may reach into it.
    last = session.scalar(select(func.max(Cry.onset)).where(*here, Cry.onset <= begin))
    rows = session.scalars(
        select(Cry)
        .where(*here, Cry.onset >= (last or begin), Cry.onset < end, Cry.offset > begin)
        .order_by(Cry.onset)
        .limit(MOST_CRIES)
    ).all()
    reviewed = select(Review).where(Review.cry_id.in_([row.id for row in rows]))
    newest = session.scalars(reviewed.order_by(Review.id))
    verdicts = {review.cry_id: review.verdict for review in newest}  # the last word holds
    return [
        Cried(row.onset, end if row.state == "open" else row.offset)
        for row in rows
        if verdicts.get(row.id) != "not_a_cry"
    ]


def _usual(session: Session, box_id: str) -> list[float]:
    """How loud the box's newest cries were, where it is known; dBFS."""
    rows = session.scalars(
        select(Cry.details)
        .where(Cry.box_id == box_id, Cry.state == "ended", Cry.demo.is_(False))
        .order_by(Cry.onset.desc())
        .limit(USUAL_CRIES)
    )
    levels = ((details.get("acoustics") or {}).get("level_dbfs") for details in rows)
    return [level for level in levels if level is not None]


def _title(watch: Watch, view: NightView, today: date) -> str:
    """A night that goes on is tonight, also after midnight."""
    return "Tonight" if watch.night and view.silence.goes_on else watch.title(today)


def _moment(text: str | None, now: datetime) -> datetime:
    """A moment of an address, never in the future; `now` where it is none."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return now
    return min(moment, now) if moment.tzinfo else now
