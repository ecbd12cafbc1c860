"""How a box was listened to, night by night: so that a silent night is not taken for calm."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from flask import Blueprint, abort, render_template, request
from sqlalchemy import select, union_all
from sqlalchemy.orm import Session

from web import changes, minutes, silence
from web.nursery import Look, looking
from web.pages import night_chart, night_words, words
from web.pages.babies import box_names
from web.pages.cry_lists import last_of
from web.records import Box, BoxStatus, Cry, Review
from web.sensitivity import in_force
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
    height: float
    until: datetime
    headline: night_words.Said
    summary: str

    @property
    def chart(self) -> night_chart.Chart:
        """Drawn when it is shown: of last night the first page only has the summary."""
        return night_chart.chart(self.silence, self.height, until=self.until)

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
    view = _views(look, [row], begin, end, PAGE_HEIGHT)[box_id]
    watch = watch_of(begin, house.zone, house.night_from, house.night_to)

    def clock(moment: datetime) -> str:
        return clock_time(moment, house.zone)

    newest = view.silence.minutes
    return {
        "box": row,
        "listened_to": look.session.get(BoxStatus, box_id) is not None,
        "name": box_names(look).get(box_id, box_id),
        "title": _title(watch, view, look.now.astimezone(house.zone).date()),
        "span": f"{clock(begin)} to {clock(end)}",
        "view": view,
        "findings": [night_words.said(one, clock) for one in view.silence.findings],
        "gaps": [night_words.gap_words(gap, clock) for gap in view.silence.gaps],
        "before": begin - timedelta(seconds=1) if begin > row.created_at else None,
        "sensitivities": words.SENSITIVITIES if view.silence.goes_on else {},
        "sensitivity": in_force(look.session, box_id, newest[-1] if newest else None),
        "after": end if end <= look.now else None,
    }


def lately(look: Look, boxes: Sequence[Box]) -> dict[str, NightView]:
    """What the cards on the first page show, box by box; of none of which nothing is known."""
    house, now = look.settings.house, look.now
    begin, _ = watch_span(now, house.zone, house.night_from, house.night_to)
    begin = max(now - AT_MOST, min(begin, now - AT_LEAST))
    return _known(_views(look, boxes, begin, now, CARD_HEIGHT))


def last_night(look: Look, boxes: Sequence[Box]) -> dict[str, NightView]:
    """The night that is just over, in the morning after it; nothing at other times."""
    house, now = look.settings.house, look.now
    begin, _ = watch_span(now, house.zone, house.night_from, house.night_to)
    before = begin - timedelta(seconds=1)
    was_night = watch_of(before, house.zone, house.night_from, house.night_to).night
    if not was_night or now - begin > MORNING:
        return {}
    night_began, _ = watch_span(before, house.zone, house.night_from, house.night_to)
    return _known(_views(look, boxes, night_began, begin, CARD_HEIGHT))


def _known(views: Mapping[str, NightView]) -> dict[str, NightView]:
    return {box_id: view for box_id, view in views.items() if view.known}


def _views(
    look: Look, boxes: Sequence[Box], begin: datetime, end: datetime, height: float
) -> dict[str, NightView]:
    """A time at each of these boxes; a handful of queries, whatever their number."""
    if not boxes:
        return {}
    session, now, ids = look.session, look.now, [box.id for box in boxes]
    heard = minutes.between(session, ids, begin, end)
    cries = _cries(session, ids, begin, min(end, now))
    usual = _usual(session, ids)
    found = {}
    for box in boxes:  # from when it was first known on; its future is left blank
        known = min(max(begin, box.created_at), end - timedelta(minutes=1))
        found[box.id] = silence.look(
            known,
            min(end, now),
            [minute for minute in heard.get(box.id, ()) if minute.end > known],
            [cry for cry in cries.get(box.id, ()) if cry.offset > known],
            goes_on=end >= now,
            usual_cry_dbfs=usual.get(box.id, ()),
        )
    return {box_id: _view(look, one, end, height) for box_id, one in found.items()}


def _view(look: Look, found: Silence, end: datetime, height: float) -> NightView:
    zone = look.settings.house.zone
    return NightView(
        silence=found,
        height=height,
        until=end,
        headline=night_words.headline(found, lambda moment: clock_time(moment, zone)),
        summary=night_words.summary(found),
    )


def _cries(
    session: Session, box_ids: Collection[str], begin: datetime, end: datetime
) -> dict[str, list[Cried]]:
    """Those in a time, box by box, but for what a carer said was none."""
    last_word = (
        select(Review.verdict)
        .where(Review.cry_id == Cry.id)
        .order_by(Review.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    wanted = select(Cry.box_id, Cry.onset, Cry.offset, Cry.state).where(
        Cry.state != "retracted", last_word.is_distinct_from("not_a_cry")
    )
    # A box has one cry at a time: of those that began before, only the last may reach into it.
    before = [cry.id for cry in last_of(session, box_ids, begin).values() if cry.offset > begin]
    within = wanted.where(Cry.box_id.in_(box_ids), Cry.onset > begin, Cry.onset < end)
    rows = [
        *session.execute(wanted.where(Cry.id.in_(before))),
        *session.execute(within.order_by(Cry.onset)),
    ]
    found: dict[str, list[Cried]] = {}
    for box_id, onset, offset, state in rows:
        found.setdefault(box_id, []).append(Cried(onset, end if state == "open" else offset))
    return {box_id: cries[:MOST_CRIES] for box_id, cries in found.items()}


def _usual(session: Session, box_ids: Iterable[str]) -> dict[str, list[float]]:
    """How loud each box's newest cries were, where it is known; dBFS."""
    newest = (
        select(Cry.box_id, Cry.details["acoustics"]["level_dbfs"].as_float())
        .where(Cry.box_id == box_id, Cry.state == "ended", Cry.demo.is_(False))
        .order_by(Cry.onset.desc())
        .limit(USUAL_CRIES)
        .subquery()
        for box_id in box_ids
    )
    found: dict[str, list[float]] = {}
    for box_id, level in session.execute(union_all(*(select(one) for one in newest))):
        if level is not None:
            found.setdefault(box_id, []).append(level)
    return found


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
