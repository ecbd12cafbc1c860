"""`nursery-monitor web`: the dashboard."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click


@click.command()
@click.option("--demo", is_flag=True, help="Show made-up records, marked as a demo everywhere.")
@click.pass_obj
def web(config: Path | None, *, demo: bool) -> None:
    """Show boxes, cries and suggestions on a page, behind a sign-in."""
    from monitor.settings import SettingsError, load  # noqa: PLC0415 - only when it runs
    from web import serving, starting  # noqa: PLC0415
    from web.commands.records import fail, records  # noqa: PLC0415

    settings = load(config)
    with records(config) as database:
        try:
            app = starting.prepare(settings, database, demo=demo)
            code = starting.first_run_code(settings, database)
            server = serving.open_server(app, settings.web)
        except (SettingsError, starting.NotADemoError) as error:
            fail(str(error))
        under_somebody = "NOTIFY_SOCKET" in os.environ  # who tells people where to look
        for line in starting.greeting(
            serving.addresses(settings.web),
            code,
            picture=sys.stdout.isatty() and not under_somebody,
        ):
            click.echo(line)
        serving.tell_ready()
        serving.serve(server)
