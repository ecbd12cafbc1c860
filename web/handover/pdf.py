"""A baby's record as a PDF for the vet: what matters today on the first page, then the tables."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from datetime import timedelta

from fpdf.enums import XPos, YPos
from PIL import Image, UnidentifiedImageError

from web.handover import words
from web.handover.dossier import Day, Dossier, days, milk_since, newest
from web.handover.paper import CALM, CALM_BG, INK, LINE, MARGIN, RED, RED_BG, SOFT, Paper
from web.pages import diary, growth_words, weight_chart
from web.pages.weight_chart import BOTTOM, LEFT, RIGHT

PHOTO = 34.0  # mm
MOST_PIXELS = 900  # a photo's longer side, as it is printed
MOST_DAYS, MOST_LOOKS, MOST_NOTES, MOST_CONCERNS = 60, 40, 60, 12
FEEDS_SHOWN, SIGNS_SHOWN = timedelta(hours=72), timedelta(days=7)
TOILET = frozenset({"toilet", "toilet_tried", "stool_score"})


def pdf(found: Dossier) -> bytes:
    """The file."""
    paper = _written(found, all_letters=False)
    if paper.lost:
        paper = _written(found, all_letters=True)
    return bytes(paper.output())


def _written(found: Dossier, *, all_letters: bool) -> Paper:
    animal = found.animal
    zone = found.at.astimezone(found.zone).tzname() or str(found.zone)
    foot = f"{animal.name} · {found.house} · as of {words.when(found.at, found)} ({zone})"
    title = f"{animal.name}, {animal.species}"
    paper = Paper(title, foot, found.at, all_letters=all_letters)
    paper.add_page()
    _head(paper, found)
    _concerns(paper, found)
    _now(paper, found)
    _curve(paper, found)
    _days(paper, found)
    _looks(paper, found)
    _feeds(paper, found)
    _reminders(paper, found)
    _notes(paper, found)
    _company(paper, found)
    paper.table_of("What else is known", (), (45, 135), words.background(found))
    if paper.lost:
        paper.say("Some letters could not be printed: this computer has no font for them.", SOFT)
    return paper


def _head(paper: Paper, found: Dossier) -> None:
    photo = _photo(found.photo)
    width = paper.epw - (PHOTO + 5 if photo else 0)
    top = paper.get_y()
    paper.letters(20, INK, "B")
    paper.multi_cell(
        width, 9, paper.fit(found.animal.name), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
    )
    paper.letters(9, SOFT)
    paper.cell(width, 5, paper.fit("Record for the vet"), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.ln(1.5)
    for name, value in words.identity(found):
        paper.fact(name, value, width)
    if photo is not None:
        size = PHOTO / max(photo.size)
        across, high = photo.width * size, photo.height * size
        paper.image(photo, x=paper.w - MARGIN - across, y=top, w=across, h=high, alt_text="photo")
        paper.set_y(max(paper.get_y(), top + PHOTO))


def _photo(image: bytes | None) -> Image.Image | None:
    """As it is printed: upright and not larger than it takes; None if it cannot be read."""
    if image is None:
        return None
    try:
        read = Image.open(io.BytesIO(image))
        read.thumbnail((MOST_PIXELS, MOST_PIXELS))
        return read.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None


def _concerns(paper: Paper, found: Dossier) -> None:
    """What is red by the weights, and every red flag or amber sign of the last week."""
    by_weight = growth_words.said(found.growing, found.at)
    said = [f"{one.title} {one.text}" for one in by_weight if one.red]
    signs = diary.RED_FLAGS | diary.AMBER
    said += [
        f"{signs[seen.fact].capitalize()}: {words.when_ago(seen.at, found)}"
        for seen in reversed(found.seen)
        if seen.fact in signs and seen.value is True and found.at - seen.at < SIGNS_SHOWN
    ]
    if not said:
        return
    paper.ln(3)
    paper.set_fill_color(*RED_BG)
    paper.letters(9, RED, "B")
    paper.multi_cell(
        0,
        5,
        paper.fit("\n".join(said[:MOST_CONCERNS])),
        align="L",
        fill=True,
        padding=2,
        new_x=XPos.LMARGIN,
        new_y=YPos.NEXT,
    )


def _now(paper: Paper, found: Dossier) -> None:
    """How it stands, a fact a row."""
    paper.heading("How it stands")
    for name, value in _standing(found):
        paper.fact(name, value, paper.epw)


def _standing(found: Dossier) -> Iterable[tuple[str, str]]:
    weighed, gain = found.growing.growth.newest, growth_words.gain(found.growing.growth)
    if weighed is None:
        yield "Weight", "not weighed lately"
    else:
        yield "Weight", f"{weighed.grams:g} g, {words.when_ago(weighed.at, found)}"
    yield (
        "Gain",
        ", ".join(filter(None, (gain, growth_words.usual_gain(found.growing)))) or "not known",
    )
    last = found.feeds[-1] if found.feeds else None
    fed = f"{diary.fed_words(last, found.milks)}, {words.when_ago(last.at, found)}" if last else ""
    yield "Last feed", fed or "none on record"
    yield "In 24 h", _milk(found)
    for name, facts in (
        ("Temperature", ("body_temp_c", "body_feel")),
        ("Toilet", ("toilet",)),
        ("Stool", ("stool_score",)),
        ("Looks", ("health",)),
    ):
        seen = newest(found, *facts)
        if seen is None:
            yield name, "not noted"
        else:
            said = diary.seen_words({seen.fact: seen.value})
            yield name, f"{said}, {words.when_ago(seen.at, found)}"


def _milk(found: Dossier) -> str:
    """What it drank in the last day, also by its weight."""
    milk, weighed = milk_since(found, 24), found.growing.growth.newest
    said = [f"{milk.feeds} feed{'' if milk.feeds == 1 else 's'}", f"{milk.ml:g} mL"]
    if weighed is not None and milk.ml:
        said.append(f"{100 * milk.ml / weighed.grams:.0f} mL per 100 g")
    if milk.ml_unknown:
        said.append(f"{milk.ml_unknown} without an amount")
    return ", ".join([*said, *([f"{milk.refused} refused"] if milk.refused else [])])


def _curve(paper: Paper, found: Dossier) -> None:
    """The picture of the pages, in millimetres."""
    chart = weight_chart.chart(found.growing, found.at, found.zone)
    if chart is None:
        return
    paper.heading("Weight", room=95)
    scale = paper.epw / chart.width
    left, top, right = paper.l_margin, paper.get_y(), (chart.width - RIGHT) * scale

    def places(points: str) -> list[tuple[float, float]]:
        pairs = (pair.split(",") for pair in points.split())
        return [(left + float(x) * scale, top + float(y) * scale) for x, y in pairs]

    paper.set_line_width(0.15)
    paper.set_draw_color(*LINE)
    paper.letters(7, SOFT)
    for y, grams in chart.grams:
        paper.line(left + LEFT * scale, top + y * scale, left + right, top + y * scale)
        paper.set_xy(left, top + y * scale - 2)
        paper.cell((LEFT - 2) * scale, 4, f"{grams} g", align="R")
    for x, day in chart.days:
        paper.set_xy(left + x * scale - 12, top + (chart.height - BOTTOM + 2) * scale)
        paper.cell(24, 4, paper.fit(day), align="C")
    if chart.band:
        paper.set_fill_color(*CALM_BG)
        paper.polygon(places(chart.band), style="F")
    for mate in chart.litter:
        paper.polyline(places(mate.points))
    paper.set_draw_color(*CALM)
    paper.set_line_width(0.6)
    paper.polyline(places(chart.curve))
    for point in chart.points:
        paper.set_fill_color(*(RED if point.red else CALM))
        paper.circle(left + point.x * scale, top + point.y * scale, 0.9, style="F")
    paper.set_line_width(0.2)
    paper.set_xy(left, top + chart.height * scale)
    others = "; thin lines: its litter" if chart.litter else ""
    paper.say(
        f"Shaded: what is usual from its first weight on{others}. Red: look today.", SOFT, 7.5
    )


DAY_HEAD = ("Day", "Age", "g", "±", "Fed", "mL", "Less", "Ur. / st.", "Score", "°C", "Signs")
DAY_WIDTHS = (20, 9, 12, 11, 12, 17, 19, 20, 13, 17, 30)


def _days(paper: Paper, found: Dossier) -> None:
    known = days(found)
    rows, red = [], set()
    for number, day in enumerate(known[:MOST_DAYS]):
        before = next((one.grams for one in known[number + 1 :] if one.grams is not None), None)
        change = day.grams - before if day.grams is not None and before is not None else None
        rows.append(_day(day, change))
        if day.signs or (change is not None and change < 0):
            red.add(number)
    paper.table_of("Day by day", DAY_HEAD, DAY_WIDTHS, rows, frozenset(red))
    if len(known) > MOST_DAYS:
        paper.say(f"The {len(known) - MOST_DAYS} days before stand in the CSV.", SOFT, 8)


def _day(day: Day, change: float | None) -> Sequence[str]:
    took = [f"{day.short} short"] if day.short else []
    took += [f"{day.refused} refused"] if day.refused else []
    degrees = sorted({min(day.degrees), max(day.degrees)}) if day.degrees else []
    return (
        str(day.day),
        "" if day.age_days is None else str(day.age_days),
        "" if day.grams is None else f"{day.grams:g}",
        "" if change is None else f"{change:+g}",
        str(day.feeds or ""),
        (f"{day.ml:g}" + (f" + {day.ml_unknown} ?" if day.ml_unknown else "")) if day.feeds else "",
        ", ".join(took),
        f"{day.urine or '–'} / {day.stool or '–'}",
        ", ".join(map(str, day.scores)),
        " to ".join(f"{one:g}" for one in degrees),
        words.signs(day),
    )


def _looks(paper: Paper, found: Dossier) -> None:
    """What was found, but for the toilet, which the days tell."""
    told = [one for one in found.seen if one.fact not in TOILET]
    looks = sorted(diary.looks(told), key=lambda one: one.at, reverse=True)
    rows = [(words.when(one.at, found), one.text, one.by or "") for one in looks[:MOST_LOOKS]]
    red = frozenset(number for number, one in enumerate(looks[:MOST_LOOKS]) if one.red)
    paper.table_of("What was seen", ("When", "What", "By"), (32, 118, 30), rows, red)


def _feeds(paper: Paper, found: Dossier) -> None:
    late = [feed for feed in reversed(found.feeds) if feed.at > found.at - FEEDS_SHOWN]
    rows = [(words.when(f.at, found), diary.fed_words(f, found.milks), f.by or "") for f in late]
    paper.table_of("Feeds of the last three days", ("When", "What", "By"), (32, 118, 30), rows)


def _reminders(paper: Paper, found: Dossier) -> None:
    rows = [
        (words.KINDS.get(one.kind, one.kind), one.text, words.reminder(one, found))
        for one in reversed(found.reminders)
    ]
    title = "Deworming, vaccines, medicines (amounts: on the vet's own sheet)"
    paper.table_of(title, ("What", "", "When"), (30, 90, 60), rows)


def _notes(paper: Paper, found: Dossier) -> None:
    rows = [
        (words.when(note.at, found), note.text, note.by or "")
        for note in list(reversed(found.notes))[:MOST_NOTES]
    ]
    paper.table_of("Notes", ("When", "What", "By"), (32, 118, 30), rows)


def _company(paper: Paper, found: Dossier) -> None:
    rows = [
        (
            str(found.day_of(one.record.began_at)),
            f"{one.name}, {one.species}",
            str(found.day_of(one.record.ended_at)) if one.record.ended_at else "",
            words.together(one.record),
        )
        for one in reversed(found.company)
    ]
    paper.table_of("Company", ("From", "With", "Until", "How it went"), (25, 55, 25, 75), rows)
    rows = [
        (
            str(found.day_of(one.began_at)),
            one.box,
            str(found.day_of(one.ended_at)) if one.ended_at else "",
            "",
        )
        for one in reversed(found.stays)
    ]
    paper.table_of("Boxes", ("From", "Box", "Until", ""), (25, 55, 25, 75), rows)
