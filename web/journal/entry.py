"""One entry in the journal: who and when, what was written, and how it is taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any, TypeVar

from sqlalchemy import LargeBinary, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from web import changes
from web.records import Audit, Base

Row = TypeVar("Row", bound=Base)
LARGEST_ID = 2**31 - 1  # PostgreSQL's integer


class EntryError(ValueError):
    """What was entered cannot be written; `message` is for the carer, `field` is the form's."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class Doubt(EntryError):  # noqa: N818 - a question rather than an error
    """What was entered is unlikely, but a carer may know better.

    The same call with an `Entry` that is `sure` writes it, and the audit keeps the doubt.
    """

    def __init__(self, field: str, message: str, same: int | None = None) -> None:
        """`same` is the id of a record that this may repeat (of a feed: `add_to_feed` instead)."""
        super().__init__(field, message)
        self.same = same


@dataclass(frozen=True)
class Entry:
    """Who writes, and when; `sure`: the carer has seen the doubts and knows better."""

    by: str | None
    now: datetime  # aware
    zone: tzinfo = UTC  # the house's, in which its days begin and end
    sure: bool = False

    @property
    def today(self) -> date:
        """The day in the house."""
        return self.day(self.now)

    def day(self, at: datetime) -> date:
        """The house's day of a moment."""
        return at.astimezone(self.zone).date()


@dataclass(frozen=True)
class Written:
    """What was written: `undo_id` for `undo`; `id` of the (first) record, `ids` of all of them."""

    undo_id: int
    id: int | str
    ids: tuple[int | str, ...] = ()


class Recorder:
    """Notes each step of one entry, so that all of it can be taken back."""

    def __init__(self, session: Session, entry: Entry, action: str) -> None:
        """`action` is a word of the past, as the audit tells it: `fed`, `moved`."""
        self.session = session
        self.entry = entry
        self._action = action
        self._steps: list[dict[str, Any]] = []
        self._tells: list[tuple[changes.Kind, str, str | None]] = []
        self._sure_of: list[str] = []

    def ask(self, doubts: Sequence[Doubt]) -> None:
        """Before anything is written: raise the doubts as one, or note that the carer is sure."""
        if doubts and not self.entry.sure:
            if len(doubts) == 1:
                raise doubts[0]
            same = [doubt.same for doubt in doubts if doubt.same is not None]
            words = "; ".join(doubt.message for doubt in doubts)
            raise Doubt(doubts[0].field, words, same[0] if len(same) == 1 else None)
        self._sure_of += [doubt.message for doubt in doubts]

    def add(self, row: Base) -> None:
        """Write a new row; it has its id afterwards."""
        self.session.add(row)
        self.session.flush()
        self._steps.append({"did": "add", **_named(row), "after": values_of(row)})

    def set(self, row: Base, **values: Any) -> None:
        """Change columns of a row."""
        before = values_of(row)
        for name, value in values.items():
            setattr(row, name, value)
        self.session.flush()
        after = {k: v for k, v in values_of(row).items() if v != before[k]}
        if after:
            was = {k: before[k] for k in after}
            self._steps.append({"did": "set", **_named(row), "before": was, "after": after})

    def tell(self, kind: changes.Kind, subject: str | int, box_id: str | None = None) -> None:
        """Tell live pages of a change, now and when it is taken back."""
        if (kind, str(subject), box_id) not in self._tells:
            self._tells.append((kind, str(subject), box_id))

    def close(self, kind: str, *ids: int | str, **details: Any) -> Written:
        """Write who did what; nothing may follow. The audit's subject is the first of `ids`."""
        for told, subject, box_id in self._tells:
            changes.append(self.session, self.entry.now, told, subject, box_id)
        if self._sure_of:
            details["sure_of"] = self._sure_of
        audit = Audit(
            at=self.entry.now,
            by=self.entry.by,
            action=self._action,
            subject=subject_of(kind, ids[0]),
            details={k: _plain(v) for k, v in details.items()} or None,
            undo={"steps": self._steps, "tells": [list(tell) for tell in self._tells]},
        )
        self.session.add(audit)
        self.session.flush()
        return Written(undo_id=audit.id, id=ids[0], ids=ids)


def found_by(session: Session, table: type[Row], key: Any) -> Row | None:
    """The row of that id, which may be anything that somebody sent."""
    if inspect(table).primary_key[0].type.python_type is int:
        sound = type(key) is int and 0 < key <= LARGEST_ID
    else:
        sound = isinstance(key, str) and key.isascii() and key.isprintable()
    return session.get(table, key) if sound else None


def subject_of(kind: str, record_id: int | str) -> str:
    """How the audit names a record: `feed 7`."""
    return f"{kind} {record_id}"


def undo(session: Session, entry: Entry, undo_id: int) -> Written:
    """Take an entry back.

    Raises EntryError when it is unknown, has been taken back before, or when something newer
    builds on it.
    """
    audit = found_by(session, Audit, undo_id)
    if audit is None or audit.undo is None:
        raise EntryError("undo_id", "there is nothing to take back")
    if audit.undone_at is not None:
        raise EntryError("undo_id", "this has been taken back already")
    try:
        with session.begin_nested():
            for step in reversed(audit.undo["steps"]):
                _take_back(session, entry, step)
    except IntegrityError:  # records of what would be deleted
        raise _overtaken() from None
    audit.undone_at = entry.now
    for kind, subject, box_id in audit.undo["tells"]:
        changes.append(session, entry.now, kind, subject, box_id)
    session.add(Audit(at=entry.now, by=entry.by, action="undone", subject=f"entry {undo_id}"))
    session.flush()
    return Written(undo_id=undo_id, id=audit.subject.rpartition(" ")[2])


def _take_back(session: Session, entry: Entry, step: dict[str, Any]) -> None:
    model = _MODELS[step["table"]]
    row = session.get(model, step["key"])
    current = values_of(row) if row is not None else {}
    if row is None or any(current[k] != v for k, v in step["after"].items()):
        raise _overtaken()
    if step["did"] == "set":
        columns = inspect(model).columns
        for name, value in step["before"].items():
            setattr(row, name, _given_back(value, columns[name].type.python_type))
    elif "undone_at" in current:
        row.undone_at = entry.now  # type: ignore[attr-defined]  # kept, to be seen as undone
    else:
        session.delete(row)
    session.flush()


def _overtaken() -> EntryError:
    return EntryError("undo_id", "something newer has been written since; correct it there")


_MODELS: dict[str, type[Base]] = {
    mapper.local_table.name: mapper.class_  # type: ignore[attr-defined]
    for mapper in Base.registry.mappers
}


def _named(row: Base) -> dict[str, Any]:
    state = inspect(row)
    assert state.identity is not None  # noqa: S101 - it was flushed
    return {"table": row.__tablename__, "key": state.identity[0]}


def values_of(row: Base) -> dict[str, Any]:
    """The row's columns as JSON values; not its bytes, which never change."""
    return {
        name: _plain(getattr(row, name))
        for name, column in inspect(type(row)).columns.items()
        if not isinstance(column.type, LargeBinary)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _given_back(value: Any, kind: type) -> Any:
    """The Python value of what `_plain` made."""
    if value is None or kind not in (datetime, date):
        return value
    return kind.fromisoformat(value)
