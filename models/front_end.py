"""From samples to log-mel frames: the one front end that both training and listening use.

The frames equal `librosa.feature.melspectrogram(htk=True, norm=None, power=2, center=False)` with a
periodic Hann window, followed by a logarithm; a test holds the two together. The bands lie where
EfficientAT's mn04 has them (27.18 mel apart), because the network starts from its weights; those
under 129 Hz (hum, rumble, DC) and over 7.9 kHz (beyond 16 kHz sampling) are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Frames = NDArray[np.float32]


@dataclass(frozen=True)
class FrontEnd:
    """The numbers that training and listening must share; they travel in the model's card."""

    rate_hz: int = 16_000
    frame_samples: int = 400  # 25 ms under the Hann window
    step_samples: int = 160  # 10 ms between frames
    fft_samples: int = 512  # the frame is padded with zeros to this
    bands: int = 96
    low_hz: float = 129.0  # lower edge of the first band
    high_hz: float = 7896.0  # upper edge of the last band
    floor: float = 1e-9  # added to the mel power before the logarithm; samples are within +-1

    @property
    def step_s(self) -> float:
        """Time between frames, in s."""
        return self.step_samples / self.rate_hz

    @property
    def centre_s(self) -> float:
        """Time from a frame's first sample to its centre, in s."""
        return self.frame_samples / 2 / self.rate_hz


def hertz_to_mel(hertz: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Frequency in Hz to mel, HTK's formula: 2595 log10(1 + f / 700)."""
    return 2595.0 * np.log10(1.0 + np.asarray(hertz, dtype=np.float64) / 700.0)


def mel_to_hertz(mel: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """The inverse of `hertz_to_mel`."""
    return 700.0 * (10.0 ** (np.asarray(mel, dtype=np.float64) / 2595.0) - 1.0)


def band_centres(params: FrontEnd) -> NDArray[np.float64]:
    """Frequency of each band's top, in Hz: [bands]."""
    low, high = hertz_to_mel(params.low_hz), hertz_to_mel(params.high_hz)
    return mel_to_hertz(np.linspace(low, high, params.bands + 2)[1:-1])


def mel_bank(params: FrontEnd) -> NDArray[np.float32]:
    """Triangles of height 1, linear in Hz between edges that are even in mel: [bins, bands]."""
    low, high = hertz_to_mel(params.low_hz), hertz_to_mel(params.high_hz)
    edges = mel_to_hertz(np.linspace(low, high, params.bands + 2))  # Hz [bands + 2]
    bins = np.arange(params.fft_samples // 2 + 1) * params.rate_hz / params.fft_samples
    rising = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    return np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)


class LogMel:
    """Turns samples into log-mel frames; holds the window and the mel bank, no state."""

    def __init__(self, params: FrontEnd) -> None:
        self.params = params
        n = np.arange(params.frame_samples)
        self._taper = (0.5 - 0.5 * np.cos(2 * np.pi * n / params.frame_samples)).astype(np.float32)
        self._bank = mel_bank(params)

    def __call__(self, samples: Samples) -> Frames:
        """Mono samples [n] to the log-mel of every whole frame in them: float32 [frames, bands]."""
        p = self.params
        if len(samples) < p.frame_samples:
            return np.zeros((0, p.bands), dtype=np.float32)
        # The frames overlap in the samples' own memory; numpy's window functions take longer to
        # say so than the transform takes.
        samples = np.ascontiguousarray(samples, dtype=np.float32)
        count = 1 + (len(samples) - p.frame_samples) // p.step_samples
        step, item = p.step_samples * samples.itemsize, samples.itemsize
        view: Frames = np.ndarray(
            (count, p.frame_samples), np.float32, samples.data, strides=(step, item)
        )
        spectrum = np.fft.rfft(view * self._taper, n=p.fft_samples)
        power = np.square(spectrum.real) + np.square(spectrum.imag)  # [frames, bins]
        mel = power.astype(np.float32, copy=False) @ self._bank
        log_mel: Frames = np.log(mel + np.float32(p.floor))
        return log_mel
