"""`nursery-monitor up`: everything that one house needs, in one program."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--demo", is_flag=True, help="Show a made-up night; needs no microphone.")
@click.option("--replay", is_flag=True, help="Listen to the recordings FILES at real speed.")
@click.option("--service", is_flag=True, help="Start without a microphone, and wait for one.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.pass_context
def up(
    ctx: click.Context, files: tuple[Path, ...], *, demo: bool, replay: bool, service: bool
) -> None:
    """Start everything: the listeners, the broker and the dashboard.

    Ctrl-C ends it. What breaks on the way is started again; the log says what and why.
    """
    if replay and not files:
        raise click.UsageError("--replay needs recordings: nursery-monitor up --replay FILE...")
    if files and not replay:
        raise click.UsageError("recordings are given after --replay")
    if demo and replay:
        raise click.UsageError("either --demo or --replay, not both")

    from monitor.household import Wish  # noqa: PLC0415 - not needed for the help
    from monitor.running import run  # noqa: PLC0415

    verbose = bool(ctx.parent and ctx.parent.params.get("verbose"))
    run(Wish(config=ctx.obj, verbose=verbose, demo=demo, replay=files, service=service))
