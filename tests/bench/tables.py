"""Markdown tables of figures, for the benches' own output and for the model's README. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.bench.figures import Figure

PEERS = {"yamnet": "YAMNet", "mn04": "mn04", "mn04-head": "yardstick"}
DETECTORS = {"ours": "ours", **PEERS}
Row = tuple[str, str, int]  # figure, words, digits

HEADLINE: tuple[Row, ...] = (
    ("f1", "F1", 2),
    ("false_alarms_an_hour", "false alarms an hour", 1),
    ("recall", "share of cries found", 2),
    ("recall_kitten", "... kittens", 2),
    ("recall_puppy", "... puppies and whining dogs", 2),
    ("recall_0dB", "... those no louder than what lies beneath (0 dB)", 2),
    ("recall_at_1_an_hour", "... at the threshold of 1 false alarm an hour", 2),
    ("species_right_kitten", "animal right among found kittens", 2),
    ("species_right_puppy", "animal right among found puppies and whines", 2),
    ("detections_a_found_bout", "detections a found cry", 2),
    ("grown_that_alarm", "cries of grown cats and dogs that alarm", 2),
    ("announced_median_s", "announced after its onset: median, s", 1),
    ("announced_p95_s", "... 95 % within, s", 1),
)
SEEDS: tuple[Row, ...] = (
    ("f1", "F1", 2),
    ("recall", "share found", 2),
    ("false_alarms_an_hour", "false alarms an hour", 1),
    ("recall_at_1_an_hour", "share found at 1 false alarm an hour", 2),
    ("grown_that_alarm", "grown that alarm", 2),
)
DETAIL: tuple[Row, ...] = (
    ("recall_kitten_distress", "kittens", 2),
    ("recall_puppy_distress", "puppies", 2),
    ("recall_dog_whine", "whining dogs of unstated age", 2),
    ("recall_0dB", "0 dB", 2),
    ("recall_5dB", "5 dB", 2),
    ("recall_10dB", "10 dB", 2),
    ("recall_15dB", "15 dB", 2),
    ("recall_20dB", "20 dB", 2),
    ("best_f1", "F1 at the best threshold of the scores", 2),
    ("recall_at_4_an_hour", "found at the threshold of 4 false alarms an hour", 2),
    ("recall_at_0.5_an_hour", "found at the threshold of 0.5 false alarms an hour", 2),
    ("species_unknown_kitten", "found kittens of which the animal is left open", 2),
    ("species_unknown_puppy", "found puppies and whines of which it is left open", 2),
    ("grown_that_alarm_adult_cat", "grown cats that alarm", 2),
    ("grown_that_alarm_adult_dog", "grown dogs that alarm", 2),
    ("announced_quick_median_s", "announced, second call within 4 s: median, s", 1),
    ("announced_quick_p95_s", "... 95 % within, s", 1),
)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)


def told(figure: Figure | None, digits: int) -> str:
    """A figure with its interval, for people; empty where it does not apply."""
    if figure is None or figure[0] is None:
        return ""
    value, low, high = figure
    text = f"{value:.{digits}f}"
    return (
        text if low is None or high is None else f"{text} ({low:.{digits}f} to {high:.{digits}f})"
    )


def compared(figures: Mapping[str, Mapping[str, Figure]], rows: Sequence[Row]) -> str:
    """A row a figure, a column a detector; figures that nobody has are left out."""
    body = [
        [words, *(told(figures[name].get(key), digits) for name in DETECTORS)]
        for key, words, digits in rows
        if any(figures[name].get(key) for name in DETECTORS)
    ]
    return table(["", *DETECTORS.values()], body)


def summary(sets: Mapping[str, Any]) -> str:
    """The headline over all seeds, and the main figures of each seed."""
    return f"{compared(sets['all']['figures'], HEADLINE)}\n\n{seeds(sets)}"


def seeds(sets: Mapping[str, Any]) -> str:
    """The main figures, seed by seed, of every detector."""
    names = [name for name in sets if name != "all"]
    body = []
    for key, words, digits in SEEDS:
        for name, shown in DETECTORS.items():
            cells = [told(sets[seed]["figures"][name].get(key), digits) for seed in names]
            if any(cells):
                body.append([f"{words}: {shown}", *cells])
    return table(["", *names], body)


def detail(judged: Mapping[str, Any]) -> str:
    """Figures by kind, loudness and delay; and what the false alarms fell on."""
    at = judged["false_alarms_at"]
    alarms = [
        [shown, ", ".join(f"{label} {n}" for label, n in at[name].items()) or "none"]
        for name, shown in DETECTORS.items()
    ]
    heading = f"{judged['bouts']} cries of {judged['recordings']} recordings, {judged['hours']} h"
    parts = [
        heading,
        compared(judged["figures"], DETAIL),
        table(["", "false alarms were at"], alarms),
    ]
    return "\n\n".join(parts)


def recordings(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """How much of each recording was found."""
    body = [
        [f"`{name}`", str(row["label"]), str(row["bouts"]), *(f"{row[d]:.2f}" for d in DETECTORS)]
        for name, row in rows.items()
    ]
    return table(["recording", "kind", "cries", *DETECTORS.values()], body)
