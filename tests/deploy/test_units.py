"""The service's units: what they start exists, they never give up, and they may do little."""

from __future__ import annotations

import shlex
from configparser import RawConfigParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.command_line import cli

UNITS = sorted((Path(__file__).parents[2] / "deploy" / "systemd").glob("*.service"))
HARDENED = {
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "User": "nursery-monitor",
    "UMask": "0077",
}


def read(unit: Path) -> RawConfigParser:
    parser = RawConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    return parser


@pytest.fixture(params=UNITS, ids=lambda path: path.name)
def unit(request: pytest.FixtureRequest) -> RawConfigParser:
    return read(request.param)


def test_it_starts_a_command_that_exists_with_options_that_it_takes(unit: RawConfigParser) -> None:
    program, *words = shlex.split(unit["Service"]["ExecStart"])
    assert program == "/opt/nursery-monitor/.venv/bin/nursery-monitor"
    answer = CliRunner().invoke(cli, [*words, "--help"])
    assert answer.exit_code == 0, answer.output
    assert words[0] in answer.output


def test_it_is_started_again_for_ever(unit: RawConfigParser) -> None:
    assert unit["Service"]["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


def test_it_may_touch_nothing_but_its_own(unit: RawConfigParser) -> None:
    assert {key: unit["Service"][key] for key in HARDENED} == HARDENED
    devices = unit["Service"].get("DeviceAllow")
    assert devices == "char-alsa rw" or unit["Service"]["PrivateDevices"] == "yes"


def test_what_listens_is_watched() -> None:
    watched = {path.name for path in UNITS if "WatchdogSec" in read(path)["Service"]}
    assert watched == {"nursery-monitor.service", "nursery-listen@.service"}
