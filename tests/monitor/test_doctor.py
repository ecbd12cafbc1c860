"""The doctor: what is right, what is wrong, what cannot be known, and what to do about it."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from models.cry_model import CryModel, ModelError
from monitor import doctor
from monitor.doctor import house
from monitor.doctor.microphone import bar
from monitor.messages import Check, CheckStatus
from monitor.settings import Settings, load
from tests.mosquitto import Mosquitto, free_port
from tests.sound_server import MICROPHONE, SoundServer

PROGRAM = Path(sys.executable).parent / "nursery-monitor"


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NURSERY_CONFIG", raising=False)
    monkeypatch.setenv("NURSERY_STATE_DIR", str(tmp_path / "state"))


def settings(**values: Any) -> Settings:
    return load(Path("/dev/null"), **values)


def only(name: str, with_settings: Settings) -> Check:
    """The one check of a subject."""
    (check,) = doctor.examine(with_settings, [name])
    return check


# --- model, disk, records, clock ---


def test_the_shipped_model_is_fine() -> None:
    check = only("model", settings())
    assert check.status is CheckStatus.OK
    assert CryModel.load().label in check.message


def test_a_model_that_does_not_load_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_directory: Path | None = None) -> CryModel:
        raise ModelError("not the weights that the card names")

    monkeypatch.setattr(CryModel, "load", broken)
    check = only("model", settings())
    assert (check.status, check.message) == ("failed", "not the weights that the card names")
    assert check.advice


def test_records_that_are_not_there_yet_are_unknown_and_not_made() -> None:
    given = settings()
    assert only("disk", given).status is CheckStatus.UNKNOWN
    assert only("database", given).status is CheckStatus.UNKNOWN
    assert not given.state_dir.exists()


def test_a_disk_with_room_is_fine_and_a_small_one_a_warning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    given = settings()
    given.state_dir.mkdir()
    assert only("disk", given).status is CheckStatus.OK
    monkeypatch.setattr(house, "LOW_MB", 1e12)
    assert only("disk", given).status is CheckStatus.WARNING


def test_whole_records_are_counted_and_damaged_ones_told() -> None:
    given = settings()
    given.state_dir.mkdir()
    path = given.state_dir / "records.db"
    with sqlite3.connect(path) as records:
        records.execute("CREATE TABLE cry (id TEXT)")
        records.executemany("INSERT INTO cry VALUES (?)", [("a",), ("b",)])
    records.close()
    assert only("database", given).message.endswith("whole, 2 cries")
    path.write_bytes(b"not a database at all" * 100)
    check = only("database", given)
    assert check.status is CheckStatus.FAILED
    assert "not a database" in check.message
    assert "Backup" in str(check.advice)


def test_records_that_are_empty_still_are_nothing_wrong() -> None:
    given = settings()
    given.state_dir.mkdir()
    (given.state_dir / "records.db").touch()
    assert only("database", given).status is CheckStatus.UNKNOWN
    assert not list(house.find_useless_database(given))


@pytest.mark.parametrize(
    "values",
    [{}, {"web": {"database_url": "postgresql+psycopg://me:hunter2@127.0.0.1:9/x"}}],
    ids=["SQLite", "PostgreSQL"],
)
def test_records_that_can_never_be_opened_are_found_before_the_start(
    values: dict[str, Any],
) -> None:
    given = settings(**values)
    given.state_dir.mkdir()
    (given.state_dir / "records.db").write_bytes(b"not a database at all" * 100)
    found = next(doctor.before_start(given))
    assert (found.name, found.status) == ("database", CheckStatus.FAILED)
    assert found.advice
    assert "hunter2" not in found.message


def test_a_postgresql_that_does_not_answer_is_told_without_its_password() -> None:
    url = f"postgresql+psycopg://nursery:hunter2@127.0.0.1:{free_port()}/nursery"
    check = only("database", settings(web={"database_url": url}))
    assert check.status is CheckStatus.FAILED
    assert "hunter2" not in check.model_dump_json()


@pytest.mark.parametrize(("set_by_network", "status"), [(True, "ok"), (False, "warning")])
def test_a_clock_that_the_network_has_not_set_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, *, set_by_network: bool, status: str
) -> None:
    monkeypatch.setattr(house, "is_synchronised", lambda: set_by_network)
    assert only("clock", settings()).status == status


# --- broker ---


def of_broker(mosquitto: Mosquitto, role: str = "dashboard", **values: Any) -> Settings:
    broker = mosquitto.broker(role)
    mqtt = {
        "host": broker.host,
        "port": broker.port,
        "username": broker.username,
        "password": broker.password,
    }
    return settings(mqtt=mqtt | values)


def test_a_message_goes_through_the_broker_and_back(mosquitto: Mosquitto) -> None:
    check = only("broker", of_broker(mosquitto))
    assert check.status is CheckStatus.OK, check
    assert "came back after" in check.message


def test_a_wrong_password_is_told(mosquitto: Mosquitto) -> None:
    check = only("broker", of_broker(mosquitto, password="wrong"))
    assert check.status is CheckStatus.FAILED
    assert "refuses us: Not authorized" in check.message
    assert "[mqtt]" in str(check.advice)


def test_a_message_that_may_not_come_back_is_told(
    mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("monitor.doctor.broker.WAIT_S", 1.0)
    check = only("broker", of_broker(mosquitto, "listener", base_topic="elsewhere"))
    assert check.status is CheckStatus.FAILED
    assert "elsewhere/doctor/set/test" in check.message


def test_a_broker_that_is_down_is_told(mosquitto: Mosquitto) -> None:
    given = of_broker(mosquitto)
    mosquitto.kill()
    check = only("broker", given)
    assert check.status is CheckStatus.FAILED
    assert "cannot be reached" in check.message


def test_a_private_broker_that_does_not_run_is_nothing_wrong() -> None:
    check = only("broker", settings())
    assert check.status is CheckStatus.UNKNOWN
    assert "nursery-monitor up" in str(check.advice)


# --- dashboard ---


@contextmanager
def web_server(body: str, code: int = 200) -> Iterator[int]:
    """Something on a port that answers everything alike; gives the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(code)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_words: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("body", "code", "status"),
    [
        ('{"status": "ok"}', 200, "ok"),
        ('{"status": "failed"}', 503, "warning"),
        ("<html>", 200, "failed"),
        ("[]", 404, "failed"),
    ],
)
def test_the_page_is_asked_how_it_does(body: str, code: int, status: str) -> None:
    with web_server(body, code) as port:
        check = only("dashboard", settings(web={"host": "127.0.0.1", "port": port}))
    assert check.status == status, check


def test_a_page_that_does_not_answer_is_unknown() -> None:
    check = only("dashboard", settings(web={"host": "127.0.0.1", "port": free_port()}))
    assert check.status is CheckStatus.UNKNOWN


# --- microphone ---


def ask(server: SoundServer, *words: str, microphone: str = MICROPHONE) -> list[dict[str, Any]]:
    """The command's answer in a process of its own: PortAudio reads its configuration once."""
    env = {**os.environ, **server.environment}
    env["NURSERY_BOX"] = json.dumps([{"id": "nest", "microphone": microphone}])
    command = [str(PROGRAM), "doctor", "--json", *words]
    answer = subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=60, check=False
    )
    checks = json.loads(answer.stdout)
    assert isinstance(checks, list)
    failed = any(check["status"] == "failed" for check in checks)
    assert answer.returncode == (1 if failed else 0), answer
    return checks


def test_a_microphone_that_hears_shows_its_level(sound_server: SoundServer, tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    seconds = np.arange(48_000 * 20) / 48_000
    soundfile.write(path, np.sqrt(2) * 0.1 * np.sin(2 * np.pi * 1000 * seconds), 48_000)
    with sound_server.playing(path):
        (check,) = ask(sound_server, "microphone")
    assert check["status"] == "ok", check
    assert "at 48000 Hz: -20 dBFS [####" in check["message"]


def test_a_muted_microphone_is_told(sound_server: SoundServer) -> None:
    (check,) = ask(sound_server, "microphone")
    assert check["status"] == "failed"
    assert "silence" in check["message"]


def test_a_missing_microphone_is_told_with_those_that_are_there(sound_server: SoundServer) -> None:
    (check,) = ask(sound_server, "microphone", microphone="Blue Yeti")
    assert check["status"] == "warning"
    assert MICROPHONE in check["message"]
    assert "nursery-monitor devices" in check["advice"]


@pytest.mark.parametrize(("level", "full"), [(0.0, 24), (-36.0, 12), (-90.0, 0), (3.0, 24)])
def test_a_level_is_shown_as_a_bar(level: float, full: int) -> None:
    assert bar(level) == "[" + "#" * full + "." * (24 - full) + "]"


def test_an_unknown_subject_is_refused() -> None:
    answer = subprocess.run(
        [PROGRAM, "doctor", "lungs"], capture_output=True, text=True, timeout=60, check=False
    )
    assert answer.returncode == 2
    assert "there are versions, microphone" in answer.stderr
