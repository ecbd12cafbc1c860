"""The card's figures: each bench writes its part, `python -m tests.bench.card` joins them."""

from __future__ import annotations

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.card import read_card

REPOSITORY = Path(__file__).resolve().parents[2]
MODELS = REPOSITORY / "models"
FOLDER = "figures"  # of a work folder


def write_part(work: Path, name: str, figures: dict[str, Any]) -> Path:
    """Keep a bench's figures for the card; with the weights, the day and the machine."""
    folder = work / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.json"
    about = {
        "model": read_card(MODELS / "card.json").label,
        "measured": datetime.now(UTC).date().isoformat(),
        "machine": f"{os.cpu_count()} shared cores, {cpu()}",
    }
    path.write_text(json.dumps(about | figures, indent=1) + "\n", encoding="utf-8")
    return path


def cpu() -> str:
    """The processor's name."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith(("model name", "Model")):
            return line.partition(":")[2].strip()
    return platform.machine()
