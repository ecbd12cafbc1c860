"""Do the rules ever break their word? `python -m tests.bench.invariants [--cases 100000]`

Scenarios at random, the same ones for the same seed, each held against every invariant of the
rules (`tests/web/care/invariants.py`). The first that breaks one is printed, to be replayed with
`nursery-monitor suggest`.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import random
import sys
import time
from collections import Counter

from tests.web.care.invariants import CHECKS, a_scenario
from web.care.advice import suggest

TOLD_EVERY = 10_000


def main() -> None:
    """Try them all; exit code 1 if an invariant breaks."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.invariants", description=__doc__)
    parser.add_argument("--cases", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="first", type=int, default=0, help="number of the first one")
    args = parser.parse_args()
    began, firsts = time.monotonic(), Counter[str]()
    for number in range(args.first, args.first + args.cases):
        chance = random.Random(f"{args.seed} {number}")
        scenario = a_scenario(chance)
        said = suggest(scenario)
        firsts[said.suggestions[0].code if said.suggestions else "(nothing)"] += 1
        for check in CHECKS:
            try:
                check(scenario, said, chance)
            except AssertionError as error:
                print(f"case {number} of seed {args.seed} breaks: {check.__name__} {error}")
                print(json.dumps(dataclasses.asdict(scenario)))
                sys.exit(1)
        if (number + 1) % TOLD_EVERY == 0:
            print(f"{number + 1} cases, {time.monotonic() - began:.0f} s", flush=True)
    print(f"{args.cases} cases, seed {args.seed}: all {len(CHECKS)} checks held in every one")
    for code, count in firsts.most_common():
        print(f"  {code:18} first in {count}")


if __name__ == "__main__":
    main()
