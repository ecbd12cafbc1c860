"""A whole house for tests: `nursery-monitor up` in a directory of its own, and ways to look at it.

with House(tmp_path, microphone="usb_mic", env=sound.env) as house:
    house.wait_for_state("listening")
    ...
    assert house.watch.cries.keys() == {cry["id"] for cry in house.cries()}
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from selenium.webdriver import Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from monitor.settings import Broker, broker_for, load
from monitor.settings.broker import Role
from tests.mosquitto import free_port

PROGRAM = Path(sys.executable).parent / "nursery-monitor"
START_S = 60.0  # from `up` to a living page, on two busy cores
STOP_S = 5.0
PASSPHRASE = "three tired carers at dawn"


@dataclass(frozen=True)
class Arrival:
    """A message as a stranger on the broker saw it."""

    topic: str
    payload: bytes
    at: float  # s, `time.time()` of its arrival
    retained: bool

    def json(self) -> dict[str, Any]:
        """The payload as an object."""
        value = json.loads(self.payload)
        assert isinstance(value, dict)
        return value


@dataclass
class Watch:
    """Somebody who hears everything on the broker and never forgets, through its restarts."""

    arrivals: list[Arrival] = field(default_factory=list)

    @property
    def cries(self) -> dict[str, list[dict[str, Any]]]:
        """The messages of each cry in order of arrival, by its id."""
        found: dict[str, list[dict[str, Any]]] = {}
        for arrival in list(self.arrivals):
            if arrival.topic.endswith("/cry"):
                message = arrival.json()
                found.setdefault(message["id"], []).append(message)
        return found

    def ended(self) -> set[str]:
        """The cries of which the end was told."""
        return {cry for cry, steps in self.cries.items() if steps[-1]["type"] == "cry_ended"}

    def newest(self, topic: str) -> dict[str, Any] | None:
        """The newest payload of a topic's JSON."""
        for arrival in reversed(self.arrivals):
            if arrival.topic == topic:
                return arrival.json()
        return None


class House:
    """Everything that `up` starts, on free ports, with its state below `folder`."""

    def __init__(
        self,
        folder: Path,
        *,
        microphone: str | None = None,
        arguments: Sequence[str] = (),
        env: Mapping[str, str] | None = None,
        config: str = "",
    ) -> None:
        self.folder = folder
        self.state_dir = folder / "state"
        self.port = free_port()
        self.watch = Watch()
        self.env = {**os.environ, **(env or {})}
        self.config = folder / "config.toml"
        self.log = folder / "up.log"
        self._arguments = tuple(arguments)
        self._process: subprocess.Popen[bytes] | None = None
        self._client: Client | None = None
        self._token = ""
        folder.mkdir(parents=True, exist_ok=True)
        box = f'microphone = "{microphone}"\n' if microphone else ""
        self.config.write_text(
            f'state_dir = "{self.state_dir}"\n'
            f'[web]\nhost = "127.0.0.1"\nport = {self.port}\n'
            f'[[box]]\nid = "nest"\n{box}{config}'
        )

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.unwatch()
        self.stop()
        if kind is not None:
            sys.stderr.write(f"--- {self.log}\n{self.log_tail()}\n")

    def log_tail(self, lines: int = 60) -> str:
        """The end of what `up` and its children said."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def command(
        self, *words: str, check: bool = True, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run another command of ours with the same settings."""
        return subprocess.run(
            [PROGRAM, "--config", self.config, *words],
            env=self.env,
            input=given,
            capture_output=True,
            text=True,
            timeout=60,
            check=check,
        )

    def start(self) -> None:
        """Start `up` and wait for a living page."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [PROGRAM, "--config", self.config, "up", *self._arguments],
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        self.wait(self._page_lives, START_S, "a living page")

    def _page_lives(self) -> bool:
        assert self._process is not None
        if self._process.poll() is not None:
            raise AssertionError(f"up ended with {self._process.returncode}\n{self.log_tail()}")
        try:
            return self.get("/healthz", token=False)[0] in {200, 503}
        except OSError:
            return False

    @property
    def pid(self) -> int:
        """Of `up` itself."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> float:
        """End `up` politely; seconds until it was gone."""
        if self._process is None:
            return 0.0
        began = time.monotonic()
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise AssertionError(f"up did not end within {STOP_S} s\n{self.log_tail()}") from None
        finally:
            self._process = None
        return time.monotonic() - began

    def kill_up(self) -> None:
        """`kill -9` of `up`."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def child(self, name: str) -> int:
        """The process id of one of up's children, by a word of its command line."""
        for pid in self.children():
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
            if any(word == name or word.endswith(f"/{name}") for word in words):
                return pid
        raise AssertionError(f"no child {name}\n{self.log_tail()}")

    def children(self) -> list[int]:
        """Process ids of up's children."""
        tasks = Path(f"/proc/{self.pid}/task").glob("*/children")
        return [int(pid) for task in tasks for pid in task.read_text().split()]

    def kill_child(self, name: str) -> None:
        """`kill -9` of one child; `up` starts it again."""
        os.kill(self.child(name), signal.SIGKILL)

    def broker(self, role: Role) -> Broker:
        """The broker that `up` uses, for one of our roles."""
        return broker_for(load(self.config), role)

    def watch_broker(self) -> Watch:
        """Let a stranger with the guest's rights write down every message from now on."""
        broker = self.broker("guest")
        client = Client(
            CallbackAPIVersion.VERSION2, "stranger", protocol=MQTTProtocolVersion.MQTTv5
        )
        client.username_pw_set(broker.username, broker.password)
        client.reconnect_delay_set(1, 1)
        subscribed = threading.Event()

        def on_connect(client: Client, *_rest: object) -> None:
            client.subscribe("nursery/#", qos=1)

        def on_message(_client: Client, _userdata: object, message: MQTTMessage) -> None:
            self.watch.arrivals.append(
                Arrival(message.topic, bytes(message.payload), time.time(), message.retain)
            )

        client.on_connect = on_connect
        client.on_message = on_message
        client.on_subscribe = lambda *_: subscribed.set()
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = 3600
        client.connect(broker.host, broker.port, clean_start=False, properties=properties)
        client.loop_start()
        assert subscribed.wait(10), "the broker does not let the guest subscribe"
        self._client = client
        return self.watch

    def unwatch(self) -> None:
        """End the watching."""
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def publish(self, topic: str, payload: bytes, role: Role = "listener") -> None:
        """Send a message as one of our own roles would."""
        broker = self.broker(role)
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
        client.username_pw_set(broker.username, broker.password)
        client.connect(broker.host, broker.port)
        client.loop_start()
        client.publish(topic, payload, qos=1).wait_for_publish(10)
        client.disconnect()
        client.loop_stop()

    def token(self) -> str:
        """A bearer token of the API, made once."""
        if not self._token:
            self._token = self.command("token", "add", "tests").stdout.strip()
        return self._token

    def sign_in(self, browser: Chrome) -> None:
        """Add a carer, sign in as one, and stand on the first page."""
        self.command("carer", "add", "Ada", "--passphrase-file", "-", given=f"{PASSPHRASE}\n")
        browser.get(f"http://127.0.0.1:{self.port}/")
        browser.find_element(By.NAME, "name").send_keys("Ada")
        browser.find_element(By.NAME, "passphrase").send_keys(PASSPHRASE + Keys.ENTER)
        WebDriverWait(browser, 20).until(
            lambda known: known.find_elements(By.CSS_SELECTOR, "[data-box]")
        )

    def get(self, path: str, *, token: bool = True) -> tuple[int, Any]:
        """GET a path; its status and its JSON (or text)."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        if token:
            request.add_header("Authorization", f"Bearer {self.token()}")
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                status, body = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                status, body = error.code, error.read()
        try:
            return status, json.loads(body)
        except ValueError:
            return status, body.decode(errors="replace")

    def cries(self) -> list[dict[str, Any]]:
        """All cries in the log, by the API, newest first."""
        found: list[dict[str, Any]] = []
        path = "/api/v1/cries?limit=100"
        while path:
            status, page = self.get(path)
            assert status == 200, (status, page)
            found += page["items"]
            cursor = page.get("next")
            path = f"/api/v1/cries?limit=100&cursor={cursor}" if cursor else ""
        return found

    def state(self) -> dict[str, Any]:
        """The newest state message of the box, as the stranger saw it."""
        return self.watch.newest("nursery/nest/state") or {}

    def wait_for_state(
        self, state: str, timeout_s: float = 20.0, reason: str | None = None
    ) -> float:
        """Wait until the box says that state; seconds waited."""
        return self.wait(
            lambda: (
                self.state().get("state") == state
                and (reason is None or self.state().get("reason") == reason)
            ),
            timeout_s,
            f"state {state} {reason or ''}; it is {self.state()}",
        )

    def wait(self, happened: Callable[[], bool], timeout_s: float, what: str) -> float:
        """Wait until something has happened; seconds waited."""
        began = time.monotonic()
        while not happened():
            if time.monotonic() - began > timeout_s:
                raise AssertionError(f"waited {timeout_s:.0f} s for {what}\n{self.log_tail()}")
            time.sleep(0.02)
        return time.monotonic() - began
