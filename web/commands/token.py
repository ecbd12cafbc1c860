"""`nursery-monitor token`: which programs may use the API, and for what."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from web.commands.records import fail, records


@click.group()
def token() -> None:
    """Make, list and revoke the tokens that programs use the API with."""


@token.command()
@click.argument("name")
@click.option("--write", is_flag=True, help="Let it write into the records too, not only read.")
@click.pass_obj
def add(config: Path | None, name: str, write: bool) -> None:
    """Make a token called NAME. It is shown this once; only its hash is kept."""
    from web import tokens  # noqa: PLC0415 - only when the command runs

    with records(config) as database:
        try:
            with database.writing() as session:
                scope = tokens.WRITE if write else tokens.READ
                secret = tokens.add(session, name, datetime.now(UTC), scope=scope)
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
            may = "reads and writes" if known.scope == tokens.WRITE else "reads"
            made = f"made {known.created_at:%Y-%m-%d}"
            click.echo(f"{known.name}\t{may}\t{made}\tlast used {used}")


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
