"""All that is known of whether company helped in this house: read for its page and for the API."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from monitor.settings import HouseSettings
from web import proof
from web.care.evidence import PHASES, Phase
from web.care.proof import Change, pooled
from web.care.trend import Ratio
from web.proof import Found
from web.records import Companionship, Proof

SHOWN = 12  # pairings that are shown, newest first
POOLED = 100  # pairings that the typical change is made of, newest first
RECKONED_AT_ONCE = 2  # that nobody has reckoned yet; the others follow within minutes


@dataclass(frozen=True)
class Pairing:
    """A pairing and what it changed."""

    row: Companionship
    found: Found | None  # None: is being reckoned


@dataclass(frozen=True)
class Typical:
    """What company changes in this house."""

    pairs: int
    whole: Ratio | None
    away: Ratio | None
    due: Ratio | None


def of_animal(animal_id: int) -> ColumnElement[bool]:
    """The pairings of one animal."""
    return or_(Companionship.animal_id == animal_id, Companionship.partner_id == animal_id)


def pairings(
    session: Session, house: HouseSettings, now: datetime, *which: ColumnElement[bool]
) -> list[Pairing]:
    """The newest pairings; most of them are kept."""
    rows = session.execute(
        select(Companionship, Proof)
        .join(Proof, Proof.companionship_id == Companionship.id, isouter=True)
        .where(Companionship.began_at <= now, *which)
        .order_by(Companionship.began_at.desc(), Companionship.id.desc())
        .limit(SHOWN)
    )
    found_of, left = [], RECKONED_AT_ONCE
    for row, kept in rows:
        found = proof.read(kept)
        if found is None and left > 0:
            left -= 1
            found = proof.reckon(session, house, row, now)
        found_of.append(Pairing(row, found))
    return found_of


def all_found(session: Session, pairs: Sequence[Pairing]) -> list[Found]:
    """All that is known of pairings, with what was reckoned only now."""
    rows = session.scalars(select(Proof).order_by(Proof.companionship_id.desc()).limit(POOLED))
    found = {row.companionship_id: proof.read(row) for row in rows}
    found |= {pair.row.id: pair.found for pair in pairs}
    return [one for one in found.values() if one is not None]


def typical(found: Sequence[Found]) -> Typical:
    """What company changes, as far as there are pairings enough."""

    def of(changes: Sequence[Change]) -> Ratio | None:
        return pooled([change.found for change in changes if change.found])

    return Typical(
        pairs=sum(one.minutes.found is not None for one in found),
        whole=of([one.minutes for one in found]),
        away=of([one.away for one in found]),
        due=of([one.due for one in found]),
    )


def by_time_since_feed(found: Sequence[Found]) -> tuple[list[Phase], list[Phase]]:
    """Crying by how long ago the last feed was, of all pairs: without, and with company."""
    return _together([one.without for one in found]), _together([one.with_company for one in found])


def _together(sides: Sequence[Sequence[Phase]]) -> list[Phase]:
    """Several pairs' phases as one."""
    found = [Phase() for _ in PHASES]
    for phases in sides:
        for whole, phase in zip(found, phases, strict=True):
            whole.listened_h += phase.listened_h
            whole.minutes += phase.minutes
            whole.cries += phase.cries
    return found
