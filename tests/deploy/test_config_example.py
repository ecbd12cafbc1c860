"""The example of the settings file shows every setting, with its default, and loads."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, SecretStr

from monitor.settings import Settings, load
from monitor.settings.model import Section

EXAMPLE = Path(__file__).parents[2] / "deploy" / "config.example.toml"
KEY = re.compile(r"^# (\w+ = |\[\[)")
OF_THIS_COMPUTER = {"state_dir", "time_zone"}  # their defaults differ from one to the next


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NURSERY_CONFIG", "STATE_DIRECTORY", "NURSERY_STATE_DIR"):
        monkeypatch.delenv(name, raising=False)


def uncommented() -> str:
    """The example with every setting switched on."""
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    return "\n".join(line.removeprefix("# ") if KEY.match(line) else line for line in lines)


def section(annotation: Any) -> type[Section] | None:
    """The table behind a setting, if it is one."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, Section):
            return candidate
    return None


def keys(model: type[BaseModel], before: str = "") -> set[str]:
    """Every key of the settings, as `table.key`."""
    found: set[str] = set()
    for name, field in model.model_fields.items():
        inner = section(field.annotation)
        found |= keys(inner, f"{before}{name}.") if inner else {before + name}
    return found


def written(values: dict[str, Any], before: str = "") -> dict[str, Any]:
    """Every key of the example, as `table.key`, with its value."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, list):
            found |= written(value[0], f"{before}{name}.")
        elif isinstance(value, dict):
            found |= written(value, f"{before}{name}.")
        else:
            found[before + name] = value
    return found


def test_it_loads_as_it_stands_and_changes_nothing() -> None:
    assert load(EXAMPLE).model_dump() == load(Path("/dev/null")).model_dump()


def test_it_shows_every_setting_and_no_other() -> None:
    assert set(written(tomllib.loads(uncommented()))) == keys(Settings)


def test_what_it_shows_is_the_default_where_there_is_one() -> None:
    shown = written(tomllib.loads(uncommented()))
    defaults = load(Path("/dev/null")).model_dump(mode="json")
    defaults["box"] = [defaults["box"][0] | {"name": None}]  # made from the id
    for key, default in written(defaults).items():
        if default is not None and key.rpartition(".")[2] not in OF_THIS_COMPUTER:
            assert str(shown[key]) in (str(default), str(default)[:5]), key


def test_every_value_that_it_shows_is_allowed(tmp_path: Path) -> None:
    all_on = tmp_path / "config.toml"
    # Two passwords are one too many, and certificates want TLS.
    text = re.sub(r"(?m)^password = .*$", "", uncommented()).replace("tls = false", "tls = true")
    all_on.write_text(text, encoding="utf-8")
    settings = load(all_on)
    assert settings.mqtt.host == "broker.example"
    assert isinstance(settings.web.database_url, SecretStr)


def test_every_setting_is_explained_above_it() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    for number, line in enumerate(lines):
        if KEY.match(line):
            block = lines[: number + 1]
            above = [text for text in block[block[::-1].index("") * -1 :] if not KEY.match(text)]
            assert any(re.match(r"# \w{2}", text) for text in above), line
