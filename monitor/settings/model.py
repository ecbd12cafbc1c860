"""What can be set, with its default, its unit and what is allowed.

`deploy/config.example.toml` shows every key; a test holds the two together.
"""

from __future__ import annotations

import os
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from monitor.messages import BoxId


def _known_zone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError("must be a time zone such as 'Europe/London'")
    return name


def system_zone() -> str:
    """The zone this computer is set to, `UTC` when that cannot be told."""
    linked = str(Path("/etc/localtime").resolve())
    name = linked.partition("zoneinfo/")[2]
    return name if name in available_timezones() else "UTC"


def default_state_dir() -> Path:
    """Where records live: systemd's StateDirectory, else the user's state directory."""
    if given := os.environ.get("STATE_DIRECTORY"):
        return Path(given.split(":")[0])
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "nursery-monitor"


def _clock_time(value: object) -> object:
    """Take only text such as "22:00": a bare number would silently mean seconds."""
    if not isinstance(value, str | time):
        raise ValueError('must be a time such as "22:00"')
    return value


ClockTime = Annotated[time, BeforeValidator(_clock_time)]
Zone = Annotated[str, AfterValidator(_known_zone)]
TopicBase = Annotated[str, StringConstraints(pattern=r"^[^/+#\s]+(/[^/+#\s]+)*$", max_length=64)]


class Section(BaseModel):
    """A table of the settings file; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class HouseSettings(Section):
    """`[house]`: the rescue and its own rules."""

    name: str = Field(default="Nursery", min_length=1, max_length=60)
    time_zone: Zone = Field(default_factory=system_zone)
    night_from: ClockTime = time(22, 0)
    night_to: ClockTime = time(7, 0)
    quarantine_days: int = Field(default=14, ge=7, le=30, description="days")
    vet_phone: str | None = Field(default=None, max_length=60)
    urgent_text: str | None = Field(default=None, max_length=1000)
    formula_kcal_ml: float | None = Field(default=None, ge=0.5, le=1.5, description="kcal/mL")

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which pages show times."""
        return ZoneInfo(self.time_zone)


class BoxSettings(Section):
    """`[[box]]`: one nursery box and the microphone at it."""

    id: BoxId
    name: str = Field(default="", max_length=60)
    microphone: str | None = Field(
        default=None,
        max_length=200,
        description="name, or part of it, or usb:VENDOR:PRODUCT[:SERIAL][@SOCKET]",
    )
    channel: int | None = Field(
        default=None, ge=1, le=64, description="of a microphone with several; default their mean"
    )
    sensitivity: Literal["low", "normal", "high"] = "normal"

    @property
    def label(self) -> str:
        """What people read."""
        return self.name or self.id.replace("-", " ").replace("_", " ").capitalize()


class MqttSettings(Section):
    """`[mqtt]`: the house's broker; with no `host`, `up` runs a private one."""

    host: str | None = Field(default=None, min_length=1, max_length=255)
    port: int | None = Field(default=None, ge=1, le=65535, description="1883, with TLS 8883")
    username: str | None = Field(default=None, max_length=255)
    password: SecretStr | None = None
    password_file: Path | None = None
    tls: bool = False
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    base_topic: TopicBase = "nursery"
    keepalive_s: int = Field(default=10, ge=5, le=600, description="seconds")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.password is not None and self.password_file is not None:
            raise ValueError("give password or password_file, not both")
        if (self.certificate_file is None) != (self.key_file is None):
            raise ValueError("certificate_file and key_file go together")
        if (self.ca_file or self.certificate_file) and not self.tls:
            raise ValueError("ca_file and certificate_file need tls = true")
        return self


class HomeAssistantSettings(Section):
    """`[home_assistant]`: discovery."""

    discovery: bool = True
    prefix: TopicBase = "homeassistant"


class WebSettings(Section):
    """`[web]`: the dashboard."""

    host: str = Field(default="0.0.0.0", min_length=1, max_length=255)  # noqa: S104 - phones reach it; all is behind the sign-in
    port: int = Field(default=8420, ge=1, le=65535)
    database_url: SecretStr | None = Field(
        default=None, description="PostgreSQL: postgresql+psycopg://...; default SQLite"
    )
    behind_proxy: bool = False


class ClipSettings(Section):
    """`[clips]`: whether a cry's sound is kept, and how much of it."""

    keep: bool = True
    seconds: float = Field(default=12.0, ge=2.0, le=25.0, description="s of sound a cry at most")
    days: float = Field(default=14.0, gt=0, le=3650, description="days a clip is kept")
    max_mb: float = Field(default=500.0, gt=0, le=1_000_000, description="MB of all clips")


class Settings(BaseSettings):
    """The whole file. Environment variables `NURSERY_...` (sections by `__`) win over it."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        env_prefix="NURSERY_",
        env_nested_delimiter="__",
        env_ignore_empty=True,
    )

    state_dir: Path = Field(default_factory=default_state_dir)
    house: HouseSettings = HouseSettings()
    box: tuple[BoxSettings, ...] = Field(default=(BoxSettings(id="nest"),), min_length=1)
    mqtt: MqttSettings = MqttSettings()
    home_assistant: HomeAssistantSettings = HomeAssistantSettings()
    web: WebSettings = WebSettings()
    clips: ClipSettings = ClipSettings()

    @model_validator(mode="before")
    @classmethod
    def _state_dir_of_the_user(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("state_dir"), str):
            data = {**data, "state_dir": Path(data["state_dir"]).expanduser()}
        return data

    @model_validator(mode="after")
    def _boxes_differ(self) -> Self:
        ids = [box.id for box in self.box]
        for twice in (box for number, box in enumerate(ids) if box in ids[:number]):
            raise ValueError(f"two boxes have the same id, '{twice}'; give each its own")
        return self

    def box_named(self, box_id: str) -> BoxSettings:
        """The settings of one box; KeyError when there is none of that id."""
        for box in self.box:
            if box.id == box_id:
                return box
        raise KeyError(box_id)

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the dashboard's records."""
        if self.web.database_url is not None:
            return self.web.database_url.get_secret_value()
        return f"sqlite:///{self.state_dir / 'records.db'}"
