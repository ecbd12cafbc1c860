"""From samples to scores: loads the exported network and runs it along a stream.

    model = CryModel.load()
    stream = model.stream()
    for block in blocks:  # mono float32 at 16 kHz, of any lengths
        for hop in stream.push(block):
            print(hop.time_s, hop.kitten, hop.puppy)

Only numpy and onnxruntime are needed. The scores do not depend on how the samples are cut into
blocks: the work is always done in the same steps, counted from the stream's first sample.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.card import Card, ModelError, read_card
from models.front_end import Frames, LogMel, Samples
from models.gate import Watch

__all__ = ["Card", "CryModel", "HopScores", "ModelError", "ScoreStream"]

INPUT = "log_mel"  # float32 [1, frames, bands]
SCORES = "scores"  # float32 [1, hops, 3]: other, kitten, puppy
EMBEDDING = "embedding"  # float32 [1, hops, values]: what a local correction can be learned on
EMBEDDING_VALUES = 64

Embedding = NDArray[np.float32]  # [values]


@dataclass(frozen=True, slots=True)
class HopScores:
    """What one moment of the stream sounds like."""

    time_s: float  # centre of the hop, from the stream's first sample
    kitten: float  # probability, 0..1
    puppy: float  # probability, 0..1
    known_s: float = 0.0  # end of the sound that it took to know this
    embedding: Embedding | None = field(default=None, compare=False, repr=False)  # [values]

    @property
    def cry(self) -> float:
        """Probability of a cry of either, 0..1: detection does not wait for the species."""
        return self.kitten + self.puppy


class CryModel:
    """The network with its card. One model serves any number of streams, one thread at a time."""

    def __init__(self, card: Card, session: Any) -> None:
        self.card = card
        self._session = session
        self._log_mel = LogMel(card.front_end)

    @classmethod
    def load(cls, directory: Path | None = None) -> CryModel:
        """Load the weights that belong to the card in `directory` (by default, the shipped ones).

        Raises ModelError where a file is missing, is not the one that the card names, or does not
        fit the card's numbers. Nothing else is ever used in its place.
        """
        directory = directory or Path(__file__).resolve().parent
        card = read_card(directory / "card.json")
        path = directory / card.weights
        try:
            weights = path.read_bytes()
        except FileNotFoundError:
            raise ModelError(
                f"{path}: the weights are missing; install the program again"
            ) from None
        except OSError as error:
            raise ModelError(f"{path}: the weights cannot be read ({error.strerror})") from None
        digest = hashlib.sha256(weights).hexdigest()
        if digest != card.sha256:
            raise ModelError(
                f"{path}: these are not the weights that the card names "
                f"(sha256 {digest[:12]}, not {card.sha256[:12]}); install the program again"
            )
        return cls(card, _session(weights, path, card))

    @property
    def label(self) -> str:
        """Name and digest, for messages and logs."""
        return self.card.label

    @property
    def rate_hz(self) -> int:
        """Sample rate that the streams must have."""
        return self.card.front_end.rate_hz

    @property
    def hop_s(self) -> float:
        """Time between scores, in s."""
        return self.card.window.hop_frames * self.card.front_end.step_s

    @property
    def latency_s(self) -> float:
        """Longest time from a hop's centre to the sample that lets its score be given out."""
        window, front_end = self.card.window, self.card.front_end
        frames = window.frames - window.first_hop * window.hop_frames
        return frames * front_end.step_s + front_end.centre_s

    def stream(self) -> ScoreStream:
        """Begin to listen to one stream at its first sample."""
        return ScoreStream(self)

    def frames(self, samples: Samples) -> Frames:
        """Log-mel frames of mono samples: float32 [frames, bands]."""
        return self._log_mel(samples)

    def run(self, frames: Frames) -> tuple[Frames, Frames]:
        """One window [frames, bands] to its given hops: scores [hops, 3], embedding [hops, values].

        The scores are made of the embedding, so that reading it out costs nothing.
        """
        scores, embedding = self._session.run([SCORES, EMBEDDING], {INPUT: frames[None]})
        return scores[0], embedding[0]


class ScoreStream:
    """Scores along one stream; holds about two seconds of it, however long it runs."""

    def __init__(self, model: CryModel) -> None:
        self._model = model
        self._front_end = model.card.front_end
        self._window = model.card.window
        self._pending: Samples = np.zeros(0, dtype=np.float32)  # not yet turned into frames
        self._watch = Watch(model.card.gate, self._front_end)
        self._heard_cry = False  # in the last step
        self._frames: Frames | None = None  # the last window [frames, bands]
        self._made = 0  # frames since the first sample
        self._given = 0  # hops given out
        self._heard = 0  # samples since the first one

    def push(self, samples: Samples) -> list[HopScores]:
        """Take the next mono samples [n], any n; return the scores that they complete."""
        clean = np.asarray(samples, dtype=np.float32)
        if not np.isfinite(clean.sum()):
            clean = np.nan_to_num(clean, posinf=1.0, neginf=-1.0)
        self._heard += len(clean)
        self._pending = np.concatenate([self._pending, clean])
        step = self._window.step_frames * self._front_end.step_samples
        need = step - self._front_end.step_samples + self._front_end.frame_samples
        out: list[HopScores] = []
        while len(self._pending) >= need:
            out += self._advance(self._model.frames(self._pending[:need]))
            self._pending = self._pending[step:]
        return out

    def flush(self) -> list[HopScores]:
        """End the stream: scores up to its last sample, as if it went on as it was."""
        end_s = self._heard / self._front_end.rate_hz
        rest = self._model.frames(self._pending)
        self._pending = self._pending[:0]
        out: list[HopScores] = []
        while self._next_s < end_s and (len(rest) or self._frames is not None):
            known = rest if self._frames is None else np.concatenate([self._frames, rest])
            mirrored = np.concatenate([rest, *([known[::-1], known] * self._window.frames)])
            out += self._advance(mirrored[: self._window.step_frames])
            rest = rest[:0]
        return [hop for hop in out if hop.time_s < end_s]

    @property
    def _next_s(self) -> float:
        """Centre of the next hop, in s."""
        frame = self._given * self._window.hop_frames
        return frame * self._front_end.step_s + self._front_end.centre_s

    def _advance(self, new: Frames) -> list[HopScores]:
        """Move the window on by one step of new frames [step_frames, bands]."""
        window = self._window
        if self._frames is None:  # what came before the stream is taken to be its mirror image
            self._frames = np.concatenate([new, new[::-1]] * (window.frames // len(new)))
        self._frames = np.concatenate([self._frames, new])[-window.frames :]
        self._made += len(new)
        first = self._made - window.frames + window.first_hop * window.hop_frames
        # Nothing is known later than the last sample of the stream: flush makes up what follows it.
        front_end = self._front_end
        taken = (self._made - 1) * front_end.step_samples + front_end.frame_samples
        known_s = min(taken, self._heard) / front_end.rate_hz
        out: list[HopScores] = []
        for i, (kitten, puppy, embedding) in enumerate(self._scores(new)):
            frame = first + i * window.hop_frames
            if frame < 0:
                continue
            time_s = frame * self._front_end.step_s + self._front_end.centre_s
            out.append(HopScores(time_s, kitten, puppy, known_s, embedding))
            self._given += 1
        return out

    def _scores(self, new: Frames) -> Iterable[tuple[float, float, Embedding | None]]:
        """Kitten, puppy and embedding of each hop of the step that ends the window."""
        assert self._frames is not None  # noqa: S101 - its only caller has just set it
        if not (self._watch.stands_out(new) or self._heard_cry):
            return [(0.0, 0.0, None)] * self._window.hops
        scores, embedding = self._model.run(self._frames)
        self._heard_cry = bool((scores[:, 1:].sum(axis=1) >= self._model.card.gate.follow).any())
        _, kitten, puppy = scores.T.tolist()
        return zip(kitten, puppy, embedding, strict=True)


def _session(weights: bytes, path: Path, card: Card) -> Any:
    """An onnxruntime session on one thread, checked against the card."""
    import onnxruntime as ort  # noqa: PLC0415 - heavy: only where a model is really loaded

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    try:
        session = ort.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's own errors share no base class
        said = " ".join(str(error).split())
        raise ModelError(f"{path}: the weights cannot be loaded ({said})") from error
    expected = {
        INPUT: [1, card.window.frames, card.front_end.bands],
        SCORES: [1, card.window.hops, 3],
        EMBEDDING: [1, card.window.hops, EMBEDDING_VALUES],
    }
    found = {item.name: item.shape for item in [*session.get_inputs(), *session.get_outputs()]}
    for name, shape in expected.items():
        if found.get(name) != shape:
            raise ModelError(f"{path}: {name} is {found.get(name)}, but the card asks for {shape}")
    return session
