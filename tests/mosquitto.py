"""A real Mosquitto for tests: own free loopback port, password file, ACL; to be broken at will.

    with Mosquitto(tmp_path / "mosquitto") as mosquitto:
        broker = mosquitto.broker("listener")

or the fixture `mosquitto` (in `tests/conftest.py`). Tests are skipped, with the reason, where
Mosquitto is not installed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from types import TracebackType
from typing import Self

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from monitor.settings import Broker

START_S = 10.0  # a broker that does not answer within this has failed
SEARCH_PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
PROGRAM = shutil.which("mosquitto", path=SEARCH_PATH)
PASSWD = shutil.which("mosquitto_passwd", path=SEARCH_PATH)

# Who may do what; "all" is for tests that watch or disturb.
ROLES: Mapping[str, tuple[str, ...]] = {
    "listener": (
        "write nursery/#",
        "deny nursery/+/suggestion",
        "read nursery/+/set/#",
        "write homeassistant/#",
        "read homeassistant/status",
    ),
    "dashboard": (
        "read nursery/#",
        "write nursery/+/suggestion",
        "write nursery/+/set/#",
        "write nursery/animal/+/care",
        "write nursery/animal/+/answer/#",
        "write homeassistant/device/nursery_animal/+/config",
        "read homeassistant/status",
    ),
    "guest": (
        "read nursery/#",
        "read homeassistant/#",
        "write nursery/+/set/#",
        "write nursery/animal/+/set/#",
    ),
    "all": ("readwrite #",),
}


def free_port() -> int:
    """A loopback port that nobody uses right now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
    assert isinstance(port, int)
    return port


class Mosquitto:
    """One broker in `folder`; the same port through every restart."""

    def __init__(self, folder: Path, *, extra: str = "", port: int | None = None) -> None:
        """Write the files; `extra` holds more lines for mosquitto.conf."""
        if PROGRAM is None or PASSWD is None:
            pytest.skip("mosquitto is not installed (Debian package `mosquitto`)")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.port = port or free_port()
        self.log_file = folder / "mosquitto.log"
        self._process: subprocess.Popen[bytes] | None = None
        self.allow(ROLES)
        passwords = folder / "passwords"
        passwords.write_text("".join(f"{role}:{self.password(role)}\n" for role in ROLES))
        passwords.chmod(0o600)
        subprocess.run([PASSWD, "-U", str(passwords)], check=True, capture_output=True)
        (folder / "mosquitto.conf").write_text(
            f"listener {self.port} 127.0.0.1\n"
            "allow_anonymous false\n"
            f"password_file {passwords}\n"
            f"acl_file {folder / 'acl'}\n"
            "persistence true\n"
            f"persistence_location {folder}/\n"
            "autosave_on_changes true\n"
            "autosave_interval 1\n"
            "max_queued_messages 100000\n"
            f"user {pwd.getpwuid(os.getuid()).pw_name}\n"
            "log_type all\n"
            "connection_messages true\n" + extra
        )

    @staticmethod
    def password(role: str) -> str:
        """The password of a role."""
        return f"{role}-password"

    def broker(self, role: str = "listener", *, keepalive_s: int = 10) -> Broker:
        """How a program of ours reaches it."""
        return Broker(
            host="127.0.0.1",
            port=self.port,
            username=role,
            password=self.password(role),
            keepalive_s=keepalive_s,
        )

    def allow(self, roles: Mapping[str, tuple[str, ...]]) -> None:
        """Write the ACL; a running broker reads it again."""
        lines = []
        for role, rules in roles.items():
            lines += [f"user {role}", *(f"topic {rule}" for rule in rules), ""]
        acl = self.folder / "acl"
        acl.write_text("\n".join(lines))
        acl.chmod(0o600)
        if self.running():
            assert self._process is not None
            self._process.send_signal(signal.SIGHUP)
            time.sleep(0.2)  # it is read on the next turn of the broker's loop

    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start it and wait until it answers."""
        assert not self.running()
        assert PROGRAM is not None
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                [PROGRAM, "-c", str(self.folder / "mosquitto.conf")], stdout=log, stderr=log
            )
        end = time.monotonic() + START_S
        while time.monotonic() < end and self.running():
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError(f"mosquitto did not start:\n{self.log()}")

    def stop(self) -> None:
        """Stop it as an administrator would."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """`kill -9`."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            if self.running():
                self._process.send_signal(how)
            self._process.wait(timeout=START_S)
            self._process = None

    def empty(self) -> None:
        """Forget everything: stop, lose the database, start."""
        self.stop()
        (self.folder / "mosquitto.db").unlink(missing_ok=True)
        self.start()

    def restart(self) -> None:
        """Stop and start; what it kept stays."""
        self.stop()
        self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Alive but not answering."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._process.send_signal(signal.SIGCONT)

    def log(self) -> str:
        """What it said so far."""
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
        self.kill()


class Watcher:
    """A plain client of a broker that keeps what it hears, in order."""

    def __init__(
        self,
        broker: Broker,
        *topics: str,
        client_id: str = "",
        session_s: int = 0,
    ) -> None:
        """Connect and subscribe; `session_s` > 0 keeps the session in the broker meanwhile."""
        self.messages: list[MQTTMessage] = []
        self._new: Queue[MQTTMessage] = Queue()
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTProtocolVersion.MQTTv5
        )
        self._client.username_pw_set(broker.username, broker.password)
        self._client.on_message = lambda _client, _data, message: self._heard(message)
        ready: Queue[None] = Queue()
        self._client.on_subscribe = lambda *_: ready.put(None)
        self._client.on_connect = lambda *_: self._subscribe(topics)
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = session_s
        self._client.connect(
            broker.host, broker.port, 30, clean_start=session_s == 0, properties=properties
        )
        self._client.loop_start()
        if topics:
            ready.get(timeout=START_S)

    def _subscribe(self, topics: tuple[str, ...]) -> None:
        if topics:
            self._client.subscribe([(topic, 1) for topic in topics])

    def _heard(self, message: MQTTMessage) -> None:
        self.messages.append(message)
        self._new.put(message)

    def publish(self, topic: str, payload: bytes | str, *, retain: bool = False) -> None:
        """Send at QoS 1 and wait for the acknowledgement."""
        self._client.publish(topic, payload, qos=1, retain=retain).wait_for_publish(START_S)

    def publish_many(self, topic: str, payloads: Iterable[bytes]) -> None:
        """Send all at QoS 1, then wait for all acknowledgements."""
        sent = [self._client.publish(topic, payload, qos=1) for payload in payloads]
        for one in sent:
            one.wait_for_publish(START_S)

    def wait(
        self, wanted: Callable[[MQTTMessage], bool] | str, timeout_s: float = START_S
    ) -> MQTTMessage:
        """The next message not yet waited for with that topic, or for which `wanted` is true."""
        matches = (lambda m: m.topic == wanted) if isinstance(wanted, str) else wanted
        end = time.monotonic() + timeout_s
        while True:
            try:
                message = self._new.get(timeout=max(0.001, end - time.monotonic()))
            except Empty:
                heard = [f"{m.topic}: {m.payload[:80]!r}" for m in self.messages]
                raise AssertionError(f"not heard in {timeout_s} s; heard {heard}") from None
            if matches(message):
                return message

    def payloads(self, topic: str) -> list[bytes]:
        """All payloads of a topic so far."""
        return [bytes(m.payload) for m in list(self.messages) if m.topic == topic]

    def close(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running broker of this test's own."""
    with Mosquitto(tmp_path / "mosquitto") as running:
        yield running
