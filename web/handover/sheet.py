"""A baby's record as CSV: one line an entry, oldest first, for a vet's spreadsheet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from monitor.messages import utc_text
from web.handover import words
from web.handover.dossier import Dossier
from web.pages import diary

HEADER = ("when_utc", "when_here", "what", "value", "unit", "details", "by")
BOM = "\ufeff"  # a spreadsheet takes the file for UTF-8 then
# A cell that begins with one of these is reckoned by a spreadsheet, whoever wrote it.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
UNITS = {"body_temp_c": "°C", "stool_score": "of 7"}


class Line(NamedTuple):
    """One entry."""

    at: datetime
    what: str
    value: str | float | int | None
    unit: str = ""
    details: str = ""
    by: str | None = None


def sheet(found: Dossier) -> str:
    """The text of the file."""
    out = io.StringIO(newline="")
    out.write(BOM)
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(HEADER)
    for line in sorted(lines(found), key=lambda one: one.at):
        row = (
            utc_text(line.at),
            line.at.astimezone(found.zone).isoformat(sep=" ", timespec="minutes"),
            line.what,
            "" if line.value is None else line.value,
            line.unit,
            line.details,
            line.by or "",
        )
        writer.writerow([_safe(cell) for cell in row])
    return out.getvalue()


def lines(found: Dossier) -> Iterator[Line]:
    """Every entry, in no order."""
    for feed in found.feeds:
        details = [feed.how, *([feed.route] if feed.route else [])]
        if feed.formula_id is not None and feed.formula_id in found.milks:
            details.append(found.milks[feed.formula_id])
        details += [feed.note] if feed.note else []
        yield Line(feed.at, "feed", feed.amount_ml, "mL", ", ".join(details), feed.by)
    for weight in found.weights:
        moment = f"{weight.moment} a bottle" if weight.moment else ""
        yield Line(weight.at, "weight", weight.grams, "g", moment, weight.by)
    for seen in found.seen:
        said = diary.seen_words({seen.fact: seen.value})
        value, unit = _plain(seen.value), UNITS.get(seen.fact, "")
        yield Line(seen.at, seen.fact, value, unit, said, seen.by)
    for note in found.notes:
        yield Line(note.at, "note", note.text, by=note.by)
    for one in found.reminders:
        at, by = one.done_at or one.due_at, one.done_by or one.by
        yield Line(at, one.kind, one.text, details=words.reminder(one, found), by=by)
    for pair in found.company:
        record = pair.record
        value = f"with {pair.name}, {pair.species}"
        yield Line(record.began_at, "company began", value, details=record.kind, by=record.by)
        if record.ended_at is not None:
            yield Line(record.ended_at, "company ended", value, details=words.together(record))
    for stay in found.stays:
        yield Line(stay.began_at, "came into box", stay.box)
        if stay.ended_at is not None:
            yield Line(stay.ended_at, "left box", stay.box)


def _plain(value: Any) -> str | float | int:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, (str, int, float)) else json.dumps(value)


def _safe(cell: Any) -> Any:
    """Words are never a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_SIGNS) else cell
