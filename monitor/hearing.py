"""What all listening shares, whatever the source: samples in, scores and cries out."""

from __future__ import annotations

from dataclasses import dataclass

from models.card import CryRule
from models.cry_model import CryModel, HopScores, ModelError
from monitor.blocks import RATE_HZ, Samples
from monitor.cries import Cries, CryEvent, Sensitivity, at_sensitivity
from monitor.learning import NOTHING, Learned


@dataclass(frozen=True)
class Heard:
    """What the newest samples led to."""

    hops: tuple[HopScores, ...] = ()
    events: tuple[CryEvent, ...] = ()
    as_made: tuple[HopScores, ...] = ()
    """The hops as the model gave them; others than `hops` only where a house has taught it."""


def load_model() -> CryModel:
    """The shipped model; raises ModelError when it cannot be used, and never takes another."""
    model = CryModel.load()
    if model.rate_hz != RATE_HZ:
        raise ModelError(f"the model wants {model.rate_hz} Hz, but sound is taken at {RATE_HZ} Hz")
    return model


class Hearing:
    """Hears the cries in one stream of sound without gaps.

    How the samples are cut into pieces does not matter to what is heard.
    """

    def __init__(
        self,
        model: CryModel,
        sensitivity: Sensitivity = "normal",
        learned: Learned = NOTHING,
    ) -> None:
        """`learned` is what the house has taught."""
        self._rule: CryRule = model.card.rule
        self._sensitivity: Sensitivity = sensitivity
        self._learned = learned
        self._scores = model.stream()
        self.hop_s = model.hop_s
        self._cries = Cries(self._rule_now(), model.hop_s)

    @property
    def crying(self) -> bool:
        """Whether an announced cry is open."""
        return self._cries.crying

    @property
    def rule(self) -> CryRule:
        """What is judged by now."""
        return self._cries.rule

    def set_sensitivity(self, sensitivity: Sensitivity) -> None:
        """Judge what is heard from now on by other thresholds."""
        self._sensitivity = sensitivity
        self._cries.rule = self._rule_now()

    def set_learned(self, learned: Learned) -> None:
        """Judge what is heard from now on by what the house has taught."""
        self._learned = learned
        self._cries.rule = self._rule_now()

    def push(self, samples: Samples) -> Heard:
        """Take the next mono samples [n] at 16 kHz."""
        return self._judge(self._scores.push(samples))

    def finish(self) -> Heard:
        """End the stream: what is open ends with it."""
        heard = self._judge(self._scores.flush())
        return Heard(heard.hops, heard.events + tuple(self._cries.finish()), heard.as_made)

    def _judge(self, as_made: list[HopScores]) -> Heard:
        hops = self._learned.hear(as_made)
        events = [event for hop in hops for event in self._cries.hear(hop)]
        return Heard(tuple(hops), tuple(events), tuple(as_made))

    def _rule_now(self) -> CryRule:
        return self._learned.rule(at_sensitivity(self._rule, self._sensitivity))
