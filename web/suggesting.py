"""Suggestions for a box: asked anew whenever something changes, kept once for each cry and code.

The pages ask on view; the ingest process asks whenever the change feed tells of the box, and every
so often while a cry is open, keeps what is shown and publishes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
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
from web.known import known
from web.records import Box, Cry, Suggestion
from web.scenario_of import scenario_of


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


def advise(session: Session, settings: Settings, box_id: str, now: datetime) -> Advice:
    """What may help at this box now, whether it cries or not. Raises KeyError: no such box."""
    box = session.get(Box, box_id)
    if box is None:
        raise KeyError(box_id)
    records = known(session, box, now)
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
    """Keep what is shown for the open cry; tell live pages, and True, when it is news."""
    if advice.cry is None:
        return False
    rows = session.scalars(select(Suggestion).where(Suggestion.cry_id == advice.cry.id))
    kept = {row.code: row for row in rows}
    news = False
    for item in advice.items:
        shown, row = item.model_dump(mode="json"), kept.get(item.code)
        if row is None:
            news = True
            session.add(
                Suggestion(
                    box_id=advice.box.id,
                    cry_id=advice.cry.id,
                    code=item.code,
                    rank=item.rank,
                    advice=shown,
                    shown_at=advice.at,
                )
            )
        elif (row.rank, row.advice) != (item.rank, shown):
            news = True
            row.rank, row.advice = item.rank, shown
    if news:
        changes.append(session, advice.at, "suggestion", advice.cry.id, advice.box.id)
    return news


def _items(result: CareAdvice) -> tuple[SuggestionItem, ...]:
    cards = zip(plain(result)["suggestions"], result.suggestions, strict=True)
    return tuple(
        SuggestionItem(**card, title=CARDS[suggestion.code].title, text=CARDS[suggestion.code].text)
        for card, suggestion in cards
    )
