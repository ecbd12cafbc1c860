"""How fast a cry gets from the sound card to the phone, on real parts.

    python -m tests.bench.latency --cries 50

Plays recordings of cries into a sound server's microphone while `nursery-monitor up` runs, a
stranger listens on its broker, a reader polls its records and Chromium shows its page. Prints
median and 95th percentile of each leg in seconds. Not a test: machines differ.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from datetime import datetime
from pathlib import Path

from tests.browser import chromium
from tests.house import House
from tests.recordings import CryRecording, bed, one_cry_each
from tests.sound_server import MICROPHONE, SoundServer

PLAY_DELAY_S = 0.07  # from starting the player to sound in the microphone; 0.04 to 0.09 measured
GAP_S = 8.0  # between cries: the one before has ended by then, as heard 5 s after its last call
NOTE_CRIES = """
window.firstSeen = {};
const look = () => {
  for (const link of document.querySelectorAll('a.now[href]')) {
    const id = link.getAttribute('href').split('/').pop();
    window.firstSeen[id] ??= Date.now() / 1000;
  }
};
new MutationObserver(look).observe(document.body, {
  childList: true, subtree: true, attributes: true, attributeFilter: ['href'],
});
look();
"""


class Rows(threading.Thread):
    """Notes when each cry is first in the records, by reading them every few milliseconds."""

    def __init__(self, database: Path) -> None:
        super().__init__(daemon=True)
        self.seen: dict[str, float] = {}
        self.ending = threading.Event()
        self._database = database

    def run(self) -> None:
        """Poll until told to end."""
        reader = sqlite3.connect(f"file:{self._database}?mode=ro", uri=True)
        while not self.ending.wait(0.005):
            for (cry,) in reader.execute("SELECT id FROM cry").fetchall():
                self.seen.setdefault(cry, time.time())
        reader.close()


def figures(name: str, values: list[float]) -> str:
    """One line: median, p95, range."""
    ordered = sorted(values)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))]
    return (
        f"{name:46} n {len(ordered):3}  median {statistics.median(ordered):6.3f}"
        f"  p95 {p95:6.3f}  min {ordered[0]:6.3f}  max {ordered[-1]:6.3f}"
    )


def play_all(
    house: House, sound: SoundServer, recordings: list[CryRecording], number: int
) -> list[float]:
    """Play cries one after another; wall time of each one's first call."""
    onsets = []
    for turn in range(number):
        recording = recordings[turn % len(recordings)]
        onsets.append(time.time() + PLAY_DELAY_S + recording.first_call_s)
        sound.play(recording.path)
        time.sleep(GAP_S)
        sys.stderr.write(f"\r{turn + 1}/{number} played, {len(house.watch.cries)} published")
    sys.stderr.write("\n")
    return onsets


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cries", type=int, default=50)
    number = parser.parse_args().cries
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        several_calls = [r for r in one_cry_each(folder, 16) if r.length_s > 3.0]
        recordings = sorted(several_calls, key=lambda r: r.length_s)[:8]
        with (
            SoundServer(folder / "sound") as sound,
            sound.playing(bed(folder, 3600)),
            House(folder / "house", microphone=MICROPHONE, env=sound.environment) as house,
        ):
            house.watch_broker()
            house.wait_for_state("listening")
            rows = Rows(house.state_dir / "records.db")
            rows.start()
            with chromium() as browser:
                house.sign_in(browser)
                browser.execute_script(NOTE_CRIES)
                onsets = play_all(house, sound, recordings, number)
                page: dict[str, float] = browser.execute_script("return window.firstSeen")
            rows.ending.set()
            rows.join(5)
            report(onsets, house, page, rows.seen, real=sum(r.real for r in recordings))


def report(
    onsets: list[float], house: House, page: dict[str, float], rows: dict[str, float], real: int
) -> None:
    """Print counts and legs."""
    told: dict[str, float] = {}
    decided: dict[str, float] = {}
    for arrival in house.watch.arrivals:
        if arrival.topic.endswith("/cry"):
            message = arrival.json()
            if message["type"] == "cry_started":
                told[message["id"]] = arrival.at
                decided[message["id"]] = datetime.fromisoformat(message["decided"]).timestamp()
    print(f"{real} real recordings; played {len(onsets)}, published {len(told)}, ", end="")
    print(f"logged {len(rows)}, on the page {len(page)}")
    ends = [*onsets[1:], float("inf")]
    first = [min(at for at in told.values() if at > onset) - onset for onset in onsets]
    first = [
        wait for wait, onset, end in zip(first, onsets, ends, strict=True) if wait < end - onset
    ]
    print(figures("first call to MQTT message, s", first))
    print(figures("audio that decided to MQTT message, s", [told[c] - decided[c] for c in told]))
    print(figures("MQTT message to row, s", [rows[c] - told[c] for c in told if c in rows]))
    print(figures("MQTT message to page, s", [page[c] - told[c] for c in told if c in page]))


if __name__ == "__main__":
    main()
