"""The settings file: found, read, overridden; and one line that says what is wrong with it."""

from __future__ import annotations

from datetime import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.settings import Settings, SettingsError, broker_for, load
from monitor.settings.model import default_state_dir, system_zone


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No settings of this computer."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("NURSERY_CONFIG", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def complaint(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(write(folder, text))
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_without_a_file_there_are_defaults_that_work(tmp_path: Path) -> None:
    found = load()
    assert [box.id for box in found.box] == ["nest"]
    assert found.mqtt.host is None
    assert found.mqtt.base_topic == "nursery"
    assert found.state_dir == tmp_path / "state" / "nursery-monitor"
    assert found.database_url == f"sqlite:///{found.state_dir}/records.db"


def test_the_file_of_the_user_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "nursery-monitor").mkdir()
    write(tmp_path / "nursery-monitor", '[house]\nname = "Cats & Co"\n')
    assert load().house.name == "Cats & Co"


def test_a_named_file_wins_over_the_usual_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NURSERY_CONFIG", str(write(tmp_path, '[house]\nname = "By variable"\n')))
    assert load().house.name == "By variable"
    other = tmp_path / "other.toml"
    other.write_text('[house]\nname = "By option"\n')
    assert load(other).house.name == "By option"


def test_the_environment_wins_over_the_file_and_the_command_line_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "[web]\nport = 1111\n[mqtt]\nhost = 'a'\n")
    monkeypatch.setenv("NURSERY_WEB__PORT", "2222")
    monkeypatch.setenv("NURSERY_MQTT__PASSWORD", "secret")
    found = load(path, state_dir=tmp_path / "elsewhere")
    assert (found.web.port, found.mqtt.host) == (2222, "a")
    assert found.mqtt.password is not None
    assert found.mqtt.password.get_secret_value() == "secret"
    assert "secret" not in repr(found)
    assert found.state_dir == tmp_path / "elsewhere"


def test_several_boxes_and_all_kinds_of_values_are_read(tmp_path: Path) -> None:
    found = load(
        write(
            tmp_path,
            """
            state_dir = "~/kittens"
            [house]
            time_zone = "Europe/London"
            night_from = "21:30"
            [[box]]
            id = "nest"
            microphone = "usb:0d8c:0014"
            [[box]]
            id = "warm_corner"
            name = "By the radiator"
            sensitivity = "high"
            [clips]
            keep = false
            """,
        )
    )
    assert [box.label for box in found.box] == ["Nest", "By the radiator"]
    assert found.box_named("warm_corner").sensitivity == "high"
    assert found.house.night_from == time(21, 30)
    assert found.state_dir == Path.home() / "kittens"
    assert not found.clips.keep
    with pytest.raises(KeyError):
        found.box_named("attic")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[mqtt]\nhots = 'a'", ["mqtt.hots", "unknown key", "host"]),
        ("[mqt]\nhost = 'a'", ["mqt", "unknown key", "mqtt"]),
        ("[[box]]\nid = 'nest'\nmic = 'x'", ["box.1.mic", "unknown key", "microphone"]),
        ("[[box]]\nid = 'Nest!'", ["box.1.id", "[a-z0-9_-]"]),
        ("[[box]]\nid = 'animal'", ["box.1.id", "no name for a box"]),
        ("[[box]]\nname = 'x'", ["box.1.id", "required"]),
        ("[[box]]\nid='a'\n[[box]]\nid='a'", ["two boxes have the same id, 'a'"]),
        ("[box]\nid='a'", ["box", "[[box]]"]),
        ("web = 3", ["web", "must be a table"]),
        ("state_dir = 3", ["state_dir", "path in quotes"]),
        ("[mqtt]\nhost = 1", ["mqtt.host", "text in quotes"]),
        ("[mqtt]\ntls = 'perhaps'", ["mqtt.tls", "true or false"]),
        ("[clips]\ndays = 'few'", ["clips.days", "a number"]),
        ("box = []", ["box", "at least 1"]),
        ("[web]\nport = 0", ["web.port", "greater than or equal to 1"]),
        ("[web]\nport = 'many'", ["web.port", "whole number", "'many'"]),
        ("[house]\ntime_zone = 'Mars'", ["house.time_zone", "Europe/London", "Mars"]),
        ("[house]\nnight_from = 22", ["house.night_from", '"22:00"']),
        ("[[box]]\nid='a'\nsensitivity='very'", ["box.1.sensitivity", "'low', 'normal' or 'high'"]),
        ("[mqtt]\npassword='a'\npassword_file='b'", ["password or password_file, not both"]),
        ("[mqtt]\nca_file='b'", ["ca_file", "tls = true"]),
        ("[mqtt]\ntls=true\ncertificate_file='b'", ["certificate_file and key_file go together"]),
        ("[mqtt]\nbase_topic='a/#'", ["mqtt.base_topic"]),
        ("[mqtt]\nbase_topic='/a'", ["mqtt.base_topic"]),
        ("[clips]\nseconds = 60", ["clips.seconds", "25"]),
        ("[house\n", ["not valid TOML", "line 1"]),
    ],
)
def test_what_is_wrong_is_told_with_the_file_the_key_and_what_is_allowed(
    tmp_path: Path, text: str, words: list[str]
) -> None:
    line = complaint(tmp_path, text)
    assert str(tmp_path / "config.toml") in line
    for word in words:
        assert word in line


def test_a_wrong_variable_of_the_environment_is_named_as_such(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NURSERY_WEB__PORT", "many")
    with pytest.raises(SettingsError, match=r"environment: web\.port"):
        load(write(tmp_path, "[house]\nname='x'\n"))


def test_a_variable_for_a_table_that_is_not_json_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NURSERY_BOX", "nest")
    with pytest.raises(SettingsError, match=r"environment: NURSERY_BOX: must be JSON"):
        load()


@pytest.mark.parametrize(
    "text",
    [
        "[mqtt]\npassword = 12345\n[web]\ndatabase_url = 'x'\n",
        "[mqtt]\npassword = '12345'\npassword_file = 'x'\n",
        "mqtt = [{password = '12345'}]\n",
        "[[mqtt]]\npassword = '12345'\n",
    ],
)
def test_secrets_are_never_shown(tmp_path: Path, text: str) -> None:
    assert "12345" not in complaint(tmp_path, text)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "first line is empty"), (b"\n x", "first line is empty"), (b"\xff\xfe", "is not text")],
)
def test_a_password_file_without_a_password_is_told(
    tmp_path: Path, content: bytes, words: str
) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(content)
    found = load(mqtt={"host": "broker.example", "password_file": secret})
    with pytest.raises(SettingsError, match=rf"mqtt\.password_file: .*secret: .*{words}"):
        broker_for(found, "listener")


def test_the_password_is_the_first_line_of_its_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("three kittens \n# of the kitchen's broker\n")
    found = load(mqtt={"host": "broker.example", "password_file": secret})
    assert broker_for(found, "listener").password == "three kittens"


def test_certificates_that_are_none_are_told_before_anything_is_started(tmp_path: Path) -> None:
    nonsense = tmp_path / "ca.crt"
    nonsense.write_text("no certificate")
    found = load(mqtt={"host": "broker.example", "tls": True, "ca_file": nonsense})
    with pytest.raises(SettingsError, match="certificates cannot be used"):
        broker_for(found, "listener")


def test_a_file_that_is_missing_or_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"gone\.toml: no such file; see deploy/config"):
        load(tmp_path / "gone.toml")
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'[house]\nname = "\xe9"\n')
    with pytest.raises(SettingsError, match="not valid TOML"):
        load(tmp_path / "latin.toml")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=5,
)
keys = st.sampled_from([*Settings.model_fields, "boxes", "", "a.b"])
inner_keys = st.sampled_from(["id", "host", "port", "name", "tls", "keep", "night_from", "x", ""])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        keys,
        values
        | st.dictionaries(inner_keys, values)
        | st.lists(st.dictionaries(inner_keys, values), max_size=3),
        max_size=4,
    )
)
def test_nonsense_of_any_shape_is_a_line_or_taken_and_never_a_crash(given_: dict[str, Any]) -> None:
    try:
        load(None, **given_)
    except SettingsError as error:
        assert "\n" not in str(error)  # noqa: PT017 - it need not be raised


def test_systemd_names_the_state_directory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/nursery-monitor:/other")
    assert default_state_dir() == Path("/var/lib/nursery-monitor")


def test_the_zone_of_this_computer_is_a_zone() -> None:
    assert load(house={"time_zone": system_zone()}).house.zone.key == system_zone()
