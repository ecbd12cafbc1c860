"""What several microphones cost: `python -m tests.bench.microphones [--seconds 60] [FILE]`.

One, two and three listeners at a time hear a microphone each, through sound servers of their own,
in which FILE is played (a made-up cry every half minute where none is given). Prints what each
takes of a core, its resident memory, its share of memory where pages used by several are divided
among them (PSS: what one more costs), and how many cries each told. Not a test: machines differ.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import soundfile as sf

from models.synthesis import RATE_HZ, bout, draw_voice
from tests.mosquitto import Mosquitto, Watcher
from tests.sound_server import SoundServer

TICKS = os.sysconf("SC_CLK_TCK")
SETTLED_S = 15.0  # from the start of the listeners to the first look: what describes cries is up
MOST = 3


def made_up(folder: Path, seconds: float) -> Path:
    """A quiet room with a cry every half minute."""
    rng = np.random.default_rng(5)
    sound = np.float32(0.001) * rng.standard_normal(round(seconds * RATE_HZ), dtype=np.float32)
    for at in range(5, int(seconds) - 8, 30):
        cry, _ = bout(draw_voice("kitten", 8.0, rng), 5.0, 0.8, rng)
        sound[at * RATE_HZ :][: len(cry)] += cry
    path = folder / "night.wav"
    sf.write(path, np.clip(sound, -1, 1), RATE_HZ)
    return path


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mib(pid: int) -> tuple[float, float]:
    """Resident memory of a process, and its share where pages are divided among their users."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    sizes = [re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE) for name in ("Rss", "Pss")]
    resident, share = (int(size[1]) / 1024 if size else 0.0 for size in sizes)
    return resident, share


def listen(number: int, sound: Path, seconds: float, folder: Path) -> None:
    """Let so many listen, and print what each took."""
    names = [f"mic{n + 1}" for n in range(number)]
    with ExitStack() as stack:
        mosquitto = stack.enter_context(Mosquitto(folder / "mosquitto"))
        servers = [stack.enter_context(SoundServer(folder / name, name)) for name in names]
        devices = "".join(server.device for server in servers)
        (folder / "alsa.conf").write_text(f"</usr/share/alsa/alsa.conf>\n{devices}")
        boxes = "".join(f'[[box]]\nid = "{name}"\nmicrophone = "{name}"\n' for name in names)
        (folder / "config.toml").write_text(
            f'state_dir = "{folder / "state"}"\n{boxes}'
            f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\n'
            f'username = "all"\npassword = "{mosquitto.password("all")}"\n'
        )
        watcher = stack.enter_context(Watcher(mosquitto.broker("all"), "nursery/#"))
        for server in servers:
            stack.enter_context(server.playing(sound))
        config = str(folder / "config.toml")
        command = [sys.executable, "-m", "monitor", "--config", config, "listen"]
        processes = [
            stack.enter_context(
                subprocess.Popen(
                    [*command, "--box", name],
                    env={**os.environ, "ALSA_CONFIG_PATH": str(folder / "alsa.conf")},
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            )
            for name in names
        ]
        try:
            time.sleep(SETTLED_S)
            before = [cpu_s(process.pid) for process in processes]
            time.sleep(seconds)
            for name, process, used in zip(names, processes, before, strict=True):
                share = (cpu_s(process.pid) - used) / seconds
                resident, divided = memory_mib(process.pid)
                said = map(json.loads, watcher.payloads(f"nursery/{name}/cry"))
                cries = sum(one["type"] == "cry_started" for one in said)
                print(f"{number} | {name} | {share:.1%} | {resident:.0f} | {divided:.0f} | {cries}")
        finally:
            for process in processes:
                process.terminate()


def main() -> None:
    """Measure one, two and three."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(
        prefix="nursery-bench-", ignore_cleanup_errors=True
    ) as scratch:
        sound = asked.file or made_up(Path(scratch), asked.seconds + SETTLED_S + 20)
        print("listeners | box | of a core | resident, MiB | its share (PSS), MiB | cries told")
        print("--- | --- | --- | --- | --- | ---")
        for number in range(1, MOST + 1):
            folder = Path(scratch) / str(number)
            folder.mkdir()
            listen(number, sound, asked.seconds, folder)


if __name__ == "__main__":
    main()
