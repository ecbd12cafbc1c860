"""Which programs `nursery-monitor up` runs for the settings at hand."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monitor.preflight import any_free_port, port_is_free
from monitor.settings import Settings
from monitor.supervisor import Program

# Without the current directory on Python's path: the user's files are none of our modules.
OURSELVES = (sys.executable, "-P", "-m", "monitor")


@dataclass(frozen=True)
class Wish:
    """What the person at the command line asked for."""

    config: Path | None = None
    verbose: bool = False
    demo: bool = False
    replay: tuple[Path, ...] = ()
    service: bool = False  # nobody is there to read or to press Ctrl-C; a plug may still come

    def command(self, name: str, *words: str) -> tuple[str, ...]:
        """The command line of one of our own programs, with the same settings file as ours."""
        config = ("--config", str(self.config.absolute())) if self.config else ()
        verbose = ("--verbose",) if self.verbose else ()
        return (*OURSELVES, *config, *verbose, name, *words)


@dataclass(frozen=True)
class Apart:
    """A demo's own values, so that it touches neither real records nor the house's broker."""

    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The same for the programs that are started; sections go as JSON."""
        return {
            f"NURSERY_{key.upper()}": value if isinstance(value, str) else json.dumps(value)
            for key, value in self.settings.items()
        }


def demo_apart(real: Settings) -> Apart:
    """A demo's own directory, records, box and broker, and port if the usual one is taken."""
    free = port_is_free(real.web.host, real.web.port)
    return Apart(
        {
            "state_dir": str(real.state_dir / "demo"),
            "box": [{"id": real.box[0].id, "name": real.box[0].name}],
            "mqtt": {"host": None},
            "web": {
                "database_url": None,
                "port": real.web.port if free else any_free_port(real.web.host),
            },
        }
    )


def programs(settings: Settings, wish: Wish, broker: Sequence[str] | None) -> list[Program]:
    """The programs to run; `broker` is the command line of the private one, None without."""
    found = [Program("broker", tuple(broker), foundation=True)] if broker else []
    demo = ("--demo",) if wish.demo else ()
    found.append(Program("web", wish.command("web", "--quiet", *demo)))
    found.append(Program("ingest", wish.command("ingest")))
    return [*found, *_listeners(settings, wish)]


def _listeners(settings: Settings, wish: Wish) -> Iterable[Program]:
    for box in settings.box:
        name, which = f"listen {box.id}", ("--box", box.id)
        if wish.demo:
            yield Program(name, wish.command("listen", *which, "--demo"), watched=True)
        elif wish.replay:
            files = (str(path.absolute()) for path in wish.replay)
            yield Program(name, wish.command("listen", *which, "--replay", *files), once=True)
            return  # the recordings are heard at the first box
        else:
            yield Program(name, wish.command("listen", *which), watched=True)
