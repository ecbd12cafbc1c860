"""`nursery-monitor listen`: the listener of one box."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.option("--box", "box_id", help="Which box; needed when the settings name several.")
@click.option("--replay", is_flag=True, help="Listen to FILES at real speed, then end.")
@click.option("--demo", is_flag=True, help="Listen to a made-up night, marked as a demo.")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.pass_obj
def listen(
    config: Path | None, *, box_id: str | None, replay: bool, demo: bool, files: tuple[Path, ...]
) -> None:
    """Listen at one box and tell of its cries over MQTT.

    It listens to the microphone that the settings name, or with --replay to recordings.
    """
    from monitor.failure import Failure  # noqa: PLC0415 - not needed for the help
    from monitor.listening import run  # noqa: PLC0415

    if bool(files) != replay:
        raise Failure("--replay and the recordings to listen to go together")
    if replay and demo:
        raise Failure("either --demo or --replay, not both")
    run(config, box_id, replay=files, demo=demo)
