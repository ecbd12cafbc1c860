"""`nursery-monitor doctor`: looks at everything that may be wrong, and says what to do about it."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from monitor.messages import Check

COLOURS = {"ok": "green", "warning": "yellow", "failed": "red", "unknown": "cyan"}


@click.command()
@click.argument("subjects", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="A JSON list of checks, for programs.")
@click.option("--look", is_flag=True, hidden=True, help="What `up` asks before it starts.")
@click.pass_obj
def doctor(config: Path | None, subjects: tuple[str, ...], *, as_json: bool, look: bool) -> None:
    """Look at all that may be wrong, and say what to do about it.

    SUBJECTS narrows it to some of: versions, microphone, model, broker, disk, database, clock,
    dashboard. Ends with code 1 when something has failed.
    """
    from monitor.doctor import SUBJECTS, before_start, examine  # noqa: PLC0415 - not needed for the help
    from monitor.settings import load  # noqa: PLC0415

    unknown = [name for name in subjects if name not in SUBJECTS]
    if unknown:
        raise click.UsageError(f"{unknown[0]}: no such subject; there are {', '.join(SUBJECTS)}")
    settings = load(config)
    logging.disable(logging.WARNING)  # the checks say it, and better
    checks = before_start(settings) if look else examine(settings, subjects)
    made = []
    for check in checks:
        made.append(check)
        if not as_json:
            _show(check)
    if as_json:
        click.echo(json.dumps([check.model_dump(mode="json") for check in made], indent=1))
    if any(check.status == "failed" for check in made):
        sys.exit(1)


def _show(check: Check) -> None:
    status = click.style(f"{check.status.value:<8}", fg=COLOURS[check.status.value])
    click.echo(f"{status} {check.name:<16} {check.message}")
    if check.advice and check.status != "ok":
        click.echo(f"{'':25} -> {check.advice}")
