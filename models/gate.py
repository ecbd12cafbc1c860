"""Which steps of a stream are worth the network's time: those in which something stands out.

Most of a night is a steady hum with nothing in it, and the network would say so at length. A call
is a few narrow lines well above the floor of their bands, so a step without any such line is given
no score but 0. That is the most of the energy that listening takes. What has been heard is
followed to its end, gate or no gate, so that a litter crying without a pause, which lifts the
floor, is not lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from models.front_end import Frames, FrontEnd, band_centres

CELL_FRAMES = 8  # over which levels are averaged to find a quiet moment: 80 ms
SETTLING_STEPS = 3  # after which the floor is known well enough to shut the gate


@dataclass(frozen=True)
class Gate:
    """What it takes to stand out; chosen on recordings left out of training, to lose no bout."""

    over: float = 3.7  # natural logarithms of power over the band's floor: 16 dB
    bands: int = 2  # so many at once
    frames: int = 6  # so many in a step: 60 ms; 0 leaves the gate open
    floor_step: float = 0.2  # by which the floor follows a step's quiet moments, at most: 0.9 dB
    low_hz: float = 350.0  # centres of the bands that are looked at
    high_hz: float = 6000.0
    follow: float = 0.1  # P(cry) in the last step from which the next one is heard as well


class Watch:
    """Follows the floor of one stream and says which of its steps to hear."""

    def __init__(self, gate: Gate, front_end: FrontEnd) -> None:
        self._gate = gate
        centres = band_centres(front_end)
        looked_at = np.flatnonzero((centres >= gate.low_hz) & (centres <= gate.high_hz))
        self._bands = slice(int(looked_at[0]), int(looked_at[-1]) + 1)
        self._floor: NDArray[np.float32] | None = None  # [bands looked at]
        self._steps = 0

    @staticmethod
    @cache
    def _averages(frames: int) -> NDArray[np.float32]:
        """What makes cells of frames by a product, the quickest way: [cells, frames]."""
        cells = np.eye(frames // CELL_FRAMES, dtype=np.float32)
        return np.repeat(cells / np.float32(CELL_FRAMES), CELL_FRAMES, axis=1)

    def stands_out(self, step: Frames) -> bool:
        """Whether something does in this step, the next of the stream: [frames, bands]."""
        gate, looked_at = self._gate, step[:, self._bands]
        cells = self._averages(len(step)) @ looked_at  # [cells, bands]
        quiet = np.partition(cells, 1, axis=0)[1]  # the quietest but one: the first may be a dip
        if self._floor is None:
            self._floor = quiet
        self._floor = self._floor + np.clip(quiet - self._floor, -gate.floor_step, gate.floor_step)
        self._steps += 1
        over = np.count_nonzero(looked_at > self._floor + gate.over, axis=1) >= gate.bands
        return self._steps <= SETTLING_STEPS or bool(np.count_nonzero(over) >= gate.frames)
