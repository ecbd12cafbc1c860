"""Every figure of the card, in order: `python -m tests.bench --work DIR`, on an idle machine.

The slow first part (streams, peers) is kept in DIR and used again; after a new training only ours
is heard anew.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

BENCHES = ("ear", "invariance", "failures", "cost", "card")


def main() -> None:
    """Run each bench; one that fails does not keep the others from running."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder for streams and figures")
    parser.add_argument("--only", nargs="+", choices=BENCHES, default=BENCHES)
    args = parser.parse_args()
    failed = []
    for bench in args.only:
        print(f"\n# {bench}\n", flush=True)
        words = ["-m", f"tests.bench.{bench}", "--work", str(args.work.resolve())]
        if subprocess.run([sys.executable, *words], check=False).returncode:
            failed.append(bench)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
