"""What is said over one connection to the broker, and in which order."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from pydantic import ValidationError

from monitor.discovery import Discovery
from monitor.link import TURN_S, Acknowledged, Link, Received
from monitor.messages import (
    COMMANDS,
    MAX_PAYLOAD_BYTES,
    OFFLINE,
    ONLINE,
    Command,
    Topics,
    is_clip_topic,
)
from monitor.outbox import Outbox, Outgoing, Waiting

log = logging.getLogger(__name__)

REFUSED_AGAIN_S = 30.0  # messages that the broker refused are offered again after this
ACKNOWLEDGE_S = 30.0  # a broker that acknowledges nothing for so long is left and tried anew
CLIP_STRIKES = 4  # connections that a clip may break before it is given up
BIRTH_WAIT_S = (1.0, 5.0)  # after Home Assistant's birth, at random, so that boxes do not crowd
GOODBYE_S = 0.5  # of the time to stop, kept for saying "offline"
DISCOVERY_TOPICS = "discovery_topics"  # key in the outbox
LIVE_MESSAGES = 100  # messages of the moment that are not yet handed to the socket

# What to do when the broker refuses a message (MQTT 5, section 3.4.2.1).
_ADVICE = {
    0x87: "give our user the right to write it",
    0x95: "let it take messages of 512 KiB, or keep no clips",
    0x97: "its quota is used up",
}
_PERHAPS_LATER = frozenset({0x87, 0x97})  # a clip refused for another reason is given up

CommandHandler = Callable[[str, Command], None]


class Mailbox:
    """What other threads want said, beside the outbox: retained states and live values."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._retained: dict[str, bytes] = {}
        self._due: dict[str, bytes] = {}  # the newest of each topic, in order
        self._live: deque[tuple[Outgoing, int]] = deque(maxlen=LIVE_MESSAGES)

    def retain(self, topic: str, payload: bytes) -> None:
        """Say a state now, and again whenever everything is said again."""
        with self._lock:
            self._retained[topic] = payload
            self._due.pop(topic, None)  # to the end, so that "online" comes after the states
            self._due[topic] = payload

    def live(self, message: Outgoing, qos: int) -> None:
        """Say a value of the moment; the oldest is dropped when there are too many."""
        with self._lock:
            self._live.append((message, qos))

    def begin_again(self, *, live: bool = False) -> None:
        """Say every state again; `live` False also forgets the values of a moment now past."""
        with self._lock:
            self._due = dict(self._retained)
            if not live:
                self._live.clear()

    def take_due(self, limit: int) -> list[Outgoing]:
        """At most `limit` states to be sent now."""
        with self._lock:
            topics = list(self._due)[: max(0, limit)]
            return [Outgoing(topic, self._due.pop(topic)) for topic in topics]

    def take_live(self) -> list[tuple[Outgoing, int]]:
        """All values to be sent now, with their QoS."""
        with self._lock:
            taken = list(self._live)
            self._live.clear()
        return taken

    @property
    def empty(self) -> bool:
        """Whether there is nothing to send."""
        with self._lock:
            return not self._due and not self._live


def discovery_topics(outbox: Outbox) -> set[str]:
    """The discovery topics on which we have left something."""
    return set(json.loads(outbox.recall(DISCOVERY_TOPICS) or "[]"))


def remember_discovery_topics(outbox: Outbox, topics: set[str]) -> None:
    """Replace what `discovery_topics` gives."""
    outbox.remember(DISCOVERY_TOPICS, json.dumps(sorted(topics)))


@dataclass
class Session:
    """One connection, from `online` to its end; lives on the publisher's thread."""

    link: Link
    topics: Topics
    outbox: Outbox
    mailbox: Mailbox
    discovery: Discovery | None
    on_command: CommandHandler | None
    note: Callable[[str], None]
    """Is told what the broker refuses, and the empty text when it takes everything again."""
    strikes: Counter[int]
    """By id in the outbox: how many connections have ended with this clip on its way."""

    _flying: dict[int, tuple[Waiting | Outgoing, float]] = field(default_factory=dict)
    """By packet id: what was sent and not yet acknowledged, and when (s, monotonic)."""
    _sent_up_to: int = 0
    """Id in the outbox."""
    _paused: bool = False
    """Nothing is sent from the outbox before `_retry_at`."""
    _retry_at: float = float("inf")
    """When to offer again what the broker has refused."""
    _birth_at: float = float("inf")
    _complaints: dict[str, str] = field(default_factory=dict)
    """By kind of topic: what the broker refuses."""

    def serve(self, stopping: threading.Event, stop_by: Callable[[], float]) -> None:
        """Send and receive until the connection ends, or politely stop it."""
        self.link.subscribe(self.topics.command("+"), show_retained=True)
        if self.discovery is not None:
            self.link.subscribe(self.discovery.birth_topic, show_retained=False)
        self.mailbox.begin_again()
        self.mailbox.retain(self.topics.availability, ONLINE)
        while self.link.ended is None:
            if stopping.is_set() and (self._idle() or time.monotonic() > stop_by() - GOODBYE_S):
                self._say_goodbye(stop_by())
                return
            self._send()
            self._turn(TURN_S)

    def blame_clips(self) -> None:
        """The connection broke: give up a clip that seems to be what breaks it each time.

        A broker that takes no message of its size may end the connection over it, and paho ends
        it over reason codes that it does not know (149 in an acknowledgement, paho 2.2.0).
        """
        for what, _ in self._flying.values():
            if isinstance(what, Waiting) and what.message.spare:
                self.strikes[what.id] += 1
                if self.strikes[what.id] >= CLIP_STRIKES:
                    log.warning("a clip breaks every connection to the broker; it is given up")
                    self.outbox.drop_clip(what.id)

    def _turn(self, timeout_s: float) -> None:
        news = self.link.turn(timeout_s)
        self._take_acknowledgements(news.acknowledged)
        for message in news.received:
            self._receive(message)
        now = time.monotonic()
        if now > self._birth_at:
            self._birth_at = float("inf")
            self.mailbox.begin_again(live=True)
        oldest = next(iter(self._flying.values()), None)
        if oldest is not None and now - oldest[1] > ACKNOWLEDGE_S:
            self.link.give_up("it acknowledges nothing")

    def _idle(self) -> bool:
        waiting = [] if self._paused else self.outbox.batch(1, self._sent_up_to)
        return not self._flying and self.mailbox.empty and not waiting

    def _say_goodbye(self, by: float) -> None:
        mid = self.link.publish(self.topics.availability, OFFLINE, qos=1, retain=True)
        self._flying[mid] = (Outgoing(self.topics.availability, OFFLINE), time.monotonic())
        while mid in self._flying and self.link.ended is None and time.monotonic() < by:
            self._turn(0.05)

    def _send(self) -> None:
        now = time.monotonic()
        for message in self.mailbox.take_due(self.link.window - len(self._flying)):
            mid = self.link.publish(message.topic, message.payload, qos=1, retain=True)
            self._flying[mid] = (message, now)
        for message, qos in self.mailbox.take_live():
            mid = self.link.publish(message.topic, message.payload, qos=qos, retain=False)
            if qos:
                self._flying[mid] = (message, now)
        if now > self._retry_at and not self._outbox_flying():
            self._paused, self._retry_at = False, float("inf")
            self._sent_up_to = 0
        room = self.link.window - len(self._flying)
        if room > 0 and not self._paused:
            self._send_from_outbox(room, now)

    def _send_from_outbox(self, room: int, now: float) -> None:
        for waiting in self.outbox.batch(room, self._sent_up_to):
            self._sent_up_to = waiting.id
            message = waiting.message
            if len(message.topic) + len(message.payload) + 16 > self.link.packet_bytes:
                self._refuse(waiting, Acknowledged(0, 0x95, "Packet too large"))
                continue
            mid = self.link.publish(message.topic, message.payload, qos=1, retain=False)
            self._flying[mid] = (waiting, now)

    def _outbox_flying(self) -> bool:
        return any(isinstance(what, Waiting) for what, _ in self._flying.values())

    def _take_acknowledgements(self, answers: list[Acknowledged]) -> None:
        done: list[int] = []
        for answer in answers:
            what, _ = self._flying.pop(answer.mid, (None, 0.0))
            if what is None:
                continue
            if answer.refused:
                self._refuse(what, answer)
                continue
            self._no_longer_refused(what)
            if isinstance(what, Waiting):
                done.append(what.id)
            else:
                self._note_discovery(what)
        if done:
            self.outbox.acknowledge(done)

    def _note_discovery(self, what: Outgoing) -> None:
        """Keep in mind which discovery topics hold something, to empty those no longer in use."""
        config = self.discovery.config if self.discovery else None
        known = discovery_topics(self.outbox)
        if config is not None and what.topic == config.topic and what.topic not in known:
            remember_discovery_topics(self.outbox, known | {what.topic})
        elif what.topic in known and not what.payload:
            remember_discovery_topics(self.outbox, known - {what.topic})

    def _refuse(self, what: Waiting | Outgoing, answer: Acknowledged) -> None:
        """Keep what the broker did not take, unless it may be spared and will never be taken."""
        kind, advice = _kind(what), _ADVICE.get(answer.code, "see its log")
        complaint = f"the broker refuses {kind}: {answer.reason}; {advice}"
        if self._complaints.get(kind) != complaint:
            self._complaints[kind] = complaint
            self.note(complaint)
        if not isinstance(what, Waiting):
            return
        message = what.message
        if message.spare and answer.code not in _PERHAPS_LATER:
            log.warning("one of %s is given up", kind)
            self.outbox.drop_clip(what.id)
            return
        # Clips and minutes do not hold up cries; all else waits, so that the order is kept.
        self._paused = self._paused or not message.spare
        self._retry_at = min(self._retry_at, time.monotonic() + REFUSED_AGAIN_S)

    def _no_longer_refused(self, what: Waiting | Outgoing) -> None:
        if self._complaints.pop(_kind(what), None):
            self.note(next(iter(self._complaints.values()), ""))

    def _receive(self, message: Received) -> None:
        if self.discovery is not None and message.topic == self.discovery.birth_topic:
            if message.payload == ONLINE and not message.retained:
                self._birth_at = time.monotonic() + random.uniform(*BIRTH_WAIT_S)  # noqa: S311
            return
        what = message.topic.rpartition("/")[2]
        try:
            command = _command(what, message)
        except ValueError as error:
            log.warning("command %.40r dropped: %s", what, error)
            return
        if self.on_command is not None:
            try:
                self.on_command(what, command)
            except Exception:  # a mistake in a command must not end the publishing
                log.exception("command %s failed", what)


def _kind(what: Waiting | Outgoing) -> str:
    """The topic, for all clips together."""
    message = what.message if isinstance(what, Waiting) else what
    return message.topic.rpartition("/")[0] if is_clip_topic(message.topic) else message.topic


def _command(what: str, message: Received) -> Command:
    """Read a command; ValueError says in one line why it is none."""
    if message.retained:
        raise ValueError("it is retained, and would be repeated at each connect")
    if what not in COMMANDS:
        raise ValueError(f"there are only {', '.join(COMMANDS)}")
    if len(message.payload) > MAX_PAYLOAD_BYTES:
        raise ValueError(f"more than {MAX_PAYLOAD_BYTES} bytes")
    try:
        return Command.model_validate_json(message.payload)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{where + ': ' if where else ''}{first['msg']}") from None
