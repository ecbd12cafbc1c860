"""From what a detector said of streams to figures, each with a 95 % interval. Pure.

What a detector did is judged by the referee's own functions. The intervals are drawn over
recordings, not bouts: bouts of one recording stand or fall together, and so do the false alarms at
one distractor, in however many streams it is played.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

DRAWS = 1000
SECOND_CALL_S = 4.0  # a second call within this makes a cry sure, says the promise on delays
LIMITS = (4.0, 1.0, 0.5)  # false alarms an hour at which `sweep` tells the recall

Figure = list[float | None]  # value, low and high end of its interval; None is unknown
Figures = dict[str, Figure]
Values = NDArray[Any]


@dataclass(frozen=True)
class Bout:
    """A cry that was played, and what a detector made of it."""

    stream: str
    onset_s: float
    offset_s: float
    recording: str
    species: str
    label: str
    snr_db: float
    second_call_s: float  # from the onset of the first call to that of the second; nan: none
    pieces: int  # detections on it
    said: str | None  # the first detection's species
    delay_s: float  # from its onset to the first detection's announcement; nan: unknown

    @property
    def found(self) -> bool:
        """Whether any detection fell on it."""
        return self.pieces > 0


@dataclass(frozen=True)
class Alarm:
    """A false alarm, and what sounded just then."""

    stream: str
    at_s: float
    score: float
    label: str
    recording: str


@dataclass(frozen=True)
class Result:
    """All that one detector did on some streams."""

    bouts: list[Bout]
    alarms: list[Alarm]
    distractors: frozenset[str]  # recordings that were played as such, alarmed at or not
    hours: float


class Draws:
    """How often each source of a result stands in each draw; the first draw is what was heard."""

    def __init__(self, sources: Sequence[str], rng: np.random.Generator) -> None:
        names = sorted(set(sources))
        self._place = np.array([names.index(source) for source in sources], dtype=int)
        self._times = np.ones((DRAWS + 1, len(names)), dtype=int)  # [draws + 1, sources]
        for row in self._times[1:]:
            picked = rng.integers(len(names), size=len(names))
            row[:] = np.bincount(picked, minlength=len(names))

    def total(self, values: Values) -> Values:
        """The sum over what belongs to the sources, in each draw: [draws + 1]."""
        number = self._times.shape[1]
        a_source = np.bincount(self._place, weights=np.asarray(values, float), minlength=number)
        return np.asarray(self._times @ a_source, dtype=float)

    def share(self, of: Values, among: Values) -> Values:
        """How much of what is among is of these; nan where nothing is."""
        number = self.total(among)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.where(number > 0, self.total(np.asarray(of, float) * among) / number, np.nan)

    def quantile(self, values: Values, q: float) -> Values:
        """A quantile of what is known of the values, in each draw."""
        known = np.isfinite(values)
        some, place = values[known], self._place[known]
        out = np.full(len(self._times), np.nan)
        for i, times in enumerate(self._times):
            if len(drawn := np.repeat(some, times[place])):
                out[i] = np.quantile(drawn, q)
        return out


def with_intervals(result: Result, seed: int = 1) -> Figures:
    """Every figure of a result, with its interval."""
    bouts, rng = result.bouts, np.random.default_rng(seed)
    draws = Draws([bout.recording for bout in bouts], rng)
    every = np.ones(len(bouts))
    found = np.array([bout.found for bout in bouts], dtype=float)
    pieces = np.array([bout.pieces for bout in bouts], dtype=float)
    alarms = _alarms(result, rng)
    hits = draws.total(found)
    out = {
        "f1": 2 * hits / (hits + alarms + draws.total(every)),
        "recall": draws.share(found, every),
        "false_alarms_an_hour": alarms / result.hours,
        "detections_a_found_bout": draws.share(pieces, found),
    }
    kinds = {f"{bout.snr_db:g}dB": bout.snr_db for bout in bouts if np.isfinite(bout.snr_db)}
    for name in sorted({bout.species for bout in bouts} | {bout.label for bout in bouts}):
        chosen = np.array([name in {bout.species, bout.label} for bout in bouts], dtype=float)
        out[f"recall_{name}"] = draws.share(found, chosen)
    for name, snr_db in sorted(kinds.items()):
        chosen = np.array([bout.snr_db == snr_db for bout in bouts], dtype=float)
        out[f"recall_{name}"] = draws.share(found, chosen)
    right = np.array([bout.said == bout.species for bout in bouts], dtype=float)
    left_open = np.array([bout.said == "unknown" for bout in bouts], dtype=float)
    for species in sorted({bout.species for bout in bouts}):
        chosen = found * [bout.species == species for bout in bouts]
        out[f"species_right_{species}"] = draws.share(right, chosen)
        out[f"species_unknown_{species}"] = draws.share(left_open, chosen)
    delays = np.array([bout.delay_s for bout in bouts])
    quick = np.where([bout.second_call_s <= SECOND_CALL_S for bout in bouts], delays, np.nan)
    for key, values in (("announced", delays), ("announced_quick", quick)):
        out[f"{key}_median_s"] = draws.quantile(values, 0.5)
        out[f"{key}_p95_s"] = draws.quantile(values, 0.95)
    return {key: figure(values) for key, values in out.items()}


def only(key: Literal["f1", "recall"], result: Result, seed: int = 1) -> Figure:
    """One figure with its interval, quickly."""
    rng = np.random.default_rng(seed)
    draws = Draws([bout.recording for bout in result.bouts], rng)
    every = np.ones(len(result.bouts))
    found = np.array([bout.found for bout in result.bouts], dtype=float)
    if key == "recall":
        return figure(draws.share(found, every))
    hits = draws.total(found)
    return figure(2 * hits / (hits + _alarms(result, rng) + draws.total(every)))


def _alarms(result: Result, rng: np.random.Generator) -> Values:
    """The number of false alarms in each draw of the distractors."""
    at = Counter(alarm.recording for alarm in result.alarms)
    sources = sorted(result.distractors | set(at))
    if not sources:
        return np.zeros(DRAWS + 1)
    return Draws(sources, rng).total(np.array([at[name] for name in sources], dtype=float))


def figure(values: Values) -> Figure:
    """The value (first) with the interval of its draws (the others), rounded for people."""
    if not np.isfinite(values[0]):
        return [None, None, None]
    known = values[1:][np.isfinite(values[1:])]
    low, high = np.quantile(known, (0.025, 0.975)) if len(known) else (np.nan, np.nan)
    return [round(float(v), 3) if np.isfinite(v) else None for v in (values[0], low, high)]


def by_recording(results: Mapping[str, Result]) -> dict[str, dict[str, object]]:
    """How often each recording of cries was found, by each detector; hardest for the first first.

    A row is the recording's label, its bouts, and the share found by every detector.
    """
    rows: dict[str, dict[str, object]] = {}
    for name, result in results.items():
        for recording in sorted({bout.recording for bout in result.bouts}):
            bouts = [bout for bout in result.bouts if bout.recording == recording]
            row = rows.setdefault(recording, {"label": bouts[0].label, "bouts": len(bouts)})
            row[name] = round(float(np.mean([bout.found for bout in bouts])), 3)
    first = next(iter(results))
    return dict(sorted(rows.items(), key=lambda item: (float(str(item[1][first])), item[0])))


def alarms_at(result: Result) -> dict[str, int]:
    """What false alarms fell on, most frequent first."""
    return dict(Counter(alarm.label for alarm in result.alarms).most_common())
