"""What the ear costs beside its peers: `python -m tests.bench.cost --work DIR`.

Three things, each beside the peers in the same run, so that the ratios hold on any machine:

- `nursery-monitor detect` and the peers' programs over half an hour of streams, in turn: CPU
  seconds an hour of sound with and without the start-up, peak memory;
- the start: `nursery-monitor listen` until it is listening, a peer until it has scored a second of
  sound; with warm caches, and with the files thrown out of the page cache;
- the listener for ten minutes at real speed: share of one core, resident memory before and after
  its first cry, and that of the process which describes cries.

Not a test: machines differ. Keeps the figures in DIR for the card.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf

from tests.bench.parts import MODELS, write_part
from tests.bench.peers import ONE_THREAD
from tests.bench.streams import REPOSITORY, SHARED, streams
from tests.bench.tables import PEERS, table
from tests.house import PROGRAM
from tests.mosquitto import Mosquitto, Watcher

TICKS = os.sysconf("SC_CLK_TCK")
REPEATS = 3
START_LIMIT_S = 120.0
SCORE = SHARED / "peers" / "score.py"

# For the estimate of energy on a Raspberry Pi Zero 2 W; it was not measured on one.
IDLE_W = (
    0.6  # measured by CNX Software, "A deep dive into Raspberry Pi Zero 2 W's power", 2021-12-09
)
CORE_W = 0.5  # a busy core's: a quarter of what four take, from A. Jacobs' measurement, 2021-10-29
SLOWER = (8.0, 20.0)  # a 1 GHz Cortex-A53 against a core of the machine that measures: a guess


@dataclass(frozen=True)
class Took:
    """What one run of a program took."""

    cpu_s: float
    wall_s: float
    peak_mib: float


def run(command: Sequence[str | Path]) -> Took:
    """Run a program on one thread to its end."""
    began = time.monotonic()
    process = subprocess.Popen(
        [str(word) for word in command],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **ONE_THREAD},
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(f"bench: {command[0]} ended with {process.returncode}")
    took_s = time.monotonic() - began
    return Took(used.ru_utime + used.ru_stime, took_s, used.ru_maxrss / 1024)


def programs(files: Sequence[Path]) -> dict[str, list[str | Path]]:
    """The program of each detector over some files."""
    out: dict[str, list[str | Path]] = {"ours": [PROGRAM, "detect", "--json", *files]}
    for peer in PEERS if SCORE.is_file() else ():
        out[peer] = [sys.executable, SCORE, "--peer", peer, *files]
    return out


# ------------------------------------------------------------------ recordings


def detecting(files: list[Path], second: Path) -> dict[str, dict[str, float]]:
    """Figures of each program, run in turn; medians of a few rounds."""
    hours = sum(sf.info(path).duration for path in files) / 3600
    whole: dict[str, list[Took]] = {}
    starts: dict[str, list[Took]] = {}
    for _ in range(REPEATS):
        for name, program in programs(files).items():
            whole.setdefault(name, []).append(run(program))
        for name, program in programs([second]).items():
            starts.setdefault(name, []).append(run(program))
    out = {}
    for name, runs in whole.items():
        cpu = statistics.median(took.cpu_s for took in runs)
        start = statistics.median(took.cpu_s for took in starts[name])
        out[name] = {
            "cpu_s_an_hour": round(cpu / hours, 2),
            "cpu_s_an_hour_without_start": round((cpu - start) / hours, 2),
            "peak_mib": round(max(took.peak_mib for took in runs), 1),
        }
    return out


# ------------------------------------------------------------------ starting


def throw_out() -> None:
    """Throw the files of Python, of its packages and of ours out of the page cache.

    What a running program has mapped stays; without rights nothing more can be thrown out.
    """
    folders = [Path(sysconfig.get_path(name)) for name in ("stdlib", "platlib")]
    folders += [SCORE.parent, REPOSITORY / "monitor", REPOSITORY / "models"]
    os.sync()
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                handle = os.open(path, os.O_RDONLY)
                os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
                os.close(handle)


def starting(until_listening: Callable[[], float], second: Path, cold: bool) -> dict[str, float]:
    """Seconds until each program does its work; medians of a few rounds in turn."""
    took: dict[str, list[float]] = {}
    for _ in range(REPEATS):
        for name, program in programs([second]).items():
            if cold:
                throw_out()
            ready_s = until_listening() if name == "ours" else run(program).wall_s
            took.setdefault(name, []).append(ready_s)
    return {name: round(statistics.median(times), 2) for name, times in took.items()}


# ------------------------------------------------------------------ the listener


@dataclass
class Listener:
    """A listener that replays a recording at real speed, with a broker and one who looks on."""

    recording: Path
    config: Path
    watcher: Watcher

    def until_listening(self) -> float:
        """Start it, and end it once it is listening; how long that took, in s."""
        began = time.monotonic()
        seen = len(self.watcher.payloads("nursery/nest/state"))
        process = self.start()
        try:
            while time.monotonic() - began < START_LIMIT_S:
                news = self.watcher.payloads("nursery/nest/state")[seen:]
                if b'"listening"' in b" ".join(news):
                    return time.monotonic() - began
                time.sleep(0.01)
        finally:
            process.terminate()
            process.wait(START_LIMIT_S)
        sys.exit(f"bench: the listener did not listen within {START_LIMIT_S:.0f} s")

    def start(self) -> subprocess.Popen[bytes]:
        """Start the program."""
        return subprocess.Popen(
            [PROGRAM, "--config", self.config, "listen", "--replay", self.recording],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )


@contextmanager
def listener(recording: Path) -> Iterator[Listener]:
    """A broker, and a listener that has not begun."""
    with tempfile.TemporaryDirectory() as name, Mosquitto(Path(name) / "mosquitto") as mosquitto:
        folder = Path(name)
        config = folder / "config.toml"
        config.write_text(
            f'state_dir = "{folder / "state"}"\n'
            f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\n'
            f'username = "all"\npassword = "{mosquitto.password("all")}"\n'
        )
        with Watcher(mosquitto.broker("all"), "nursery/#") as watcher:
            yield Listener(recording, config, watcher)


@dataclass
class Watched:
    """What a process held while it was looked at, MiB."""

    quiet: list[float] = field(default_factory=list)  # before the first cry
    crying: list[float] = field(default_factory=list)  # after it
    describing: float = 0.0  # at most, the process that describes cries


def listening(ready: Listener) -> dict[str, float]:
    """Listen to the whole recording; what it took."""
    watched, used = Watched(), 0.0
    heard_before = len(ready.watcher.payloads("nursery/nest/cry"))
    began = time.monotonic()
    process = ready.start()
    while process.poll() is None:
        heard = len(ready.watcher.payloads("nursery/nest/cry")) > heard_before
        try:
            used = cpu_s(process.pid)
            (watched.crying if heard else watched.quiet).append(resident_mib(process.pid))
            if child := describer_of(process.pid):
                watched.describing = max(watched.describing, resident_mib(child))
        except OSError:
            break  # it has just ended
        time.sleep(0.5)
    lasted = time.monotonic() - began
    process.wait()
    return {
        "minutes": round(lasted / 60, 1),
        "share_of_a_core": round(used / lasted, 4),
        "resident_before_mib": round(statistics.median(watched.quiet or [0.0]), 1),
        "resident_after_mib": round(statistics.median(watched.crying or [0.0]), 1),
        "resident_most_mib": round(max(watched.crying or [0.0]), 1),
        "describing_most_mib": round(watched.describing, 1),
    }


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident_mib(pid: int) -> float:
    """Resident memory of a process."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) / 1024 if found else 0.0


def describer_of(pid: int) -> int | None:
    """The process that describes the cries of a listener, while there is one."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            return int(child)
    return None


# ------------------------------------------------------------------ what to make of it


def energy(share: float) -> dict[str, Any]:
    """An estimate for a Pi Zero 2 W from the share of a core that listening takes here."""
    shares = [share * times for times in SLOWER]
    return {
        "estimate": True,
        "board": "Raspberry Pi Zero 2 W",
        "idle_w": IDLE_W,
        "busy_core_w": CORE_W,
        "times_slower": list(SLOWER),
        "share_of_a_core": [round(part, 3) for part in shares],
        "added_w": [round(part * CORE_W, 3) for part in shares],
    }


def cost_table(figures: dict[str, Any]) -> str:
    """Every figure of detecting and starting, with its ratio to YAMNet's."""
    rows = []
    for words, values in (
        ("CPU s an hour of sound", column(figures["detecting"], "cpu_s_an_hour")),
        ("... without the start", column(figures["detecting"], "cpu_s_an_hour_without_start")),
        ("peak memory, MiB", column(figures["detecting"], "peak_mib")),
        ("ready after its start, warm caches, s", figures["start_warm_s"]),
        ("... files out of the page cache, s", figures["start_cold_s"]),
    ):
        yamnet = values.get("yamnet")
        rows.append(
            [
                words,
                *(
                    f"{value:g}" + (f" ({value / yamnet:.2f})" if yamnet else "")
                    for value in values.values()
                ),
            ]
        )
    names = {"ours": "ours", **PEERS}
    return table(["(ratio to YAMNet)", *(names[n] for n in figures["detecting"])], rows)


def column(rows: dict[str, dict[str, float]], key: str) -> dict[str, float]:
    """One figure of every program."""
    return {name: row[key] for name, row in rows.items()}


def listener_words(figures: dict[str, Any]) -> str:
    """The listener's share and memory, and the energy, in sentences."""
    of, power = figures["listener"], figures["energy"]
    low, high = power["added_w"]
    return (
        f"The listener took {of['share_of_a_core']:.1%} of a core for {of['minutes']:g} minutes; "
        f"it held {of['resident_before_mib']:.0f} MiB before its first cry, "
        f"{of['resident_after_mib']:.0f} after it ({of['resident_most_mib']:.0f} at most). While "
        f"cries are described, and for two minutes after, a second process holds up to "
        f"{of['describing_most_mib']:.0f} MiB. Estimate, not measured: on a {power['board']} "
        f"(idle {power['idle_w']} W, a busy core some {power['busy_core_w']} W more) listening "
        f"adds {low:.2f} to {high:.2f} W."
    )


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder for streams and figures")
    work = parser.parse_args().work.resolve()
    files = streams(work, SHARED / "audio", "validation", 7, 60).files
    recording = files[0]
    with tempfile.TemporaryDirectory() as folder, listener(recording) as ready:
        second = Path(folder) / "second.flac"
        sf.write(second, np.random.default_rng(1).normal(0, 1e-3, 32_000), 32_000)
        figures: dict[str, Any] = {
            "sound": "30 minutes of the referee's streams, 32 kHz FLAC; the listener: 10 minutes",
            "weights_mib": round((MODELS / "cry.onnx").stat().st_size / 2**20, 2),
            "detecting": detecting([files[0], files[1], files[-1]], second),
            "start_warm_s": starting(ready.until_listening, second, cold=False),
            "start_cold_s": starting(ready.until_listening, second, cold=True),
            "listener": listening(ready),
        }
    figures["energy"] = energy(figures["listener"]["share_of_a_core"])
    print(cost_table(figures))
    print("\n" + listener_words(figures))
    print(f"\nkept for the card: {write_part(work, 'cost', figures)}")


if __name__ == "__main__":
    main()
