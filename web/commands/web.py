"""`nursery-monitor web`: the dashboard."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--demo", is_flag=True, help="Show made-up records, marked as a demo everywhere.")
@click.option("--quiet", is_flag=True, hidden=True, help="Let `up` tell people where to look.")
@click.pass_obj
def web(config: Path | None, *, demo: bool, quiet: bool) -> None:
    """Show boxes, cries and suggestions on a page, behind a sign-in."""
    from monitor.settings import SettingsError, addresses, load, own_address  # noqa: PLC0415 - only when it runs
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
        if not quiet:
            for line in starting.greeting(addresses(settings.web, own_address()), code):
                click.echo(line)
        serving.tell_ready()
        serving.serve(server)
