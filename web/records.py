"""The records that are kept: tables, and nothing that acts on them.

Times are UTC, amounts in mL, g and degrees Celsius. `null` means unknown. Every table that a page
shows is followed by `Change`, the append-only feed that is written in the transaction of the
change (see `web/changes.py`).
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, foreign, mapped_column, relationship


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC; naive datetimes are refused on the way in, aware ones come out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To the database: SQLite keeps naive UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment must know its time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """From the database, always aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """What all tables share: named constraints, so that migrations can change them."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {datetime: UtcDateTime, dict[str, Any]: JSON, list[Any]: JSON}  # noqa: RUF012


class Box(Base):
    """A nursery box with a microphone; `id` is the one on MQTT."""

    __tablename__ = "box"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    name: Mapped[str] = mapped_column(String(60), default="")
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    # What a carer said of the nest, and when: too old counts as unknown (care rules, section 1).
    temp_c: Mapped[float | None]
    temp_at: Mapped[datetime | None]
    spread: Mapped[bool | None]
    spread_at: Mapped[datetime | None]
    comfort: Mapped[bool | None]
    carer_can_watch: Mapped[bool | None]  # someone can stay for the first half hour of a trial
    carer_can_watch_at: Mapped[datetime | None]


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


class Animal(Base):
    """A baby (or a mother) in care."""

    __tablename__ = "animal"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60))
    species: Mapped[str] = mapped_column(String(10))  # kitten, puppy
    sex: Mapped[str | None] = mapped_column(String(10))
    born_on: Mapped[date | None] = mapped_column(Date)
    born_estimated: Mapped[bool] = mapped_column(default=False)
    intake_on: Mapped[date | None] = mapped_column(Date)
    litter: Mapped[str | None] = mapped_column(String(60))
    mother: Mapped[str | None] = mapped_column(String(10))  # present, available, none
    status: Mapped[str] = mapped_column(String(20), default="in_care")
    in_quarantine: Mapped[bool | None]  # health quarantine, as the carer keeps it
    exposed: Mapped[bool | None]
    parasites: Mapped[str | None] = mapped_column(String(10))  # clear, treated, present
    vaccinated: Mapped[bool | None]
    cross_ok: Mapped[bool | None]  # the coordinator's approval for cross-species company
    cross_ok_by: Mapped[str | None] = mapped_column(String(60))
    cross_ok_at: Mapped[datetime | None]
    temperament: Mapped[str | None] = mapped_column(String(10))  # calm, rough
    suckles_others: Mapped[bool] = mapped_column(default=False)
    keep_apart: Mapped[bool] = mapped_column(default=False)
    plan_interval_min: Mapped[int | None]
    notes: Mapped[str] = mapped_column(Text, default="")
    demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    stays: Mapped[list[Stay]] = relationship(back_populates="animal")

    __table_args__ = (CheckConstraint("species IN ('kitten', 'puppy')", name="species"),)


class Stay(Base):
    """An animal in a box, from, to; the open one has no end."""

    __tablename__ = "stay"

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animal.id"), index=True)
    box_id: Mapped[str] = mapped_column(ForeignKey("box.id"), index=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    animal: Mapped[Animal] = relationship(back_populates="stays")


class Companionship(Base):
    """Two animals put together: start, end and what came of it."""

    __tablename__ = "companionship"

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animal.id"), index=True)
    partner_id: Mapped[int] = mapped_column(ForeignKey("animal.id"), index=True)
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    outcome: Mapped[str | None] = mapped_column(String(20))  # passed, failed; null: not told
    by: Mapped[str | None] = mapped_column(String(60))


class Feed(Base):
    """One feed of one animal."""

    __tablename__ = "feed"

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animal.id"))
    at: Mapped[datetime]
    amount_ml: Mapped[float | None]
    how: Mapped[str] = mapped_column(String(10), default="full")  # full, short, refused
    by: Mapped[str | None] = mapped_column(String(60))
    undone_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "animal_id", "at"),)


class Weight(Base):
    """One weighing."""

    __tablename__ = "weight"

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animal.id"))
    at: Mapped[datetime]
    grams: Mapped[float]
    by: Mapped[str | None] = mapped_column(String(60))
    undone_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "animal_id", "at"),)


class Observation(Base):
    """What a carer found when looking at an animal: one fact (`check` in the records' promise).

    `fact` is a fact name of the care rules (`body_feel`, `body_temp_c`, `health`, `stool_score`,
    `hungry_signs`, `toilet`, `limp`, ...); `value` is its JSON value. How long a fact holds is the
    care rules' business.
    """

    __tablename__ = "check"

    id: Mapped[int] = mapped_column(primary_key=True)
    animal_id: Mapped[int] = mapped_column(ForeignKey("animal.id"))
    at: Mapped[datetime]
    fact: Mapped[str] = mapped_column(String(30))
    value: Mapped[Any] = mapped_column(JSON)
    by: Mapped[str | None] = mapped_column(String(60))
    undone_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "animal_id", "fact", "at"),)


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

    __table_args__ = (Index(None, "box_id", "onset"), Index(None, "onset"), Index(None, "state"))


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


class Suggestion(Base):
    """What was suggested for a cry (or a quiet box), and what a carer did with it."""

    __tablename__ = "suggestion"

    id: Mapped[int] = mapped_column(primary_key=True)
    box_id: Mapped[str] = mapped_column(ForeignKey("box.id"), index=True)
    cry_id: Mapped[str | None] = mapped_column(ForeignKey("cry.id"), index=True)
    code: Mapped[str] = mapped_column(String(50))
    rank: Mapped[int]
    advice: Mapped[dict[str, Any]]
    shown_at: Mapped[datetime]
    outcome: Mapped[str | None] = mapped_column(String(20))  # done, dismissed
    why: Mapped[str | None] = mapped_column(String(60))
    outcome_at: Mapped[datetime | None]
    by: Mapped[str | None] = mapped_column(String(60))

    __table_args__ = (UniqueConstraint("cry_id", "code"),)


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


class Carer(Base):
    """A person who may sign in."""

    __tablename__ = "carer"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    passphrase_hash: Mapped[str] = mapped_column(String(200))
    session_key: Mapped[str] = mapped_column(String(64))  # changed with the passphrase: signs out
    created_at: Mapped[datetime]


class Token(Base):
    """A bearer token of the API; only its hash is kept."""

    __tablename__ = "token"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(60), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]


class QuarantinedMessage(Base):
    """A message that could not be taken, with the reason."""

    __tablename__ = "quarantined_message"

    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(Text)
    payload: Mapped[bytes] = mapped_column(LargeBinary)  # its first KiB
    size_bytes: Mapped[int]
    reason: Mapped[str] = mapped_column(String(300))
    received_at: Mapped[datetime] = mapped_column(index=True)


class Heartbeat(Base):
    """The last sign of life of one of our processes; `/healthz` judges its age."""

    __tablename__ = "heartbeat"

    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    at: Mapped[datetime]
    details: Mapped[dict[str, Any]]


class Audit(Base):
    """Who did what, for whoever has to ask later; `undo` holds what it takes to go back."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str | None] = mapped_column(String(60))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(80), default="")
    details: Mapped[dict[str, Any] | None]
    undo: Mapped[dict[str, Any] | None]
    undone_at: Mapped[datetime | None]


class Change(Base):
    """The ordered change feed: what live pages follow, and how they resume."""

    __tablename__ = "change"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    kind: Mapped[str] = mapped_column(String(20))  # see `web/changes.py`
    subject: Mapped[str] = mapped_column(String(40))  # the id of what changed
    box_id: Mapped[str | None] = mapped_column(String(32))

    __table_args__ = ({"sqlite_autoincrement": True},)
