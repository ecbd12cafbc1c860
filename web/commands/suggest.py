"""`nursery-monitor suggest`: what the rules say to scenarios kept in files."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import click

from web.care.advice import Advice, Suggestion, plain
from web.care.advice import suggest as ask
from web.care.scenario import ScenarioError, not_known, read_scenario
from web.care.wording import CARDS, REASONS, question

STDIN = "-"
CASE_FIELDS = frozenset({"id", "title", "covers", "input", "expect"})
_SPACE = re.compile(r"[ \t\n\r]*")


class FileError(Exception):
    """A file cannot be read, or not to its end; the message says why."""


@click.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, a scenario each.")
def suggest(files: tuple[str, ...], *, as_json: bool) -> None:
    """Say what the rules suggest for scenarios.

    Each FILE (- for standard input) holds one scenario or a list of them, as JSON. A scenario that
    cannot be used is told about on standard error; the others are answered all the same, and the
    exit code is then 2.
    """
    out = sys.stdout
    if out is None:  # started with `>&-`
        _complain("standard output is closed: the answers have nowhere to go")
        sys.exit(2)
    if isinstance(out, io.TextIOWrapper):
        out.reconfigure(errors="replace")  # a title is no reason to stop
    started = time.monotonic()
    answered = refused = 0
    for file in files:
        name = "standard input" if file == STDIN else file
        try:
            for place, case in enumerate(_values(_text(file)), start=1):
                try:
                    _answer(case, place, out, as_json=as_json)
                    answered += 1
                except ScenarioError as error:
                    refused += 1
                    _complain(f"{name}: scenario {_id(case, place)}: {error}")
        except FileError as error:
            refused += 1
            _complain(f"{name}: {error}")
        out.flush()
    if not as_json:
        rate = answered / max(time.monotonic() - started, 1e-6)
        click.echo(f"{answered} scenarios, {rate:.0f} a second; {refused} refused", err=True)
    sys.exit(2 if refused else 0)


def _complain(problem: str) -> None:
    click.echo(f"nursery-monitor: {problem}", err=True)


def _text(file: str) -> str:
    """The whole text of a file; raises `FileError`."""
    if file == STDIN and sys.stdin is None:  # started with `<&-`
        raise FileError("cannot be read: it is closed")
    try:
        raw = sys.stdin.buffer.read() if file == STDIN else Path(file).read_bytes()
        return raw.decode("utf-8-sig")
    except OSError as error:
        raise FileError(f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FileError("is not text in UTF-8") from None


def _values(text: str) -> Iterator[object]:
    """The members of a JSON list, or single values one after the other (JSON Lines).

    One at a time: a fault late in a file does not cost the scenarios before it. Raises `FileError`.
    """
    decoder = json.JSONDecoder(parse_float=_number)
    start = _after_space(text, 0)
    try:
        if text.startswith("[", start):
            yield from _members(decoder, text, start + 1)
        else:
            yield from _lines(decoder, text, start)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise FileError(f"is not JSON from {where} on: {error.msg}") from None
    except (RecursionError, ValueError):  # brackets without end, a number of thousands of digits
        raise FileError("is not JSON that can be read") from None


def _members(decoder: json.JSONDecoder, text: str, position: int) -> Iterator[object]:
    """The members of a list whose bracket is open."""
    position = _after_space(text, position)
    if text.startswith("]", position):
        position = _after_space(text, position + 1)
    else:
        separator = ","
        while separator == ",":
            value, position = decoder.raw_decode(text, position)
            yield value
            position = _after_space(text, position)
            separator = text[position : position + 1]
            if separator not in {",", "]"}:
                raise json.JSONDecodeError("Expecting ',' or ']'", text, position)
            position = _after_space(text, position + 1)
    if position != len(text):
        raise json.JSONDecodeError("Extra data", text, position)


def _lines(decoder: json.JSONDecoder, text: str, position: int) -> Iterator[object]:
    """One value, or several with only space between."""
    while True:
        value, position = decoder.raw_decode(text, position)
        yield value
        position = _after_space(text, position)
        if position == len(text):
            return


def _after_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    return found.end() if found else position


def _number(text: str) -> float:
    """JSON has one kind of number: 10.0 is the whole number 10."""
    value = float(text)
    return int(value) if value.is_integer() else value


def _id(case: object, place: int) -> str:
    """A scenario's id, or its place in the file, for a message."""
    given = case.get("id") if isinstance(case, dict) else None
    return json.dumps(given) if isinstance(given, int | str) else f"at place {place}"


def _answer(case: object, place: int, out: TextIO, *, as_json: bool) -> None:
    """Answer one scenario; raises `ScenarioError`."""
    if not isinstance(case, dict):
        raise ScenarioError("it", "must be an object with id and input")
    if invented := case.keys() - CASE_FIELDS:
        raise not_known(invented)
    case_id = case.get("id")
    if case_id is None:
        case_id = place
    elif isinstance(case_id, bool) or not isinstance(case_id, int | str):
        raise ScenarioError("id", "must be a whole number or text")
    if "input" not in case:
        raise ScenarioError("input", "is missing")
    advice = ask(read_scenario(case["input"]))
    if as_json:
        out.write(json.dumps({"id": case_id, **plain(advice)}) + "\n")
    else:
        out.writelines(f"{line}\n" for line in _told(case_id, case.get("title"), advice))


def _told(case_id: int | str, title: object, advice: Advice) -> Iterator[str]:
    """Advice as lines for people."""
    yield f"{case_id}. {title}" if isinstance(title, str) else f"{case_id}."
    if len(advice.who) > 1:
        yield f"   about: {' or '.join(advice.who)}"
    if not advice.suggestions:
        yield "   Nothing to do."
    for card in advice.suggestions:
        yield from _told_card(card)
    for unknown in advice.unknown:
        animal_id, asked = question(unknown)
        yield f"   ? {animal_id + ': ' if animal_id else ''}{asked.text}"


def _told_card(card: Suggestion) -> Iterator[str]:
    words = CARDS[card.code]
    about = ", ".join(card.subjects) + (f" with {card.partner}" if card.partner else "")
    unsure = " (not sure)" if card.confidence == "low" else ""
    yield f"   {card.rank}) {words.title}{': ' + about if about else ''}{unsure}"
    yield f"      {' '.join(REASONS[reason] for reason in card.reasons)}"
    yield f"      {words.text}"
    for subject, volume in (card.volume_ml or {}).items():
        cap = (card.cap_ml or {})[subject]
        amount = "weigh it first" if volume is None else f"up to {volume:g} mL, at most {cap:g} mL"
        yield f"      {subject}: {amount}"
    if card.phone:
        yield f"      Vet: {card.phone}"
    if card.note:
        yield f"      {card.note}"
