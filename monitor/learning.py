"""What a box learns from reviews: a correction of the scores, and its own threshold. Pure.

Reviewed cries are heard again, from the hops that were kept of them, by the very rule that the
listener uses. What is said of the outcome is honest: each cry is judged by a correction that was
learned without it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from models.card import CryRule
from models.cry_model import HopScores
from models.local import TOUCHED, Correction, Embeddings, learn
from monitor.cries import Cries, moved
from monitor.messages import CryStep, Tolerance

Verdict = Literal["right", "not_a_cry"]

FEWEST_WRONG = 3  # sounds that were no cry, before anything is learned of them
PARTS = 10  # at most, of the reviews, of which each is judged by what the others teach
STRICTER = (1.0, 0.4, 0.1)  # shares of TOUCHED, in turn, until no cry of the house is lost
# How far the threshold may go up by what a house shows, in logits, and in which steps: no further
# than "low" sensitivity takes it, for faint cries are lost by it. What a carer sets there is added.
SHIFTS = tuple(round(0.1 * step, 1) for step in range(9))

# False alarms a day that a carer finds all right.
TOLERATED: dict[Tolerance, float | None] = {
    Tolerance.AS_MADE: None,
    Tolerance.HARDLY_ANY: 1 / 7,
    Tolerance.ONE_A_NIGHT: 1.0,
    Tolerance.SEVERAL: 4.0,
}


@dataclass(frozen=True)
class Lesson:
    """A cry that was announced, as the model as it was made heard it."""

    cry: str
    hops: tuple[HopScores, ...]
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Learned:
    """What a box goes by beside the model; empty: nothing."""

    correction: Correction | None = None
    shift: float = 0.0  # of the thresholds, in logits

    def __bool__(self) -> bool:
        return self.correction is not None or self.shift != 0.0

    def hear(self, hops: Sequence[HopScores]) -> Sequence[HopScores]:
        """The hops as this box has them; the very same where nothing was learned."""
        correction = self.correction
        return hops if correction is None else correction(hops)

    def rule(self, rule: CryRule) -> CryRule:
        """The rule as this box has it."""
        return moved(rule, self.shift) if self.shift else rule


NOTHING = Learned()


@dataclass(frozen=True)
class Circumstances:
    """What the reviews are judged by."""

    model: str  # sha256 of its weights
    rule: CryRule  # as the sensitivity has it
    hop_s: float
    tolerance: Tolerance
    days: float  # over which these cries were announced
    announced: int  # cries in that time, reviewed or not


@dataclass(frozen=True)
class Outcome:
    """What was learned, and in words from what and what for."""

    learned: Learned
    text: str
    right: int  # reviews that it was made of
    not_a_cry: int


def announced(hops: Sequence[HopScores], rule: CryRule, hop_s: float, by: Learned) -> bool:
    """Whether these hops would be announced as a cry."""
    cries = Cries(by.rule(rule), hop_s)
    return any(event.step is CryStep.STARTED for hop in by.hear(hops) for event in cries.hear(hop))


def voiced(lesson: Lesson, rule: CryRule) -> Embeddings:
    """The embeddings of a cry's calls: [hops, values]."""
    inside = [hop.embedding for hop in lesson.hops if hop.cry >= rule.call_off]
    kept = [embedding for embedding in inside if embedding is not None]
    return np.array(kept, np.float32).reshape(len(kept), -1)


def study(lessons: Sequence[Lesson], anchors: Embeddings, by: Circumstances) -> Outcome:
    """Learn from the reviewed cries among `lessons`; the text says what, or why nothing.

    The order of the lessons does not matter.
    """
    told = sorted((one for one in lessons if one.verdict), key=lambda one: one.cry)
    told = [one for one in told if announced(one.hops, by.rule, by.hop_s, NOTHING)]
    right = [one for one in told if one.verdict == "right"]
    wrong = [one for one in told if one.verdict == "not_a_cry"]
    correction, text, judged = None, "", {one.cry: NOTHING for one in told}
    if len(wrong) < FEWEST_WRONG:
        text = (
            f"Nothing is learned yet: that takes {FEWEST_WRONG} sounds marked as not a cry, "
            f"and there {'is' if len(wrong) == 1 else 'are'} {len(wrong)}."
        )
    else:
        correction, text, judged = _corrected(right, wrong, anchors, by)
    shift, moved_text = _shift(right, wrong, judged, by)
    return Outcome(Learned(correction, shift), f"{text}{moved_text}", len(right), len(wrong))


def _corrected(
    right: list[Lesson], wrong: list[Lesson], anchors: Embeddings, by: Circumstances
) -> tuple[Correction | None, str, dict[str, Learned]]:
    """The correction if it does some good and no harm, why, and what each cry is judged by."""
    reviews = f"Learned from {_count(len(right) + len(wrong), 'review')}: " + (
        f"{_count(len(wrong), 'sound')} that {'was' if len(wrong) == 1 else 'were'} no cry, "
        f"{_count(len(right), 'cry', 'cries')}."
    )
    for strict in STRICTER:
        judged = _by_the_others(right, wrong, anchors, by, strict * TOUCHED)
        kept = sum(announced(one.hops, by.rule, by.hop_s, judged[one.cry]) for one in right)
        if kept == len(right):
            break
    dropped = sum(not announced(one.hops, by.rule, by.hop_s, judged[one.cry]) for one in wrong)
    nothing = {one.cry: NOTHING for one in (*right, *wrong)}
    if kept < len(right):
        return None, f"{reviews} They sound too much alike: cries would be lost. ", nothing
    if dropped == 0:
        return None, f"{reviews} They cannot be told from cries yet. ", nothing
    correction = _learn(right, wrong, anchors, by, strict * TOUCHED)
    found = (
        f" Tried on each without having heard it: keeps {kept} of {len(right)} cries,"
        f" drops {dropped} of {len(wrong)} false alarms. "
    )
    return correction, reviews + found, judged


def _learn(
    right: list[Lesson],
    wrong: list[Lesson],
    anchors: Embeddings,
    by: Circumstances,
    touched: float,
) -> Correction:
    cries = [voiced(one, by.rule) for one in right]
    others = [voiced(one, by.rule) for one in wrong]
    return learn(by.model, anchors, cries, others, touched)


def _by_the_others(
    right: list[Lesson],
    wrong: list[Lesson],
    anchors: Embeddings,
    by: Circumstances,
    touched: float,
) -> dict[str, Learned]:
    """For each reviewed cry, what would have been learned without it and some others."""
    out: dict[str, Learned] = {}
    parts = min(PARTS, max(len(right), len(wrong)))
    for part in range(parts):
        left = [one for i, one in enumerate(right) if i % parts != part]
        rest = [one for i, one in enumerate(wrong) if i % parts != part]
        learned = Learned(_learn(left, rest, anchors, by, touched)) if rest else NOTHING
        out |= {one.cry: learned for one in right[part::parts]}
        out |= {one.cry: learned for one in wrong[part::parts]}
    return out


def _shift(
    right: list[Lesson], wrong: list[Lesson], judged: dict[str, Learned], by: Circumstances
) -> tuple[float, str]:
    """How far the threshold goes up, so that false alarms become as rare as is wanted."""
    wanted = TOLERATED[by.tolerance]
    if wanted is None or not wrong:
        return 0.0, ""
    # What was not reviewed is taken to be like what was.
    share = max(1.0, by.announced / len(right + wrong))
    days = max(1.0, by.days)

    def left(lessons: Iterable[Lesson], shift: float) -> int:
        return sum(
            announced(one.hops, by.rule, by.hop_s, Learned(judged[one.cry].correction, shift))
            for one in lessons
        )

    best, expected = 0.0, left(wrong, 0.0) * share / days
    before, heard = expected, left(right, 0.0)
    for shift in SHIFTS[1:]:
        if expected <= wanted or left(right, shift) < heard:
            break
        best, expected = shift, left(wrong, shift) * share / days
    text = f"About {_often(before)} of false alarms remained"
    if best:
        return best, f"{text}; the threshold went up for that, to about {_often(expected)}."
    return 0.0, f"{text}, and the threshold stays."


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number} {one if number == 1 else many or one + 's'}"


def _often(a_day: float) -> str:
    """A rate in words."""
    if a_day < 0.05:
        return "none a night"
    return f"{a_day:.1f} a night" if a_day < 9.95 else f"{a_day:.0f} a night"
