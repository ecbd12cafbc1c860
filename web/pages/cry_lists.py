"""Cries as lists and single pages show them, read from the records."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from web import stopped, whose
from web.care.usual import Compared, Usual
from web.nursery import Look
from web.pages import words
from web.pages.babies import box_names
from web.records import Animal, Box, Call, Clip, Cry, Suggestion
from web.times import Watch, watch_of

PAGE = 40  # cries at once
WIDTH, HEIGHT = 300, 44  # of the picture of a cry's calls, in its own units
DOTS_HEIGHT = 80  # of the picture of their pitch
MOST_CALLS = 2000  # drawn of one cry
SHOWN_S = 90.0  # the picture of a cry that goes on shows its newest calls


@dataclass(frozen=True)
class CryView:
    """A cry with what belongs to it."""

    row: Cry
    calls: tuple[tuple[float, float], ...] = ()
    lasting_s: float = 0.0
    source: str | None = None
    verdict: str | None = None

    @property
    def open(self) -> bool:
        """Whether it goes on."""
        return self.row.state == "open"


@dataclass(frozen=True)
class Bar:
    """One call in the picture."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class CryItem:
    """A cry in the list."""

    view: CryView
    box_name: str
    has_clip: bool


@dataclass(frozen=True)
class WatchCries:
    """The cries of one night or day."""

    title: str
    items: list[CryItem]
    whole: bool
    """Whether these are all of it: its others may stand on another page."""


def picture(
    calls: tuple[tuple[float, float], ...], lasting_s: float, *, going_on: bool
) -> list[Bar]:
    """A cry's calls as bars: onset to the right, length as width and height.

    Of a cry that goes on only the newest `SHOWN_S` are drawn, with now at the right edge.
    """
    begin = max(0.0, lasting_s - SHOWN_S) if going_on else 0.0
    span = max(SHOWN_S if going_on else lasting_s, 3.0)
    bars = []
    for onset, length in calls:
        if onset + length < begin:
            continue
        height = min(1.0, 0.3 + length) * (HEIGHT - 4)
        bars.append(
            Bar(
                x=round((max(onset, begin) - begin) / span * (WIDTH - 3), 1),
                y=round((HEIGHT - height) / 2, 1),
                width=round(max(2.4, length / span * WIDTH), 1),
                height=round(height, 1),
            )
        )
    return bars


def newest(look: Look, before: datetime | None = None) -> list[WatchCries]:
    """The newest cries (before a moment), grouped by night and day of the house."""
    session, now = look.session, look.now
    names = box_names(look)
    query = select(Cry).where(Cry.state != "retracted").order_by(Cry.onset.desc(), Cry.id.desc())
    if before is not None:
        query = query.where(Cry.onset < before)
    rows = list(session.scalars(query.limit(PAGE)))
    clips = _with_clip(session, [row.id for row in rows])
    items = [
        CryItem(one, names.get(one.row.box_id, one.row.box_id), one.row.id in clips)
        for one in views(session, rows, now)
    ]
    house = look.settings.house
    today = now.astimezone(house.zone).date()

    def watch_at(moment: datetime) -> Watch:
        return watch_of(moment, house.zone, house.night_from, house.night_to)

    groups = [
        (watch, list(group))
        for watch, group in groupby(items, key=lambda item: watch_at(item.view.row.onset))
    ]
    goes_on = watch_at(now)
    cut = {0} if before is not None else set()
    cut |= {len(groups) - 1} if len(rows) == PAGE else set()
    return [
        WatchCries(
            # A night that goes on is tonight, also after midnight.
            "Tonight" if watch.night and watch == goes_on else watch.title(today),
            group,
            whole=number not in cut,
        )
        for number, (watch, group) in enumerate(groups)
    ]


def one(look: Look, cry_id: str) -> dict[str, Any] | None:
    """What a cry's own page shows; None when there is no such cry."""
    session = look.session
    row = session.get(Cry, cry_id)
    if row is None:
        return None
    suggested = session.scalars(
        select(Suggestion).where(Suggestion.cry_id == cry_id).order_by(Suggestion.rank)
    ).all()
    compared = whose.compared(session, row)
    return {
        "view": view(session, row, look.now),
        "has_clip": bool(_with_clip(session, [cry_id])),
        "suggested": suggested,
        "silence": stopped.silence_after(session, row, look.now),
        "voice": whose.voice_of(session, row),
        "compared": compared,
        "dots": dots(row.details.get("acoustics"), usual_pitch(compared)),
    }


@dataclass(frozen=True)
class Dot:
    """One call in the picture of the pitch."""

    x: float
    y: float
    rough: bool


@dataclass(frozen=True)
class PitchPicture:
    """The pitch of each call; and where it usually lies, as a band from `top`."""

    dots: tuple[Dot, ...]
    low_hz: float
    high_hz: float
    top: float | None
    band: float
    """Height of the band."""


def usual_pitch(compared: Compared | None) -> Usual | None:
    """What its pitch usually is, where that is known."""
    usual = compared.usual if compared else ()
    return next((one for one in usual if one.measure.field == "pitch_hz"), None)


def dots(acoustics: dict[str, Any] | None, usual: Usual | None) -> PitchPicture | None:
    """The calls' pitch over time, on a scale of octaves; nothing to draw of fewer than two."""
    calls = [one for one in (acoustics or {}).get("per_call") or () if one.get("pitch_hz")]
    if len(calls) < 2:
        return None
    around = [float(one["pitch_hz"]) for one in calls] + ([usual.low, usual.high] if usual else [])
    low, high = min(around) / 1.06, max(around) * 1.06
    last = max(1.0, *(float(one["at_s"]) for one in calls))

    def height(hertz: float) -> float:
        return round(DOTS_HEIGHT * (1 - math.log(hertz / low) / math.log(high / low)), 1)

    top = height(usual.high) if usual else None
    return PitchPicture(
        dots=tuple(
            Dot(
                x=round(8 + float(one["at_s"]) / last * (WIDTH - 16), 1),
                y=height(float(one["pitch_hz"])),
                rough=bool(one.get("rough")),
            )
            for one in calls
        ),
        low_hz=low,
        high_hz=high,
        top=top,
        band=round(height(usual.low) - height(usual.high), 1) if usual else 0.0,
    )


def clip_of(session: Session, cry_id: str) -> bytes | None:
    """A cry's sound as FLAC; None when none is kept."""
    return session.scalar(select(Clip.flac).where(Clip.cry_id == cry_id))


def view(session: Session, cry: Cry, now: datetime) -> CryView:
    """A cry with what belongs to it and its calls, of an open one only those that are drawn."""
    (found,) = views(session, [cry], now)
    return replace(found, calls=_calls(session, cry, found.lasting_s))


def views(session: Session, cries: Sequence[Cry], now: datetime) -> list[CryView]:
    """Cries with what belongs to them, but for their calls; an open one lasts until now."""
    sources = [cry.source_id for cry in cries if cry.source_id is not None]
    rows = session.execute(select(Animal.id, Animal.name).where(Animal.id.in_(sources)))
    names: Mapping[int | None, str] = dict(iter(rows))
    said = whose.verdicts(session, [cry.id for cry in cries])
    return [
        CryView(
            row=cry,
            lasting_s=words.seconds(cry.onset, now if cry.state == "open" else cry.offset),
            source=names.get(cry.source_id),
            verdict=said.get(cry.id),
        )
        for cry in cries
    ]


def last_of(
    session: Session, box_ids: Collection[str], until: datetime | None = None
) -> dict[str, Cry]:
    """The newest cry of each of these boxes, or the newest that began by a moment."""
    # By the index a seek for each box, however many cries there are.
    newest = select(Cry.id).where(Cry.box_id == Box.id, Cry.state != "retracted")
    if until is not None:
        newest = newest.where(Cry.onset <= until)
    newest = newest.order_by(Cry.onset.desc()).limit(1).correlate(Box)
    wanted = select(newest.scalar_subquery()).where(Box.id.in_(box_ids))
    return {cry.box_id: cry for cry in session.scalars(select(Cry).where(Cry.id.in_(wanted)))}


def _calls(session: Session, cry: Cry, lasting_s: float) -> tuple[tuple[float, float], ...]:
    begin = lasting_s - SHOWN_S if cry.state == "open" else 0.0
    rows = session.execute(
        select(Call.onset_s, Call.length_s)
        .where(Call.cry_id == cry.id, Call.onset_s + Call.length_s >= begin)
        .order_by(Call.onset_s)
        .limit(MOST_CALLS)
    )
    return tuple((onset, length) for onset, length in rows)


def _with_clip(session: Session, cry_ids: list[str]) -> set[str]:
    return set(session.scalars(select(Clip.cry_id).where(Clip.cry_id.in_(cry_ids))))
