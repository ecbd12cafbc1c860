"""Is the proof honest? `python -m tests.bench.proof [--houses 1000] [--seed 1]`

Pairs of babies are simulated whose true change by company is known: they cry in bouts, more at
some hours of the day, on bad days more than on good ones (bad days come in a row), more or less as
they grow older, and part of it is not listened to. For each world it is told how far the naive
before/after and ours are off on average, and how often the 95 % interval holds the truth.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from statistics import mean, median

from web.care.proof import compare, pooled
from web.care.trend import Cell, Ratio

BAD_DAYS, BAD_DAYS_LAST = 0.35, 0.5  # sd of the log of a day; how much of it stays for the next
HOURLY = 0.5  # sd of the log of an hour
CALLS, CRY_MIN = 12.0, 0.6  # of a bout, on average
PAIRS = 8  # of a house, for the typical change


@dataclass(frozen=True)
class World:
    """What is true."""

    name: str
    ratio: float  # with company over without
    older: Callable[[float], float] = lambda day: 0.0
    before: tuple[int, int] = (5, 7)  # days listened to
    after: tuple[int, int] = (5, 7)
    cries_h: tuple[float, float] = (0.8, 4.0)  # at the mean hour, both babies
    listened: Callable[[bool, int], float] = lambda company, hour: 0.95
    differ: float = 0.0  # sd of the log of the pairs' own ratios


def falling(day: float) -> float:
    """A tenth less each day."""
    return -0.1 * day


def rising(day: float) -> float:
    """A tenth more each day."""
    return 0.1 * day


def peaking(day: float) -> float:
    """Most in the middle: 40 % less a week before and after."""
    return -0.5 * (day / 7) ** 2


def nights_then_days(company: bool, hour: int) -> float:
    """Before mostly nights were listened to, which are the loud ones; then mostly days."""
    night = hour >= 21 or hour < 7
    return 0.95 if night is not company else 0.15


WORLDS = (
    World("no change", 1.0),
    World("halved", 0.5),
    World("a tenth left", 0.1),
    World("all but silent", 0.01),
    World("doubled", 2.0),
    World("no change, calmer with age", 1.0, falling),
    World("halved, calmer with age", 0.5, falling),
    World("no change, louder with age", 1.0, rising),
    World("halved, louder with age", 0.5, rising),
    World("no change, loudest at two weeks", 1.0, peaking),
    World("no change, nights then days", 1.0, listened=nights_then_days),
    World("halved, nights then days", 0.5, listened=nights_then_days),
    World("halved, calmer, nights then days", 0.5, falling, listened=nights_then_days),
    World("halved, three or four days", 0.5, before=(3, 4), after=(3, 4)),
    World("halved, rare cries", 0.5, cries_h=(0.1, 0.3)),
    World("halved, pairs differ", 0.5, falling, differ=0.3),
)


def pair(world: World, chance: random.Random) -> tuple[list[Cell], list[Cell], float]:
    """Cells of calls and of minutes of one pair, and its own ratio."""
    level = math.exp(chance.uniform(*(math.log(end) for end in world.cries_h)))
    peak, swing = chance.uniform(0, 24), chance.uniform(0.3, 0.9)
    feeds = chance.uniform(0, 3)
    began = chance.randrange(24)  # hour of the day
    own = world.ratio * math.exp(chance.gauss(0, world.differ))
    days = chance.randint(*world.before), chance.randint(*world.after)
    calls, minutes = [], []
    bad = chance.gauss(0, BAD_DAYS)
    for number in range(-24 * days[0], 24 * days[1]):
        hour, day, company = (began + number) % 24, number / 24, number >= 0
        if hour == 12:
            fresh = math.sqrt(1 - BAD_DAYS_LAST**2)
            bad = BAD_DAYS_LAST * bad + fresh * chance.gauss(0, BAD_DAYS)
        night = swing * math.cos((hour - 2) / 24 * 2 * math.pi) * 0.8
        odd = 0.2 * swing * math.cos((hour - peak) / 12 * 2 * math.pi)
        hungry = 0.5 * math.cos((hour - feeds) / 3 * 2 * math.pi)
        log = night + odd + hungry + world.older(day) + bad + chance.gauss(0, HOURLY)
        listened = min(1.0, max(0.0, world.listened(company, hour) + chance.gauss(0, 0.05)))
        cries = poisson(level * math.exp(log) * (own if company else 1) * listened, chance)
        bouts = [chance.expovariate(1.0) for _ in range(cries)]
        cell = Cell(day, hour, company, listened, cries, sum(1 + int(CALLS * b) for b in bouts))
        calls.append(cell)
        minutes.append(replace(cell, amount=CRY_MIN * sum(bouts)))
    return calls, minutes, own


def poisson(expected: float, chance: random.Random) -> int:
    """So many of rare things (Knuth)."""
    floor, product, number = math.exp(-expected), chance.random(), 0
    while product > floor:
        product *= chance.random()
        number += 1
    return number


def naive(cells: Sequence[Cell]) -> float | None:
    """All that was after over all that was before, by the hours listened to."""
    rate = []
    for company in (True, False):
        side = [cell for cell in cells if cell.company is company]
        rate.append(sum(c.amount for c in side) / max(sum(c.listened_h for c in side), 1e-9))
    return rate[0] / rate[1] if rate[0] and rate[1] else None


def judge(world: World, houses: int, seed: int) -> str:
    """One line of the table."""
    chance = random.Random(f"{seed} {world.name}")
    plain: list[float] = []
    told: list[tuple[Ratio, float]] = []
    typical: list[tuple[Ratio, float]] = []
    group: list[Ratio] = []
    for number in range(houses):
        calls, minutes, own = pair(world, chance)
        off = naive(calls)
        plain += [math.log(off / own)] if off else []
        found = compare(calls if number % 2 else minutes).found
        told += [(found, own)] if found else []
        group += [found] if found else []
        if number % PAIRS == PAIRS - 1:
            several = pooled(group)
            typical += [(several, world.ratio)] if several else []
            group = []
    return " | ".join(
        [
            f"{world.name:34}",
            f"{percent(plain):>6}",
            *row(told),
            f"{len(told) / houses:4.0%}",
            *row(typical),
        ]
    )


def row(found: Sequence[tuple[Ratio, float]]) -> list[str]:
    """Bias, coverage, width, and how often it is sure of a change; each beside what is true."""
    if not found:
        return ["     -", "     -", "        -", "   -"]
    off = [math.log(one.ratio / truth) for one, truth in found]
    holds = mean(one.low <= truth <= one.high for one, truth in found)
    low, high = median(one.low for one, _ in found), median(one.high for one, _ in found)
    sure = mean(one.high < 1 or one.low > 1 for one, _ in found)
    return [f"{percent(off):>6}", f"{holds:6.1%}", f"{low:.2f}-{high:.2f}", f"{sure:4.0%}"]


def percent(off: Sequence[float]) -> str:
    """A mean of logs as so many per cent too much or too little."""
    return f"{math.exp(mean(off)) - 1:+.0%}" if off else "-"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.proof", description=__doc__)
    parser.add_argument("--houses", type=int, default=1000, help="pairs simulated in each world")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="", help="worlds whose name holds this")
    args = parser.parse_args()
    print(
        f"{args.houses} pairs a world, and the typical change of {PAIRS} each; seed {args.seed}\n"
    )
    head = ("naive", "bias", "holds", "interval", "sure", "told", "typical: bias, holds, ...")
    print(" | ".join([f"{'world':34}", *head]))
    for world in (world for world in WORLDS if args.only in world.name):
        print(judge(world, args.houses, args.seed), flush=True)


if __name__ == "__main__":
    main()
