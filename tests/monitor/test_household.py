"""Which programs run for which settings."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from monitor.household import Wish, demo_apart, programs
from monitor.settings import Settings, load
from monitor.supervisor import Program


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("NURSERY_CONFIG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("NURSERY_STATE_DIR", str(tmp_path / "state"))


def settings(**values: Any) -> Settings:
    return load(Path("/dev/null"), **values)


def command(program: Program) -> str:
    return " ".join(program.command[4:])  # what follows `python -P -m monitor`


BOXES = [{"id": "nest"}, {"id": "basket"}]


def test_everything_of_a_house_with_two_boxes() -> None:
    found = programs(settings(box=BOXES), Wish(), ["mosquitto", "-c", "x"])
    assert [program.name for program in found] == [
        *("broker", "web", "ingest", "listen nest", "listen basket")
    ]
    assert [p.name for p in found if p.foundation] == ["broker"]
    assert not any(program.once for program in found)
    assert command(found[-1]) == "listen --box basket"


def test_a_house_with_its_own_broker_gets_no_other() -> None:
    assert "broker" not in [p.name for p in programs(settings(), Wish(), None)]


def test_settings_file_and_loudness_are_handed_on(tmp_path: Path) -> None:
    wish = Wish(config=tmp_path / "c.toml", verbose=True)
    assert all(
        command(p).startswith(f"--config {tmp_path}/c.toml --verbose ")
        for p in programs(settings(), wish, None)
    )


def test_recordings_are_heard_once_at_the_first_box() -> None:
    wish = Wish(replay=(Path("/a b.wav"), Path("c.wav")))
    listeners = [p for p in programs(settings(box=BOXES), wish, None) if "listen" in p.name]
    assert [p.name for p in listeners] == ["listen nest"]
    assert listeners[0].once
    assert listeners[0].command[-3:] == ("--replay", "/a b.wav", f"{Path.cwd()}/c.wav")


def test_a_demo_touches_nothing_real(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgresql+psycopg://u:p@h/d"
    port = free_port()
    real = settings(
        box=BOXES,
        mqtt={"host": "broker"},
        web={"database_url": url, "port": port},
        house={"name": "H"},
    )
    apart = demo_apart(real)
    for name, value in apart.environment.items():
        monkeypatch.setenv(name, value)
    demo = settings()
    assert demo.state_dir == real.state_dir / "demo"
    assert demo.mqtt.host is None
    assert demo.database_url.startswith("sqlite:///" + str(demo.state_dir))
    assert [box.id for box in demo.box] == ["nest"]
    assert demo.web.port == port
    assert demo.model_dump() == settings(**apart.settings).model_dump()
    demo_programs = programs(demo, Wish(demo=True), ["mosquitto"])
    assert [command(p) for p in demo_programs if "--demo" in p.command] == [
        "web --quiet --demo",
        "listen --box nest --demo",
    ]


def test_a_demo_beside_the_real_house_takes_another_port() -> None:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        port = sock.getsockname()[1]
        apart = demo_apart(settings(web={"host": "127.0.0.1", "port": port}))
    assert apart.settings["web"]["port"] not in (0, port)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
