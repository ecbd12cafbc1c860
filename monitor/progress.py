"""How far long work has come, on a line of its own that only a person at a terminal sees."""

from __future__ import annotations

import sys
import time

import click

WIDTH = 30  # characters of the bar
PAUSE_S = 0.1  # between two drawings


class Progress:
    """A bar on standard error; nothing where that is no terminal."""

    def __init__(self, label: str, total_s: float) -> None:
        """Show how much of `total_s` seconds of sound is done (0 where that is not known)."""
        self._label = label
        self._total_s = total_s
        self._shown = sys.stderr.isatty()
        self._drawn_at = 0.0

    def show(self, done_s: float) -> None:
        """Draw the bar again, if it is time to."""
        now = time.monotonic()
        if not self._shown or now - self._drawn_at < PAUSE_S:
            return
        self._drawn_at = now
        if self._total_s > 0:
            share = min(1.0, done_s / self._total_s)
            bar = "#" * round(share * WIDTH)
            text = f"{self._label} [{bar:-<{WIDTH}}] {share:4.0%}"
        else:
            text = f"{self._label} {done_s:.0f} s"
        click.echo(f"\r\033[K{text}", nl=False, err=True)

    def clear(self) -> None:
        """Take the bar away, so that something else can be written."""
        if self._shown and self._drawn_at:
            click.echo("\r\033[K", nl=False, err=True)
            self._drawn_at = 0.0
