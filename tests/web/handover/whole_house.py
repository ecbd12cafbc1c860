"""A row or two in every table, with every kind of value that a column takes."""

from __future__ import annotations

import random
import string
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from web.handover import archive

WORDS = ("", "Miso", "żółć, 猫", 'a "quoted"\nline\t', "=1+1", "🐾" * 3, "NULL")
MOMENT = datetime(2026, 3, 29, 0, 59, 59, 123456, tzinfo=UTC)


def fill(session: Session, seed: int, rows: int = 4) -> None:
    """Rows that are made up column by column; those that others refer to first."""
    rng = random.Random(seed)
    ids: dict[str, list[Any]] = {}
    for table in archive.tables():
        made = [_row(table, rng, ids, number) for number in range(1, rows + 1)]
        session.execute(sa.insert(table), made)
        key = next(iter(table.primary_key.columns)).name
        ids[table.name] = [row[key] for row in made]


def _row(table: sa.Table, rng: random.Random, ids: dict[str, list[Any]], number: int) -> Any:
    return {column.name: _value(table, column, rng, ids, number) for column in table.columns}


def _value(  # a case for each kind of column
    table: sa.Table, column: Any, rng: random.Random, ids: dict[str, list[Any]], number: int
) -> Any:
    for key in column.foreign_keys:
        return rng.choice(ids[key.column.table.name])
    if table.name == "animal" and column.name == "species":
        return rng.choice(["kitten", "puppy"])
    if column.primary_key or column.unique or column.name == "code":
        whole = column.type.python_type in (int, float)
        return number * 3 if whole else f"{column.name}-{number}"
    if column.nullable and rng.random() < 0.3:
        return None
    return _made(column.type, rng)


def _made(kind: Any, rng: random.Random) -> Any:
    if isinstance(kind, sa.JSON):
        return rng.choice([{"a": [1, 2.5, None, "é"]}, [], "ok", True, 3, 37.4, {"b": {}}])
    if isinstance(kind, sa.LargeBinary):
        return rng.randbytes(rng.randrange(2000))
    if issubclass(kind.python_type, bool):
        return rng.random() < 0.5
    if issubclass(kind.python_type, datetime):
        return MOMENT + timedelta(microseconds=rng.randrange(10**13))
    if issubclass(kind.python_type, date):
        return date(2026, 1, 1) + timedelta(days=rng.randrange(300))
    if issubclass(kind.python_type, int):
        return rng.randrange(2**31)
    if issubclass(kind.python_type, float):
        return rng.choice([rng.uniform(-1e3, 1e3), 0.1 + 0.2, 7.0])
    text = rng.choice(WORDS) or rng.choice(string.ascii_letters)
    return text[: kind.length] if kind.length else text


def rows(session: Session) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table of an export."""
    return {
        table.name: [
            dict(row)
            for row in session.execute(
                sa.select(table).order_by(*table.primary_key.columns)
            ).mappings()
        ]
        for table in archive.tables()
    }
