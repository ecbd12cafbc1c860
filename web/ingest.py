"""Ingest: from the broker into the records; the loop, and what it does beside.

A batch of messages is one transaction, and is acknowledged when that is committed: whatever ends
this process in between, the broker sends them again and nothing is written twice. Several may run
at once on a shared subscription.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime

from monitor.settings import Settings, is_synchronised
from web import boxes, health, lost, proof, quarantine, retention
from web import levels as level
from web.animal_commands import Saying
from web.care_teller import TELL_EVERY_S, CareTeller
from web.database import Database, DatabaseError
from web.following import EVERY_S, Follower
from web.learning_teacher import TEACH_EVERY_S, Teacher
from web.levels import Levels
from web.mqtt import Arrived, Connection
from web.records import Heartbeat
from web.take import take

BATCH = 200  # messages in one transaction at most
LOST_EVERY_S = 5.0
RETRY_FIRST_S, RETRY_MOST_S = 0.2, 10.0  # waits between tries while the records are away
TELL_REFUSED_EVERY_S = 60.0

log = logging.getLogger(__name__)


class Ingest:
    """Runs in the calling thread until told to stop."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        connection: Connection,
        name: str,
        clock: Callable[[], datetime],
    ) -> None:
        """`name` tells several apart."""
        self._stopping = False  # a plain flag: locks have no place in a signal handler
        self._database, self._settings = database, settings
        self._connection, self._name, self._clock = connection, name, clock
        self._levels = Levels(settings.mqtt.base_topic)
        self._follower = Follower(database, settings, connection.publish)
        self._teacher = Teacher(database, connection.command)
        self._care = CareTeller(database, settings, connection)
        self._published_on = 0  # number of the connection that all was published on
        self._chores = (
            Chore(EVERY_S, self._follow),
            Chore(level.EVERY_S, self._write_levels),
            Chore(TEACH_EVERY_S, self._teach),
            Chore(TELL_EVERY_S, self._tell_of_care),
            Chore(health.BEAT.total_seconds(), self._beat),
            Chore(LOST_EVERY_S, self._mark_lost),
            Chore(retention.EVERY_S, self._forget),
            Chore(proof.EVERY_S, self._prove),
        )
        self._refused = Refusals()
        self._trouble: str | None = None

    def run(self) -> None:
        """Take what comes, and do the chores, until told to stop."""
        with self._database.writing() as session:
            boxes.configured(session, self._settings, self._clock())
        self._connection.start()
        try:
            while not self._stopping:
                arrived = self._connection.inbox.take(EVERY_S, BATCH)
                if self._persist([one for one in arrived if not self._levels.take(one)]):
                    self._connection.acknowledge(arrived)
                    # What has just come in is thought about at once; in a flood, now and then.
                    self._do_chores(at_once=bool(arrived) and not self._connection.inbox)
        finally:
            self._connection.stop()

    def stop(self) -> None:
        """End `run` within a moment; from a signal handler or another thread."""
        self._stopping = True

    def _persist(self, messages: list[Arrived]) -> bool:
        """Write messages down, however long that takes; False if told to stop before."""
        wait_s = RETRY_FIRST_S
        while messages:
            try:
                self._write(messages)
            except DatabaseError as error:
                self._tell(str(error))
                self._wait(wait_s)
                if self._stopping:
                    return False
                wait_s = min(2 * wait_s, RETRY_MOST_S)
            else:
                self._tell(None)
                break
        return True

    def _wait(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._stopping and time.monotonic() < until:
            time.sleep(min(EVERY_S, seconds))

    def _write(self, messages: list[Arrived]) -> None:
        """All in one transaction; one by one if one of them spoils it. Raises DatabaseError."""
        try:
            self._write_together(messages)
        except DatabaseError:
            raise
        except Exception as error:
            if len(messages) > 1:
                for message in messages:
                    self._write([message])
                return
            # No message may stop the others, whatever it is that we did not think of.
            log.exception("a message on %s could not be written", messages[0].topic)
            with self._database.writing() as session:
                reason = f"could not be written: {type(error).__name__}"
                quarantine.put(session, [(messages[0], reason)], self._clock())

    def _write_together(self, messages: list[Arrived]) -> None:
        answers: list[Saying] = []
        with self._database.writing() as session:
            reasons = take(
                session,
                messages,
                self._settings,
                self._clock(),
                answers,
                clock_is_set=is_synchronised(),
            )
        for answer in answers:  # lost without a connection; then the command comes again as well
            self._connection.tell(answer.topic, answer.payload, retain=False)
        for message, reason in zip(messages, reasons, strict=True):
            if reason is not None:
                self._refused.tell(message.topic, reason, time.monotonic())

    def _do_chores(self, *, at_once: bool) -> None:
        """`at_once`: the suggestions are looked at without waiting for their turn."""
        try:
            for chore in self._chores:
                if chore.is_due(time.monotonic()) or (at_once and chore.work == self._follow):
                    chore.done_at = time.monotonic()
                    self._do(chore)
        except DatabaseError as error:
            self._tell(str(error))
        else:
            self._tell(None)

    def _do(self, chore: Chore) -> None:
        """No chore may stop the taking of messages, whatever we did not think of."""
        try:
            chore.work()
        except DatabaseError:
            raise
        except Exception as error:
            if repr(error) != chore.failed_with:  # told once, not four times a second
                log.exception("%s failed; it is tried again", chore.work.__name__.strip("_"))
            chore.failed_with = repr(error)
        else:
            chore.failed_with = None

    def _follow(self) -> None:
        if self._connection.number != self._published_on:
            self._published_on = self._connection.number
            self._follower.connected_anew()
            self._teacher.connected_anew()
            self._care.connected_anew()
        self._follower.turn(self._clock(), time.monotonic())

    def _teach(self) -> None:
        self._teacher.turn(self._clock(), time.monotonic())

    def _tell_of_care(self) -> None:
        self._care.turn(self._clock(), time.monotonic())

    def _write_levels(self) -> None:
        if self._levels.waiting:
            with self._database.writing(soft=True) as session:
                self._levels.write(session, self._clock())
            self._levels.forget()

    def _beat(self) -> None:
        details = {
            "connected": self._connection.connected,
            "dropped_levels": self._connection.inbox.dropped,
        }
        with self._database.writing(soft=True) as session:
            session.merge(
                Heartbeat(name=f"{health.INGEST} {self._name}", at=self._clock(), details=details)
            )

    def _mark_lost(self) -> None:
        now = self._clock()
        with self._database.reading() as session:
            if not lost.any_silent(session, now):
                return
        with self._database.writing() as session:
            for cry_id in lost.mark(session, now):
                log.info("lost sight of the cry %s: its listener tells nothing more of it", cry_id)

    def _forget(self) -> None:
        with self._database.writing() as session:
            forgotten = retention.run(session, self._settings.clips, self._clock())
        if any(forgotten.values()):
            told = ", ".join(f"{count} {what}" for what, count in forgotten.items() if count)
            log.info("forgot what is past its time: %s", told)

    def _prove(self) -> None:
        now = self._clock()
        with self._database.reading() as session:
            reckoned = proof.due(session, self._settings.house, now)
        if reckoned:
            with self._database.writing() as session:
                proof.keep(session, reckoned, now)

    def _tell(self, trouble: str | None) -> None:
        """Trouble with the records is told when it begins and when it ends."""
        if trouble is not None and self._trouble is None:
            log.error("%s; what comes in waits with the broker meanwhile", trouble)
        elif trouble is None and self._trouble is not None:
            log.info("the records can be written again")
        self._trouble = trouble


class Chore:
    """Something that is done every so often."""

    def __init__(self, every_s: float, work: Callable[[], None]) -> None:
        self.work = work
        self.done_at: float | None = None  # monotonic, s
        self.failed_with: str | None = None
        self._every_s = every_s

    def is_due(self, monotonic_s: float) -> bool:
        """Whether it is time."""
        return self.done_at is None or monotonic_s - self.done_at >= self._every_s


class Refusals:
    """Tells of refused messages in the log, but not of each in a flood."""

    def __init__(self) -> None:
        self._told_at: float | None = None
        self._untold = 0

    def tell(self, topic: str, reason: str, monotonic_s: float) -> None:
        """One message was refused."""
        if self._told_at is not None and monotonic_s - self._told_at < TELL_REFUSED_EVERY_S:
            self._untold += 1
            return
        more = f" (and {self._untold} others before it)" if self._untold else ""
        log.warning("not taken: %s: %s%s; it is in quarantine", topic, reason, more)
        self._told_at, self._untold = monotonic_s, 0
