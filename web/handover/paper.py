"""The paper of a PDF: A4 with our foot, a font that has the letters, tables of one look.

Letters beyond western Europe need a font of the system (Debian: `fonts-dejavu-core`); without one
they lose their accents or become `?`, and `Paper.lost` is set. A PDF that needs none is smaller and
made faster.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import cast

from fpdf import FPDF
from fpdf.enums import XPos, YPos

# Regular and bold, the first pair that is there.
FONTS = tuple(
    (Path(folder) / f"{regular}.ttf", Path(folder) / f"{bold}.ttf")
    for folder, regular, bold in (
        ("/usr/share/fonts/truetype/dejavu", "DejaVuSans", "DejaVuSans-Bold"),
        ("/usr/share/fonts/truetype/noto", "NotoSans-Regular", "NotoSans-Bold"),
        ("/usr/share/fonts/truetype/liberation", "LiberationSans-Regular", "LiberationSans-Bold"),
        ("/usr/share/fonts/truetype/freefont", "FreeSans", "FreeSansBold"),
    )
)
CORE, LATIN_1 = "helvetica", 256  # every reader has it; its letters end there
SIGNS = {"–": "-", "—": "-", "…": "...", "’": "'", "“": '"', "”": '"'}  # without loss
LETTERS = {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i"}  # that have no accent to lose

INK, SOFT, LINE = (37, 35, 30), (101, 95, 83), (214, 206, 190)
CALM, CALM_BG, RED, RED_BG = (34, 101, 90), (226, 239, 233), (160, 28, 34), (252, 230, 227)
MARGIN, ROW, NAME = 15.0, 5.2, 32.0  # mm
CELL, MOST_LINES = 4.4, 30  # mm of a line in a table; lines of a row on one page


class Paper(FPDF):
    """A4 with our foot, our font, and tables of one look."""

    def __init__(self, title: str, foot: str, at: datetime, *, all_letters: bool = False) -> None:
        """`foot` stands on every page, with the page's number.

        `all_letters`: with a font of the system, which takes longer; else Latin-1.
        """
        super().__init__(format="A4")
        self._foot = foot
        self.lost = False
        self._known: frozenset[int] = frozenset()
        there = (one for one in FONTS if all(path.exists() for path in one))
        pair = next(there, None) if all_letters else None
        if pair is not None:
            self.add_font("house", "", pair[0])
            self.add_font("house", "B", pair[1])
            self._known = frozenset(getattr(self.fonts["house"], "cmap", ()))
        self.own = "house" if pair else CORE
        self.set_margin(MARGIN)
        self.set_auto_page_break(auto=True, margin=18)
        self.set_title(self.fit(title))
        self.set_creator("nursery-monitor")
        self.set_lang("en")
        self.set_creation_date(at)

    def fit(self, text: str) -> str:
        """The text in letters that the font has; `lost` when it lacks one."""
        if all(self._has(letter) for letter in text):
            return text
        self.lost = self.lost or not all(self._has(one) or one in SIGNS for one in text)
        return "".join(self._nearest(letter) for letter in text)

    def _has(self, letter: str) -> bool:
        if self.own == CORE:
            return ord(letter) < LATIN_1
        return ord(letter) in self._known or letter == "\n"

    def _nearest(self, letter: str) -> str:
        """Itself, without its accent, or `?`."""
        if self._has(letter):
            return letter
        bare = unicodedata.normalize("NFKD", letter)[0]
        return (SIGNS | LETTERS).get(letter) or (bare if self._has(bare) else "?")

    def letters(self, size: float, color: tuple[int, int, int] = INK, style: str = "") -> None:
        """Go on in this size (pt), colour and weight."""
        self.set_font(self.own, style, size)
        self.set_text_color(*color)

    def say(self, text: str, color: tuple[int, int, int] = INK, size: float = 9) -> None:
        """A line, as many rows as it takes."""
        self.letters(size, color)
        self.multi_cell(0, ROW, self.fit(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def fact(self, name: str, value: str, width: float) -> None:
        """A name and what is known, in so many mm."""
        self.letters(9, SOFT)
        self.cell(NAME, ROW, self.fit(name))
        self.letters(9)
        self.multi_cell(
            width - NAME, ROW, self.fit(value), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT
        )

    def heading(self, text: str, room: float = 25) -> None:
        """A section's name, never alone at the foot of a page."""
        if self.will_page_break(room):
            self.add_page()
        self.ln(4)
        self.letters(11.5, CALM, "B")
        self.cell(0, 6.5, self.fit(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def table_of(
        self,
        title: str,
        head: Sequence[str],
        widths: Sequence[float],
        rows: Iterable[Sequence[str]],
        red: frozenset[int] = frozenset(),
    ) -> None:
        """A section with a table; nothing where it has no rows. `red` rows stand out."""
        filled = list(rows)
        if not filled:
            return
        self.heading(title)
        self.set_draw_color(*LINE)
        self._head_row(head, widths)
        for number, cells in enumerate(filled):
            self.letters(8.5, RED if number in red else INK)
            for piece in self._pieces(cells, widths):
                if self.will_page_break(len(max(piece, key=len)) * CELL + 1):
                    self.add_page()
                    self._head_row(head, widths)
                    self.letters(8.5, RED if number in red else INK)
                self._row(piece, widths)

    def _head_row(self, head: Sequence[str], widths: Sequence[float]) -> None:
        if head:
            self.letters(8.5, SOFT, "B")
            self._row([[self.fit(name)] for name in head], widths)

    def _row(self, cells: Sequence[Sequence[str]], widths: Sequence[float]) -> None:
        """Each cell's lines, and a rule below. Much faster than the library's own tables."""
        top, left = self.get_y(), self.l_margin
        for lines, width in zip(cells, widths, strict=True):
            for number, line in enumerate(lines):
                self.set_xy(left, top + number * CELL)
                self.cell(width, CELL, line)
            left += width
        bottom = top + CELL * max(len(lines) for lines in cells) + 0.5
        self.line(self.l_margin, bottom, left, bottom)
        self.set_xy(self.l_margin, bottom + 0.5)

    def _pieces(
        self, cells: Sequence[str], widths: Sequence[float]
    ) -> Iterable[Sequence[Sequence[str]]]:
        """A row's lines, in as many pieces as it takes for each to find room on a page."""
        lines = [self._lines(cell, width) for cell, width in zip(cells, widths, strict=True)]
        for first in range(0, max(len(some) for some in lines), MOST_LINES):
            yield [some[first : first + MOST_LINES] for some in lines]

    def _lines(self, cell: str, width: float) -> list[str]:
        """As it breaks in a column."""
        text = self.fit(cell)
        if "\n" not in text and self.get_string_width(text) < width - 2.5:
            return [text]
        broken = self.multi_cell(width, text=text, dry_run=True, output="LINES")
        return cast(list[str], broken) or [""]

    def footer(self) -> None:
        """On every page: whose, as of when, which page."""
        self.set_y(-13)
        self.letters(7.5, SOFT)
        self.cell(140, 5, self.fit(self._foot))
        self.cell(0, 5, f"page {self.page_no()} of {{nb}}", align="R")
