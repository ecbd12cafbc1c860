"""What a box's card shows, read from the records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from monitor.messages import SuggestionItem
from web.nursery import Look
from web.pages import words
from web.pages.questions import Question, question
from web.presence import presence
from web.records import (
    Animal,
    Box,
    BoxStatus,
    Call,
    Companionship,
    Cry,
    Feed,
    Stay,
    Suggestion,
    Weight,
)
from web.suggesting import Advice, advise
from web.times import age_in_days

RECENT_CRY = timedelta(hours=6)  # an ended cry stays on the card for so long
URGENT = "URGENT_VET"  # of the care rules
ASKED_AT_ONCE = 2  # questions a card asks; the others wait below
ASK_STOPPED = timedelta(minutes=45)  # and for so long its card asks what stopped it


@dataclass(frozen=True)
class Baby:
    """An animal as lists show it."""

    id: int
    name: str
    species: str
    age_days: int | None
    born_estimated: bool
    box_id: str | None
    box_name: str | None
    fed_at: datetime | None
    fed_ml: float | None
    fed_how: str | None
    grams: float | None
    grams_before: float | None
    weighed_at: datetime | None
    marks: tuple[str, ...] = ()
    demo: bool = False


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
    who: tuple[str, ...] = ()
    """Who may be the crying one."""
    cards: tuple[Card, ...] = ()
    folded: tuple[Card, ...] = ()
    questions: tuple[Question, ...] = ()
    notes: tuple[str, ...] = ()
    babies: tuple[Baby, ...] = ()
    elsewhere: tuple[Baby, ...] = ()
    together: tuple[tuple[int, str, str], ...] = ()
    """Open pairings: id, both names."""


def box_names(look: Look) -> dict[str, str]:
    """Every box that is set up or has ever spoken: id -> what people call it."""
    names = {box.id: box.label for box in look.settings.box}
    for box in look.session.scalars(select(Box).order_by(Box.created_at, Box.id)):
        label = box.name or names.get(box.id) or box.id.replace("-", " ").capitalize()
        names[box.id] = label
    return names


def box_cards(look: Look, only: Iterable[str] | None = None) -> list[BoxCard]:
    """The cards of all boxes, or of those named."""
    names = box_names(look)
    chosen = set(names if only is None else only)
    everyone = babies(look)
    return [_box_card(look, box, name, everyone) for box, name in names.items() if box in chosen]


def _box_card(look: Look, box_id: str, name: str, everyone: list[Baby]) -> BoxCard:
    session, now = look.session, look.now
    row, status = session.get(Box, box_id), session.get(BoxStatus, box_id)
    heard = presence(status, now)
    hearing = words.hearing(heard)
    age = now - status.heard_at if status and status.heard_at else None
    cry, last = _open_cry(session, box_id), _last_cry(session, box_id, now)
    inside = tuple(one for one in everyone if one.box_id == box_id)
    card = BoxCard(
        id=box_id,
        name=name,
        demo=bool((row and row.demo) or (status and status.demo)),
        hearing=hearing,
        word_age_s=max(0.0, age.total_seconds()) if age is not None else None,
        level=words.level_share(status.level_dbfs if status and hearing.heard else None),
        since=heard.since,
        cry=cry_view(session, cry, now) if cry else None,
        last=cry_view(session, last, now) if last and not cry else None,
        ask_stopped=bool(last and not cry and _worth_asking(last, now)),
        babies=inside,
        elsewhere=tuple(one for one in everyone if one.box_id != box_id),
        together=_together(session, inside),
    )
    return _with_advice(look, card) if row else card


def _with_advice(look: Look, card: BoxCard) -> BoxCard:
    advice = advise(look.session, look.settings, card.id, look.now)
    rows = _suggestion_rows(look.session, card.cry.row.id if card.cry else None)
    in_box = [str(one.id) for one in card.babies]
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
    return replace(
        card,
        cards=tuple(shown),
        folded=tuple(folded),
        questions=tuple(unasked.values()),
        notes=tuple(advice.notes),
        who=_who(card, advice),
    )


def _who(card: BoxCard, advice: Advice) -> tuple[str, ...]:
    """Names of those who may be crying; of none whose kind it does not sound like."""
    if card.cry is None:
        return ()
    kind = card.cry.row.species
    alike = {str(baby.id) for baby in card.babies if kind in (baby.species, "unknown")}
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


def _suggestion_rows(session: Session, cry_id: str | None) -> dict[str, Suggestion]:
    if cry_id is None:
        return {}
    rows = session.scalars(select(Suggestion).where(Suggestion.cry_id == cry_id))
    return {row.code: row for row in rows}


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


def cry_view(session: Session, cry: Cry, now: datetime) -> CryView:
    """One cry with its calls; an open one lasts until now."""
    rows = session.execute(
        select(Call.onset_s, Call.length_s).where(Call.cry_id == cry.id).order_by(Call.onset_s)
    )
    source = session.get(Animal, cry.source_id) if cry.source_id is not None else None
    return CryView(
        row=cry,
        calls=tuple((onset, length) for onset, length in rows),
        lasting_s=words.seconds(cry.onset, now if cry.state == "open" else cry.offset),
        source=source.name if source else None,
    )


def babies(look: Look) -> list[Baby]:
    """All animals in care, with the box, the newest feed and the newest weights of each."""
    animals = look.session.scalars(
        select(Animal)
        .where(Animal.status == "in_care")
        .options(selectinload(Animal.stays))
        .order_by(Animal.name, Animal.id)
    ).all()
    names = box_names(look)
    return [baby(look, animal, names) for animal in animals]


def baby(look: Look, animal: Animal, names: Mapping[str, str]) -> Baby:
    """One animal as lists show it; `names` are those of the boxes."""
    session = look.session
    box_id = next((stay.box_id for stay in animal.stays if stay.ended_at is None), None)
    fed = session.scalars(
        select(Feed)
        .where(Feed.animal_id == animal.id, Feed.undone_at.is_(None))
        .order_by(Feed.at.desc(), Feed.id.desc())
        .limit(1)
    ).first()
    weights = session.scalars(
        select(Weight)
        .where(Weight.animal_id == animal.id, Weight.undone_at.is_(None))
        .order_by(Weight.at.desc())
        .limit(2)
    ).all()
    return Baby(
        id=animal.id,
        name=animal.name,
        species=animal.species,
        age_days=age_in_days(animal.born_on, look.now, look.settings.house.zone),
        born_estimated=animal.born_estimated,
        box_id=box_id,
        box_name=names.get(box_id) if box_id else None,
        fed_at=fed.at if fed else None,
        fed_ml=fed.amount_ml if fed else None,
        fed_how=fed.how if fed else None,
        grams=weights[0].grams if weights else None,
        grams_before=weights[1].grams if len(weights) > 1 else None,
        weighed_at=weights[0].at if weights else None,
        marks=_marks(animal),
        demo=animal.demo,
    )


def _marks(animal: Animal) -> tuple[str, ...]:
    said = (
        (animal.in_quarantine, "in quarantine"),
        (animal.exposed, "exposed"),
        (animal.keep_apart, "keep apart"),
        (animal.suckles_others, "suckles others"),
    )
    return tuple(word for holds, word in said if holds)


def _together(session: Session, inside: tuple[Baby, ...]) -> tuple[tuple[int, str, str], ...]:
    names = {one.id: one.name for one in inside}
    rows = session.scalars(
        select(Companionship)
        .where(Companionship.ended_at.is_(None), Companionship.animal_id.in_(names))
        .order_by(Companionship.began_at)
    )
    return tuple(
        (row.id, names[row.animal_id], names[row.partner_id])
        for row in rows
        if row.partner_id in names
    )


def in_box(session: Session, box_id: str) -> list[int]:
    """Ids of the animals that live in a box now."""
    return list(
        session.scalars(
            select(Stay.animal_id).where(Stay.box_id == box_id, Stay.ended_at.is_(None))
        )
    )


def box_of(session: Session, animal_id: int) -> str | None:
    """The box that an animal lives in now."""
    return session.scalars(
        select(Stay.box_id).where(Stay.animal_id == animal_id, Stay.ended_at.is_(None))
    ).first()
