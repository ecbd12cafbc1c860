"""Commands that reach the listener over MQTT: sensitivity, mute, a test, what it is taught."""

from __future__ import annotations

import logging
import queue
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast, get_args

import numpy as np

from models.cry_model import CryModel
from models.synthesis import bout, draw_voice
from monitor.blocks import RATE_HZ
from monitor.cries import CryEvent, Sensitivity
from monitor.cry_messages import CryMessages
from monitor.ear import Ear
from monitor.hearing import Hearing
from monitor.learning_box import WHAT as LEARNERS
from monitor.learning_box import Learner, RefusedError
from monitor.messages import COMMANDS, Answer, Command, Topics
from monitor.outbox import Outbox, Outgoing
from monitor.worker import Job, Worker

log = logging.getLogger(__name__)

COMMANDS_WAITING = 20
MUTE_MOST_MIN = 24 * 60.0
TEST_CRY_S, TEST_SILENCE_S = 6.0, 6.0
TEST_SEED = 7
SENSITIVITY = "sensitivity"  # key in the outbox

Value = bool | float | str | None


@dataclass
class _Test:
    """A test under way."""

    command: Command
    began: float  # monotonic, s
    job: Job[list[CryEvent]]


class Inbox:
    """Commands that came on another thread and wait for the listener's; a few at most."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[tuple[str, Command]] = queue.Queue(COMMANDS_WAITING)

    def put(self, what: str, command: Command) -> None:
        """Leave a command; it is carried out within a turn of the listener."""
        try:
            self._waiting.put_nowait((what, command))
        except queue.Full:
            log.warning("too many commands at once; %s is ignored", what)

    def take(self) -> tuple[str, Command] | None:
        """The oldest command that waits."""
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            return None


class Remote:
    """Carries out commands and answers each; runs on the listener's thread."""

    def __init__(  # noqa: PLR0913, PLR0917 - each is one of its partners
        self,
        inbox: Inbox,
        topics: Topics,
        ear: Ear,
        model: CryModel,
        outbox: Outbox,
        worker: Worker,
        test_messages: CryMessages,
        configured: Sensitivity,
        say: Callable[[str, bytes], None],
        told: Callable[[], None],
        clock: Callable[[], float] = time.monotonic,
        learner: Learner | None = None,
    ) -> None:
        """`say` sends an answer; `told` is called when the outbox holds something new."""
        self._inbox = inbox
        self._topics = topics
        self._ear = ear
        self._model = model
        self._outbox = outbox
        self._worker = worker
        self._test_messages = test_messages
        self._configured = configured
        self._say = say
        self._told = told
        self._clock = clock
        self._learner = learner
        self._unmute_at: float | None = None
        self._test: _Test | None = None

    def obey(self, what: str, command: Command) -> None:
        """Carry a command out, or say why not."""
        try:
            if what == "sensitivity":
                self._sensitivity(command)
            elif what == "mute":
                self._mute(command)
            elif what == "test":
                self._begin_test(command)
            elif what in LEARNERS and self._learner is not None:
                self._learner.obey(what, command)
            else:
                raise RefusedError(f"there are {', '.join(COMMANDS)}")
        except RefusedError as refused:
            self._answer(what, command, False, str(refused))

    def turn(self) -> None:
        """Carry out what has come, and do what has become due."""
        while (waiting := self._inbox.take()) is not None:
            self.obey(*waiting)
        if self._unmute_at is not None and self._clock() >= self._unmute_at:
            self._unmute_at = None
            self._ear.mute(False)
        if self._test is not None and self._test.job.done:
            test, self._test = self._test, None
            self._end_test(test)
        if self._learner is not None:
            self._learner.turn()

    def _sensitivity(self, command: Command) -> None:
        if command.value not in get_args(Sensitivity):
            raise RefusedError(f"value must be one of {', '.join(get_args(Sensitivity))}")
        self._ear.set_sensitivity(cast(Sensitivity, command.value))
        self._outbox.remember(SENSITIVITY, f"{command.value} {self._configured}")
        if self._learner is not None:
            self._learner.sensitivity_changed()
        self._answer("sensitivity", command, True, f"sensitivity is {command.value} now")

    def _mute(self, command: Command) -> None:
        value = command.value
        if isinstance(value, bool):
            minutes = None
        elif isinstance(value, int | float) and 0 < value <= MUTE_MOST_MIN:
            minutes, value = float(value), True
        else:
            raise RefusedError(f"value must be true, false, or minutes up to {MUTE_MOST_MIN:.0f}")
        self._ear.mute(value)
        self._unmute_at = None if minutes is None else self._clock() + minutes * 60
        how_long = "" if minutes is None else f" for {minutes:g} min"
        self._answer("mute", command, True, f"muted{how_long}" if value else "listening")

    def _begin_test(self, command: Command) -> None:
        if self._test is not None:
            raise RefusedError("a test is under way")
        job = self._worker.submit(lambda: hear_test_cry(self._model))
        if job is None:
            raise RefusedError("busy; try again in a moment")
        self._test = _Test(command, self._clock(), job)

    def _end_test(self, test: _Test) -> None:
        events = test.job.result
        if not events:
            self._answer("test", test.command, False, "the test cry was not recognised")
            return
        began = self._clock() - max(event.decided_s for event in events)
        messages = [self._test_messages.write(event, lambda s: began + s) for event in events]
        outgoing = [Outgoing(self._topics.cry, message.payload()) for message in messages]
        self._outbox.close_step(outgoing, self._outbox.open_cry())
        self._told()
        took_s = self._clock() - test.began
        heard = f"a test cry was recognised as {messages[-1].species} and sent as a demo cry"
        self._answer("test", test.command, True, f"{heard} ({took_s:.1f} s of work)")

    def _answer(self, what: str, command: Command, ok: bool, message: str) -> None:
        log.info("command %s %r: %s", what, command.value, message)
        value: Value = {"sensitivity": self._ear.sensitivity, "mute": self._ear.muted}.get(what)
        answer = Answer(id=command.id, ok=ok, message=message[:300], value=value)
        self._say(self._topics.answer(what), answer.payload())


def hear_test_cry(model: CryModel) -> list[CryEvent]:
    """What is heard in a made-up kitten's cry."""
    rng = np.random.default_rng(TEST_SEED)
    cry, _ = bout(draw_voice("kitten", 8.0, rng), TEST_CRY_S, 0.7, rng)
    hearing = Hearing(model)
    hush = np.float32(0.001) * rng.standard_normal(
        round(TEST_SILENCE_S * RATE_HZ), dtype=np.float32
    )
    heard = [hearing.push(piece) for piece in (hush, cry, hush)]
    return [event for one in (*heard, hearing.finish()) for event in one.events]


def remembered_sensitivity(outbox: Outbox, configured: Sensitivity) -> Sensitivity:
    """What a carer asked for last; the settings win when they have been changed since."""
    asked, _, then = (outbox.recall(SENSITIVITY) or "").partition(" ")
    known = asked in get_args(Sensitivity) and then == configured
    return cast(Sensitivity, asked) if known else configured
