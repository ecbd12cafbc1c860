"""Alembic's way in: runs on the connection and in the transaction of `Database.upgrade`."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from web.records import Base, UtcDateTime


def _render(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Keep our types out of migrations, which must run for ever."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,  # SQLite alters a table by making it again
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
