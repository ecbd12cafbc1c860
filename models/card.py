"""The model's card: what the weights are, how they are to be fed, and how their scores are read.

`card.json` stands beside the weights and is written by `python -m models.training`. It is the one
place of every threshold that turns scores into calls and calls into cries.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from models.front_end import FrontEnd
from models.gate import Gate

SCHEMA = 1
FLAT_LIST = re.compile(r"\[([-+.,\w\s]*)\]")  # of numbers: on one line in the card


class ModelError(Exception):
    """The model cannot be used; the message is one sentence that says why and what to do."""


@dataclass(frozen=True)
class Window:
    """How the stream is cut for the network, in frames of the front end."""

    frames: int = 112  # under one run of the network
    step_frames: int = 64  # between runs
    hop_frames: int = 16  # between scores
    first_hop: int = 3  # of a window's hops, the first that is given out (the others lack context)

    @property
    def hops(self) -> int:
        """Scores given out by one run."""
        return self.step_frames // self.hop_frames


@dataclass(frozen=True)
class CryRule:
    """How scores become calls, and calls a cry; chosen on recordings left out of training.

    A call begins when P(cry) reaches `call_on` and ends when it falls under `call_off`. A cry
    begins with a call and ends `cry_gap_s` after the last one. It is announced once
    `announce_calls` calls began within `announce_within_s`, or once calls have filled
    `announce_voiced_s` of that time (quick calls can run together in the scores).
    """

    call_on: float = 0.5  # P(kitten) + P(puppy)
    call_off: float = 0.3
    call_min_s: float = 0.1
    cry_gap_s: float = 3.0
    announce_calls: int = 2
    announce_within_s: float = 4.0
    announce_voiced_s: float = 1.2
    keep_score: float = 0.0  # a cry whose mean peak P(cry) is lower at its end is taken back
    species_share: float = 0.6  # of P(cry), over the calls: less is said to be unknown


@dataclass(frozen=True)
class Card:
    """What is known of one set of weights."""

    name: str
    sha256: str  # of the weights' file, hexadecimal
    weights: str = "cry.onnx"  # file name beside the card
    anchors: str = ""  # sha256 of anchors.npz beside it (`models.local`); empty: none
    front_end: FrontEnd = field(default_factory=FrontEnd)
    window: Window = field(default_factory=Window)
    gate: Gate = field(default_factory=Gate)
    rule: CryRule = field(default_factory=CryRule)
    trained: dict[str, Any] = field(default_factory=dict)  # data, seed, settings, versions
    figures: dict[str, Any] = field(default_factory=dict)  # results, with what they were made on

    @property
    def label(self) -> str:
        """Short name for messages and logs, e.g. `cry-1 sha256:ab12cd34ef56`."""
        return f"{self.name} sha256:{self.sha256[:12]}"

    def to_json(self) -> str:
        """The card as it is stored."""
        text = json.dumps({"schema": SCHEMA, **asdict(self)}, indent=1, ensure_ascii=False)
        return FLAT_LIST.sub(lambda found: f"[{' '.join(found[1].split())}]", text) + "\n"


PARTS = {"front_end": FrontEnd, "window": Window, "gate": Gate, "rule": CryRule}


def read_card(path: Path) -> Card:
    """Read a card; raises ModelError where it is missing or not a card of this version."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ModelError(
            f"{path}: the model's card is missing; install the program again"
        ) from None
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: the model's card cannot be read ({error})") from None
    try:
        if raw.pop("schema") != SCHEMA:
            raise ValueError(f"schema is not {SCHEMA}")
        for key, kind in PARTS.items():
            raw[key] = kind(**_known(raw[key], {f.name for f in fields(kind)}))
        return Card(**_known(raw, {f.name for f in fields(Card)}))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path}: the model's card does not fit this program ({error})") from None


def _known(values: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """The values themselves, once every name in them is known."""
    if unknown := sorted(set(values) - names):
        raise ValueError(f"it holds {', '.join(unknown)}, which nothing here reads")
    return values
