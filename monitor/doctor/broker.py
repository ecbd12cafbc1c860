"""Check of the broker: can it be reached, does it let us in, does a message come back?"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any

from monitor.messages import Check, CheckStatus, Command, Topics
from monitor.settings import Broker, Settings, SettingsError, broker_for, new_client

WAIT_S = 5.0  # for the connection, and again for the message
NO_BOX = "doctor"  # nobody listens to commands for it


def check_broker(settings: Settings) -> Iterator[Check]:
    """Send a message through the broker and wait for it."""
    try:
        broker = broker_for(settings, "dashboard")
    except SettingsError as error:
        if settings.mqtt.host is None:
            yield _not_started()
        else:
            yield Check(name="broker", status=CheckStatus.FAILED, message=str(error)[:500])
        return
    trip = _RoundTrip(broker, Topics(settings.mqtt.base_topic, NO_BOX).command("test"))
    problem = trip.go()
    where = f"{'the private one' if broker.private else broker.host}, port {broker.port}"
    if problem is None:
        text = f"{where}: a message came back after {trip.took_s * 1000:.0f} ms"
        yield Check(name="broker", status=CheckStatus.OK, message=text)
    elif broker.private and not trip.connected:
        yield _not_started()
    else:
        advice = "Look at [mqtt]: host, port, tls, username and password, and at the broker's log."
        yield Check(
            name="broker",
            status=CheckStatus.FAILED,
            message=f"{where}: {problem}"[:500],
            advice=None if broker.private else advice,
        )


def _not_started() -> Check:
    return Check(
        name="broker",
        status=CheckStatus.UNKNOWN,
        message="the private broker does not run",
        advice="Nothing wrong if nothing is started: nursery-monitor up",
    )


class _RoundTrip:
    """A message to a topic and back."""

    def __init__(self, broker: Broker, topic: str) -> None:
        self.connected = False
        self.took_s = 0.0
        self._broker = broker
        self._topic = topic
        self._payload = Command(id=secrets.token_hex(8)).payload()
        self._turned = threading.Event()  # something has happened: look again
        self._problem: str | None = None
        self._subscribed = False
        self._back = False

    def go(self) -> str | None:
        """What went wrong, None when the message came back. Raises SettingsError."""
        broker = self._broker
        client = new_client(broker, f"nursery-doctor-{secrets.token_hex(4)}")
        client.on_connect = self._on_connect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        try:
            client.connect(broker.host, broker.port, broker.keepalive_s)
        except OSError as error:
            return f"cannot be reached: {error.strerror or error}"
        client.loop_start()
        try:
            began = time.monotonic()
            while time.monotonic() < began + WAIT_S and not (self._problem or self._subscribed):
                self._turned.wait(0.1)
                self._turned.clear()
            if not self._subscribed:
                return self._problem or "does not answer"
            sent = time.monotonic()
            client.publish(self._topic, self._payload, qos=1)
            while time.monotonic() < sent + WAIT_S and not self._back:
                self._turned.wait(0.1)
                self._turned.clear()
            self.took_s = time.monotonic() - sent
            return None if self._back else f"a message to {self._topic} does not come back"
        finally:
            client.disconnect()
            client.loop_stop()

    def _on_connect(self, client: Any, _data: Any, _flags: Any, reason: Any, _p: Any) -> None:
        self.connected = True
        if reason.is_failure:
            self._problem = f"refuses us: {reason}"
        else:
            client.subscribe(self._topic, qos=1)
        self._turned.set()

    def _on_subscribe(self, _c: Any, _data: Any, _mid: Any, reasons: Any, _p: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            self._problem = f"does not let us read {self._topic}"
        else:
            self._subscribed = True
        self._turned.set()

    def _on_message(self, _client: Any, _data: Any, message: Any) -> None:
        if message.payload == self._payload:
            self._back = True
            self._turned.set()
