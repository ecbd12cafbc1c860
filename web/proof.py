"""Did company help: read from the records, reckoned now and then, and kept.

What may be compared is chosen in `web/care/evidence.py`, what follows from it reckoned in
`web/care/proof.py`. A pairing's numbers are kept in the records, because the minutes that say what
was listened to are forgotten after weeks, and because pages over a million cries shall be quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.settings import HouseSettings
from web.care import evidence as care
from web.care.evidence import PHASES, Phase
from web.care.proof import FEWEST_HOURS_OF_PART, Change, compare
from web.proof_records import records_of
from web.records import Companionship, Proof

VERSION = 1  # of how it is reckoned: what was kept by an older one is reckoned anew
FRESH = timedelta(hours=1)  # while the week after is not over
SETTLED = timedelta(days=1)  # afterwards only corrections change it
EVERY_S = 60.0
RECKONED_A_RUN = 2
# After that the minutes of the week before are being forgotten: what was found stays as it is.
LAST_LOOK = timedelta(days=30)


@dataclass(frozen=True)
class Found:
    """What company of two changed."""

    members: tuple[int, ...]  # who lived there then
    unheard: tuple[int, ...]  # of them, before: their crying counts only after
    assumed: tuple[str, ...]  # boxes of which nobody knows when they listened
    calls: Change
    minutes: Change  # of crying
    away: Change  # minutes, while no feed was due soon
    due: Change  # minutes, while one was
    own: dict[int, tuple[Change, Change]] = field(default_factory=dict)  # calls, minutes
    without: tuple[Phase, ...] = ()
    with_company: tuple[Phase, ...] = ()
    at: datetime | None = None

    @property
    def near_before(self) -> tuple[float, float] | None:
        """The share of crying that fell near due feeds before, and of the time that did."""
        return near_feeds(self.without)

    @property
    def near_after(self) -> tuple[float, float] | None:
        """The same with company."""
        return near_feeds(self.with_company)


def near_feeds(phases: Sequence[Phase]) -> tuple[float, float] | None:
    """The share of the crying that fell near due feeds, and the share of the time."""
    crying = sum(phase.minutes for phase in phases)
    listened = sum(phase.listened_h for phase in phases)
    if not crying or not listened:
        return None
    late = [p for p, begin in zip(phases, PHASES, strict=True) if begin >= care.DUE_FROM]
    return (
        sum(phase.minutes for phase in late) / crying,
        sum(phase.listened_h for phase in late) / listened,
    )


def of_pairing(session: Session, house: HouseSettings, row: Companionship, now: datetime) -> Found:
    """What is kept of a pairing; reckoned where nothing is."""
    return read(session.get(Proof, row.id)) or reckon(session, house, row, now)


@dataclass(frozen=True)
class Reckoned:
    """What is to be kept of a pairing."""

    companionship_id: int
    found: dict[str, Any]


def due(session: Session, house: HouseSettings, now: datetime) -> list[Reckoned]:
    """A run's share of the pairings that are to be reckoned anew; only reads, as it takes long."""
    rows = session.execute(
        select(Companionship, Proof)
        .join(Proof, Proof.companionship_id == Companionship.id, isouter=True)
        .where(Companionship.began_at <= now)
        .order_by(Companionship.began_at.desc())
    )
    all_due: list[Companionship] = [row for row, kept in rows if _is_due(row, kept, now)]
    return [
        Reckoned(
            row.id, {"version": VERSION, **asdict(reckon(session, house, row, now)), "at": None}
        )
        for row in all_due[:RECKONED_A_RUN]
    ]


def keep(session: Session, reckoned: Sequence[Reckoned], now: datetime) -> None:
    """Write down what `due` has reckoned."""
    for one in reckoned:
        if session.get(Companionship, one.companionship_id) is None:  # taken back meanwhile
            continue
        kept = session.get(Proof, one.companionship_id)
        if kept is None:
            session.add(Proof(companionship_id=one.companionship_id, at=now, found=one.found))
        else:
            kept.at, kept.found = now, one.found


def _is_due(row: Companionship, kept: Proof | None, now: datetime) -> bool:
    if kept is None or kept.found.get("version") != VERSION:
        return True
    over = min(row.ended_at or now, row.began_at + care.WINDOW)
    if now - row.began_at > LAST_LOOK:
        return False
    return now - kept.at >= (FRESH if now - over < SETTLED else SETTLED)


def read(kept: Proof | None) -> Found | None:
    """What was kept, as it was reckoned; None where nothing was, or otherwise than now."""
    if kept is None or kept.found.get("version") != VERSION:
        return None
    told = dict(kept.found)

    def change(plain: dict[str, Any]) -> Change:
        return Change(**plain)

    return Found(
        members=tuple(told["members"]),
        unheard=tuple(told["unheard"]),
        assumed=tuple(told["assumed"]),
        calls=change(told["calls"]),
        minutes=change(told["minutes"]),
        away=change(told["away"]),
        due=change(told["due"]),
        own={int(one): (change(c), change(m)) for one, (c, m) in told["own"].items()},
        without=tuple(Phase(**one) for one in told["without"]),
        with_company=tuple(Phase(**one) for one in told["with_company"]),
        at=kept.at,
    )


def reckon(session: Session, house: HouseSettings, row: Companionship, now: datetime) -> Found:
    """What company of two changed, from the records."""
    found = care.evidence(records_of(session, house, row, now))
    return Found(
        members=found.members,
        unheard=found.unheard,
        assumed=found.assumed,
        calls=compare(found.calls),
        minutes=compare(found.minutes),
        away=compare(found.away, FEWEST_HOURS_OF_PART),
        due=compare(found.due, FEWEST_HOURS_OF_PART),
        own={
            one: (compare(found.own_calls[one]), compare(found.own_minutes[one]))
            for one in found.own_calls
        },
        without=tuple(found.without),
        with_company=tuple(found.with_company),
        at=now,
    )
