"""One entry in the journal: who and when, what was written, and how it is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from typing import Any, TypeVar

from sqlalchemy import inspect
from sqlalchemy.orm import Session

from web import changes
from web.records import Audit, Base

Row = TypeVar("Row", bound=Base)


class EntryError(ValueError):
    """What was entered cannot be written; `message` is for the carer, `field` is the form's."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True)
class Entry:
    """Who writes, and when."""

    by: str | None
    now: datetime  # aware
    zone: tzinfo = UTC  # the house's, in which its days begin and end

    @property
    def today(self) -> date:
        """The day in the house."""
        return self.now.astimezone(self.zone).date()


@dataclass(frozen=True)
class Written:
    """What was written: `id` of the record, `undo_id` for `undo`."""

    undo_id: int
    id: int | str


class Recorder:
    """Notes each step of one entry, so that all of it can be taken back."""

    def __init__(self, session: Session, entry: Entry, action: str) -> None:
        """`action` is a word of the past, as the audit tells it: `fed`, `moved`."""
        self.session = session
        self.entry = entry
        self._action = action
        self._steps: list[dict[str, Any]] = []
        self._tells: list[tuple[changes.Kind, str, str | None]] = []

    def add(self, row: Base) -> None:
        """Write a new row; it has its id afterwards."""
        self.session.add(row)
        self.session.flush()
        self._steps.append({"did": "add", **_named(row), "after": _values(row)})

    def set(self, row: Base, **values: Any) -> None:
        """Change columns of a row."""
        before = _values(row)
        for name, value in values.items():
            setattr(row, name, value)
        self.session.flush()
        after = {k: v for k, v in _values(row).items() if v != before[k]}
        if after:
            was = {k: before[k] for k in after}
            self._steps.append({"did": "set", **_named(row), "before": was, "after": after})

    def tell(self, kind: changes.Kind, subject: str | int, box_id: str | None = None) -> None:
        """Tell live pages of a change, now and when it is taken back."""
        if (kind, str(subject), box_id) not in self._tells:
            self._tells.append((kind, str(subject), box_id))

    def close(self, subject: int | str, **details: Any) -> Written:
        """Write who did what; nothing may follow."""
        for kind, told, box_id in self._tells:
            changes.append(self.session, self.entry.now, kind, told, box_id)
        audit = Audit(
            at=self.entry.now,
            by=self.entry.by,
            action=self._action,
            subject=str(subject),
            details={k: _plain(v) for k, v in details.items()} or None,
            undo={"steps": self._steps, "tells": [list(tell) for tell in self._tells]},
        )
        self.session.add(audit)
        self.session.flush()
        return Written(undo_id=audit.id, id=subject)


def undo(session: Session, entry: Entry, undo_id: int) -> Written:
    """Take an entry back.

    Raises EntryError when it is unknown, has been taken back before, or when something newer
    builds on it.
    """
    audit = session.get(Audit, undo_id)
    if audit is None or audit.undo is None:
        raise EntryError("undo_id", "there is nothing to take back")
    if audit.undone_at is not None:
        raise EntryError("undo_id", "this has been taken back already")
    for step in reversed(audit.undo["steps"]):
        _take_back(session, entry, step)
    audit.undone_at = entry.now
    for kind, subject, box_id in audit.undo["tells"]:
        changes.append(session, entry.now, kind, subject, box_id)
    session.add(Audit(at=entry.now, by=entry.by, action="undone", subject=str(undo_id)))
    session.flush()
    return Written(undo_id=undo_id, id=audit.subject)


def _take_back(session: Session, entry: Entry, step: dict[str, Any]) -> None:
    model = _MODELS[step["table"]]
    row = session.get(model, step["key"])
    current = _values(row) if row is not None else {}
    if row is None or any(current[k] != v for k, v in step["after"].items()):
        raise EntryError("undo_id", "something newer has been written since; correct it there")
    if step["did"] == "set":
        columns = inspect(model).columns
        for name, value in step["before"].items():
            setattr(row, name, _given_back(value, columns[name].type.python_type))
    elif "undone_at" in current:
        row.undone_at = entry.now  # type: ignore[attr-defined]  # kept, to be seen as undone
    else:
        session.delete(row)
    session.flush()


_MODELS: dict[str, type[Base]] = {
    mapper.local_table.name: mapper.class_  # type: ignore[attr-defined]
    for mapper in Base.registry.mappers
}


def _named(row: Base) -> dict[str, Any]:
    state = inspect(row)
    assert state.identity is not None  # noqa: S101 - it was flushed
    return {"table": row.__tablename__, "key": state.identity[0]}


def _values(row: Base) -> dict[str, Any]:
    """The row's columns as JSON values."""
    return {c.key: _plain(getattr(row, c.key)) for c in inspect(type(row)).column_attrs}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


def _given_back(value: Any, kind: type) -> Any:
    """The Python value of what `_plain` made."""
    if value is None or kind not in (datetime, date):
        return value
    return kind.fromisoformat(value)
