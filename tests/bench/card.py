"""The card's figures and the tables of its README, from what the benches kept.

    python -m tests.bench.card --work DIR   # figures of DIR into card.json, tables into README.md
    python -m tests.bench.card              # tables into README.md, from card.json as it is

A bench's part belongs to the weights that it was measured with: a part of other weights than the
card's is left out, unless `--old` keeps it, and is then told as such. What another bench printed,
or somebody wrote, becomes a part by `--take NAME=FILE` (learning, speech, choosing): Markdown from
a file named .md, else lines as they stand.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.card import Card, read_card
from tests.bench.cost import cost_table, listener_words
from tests.bench.invariance import invariance_table
from tests.bench.parts import FOLDER, MODELS, write_part
from tests.bench.tables import HEADLINE, SEEDS, compared, detail, recordings, seeds, table

MARKED = re.compile(r"(<!-- figures: (\w+) -->\n).*?(<!-- /figures -->)", re.DOTALL)
MISSING = "*Not measured yet with these weights.*"
Part = Mapping[str, Any]


def joined(card: Card, folder: Path, *, keep_old: bool) -> dict[str, Any]:
    """The figures that the benches kept for these weights, by part."""
    out: dict[str, Any] = {}
    for path in sorted(folder.glob("*.json")):
        part = json.loads(path.read_text(encoding="utf-8"))
        part.setdefault("model", card.label)
        if part["model"] != card.label and not keep_old:
            print(f"{path}: was measured with {part['model']}, not {card.label}: left out")
        else:
            out[path.stem] = trimmed(part) if path.stem == "ear" else part
    return out


def trimmed(ear: dict[str, Any]) -> dict[str, Any]:
    """The ear's figures without what no reader needs of each seed alone."""
    keys = {key for key, *_ in SEEDS}
    for name, judged in ear["sets"].items():
        if name != "all":
            figures = judged["figures"]
            kept = {who: {k: f[k] for k in f if k in keys} for who, f in figures.items()}
            ear["sets"][name] = {"bouts": judged["bouts"], "figures": kept}
    return ear


# ------------------------------------------------------------------ what the README tells


def told_model(card: Card) -> str:
    """What the weights are, and how they are read."""
    window, front_end, rule = card.window, card.front_end, card.rule
    size = (MODELS / card.weights).stat().st_size / 1e6
    step_s = front_end.step_s
    rows = [
        [
            "Name, digest",
            f"`{card.label}`; the whole digest in `card.json` is checked at each start",
        ],
        ["Size", f"{size:.1f} MB"],
        [
            "Input",
            f"mono sound at {front_end.rate_hz / 1000:g} kHz, as log-mel frames: "
            f"{front_end.frame_samples / front_end.rate_hz * 1000:.0f} ms every "
            f"{step_s * 1000:.0f} ms, {front_end.bands} bands of {front_end.low_hz:.0f} to "
            f"{front_end.high_hz:.0f} Hz (`front_end.py`; librosa's to 1e-4)",
        ],
        [
            "Window, hop",
            f"{window.frames * step_s:.2f} s under one run, a run every "
            f"{window.step_frames * step_s:.2f} s where anything stands out, a score every "
            f"{window.hop_frames * step_s:.2f} s",
        ],
        ["A call", f"P(cry) from {rule.call_on:g} until it falls under {rule.call_off:g}"],
        [
            "A cry",
            f"{rule.announce_calls} calls that begin within {rule.announce_within_s:g} s, or "
            f"{rule.announce_voiced_s:g} s of calling in that time; over after "
            f"{rule.cry_gap_s:g} s without a call",
        ],
        [
            "Shortest cry promised",
            f"{rule.announce_calls} calls of {window.hop_frames * step_s:.2f} s, one score each: "
            "tested (`tests/models/test_card_promise.py`)",
        ],
        [
            "Kitten or puppy",
            f"said where one has {rule.species_share:.0%} of P(cry) over the calls; else unknown",
        ],
    ]
    return table(["", ""], rows)


def told_data(card: Card) -> str:
    """What the weights were taught with, and under which licences."""
    trained, parts = card.trained, []
    for title, key in (("sound", "clips"), ("licence", "licences")):
        counts = trained.get(key)
        if isinstance(counts, dict):
            ordered = sorted(counts.items(), key=lambda item: -item[1])
            rows = [[name or "not stated", str(number)] for name, number in ordered]
            parts.append(table([title, "files"], rows))
    return "\n\n".join(parts) or MISSING


def told_ear(key: str) -> Callable[[Part], str]:
    """A table of the ear's figures."""
    makers: dict[str, Callable[[Part], str]] = {
        "headline": lambda ear: "\n\n".join([_about(ear), _compared(ear)]),
        "seeds": lambda ear: seeds(ear["sets"]),
        "detail": lambda ear: detail(ear["sets"]["all"]),
        "recordings": lambda ear: recordings(ear["sets"]["all"]["by_recording"]),
        "made_up": lambda ear: "\n\n".join(
            [
                compared(ear["made_up"]["figures"], HEADLINE),
                detail(ear["made_up"]),
                recordings(ear["made_up"]["by_recording"]),
            ]
        ),
    }
    return makers[key]


def _about(ear: Part) -> str:
    judged = ear["sets"]["all"]
    names = ", ".join(name for name in ear["sets"] if name != "all")
    return (
        f"{judged['bouts']} cries of {judged['recordings']} recordings in "
        f"{judged['hours']:g} hours ({names}); in brackets 95 % intervals, drawn over recordings."
    )


def _compared(ear: Part) -> str:
    return compared(ear["sets"]["all"]["figures"], HEADLINE)


def told_cost(part: Part) -> str:
    """What listening costs."""
    return f"{cost_table(dict(part))}\n\n{listener_words(dict(part))}"


def told_invariance(part: Part) -> str:
    """What does not matter."""
    alike = ", ".join(f"{k}: {'yes' if v else 'NO'}" for k, v in part["blocks_alike"].items())
    return (
        f"{part['sound']}.\n\n{invariance_table(part['rows'])}\n\n"
        f"Exactly the same cries with blocks of {alike}."
    )


def told_plainly(part: Part) -> str:
    """A part of words and a table."""
    out = [part["words"]] if "words" in part else []
    if "rows" in part:
        out.append(table(part["head"], part["rows"]))
    return "\n\n".join(out) or MISSING


TELLERS: dict[str, tuple[str, Callable[[Part], str]]] = {
    **{
        key: ("ear", told_ear(key))
        for key in ("headline", "seeds", "detail", "recordings", "made_up")
    },
    "cost": ("cost", told_cost),
    "invariance": ("invariance", told_invariance),
}


def filled(text: str, card: Card) -> str:
    """The README with every marked stretch written anew from the card."""

    def anew(found: re.Match[str]) -> str:
        return f"{found[1]}{told(found[2], card)}\n{found[3]}"

    return MARKED.sub(anew, text)


def told(key: str, card: Card) -> str:
    """The text of one marked stretch."""
    if key == "model":
        return told_model(card)
    if key == "data":
        return told_data(card)
    name, teller = TELLERS.get(key, (key, told_plainly))
    part = card.figures.get(name)
    if not isinstance(part, dict):
        return MISSING
    text = teller(part)
    if part.get("model", card.label) != card.label:
        text = f"*Measured with {part['model']}, not with the present weights.*\n\n{text}"
    return text


def main() -> None:
    """Join and fill."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, help="folder in which the benches kept figures")
    parser.add_argument(
        "--take", nargs="+", default=[], metavar="NAME=FILE", help="text that is a part"
    )
    parser.add_argument("--old", action="store_true", help="also take parts of other weights")
    args = parser.parse_args()
    path, readme = MODELS / "card.json", MODELS / "README.md"
    card = read_card(path)
    if args.work:
        for item in args.take:
            name, _, text = item.partition("=")
            words = Path(text).read_text(encoding="utf-8").strip()
            if not text.endswith(".md"):
                words = f"```\n{words}\n```"
            write_part(args.work, name, {"words": words})
        figures = joined(card, args.work / FOLDER, keep_old=args.old)
        card = replace(card, figures=figures)
        path.write_text(card.to_json(), encoding="utf-8")
        print(f"{path}: {', '.join(figures) or 'no part of these weights'}")
    readme.write_text(filled(readme.read_text(encoding="utf-8"), card), encoding="utf-8")


if __name__ == "__main__":
    main()
