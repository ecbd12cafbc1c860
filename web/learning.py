"""What boxes are to be told so that they learn, and what they say they have learned.

A wish is told to a box's listener until it has answered; a newer wish for the same thing takes the
place of an older one. Of reviews the newest word on a cry is what is to be told.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from monitor.messages import Answer, Command, LearningMessage
from web.records import BoxLearning, Cry, Review, Wish

LISTENED_TO = timedelta(days=60)  # a listener remembers no cry for longer
GIVEN_UP = timedelta(days=60)  # of a listener that never answers
ID = "wish-"  # begins the id of our commands: others send commands too

Value = bool | int | str | None


def wish(  # noqa: PLR0913, PLR0917 - what there is to say of it
    session: Session,
    box_id: str,
    what: str,
    value: Value,
    at: datetime,
    by: str | None = None,
    cry_id: str | None = None,
) -> Wish:
    """Have a box's listener told something; what was to be told of the same before is dropped."""
    session.execute(
        delete(Wish).where(
            Wish.box_id == box_id,
            Wish.what == what,
            Wish.cry_id.is_(None) if cry_id is None else Wish.cry_id == cry_id,
        )
    )
    made = Wish(box_id=box_id, what=what, cry_id=cry_id, value=json.dumps(value), at=at, by=by)
    session.add(made)
    session.flush()
    return made


def note_reviews(session: Session, now: datetime, cries: Collection[str] | None = None) -> None:
    """Have reviews told that are not yet, or are other ones by now; of these cries, or of all."""
    newest = select(func.max(Review.id)).group_by(Review.cry_id)
    reviews = select(Review.cry_id, Review.verdict, Review.by).where(Review.id.in_(newest))
    told = select(Wish.cry_id, Wish.value).where(Wish.what == "review")
    if cries is not None:
        reviews = reviews.where(Review.cry_id.in_(cries))
        told = told.where(Wish.cry_id.in_(cries))
    wanted = {cry_id: (verdict, by) for cry_id, verdict, by in session.execute(reviews)}
    said = {str(cry_id): json.loads(value) for cry_id, value in session.execute(told)}
    changed = [
        cry_id
        for cry_id in {*wanted, *said}
        if said.get(cry_id) != wanted.get(cry_id, (None, None))[0]
    ]
    rows = select(Cry).where(Cry.id.in_(changed), Cry.onset > now - LISTENED_TO)
    for cry in session.scalars(rows).all() if changed else ():
        verdict, by = wanted.get(cry.id, (None, None))
        wish(session, cry.box_id, "review", verdict, now, by, cry.id)


def unanswered(session: Session, now: datetime) -> list[Wish]:
    """What is still to be told, oldest first."""
    query = select(Wish).where(Wish.answered_at.is_(None), Wish.at > now - GIVEN_UP)
    return list(session.scalars(query.order_by(Wish.id)))


def command_of(wanted: Wish) -> Command:
    """The wish as the listener is told it."""
    return Command(id=f"{ID}{wanted.id}", value=json.loads(wanted.value), cry=wanted.cry_id)


def answered(session: Session, box_id: str, what: str, said: Answer, now: datetime) -> Wish | None:
    """Note a listener's answer; the wish, if it was one of ours and still stands."""
    number = said.id.removeprefix(ID)
    if not said.id.startswith(ID) or not number.isdecimal() or len(number) > 9:
        return None
    found = session.get(Wish, int(number))
    if found is None or (found.box_id, found.what) != (box_id, what):
        return None
    if found.answered_at is None:
        found.answered_at, found.ok, found.answer = now, said.ok, said.message
    return found


def learned(session: Session, said: LearningMessage, now: datetime) -> bool:
    """Keep what a box says it has learned; whether that is news."""
    content = said.model_dump(mode="json", by_alias=True)
    row = session.get(BoxLearning, said.box)
    if row is None:
        session.add(BoxLearning(box_id=said.box, said=content, at=now))
        return True
    news = row.said != content
    row.said, row.at = content, now
    return news
