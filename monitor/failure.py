"""How a command ends when it cannot do what it was asked: one line, exit code 2."""

from __future__ import annotations

from typing import IO, Any

import click


class Failure(click.ClickException):
    """Something that the user can put right; the text is one line that says what to do."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:  # noqa: ARG002 - always standard error
        """Print the line."""
        click.echo(f"nursery-monitor: {self.format_message()}", err=True)
