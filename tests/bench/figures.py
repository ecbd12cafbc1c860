"""From what a detector said of streams to figures, each with a 95 % interval. Pure.

What a detector did is judged by the referee's own functions. The intervals are drawn over
recordings, not bouts: bouts of one recording stand or fall together, and so do the false alarms at
one distractor, in however many streams it is played.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

DRAWS = 1000
SECOND_CALL_S = 4.0  # a second call within this makes a cry sure, says the promise on delays
LIMITS = (4.0, 1.0, 0.5)  # false alarms an hour at which `sweep` tells the recall

Figure = list[float | None]  # value, low and high end of its interval; None is unknown
Figures = dict[str, Figure]


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


class Columns:
    """The bouts of a result, column by column, to be drawn from quickly."""

    def __init__(self, bouts: list[Bout]) -> None:
        self.found = np.array([b.found for b in bouts], dtype=bool)
        self.pieces = np.array([b.pieces for b in bouts], dtype=float)
        self.right = np.array([b.said == b.species for b in bouts], dtype=bool)
        self.open = np.array([b.found and b.said == "unknown" for b in bouts], dtype=bool)
        self.delay = np.array([b.delay_s for b in bouts], dtype=float)
        self.quick = np.array([b.second_call_s <= SECOND_CALL_S for b in bouts], dtype=bool)
        self.species = np.array([b.species for b in bouts])
        self.label = np.array([b.label for b in bouts])
        self.snr = np.array([b.snr_db for b in bouts], dtype=float)
        self.groups = groups_of([b.recording for b in bouts])

    def figures(self, rows: NDArray[np.intp], alarms: int, hours: float) -> dict[str, float]:
        """Every figure of these rows; nan where there is nothing to go by."""
        found = self.found[rows]
        hits = rows[found]
        out = {
            "f1": 2 * len(hits) / max(len(hits) + alarms + len(rows), 1),
            "recall": mean(found),
            "false_alarms_an_hour": alarms / hours,
            "detections_a_found_bout": mean(self.pieces[hits]),
        }
        for name, column in (("", self.species), ("", self.label), ("dB", self.snr)):
            for value in np.unique(column):
                key = f"{value:g}{name}" if name else str(value)
                out[f"recall_{key}"] = mean(found[column[rows] == value])
        for species in np.unique(self.species):
            of = hits[self.species[hits] == species]
            out[f"species_right_{species}"] = mean(self.right[of])
            out[f"species_unknown_{species}"] = mean(self.open[of])
        for key, chosen in (("announced", hits), ("announced_quick", hits[self.quick[hits]])):
            delays = self.delay[chosen]
            delays = delays[np.isfinite(delays)]
            out[f"{key}_median_s"] = float(np.median(delays)) if len(delays) else np.nan
            out[f"{key}_p95_s"] = float(np.quantile(delays, 0.95)) if len(delays) else np.nan
        return out


def mean(values: NDArray[Any]) -> float:
    """The mean; nan of nothing."""
    return float(np.mean(values)) if len(values) else np.nan


def groups_of(names: Iterable[str]) -> list[NDArray[np.intp]]:
    """The places of each name."""
    places: dict[str, list[int]] = {}
    for i, name in enumerate(names):
        places.setdefault(name, []).append(i)
    return [np.array(rows) for rows in places.values()]


def with_intervals(result: Result, seed: int = 1) -> Figures:
    """Every figure of a result, with its interval."""
    columns = Columns(result.bouts)
    every = np.arange(len(result.bouts))
    value = columns.figures(every, len(result.alarms), result.hours)
    at = Counter(alarm.recording for alarm in result.alarms)
    sources = sorted(result.distractors | set(at))
    a_source = np.array([at[name] for name in sources], dtype=int)
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {key: [] for key in value}
    for _ in range(DRAWS):
        picked = rng.integers(len(columns.groups), size=len(columns.groups))
        rows = np.concatenate([columns.groups[i] for i in picked])
        alarms = a_source[rng.integers(len(sources), size=len(sources))].sum() if sources else 0
        for key, number in columns.figures(rows, int(alarms), result.hours).items():
            drawn[key].append(number)
    return {key: figure(value[key], drawn[key]) for key in value}


def figure(value: float, drawn: list[float]) -> Figure:
    """A value with the interval of its draws, rounded for people."""
    if not np.isfinite(value):
        return [None, None, None]
    known = np.array(drawn)[np.isfinite(drawn)]
    low, high = np.quantile(known, (0.025, 0.975)) if len(known) else (np.nan, np.nan)
    return [round(float(v), 3) if np.isfinite(v) else None for v in (value, low, high)]


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
