"""What `--help` shows: every command in one whole sentence, nothing wider than a terminal."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from monitor.command_line import cli

COMMANDS = cli.list_commands(click.Context(cli))


def help_of(*words: str) -> str:
    result = CliRunner().invoke(cli, [*words, "--help"], terminal_width=80)
    assert result.exit_code == 0
    return result.output


def test_no_sentence_of_the_list_is_cut_short() -> None:
    shown = help_of().partition("Commands:")[2]
    assert [line.split()[0] for line in shown.splitlines() if line.strip()] == COMMANDS
    assert "..." not in shown


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_fits_the_terminal_and_says_what_each_option_is_for(command: str) -> None:
    context = click.Context(cli)
    found = cli.get_command(context, command)
    assert found is not None
    parts = [found, *(found.commands.values() if isinstance(found, click.Group) else ())]
    for part in parts:
        assert part.help
        options = [known for known in part.params if isinstance(known, click.Option)]
        assert all(option.help for option in options if not option.hidden)
    assert all(len(line) <= 80 for line in help_of(command).splitlines())
