"""`nursery-monitor carer`: who may sign in."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from web.commands.records import fail, records

PASSPHRASE_FILE = click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path, dir_okay=False, allow_dash=True),
    help="Read the passphrase from the first line of this file (- for standard input).",
)


@click.group()
def carer() -> None:
    """Add carers, reset their passphrases, say who coordinates."""


@carer.command()
@click.argument("name")
@PASSPHRASE_FILE
@click.option("--coordinator", is_flag=True, help="May approve company across species.")
@click.pass_obj
def add(config: Path | None, name: str, passphrase_file: Path | None, *, coordinator: bool) -> None:
    """Let NAME sign in, with a passphrase that is asked for. The first one coordinates."""
    from monitor.settings import load  # noqa: PLC0415 - only when the command runs
    from web import carers  # noqa: PLC0415

    with records(config) as database:
        passphrase = _passphrase(passphrase_file)
        try:
            with database.writing() as session:
                added = carers.add(session, name, passphrase, datetime.now(UTC))
                if coordinator:
                    carers.appoint(session, added.name, datetime.now(UTC), coordinator=True)
        except carers.CarerError as error:
            fail(str(error))
    carers.forget_setup_code(load(config).state_dir)
    click.echo(f"{added.name} may sign in.")


@carer.command()
@click.argument("name")
@PASSPHRASE_FILE
@click.pass_obj
def reset(config: Path | None, name: str, passphrase_file: Path | None) -> None:
    """Give NAME a new passphrase, and end all their sign-ins."""
    from web import carers  # noqa: PLC0415

    with records(config) as database:
        passphrase = _passphrase(passphrase_file)
        try:
            with database.writing() as session:
                carers.reset(session, name, passphrase, datetime.now(UTC))
        except carers.CarerError as error:
            fail(str(error))
    click.echo(f"{name} has a new passphrase, and is signed out everywhere.")


@carer.command()
@click.argument("name")
@click.option("--no", "revoke", is_flag=True, help="No longer.")
@click.pass_obj
def coordinator(config: Path | None, name: str, *, revoke: bool) -> None:
    """Let NAME approve company across species: a kitten with a puppy."""
    from web import carers  # noqa: PLC0415

    with records(config) as database:
        try:
            with database.writing() as session:
                carers.appoint(session, name, datetime.now(UTC), coordinator=not revoke)
        except carers.CarerError as error:
            fail(str(error))
    click.echo(
        f"{name} {'no longer approves' if revoke else 'may approve'} company across species."
    )


@carer.command("list")
@click.pass_obj
def list_(config: Path | None) -> None:
    """Show who may sign in."""
    from web import carers  # noqa: PLC0415

    with records(config) as database, database.reading() as session:
        for known in carers.everybody(session):
            role = "\tcoordinator" if known.coordinator else ""
            click.echo(f"{known.name}\tsince {known.created_at:%Y-%m-%d}{role}")


def _passphrase(path: Path | None) -> str:
    """From the file, from a pipe, or asked for twice."""
    if path is None and sys.stdin.isatty():
        words: str = click.prompt("Passphrase", hide_input=True, confirmation_prompt=True)
        return words
    try:
        if path is None or str(path) == "-":
            piped = sys.stdin.readline().rstrip("\r\n")
            piped.encode()  # in some locales Python takes bytes that are no text for letters
            return piped
        return (path.read_text(encoding="utf-8").splitlines() or [""])[0]
    except OSError as error:
        fail(f"{path or 'standard input'}: the passphrase cannot be read: {error.strerror}")
    except UnicodeError:
        fail(f"{path or 'standard input'}: the passphrase is not text")
