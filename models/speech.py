"""Whether somebody talks in a sound: for keeping no clip in which a person can be understood.

    guard = SpeechGuard.load()
    guard.hears(samples).found  # mono float32 at 16 kHz

Silero VAD (MIT, `LICENSE.silero-vad`) tells how likely each 32 ms are speech. It was made for a
voice near a microphone, and here a person may talk softly behind a loud cry; so the sound is heard
twice, once as loud on the whole as the VAD is used to, once with every moment as loud as the other.
Cries look like speech to it for moments, or faintly: so it must be sure for as long as a short word
lasts. That tells cries so well that to weigh it against where the calls lie, or to ask for less
between them, gained nothing more. Only numpy and onnxruntime are needed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.card import ModelError

__all__ = ["ModelError", "Speech", "SpeechGuard", "SpeechRule"]

WEIGHTS = "silero_vad.onnx"  # silero_vad_16k_op15.onnx of silero-vad 6.2.3
SHA256 = "7ed98ddbad84ccac4cd0aeb3099049280713df825c610a8ed34543318f1b2c49"
RATE_HZ = 16_000
FRAME = 512  # samples, 32 ms: what the network takes at once
CONTEXT = 64  # samples of the frame before, which it wants to see again
STATE = (2, 128)  # of the network, for each stream

Samples = NDArray[np.float32]


@dataclass(frozen=True)
class SpeechRule:
    """When it is speech; chosen on recordings and voices of the train split."""

    level_rms: float = 0.05  # to which the sound is brought, full scale 1 (-26 dBFS)
    levelled_s: float = 0.2  # over which every moment is made as loud as the other
    quietest_rms: float = 1e-5  # what is quieter is silence (-100 dBFS)
    lasts_frames: int = 12  # 0.38 s, a short word
    likely: float = 0.5  # mean probability over that time from which it is speech


@dataclass(frozen=True)
class Speech:
    """What was found, with the evidence."""

    found: bool
    likely: float  # the highest mean probability over the length of a short word, 0..1
    at_s: float  # the middle of that time


class SpeechGuard:
    """Silero VAD with our rule. One guard serves any number of sounds, one thread at a time."""

    def __init__(self, session: Any, rule: SpeechRule | None = None) -> None:
        self.rule = rule or SpeechRule()
        self._session = session

    @classmethod
    def load(cls, directory: Path | None = None) -> SpeechGuard:
        """Load the weights in `directory` (by default, the shipped ones).

        Raises ModelError where they are missing or are not those that belong here.
        """
        path = (directory or Path(__file__).resolve().parent) / WEIGHTS
        try:
            weights = path.read_bytes()
        except OSError as error:
            raise ModelError(
                f"{path}: the weights cannot be read ({error.strerror}); install the program again"
            ) from None
        digest = hashlib.sha256(weights).hexdigest()
        if digest != SHA256:
            raise ModelError(
                f"{path}: these are not the weights that belong here "
                f"(sha256 {digest[:12]}, not {SHA256[:12]}); install the program again"
            )
        return cls(_session(weights))

    def hears(self, samples: Samples) -> Speech:
        """Whether a person talks in mono samples [n] at 16 kHz."""
        if not len(samples):
            return Speech(found=False, likely=0.0, at_s=0.0)
        likely = self.probabilities(samples).max(axis=0)  # [frames]
        lasting = _running_mean(likely, self.rule.lasts_frames)
        at = int(lasting.argmax())
        return Speech(
            found=bool(lasting[at] >= self.rule.likely),
            likely=round(float(lasting[at]), 3),
            at_s=round((at + 0.5) * FRAME / RATE_HZ, 2),
        )

    def probabilities(self, samples: Samples) -> Samples:
        """How likely each frame is speech, heard in both ways: float32 [2, frames]."""
        clean = np.nan_to_num(np.asarray(samples, dtype=np.float32), posinf=1.0, neginf=-1.0)
        clean = np.pad(clean, (0, -len(clean) % FRAME))
        both = np.stack([self._as_a_whole(clean), self._levelled(clean)])
        state = np.zeros((STATE[0], 2, STATE[1]), np.float32)
        seen = np.zeros((2, CONTEXT), np.float32)
        likely = np.zeros((2, len(clean) // FRAME), np.float32)
        for i in range(likely.shape[1]):
            given = np.concatenate([seen, both[:, i * FRAME : (i + 1) * FRAME]], axis=1)
            seen = given[:, -CONTEXT:]
            out, state = self._session.run(
                ["output", "stateN"],
                {"input": given, "state": state, "sr": np.array(RATE_HZ, np.int64)},
            )
            likely[:, i] = out[:, 0]
        return likely

    def _as_a_whole(self, samples: Samples) -> Samples:
        rms = float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))
        gain = self.rule.level_rms / max(rms, self.rule.quietest_rms)
        whole: Samples = np.clip(samples * gain, -1.0, 1.0).astype(np.float32)
        return whole

    def _levelled(self, samples: Samples) -> Samples:
        power = _running_mean(np.square(samples), round(self.rule.levelled_s * RATE_HZ))
        rms = np.sqrt(np.maximum(power, self.rule.quietest_rms**2))
        levelled: Samples = (samples * (self.rule.level_rms / rms)).astype(np.float32)
        return levelled


def _running_mean(values: NDArray[Any], over: int) -> NDArray[np.float64]:
    """Mean of `over` values around each; beyond the ends there is nothing but zeros."""
    sums = np.concatenate([[0.0], np.cumsum(np.asarray(values, dtype=np.float64))])
    ends = np.minimum(np.arange(len(values)) + over - over // 2, len(values))
    begins = np.maximum(np.arange(len(values)) - over // 2, 0)
    means: NDArray[np.float64] = (sums[ends] - sums[begins]) / over
    return means


def _session(weights: bytes) -> Any:
    """An onnxruntime session on one thread."""
    import onnxruntime as ort  # noqa: PLC0415 - heavy: only where it is really loaded

    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return ort.InferenceSession(weights, options, providers=["CPUExecutionProvider"])
