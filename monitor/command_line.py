"""`nursery-monitor`: finds its commands by entry point and imports one only when it is called."""

from __future__ import annotations

import logging
import os
import sys
import threading
from importlib.metadata import EntryPoint, entry_points, version
from pathlib import Path

import click

from monitor.preflight import FULL
from monitor.settings import SettingsError

# Our matrices are small: spread over all cores, numpy's BLAS spends its time waiting, and took six
# times the CPU on two busy cores. Read when numpy is imported, which only commands do.
ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

COMMANDS = "nursery_monitor.commands"  # entry point group
LOG_FORMAT = "%(levelname)s %(name)s: %(message)s"  # the journal adds the time
DEAD_THREAD_EXIT = 70  # exit status: EX_SOFTWARE of sysexits.h

log = logging.getLogger(__name__)


class Commands(click.Group):
    """The commands of all rooms, imported when called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Names of all commands."""
        return sorted(entry.name for entry in _entries())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command."""
        for entry in _entries():
            if entry.name == cmd_name:
                return _command(entry)
        return None


def _entries() -> list[EntryPoint]:
    return list(entry_points(group=COMMANDS))


def _command(entry: EntryPoint) -> click.Command:
    """Import one command; its module imports click alone, and the rest when it runs."""
    command: click.Command = entry.load()
    return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Settings file (TOML). Without it the usual places are tried.",
)
@click.option("-v", "--verbose", is_flag=True, help="Say more about what happens.")
@click.version_option(version("nursery-monitor"), prog_name="nursery-monitor")
@click.pass_context
def cli(ctx: click.Context, config: Path | None, *, verbose: bool) -> None:
    """Hears when a newborn kitten or puppy cries, and suggests what may help."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO, format=LOG_FORMAT, stream=sys.stderr
    )
    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)  # seven lines a start
    ctx.obj = config


def end_with_thread(died: threading.ExceptHookArgs) -> None:
    """End the process, to be started anew: without one of its threads it is of no use, silently."""
    name = died.thread.name if died.thread else "?"
    words = "the thread %s has died: this process ends, to be started anew"
    log.critical(words, name, exc_info=died.exc_value)
    sys.stderr.flush()
    os._exit(DEAD_THREAD_EXIT)


def main() -> None:
    """Entry point: one line and exit code 2 for anything the user can put right."""
    threading.excepthook = end_with_thread
    for variable in ONE_THREAD:
        os.environ.setdefault(variable, "1")
    try:
        cli(prog_name="nursery-monitor")
    except SettingsError as error:
        click.echo(f"nursery-monitor: {error}", err=True)
        sys.exit(2)
    except OSError as error:
        if error.errno not in FULL:
            raise
        click.echo("nursery-monitor: the disk is full: free some space", err=True)
        # What is still in the buffer has nowhere to go; Python would try at the end, and fail.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(2)
