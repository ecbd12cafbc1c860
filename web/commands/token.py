"""`nursery-monitor token`: who may read the API."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from web.commands.records import fail, records


@click.group()
def token() -> None:
    """Make, list and revoke the tokens that programs read the API with."""


@token.command()
@click.argument("name")
@click.pass_obj
def add(config: Path | None, name: str) -> None:
    """Make a token called NAME. It is shown this once; only its hash is kept."""
    from web import tokens  # noqa: PLC0415 - only when the command runs

    with records(config) as database:
        try:
            with database.writing() as session:
                secret = tokens.add(session, name, datetime.now(UTC))
        except tokens.TokenError as error:
            fail(str(error))
    click.echo(secret)
    click.echo(
        "Keep it now; it cannot be shown again. Use it as: Authorization: Bearer …", err=True
    )


@token.command("list")
@click.pass_obj
def list_(config: Path | None) -> None:
    """Show the tokens that let in, and when each was last used."""
    from web import tokens  # noqa: PLC0415

    with records(config) as database, database.reading() as session:
        for known in tokens.living(session):
            used = f"{known.last_used_at:%Y-%m-%d %H:%M} UTC" if known.last_used_at else "never"
            click.echo(f"{known.name}\tmade {known.created_at:%Y-%m-%d}\tlast used {used}")


@token.command()
@click.argument("name")
@click.pass_obj
def revoke(config: Path | None, name: str) -> None:
    """Let the token called NAME in no more."""
    from web import tokens  # noqa: PLC0415

    with records(config) as database:
        try:
            with database.writing() as session:
                tokens.revoke(session, name, datetime.now(UTC))
        except tokens.TokenError as error:
            fail(str(error))
    click.echo(f"{name} lets in no more.")
