"""The outbox loses nothing and keeps the order, whatever happens to process, disk and power."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor import outbox as module
from monitor.outbox import DOUBT_S, KEPT_AFTER_ACK_S, Outbox, OutboxError, Outgoing

CLIP = "nursery/nest/clip/01929b1e-7c1a-7aa0-a2ef-0d6ad8b54c11"


def messages(*payloads: bytes, topic: str = "nursery/nest/cry") -> list[Outgoing]:
    return [Outgoing(topic, payload) for payload in payloads]


def payloads(outbox: Outbox, limit: int = 10_000) -> list[bytes]:
    return [waiting.message.payload for waiting in outbox.batch(limit)]


def in_trouble(outbox: Outbox) -> bool:
    return outbox.trouble is not None


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "outbox" / "nest.db"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    opened = Outbox(path)
    yield opened
    opened.close()


def test_messages_come_out_in_the_order_in_which_they_went_in(outbox: Outbox) -> None:
    outbox.close_step(messages(b"1", b"2"), b"open")
    outbox.close_step(messages(b"3"), None)
    assert payloads(outbox) == [b"1", b"2", b"3"]
    assert payloads(outbox, 2) == [b"1", b"2"]
    assert [w.message.payload for w in outbox.batch(9, after=outbox.batch(1)[0].id)] == [b"2", b"3"]
    assert outbox.depth() == 3


def test_the_open_cry_is_what_the_last_step_stored(path: Path) -> None:
    with contextlib.closing(Outbox(path)) as outbox:
        assert outbox.open_cry() is None
        outbox.close_step([], b"first")
        outbox.close_step([], b"second")
    with contextlib.closing(Outbox(path)) as outbox:
        assert outbox.open_cry() == b"second"
        outbox.close_step([], None)
        assert outbox.open_cry() is None


def test_values_are_remembered_alone_or_with_a_step(path: Path) -> None:
    with contextlib.closing(Outbox(path)) as outbox:
        outbox.remember("a", "1")
        outbox.close_step([], None, {"b": "2"})
        outbox.remember("open_cry", "is no key of ours")
    with contextlib.closing(Outbox(path)) as outbox:
        assert (outbox.recall("a"), outbox.recall("b"), outbox.recall("c")) == ("1", "2", None)
        assert outbox.open_cry() is None


def test_an_acknowledged_message_is_not_sent_again_by_a_new_process(path: Path) -> None:
    with contextlib.closing(Outbox(path)) as outbox:
        outbox.close_step(messages(b"1", b"2"), None)
        outbox.acknowledge([outbox.batch(1)[0].id])
    with contextlib.closing(Outbox(path)) as outbox:
        assert payloads(outbox) == [b"2"]
        assert outbox.depth() == 1


def test_after_a_power_cut_what_was_just_acknowledged_is_sent_again_in_order(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    boot = tmp_path / "boot_id"
    monkeypatch.setattr(module, "BOOT_ID", boot)
    boot.write_text("first boot")
    with contextlib.closing(Outbox(path)) as outbox:
        outbox.close_step(messages(b"1", b"2", b"3"), None)
        outbox.acknowledge([w.id for w in outbox.batch(2)])
    boot.write_text("second boot")
    with contextlib.closing(Outbox(path)) as outbox:
        assert payloads(outbox) == [b"1", b"2", b"3"]


def test_what_was_acknowledged_just_before_a_crash_of_the_broker_is_sent_again(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox.close_step(messages(b"1", b"2", b"3"), None)
    outbox.acknowledge([outbox.batch(1)[0].id])
    later = time.monotonic() + DOUBT_S + 1
    monkeypatch.setattr(time, "monotonic", lambda: later)
    outbox.acknowledge([outbox.batch(1)[0].id])
    outbox.doubt()
    assert payloads(outbox) == [b"2", b"3"]


def test_what_was_acknowledged_just_before_a_crash_of_ours_is_sent_again_once(
    path: Path,
) -> None:
    outbox = Outbox(path)
    outbox.close_step(messages(b"1", b"2"), None)
    outbox.acknowledge([outbox.batch(1)[0].id])
    outbox._db.close()  # as a kill would: nothing more is written
    outbox._owner.close()
    for expected in ([b"1", b"2"], [b"2"]):
        with contextlib.closing(Outbox(path)) as again:
            assert payloads(again) == expected
            again.acknowledge([again.batch(1)[0].id])


def test_an_acknowledged_message_is_deleted_a_minute_later(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with contextlib.closing(Outbox(path)) as outbox:
        outbox.close_step(messages(b"1"), None)
        outbox.acknowledge([outbox.batch(1)[0].id])
        assert rows(path) == 1
        later = time.monotonic() + KEPT_AFTER_ACK_S + 1
        monkeypatch.setattr(time, "monotonic", lambda: later)
        outbox.close_step([], None)
        assert rows(path) == 0


def rows(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as db:
        count: int = db.execute("SELECT count(*) FROM message").fetchone()[0]
    return count


def test_the_oldest_clips_are_dropped_and_counted_when_there_are_too_many_but_never_a_cry(
    path: Path,
) -> None:
    with contextlib.closing(Outbox(path, clips_bytes=250)) as outbox:
        for number in range(5):
            clip = Outgoing(CLIP, bytes([number]) * 100)
            outbox.close_step([*messages(b"cry" * 100), clip], None)
        kept = payloads(outbox)
        assert kept.count(b"cry" * 100) == 5
        assert [p for p in kept if p != b"cry" * 100] == [b"\x03" * 100, b"\x04" * 100]
        assert outbox.dropped_clips == 3


def test_what_may_be_dropped_is_told_by_its_topic_even_in_a_box_called_clip() -> None:
    assert Outgoing(CLIP, b"").spare
    assert Outgoing("nursery/nest/minute", b"").spare
    assert not Outgoing("nursery/clip/cry", b"").spare
    assert not Outgoing("nursery/minute/cry", b"").spare
    assert not Outgoing("nursery/nest/cry", b"").spare


def test_a_second_process_is_refused_with_what_to_do(path: Path, outbox: Outbox) -> None:
    with pytest.raises(OutboxError, match="another listener of this box is running"):
        Outbox(path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutboxError, match="cannot be written"):
        Outbox(tmp_path / "file" / "nest.db")


def test_a_damaged_database_is_put_aside_and_begun_anew(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database" * 1000)
    with contextlib.closing(Outbox(path)) as outbox:
        outbox.close_step(messages(b"1"), None)
        assert payloads(outbox) == [b"1"]
    assert "put aside" in caplog.text
    assert len(list(path.parent.glob("*.damaged-*"))) == 1


class Full:
    """Makes every write fail as on a full disk, while `on`."""

    def __init__(self, outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
        self.on = False
        real = outbox._transaction

        @contextlib.contextmanager
        def transaction(*, durable: bool = True) -> Iterator[None]:
            with real(durable=durable):
                yield
                if self.on:
                    raise sqlite3.OperationalError("database or disk is full")

        monkeypatch.setattr(outbox, "_transaction", transaction)


def test_on_a_full_disk_messages_wait_in_memory_are_sent_from_there_and_reach_the_disk_later(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    outbox = Outbox(path)
    full = Full(outbox, monkeypatch)
    outbox.close_step(messages(b"1"), b"open 1")
    full.on = True
    outbox.close_step(messages(b"2"), b"open 2", {"tally": "2"})
    outbox.close_step(messages(b"3"), b"open 3")
    assert outbox.trouble is not None
    assert "free some space" in outbox.trouble
    assert caplog.text.count("cannot be written") == 1
    assert payloads(outbox) == [b"1", b"2", b"3"]
    assert (outbox.open_cry(), outbox.recall("tally")) == (b"open 3", "2")
    outbox.acknowledge([w.id for w in outbox.batch(2)])
    assert payloads(outbox) == [b"3"]
    assert outbox.depth() == 1
    full.on = False
    outbox.close_step(messages(b"4"), b"open 4")
    assert not in_trouble(outbox)
    outbox.close()
    with contextlib.closing(Outbox(path)) as again:
        assert payloads(again) == [b"3", b"4"]
        assert (again.open_cry(), again.recall("tally")) == (b"open 4", "2")


def test_memory_is_bounded_while_the_disk_takes_nothing_and_clips_go_first(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "UNWRITTEN_MESSAGES", 3)
    monkeypatch.setattr(module, "UNWRITTEN_CLIPS_BYTES", 10)
    with contextlib.closing(Outbox(path)) as outbox:
        full = Full(outbox, monkeypatch)
        full.on = True
        for clip in (b"clip 1", b"clip 2"):
            outbox.close_step([Outgoing(CLIP, clip)], None)
        assert (payloads(outbox), outbox.dropped_clips) == ([b"clip 2"], 1)
        outbox.close_step(messages(b"1", b"2"), None)
        assert (payloads(outbox), outbox.lost_messages) == ([b"clip 2", b"1", b"2"], 0)
        outbox.close_step(messages(b"3", b"4"), None)
        assert (payloads(outbox), outbox.lost_messages) == ([b"2", b"3", b"4"], 2)


def test_a_disk_that_is_really_full_is_survived(tmp_path: Path) -> None:
    """The same on a real file system of 1 MB, which needs the right to mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("may not mount a file system here")
    try:
        outbox = Outbox(disk / "nest.db")
        big = b"x" * 16_000
        while not in_trouble(outbox):
            outbox.close_step(messages(big), b"open")
        made = outbox.depth()
        outbox.close_step(messages(b"one more"), b"open")
        assert outbox.depth() == made + 1
        assert payloads(outbox)[-1] == b"one more"
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        outbox.close_step(messages(b"last"), None)
        assert not in_trouble(outbox)
        outbox.close()
        with contextlib.closing(Outbox(disk / "nest.db")) as again:
            assert payloads(again)[-2:] == [b"one more", b"last"]
            assert again.depth() == made + 2
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def test_threads_may_write_and_acknowledge_at_once(outbox: Outbox) -> None:
    done = threading.Event()
    taken: list[bytes] = []

    def send() -> None:
        while not done.is_set() or outbox.depth():
            batch = outbox.batch(7)
            taken.extend(w.message.payload for w in batch)
            outbox.acknowledge(w.id for w in batch)

    sender = threading.Thread(target=send)
    sender.start()
    made = [str(number).encode() for number in range(200)]
    for payload in made:
        outbox.close_step(messages(payload), None)
    done.set()
    sender.join(timeout=20)
    assert taken == made


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("step"), st.lists(st.binary(max_size=20), max_size=3)),
            st.tuples(st.just("acknowledge"), st.integers(0, 4)),
            st.tuples(st.just("reopen"), st.just(0)),
            st.tuples(st.just("disk"), st.booleans()),
        ),
        max_size=25,
    )
)
def test_it_behaves_like_a_plain_queue_whatever_comes(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[str, object]],
) -> None:
    path = tmp_path_factory.mktemp("outbox") / "nest.db"
    queue: list[bytes] = []
    with pytest.MonkeyPatch.context() as patch:
        outbox = Outbox(path)
        full = Full(outbox, patch)
        for what, value in steps:
            if what == "step":
                assert isinstance(value, list)
                outbox.close_step(messages(*value), None)
                queue += value
            elif what == "acknowledge":
                assert isinstance(value, int)
                outbox.acknowledge(w.id for w in outbox.batch(value))
                queue = queue[value:]
            elif what == "disk":
                full.on = bool(value)
            else:
                full.on = False
                outbox.close()
                outbox = Outbox(path)
                full = Full(outbox, patch)
            assert payloads(outbox) == queue
            assert outbox.depth() == len(queue)
        outbox.close()


# Writes steps of two messages and reports each once it is on the disk, while another thread sends.
_WRITER = """
import os, sys, threading
from pathlib import Path
from monitor.outbox import Outbox, Outgoing
outbox = Outbox(Path(sys.argv[1]))
def send():
    while True:
        for waiting in outbox.batch(3):
            os.write(1, b"sent %s\\n" % waiting.message.payload)
            outbox.acknowledge([waiting.id])
threading.Thread(target=send, daemon=True).start()
number = int(outbox.open_cry() or b"0")
while True:
    number += 2
    pair = [Outgoing("nursery/nest/cry", str(n).encode()) for n in (number - 1, number)]
    outbox.close_step(pair, str(number).encode())
    os.write(1, b"kept %d\\n" % number)
"""


def test_kill_9_at_any_moment_loses_nothing_and_keeps_the_order(path: Path) -> None:
    chance = random.Random(8)
    sent: list[int] = []
    kept = 0
    for _ in range(8):
        child = subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        lines = [child.stdout.readline().decode()]  # it runs
        time.sleep(chance.uniform(0.0, 0.25))
        os.kill(child.pid, signal.SIGKILL)
        lines += child.communicate()[0].decode().splitlines()
        for what, number in (line.split() for line in lines):
            if what == "sent":
                sent.append(int(number))
            else:
                kept = int(number)
    with contextlib.closing(Outbox(path)) as outbox:
        left = [int(payload) for payload in payloads(outbox)]
        total = int(outbox.open_cry() or b"0")
    assert kept > 20
    assert total >= kept
    assert left == sorted(left)
    assert set(sent) | set(left) == set(range(1, total + 1))
    first_time = list(dict.fromkeys(sent))
    assert first_time == sorted(first_time)


def test_the_folders_it_makes_are_nobody_elses(tmp_path: Path) -> None:
    Outbox(tmp_path / "state" / "outbox" / "nest.db").close()
    for folder in (tmp_path / "state", tmp_path / "state" / "outbox"):
        assert oct(folder.stat().st_mode & 0o777) == "0o700"
