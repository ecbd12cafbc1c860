"""The made-up month as records: what the demo shows as its past.

Babies, company and what was decided go through the journal; the thousands of feeds, weights,
checks and cries are written as rows, since a demo must not take a minute to start on a small
board. A test holds both ways to the same records.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import insert
from sqlalchemy.orm import Session

from monitor.messages import Arousal, ClockState
from monitor.settings import Settings
from web import journal, suggesting
from web.journal import Entry
from web.month import (
    BABIES,
    Approved,
    Came,
    Checked,
    Cried,
    Dewormed,
    Edited,
    Fed,
    Helped,
    Milk,
    Nest,
    Noted,
    Parted,
    Reminded,
    Step,
    Together,
    Weighed,
)
from web.month.babies import LISTENING
from web.records import Base, Box, Call, Cry, Feed, Minute, Observation, Weight

HOUR = timedelta(hours=1)
SUGGESTED = timedelta(days=4)  # so long back: each takes a moment, and a demo must start soon
MODEL = "made up"
Rows = dict[type[Base], list[dict[str, Any]]]


def write(  # noqa: PLR0913 - each is a value that the demo knows
    session: Session,
    steps: Iterable[Step],
    *,
    boxes: Mapping[str, str],
    by: str,
    zone: ZoneInfo,
    until: datetime,
    settings: Settings | None = None,
) -> dict[str, int]:
    """Write the steps down, and hours in which the boxes were listened to; ids of the babies.

    `boxes` gives the box of the records for each of the month's. With `settings` it is asked, too,
    what would have been suggested for the newest cries of which somebody told what stopped them.
    """
    writing = _Writing(session, boxes, by, zone)
    if settings is not None:
        writing.suggests(settings, until - SUGGESTED)
    began = until
    for step in steps:
        began = min(began, step.at)
        writing.step(step)
    for box in LISTENING:
        writing.listened(boxes.get(box, box), began, until)
    writing.flush()
    return writing.ids


class _Writing:
    def __init__(self, session: Session, boxes: Mapping[str, str], by: str, zone: ZoneInfo) -> None:
        self.ids: dict[str, int] = {}
        self._session, self._boxes, self._by, self._zone = session, boxes, by, zone
        self._together: dict[str, int] = {}
        self._milks: dict[str, int] = {}
        self._reminders: dict[str, int] = {}
        self._drinks: dict[str, int] = {}
        self._settings: Settings | None = None
        self._suggested_from = datetime.max.replace(tzinfo=UTC)
        self._rows: Rows = {table: [] for table in (Feed, Weight, Observation, Cry, Call, Minute)}

    def suggests(self, settings: Settings, since: datetime) -> None:
        """Ask what was suggested for the cries since then."""
        self._settings, self._suggested_from = settings, since

    def step(self, step: Step) -> None:
        match step:
            case Fed():
                milk = self._drinks[step.who]
                self._of(Feed, step, amount_ml=step.ml, how=step.how, note="", formula_id=milk)
            case Weighed():
                self._of(Weight, step, grams=step.grams)
            case Helped():
                nothing = step.came == "nothing"
                value = {"fact": "toilet_tried", "value": True}
                self._of(
                    Observation,
                    step,
                    **(value if nothing else {"fact": "toilet", "value": step.came}),
                )
            case Checked():
                for fact, value in step.facts.items():
                    self._of(Observation, step, fact=fact, value=value)
            case Cried():
                self._cry(step)
            case Nest():
                self._nest(step)
            case _:
                self._decided(step)

    def _of(self, table: type[Base], step: Fed | Weighed | Helped | Checked, **values: Any) -> None:
        row = {"animal_id": self.ids[step.who], "at": step.at, "by": self._by, **values}
        self._rows[table].append(row)

    def _decided(
        self,
        step: Milk | Came | Edited | Noted | Reminded | Dewormed | Approved | Together | Parted,
    ) -> None:
        """What moves somebody, or says what holds of it."""
        session, entry = self._session, Entry(self._by, step.at, self._zone, sure=True)
        match step:
            case Milk():
                milk = journal.add_formula(session, entry, step.name, step.kcal_ml, step.species)
                self._milks[step.name] = int(milk.id)
            case Came():
                drinks = self._milks[step.milk]
                values = {**step.values, "formula_id": drinks, "demo": "yes"}
                added = journal.add_animal(session, entry, values, self._box(step.box))
                self.ids[step.who], self._drinks[step.who] = int(added.id), drinks
            case Edited():
                journal.edit_animal(session, entry, self.ids[step.who], step.values)
            case Noted():
                journal.add_note(session, entry, step.text, animal_id=self.ids[step.who])
            case Reminded():
                made = journal.add_reminder(
                    session, entry, [self.ids[step.who]], "deworming", step.due, every_days=14
                )
                self._reminders[step.who] = int(made.id)
            case Dewormed():
                done = journal.reminder_done(session, entry, self._reminders[step.who])
                self._reminders[step.who] = int(done.ids[-1])
            case Approved():
                pair = self.ids[step.who], self.ids[step.partner]
                journal.approve_cross(session, entry, pair[0], True, pair[1])
            case Together():
                pair = self.ids[step.who], self.ids[step.partner]
                made = journal.put_together(session, entry, *pair, self._box(step.box))
                self._together[step.who] = int(made.id)
            case Parted():
                journal.trial_outcome(session, entry, self._together[step.who], step.outcome)

    def _box(self, box: str | None) -> str | None:
        return None if box is None else self._boxes.get(box, box)

    def _nest(self, step: Nest) -> None:
        box = self._session.get_one(Box, self._box(step.box))
        box.temp_c, box.temp_at, box.comfort = step.temp_c, step.at, True
        if step.can_watch:
            box.carer_can_watch, box.carer_can_watch_at = True, step.at

    def _cry(self, step: Cried) -> None:
        cry_id, box_id = _uuid(step), self._box(step.box)
        scores = {"kitten": 0.05, "puppy": 0.04} | {step.species: 0.93}
        row = {
            "id": cry_id,
            "seq": 2,
            "box_id": box_id,
            "state": "ended",
            "onset": step.at,
            "offset": step.at + timedelta(seconds=step.lasts_s),
            "clock": str(ClockState.SYNCHRONISED),
            "species": step.species,
            "score": 0.93,
            "calls": len(step.calls),
            "calls_per_minute": round(60 * len(step.calls) / step.lasts_s, 1),
            "arousal": str(Arousal.HIGH if step.hungry else Arousal.MEDIUM),
            "model": MODEL,
            "details": {"species_scores": scores, "acoustics": _voice(step)},
            "demo": True,
            "received_at": step.at,
            "updated_at": step.at + timedelta(seconds=step.lasts_s),
            "stopped_by": step.stopped_by,
            "stopped_told_by": self._by if step.stopped_by else None,
        }
        self._rows[Cry].append(row)
        self._rows[Call] += [
            {"cry_id": cry_id, "onset_s": onset, "length_s": length} for onset, length in step.calls
        ]
        if step.stopped_by and self._settings and step.at >= self._suggested_from:
            self._suggest(self._settings, cry_id, step)

    def _suggest(self, settings: Settings, cry_id: str, step: Cried) -> None:
        """What the rules say of all that is on record up to here, just before it stopped."""
        self.flush()
        cry = self._session.get_one(Cry, cry_id)
        cry.state = "open"
        end = step.at + timedelta(seconds=step.lasts_s)
        suggesting.keep(self._session, suggesting.advise(self._session, settings, cry.box_id, end))
        cry.state = "ended"

    def listened(self, box_id: str, began: datetime, until: datetime) -> None:
        """An hour in one piece, as the last "minute" of a listener may be as long as that."""
        run = hashlib.sha256(box_id.encode()).hexdigest()[:16]
        for number in range(int((until - began) / HOUR)):
            self._rows[Minute].append(
                {
                    "box_id": box_id,
                    "run": run,
                    "number": number + 1,
                    "at": began + number * HOUR,
                    "clock": str(ClockState.SYNCHRONISED),
                    "length_s": HOUR.total_seconds(),
                    "listened_s": HOUR.total_seconds(),
                    "muted_s": 0.0,
                    "deaf_s": 0.0,
                    "level_dbfs": -60.0,
                    "loud_dbfs": -48.0,
                    "peak_dbfs": -35.0,
                    "noise_dbfs": -63.0,
                    "score": 0.2,
                    "threshold": 0.5,
                    "sensitivity": "normal",
                    "near_calls": 0,
                    "lone_calls": 0,
                    "demo": True,
                }
            )

    def flush(self) -> None:
        for table, rows in self._rows.items():
            if rows:
                self._session.execute(insert(table), rows)
                rows.clear()


def _uuid(step: Cried) -> str:
    """A UUIDv7 of its moment, the same each time."""
    digest = hashlib.sha256(f"{step.at.isoformat()} {step.box}".encode()).hexdigest()
    moment = f"{int(step.at.timestamp() * 1000):012x}"
    return f"{moment[:8]}-{moment[8:]}-7{digest[:3]}-a{digest[3:6]}-{digest[6:18]}"


def _voice(step: Cried) -> dict[str, Any]:
    """What it sounded like: each baby has a pitch of its own, and no two cries are alike. So wide
    that the demo's night, in which a kitten and a puppy cry, is not unusual for the kitten.
    """
    number = next(i for i, baby in enumerate(BABIES) if baby.name == step.who)
    sway = (step.calls[0][1] - 0.25) / 0.45  # 0..1
    pitch = round(((1000 if step.species == "kitten" else 780) + 9 * number) * (0.85 + 0.3 * sway))
    return {
        "pitch_hz": pitch,
        "pitch_range_hz": 0.25 * pitch,
        "call_s": round(0.15 + 0.5 * sway, 2),
        "tonality": 0.8,
        "level_dbfs": -32.0,
        "snr_db": 18.0,
        "per_call": [],
    }
