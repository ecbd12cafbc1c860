"""`nursery-monitor detect` with another model: `python -m tests.bench.hear DIR [detect's words]`.

DIR holds a card.json and its weights; for ablations, and to see that a training repeats.
"""

from __future__ import annotations

import sys
from pathlib import Path

from models.cry_model import CryModel
from monitor.commands import detect


def main() -> None:
    """Run `detect`, whose model is the one of the folder named first."""
    directory = Path(sys.argv[1])
    setattr(detect, "load_model", lambda: CryModel.load(directory))  # noqa: B010 - a module's name
    detect.detect.main(sys.argv[2:], prog_name="detect")


if __name__ == "__main__":
    main()
