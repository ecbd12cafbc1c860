"""What the README promises is there: links, topics, commands, routes."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest
from click.testing import CliRunner

from monitor.command_line import cli
from monitor.messages import ANIMAL_COMMANDS, COMMANDS, AnimalTopics, Topics
from monitor.settings import load

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "deploy" / "README.md", ROOT / "models" / "README.md"]
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)|<img src=\"([^\"]+)\"")
COMMAND = re.compile(r"`(?:[^`\n]*/)?nursery-monitor ([a-z]+)")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    found = LINK.findall(page.read_text("utf-8"))
    links = [link or picture for link, picture in found if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_topic_is_in_the_readme() -> None:
    topics = Topics("nursery", "<box>")
    properties = [name for name, value in vars(Topics).items() if isinstance(value, property)]
    every = [getattr(topics, name) for name in properties]
    every += [topics.clip("<cry>"), topics.command("<what>"), topics.answer("<what>")]
    of_animals = AnimalTopics("nursery", "<id>")
    every += [of_animals.care, of_animals.command("<what>"), of_animals.answer("<what>")]
    assert [topic for topic in every if f"`{topic}`" not in README] == []
    assert all(f"`{what}`" in README for what in (*COMMANDS, *ANIMAL_COMMANDS))


def test_every_table_of_the_settings_that_the_readme_names_exists() -> None:
    fields = load(Path("/dev/null")).model_dump()
    named = set(re.findall(r"\[+([a-z_]+)\]+\n", README)) | set(re.findall(r"`\[(\w+)\]`", README))
    assert named
    assert named <= set(fields)


def test_every_command_is_named_and_every_named_one_exists() -> None:
    commands = {entry.name for entry in entry_points(group="nursery_monitor.commands")}
    pages = README + (ROOT / "deploy" / "README.md").read_text("utf-8")
    named = set(COMMAND.findall(pages))
    assert {"doctor", "up"} & named
    assert named <= commands
    shown = CliRunner().invoke(cli, ["--help"]).output
    assert all(name in shown for name in commands)


def test_every_collection_of_the_api_is_in_the_readme() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "web" / "api").glob("*.py"))
    found = set(re.findall(r'"(?:/api/v1)?(/[a-z_.]+)(?:/[^"]*)?"', code)) - {"/api"}
    collections = {one for one in found if f'"/api/v1{one}' in code}
    assert {"/cries", "/feeds"} <= collections
    assert [one for one in sorted(collections) if f"{one}`" not in README] == []
