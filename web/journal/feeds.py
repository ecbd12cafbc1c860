"""Feeds: one entry each, also when given in parts; the amount told, or weighed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from web.care.tables import STOMACH_ML_PER_G
from web.journal.entry import Doubt, Entry, EntryError, Recorder, Written, found_by
from web.journal.milk import doubts_of_milk, formula_of
from web.journal.values import choice, ids, is_empty, moment, number, text
from web.journal.weights import doubts_of_weight, newest_weight, read_grams
from web.journal.whom import animal_of, doubts_of_time, tell_of
from web.records import Animal, Feed, Weight

HOW = choice("full", "short", "refused", unknown=False)
ROUTES = ("bottle", "syringe", "tube", "bowl", "mother")
ROUTE = choice(*ROUTES)
AMOUNT = number(0, 400, "mL")
NOTE_LENGTH = 200
NOTE = text(NOTE_LENGTH)
# So soon after another it is that feed again, or the rest of it, rather than the next one. No
# feeding plan is that short (60 min at least).
SAME_FEED = timedelta(minutes=20)
BOTTLE_LASTS = timedelta(minutes=60)  # at most, from the weighing before to the one after
STOMACH_KNOWN = timedelta(days=7)  # a weight that is older says too little of the stomach


def feed(
    session: Session,
    entry: Entry,
    animal_ids: Iterable[int],
    amount_ml: Any = None,
    how: Any = "full",
    at: Any = None,
    *,
    route: Any = None,
    formula_id: Any = None,
    note: Any = "",
) -> Written:
    """Fed: one animal, or several at once, each with the same amount; see `feed_each`."""
    amounts = dict.fromkeys(ids("animal_ids", animal_ids), amount_ml)
    return feed_each(
        session, entry, amounts, how, at, route=route, formula_id=formula_id, note=note
    )


def feed_each(
    session: Session,
    entry: Entry,
    amounts_ml: Mapping[int, Any],
    how: Any = "full",
    at: Any = None,
    *,
    route: Any = None,
    formula_id: Any = None,
    note: Any = "",
) -> Written:
    """Several fed in one go, animal -> mL (None: nobody measured); taken back together.

    The milk is the animal's own unless one is named. Raises Doubt at more than the stomach holds,
    at a feed minutes after another (`same` is that one: `add_to_feed`), at milk of the other
    species, before birth and after it left.
    """
    when, went, way = moment(entry, at), HOW("how", how), ROUTE("route", route)
    words = NOTE("note", note)
    amounts = [
        (animal_of(session, one, "animal_ids"), AMOUNT("amount_ml", amounts_ml[one]))
        for one in ids("animal_ids", amounts_ml)
    ]
    record = Recorder(session, entry, "fed")
    doubts: list[Doubt] = []
    rows = []
    for animal, amount in amounts:
        check_amount(amount, went)
        row = Feed(animal_id=animal.id, at=when, amount_ml=amount, how=went, by=entry.by)
        row.route, row.note = way, words
        row.formula_id = _milk(session, animal, formula_id, way)
        rows.append(row)
        doubts += doubts_of_feed(session, entry, animal, row)
    record.ask(doubts)
    for (animal, _), row in zip(amounts, rows, strict=True):
        record.add(row)
        tell_of(record, animal)
    told = {str(row.animal_id): row.amount_ml for row in rows}
    return record.close("feed", *(row.id for row in rows), ml=told, how=went)


def add_to_feed(
    session: Session, entry: Entry, feed_id: int, amount_ml: Any, how: Any = None, note: Any = ""
) -> Written:
    """The rest of a feed: its amount grows, its time stays. `how` it went in the end, if told.

    Where nobody measured the first part the whole is not known either; the part is noted.
    """
    part = AMOUNT("amount_ml", amount_ml)
    if part is None:
        raise EntryError("amount_ml", "is needed")
    return _add_rest(session, entry, feed_of(session, feed_id), part, how, note)


def rest_by_weight(
    session: Session,
    entry: Entry,
    feed_id: int,
    after_g: Any,
    before_g: Any = None,
    how: Any = None,
    note: Any = "",
) -> Written:
    """The rest of a feed, weighed before and after it; the two weights stand in its note."""
    row = feed_of(session, feed_id)
    animal = animal_of(session, row.animal_id)
    bottle = _bottle(session, animal, entry.now, after_g, before_g)
    words = f"weighed {bottle.before_g:g}, then {bottle.after_g:g} g"
    words = _joined(NOTE("note", note), words)
    return _add_rest(session, entry, row, bottle.drunk_ml, how, words, bottle.earlier)


def _add_rest(
    session: Session,
    entry: Entry,
    row: Feed,
    part: float,
    how: Any,
    note: Any,
    weighed: Weight | None = None,
) -> Written:
    animal = animal_of(session, row.animal_id)
    went = row.how if is_empty(how) else HOW("how", how)
    before = 0.0 if row.how == "refused" else row.amount_ml
    if is_empty(how) and row.how == "refused" and part > 0:
        went = "short"
    words = NOTE("note", note)
    if before is None:
        words = f"{words}; then {part:g} mL more" if words else f"then {part:g} mL more"
    total = None if before is None else before + part
    record = Recorder(session, entry, "fed the rest")
    record.ask(doubts_of_stomach(session, animal, row.at, total))
    record.set(row, amount_ml=total, how=went, note=_joined(row.note, words))
    if weighed is not None:  # no other bottle is measured from it
        record.set(weighed, moment=None)
    tell_of(record, animal)
    return record.close("feed", row.id, animal=animal.id, part_ml=part, ml=total)


def feed_by_weight(
    session: Session,
    entry: Entry,
    animal_id: int,
    after_g: Any,
    before_g: Any = None,
    how: Any = "full",
    at: Any = None,
    *,
    route: Any = None,
    formula_id: Any = None,
    note: Any = "",
) -> Written:
    """Fed, and weighed before and after it: 1 g is 1 mL. `id` is the feed's.

    `before_g` may have been written before the bottle (`weigh` with the moment "before").
    Write it before anything that it passed: urine weighs too.
    """
    animal, when = animal_of(session, animal_id), moment(entry, at)
    went, bottle = HOW("how", how), _bottle(session, animal, when, after_g, before_g)
    drunk = bottle.drunk_ml
    check_amount(drunk, went)
    row = Feed(animal_id=animal.id, at=when, amount_ml=drunk, how=went, by=entry.by)
    row.route, row.note = ROUTE("route", route), NOTE("note", note)
    row.formula_id = _milk(session, animal, formula_id, row.route)
    record = Recorder(session, entry, "fed")
    doubts = doubts_of_feed(session, entry, animal, row)
    if bottle.earlier is None:
        doubts += doubts_of_weight(session, animal, when, bottle.before_g)
    record.ask(doubts)
    record.add(row)
    bottle.write(record, row)
    tell_of(record, animal)
    return record.close("feed", row.id, animal=animal.id, ml=drunk, how=went)


@dataclass(frozen=True)
class _Bottle:
    """A baby's weight before a bottle and after it, g."""

    before_g: float
    after_g: float
    earlier: Weight | None
    """The one before, where it is on record already."""

    @property
    def drunk_ml(self) -> float:
        return round(self.after_g - self.before_g, 1)

    def write(self, record: Recorder, feed: Feed) -> None:
        if self.earlier is None:
            record.add(_weight(feed, self.before_g, "before"))
        else:
            record.set(self.earlier, feed_id=feed.id)
        record.add(_weight(feed, self.after_g, "after"))


def _bottle(
    session: Session, animal: Animal, when: datetime, after_g: Any, before_g: Any
) -> _Bottle:
    after = read_grams("after_g", after_g)
    earlier = None if not is_empty(before_g) else _weighed_before(session, animal, when)
    before = earlier.grams if earlier else read_grams("before_g", before_g)
    if after < before:
        raise EntryError("after_g", "is less than before the bottle; weigh again, or give the mL")
    return _Bottle(before, after, earlier)


def feed_near(
    session: Session, animal_id: int, at: datetime, but: int | None = None
) -> Feed | None:
    """A feed within minutes of a moment, which one noted then would repeat."""
    query = select(Feed).where(
        Feed.animal_id == animal_id,
        Feed.undone_at.is_(None),
        Feed.at > at - SAME_FEED,
        Feed.at < at + SAME_FEED,
    )
    if but is not None:
        query = query.where(Feed.id != but)
    return session.scalars(query.order_by(Feed.at.desc(), Feed.id.desc())).first()


def feed_of(session: Session, feed_id: Any) -> Feed:
    """The feed of that id, if it was not taken back. Raises EntryError."""
    found = found_by(session, Feed, feed_id)
    if found is None or found.undone_at is not None:
        raise EntryError("feed_id", "is not a feed that is known here")
    return found


def check_amount(amount: float | None, how: str) -> None:
    """Nothing drunk is not a full feed: the next would come hours too late. Raises EntryError."""
    if amount == 0 and how != "refused":
        raise EntryError("how", "0 mL is no feed; say that it was refused")


def doubts_of_feed(
    session: Session, entry: Entry, animal: Animal, row: Feed, but: int | None = None
) -> list[Doubt]:
    """Whatever speaks against a feed that is not written yet (`but`: beside this one)."""
    doubts = doubts_of_time(entry, animal, row.at)
    doubts += doubts_of_stomach(session, animal, row.at, row.amount_ml)
    doubts += doubts_of_milk(animal, formula_of(session, row.formula_id))
    near = feed_near(session, animal.id, row.at, but)
    if near is not None:
        apart = round(abs(row.at - near.at) / timedelta(minutes=1))
        ml = "" if near.amount_ml is None else f" of {near.amount_ml:g} mL"
        says = f"is {apart} min from another feed of {animal.name}'s{ml}; is it the same one?"
        doubts.append(Doubt("at", says, same=near.id))
    return doubts


def doubts_of_stomach(
    session: Session,
    animal: Animal,
    at: datetime,
    amount: float | None,
    field: str = "amount_ml",
) -> list[Doubt]:
    """More than the stomach holds, where its weight is known."""
    weight = newest_weight(session, animal.id, at, STOMACH_KNOWN)
    if amount is None or weight is None:
        return []
    holds = STOMACH_ML_PER_G * weight.grams
    if amount <= holds + 1e-9:
        return []
    what = f"is more than {animal.name}'s stomach holds: {holds:.3g} mL at {weight.grams:g} g"
    return [Doubt(field, what)]


def _milk(session: Session, animal: Animal, formula_id: Any, route: str | None) -> int | None:
    if is_empty(formula_id):
        return None if route == "mother" else animal.formula_id
    found = formula_of(session, formula_id)
    return found.id if found else None


def _weighed_before(session: Session, animal: Animal, at: datetime) -> Weight:
    query = select(Weight).where(
        Weight.animal_id == animal.id,
        Weight.undone_at.is_(None),
        Weight.moment == "before",
        Weight.feed_id.is_(None),
        Weight.at <= at,
        Weight.at > at - BOTTLE_LASTS,
    )
    found = session.scalars(query.order_by(Weight.at.desc(), Weight.id.desc())).first()
    if found is None:
        raise EntryError("before_g", "is needed; no weight before this bottle is on record")
    return found


def _weight(of: Feed, grams: float, word: str) -> Weight:
    return Weight(
        animal_id=of.animal_id, at=of.at, grams=grams, moment=word, feed_id=of.id, by=of.by
    )


def _joined(old: str, new: str) -> str:
    return "; ".join(words for words in (old, new) if words)[:NOTE_LENGTH]
