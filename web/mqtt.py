"""The dashboard's connection to the broker: takes what listeners send, publishes what it knows.

The only module of `web` that touches paho. Messages are acknowledged by whoever has written them
down: until then the broker keeps them, also while this process is away.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from monitor.messages import (
    ANIMAL_PATTERN,
    MAX_CLIP_BYTES,
    NO_BOX,
    ONLINE,
    AnimalTopics,
    Command,
    SuggestionMessage,
    Topics,
)
from monitor.settings import Broker, new_client

SESSION_S = 7 * 86_400  # the broker keeps for so long what arrives while we are away
RECEIVE_MAXIMUM = 100  # messages not yet acknowledged; clips of half a MiB must fit into memory
# A broker of others' may let in messages of 256 MB: it drops them rather than send them to us, who
# would fall over the same one at each start, for the session keeps it.
PACKET_BYTES = 2 * MAX_CLIP_BYTES
MOST_PASSING = 1000  # levels waiting here; more are dropped and counted
SETTLED_S = 10.0  # connections shorter than this,
SHORT_CONNECTIONS = 4  # ... so many in a row, look like a twin of our client id
# What a box sends; the first are shared out between several ingests of one name, the others
# go to each of them: they are retained (a shared subscription gets no retained messages), and
# writing them twice does no harm. A broker may keep an ingest's share for it while it is away (as
# Mosquitto does), so each is to be started again, not replaced by one of another name.
SHARED = ("+/cry", "+/clip/+", "+/minute", "+/answer/+", f"{NO_BOX}/+/set/+")
EVERYBODYS = ("+/state", "+/level", "+/health", "+/availability", "+/learning")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Arrived:
    """One message as the broker gave it."""

    topic: str
    payload: bytes
    retained: bool = False  # not said now: kept by the broker from before
    qos: int = 1
    mid: int = 0
    connection: int = 0  # acknowledgements count on the connection that brought it only


class Inbox:
    """What has arrived and is not yet taken; bounded by the broker's window, levels here."""

    def __init__(self) -> None:
        self._waiting: deque[Arrived] = deque()
        self._something = threading.Condition()
        self.dropped = 0

    def put(self, message: Arrived) -> None:
        """A message has arrived; one that nobody will send again may be dropped."""
        with self._something:
            if message.qos == 0 and len(self._waiting) >= MOST_PASSING:
                self.dropped += 1
                return
            self._waiting.append(message)
            self._something.notify()

    def take(self, timeout_s: float, most: int) -> list[Arrived]:
        """Up to `most` messages in order; waits for the first one only."""
        with self._something:
            self._something.wait_for(lambda: self._waiting, timeout_s)
            return [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]

    def __len__(self) -> int:
        return len(self._waiting)

    def forget_what_comes_again(self) -> None:
        """The broker sends again whatever was not acknowledged on the connection that broke."""
        with self._something:
            self._waiting = deque(message for message in self._waiting if message.qos == 0)


class Connection:
    """Connected for as long as it lives, by a thread of its own; `stop` ends it."""

    def __init__(
        self,
        broker: Broker,
        base: str,
        client_id: str,
        share: str | None = None,
        birth_topic: str | None = None,
    ) -> None:
        """`birth_topic` is where Home Assistant says that it has started.

        Raises SettingsError when the certificates cannot be used.
        """
        self.inbox = Inbox()
        self.number = 0  # of the connection; grows with each
        self.births = 0  # of Home Assistant, as far as they were heard
        self.connected = False
        self._connected_at = 0.0  # monotonic, s
        self._short = 0  # connections in a row
        self._birth_topic = birth_topic
        self._kept_care: deque[str] = deque(maxlen=MOST_PASSING)
        self._broker, self._base = broker, base
        self._client = new_client(broker, client_id, manual_ack=True)
        self._client.on_socket_open = _without_delay
        self._client.on_connect = self._on_connect
        self._client.on_disconnect = self._on_disconnect
        self._client.on_connect_fail = lambda _client, _data: self._tell_once(self._unreachable())
        self._client.on_message = self._on_message
        self._client.on_subscribe = self._on_subscribe
        self._client.on_publish = self._on_publish
        prefix = f"$share/{share}/{base}" if share else base
        self._topics = [
            *((f"{prefix}/{topic}", 1) for topic in SHARED),
            *((f"{base}/{topic}", 1) for topic in EVERYBODYS),
            # Not written down, so not to be kept for us either.
            (AnimalTopics(base, "+").care, 0),
            *([(birth_topic, 0)] if birth_topic else []),
        ]
        self._told: str | None = None

    def start(self) -> None:
        """Connect, and go on trying for ever."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.SessionExpiryInterval = SESSION_S
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = PACKET_BYTES
        self._client.connect_async(
            self._broker.host,
            self._broker.port,
            self._broker.keepalive_s,
            clean_start=False,
            properties=properties,
        )
        self._client.loop_start()

    def stop(self) -> None:
        """Disconnect; the broker keeps the session."""
        self._client.disconnect()
        self._client.loop_stop()

    def acknowledge(self, messages: Iterable[Arrived]) -> None:
        """These are written down; the broker may forget them."""
        for message in messages:
            if message.qos > 0 and message.connection == self.number:
                self._client.ack(message.mid, message.qos)

    def tell(self, topic: str, payload: bytes, *, retain: bool) -> bool:
        """Publish at QoS 1; False when there is no connection."""
        if not self.connected:
            return False
        sent = self._client.publish(topic, payload, qos=1, retain=retain)
        return sent.rc == MQTTErrorCode.MQTT_ERR_SUCCESS

    def publish(self, message: SuggestionMessage) -> bool:
        """Publish a box's suggestions, retained; False when there is no connection."""
        topic = Topics(self._base, message.box).suggestion
        return self.tell(topic, message.payload(), retain=True)

    def command(self, box: str, what: str, command: Command) -> bool:
        """Tell a listener something, which it answers; False when there is no connection."""
        return self.tell(Topics(self._base, box).command(what), command.payload(), retain=False)

    def kept_care(self) -> set[str]:
        """Of which animals the broker has kept a care message; each is told once."""
        found = set()
        while self._kept_care:
            found.add(self._kept_care.popleft())
        return found

    def _on_connect(
        self,
        client: Client,
        _data: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._tell_once(f"the broker at {self._where} refuses us: {reason}; check [mqtt]")
            return
        if flags.session_present:
            self.inbox.forget_what_comes_again()
        self.number += 1
        self.connected, self._connected_at = True, time.monotonic()
        self._told = None
        log.info("connected to the broker at %s", self._where)
        client.subscribe(self._topics)

    def _on_disconnect(
        self,
        _client: Client,
        _data: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        was_connected, self.connected = self.connected, False
        # A broker that refuses us hangs up as well: that is the same trouble, not another one.
        if reason.is_failure and (was_connected or self._told is None):
            self._tell_once(f"lost the broker at {self._where} ({reason}); trying again")
        if was_connected:
            self._look_for_a_twin()

    def _look_for_a_twin(self) -> None:
        """As when the card of one computer was copied to another.

        No other id is taken by ourselves: what the broker keeps for this one would be lost, should
        it only be a bad network.
        """
        short = time.monotonic() - self._connected_at < SETTLED_S
        self._short = self._short + 1 if short else 0
        if self._short == SHORT_CONNECTIONS:
            log.error(
                "the broker at %s ends our connections at once. Was this computer copied? Then two "
                "dashboards have one client id, and each gets half of the cries: delete the file "
                "ingest-id in the records' folder of one of them, and start it again",
                self._where,
            )

    def _on_message(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        try:
            topic = message.topic
        except UnicodeDecodeError:  # no broker should let it through
            topic = ""
        if self._is_aside(topic, message):
            return
        self.inbox.put(
            Arrived(
                topic=topic,
                payload=bytes(message.payload),
                retained=message.retain,
                qos=message.qos,
                mid=message.mid,
                connection=self.number,
            )
        )

    def _is_aside(self, topic: str, message: MQTTMessage) -> bool:
        """Whether it is nothing to be written down; then it is noted here."""
        if topic == self._birth_topic:
            self.births += message.payload == ONLINE and not message.retain
            return True
        animal = re.fullmatch(
            rf"{re.escape(self._base)}/{NO_BOX}/({ANIMAL_PATTERN[1:-1]})/care", topic
        )
        if animal and message.retain and message.payload:
            self._kept_care.append(animal[1])
        return animal is not None

    def _on_subscribe(
        self,
        _client: Client,
        _data: object,
        _mid: int,
        reasons: Sequence[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        for (topic, _), reason in zip(self._topics, reasons, strict=False):
            if reason.is_failure:
                log.error("the broker lets us not read %s (%s); check its rights", topic, reason)

    def _on_publish(
        self,
        _client: Client,
        _data: object,
        _mid: int,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._tell_once(
                f"the broker does not take what we publish ({reason}); check its rights"
            )

    @property
    def _where(self) -> str:
        return f"{self._broker.host}:{self._broker.port}"

    def _unreachable(self) -> str:
        return f"no broker answers at {self._where}; trying again"

    def _tell_once(self, trouble: str) -> None:
        """The same trouble is told when it begins, not at each try."""
        if trouble != self._told:
            self._told = trouble
            log.warning("%s", trouble)


def _without_delay(_client: Client, _data: object, sock: Any) -> None:
    """Send small packets at once: an acknowledgement held back holds back the next cry."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
