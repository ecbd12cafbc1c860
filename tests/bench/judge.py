"""What detectors did on streams, judged by the referee: detections, or scores over thresholds."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.bench.figures import LIMITS, Alarm, Bout, Figures, Result, only
from tests.bench.streams import Streams, read_calls, referee

NEAR_S = 1.5  # a distractor this near to a false alarm is blamed for it, as by the referee
Scores = dict[str, NDArray[np.float64]]  # a stream's hops: time, kitten, puppy [n, 3]


class Bench:
    """The truth of one or several folders of streams, taken as one."""

    def __init__(self, folders: Sequence[Streams]) -> None:
        self._judge = referee()
        self.folders = folders
        self.truth: list[Any] = []
        self.hours = 0.0
        self._calls: dict[tuple[str, float], list[tuple[float, float]]] = {}
        self._played: dict[str, list[tuple[float, float, str, str]]] = {}
        for streams in folders:
            truth, hours = self._judge.read_truth(streams.folder)
            self.truth += [replace(bout, file=name_of(streams, bout.file)) for bout in truth]
            self.hours += hours
            for (file, onset), calls in read_calls(streams.folder).items():
                self._calls[name_of(streams, file), onset] = calls
            with (streams.folder / "distractors.csv").open(newline="") as handle:
                for row in csv.DictReader(handle):
                    span = float(row["onset_s"]), float(row["offset_s"])
                    played = (*span, row["label"], row["recording_id"])
                    self._played.setdefault(name_of(streams, row["file"]), []).append(played)

    def of_detections(self, tables: Sequence[Path]) -> Result:
        """What was detected, a table of JSON lines a folder."""
        found: list[Any] = []
        for streams, table in zip(self.folders, tables, strict=True):
            found += [
                replace(bout, file=name_of(streams, bout.file))
                for bout in self._judge.read_detections(table)
            ]
        return self._result(found)

    def scores(self, tables: Sequence[Path]) -> Scores:
        """Plain scores, a CSV a folder."""
        out: Scores = {}
        for streams, table in zip(self.folders, tables, strict=True):
            for file, hops in self._judge.read_scores(table).items():
                out[name_of(streams, file)] = hops
        return out

    def at_threshold(self, scores: Scores, threshold: float) -> Result:
        """What the plainest detector finds in scores, as `referee.py cut` does."""
        return self._result(self._judge.bouts_of(scores, threshold))

    def sweep(self, scores: Scores) -> tuple[float, Figures]:
        """The threshold of the best F1; and the recall left at few false alarms, as `sweep` says.

        The grid of thresholds is the referee's.
        """
        top = np.concatenate([hops[:, 1:].max(axis=1) for hops in scores.values()])
        shares = np.concatenate([np.linspace(0.5, 0.99, 40), np.linspace(0.99, 1, 60)])
        grid = [float(t) for t in np.unique(np.quantile(top, shares))]
        verdicts = {
            t: self._judge.judge(self.truth, self._judge.bouts_of(scores, t), self.hours)
            for t in grid
        }
        best = max(grid, key=lambda t: float(verdicts[t].f1))
        out: Figures = {"best_f1": only("f1", self.at_threshold(scores, best))}
        for limit in LIMITS:
            within = [t for t in grid if verdicts[t].alarms_an_hour <= limit]
            key = f"recall_at_{limit:g}_an_hour"
            if within:
                at = max(within, key=lambda t: float(verdicts[t].recall))
                out[key] = only("recall", self.at_threshold(scores, at))
            else:
                out[key] = [0.0, 0.0, 0.0]
        return best, out

    def calls(self, stream: str) -> list[tuple[float, float]]:
        """The calls of a stream's cries."""
        spans = (calls for (name, _), calls in self._calls.items() if name == stream)
        return [span for calls in spans for span in calls]

    def played(self, stream: str) -> list[tuple[float, float]]:
        """When a stream's distractors were played."""
        return [(begin, end) for begin, end, *_ in self._played.get(stream, [])]

    def playing(self, stream: str, at_s: float, until_s: float) -> list[tuple[str, str]]:
        """Label and recording of the distractors near this stretch."""
        return [
            (label, recording)
            for begin, end, label, recording in self._played.get(stream, [])
            if begin - NEAR_S <= until_s and at_s <= end + NEAR_S
        ]

    def _result(self, detections: list[Any]) -> Result:
        verdict = self._judge.judge(self.truth, detections, self.hours)
        score_of = {(d.file, d.onset): d.score for d in detections}
        bouts = []
        for bout, found, pieces in zip(verdict.truth, verdict.found, verdict.pieces, strict=True):
            calls = self._calls.get((bout.file, round(bout.onset, 3)), [])
            bouts.append(
                Bout(
                    stream=bout.file,
                    onset_s=bout.onset,
                    offset_s=bout.offset,
                    recording=bout.recording,
                    species=bout.species,
                    label=bout.label,
                    snr_db=bout.snr_db,
                    second_call_s=calls[1][0] - calls[0][0] if len(calls) > 1 else float("nan"),
                    pieces=pieces,
                    said=found.species if found else None,
                    delay_s=found.announced - bout.onset if found else float("nan"),
                )
            )
        alarms = [
            Alarm(file, at, score_of[file, at], *self._blamed(file, at))
            for file, at in verdict.false_alarms
        ]
        played = frozenset(r for rows in self._played.values() for *_, r in rows)
        return Result(bouts, alarms, played, verdict.hours)

    def _blamed(self, stream: str, at_s: float) -> tuple[str, str]:
        """Label and recording of the nearest distractor; the bed where none is near."""
        near = [
            (max(begin - at_s, at_s - end, 0.0), label, recording)
            for begin, end, label, recording in self._played.get(stream, [])
            if begin - NEAR_S <= at_s <= end + NEAR_S
        ]
        return min(near)[1:] if near else ("bed", f"bed of {stream}")


def name_of(streams: Streams, file: str) -> str:
    """A stream's name among those of several folders."""
    return f"{streams.seed}/{file}"
