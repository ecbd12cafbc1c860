"""The format of an export: which tables it holds, and how a row becomes a line and a row again.

`README.md` in this folder describes it for others. What is written here is a promise: an export of
any release can be read by every later one. So `FORMAT` goes up only for a change that this code
could not read, together with code that still reads the one before; a new table or column needs
nothing, because an older export just lacks it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import IO, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import JSON, Column, LargeBinary, String, Table

from web.records import Base

FORMAT = 1
MANIFEST = "manifest.json"
PROGRAM = "nursery-monitor"
MOST_LINE_BYTES = 4 * 1024 * 1024  # a longer one is no row of ours
MOST_FILE_BYTES = 2 * 1024 * 1024  # a sound has at most 512 KiB, a photo 300
LARGEST_WHOLE = 2**31 - 1  # that PostgreSQL keeps in an integer

# Not in an export, and why.
LEFT_OUT: Mapping[str, str] = {
    "carer": "passphrases stay in the house",
    "token": "so do the programs' secrets",
    "box_status": "what a listener says now; it says it again",
    "box_learning": "what a listener has learned; it says it again",
    "proof": "reckoned from the other tables; it is reckoned again",
    "heartbeat": "signs of life of the programs",
    "change": "what open pages follow",
    "quarantined_message": "messages that could not be read",
}

Row: TypeAlias = dict[str, Any]


class ArchiveError(Exception):
    """An export cannot be read, or not here; the text is one line that says what to do."""


@dataclass(frozen=True)
class Bytes:
    """A column that is too large for a line: a file of its own for each row."""

    column: str
    folder: str
    key: str  # the column that names the file
    suffix: str

    def path(self, row: Mapping[str, Any]) -> str:
        """The file's name in the archive."""
        return f"{self.folder}/{row[self.key]}{self.suffix}"


BYTES: Mapping[str, Bytes] = {
    "clip": Bytes("flac", "clips", "cry_id", ".flac"),
    "photo": Bytes("image", "photos", "id", ""),
}


class Manifest(BaseModel):
    """What `manifest.json` says."""

    model_config = ConfigDict(extra="ignore")

    program: str
    format: int = Field(ge=1)
    tables: str  # the number of the newest migration of the records
    version: str  # of the program
    made_at: str
    rows: dict[str, int]
    left_out: list[str] = []  # tables left out because the person who exported asked for it


def tables() -> list[Table]:
    """The tables of an export, those that others refer to first."""
    return [table for table in Base.metadata.sorted_tables if table.name not in LEFT_OUT]


def path_of(table: Table) -> str:
    """Where a table's rows stand in the archive."""
    return f"records/{table.name}.jsonl"


def columns(table: Table) -> list[Column[Any]]:
    """The columns that stand in a table's lines."""
    return [column for column in table.columns if not isinstance(column.type, LargeBinary)]


def line_of(row: Mapping[str, Any]) -> bytes:
    """A row as a line of JSON."""
    plain = {name: _plain(value) for name, value in row.items()}
    return json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def row_of(table: Table, line: bytes) -> Row:
    """The row of a line, checked. Raises ValueError, whose text names the field."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        raise ValueError("is not JSON") from None
    if not isinstance(said, dict):
        raise ValueError("is not a JSON object")
    known = columns(table)
    strange = said.keys() - {column.name for column in known}
    if strange:
        raise ValueError(f"{min(strange)}: is not known here")
    return {column.name: _read(column, said) for column in known}


def _read(column: Column[Any], said: Mapping[str, Any]) -> Any:
    if column.name not in said:
        return _missing(column)
    value = said[column.name]
    if isinstance(column.type, JSON):
        return value
    if value is None:
        if not column.nullable:
            raise ValueError(f"{column.name}: is needed")
        return None
    try:
        return _READERS[column.type.python_type](value, column)
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"{column.name}: {str(value)[:40]!r} cannot be kept") from None


def _missing(column: Column[Any]) -> Any:
    """Of a column that is younger than the export."""
    if column.default is not None and column.default.is_scalar:
        return column.default.arg  # type: ignore[attr-defined]
    if column.nullable:
        return None
    raise ValueError(f"{column.name}: is missing")


def _moment(value: Any, column: Column[Any]) -> datetime:  # noqa: ARG001
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        raise ValueError
    return moment.astimezone(UTC)


def _text(value: Any, column: Column[Any]) -> str:
    longest = column.type.length if isinstance(column.type, String) else None
    if not isinstance(value, str) or (longest and len(value) > longest) or "\x00" in value:
        raise ValueError
    value.encode()  # half a character (a lone surrogate) is none
    return value


def _whole(value: Any, column: Column[Any]) -> int:  # noqa: ARG001
    if type(value) is not int or abs(value) > LARGEST_WHOLE:
        raise ValueError
    return value


def _number(value: Any, column: Column[Any]) -> float:  # noqa: ARG001
    if type(value) not in (int, float) or not math.isfinite(value):
        raise ValueError
    return float(value)


def _yes_no(value: Any, column: Column[Any]) -> bool:  # noqa: ARG001
    if type(value) is not bool:
        raise ValueError
    return value


_READERS = {
    datetime: _moment,
    date: lambda value, _column: date.fromisoformat(value),
    str: _text,
    int: _whole,
    float: _number,
    bool: _yes_no,
}


def manifest_of(text: bytes, newest_tables: str) -> Manifest:
    """The manifest, if this version can read what it tells of. Raises ArchiveError."""
    try:
        said = json.loads(text)
        program, made = said["program"], (int(said["format"]), str(said["tables"]))
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        raise ArchiveError(f"its {MANIFEST} cannot be read") from None
    if program != PROGRAM:
        raise ArchiveError("is an export of another program")
    if made[0] > FORMAT or made[1] > newest_tables:
        raise ArchiveError(
            f"was made by a newer version of this program (format {made[0]}, tables {made[1]}; "
            f"this one reads up to {FORMAT} and {newest_tables}); update the program first"
        )
    try:
        manifest = Manifest.model_validate(said)
    except ValidationError:
        raise ArchiveError(f"its {MANIFEST} cannot be read") from None
    if strange := manifest.rows.keys() - Base.metadata.tables.keys():
        raise ArchiveError(f"holds records that are not known here: {min(strange)}")
    return manifest


def lines(file: IO[bytes], name: str) -> Iterator[tuple[str, bytes]]:
    """Each line with where it stands, to be told when it is wrong. Raises ArchiveError."""
    number = 0
    while line := file.readline(MOST_LINE_BYTES + 1):
        number += 1
        where = f"{name}, line {number}"
        if len(line) > MOST_LINE_BYTES or not line.endswith(b"\n"):
            raise ArchiveError(f"{where}: is cut off, or far too long")
        yield where, line
