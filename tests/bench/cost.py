"""What listening costs: `python -m tests.bench.cost FILE [--peer SCORE.PY]`.

Replays a recording at real speed into `nursery-monitor listen` with a broker, and prints the share
of one core, the resident memory before and after the first cry (apart from that of the process
which describes cries, for it goes again), and the seconds from start to listening. Where the peer
is at hand, YAMNet hears the same recording in the same run. Not a test: machines differ.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.house import PROGRAM
from tests.mosquitto import Mosquitto, Watcher

TICKS = os.sysconf("SC_CLK_TCK")
PEER = Path(__file__).resolve().parents[3] / "shared" / "peers" / "score.py"


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


def listen(recording: Path, folder: Path) -> None:
    """Replay the recording once, and print what it took."""
    with Mosquitto(folder / "mosquitto") as mosquitto:
        config = folder / "config.toml"
        config.write_text(
            f'state_dir = "{folder / "state"}"\n'
            f'[mqtt]\nhost = "127.0.0.1"\nport = {mosquitto.port}\n'
            f'username = "all"\npassword = "{mosquitto.password("all")}"\n'
        )
        with Watcher(mosquitto.broker("all"), "nursery/#") as watcher:
            began = time.monotonic()
            process = subprocess.Popen(
                [PROGRAM, "--config", config, "listen", "--replay", recording],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            ready_s = 0.0
            quiet: list[float] = []
            crying: list[float] = []
            describing = used = 0.0
            while process.poll() is None:
                payloads = b" ".join(watcher.payloads("nursery/nest/state"))
                if not ready_s and b'"listening"' in payloads:
                    ready_s = time.monotonic() - began
                heard = bool(watcher.payloads("nursery/nest/cry"))
                try:
                    used = cpu_s(process.pid)
                    (crying if heard else quiet).append(resident_mib(process.pid))
                    if child := describer_of(process.pid):
                        describing = max(describing, resident_mib(child))
                except OSError:
                    break  # it has just ended
                time.sleep(0.2 if ready_s else 0.02)
            lasted = time.monotonic() - began
            process.wait()
    print(f"from start to listening            {ready_s:6.2f} s")
    print(f"CPU of the listener                {100 * used / lasted:6.2f} % of one core", end="")
    print(f" ({used:.1f} s in {lasted:.0f} s)")
    print(f"resident before the first cry      {statistics.median(quiet or [0]):6.0f} MiB")
    print(f"resident after it, median and most {statistics.median(crying or [0]):6.0f} MiB", end="")
    print(f", {max(crying or [0]):.0f} MiB")
    print(f"the describing process, at most    {describing:6.0f} MiB, gone 2 min after a cry")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recording", type=Path)
    parser.add_argument("--peer", type=Path, default=PEER)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        listen(given.recording, Path(folder))
    if given.peer.is_file():
        words = [sys.executable, given.peer, "--peer", "yamnet", "--cost", given.recording]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        print(done.stderr.strip())


if __name__ == "__main__":
    main()
