"""One connection to the broker, driven by the thread that made it.

The only module of the listener that imports paho. A link lives from one connect to its end and
is then thrown away; what must survive is in the outbox.
"""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitor.messages import MAX_CLIP_BYTES
from monitor.settings import Broker, new_client

if TYPE_CHECKING:
    from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from monitor.outbox import Outgoing

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 5.0  # for the TCP connection, then again for the broker's welcome
TURN_S = 1.0  # a turn of the loop waits for traffic at most this long
TAKE_AT_MOST_BYTES = 64 * 1024  # a broker may send us no larger packet; commands are small
IN_FLIGHT = 16  # messages sent and not yet acknowledged
FAILURE = 0x80  # MQTT 5: reason codes from here on are failures
SHUTTING_DOWN, SESSION_TAKEN_OVER = 0x8B, 0x8E  # reasons of the broker to disconnect us

# What to do when a broker refuses us (MQTT 5, section 3.2.2.2).
_ADVICE = {
    0x84: "it speaks no MQTT 5; use Mosquitto 1.6 or newer",
    0x85: "it does not accept our client id",
    0x86: "check username and password in [mqtt]",
    0x87: "check username and password in [mqtt], and this user's rights",  # Mosquitto's word
    0x88: "it is not available; we go on trying",
    0x89: "it is busy; we go on trying",
    0x8A: "this client is banned there",
    SESSION_TAKEN_OVER: "another program uses our client id",
    0x97: "its quota is used up",
    0x9F: "we connect too often; we go on trying",
}


@dataclass(frozen=True)
class Ended:
    """Why there is no connection (any more)."""

    refused: bool
    """The broker answered and does not want us, so that waiting alone will not help."""
    reason: str
    code: int = 0


@dataclass(frozen=True)
class Acknowledged:
    """The broker's answer to one message."""

    mid: int
    code: int
    reason: str

    @property
    def refused(self) -> bool:
        """Whether the broker did not take the message."""
        return self.code >= FAILURE


@dataclass(frozen=True)
class Received:
    """A message from the broker."""

    topic: str
    payload: bytes
    retained: bool


@dataclass
class News:
    """What a turn of the loop brought, in order."""

    acknowledged: list[Acknowledged] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)


class Bell:
    """Wakes a thread that waits for traffic; may be rung from any thread."""

    def __init__(self) -> None:
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def ring(self) -> None:
        """Wake it, or keep it from sleeping next time."""
        with contextlib.suppress(OSError):  # full: it is rung already; closed: nobody sleeps
            self._writer.send(b"!")

    def silence(self) -> None:
        """Forget the rings so far."""
        with contextlib.suppress(OSError):
            self._reader.recv(4096)

    def fileno(self) -> int:
        """For select."""
        return self._reader.fileno()

    def close(self) -> None:
        """Let go of both ends."""
        self._reader.close()
        self._writer.close()


class Link:
    """An MQTT 5 connection. `open`, then `turn` in a loop until `ended` is not None; `close`."""

    def __init__(self, broker: Broker, client_id: str, will: Outgoing | None, bell: Bell) -> None:
        """Prepare it; `will` is retained. Raises SettingsError for unusable certificates."""
        self._broker = broker
        self._bell = bell
        self._news = News()
        self.welcome = False
        """Whether the broker took us."""
        self.ended: Ended | None = None
        self.window = IN_FLIGHT
        self.packet_bytes = 2 * MAX_CLIP_BYTES
        self._client = new_client(broker, client_id)
        self._client.connect_timeout = CONNECT_TIMEOUT_S
        self._client.max_inflight_messages_set(0)  # the window is ours to keep
        if will is not None:
            self._client.will_set(will.topic, will.payload, qos=1, retain=True)
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_publish = self._on_publish
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message

    def open(self, give_up: Callable[[], bool]) -> None:
        """Connect and wait for the broker's welcome; how it went is in `ended`."""
        from paho.mqtt.packettypes import PacketTypes  # noqa: PLC0415 - imported with the first link
        from paho.mqtt.properties import Properties  # noqa: PLC0415

        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = TAKE_AT_MOST_BYTES
        broker = self._broker
        try:
            self._client.connect(
                broker.host,
                broker.port,
                broker.keepalive_s,
                clean_start=True,
                properties=properties,
            )
        except ssl.SSLCertVerificationError as error:
            self._end(True, f"its certificate is not trusted ({error.verify_message}); see ca_file")
        except ssl.SSLError as error:
            self._end(True, f"TLS failed ({error.reason}); does this port speak TLS?")
        except socket.gaierror:
            self._end(False, "no computer of that name is known")
        except OSError as error:
            hint = "; does this port speak TLS?" if broker.tls else ""
            self._end(False, (error.strerror or str(error)) + hint)
        except ValueError as error:  # a host name that cannot be one
            self._end(True, str(error))
        self._hurry()
        end = time.monotonic() + CONNECT_TIMEOUT_S
        while not self.welcome and self.ended is None:
            if give_up() or time.monotonic() > end:
                self._end(False, "it takes the connection but does not answer")
            else:
                self.turn(0.2)

    def _hurry(self) -> None:
        """Send small packets at once rather than wait for more (Nagle's algorithm)."""
        sock = self._client.socket()
        if isinstance(sock, socket.socket):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def subscribe(self, topic: str, *, show_retained: bool) -> None:
        """Ask for a topic; `show_retained`: also tell when a live message was sent as retained."""
        from paho.mqtt.subscribeoptions import SubscribeOptions  # noqa: PLC0415

        self._client.subscribe(
            topic, options=SubscribeOptions(qos=1, retainAsPublished=show_retained)
        )

    def publish(self, topic: str, payload: bytes, *, qos: int, retain: bool) -> int:
        """Send a message; its packet id, under which `turn` brings the acknowledgement."""
        return self._client.publish(topic, payload, qos=qos, retain=retain).mid

    def turn(self, timeout_s: float) -> News:
        """Wait for traffic or the bell, do the network's work, and tell what came."""
        sock = self._client.socket()
        if not isinstance(sock, socket.socket):
            self._end(False, "connection lost")
        else:
            held_back = isinstance(sock, ssl.SSLSocket) and sock.pending() > 0
            reading: list[socket.socket | Bell] = [sock, self._bell]
            writing = [sock] if self._client.want_write() else []
            readable, _, _ = select.select(reading, writing, [], 0.0 if held_back else timeout_s)
            if self._bell in readable:
                self._bell.silence()
            if sock in readable or held_back:
                self._client.loop_read()
            if self._client.want_write():
                self._client.loop_write()
            self._client.loop_misc()
        news, self._news = self._news, News()
        return news

    def close(self) -> None:
        """Say goodbye, so that the will is not sent; harmless on a connection that has ended."""
        self._client.disconnect()
        self._client.loop_write()
        self.give_up("closed")

    def give_up(self, reason: str) -> None:
        """Drop the connection without a goodbye."""
        self._end(False, reason)
        sock = self._client.socket()
        if isinstance(sock, socket.socket):
            sock.close()

    def _end(self, refused: bool, reason: str, code: int = 0) -> None:
        if self.ended is None:
            self.ended = Ended(refused, reason, code)

    # paho calls these from within `turn`; they only note what happened.

    def _on_connect(
        self,
        _client: Client,
        _data: object,
        _flags: ConnectFlags,
        code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if code.is_failure:
            self._end(True, f"{code}; {_ADVICE.get(code.value, 'see its log')}", code.value)
            return
        self.window = min(IN_FLIGHT, getattr(properties, "ReceiveMaximum", IN_FLIGHT))
        self.packet_bytes = getattr(properties, "MaximumPacketSize", self.packet_bytes)
        if getattr(properties, "MaximumQoS", 1) < 1 or not getattr(
            properties, "RetainAvailable", 1
        ):
            self._end(True, "it offers no QoS 1 or keeps no retained messages")
            return
        self.welcome = True

    def _on_disconnect(
        self,
        _client: Client,
        _data: object,
        flags: DisconnectFlags,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        sent_away = flags.is_disconnect_packet_from_server
        advice = f"; {_ADVICE[code.value]}" if code.value in _ADVICE else ""
        self._end(False, f"{code}{advice}" if sent_away else "connection lost", code.value)

    def _on_publish(
        self,
        _client: Client,
        _data: object,
        mid: int,
        code: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._news.acknowledged.append(Acknowledged(mid, code.value, str(code)))

    def _on_subscribe(
        self,
        _client: Client,
        _data: object,
        _mid: int,
        codes: Sequence[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        for code in codes:
            if code.is_failure:
                log.warning("the broker lets us not listen for commands: %s; check its ACL", code)

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:
            return
        self._news.received.append(Received(topic, bytes(message.payload), bool(message.retain)))
