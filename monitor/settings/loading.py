"""Find and read the settings file; say in one line what is wrong with it."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from monitor.settings.model import Settings

# Pydantic's word for what is wrong, in words of somebody who writes the file.
_WORDS = {
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "int_from_float": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "missing": "is required here",
    "model_type": "must be a table: its name in brackets, its keys in lines below",
    "path_type": "must be a path in quotes",
    "string_type": "must be text in quotes",
    "tuple_type": "must be tables, each beginning with [[box]]",
}


class SettingsError(Exception):
    """The settings cannot be used; the text is one line with file, key and what is allowed."""


def usual_paths() -> list[Path]:
    """Where the settings file is looked for when none is named, first match wins."""
    config_home = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return [
        config_home / "nursery-monitor" / "config.toml",
        Path("/etc/nursery-monitor/config.toml"),
    ]


def load(path: Path | None = None, **overrides: Any) -> Settings:
    """Read the settings.

    `path` or $NURSERY_CONFIG names the file, else the usual places are tried, else defaults hold.
    `overrides` win over everything. Raises SettingsError.
    """
    named = path or (
        Path(os.environ["NURSERY_CONFIG"]) if os.environ.get("NURSERY_CONFIG") else None
    )
    found = named or next((p for p in usual_paths() if p.is_file()), None)
    values = _read(found) if found else {}

    class Loaded(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
            file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return init_settings, env_settings, _Given(settings_cls, values)

    try:
        return Loaded(**overrides)
    except ValidationError as error:
        raise SettingsError(_one_line(error, found, overrides)) from None
    except ValueError as error:  # a variable for a whole table that is not JSON
        variable = "NURSERY_" + str(error).partition('"')[2].partition('"')[0].upper()
        raise SettingsError(f"environment: {variable}: must be JSON") from None


class _Given(PydanticBaseSettingsSource):
    """The values of the file, below the environment."""

    def __init__(self, settings_cls: type[BaseSettings], values: dict[str, Any]) -> None:
        super().__init__(settings_cls)
        self._values = values

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """The file's value of one field."""
        return self._values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._values


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            f"{path}: no such file; see deploy/config.example.toml for one to start from"
        ) from None
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from None


def _one_line(error: ValidationError, path: Path | None, overrides: dict[str, Any]) -> str:
    first: ErrorDetails = error.errors()[0]
    key = ".".join(str(part + 1) if isinstance(part, int) else part for part in first["loc"])
    variable = "NURSERY_" + "__".join(str(part) for part in first["loc"]).upper()
    if first["loc"] and first["loc"][0] in overrides:
        where = "command line"
    elif variable in {name.upper() for name in os.environ} or path is None:
        where = "environment"
    else:
        where = str(path)
    if first["type"] == "extra_forbidden":
        return f"{where}: {key}: unknown key; allowed here: {', '.join(_siblings(first['loc']))}"
    message = _WORDS.get(first["type"], first["msg"].removeprefix("Value error, "))
    return f"{where}: {key or 'settings'}: {message}{_shown(key, first['input'])}"


def _shown(key: str, value: object) -> str:
    """A wrong value as it was given; never a secret, nor a table that may hold one."""
    secret = "password" in key or "url" in key
    return "" if secret or isinstance(value, dict | list) else f" (it is {value!r:.60})"


def _siblings(loc: tuple[int | str, ...]) -> list[str]:
    """The keys that are allowed beside the last part of `loc`."""
    fields: Any = Settings.model_fields
    for part in loc[:-1]:
        if isinstance(part, str) and part in fields:
            annotation = fields[part].annotation
            inner = getattr(annotation, "__args__", (annotation,))[0]
            fields = inner.model_fields
    return sorted(fields)
