"""Suggestions for a box: asked anew whenever something changes, kept once for each cry and code.

The pages ask on view; the ingest process asks whenever the change feed tells of the box, and every
so often while a cry is open, keeps what is shown and publishes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from monitor.messages import SuggestionItem, SuggestionMessage
from monitor.settings import Settings
from web import changes
from web.care.advice import Advice as CareAdvice
from web.care.advice import plain, suggest
from web.care.scenario import Scenario
from web.care.usual import Compared
from web.care.voice import Voice
from web.care.wording import CARDS
from web.known import House, known
from web.records import Box, Cry, Suggestion
from web.scenario_of import scenario_of

# How long a card that was answered stays folded while its rule still holds.
PUT_ASIDE = {
    "done": timedelta(minutes=30),
    "not_now": timedelta(minutes=15),
    "did_not_help": timedelta(hours=6),
    "wrong": timedelta(hours=6),
}
# Emergencies are shown until what is recorded says otherwise.
NEVER_SETTLED = frozenset({"URGENT_VET", "WARM_FIRST"})


@dataclass(frozen=True)
class Advice:
    """What may help at a box now, and what it was made from."""

    box: Box
    cry: Cry | None  # the open one; None: the box is quiet
    scenario: Scenario
    result: CareAdvice
    items: tuple[SuggestionItem, ...]  # the suggestions with their words
    names: dict[str, str]  # scenario id -> the animal's name
    notes: list[str]  # what was left out, for the page
    voice: Voice | None  # whose voice the open cry is, by its sound and by who is here
    compared: Compared | None  # the open cry beside the same animal's own
    at: datetime

    @property
    def message(self) -> SuggestionMessage:
        """As it is published: of the open cry only, empty when it is quiet."""
        if self.cry is None:
            return SuggestionMessage(box=self.box.id, at=self.at, demo=self.box.demo)
        return SuggestionMessage(
            box=self.box.id,
            at=self.at,
            cry=self.cry.id,
            who=self.result.who,
            suggestions=self.items,
            unknown=self.result.unknown,
            demo=self.cry.demo,
        )


def advise(
    session: Session,
    settings: Settings,
    box_id: str,
    now: datetime,
    everyone: House | None = None,
) -> Advice:
    """What may help at this box now, whether it cries or not; `everyone` if it was read already.

    Raises KeyError: no such box.
    """
    box = session.get(Box, box_id)
    if box is None:
        raise KeyError(box_id)
    records = known(session, box, now, everyone)
    asked = scenario_of(records, settings.house, now)
    result = suggest(asked.scenario)
    return Advice(
        box=box,
        cry=records.cry,
        scenario=asked.scenario,
        result=result,
        items=_items(result),
        names=asked.names,
        notes=asked.notes,
        voice=records.voice,
        compared=records.compared,
        at=now,
    )


def keep(session: Session, advice: Advice) -> bool:
    """Keep what is shown for the open cry; tell live pages, and True, when it is news.

    What a carer has answered stays as it was then: whether the same card means more animals by now
    can be seen from it (`settled`).
    """
    if advice.cry is None:
        return False
    rows = session.scalars(select(Suggestion).where(Suggestion.cry_id == advice.cry.id))
    kept = {row.code: row for row in rows}
    news = False
    for item in advice.items:
        shown, row = item.model_dump(mode="json"), kept.get(item.code)
        if row is None:
            news = True
            session.add(_row(advice, item))
        elif row.outcome is None and (row.rank, row.advice) != (item.rank, shown):
            news = True
            row.rank, row.advice = item.rank, shown
    if news:
        changes.append(session, advice.at, "suggestion", advice.cry.id, advice.box.id)
    return news


def row_of(session: Session, advice: Advice, code: str) -> Suggestion | None:
    """The row of what is suggested now, to be answered; made if nobody has kept it yet.

    None when it is no longer suggested. Of a quiet box each answer has a row of its own.
    """
    item = next((one for one in advice.items if one.code == code), None)
    if item is None:
        return None
    row = None
    if advice.cry is not None:
        row = session.scalars(
            select(Suggestion).where(Suggestion.cry_id == advice.cry.id, Suggestion.code == code)
        ).first()
    if row is None:
        row = _row(advice, item)
        session.add(row)
        session.flush()
    else:  # answered as it is shown now
        row.rank, row.advice = item.rank, item.model_dump(mode="json")
    return row


def answered(
    session: Session, advices: Sequence[Advice], now: datetime
) -> dict[str, dict[str, Suggestion]]:
    """What carers said of what is suggested now, by box and code.

    Of the open cry, or lately where it is quiet.
    """
    crying = [advice.cry.id for advice in advices if advice.cry is not None]
    quiet = [advice.box.id for advice in advices if advice.cry is None]
    of_quiet = and_(  # a row is made when it is answered
        Suggestion.box_id.in_(quiet),
        Suggestion.shown_at > now - max(PUT_ASIDE.values()),
        Suggestion.cry_id.is_(None),
        Suggestion.outcome.is_not(None),
    )
    query = select(Suggestion).where(or_(Suggestion.cry_id.in_(crying), of_quiet))
    found: dict[str, dict[str, Suggestion]] = {}
    for row in session.scalars(query.order_by(Suggestion.id)):
        found.setdefault(row.box_id, {})[row.code] = row
    return found


def settled(row: Suggestion, item: SuggestionItem, now: datetime) -> bool:
    """Whether a carer's answer still covers the card: not for an animal or reason that is new."""
    if row.outcome is None or row.outcome_at is None or item.code in NEVER_SETTLED:
        return False
    if now - row.outcome_at > PUT_ASIDE.get(row.why or row.outcome, PUT_ASIDE["done"]):
        return False
    return covers(row, item)


def covers(row: Suggestion, item: SuggestionItem) -> bool:
    """Whether what was answered was of all these animals, for all these reasons."""
    then = row.advice
    return set(item.subjects) <= set(then.get("subjects", ())) and set(item.reasons) <= set(
        then.get("reasons", ())
    )


def _row(advice: Advice, item: SuggestionItem) -> Suggestion:
    return Suggestion(
        box_id=advice.box.id,
        cry_id=advice.cry.id if advice.cry else None,
        code=item.code,
        rank=item.rank,
        advice=item.model_dump(mode="json"),
        shown_at=advice.at,
    )


def _items(result: CareAdvice) -> tuple[SuggestionItem, ...]:
    cards = zip(plain(result)["suggestions"], result.suggestions, strict=True)
    return tuple(
        SuggestionItem(**card, title=CARDS[suggestion.code].title, text=CARDS[suggestion.code].text)
        for card, suggestion in cards
    )
