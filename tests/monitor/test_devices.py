"""The microphone is chosen by a name that stays, and another one is never taken instead."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.commands.devices import devices
from monitor.devices import (
    DeviceError,
    Input,
    MissingError,
    Usb,
    choose,
    setting_of,
    usb_of_card,
)
from tests.sound_server import MICROPHONE, SoundServer


def card(index: int, name: str, number: int, usb: Usb | None = None) -> Input:
    return Input(index, f"{name} (hw:{number},0)", 1, 48_000, usb)


BOYA = card(1, "BOYA Mini: USB Audio", 1, Usb("3142", "0c88", "A1"))
SONY = card(2, "Sony: USB Audio", 2, Usb("054c", "0268"))
SONY_TOO = card(3, "Sony: USB Audio", 3, Usb("054c", "0268", "77"))
DEFAULT = Input(9, "default", 32, 44_100)
PULSE = Input(8, "pulse", 32, 44_100)


@pytest.mark.parametrize(
    "wanted",
    ["BOYA Mini: USB Audio", "boya", "Mini", "usb:3142:0c88", "usb:3142:0C88:A1", "USB:3142:0C88"],
)
def test_by_name_by_part_of_it_or_by_usb_identity(wanted: str) -> None:
    assert choose(wanted, [SONY, BOYA, DEFAULT]) is BOYA


def test_the_number_of_the_card_does_not_matter() -> None:
    moved = card(1, "BOYA Mini: USB Audio", 5, BOYA.usb)
    assert choose("BOYA Mini: USB Audio", [SONY, moved]) is moved


def test_a_whole_name_wins_over_parts_of_others() -> None:
    other = Input(4, "default with more", 2, 44_100)
    assert choose("default", [other, DEFAULT]) is DEFAULT


@pytest.mark.parametrize("wanted", ["Blue Yeti", "usb:3142:0c88", "usb:054c:0268:78"])
def test_a_missing_one_is_missing_whatever_else_is_there(wanted: str) -> None:
    with pytest.raises(MissingError, match="is not there") as told:
        choose(wanted, [SONY, SONY_TOO, DEFAULT])
    assert "usb:054c:0268:77" in str(told.value)


@pytest.mark.parametrize("wanted", ["Sony", "usb:054c:0268", "USB Audio"])
def test_one_that_can_be_several_is_refused_with_their_names(wanted: str) -> None:
    with pytest.raises(DeviceError, match="can mean") as told:
        choose(wanted, [BOYA, SONY, SONY_TOO])
    assert not isinstance(told.value, MissingError)
    assert '"usb:054c:0268:77": write one of these, as microphone' in str(told.value)


def test_two_of_a_kind_are_told_apart_by_their_serial_number() -> None:
    assert choose("usb:054c:0268:77", [SONY, SONY_TOO]) is SONY_TOO


def test_twins_without_a_serial_number_are_told_apart_by_their_sockets() -> None:
    name = "USB PnP Sound Device: Audio"
    there = [card(n, name, n, Usb("0d8c", "0014", None, f"1-1.{n}")) for n in (1, 2, 3)]
    assert choose("usb:0d8c:0014@1-1.2", there) is there[1]
    assert [setting_of(one, there) for one in there] == [
        f"usb:0d8c:0014@1-1.{n}" for n in (1, 2, 3)
    ]
    assert setting_of(there[0], there[:1]) == "usb:0d8c:0014"
    for wanted in ("usb:0d8c:0014", "PnP"):
        with pytest.raises(DeviceError, match=re.escape('@1-1.1", "usb:0d8c:0014@1-1.2", ')):
            choose(wanted, there)
    with pytest.raises(MissingError):  # pulled from its socket, its twin is not taken instead
        choose("usb:0d8c:0014@1-1.2", [there[0], there[2]])
    serial = card(4, "Odd", 4, Usb("0d8c", "0014", "a:b@c", "3-4"))
    assert choose("usb:0d8c:0014:a:b@c@3-4", [serial]) is serial
    assert choose("usb:0d8c:0014:a:b@c", [serial]) is serial


@pytest.mark.parametrize("wanted", ["1", "hw:1,0", "plughw:1", "HW:2"])
def test_a_place_is_refused(wanted: str) -> None:
    with pytest.raises(DeviceError, match="that is a place"):
        choose(wanted, [BOYA])


def test_none_means_the_only_card_else_the_systems_default() -> None:
    assert choose(None, [BOYA, DEFAULT, PULSE]) is BOYA
    assert choose(None, [BOYA, SONY, DEFAULT]) is DEFAULT
    assert choose(None, [PULSE, DEFAULT]) is DEFAULT
    with pytest.raises(DeviceError, match="several microphones"):
        choose(None, [BOYA, SONY])
    with pytest.raises(MissingError, match="there is no microphone"):
        choose(None, [])


def test_the_usb_identity_comes_from_the_device_behind_the_card(tmp_path: Path) -> None:
    device = tmp_path / "devices" / "usb1" / "1-2"
    (device / "1-2:1.0" / "sound" / "card1").mkdir(parents=True)
    for name, text in (("idVendor", "0d8c\n"), ("idProduct", "0014\n"), ("serial", "X 1\n")):
        (device / name).write_text(text)
    cards = tmp_path / "class"
    (cards / "card1").mkdir(parents=True)
    (cards / "card1" / "device").symlink_to(device / "1-2:1.0")
    (cards / "card0").mkdir()
    assert usb_of_card(1, cards) == Usb("0d8c", "0014", "X 1", "1-2")
    assert usb_of_card(0, cards) is None
    assert usb_of_card(7, cards) is None


def test_devices_lists_what_there_is_and_what_each_box_listens_to(
    sound_server: SoundServer, tmp_path: Path
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[[box]]\nid = "nest"\nmicrophone = "Blue Yeti"\n[[box]]\nid = "den"\n')
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "--config", str(config), "devices"],
        env={**sound_server.environment, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert f'microphone = "{MICROPHONE}"' in done.stdout
    assert "Nest is deaf: microphone 'Blue Yeti' is not there" in done.stdout
    assert 'Den listens to "default".' in done.stdout


def test_a_missing_sound_configuration_is_a_line_and_not_an_abort(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "missing.conf"))
    result = CliRunner().invoke(devices, obj=None)
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert "ALSA_CONFIG_PATH" in result.stderr


def test_what_alsa_loads_to_look_for_microphones_stays_loaded(sound_server: SoundServer) -> None:
    """To load and unload it at each look leaks half a gigabyte a day."""
    program = (
        "from pathlib import Path\nfrom monitor.devices import look_again\nlook_again()\n"
        "print(Path('/proc/self/maps').read_text())"
    )
    looked = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, **sound_server.environment},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "libasound_module_pcm_pulse.so" in looked.stdout
