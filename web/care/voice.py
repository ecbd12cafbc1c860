"""Whose voice it was: the sound, together with who is in the box. Pure.

The box is a prior and never a veto: it settles what the sound leaves open, and a sound that is
plainly of the other kind wins against it. How strong it is, is one number; what it does on real
recordings is measured by `python -m tests.bench.species`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

Species = Literal["kitten", "puppy"]
KINDS: tuple[Species, ...] = ("kitten", "puppy")

# How many times likelier a voice is of the kind in the box than of the other, before it is heard:
# records are wrong at times, other boxes stand near, visitors come.
# Mild: on the 14 validation recordings (clean, muffled, in noise) 2 settles all that the sound left
# open in the right box, and 3 no more; in the wrong box 3 already misleads, 10 decides alone.
PRIOR_ODDS = 2.0
SURE_SHARE = 0.6  # of the two, for a kind to be said; below it is unknown
LEAST_SCORE = 1e-6  # a score of nothing is no proof


@dataclass(frozen=True)
class Voice:
    """What is said of whose voice it was."""

    heard: Species | None  # by its sound alone
    species: Species | None  # with who is in the box
    kitten_share: float  # of the two, with who is in the box; 0..1
    here: frozenset[Species]  # kinds in the box

    @property
    def stranger(self) -> bool:
        """Whether it does not sound like anyone in this box."""
        return self.species is not None and bool(self.here) and self.species not in self.here

    @property
    def words(self) -> str:
        """`Sounds like a kitten; only puppies are in this box`, for people."""
        said = _sound(self.heard)
        if not self.here:
            return f"{said}; who is in this box is not known"
        if len(self.here) == 2:
            return f"{said}; both kinds are in this box"
        (kind,) = self.here
        if self.stranger:
            return f"{said}; this does not sound like anyone in this box (only {_PLURAL[kind]})"
        if self.heard == kind:
            return f"{said}, and only {_PLURAL[kind]} are in this box"
        if self.species is not None:
            return f"{said}; taken for a {kind}, as only {_PLURAL[kind]} are in this box"
        return f"{said}, but only {_PLURAL[kind]} are in this box: not certain"


_PLURAL = {"kitten": "kittens", "puppy": "puppies"}


def _sound(heard: Species | None) -> str:
    return f"Sounds like a {heard}" if heard else "By the sound it may be a kitten or a puppy"


def whose(
    heard: str, kitten: float, puppy: float, here: Collection[str], odds: float = PRIOR_ODDS
) -> Voice:
    """Weigh a cry's species scores (0..1) with the kinds that are in the box.

    `heard` is what the listener said by the sound alone. With both kinds in the box, or nobody on
    record, the sound's word stands.
    """
    kinds: frozenset[Species] = frozenset(kind for kind in KINDS if kind in here)
    alone: Species | None = heard if heard in ("kitten", "puppy") else None  # type: ignore[assignment]
    weights = max(kitten, LEAST_SCORE), max(puppy, LEAST_SCORE)
    # A word that its own scores speak against was not made of them alone: it stands as it is.
    crossed = alone is not None and (alone == "kitten") != (weights[0] >= weights[1])
    if len(kinds) != 1 or crossed:
        return Voice(alone, alone, weights[0] / sum(weights), kinds)
    weights = (
        weights[0] * (odds if "kitten" in kinds else 1.0),
        weights[1] * (odds if "puppy" in kinds else 1.0),
    )
    share = weights[0] / sum(weights)
    settled: Species | None = None
    if share >= SURE_SHARE:
        settled = "kitten"
    elif 1 - share >= SURE_SHARE:
        settled = "puppy"
    return Voice(alone, settled, share, kinds)
