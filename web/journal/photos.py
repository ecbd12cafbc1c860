"""An animal's face: a small picture, by which a tired carer tells eight babies apart."""

from __future__ import annotations

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from web import pictures
from web.journal.entry import Entry, EntryError, Recorder, Written
from web.journal.whom import animal_of, tell_of
from web.records import Photo

MOST_BYTES = 300_000  # the page makes it this small before it sends it
KEPT = 3  # of each animal: the one that is shown, and those that undo can bring back


def set_photo(session: Session, entry: Entry, animal_id: int, image: bytes) -> Written:
    """Show this picture of the animal from now on: JPEG, PNG or WebP, at most 300 KB.

    Only what is seen of it is kept (`web/pictures.py`), never where or by what it was taken.
    """
    animal = animal_of(session, animal_id)
    if not image:
        raise EntryError("photo", "is needed")
    if len(image) > MOST_BYTES:
        raise EntryError("photo", f"is too large; at most {MOST_BYTES // 1000} KB")
    try:
        kind, bare = pictures.bare(image, MOST_BYTES)
    except pictures.PictureError as error:
        raise EntryError("photo", str(error)) from None
    record = Recorder(session, entry, "photo taken")
    row = Photo(animal_id=animal.id, content_type=kind, image=bare, at=entry.now, by=entry.by)
    record.add(row)
    tell_of(record, animal)
    _forget_old(session, animal.id)
    return record.close("photo", row.id, animal=animal.id, bytes=len(bare))


def remove_photo(session: Session, entry: Entry, animal_id: int) -> Written:
    """Show no picture of the animal."""
    animal = animal_of(session, animal_id)
    shown = list(session.scalars(_shown(animal_id)))
    if not shown:
        raise EntryError("photo", "there is none")
    record = Recorder(session, entry, "photo removed")
    for row in shown:
        record.set(row, undone_at=entry.now)
    tell_of(record, animal)
    return record.close("photo", shown[0].id, animal=animal.id)


def photo_of(session: Session, animal_id: int) -> Photo | None:
    """The picture that is shown of the animal."""
    return session.scalars(_shown(animal_id).limit(1)).first()


def _shown(animal_id: int):  # type: ignore[no-untyped-def]
    return (
        select(Photo)
        .where(Photo.animal_id == animal_id, Photo.undone_at.is_(None))
        .order_by(Photo.id.desc())
    )


def _forget_old(session: Session, animal_id: int) -> None:
    old = select(Photo.id).where(Photo.animal_id == animal_id).order_by(Photo.id.desc())
    session.execute(delete(Photo).where(Photo.id.in_(old.offset(KEPT).scalar_subquery())))
