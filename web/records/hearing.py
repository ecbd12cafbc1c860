"""What was heard: cries with their calls and sound, minutes, and what boxes learn."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from web.records.base import Base


class BoxStatus(Base):
    """The newest word from a box's listener: one row a box, overwritten."""

    __tablename__ = "box_status"

    box_id: Mapped[str] = mapped_column(ForeignKey("box.id"), primary_key=True)
    available: Mapped[bool | None]
    available_at: Mapped[datetime | None]
    state: Mapped[str | None] = mapped_column(String(20))
    reason: Mapped[str | None] = mapped_column(String(20))
    detail: Mapped[str | None] = mapped_column(String(300))
    state_since: Mapped[datetime | None]
    state_at: Mapped[datetime | None]
    level_dbfs: Mapped[float | None]
    noise_dbfs: Mapped[float | None]
    level_at: Mapped[datetime | None]
    heard_at: Mapped[datetime | None]  # when any message of the listener last arrived here
    health: Mapped[dict[str, Any] | None]
    health_at: Mapped[datetime | None]
    demo: Mapped[bool] = mapped_column(default=False)


class Cry(Base):
    """A cry as its newest message tells it."""

    __tablename__ = "cry"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int]
    box_id: Mapped[str] = mapped_column(ForeignKey("box.id"))
    # open, ended, retracted; or lost: open, but its listener went away (see `web/lost.py`)
    state: Mapped[str] = mapped_column(String(10))
    onset: Mapped[datetime]
    offset: Mapped[datetime]
    clock: Mapped[str] = mapped_column(String(20))
    species: Mapped[str] = mapped_column(String(10))
    score: Mapped[float]
    calls: Mapped[int]
    calls_per_minute: Mapped[float]
    arousal: Mapped[str] = mapped_column(String(10))
    model: Mapped[str] = mapped_column(String(200))
    details: Mapped[dict[str, Any]]  # species scores, acoustics, reason of a retraction
    demo: Mapped[bool] = mapped_column(default=False)
    received_at: Mapped[datetime]  # of the first message
    updated_at: Mapped[datetime]
    source_id: Mapped[int | None] = mapped_column(ForeignKey("animal.id"))  # if a person saw it
    unusual: Mapped[bool | None]
    stopped_by: Mapped[str | None] = mapped_column(String(20))  # tapped by a carer
    stopped_told_by: Mapped[str | None] = mapped_column(String(60))

    clip: Mapped[Clip | None] = relationship(
        primaryjoin=lambda: foreign(Clip.cry_id) == Cry.id, viewonly=True
    )

    __table_args__ = (
        Index(None, "onset"),
        *(
            Index(None, what, "onset")
            for what in ("box_id", "state", "species", "source_id", "stopped_by")
        ),
    )


class Minute(Base):
    """What a minute at a box was like, heard or not; `run` and `number` are the listener's."""

    __tablename__ = "minute"

    box_id: Mapped[str] = mapped_column(ForeignKey("box.id"), primary_key=True)
    run: Mapped[str] = mapped_column(String(32), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]  # when it began
    clock: Mapped[str] = mapped_column(String(20))
    length_s: Mapped[float]
    listened_s: Mapped[float]
    muted_s: Mapped[float]
    deaf_s: Mapped[float]
    reason: Mapped[str | None] = mapped_column(String(20))
    level_dbfs: Mapped[float | None]  # all four: 300 to 8000 Hz
    loud_dbfs: Mapped[float | None]
    peak_dbfs: Mapped[float | None]
    noise_dbfs: Mapped[float | None]
    score: Mapped[float]
    threshold: Mapped[float]
    sensitivity: Mapped[str] = mapped_column(String(20))
    near_calls: Mapped[int]
    lone_calls: Mapped[int]
    demo: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (Index(None, "box_id", "at"), Index(None, "at"))


class CryMessageLog(Base):
    """The `(id, seq)` of every cry message that was taken: each is written once."""

    __tablename__ = "cry_message"

    cry_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    type: Mapped[str] = mapped_column(String(20))
    received_at: Mapped[datetime]


class Call(Base):
    """One call of a cry; times in s from the cry's onset."""

    __tablename__ = "call"

    cry_id: Mapped[str] = mapped_column(ForeignKey("cry.id"), primary_key=True)
    onset_s: Mapped[float] = mapped_column(primary_key=True)
    length_s: Mapped[float]


class Clip(Base):
    """A cry's sound: the FLAC in the row, so that no file can be lost or left behind.

    It may arrive before its cry does, so no foreign key ties it to one.
    """

    __tablename__ = "clip"

    cry_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    box_id: Mapped[str] = mapped_column(String(32))
    received_at: Mapped[datetime] = mapped_column(index=True)
    size_bytes: Mapped[int]
    flac: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class Review(Base):
    """A carer's word on a cry: right, or not a cry."""

    __tablename__ = "review"

    id: Mapped[int] = mapped_column(primary_key=True)
    cry_id: Mapped[str] = mapped_column(ForeignKey("cry.id"), index=True)
    verdict: Mapped[str] = mapped_column(String(20))  # right, not_a_cry
    species: Mapped[str | None] = mapped_column(String(10))
    at: Mapped[datetime]
    by: Mapped[str | None] = mapped_column(String(60))


class Wish(Base):
    """Something that a box's listener is told until it has answered: a review, what to go by."""

    __tablename__ = "wish"

    id: Mapped[int] = mapped_column(primary_key=True)
    box_id: Mapped[str] = mapped_column(ForeignKey("box.id"))
    what: Mapped[str] = mapped_column(String(20))  # a command of the contract
    cry_id: Mapped[str | None] = mapped_column(String(36), index=True)  # of a review
    value: Mapped[str] = mapped_column(String(40))  # JSON
    at: Mapped[datetime]
    by: Mapped[str | None] = mapped_column(String(60))
    answered_at: Mapped[datetime | None] = mapped_column(index=True)
    ok: Mapped[bool | None]
    answer: Mapped[str | None] = mapped_column(String(300))

    __table_args__ = ({"sqlite_autoincrement": True},)


class BoxLearning(Base):
    """What a box has learned, as its newest `learning` message tells it: one row a box."""

    __tablename__ = "box_learning"

    box_id: Mapped[str] = mapped_column(ForeignKey("box.id"), primary_key=True)
    said: Mapped[dict[str, Any]]
    at: Mapped[datetime]
