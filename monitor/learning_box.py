"""Learns from reviews at one box: remembers its cries, takes what carers say, goes by it.

On the listener's thread everything is a matter of microseconds; the disk and the learning are the
worker's. What is asked for is answered once it is on the disk, so that nobody need send it twice,
and sending it twice does no harm.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args

from models.card import Card, CryRule, ModelError
from models.cry_model import HopScores
from models.local import Embeddings, read_anchors
from monitor.cries import CryEvent, Sensitivity, at_sensitivity
from monitor.learning import NOTHING, Circumstances, Learned, Outcome, Verdict, study
from monitor.learning_store import LearningStore, StoreError, Wishes
from monitor.messages import Answer, Command, CryStep, LearningMessage, Tolerance
from monitor.worker import Job, Worker

log = logging.getLogger(__name__)

BEFORE_S = 1.0  # of hops kept before a cry's first call
LONGEST_S = 30.0  # of a cry are kept
MEMORY_S = 20.0  # of hops, so that those before the announcement are still there
WINDOW = timedelta(days=14)  # over which false alarms are counted
LEARN_AFTER_S = 4.0  # after the last review: several come together
FINISH_S = 0.5  # of the three seconds that a clean stop may take
WAITING = 100  # things to do; what is more must be said again
WHAT = ("review", "learning", "false_alarms")
SHIPPED = Path(__file__).resolve().parents[1] / "models"

TOLD_VERSIONS = 10  # the newest; a message has its limit
MOST_LESSONS = 120  # reviews that are learned from at once, the newest
NOTHING_YET = "Nothing is learned yet: no sound was marked as not a cry."
UNKNOWN_CRY = "this box remembers no sound of that cry, so it cannot learn from it"


class RefusedError(Exception):
    """What was asked for cannot be done; the text says what can."""


@dataclass
class _OpenCry:
    """A cry that goes on, and its hops so far."""

    cry: str
    until_s: float  # of the stream
    hops: list[HopScores]


@dataclass(frozen=True)
class _Answer:
    """What became of a command."""

    what: str
    command: Command
    ok: bool
    text: str


@dataclass(frozen=True)
class _Done:
    """What the worker brings back."""

    answers: tuple[_Answer, ...]
    learned: Learned
    message: LearningMessage


Task = Callable[[], _Answer | None]


class Learner:
    """One box's; everything but what it hands to the worker is the listener's thread's."""

    def __init__(  # noqa: PLR0913 - each is one of its partners
        self,
        box: str,
        card: Card,
        hop_s: float,
        store: LearningStore,
        worker: Worker,
        *,
        sensitivity: Callable[[], Sensitivity],
        use: Callable[[Learned], None],
        say: Callable[[LearningMessage], None],
        answer: Callable[[str, Answer], None],
        folder: Path = SHIPPED,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`use` is told what to go by, `say` what to tell the dashboard; `folder` has anchors."""
        self._box, self._card, self._hop_s = box, card, hop_s
        self._store, self._worker = store, worker
        self._sensitivity, self._use, self._say, self._answer = sensitivity, use, say, answer
        self._folder, self._now, self._clock = folder, now, clock
        self._recent: deque[HopScores] = deque(maxlen=round(MEMORY_S / hop_s))
        self._open: _OpenCry | None = None
        self._tasks: deque[Task] = deque()
        self._job: Job[_Done] | None = None
        self._learn_at: float | None = None  # monotonic, s
        self._said: dict[str, object] = {}  # but for its moment
        self._text = ""  # of the last outcome, also where it made no version
        self.version = 0

    def start(self) -> None:
        """Go by what was learned before. Raises StoreError."""
        self._go_by(self._state())

    # What is heard.

    def begin_stream(self) -> None:
        """Another stream: its times begin anew."""
        self._recent.clear()
        self._open = None

    def hear(self, hops: Iterable[HopScores]) -> None:
        """The next hops, as the model gave them."""
        for hop in hops:
            self._recent.append(hop)
            if self._open is not None and hop.time_s <= self._open.until_s:
                self._open.hops.append(hop)

    def follow(self, event: CryEvent, cry: str | None) -> None:
        """One step of the cry of that id."""
        if event.step is CryStep.STARTED and cry is not None:
            since = event.onset_s - BEFORE_S
            hops = [hop for hop in self._recent if hop.time_s >= since]
            self._open = _OpenCry(cry, event.onset_s + LONGEST_S, hops)
        elif event.step in (CryStep.ENDED, CryStep.RETRACTED):
            ended, self._open = self._open, None
            if ended is not None and event.step is CryStep.ENDED:
                self._remember(ended)

    def _remember(self, cry: _OpenCry) -> None:
        at = self._now()

        def keep() -> None:
            self._store.keep(cry.cry, at, cry.hops)

        if not self._add(keep):
            log.warning("too much at once; a cry is not remembered to learn from")

    # What is asked for.

    def obey(self, what: str, command: Command) -> None:
        """Do it, and answer when it is done; raises RefusedError."""
        if what == "review":
            task = self._review(command)
        elif what == "learning":
            task = self._learning(command)
        else:
            task = self._false_alarms(command)

        def done() -> _Answer:
            ok, text = task()
            return _Answer(what, command, ok, text)

        if not self._add(done):
            log.warning("too much at once; %s is to be said again", what)

    def _review(self, command: Command) -> Callable[[], tuple[bool, str]]:
        cry, verdict = command.cry, command.value
        if cry is None:
            raise RefusedError("cry must name the cry")
        if verdict is not None and verdict not in get_args(Verdict):
            raise RefusedError(f"value must be {', '.join(get_args(Verdict))} or null")
        self._learn_at = self._clock() + LEARN_AFTER_S

        def write() -> tuple[bool, str]:
            known = self._store.review(cry, verdict)  # type: ignore[arg-type]  # checked above
            return (True, "noted") if known else (verdict is None, UNKNOWN_CRY)

        return write

    def _learning(self, command: Command) -> Callable[[], tuple[bool, str]]:
        value = command.value
        if value is True:
            self._learn_at = self._clock()

            def go_on() -> tuple[bool, str]:
                newest = next((one.version for one in self._store.versions()), 0)
                self._store.wish(replace(self._store.wishes(), on=True, version=newest))
                return True, "it goes by what it has learned, and goes on learning"

            return go_on
        if value is False or (isinstance(value, int | float) and float(value).is_integer()):
            number = int(value)
        else:
            raise RefusedError("value must be true, false, or the number of a version")

        def hold() -> tuple[bool, str]:
            if number and self._store.version(number) is None:
                return False, f"there is no version {number} any more"
            self._store.wish(replace(self._store.wishes(), on=False, version=number))
            return True, f"it goes by version {number}" if number else "it hears as it was made"

        return hold

    def _false_alarms(self, command: Command) -> Callable[[], tuple[bool, str]]:
        known = [one.value for one in Tolerance]
        if command.value not in known:
            raise RefusedError(f"value must be one of {', '.join(known)}")
        self._learn_at = self._clock()

        def write() -> tuple[bool, str]:
            wishes = replace(self._store.wishes(), tolerance=Tolerance(str(command.value)))
            self._store.wish(wishes)
            return True, "noted"

        return write

    def sensitivity_changed(self) -> None:
        """Cries are judged by another threshold now: what was learned is weighed again."""
        self._learn_at = self._clock() + LEARN_AFTER_S

    # What becomes due.

    def turn(self) -> None:
        """Hand over what is to be done, and go by what came of it."""
        if self._job is not None:
            if not self._job.done:
                return
            done, self._job = self._job.result, None
            if done is not None:
                self._go_by(done)
                for one in done.answers:
                    log.info("%s: %s", one.what, one.text)
                    said = Answer(id=one.command.id, ok=one.ok, message=one.text[:300])
                    self._answer(one.what, said)
        learn = self._learn_at is not None and self._clock() >= self._learn_at
        if not self._tasks and not learn:
            return
        tasks = tuple(self._tasks)
        rule = at_sensitivity(self._card.rule, self._sensitivity())
        self._job = self._worker.submit(lambda: self._work(tasks, rule if learn else None))
        if self._job is not None:
            self._tasks.clear()
            self._learn_at = None if learn else self._learn_at

    def finish(self, patience_s: float = FINISH_S) -> None:
        """Write down what still waits, within so long."""
        end = self._clock() + patience_s
        while (self._job or self._tasks) and self._clock() < end:
            if self._job is not None:
                self._job.wait(max(0.0, end - self._clock()))
            self.turn()
            if self._job is None and self._tasks:
                time.sleep(0.01)  # the worker had no room for it

    def _add(self, task: Callable[[], _Answer | None]) -> bool:
        if len(self._tasks) >= WAITING:
            return False
        self._tasks.append(task)
        return True

    def _go_by(self, done: _Done) -> None:
        self.version = done.message.version
        content = done.message.model_dump(exclude={"at"})
        if content != self._said:
            self._said = content
            self._use(done.learned)
            self._say(done.message)

    # On the worker's thread.

    def _work(self, tasks: Iterable[Task], rule: CryRule | None) -> _Done:
        answers = []
        for task in tasks:
            try:
                answer = task()
            except StoreError as error:  # not answered: it is sent again
                log.error("%s", error)
                continue
            if answer is not None:
                answers.append(answer)
        if rule is not None:
            self._study(rule)
        return self._state(tuple(answers))

    def _study(self, rule: CryRule) -> None:
        wishes = self._store.wishes()
        try:
            anchors = read_anchors(self._folder, self._card)
            outcome = self._outcome(anchors, rule, wishes)
        except (ModelError, StoreError) as error:
            self._text = f"Nothing can be learned now: {error}"
            log.error("%s", self._text)
            return
        self._text = outcome.text
        if not wishes.on:
            return
        newest = next((one.version for one in self._store.versions()), 0)
        version = newest
        if not outcome.learned:
            version = 0
        elif self._store.version(newest) != outcome.learned:
            version = self._store.add_version(outcome, self._now())
            log.info("version %d: %s", version, outcome.text)
        self._store.wish(replace(wishes, version=version))

    def _outcome(self, anchors: Embeddings, rule: CryRule, wishes: Wishes) -> Outcome:
        now = self._now()
        count, first = self._store.announced(now - WINDOW)
        by = Circumstances(
            model=self._card.sha256,
            rule=rule,
            hop_s=self._hop_s,
            tolerance=wishes.tolerance,
            days=(now - (first or now)) / timedelta(days=1),
            announced=count,
        )
        return study(self._store.lessons()[-MOST_LESSONS:], anchors, by)

    def _state(self, answers: tuple[_Answer, ...] = ()) -> _Done:
        wishes, versions = self._store.wishes(), self._store.versions()
        learned = self._store.version(wishes.version) or NOTHING
        right, not_a_cry = self._store.reviews()
        said = next((one.text for one in versions if one.version == wishes.version), "")
        message = LearningMessage(
            box=self._box,
            at=self._now(),
            model=self._card.label,
            on=wishes.on,
            version=wishes.version if learned else 0,
            tolerance=wishes.tolerance,
            right=right,
            not_a_cry=not_a_cry,
            text=(self._text or said or NOTHING_YET)[:600],
            versions=tuple(versions[:TOLD_VERSIONS]),
        )
        return _Done(answers, learned, message)
