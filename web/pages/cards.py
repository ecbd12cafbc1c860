"""Suggestions as cards: what may help, what would be good to know, what was answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from monitor.messages import SuggestionItem
from web.care.voice import Voice
from web.nursery import Look
from web.pages.babies import Baby
from web.pages.questions import Question, question
from web.records import Cry, Suggestion
from web.suggesting import Advice, advise

URGENT = "URGENT_VET"  # of the care rules
ASKED_AT_ONCE = 2  # questions a card asks; the others wait below


@dataclass(frozen=True)
class Card:
    """One suggestion with what can be tapped on it."""

    item: SuggestionItem
    names: tuple[str, ...]
    partner: str | None
    questions: tuple[Question, ...]
    suggestion_id: int | None
    outcome: str | None
    volumes: tuple[str, ...] = ()

    @property
    def urgent(self) -> bool:
        """Whether it wants a vet now."""
        return self.item.code == URGENT


@dataclass(frozen=True)
class Suggested:
    """All that is suggested for a box."""

    cards: tuple[Card, ...] = ()
    folded: tuple[Card, ...] = ()
    """Done or put aside."""
    questions: tuple[Question, ...] = ()
    """What the cards do not ask yet."""
    notes: tuple[str, ...] = ()
    who: tuple[str, ...] = ()
    """Names of those who may be crying."""
    voice: Voice | None = None
    """Whose voice it is, by its sound and by who is here."""
    unusual: tuple[str, ...] = ()
    """How it is unlike this baby's usual cry, as far as a carer has not said otherwise."""


def suggested(look: Look, box_id: str, cry: Cry | None, inside: Sequence[Baby]) -> Suggested:
    """What may help at a box now, whether it cries or not; `inside` are the babies in it."""
    advice = advise(look.session, look.settings, box_id, look.now)
    rows = _rows(look.session, cry)
    in_box = [str(one.id) for one in inside]
    wanted = [*(key for item in advice.items for key in item.unknown), *advice.result.unknown]
    found = {key: question(key, advice.names, in_box) for key in wanted}
    unasked = {key: one for key, one in found.items() if one}  # each is asked in one place only
    shown: list[Card] = []
    folded: list[Card] = []
    for item in advice.items:
        row = rows.get(item.code)
        if row and row.outcome and item.code != URGENT:
            folded.append(_card(item, advice.names, (), row))
            continue
        keys = [key for key in item.unknown if key in unasked][:ASKED_AT_ONCE]
        asked = [unasked.pop(key) for key in keys]
        shown.append(_card(item, advice.names, tuple(asked), row))
    return Suggested(
        cards=tuple(shown),
        folded=tuple(folded),
        questions=tuple(unasked.values()),
        notes=tuple(advice.notes),
        who=_who(advice, inside) if cry else (),
        voice=advice.voice,
        unusual=_unusual(advice),
    )


def _unusual(advice: Advice) -> tuple[str, ...]:
    """Only while the rules go by it: a carer's word wins."""
    if advice.compared is None or not advice.scenario.cry.unusual:
        return ()
    return tuple(one.words for one in advice.compared.differences)


def _who(advice: Advice, inside: Sequence[Baby]) -> tuple[str, ...]:
    """Of none whose kind it does not sound like."""
    species = advice.voice.species if advice.voice else None
    alike = {str(baby.id) for baby in inside if species in (baby.species, None)}
    return tuple(advice.names[one] for one in advice.result.who if one in alike)


def _card(
    item: SuggestionItem,
    names: Mapping[str, str],
    questions: tuple[Question, ...],
    row: Suggestion | None,
) -> Card:
    return Card(
        item=item,
        names=tuple(names.get(one, one) for one in item.subjects),
        partner=names.get(item.partner) if item.partner else None,
        questions=questions,
        suggestion_id=row.id if row else None,
        outcome=row.outcome if row else None,
        volumes=_volumes(item, names),
    )


def _volumes(item: SuggestionItem, names: Mapping[str, str]) -> tuple[str, ...]:
    """`Miso: up to 5.5 mL`, for each animal to be fed whose weight is known."""
    if not item.volume_ml:
        return ()
    return tuple(
        f"{names.get(one, one)}: about {usual:g} mL"
        + (f", never over {cap:g} mL" if (cap := (item.cap_ml or {}).get(one)) is not None else "")
        for one, usual in item.volume_ml.items()
        if usual is not None
    )


def _rows(session: Session, cry: Cry | None) -> dict[str, Suggestion]:
    """What carers did with the suggestions of the open cry, by code."""
    if cry is None:
        return {}
    rows = session.scalars(select(Suggestion).where(Suggestion.cry_id == cry.id))
    return {row.code: row for row in rows}
