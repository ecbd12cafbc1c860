"""The private broker: who may do what, what is kept, and what is said when it cannot be."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from monitor.broker import find_mosquitto, prepare
from monitor.publisher import Connection, try_broker
from monitor.settings import Broker, Settings, SettingsError, broker_for
from monitor.settings.broker import Role, credentials_path
from tests.mosquitto import PROGRAM, Watcher

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="mosquitto is not installed")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state_dir=tmp_path / "a state")


@contextmanager
def running(settings: Settings, how: signal.Signals = signal.SIGTERM) -> Iterator[Broker]:
    """The private broker as `up` runs it; what a listener needs to reach it."""
    process = subprocess.Popen(prepare(settings), stderr=subprocess.PIPE)
    broker = broker_for(settings, "listener")
    try:
        end = time.monotonic() + 10
        while True:
            try:
                socket.create_connection((broker.host, broker.port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None
                assert time.monotonic() < end
                time.sleep(0.02)
        yield broker
    finally:
        process.send_signal(how)
        process.communicate(timeout=10)


def credentials(settings: Settings) -> dict[str, Any]:
    known: dict[str, Any] = json.loads(credentials_path(settings.state_dir).read_text())
    return known


def test_only_our_user_can_read_the_files_and_no_clear_password_is_among_mosquittos(
    settings: Settings,
) -> None:
    prepare(settings)
    folder = settings.state_dir / "broker"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    names = {path.name for path in folder.iterdir()}
    assert names == {"mosquitto.conf", "passwords", "acl", "credentials.json"}
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    hashed = (folder / "passwords").read_text()
    for password in credentials(settings)["passwords"].values():
        assert len(password) >= 24
        assert password not in hashed


def test_port_and_passwords_are_kept_across_starts(settings: Settings) -> None:
    prepare(settings)
    before = credentials(settings)
    prepare(settings)
    assert credentials(settings) == before
    assert len(set(before["passwords"].values())) == 3


def test_a_port_that_was_taken_meanwhile_is_changed(settings: Settings) -> None:
    prepare(settings)
    before = credentials(settings)
    with socket.socket() as other:
        other.bind(("127.0.0.1", before["port"]))
        other.listen()
        prepare(settings)
    after = credentials(settings)
    assert after["port"] != before["port"]
    assert after["passwords"] == before["passwords"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"port": "x"}', '{"port": 1}', "null"])
def test_damaged_credentials_are_made_anew(settings: Settings, damage: str) -> None:
    prepare(settings)
    credentials_path(settings.state_dir).write_text(damage)
    with running(settings) as broker:
        assert try_broker(broker).connection is Connection.CONNECTED


def test_it_takes_our_roles_and_nobody_else(settings: Settings) -> None:
    with running(settings) as broker:
        roles: tuple[Role, ...] = ("listener", "dashboard", "guest")
        for role in roles:
            assert try_broker(broker_for(settings, role)).connection is Connection.CONNECTED
        anonymous = replace(broker, username=None, password=None)
        assert try_broker(anonymous).connection is Connection.REFUSED
        assert try_broker(replace(broker, password="wrong")).connection is Connection.REFUSED


# Who writes, on which topic, and who reads it.
ALLOWED: list[tuple[Role, str, Role]] = [
    ("listener", "nursery/nest/cry", "dashboard"),
    ("listener", "nursery/nest/clip/01929b1e", "dashboard"),
    ("listener", "nursery/nest/state", "guest"),
    ("listener", "nursery/nest/level", "guest"),
    ("listener", "nursery/nest/health", "guest"),
    ("listener", "nursery/nest/availability", "dashboard"),
    ("listener", "nursery/nest/answer/mute", "dashboard"),
    ("listener", "homeassistant/device/nursery_nest/config", "guest"),
    ("dashboard", "nursery/nest/suggestion", "guest"),
    ("dashboard", "nursery/nest/set/mute", "listener"),
    ("dashboard", "nursery/animal/7/care", "guest"),
    ("dashboard", "nursery/animal/7/answer/fed", "guest"),
    ("dashboard", "homeassistant/device/nursery_animal/7/config", "guest"),
    ("guest", "nursery/nest/set/mute", "listener"),
    ("guest", "nursery/animal/7/set/fed", "dashboard"),
    ("guest", "homeassistant/status", "listener"),
    ("guest", "homeassistant/status", "dashboard"),
]
REFUSED: list[tuple[Role, str, Role]] = [
    ("listener", "nursery/nest/suggestion", "dashboard"),
    ("listener", "nursery/nest/set/mute", "dashboard"),
    ("dashboard", "nursery/nest/cry", "guest"),
    ("dashboard", "homeassistant/device/nursery_nest/config", "guest"),
    ("guest", "nursery/nest/cry", "dashboard"),
    ("guest", "nursery/nest/state", "dashboard"),
    ("guest", "nursery/animal/7/care", "dashboard"),
    ("guest", "homeassistant/device/nursery_nest/config", "guest"),
    ("guest", "elsewhere", "dashboard"),
]


def test_each_role_may_write_and_read_what_it_needs_and_no_more(settings: Settings) -> None:
    roles: tuple[Role, ...] = ("listener", "dashboard", "guest")
    with running(settings):
        clients = {role: Watcher(broker_for(settings, role), "#") for role in roles}
        for writer, topic, reader in ALLOWED:
            clients[writer].publish(topic, b"yes")
            clients[reader].wait(topic)
        for writer, topic, _ in REFUSED:
            clients[writer].publish(topic, b"no")
        clients["guest"].publish("nursery/end/set/mute", b"the end")
        clients["dashboard"].wait("nursery/end/set/mute")
        for _, topic, reader in REFUSED:
            assert b"no" not in clients[reader].payloads(topic)
        assert clients["listener"].payloads("nursery/nest/cry") == []
        for client in clients.values():
            client.close()


def test_the_rights_follow_the_base_topic_and_the_prefix_of_the_settings(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {
            "state_dir": tmp_path,
            "mqtt": {"base_topic": "house/kittens"},
            "home_assistant": {"prefix": "ha"},
        }
    )
    with (
        running(settings) as listener,
        Watcher(broker_for(settings, "guest"), "#") as guest,
        Watcher(listener) as client,
    ):
        client.publish("nursery/nest/cry", b"no")
        client.publish("house/kittens/nest/cry", b"yes")
        client.publish("ha/device/nursery_nest/config", b"yes")
        guest.wait("ha/device/nursery_nest/config")
        assert [m.payload for m in guest.messages] == [b"yes", b"yes"]


def test_a_shared_subscription_of_the_dashboard_is_allowed(settings: Settings) -> None:
    shared = "$share/ingest/nursery/#"
    with (
        running(settings) as listener,
        Watcher(broker_for(settings, "dashboard"), shared) as dashboard,
        Watcher(listener) as client,
    ):
        client.publish("nursery/nest/cry", b"1")
        dashboard.wait("nursery/nest/cry")


def test_what_waits_for_the_dashboard_survives_the_sudden_end_of_the_broker(
    settings: Settings,
) -> None:
    many = [b"%d" % number for number in range(150)]
    with running(settings, signal.SIGKILL) as listener:
        with Watcher(
            broker_for(settings, "dashboard"), "nursery/#", client_id="ingest", session_s=3600
        ):
            pass
        with Watcher(listener) as client:
            client.publish_many("nursery/nest/cry", many)
            client.publish("nursery/nest/state", b"{}", retain=True)
        time.sleep(0.2)
    with (
        running(settings),
        Watcher(broker_for(settings, "dashboard"), client_id="ingest", session_s=3600) as dashboard,
    ):
        dashboard.wait("nursery/nest/state")
        assert dashboard.payloads("nursery/nest/cry") == many


@pytest.mark.parametrize("damage", ["garbage", "truncated"])
def test_a_database_that_a_power_cut_has_damaged_is_put_aside(
    settings: Settings, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        running(settings) as listener,
        Watcher(broker_for(settings, "dashboard"), "nursery/#", client_id="ingest", session_s=3600),
        Watcher(listener) as client,
    ):
        client.publish("nursery/nest/state", b"{}" * 1000, retain=True)
    database = settings.state_dir / "broker" / "mosquitto.db"
    whole = database.read_bytes()
    database.write_bytes(b"garbage" * 99 if damage == "garbage" else whole[: len(whole) // 2])
    with running(settings) as broker:
        assert try_broker(broker).connection is Connection.CONNECTED
    assert "is damaged; put aside as mosquitto.damaged-" in caplog.text
    names = {path.name.partition("-")[0] for path in database.parent.iterdir()}
    assert names == {
        *("mosquitto.conf", "passwords", "acl", "credentials.json"),
        *("mosquitto.db", "mosquitto.damaged"),
    }


def test_a_sound_database_is_left_alone(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        with running(settings) as listener, Watcher(listener) as client:
            client.publish("nursery/nest/state", b"{}", retain=True)
    prepare(settings)
    with running(settings), Watcher(broker_for(settings, "guest"), "nursery/#") as guest:
        assert guest.wait("nursery/nest/state").retain
    assert caplog.text == ""


def test_it_is_not_reached_from_outside_this_computer(settings: Settings) -> None:
    prepare(settings)
    conf = (settings.state_dir / "broker" / "mosquitto.conf").read_text()
    listeners = [line for line in conf.splitlines() if line.startswith("listener")]
    assert listeners == [f"listener {credentials(settings)['port']} 127.0.0.1"]


def test_a_missing_mosquitto_is_told_with_what_to_type(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(SettingsError, match="apt-get install mosquitto"):
        prepare(settings)


def test_mosquitto_is_found_where_debian_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    if not Path("/usr/sbin/mosquitto").exists():
        pytest.skip("mosquitto lies elsewhere here")
    assert find_mosquitto() == Path("/usr/sbin/mosquitto")


def test_a_state_directory_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be written"):
        prepare(Settings(state_dir=tmp_path / "file"))


def test_with_no_broker_named_or_prepared_the_error_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(SettingsError, match="nursery-monitor up"):
        broker_for(settings, "listener")


def test_it_runs_as_our_own_user(settings: Settings) -> None:
    with running(settings):
        database = settings.state_dir / "broker" / "mosquitto.db"
        with Watcher(broker_for(settings, "dashboard")) as client:
            client.publish("nursery/nest/suggestion", b"{}", retain=True)
        end = time.monotonic() + 5
        while not database.exists():
            assert time.monotonic() < end
            time.sleep(0.05)
        assert database.stat().st_uid == os.getuid()
