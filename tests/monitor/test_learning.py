"""A box learns from reviews: what is kept, what is learned, what is asked for and answered."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from models.card import read_card
from models.cry_model import CryModel, HopScores
from models.local import Correction, Embeddings, read_anchors
from monitor.cries import CryEvent, at_sensitivity
from monitor.hearing import Hearing
from monitor.learning import (
    NOTHING,
    SHIFTS,
    Circumstances,
    Learned,
    Lesson,
    Outcome,
    announced,
    study,
)
from monitor.learning_box import UNKNOWN_CRY, Learner, RefusedError
from monitor.learning_store import MOST_CRIES, LearningStore, StoreError
from monitor.messages import Answer, Command, CryStep, LearningMessage, Tolerance
from monitor.worker import Job
from tests.monitor.loud_model import bout

MODELS = Path(__file__).parents[2] / "models"
CARD = read_card(MODELS / "card.json")
HOP_S = 0.16
NOW = datetime(2026, 11, 22, 2, 14, tzinfo=UTC)


@pytest.fixture(scope="module")
def anchors() -> Embeddings:
    return read_anchors(MODELS, CARD)


def name(number: int) -> str:
    return f"01929b1e-7c1a-7aa0-a2ef-{number:012x}"


def heard(calls: Embeddings, number: int, score: float = 0.95) -> tuple[HopScores, ...]:
    """A cry of four calls, each hop of which has one of the embeddings."""
    rng = np.random.default_rng(number)
    hops = []
    for place in range(40):
        voice = place % 10 < 4
        embedding = calls[int(rng.integers(len(calls)))] if voice else None
        p = score if voice else 0.02
        hops.append(HopScores(place * HOP_S, p, 0.0, place * HOP_S + 0.5, embedding))
    return tuple(hops)


def lessons(anchors: Embeddings, right: int, wrong: int, away: float = 3.0) -> list[Lesson]:
    """Cries like the anchors; and sounds like some, but shifted to one side."""
    side = np.random.default_rng(1).standard_normal(anchors.shape[1]) * anchors.std(0)
    toy = (anchors[:40] + away * side).astype(np.float32)
    cries = [Lesson(name(i), heard(anchors, i), "right") for i in range(right)]
    none = [Lesson(name(100 + i), heard(toy, i), "not_a_cry") for i in range(wrong)]
    return cries + none


def circumstances(tolerance: Tolerance = Tolerance.AS_MADE, announced: int = 20) -> Circumstances:
    return Circumstances(CARD.sha256, CARD.rule, HOP_S, tolerance, days=2.0, announced=announced)


# What is learned.


def test_false_alarms_are_learned_and_every_cry_is_kept(anchors: Embeddings) -> None:
    told = lessons(anchors, 5, 8)
    outcome = study(told, anchors, circumstances())
    assert outcome.learned.correction is not None
    assert (outcome.right, outcome.not_a_cry) == (5, 8)
    assert "Learned from 13 reviews: 8 sounds that were no cry, 5 cries." in outcome.text
    assert "keeps 5 of 5 cries, drops 8 of 8 false alarms" in outcome.text
    still = {one.cry: announced(one.hops, CARD.rule, HOP_S, outcome.learned) for one in told}
    assert still == {one.cry: one.verdict == "right" for one in told}


@pytest.mark.parametrize("wrong", [0, 1, 2])
def test_too_few_reviews_teach_nothing(anchors: Embeddings, wrong: int) -> None:
    outcome = study(lessons(anchors, 5, wrong), anchors, circumstances())
    assert outcome.learned == NOTHING
    assert f"there {'is' if wrong == 1 else 'are'} {wrong}" in outcome.text


def test_what_cannot_be_told_from_cries_teaches_nothing(anchors: Embeddings) -> None:
    outcome = study(lessons(anchors, 4, 6, away=0.0), anchors, circumstances())
    assert outcome.learned == NOTHING
    assert "cannot be told from cries" in outcome.text or "too much alike" in outcome.text


def test_the_order_of_reviews_changes_nothing(anchors: Embeddings) -> None:
    told = lessons(anchors, 3, 5)
    assert study(told, anchors, circumstances()) == study(told[::-1], anchors, circumstances())


def test_the_threshold_goes_up_until_false_alarms_are_as_rare_as_is_wanted(
    anchors: Embeddings,
) -> None:
    cries = [Lesson(name(i), heard(anchors, i, 0.99), "right") for i in range(4)]
    weak = [Lesson(name(50 + i), heard(anchors, 50 + i, 0.75), "not_a_cry") for i in range(6)]
    outcome = study([*cries, *weak], anchors, circumstances(Tolerance.HARDLY_ANY))
    assert outcome.learned.correction is None
    assert 0.0 < outcome.learned.shift <= max(SHIFTS)
    assert "threshold went up" in outcome.text
    assert all(announced(one.hops, CARD.rule, HOP_S, outcome.learned) for one in cries)
    as_made = study([*cries, *weak], anchors, circumstances(Tolerance.AS_MADE))
    assert as_made.learned == NOTHING


def test_the_threshold_stops_before_a_cry_of_the_house_is_lost(anchors: Embeddings) -> None:
    cries = [Lesson(name(i), heard(anchors, i, 0.75), "right") for i in range(4)]
    loud = [Lesson(name(50 + i), heard(anchors, 50 + i, 0.99), "not_a_cry") for i in range(6)]
    outcome = study([*cries, *loud], anchors, circumstances(Tolerance.HARDLY_ANY))
    assert all(announced(one.hops, CARD.rule, HOP_S, outcome.learned) for one in cries)


def test_without_anything_learned_hearing_is_the_same_to_the_last_bit() -> None:
    model = CryModel.load()
    sound = bout(4)
    plain, taught = Hearing(model), Hearing(model, learned=NOTHING)
    one, other = plain.push(sound), taught.push(sound)
    assert one.hops == other.hops
    assert one.hops == one.as_made
    assert NOTHING.rule(CARD.rule) is CARD.rule
    assert taught.rule == at_sensitivity(CARD.rule, "normal")
    taught.set_learned(Learned(shift=1.0))
    assert taught.rule.call_on > CARD.rule.call_on
    taught.set_learned(NOTHING)
    assert taught.rule == plain.rule


# What is kept.


@pytest.fixture
def store(tmp_path: Path) -> Iterator[LearningStore]:
    made = LearningStore(tmp_path / "learning" / "nest.db", CARD.sha256)
    yield made
    made.close()


def correction(seed: int) -> Correction:
    rng = np.random.default_rng(seed)
    return Correction(CARD.sha256, rng.standard_normal(64), float(rng.standard_normal()))


def test_a_review_is_kept_once_replaced_and_taken_back(
    store: LearningStore, anchors: Embeddings
) -> None:
    hops = heard(anchors, 1)
    store.keep(name(1), NOW, hops)
    store.keep(name(1), NOW, hops[:3])  # said again: nothing changes
    for verdict in ("right", "not_a_cry", "not_a_cry"):
        assert store.review(name(1), verdict)
    (one,) = store.lessons()
    assert (one.cry, one.verdict, one.hops) == (name(1), "not_a_cry", hops)
    assert one.hops[1].embedding is not None
    assert hops[1].embedding is not None
    np.testing.assert_allclose(one.hops[1].embedding, hops[1].embedding, rtol=2e-3, atol=2e-3)
    assert one.hops[5].embedding is None
    assert store.reviews() == (0, 1)
    assert store.review(name(1), None)
    assert store.lessons() == []
    assert not store.review(name(2), "right")


def test_the_oldest_without_a_review_go_first(store: LearningStore, anchors: Embeddings) -> None:
    hops = heard(anchors, 1)[:2]
    for number in range(MOST_CRIES):
        store.keep(name(number), NOW + timedelta(minutes=number), hops)
    store.review(name(0), "right")
    store.keep(name(999), NOW + timedelta(days=1), hops)
    assert store.announced(NOW - timedelta(days=1))[0] == MOST_CRIES
    assert store.review(name(0), "right")
    assert not store.review(name(1), "right")
    store.keep(name(1000), NOW + timedelta(days=200), hops)
    assert store.announced(NOW - timedelta(days=1))[0] == 1


def test_what_was_learned_comes_back_exactly_and_goes_with_other_weights(
    store: LearningStore, anchors: Embeddings, tmp_path: Path
) -> None:
    learned = Learned(correction(1), 0.3)
    number = store.add_version(Outcome(learned, "why", 3, 4), NOW)
    store.keep(name(1), NOW, heard(anchors, 1))
    path = tmp_path / "learning" / "nest.db"
    again = LearningStore(path, CARD.sha256)
    assert again.version(number) == learned
    assert [one.text for one in again.versions()] == ["why"]
    again.close()
    other = LearningStore(path, "0" * 64)
    assert other.version(number) is None
    assert other.versions() == []
    assert other.announced(NOW - timedelta(days=1))[0] == 0
    other.close()


@pytest.mark.parametrize(
    "garbled",
    [
        "INSERT OR REPLACE INTO value VALUES ('tolerance', 'of a later version')",
        "INSERT OR REPLACE INTO value VALUES ('version', 'x')",
        "INSERT INTO version VALUES (1, '2026', '{\"shift\": {}}', '', 0, -1)",
    ],
)
def test_what_cannot_be_understood_ends_the_learning_and_not_the_listening(
    store: LearningStore, garbled: str
) -> None:
    """The listener goes on without it: see `monitor.listening.learner_of`."""
    store._db.execute(garbled)
    with pytest.raises(StoreError):
        _ = store.wishes(), store.version(1), store.versions()


def test_a_kill_in_the_middle_of_writing_leaves_what_was_there(
    store: LearningStore, anchors: Embeddings, tmp_path: Path
) -> None:
    store.keep(name(1), NOW, heard(anchors, 1))
    store.review(name(1), "right")
    killed = sqlite3.connect(tmp_path / "learning" / "nest.db", isolation_level=None)
    killed.execute("BEGIN IMMEDIATE")
    killed.execute("UPDATE cry SET verdict = 'not_a_cry'")
    killed.close()  # as the end of a process does: never committed
    assert [one.verdict for one in store.lessons()] == ["right"]


# What is asked for.


class AtOnce:
    """A worker that works on the spot."""

    def submit(self, work: Callable[[], object]) -> Job[object]:
        job = Job(work)
        job.run()
        return job


@dataclass
class Made:
    """A learner with its partners in the test's hands."""

    store: LearningStore
    uses: list[Learned] = field(default_factory=list)
    said: list[LearningMessage] = field(default_factory=list)
    answers: list[tuple[str, Answer]] = field(default_factory=list)
    at: float = 0.0
    learner: Learner = field(init=False)

    def __post_init__(self) -> None:
        self.learner = Learner(
            "nest",
            CARD,
            HOP_S,
            self.store,
            AtOnce(),  # type: ignore[arg-type]
            sensitivity=lambda: "normal",
            use=self.uses.append,
            say=self.said.append,
            answer=lambda what, answer: self.answers.append((what, answer)),
            now=lambda: NOW + timedelta(days=1),
            clock=lambda: self.at,
        )
        self.learner.start()
        self._ids = itertools.count(1)

    def turn(self) -> None:
        self.learner.turn()  # hands over
        self.learner.turn()  # takes what came of it

    def ask(self, what: str, value: bool | int | str | None, cry: str | None = None) -> Answer:
        command = Command(id=f"x{next(self._ids)}", value=value, cry=cry)
        self.learner.obey(what, command)
        self.turn()
        told, answer = self.answers[-1]
        assert (told, answer.id) == (what, command.id)
        return answer

    def review(self, *reviews: Lesson) -> None:
        """They are announced, and reviewed; and the learning comes."""
        for one in reviews:
            self.store.keep(one.cry, NOW, one.hops)
            assert self.ask("review", one.verdict, one.cry).ok
        self.at += 60
        self.turn()


@pytest.fixture
def made(store: LearningStore) -> Made:
    return Made(store)


def test_reviews_make_a_version_that_is_undone_and_gone_back_to(
    made: Made, anchors: Embeddings, store: LearningStore
) -> None:
    assert made.said[-1].version == 0
    made.review(*lessons(anchors, 4, 6))
    version = made.said[-1].version
    learned = made.uses[-1]
    assert version > 0
    assert learned.correction is not None
    assert made.said[-1].versions[0].version == version
    assert (made.said[-1].right, made.said[-1].not_a_cry) == (4, 6)

    assert made.ask("learning", False).ok
    assert made.uses[-1] == NOTHING
    assert (made.said[-1].on, made.said[-1].version) == (False, 0)
    assert Made(store).uses[-1] == NOTHING  # also after a restart

    assert made.ask("learning", version).ok
    assert made.uses[-1] == learned
    assert made.ask("learning", True).ok
    assert made.said[-1].on
    assert Made(store).uses[-1] == learned
    assert not made.ask("learning", 99).ok


def test_a_review_taken_back_is_learned_from_no_more(made: Made, anchors: Embeddings) -> None:
    told = lessons(anchors, 2, 3)
    made.review(*told)
    assert made.uses[-1].correction is not None
    assert made.ask("review", None, told[-1].cry).ok
    made.at += 60
    made.turn()
    assert made.uses[-1] == NOTHING
    assert made.said[-1].version == 0
    assert "there are 2" in made.said[-1].text


def test_a_review_said_again_is_answered_again_and_changes_nothing(
    made: Made, anchors: Embeddings
) -> None:
    told = lessons(anchors, 3, 4)
    made.review(*told)
    version = made.said[-1].version
    made.review(*told)
    assert made.said[-1].version == version


@pytest.mark.parametrize(
    ("what", "value", "cry"),
    [
        ("review", "right", None),
        ("review", "perhaps", name(1)),
        ("review", True, name(1)),
        ("learning", "back", None),
        ("learning", 1.5, None),
        ("false_alarms", "none", None),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(
    made: Made, what: str, value: bool | float | str, cry: str | None
) -> None:
    with pytest.raises(RefusedError, match=r"value|cry"):
        made.learner.obey(what, Command(id="x", value=value, cry=cry))


def test_a_review_of_a_cry_that_it_does_not_remember_is_answered_so(made: Made) -> None:
    answer = made.ask("review", "right", name(7))
    assert (answer.ok, answer.message) == (False, UNKNOWN_CRY)


def test_the_tolerance_is_kept_and_told(made: Made, store: LearningStore) -> None:
    assert made.ask("false_alarms", "hardly_any").ok
    assert made.said[-1].tolerance is Tolerance.HARDLY_ANY
    assert Made(store).said[-1].tolerance is Tolerance.HARDLY_ANY


def event(step: CryStep, onset_s: float) -> CryEvent:
    from monitor.messages import Species  # noqa: PLC0415

    return CryEvent(step, 1, 0, onset_s, onset_s + 2, 3, (), 0.9, 0.9, 0.0, Species.KITTEN)


def test_a_cry_that_ends_is_remembered_with_what_came_before_it(
    made: Made, store: LearningStore, anchors: Embeddings
) -> None:
    hops = heard(anchors, 1)
    made.learner.begin_stream()
    made.learner.hear(hops[:30])
    made.learner.follow(event(CryStep.STARTED, hops[20].time_s), name(1))
    made.learner.hear(hops[30:])
    made.learner.follow(event(CryStep.ENDED, hops[20].time_s), name(1))
    made.learner.follow(event(CryStep.STARTED, 99.0), name(2))
    made.learner.follow(event(CryStep.RETRACTED, 99.0), name(2))
    made.learner.finish()
    assert store.review(name(1), "right")
    assert not store.review(name(2), "right")
    (one,) = store.lessons()
    assert one.hops[0].time_s >= hops[20].time_s - 1.0 - 1e-9
    assert one.hops[-1].time_s == hops[-1].time_s
