"""Do the tests notice? `python -m tests.bench.mutations [--only gates ...] [--jobs 2]`

Each small lie of `tests/bench/mutants.py` about the care rules is told to the rules' own tests, in
a process of its own; a lie that no test notices survives. The examples of ../shared stay out of it
unless asked for (`--examples`): the project's tests have to stand alone. What cannot be noticed
because it changes nothing is listed in `EQUIVALENT`, each with its reason.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import EnumType
from types import ModuleType
from typing import Any

from tests.bench.mutants import Mutant, mutants
from tests.bench.parts import REPOSITORY

_RULES = (
    "care_rules",
    "care_gates",
    "care_tables",
    "care_unknowns",
    "care_invariants:fit_together",
)
# Each module with the tests that are asked, those that notice the most first.
RULES: dict[str, tuple[str, ...]] = {
    "tables": _RULES,
    "facts": _RULES,
    "gates": ("care_gates", *_RULES),
    "portion": ("care_tables", *_RULES),
    "scene": _RULES,
    "company": ("care_gates", *_RULES),
    "rules": _RULES,
    "unknowns": ("care_unknowns", *_RULES),
    "advice": _RULES,
    "scenario": ("care_scenario", *_RULES),
}
# What is beside the rules, and is asked about by name only.
BESIDE: dict[str, tuple[str, ...]] = {
    "growth": ("growth",),
    "age_signs": ("age_signs",),
    "plan": ("plan",),
    "would_change": ("care_would_change",),
    "evidence": ("evidence",),
}
MODULES = RULES | BESIDE
LEVELS = ("ALL", "LITTER", "SPECIES", "CROSS", "STRANGERS")
LONGEST_S = 180

# module, the line, what -> what: why nobody can notice.
_ROUNDING = "_ROUNDING = 1e-9  # what is whole on paper must not fall a step by binary arithmetic"
_BARRED = (
    "return (facts.urgent and rank >= 4) or (facts.out_of_temperature and rank in {4, 6, 7, 8, 9})"
)
_ROW_0 = "AgeRow(0, 35.0, 38.5, 29.0, 34.0, (120, 120), (120, 180), 20, 15, 0),"
_ROW_35 = "AgeRow(35, 37.0, 39.5, 20.0, 27.0, (360, 480), (360, 480), 20, 20, 550),"
_ANY_TINY = "any number far below a step does"
_LIGHTEST = "no kitten weighs less than 20 g"
_ALIKE = "the rows of 28 and 35 days differ in nothing"
_BOTH_READ = "ranks 1 and 2 are read together, and who is chilled is of known warmth"
_COMFORT = "rank 10 reads box.comfort as well, and nothing stands after 15"
EQUIVALENT: dict[tuple[str, str, str], str] = {
    ("advice", "alone = scene.in_box[0]", "0 -> (-1)"): "it is the only one",
    (
        "advice",
        "if rule.code in {Code.URGENT_VET, Code.WAIT_AND_WATCH}:",
        "{Code.URGENT_VET, Code.WAIT_AND_WATCH} -> {Code.WAIT_AND_WATCH}",
    ): "of an emergency nothing more is read anyhow",
    ("portion", _ROUNDING, "1e-09 -> 1.25e-09"): _ANY_TINY,
    ("portion", _ROUNDING, "1e-09 -> 7.5e-10"): _ANY_TINY,
    (
        "portion",
        "capped=usual > cap + _ROUNDING,",
        "usual > cap + _ROUNDING -> (usual >= cap + _ROUNDING)",
    ): "a usual volume that is a billionth above the stomach's is neither",
    ("rules", _BARRED, "4 -> (3)"): "rank 3 is about the box, not about an animal; below 4 as well",
    ("rules", _BARRED, "4 -> 5"): "what is chilled or hot is not of unknown warmth, as 4 asks",
    ("rules", _BARRED, "{4, 6, 7, 8, 9} -> {6, 7, 8, 9}"): "the same",
    (
        "scenario",
        'return Kind(lambda value: isinstance(value, str) and value in words, " or ".join(words))',
        "isinstance(value, str) and value in words -> (value in words)",
    ): "nothing but a word equals one",
    ("scenario", 'Part = TypeVar("Part", bound="_Checked")', "'Part' -> 'another'"): "a type",
    ("scenario", 'Part = TypeVar("Part", bound="_Checked")', "'_Checked' -> 'another'"): "a type",
    ("tables", _ROW_0, "0 -> 1"): _LIGHTEST,
    ("tables", _ROW_0, "0 -> (-1)"): _LIGHTEST,
    ("tables", _ROW_35, "550 -> 551"): _ALIKE,
    ("tables", _ROW_35, "550 -> (549)"): _ALIKE,
    ("tables", "PRESUMED_AGE_DAYS = 7", "7 -> 8"): "any day of its row says the same",
    ("unknowns", "LAST_RANK = 15", "15 -> 16"): _COMFORT,
    ("unknowns", "LAST_RANK = 15", "15 -> (14)"): _COMFORT,
    (
        "unknowns",
        'AGE = "age"  # `age_days`, and for a kitten also `weight_g`',
        "'age' -> 'another'",
    ): "a name that only this module uses",
    (
        "unknowns",
        '1: Reads(in_box, ("red_flags", "warmth", "growth")),',
        "('red_flags', 'warmth', 'growth') -> ('red_flags', 'growth',)",
    ): _BOTH_READ,
    (
        "unknowns",
        '1: Reads(in_box, ("red_flags", "warmth", "growth")),',
        "'warmth' -> 'another'",
    ): _BOTH_READ,
    ("unknowns", '2: Reads(in_box, ("warmth", AGE)),', "('warmth', AGE) -> (AGE,)"): _BOTH_READ,
    ("unknowns", '2: Reads(in_box, ("warmth", AGE)),', "'warmth' -> 'another'"): _BOTH_READ,
}


@dataclass(frozen=True)
class Verdict:
    """What became of a lie."""

    module: str
    mutant: Mutant
    noticed: bool
    took_s: float

    @property
    def excuse(self) -> str | None:
        """Why it may survive."""
        return EQUIVALENT.get((self.module, self.mutant.before, self.mutant.what))


class _Told(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Gives one module's source as it is told, not as it is."""

    def __init__(self, name: str, source: str) -> None:
        self._name, self._source = name, source

    def find_spec(
        self, name: str, path: object, target: object = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != self._name:
            return None
        return importlib.util.spec_from_loader(name, self)

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = str(REPOSITORY / "web" / "care" / f"{self._name.rsplit('.', 1)[1]}.py")
        exec(compile(self._source, module.__file__, "exec"), module.__dict__)


def told(module: str, mutant: Mutant, tests: Sequence[str]) -> Verdict:
    """Run the tests on a lie, until one of them notices."""
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        _run(module, mutant.source, tests)
    _, status = os.waitpid(child, 0)
    return Verdict(module, mutant, status != 0, time.monotonic() - began)


def _run(module: str, source: str, tests: Sequence[str]) -> None:
    """In the child: never returns."""
    code = 1
    try:
        signal.alarm(LONGEST_S)
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        sys.meta_path.insert(0, _Told(f"web.care.{module}", source))
        for name in tests:
            _ask(name)
        code = 0
    finally:
        os._exit(code)


def _ask(name: str) -> None:
    """Call the tests of a file, each with all its parameters. Raises what a test raises.

    Without pytest, of which these tests need nothing else, it takes a third of the time.
    """
    file, _, only = name.partition(":")
    found = vars(importlib.import_module(f"tests.web.care.test_{file}"))
    for test in [v for n, v in found.items() if n.startswith("test_") and only in n]:
        rows: list[dict[str, Any]] = [{}]
        for mark in getattr(test, "pytestmark", ()):
            names = mark.args[0].split(",") if isinstance(mark.args[0], str) else mark.args[0]
            keys = [key.strip() for key in names]
            values = [row if len(keys) > 1 else (row,) for row in mark.args[1]]
            rows = [old | dict(zip(keys, row, strict=True)) for old in rows for row in values]
        for row in rows:
            test(**row)


def asked(module: str, *, examples: bool) -> list[str]:
    """The files of tests that are asked about a module (`:` and a part of the tests' names)."""
    return list(dict.fromkeys((*MODULES[module], *(["care_examples:gives"] if examples else []))))


def lies(module: str) -> Iterator[Mutant]:
    """All lies about a module."""
    return mutants(source_of(module), enumerations(module), LEVELS)


def source_of(module: str) -> str:
    """As it is."""
    return (REPOSITORY / "web" / "care" / f"{module}.py").read_text("utf-8")


def enumerations(module: str) -> dict[str, EnumType]:
    """Those that a module uses; a child looks them up, so that no rule is imported here."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        found = importlib.import_module(f"web.care.{module}")
        known = {n: list(v.__members__) for n, v in vars(found).items() if isinstance(v, EnumType)}
        os.write(write, repr(known).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as answer:
        known = eval(answer.read())
    os.waitpid(child, 0)
    enum = importlib.import_module("enum")
    return {name: enum.Enum(name, members) for name, members in known.items()}


def _short(what: str) -> str:
    return what if len(what) < 200 else f"{what[:100]} ... {what[-100:]}"


def main() -> None:
    """Tell all lies, print those that survive and the score."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.mutations", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=MODULES, default=list(RULES))
    parser.add_argument("--examples", action="store_true", help="ask those of ../shared as well")
    parser.add_argument("--jobs", type=int, default=1)
    args = parser.parse_args()
    os.chdir(REPOSITORY)
    for name in ("pytest", "hypothesis", "jsonschema"):
        importlib.import_module(name)
    told_of, noticed, excused = 0, 0, 0
    print("module     lies  noticed  equivalent  survived")
    for module in args.only:
        tests = asked(module, examples=args.examples)
        if told(module, Mutant(0, "", "", source_of(module)), tests).noticed:
            sys.exit(f"{module}: the tests fail on the module as it is")
        with ThreadPoolExecutor(args.jobs) as pool:
            found = list(pool.map(lambda lie: told(module, lie, tests), lies(module)))  # noqa: B023
        bad = [one for one in found if not one.noticed]
        fine = [one for one in bad if one.excuse]
        told_of, noticed, excused = (
            told_of + len(found),
            noticed + len(found) - len(bad),
            excused + len(fine),
        )
        print(
            f"{module:9} {len(found):5} {len(found) - len(bad):8} {len(fine):11} "
            f"{len(bad) - len(fine):9}",
            flush=True,
        )
        for one in bad:
            if not one.excuse:
                print(
                    f"    {one.mutant.line}: {one.mutant.before}\n        {_short(one.mutant.what)}"
                )
    left = told_of - noticed - excused
    print(f"{told_of} lies: {noticed} noticed, {excused} change nothing, {left} survived")
    print(f"score {noticed / max(1, told_of - excused):.1%}")
    sys.exit(1 if left else 0)


if __name__ == "__main__":
    main()
