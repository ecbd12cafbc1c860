"""`nursery-monitor devices`: the microphones there are, as the settings would name them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from monitor.devices import DeviceError, Input, choose, inputs, setting_of
from monitor.failure import Failure
from monitor.settings import Settings, load


@click.command()
@click.option("--json", "as_json", is_flag=True, help="A JSON list of microphones, for programs.")
@click.pass_obj
def devices(config: Path | None, *, as_json: bool) -> None:
    """List the microphones, and say which one each box listens to.

    A microphone that another program is using may be missing from the list.
    """
    settings = load(config)
    try:
        there = inputs()
    except DeviceError as error:
        raise Failure(str(error)) from None
    if as_json:
        click.echo(json.dumps([_as_json(device) for device in there], indent=1))
        return
    if not there:
        click.echo("No microphone is seen. Plug one in, or try: nursery-monitor up --demo")
    for device in there:
        click.echo(_line(device, there))
    click.echo()
    for line in _boxes(settings, there):
        click.echo(line)


def _as_json(device: Input) -> dict[str, object]:
    found = {"name": device.stable_name, "usb": device.usb.setting if device.usb else None}
    return found | {"channels": device.channels, "rate_hz": device.rate_hz}


def _line(device: Input, there: list[Input]) -> str:
    setting = setting_of(device, there)
    kind = "sound card" if device.is_card else "offered by the system"
    return f'microphone = "{setting}"   # {device.stable_name}, {kind}, {device.rate_hz} Hz'


def _boxes(settings: Settings, there: list[Input]) -> list[str]:
    lines = []
    for box in settings.box:
        try:
            name = choose(box.microphone, there, box.channel).stable_name
            which = f"channel {box.channel} of " if box.channel else ""
            lines.append(f'{box.label} listens to {which}"{name}".')
        except DeviceError as error:
            lines.append(f"{box.label} is deaf: {error}")
    return lines
