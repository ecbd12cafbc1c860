"""Brings everything that the listener says to the broker, and commands from there to it.

One thread owns the connection. It sends at once when it can, and else tries again for ever.
"""

from __future__ import annotations

import logging
import random
import secrets
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from monitor.discovery import Discovery
from monitor.link import SESSION_TAKEN_OVER, SHUTTING_DOWN, Bell, Ended, Link
from monitor.messages import OFFLINE, Topics
from monitor.outbox import Outbox, Outgoing
from monitor.session import CommandHandler, Mailbox, Session, discovery_topics
from monitor.settings import Broker, SettingsError

log = logging.getLogger(__name__)

# The wait after a failed connect doubles from the first to one of the others, s.
RETRY_FIRST_S, RETRY_UNREACHABLE_S, RETRY_REFUSED_S = 0.5, 15.0, 60.0
SETTLED_S = 10.0  # a connection that held this long lets the waits begin anew
SHORT_CONNECTIONS = 4  # so many in a row, each shorter than that, look like a twin of our id
LET_GO_S = 0.3  # to end the thread when there is no connection; one in progress is left alone


class Connection(StrEnum):
    """How it stands with the broker."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    STOPPED = "stopped"


@dataclass(frozen=True)
class BrokerStatus:
    """How it stands with the broker; `detail` says what is wrong and what to do, else empty."""

    connection: Connection
    detail: str = ""


def stored_client_id(outbox: Outbox, box: str) -> str:
    """The MQTT client id of a box: its name and a random part made once and kept in the outbox."""
    known = outbox.recall("client_id")
    if known is not None and known.startswith(f"{box}-"):
        return known
    return _new_client_id(outbox, box)


def _new_client_id(outbox: Outbox, box: str) -> str:
    made = f"{box}-{secrets.token_hex(6)}"
    outbox.remember("client_id", made)
    return made


def try_broker(broker: Broker) -> BrokerStatus:
    """Connect once and say how that went, within some ten seconds; sends nothing."""
    bell = Bell()
    try:
        link = Link(broker, f"trial-{secrets.token_hex(6)}", None, bell)
        link.open(lambda: False)
        ended = link.ended
        link.close()
    except SettingsError as error:
        return BrokerStatus(Connection.REFUSED, str(error))
    finally:
        bell.close()
    return _status_of(f"broker {broker.host}:{broker.port}", ended)


def _status_of(name: str, ended: Ended | None) -> BrokerStatus:
    if ended is None:
        return BrokerStatus(Connection.CONNECTED)
    if ended.refused:
        return BrokerStatus(Connection.REFUSED, f"{name} refuses us: {ended.reason}")
    return BrokerStatus(Connection.UNREACHABLE, f"{name} is not reached: {ended.reason}")


class Publisher:
    """Sends the outbox in order at QoS 1, retained states and live values; takes commands."""

    def __init__(  # noqa: PLR0913 - each is one of its partners
        self,
        broker: Broker | Callable[[], Broker],
        client_id: str,
        topics: Topics,
        outbox: Outbox,
        *,
        discovery: Discovery | None = None,
        on_command: CommandHandler | None = None,
    ) -> None:
        """Nothing is sent before `start`; give the first states (`retain`) before it as well.

        `broker` may be a function that is asked before each connect and may raise SettingsError.
        `on_command(what, command)` is called on the publisher's thread and must be quick.
        """
        self._find_broker = broker if callable(broker) else lambda: broker
        self._client_id = client_id
        self._topics = topics
        self._outbox = outbox
        self._discovery = discovery
        self._on_command = on_command
        self._mailbox = Mailbox()
        self._bell = Bell()
        self._stopping = threading.Event()
        self._stop_by = float("inf")  # s, monotonic
        self._status = BrokerStatus(Connection.CONNECTING)  # replaced whole, so no lock
        self._strikes: Counter[int] = Counter()
        self._short_connections = 0
        self._thread = threading.Thread(target=self._run, name="publisher", daemon=True)
        self._retain_discovery()

    @property
    def status(self) -> BrokerStatus:
        """How it stands with the broker right now."""
        return self._status

    def start(self) -> None:
        """Connect, and stay connected, on a thread of its own."""
        self._thread.start()

    def retain(self, topic: str, payload: bytes) -> None:
        """Send a state at QoS 1, retained, now and again after each connect."""
        self._mailbox.retain(topic, payload)
        self._bell.ring()

    def live(self, topic: str, payload: bytes, *, qos: int = 0) -> None:
        """Send a value that is worth nothing later: dropped when not connected."""
        if self._status.connection is Connection.CONNECTED:
            self._mailbox.live(Outgoing(topic, payload), qos)
            self._bell.ring()

    def wake(self) -> None:
        """Look into the outbox now."""
        self._bell.ring()

    def stop(self, timeout_s: float = 2.0) -> None:
        """Send what is waiting, say `offline`, and end; what cannot be sent stays in the outbox."""
        self._stop_by = time.monotonic() + timeout_s
        self._stopping.set()
        self._bell.ring()
        if self._thread.is_alive():
            connected = self._status.connection is Connection.CONNECTED
            self._thread.join(timeout_s if connected else min(timeout_s, LET_GO_S))
        else:
            self._bell.close()
        self._status = BrokerStatus(Connection.STOPPED)

    def _retain_discovery(self) -> None:
        config = self._discovery.config if self._discovery else None
        for topic in sorted(discovery_topics(self._outbox)):
            self._mailbox.retain(topic, b"")  # to be emptied, unless it is still ours:
        if config is not None:
            self._mailbox.retain(config.topic, config.payload)

    # From here on everything runs on the publisher's own thread.

    def _run(self) -> None:
        wait_s = RETRY_FIRST_S
        while not self._stopping.is_set():
            began = time.monotonic()
            try:
                longest_s = self._connect_and_serve()
            except Exception:  # a mistake of ours must not end the publishing for good
                log.exception("publishing failed; it starts again")
                longest_s = RETRY_UNREACHABLE_S
            if time.monotonic() - began > SETTLED_S:
                wait_s = RETRY_FIRST_S
            self._stopping.wait(wait_s * random.uniform(0.7, 1.0))  # noqa: S311 - no secret
            wait_s = min(wait_s * 2, longest_s)
        self._bell.close()

    def _connect_and_serve(self) -> float:
        """One connection from its begin to its end; the longest wait before the next, s."""
        try:
            broker = self._find_broker()
            will = Outgoing(self._topics.availability, OFFLINE)
            link = Link(broker, self._client_id, will, self._bell)
        except SettingsError as error:
            self._set_status(BrokerStatus(Connection.UNREACHABLE, str(error)))
            return RETRY_UNREACHABLE_S
        name = f"broker {broker.host}:{broker.port}"
        began = time.monotonic()
        try:
            link.open(self._stopping.is_set)
            if link.ended is None and not self._stopping.is_set():
                self._set_status(BrokerStatus(Connection.CONNECTED))
                log.info("connected to %s as %s", name, self._client_id)
                self._serve(link)
        finally:
            ended = link.ended
            link.close()
        if self._stopping.is_set() or ended is None:
            return RETRY_FIRST_S
        short = link.welcome and time.monotonic() - began < SETTLED_S
        self._look_for_a_twin(ended, short)
        self._set_status(_status_of(name, ended))
        return RETRY_REFUSED_S if ended.refused else RETRY_UNREACHABLE_S

    def _serve(self, link: Link) -> None:
        session = self._session(link)
        try:
            session.serve(self._stopping, lambda: self._stop_by)
        finally:
            if not self._stopping.is_set():
                if link.ended is None or link.ended.code != SHUTTING_DOWN:
                    self._outbox.doubt()
                session.blame_clips()

    def _look_for_a_twin(self, ended: Ended, short: bool) -> None:
        """Take another client id when another program seems to have ours.

        As when the card of one computer was copied to another: each throws the other out, for
        ever. Not every broker says so (Mosquitto before 2.0.15 does not).
        """
        self._short_connections = self._short_connections + 1 if short else 0
        if ended.code == SESSION_TAKEN_OVER or self._short_connections >= SHORT_CONNECTIONS:
            self._short_connections = 0
            self._client_id = _new_client_id(self._outbox, self._topics.box)
            log.warning("another program may use our client id (was this computer copied?)")

    def _session(self, link: Link) -> Session:
        return Session(
            link=link,
            topics=self._topics,
            outbox=self._outbox,
            mailbox=self._mailbox,
            discovery=self._discovery,
            on_command=self._on_command,
            strikes=self._strikes,
            note=lambda detail: self._set_status(BrokerStatus(Connection.CONNECTED, detail)),
        )

    def _set_status(self, status: BrokerStatus) -> None:
        if status != self._status and status.detail:
            connected = status.connection is Connection.CONNECTED
            log.warning("%s%s", status.detail, "" if connected else "; messages wait in the outbox")
        if not self._stopping.is_set():
            self._status = status
