"""The publisher against a real Mosquitto that is stopped, killed, emptied, frozen and refusing."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from monitor import publisher as module
from monitor import session
from monitor.discovery import Discovery, discovery, no_discovery
from monitor.messages import MAX_PAYLOAD_BYTES, OFFLINE, ONLINE, Command, Topics
from monitor.outbox import Outbox, Outgoing
from monitor.publisher import (
    BrokerStatus,
    Connection,
    Publisher,
    stored_client_id,
    try_broker,
)
from monitor.session import CommandHandler
from monitor.settings import Broker, SettingsError
from tests.mosquitto import ROLES, Mosquitto, Watcher, free_port

TOPICS = Topics("nursery", "nest")
CLIP = TOPICS.clip("01929b1e-7c1a-7aa0-a2ef-0d6ad8b54c11")
CONFIG = "homeassistant/device/nursery_nest/config"
FOUND = discovery(TOPICS, "homeassistant", "Nest", "0.1.0")


def until(true: Callable[[], bool], timeout_s: float = 10.0) -> None:
    end = time.monotonic() + timeout_s
    while not true():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


class Bench:
    """Makes publishers on one outbox, and ends them."""

    def __init__(self, folder: Path) -> None:
        self.outbox = Outbox(folder / "outbox.db")
        self._made: list[Publisher] = []

    def publish(
        self,
        broker: Broker | Callable[[], Broker],
        *,
        found: Discovery | None = None,
        on_command: CommandHandler | None = None,
    ) -> Publisher:
        """A publisher that has been started."""
        name = stored_client_id(self.outbox, "nest")
        made = Publisher(broker, name, TOPICS, self.outbox, discovery=found, on_command=on_command)
        self._made.append(made)
        made.retain(TOPICS.state, b'{"state":"listening"}')
        made.start()
        return made

    def cry(self, *payloads: bytes) -> None:
        """Put cry messages into the outbox."""
        self.outbox.close_step([Outgoing(TOPICS.cry, payload) for payload in payloads], None)

    def close(self) -> None:
        for made in self._made:
            made.stop()
        self.outbox.close()


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.close()


@pytest.fixture
def watcher(mosquitto: Mosquitto) -> Iterator[Watcher]:
    with Watcher(mosquitto.broker("all"), "#") as watching:
        yield watching


def connected(publisher: Publisher) -> bool:
    return publisher.status.connection is Connection.CONNECTED


def test_states_come_before_online_and_all_of_them_are_retained(
    mosquitto: Mosquitto, watcher: Watcher, bench: Bench
) -> None:
    bench.publish(mosquitto.broker(), found=FOUND)
    watcher.wait(TOPICS.availability)
    assert [m.topic for m in watcher.messages] == [CONFIG, TOPICS.state, TOPICS.availability]
    with Watcher(mosquitto.broker("all"), "#") as late:
        late.wait(TOPICS.availability)
        assert {m.topic for m in late.messages if m.retain} == {
            CONFIG,
            TOPICS.state,
            TOPICS.availability,
        }
        assert late.payloads(TOPICS.availability) == [ONLINE]


def test_the_outbox_is_sent_in_order_and_emptied_by_acknowledgements(
    mosquitto: Mosquitto, watcher: Watcher, bench: Bench
) -> None:
    made = [str(number).encode() for number in range(300)]
    bench.cry(*made[:200])
    publisher = bench.publish(mosquitto.broker())
    for payload in made[200:]:
        bench.cry(payload)
        publisher.wake()
    until(lambda: bench.outbox.depth() == 0)
    until(lambda: len(watcher.payloads(TOPICS.cry)) == 300)
    assert watcher.payloads(TOPICS.cry) == made
    assert not any(m.retain for m in watcher.messages if m.topic == TOPICS.cry)


def test_a_message_is_on_its_way_at_once(
    mosquitto: Mosquitto, watcher: Watcher, bench: Bench
) -> None:
    publisher = bench.publish(mosquitto.broker())
    watcher.wait(TOPICS.availability)
    took = []
    for number in range(20):
        began = time.monotonic()
        bench.cry(b"%d" % number)
        publisher.wake()
        watcher.wait(TOPICS.cry)
        took.append(time.monotonic() - began)
    assert sorted(took)[10] < 0.1


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_broker_that_was_down_gets_everything_once_it_is_back(
    mosquitto: Mosquitto, bench: Bench, how: str
) -> None:
    with Watcher(mosquitto.broker("dashboard"), "nursery/#", client_id="w", session_s=600):
        publisher = bench.publish(mosquitto.broker())
        bench.cry(b"1")
        until(lambda: bench.outbox.depth() == 0)
    getattr(mosquitto, how)()
    until(lambda: not connected(publisher))
    assert publisher.status.connection is Connection.UNREACHABLE
    bench.cry(b"2")
    bench.cry(b"3")
    publisher.live(TOPICS.level, b"worth nothing later")
    mosquitto.start()
    until(lambda: bench.outbox.depth() == 0)
    with Watcher(mosquitto.broker("dashboard"), client_id="w", session_s=600) as late:
        until(lambda: late.payloads(TOPICS.cry)[-2:] == [b"2", b"3"])
        assert late.payloads(TOPICS.level) == []
    assert publisher.status == BrokerStatus(Connection.CONNECTED)


def test_what_a_broker_acknowledged_just_before_it_was_killed_is_sent_again(
    mosquitto: Mosquitto, bench: Bench
) -> None:
    publisher = bench.publish(mosquitto.broker())
    bench.cry(b"1")
    publisher.wake()
    until(lambda: bench.outbox.depth() == 0)
    mosquitto.kill()
    until(lambda: bench.outbox.depth() == 1)
    mosquitto.start()
    until(lambda: bench.outbox.depth() == 0)


def test_every_retained_state_is_said_again_to_a_broker_that_has_forgotten_it(
    mosquitto: Mosquitto, bench: Bench
) -> None:
    publisher = bench.publish(mosquitto.broker(), found=FOUND)
    until(lambda: connected(publisher))
    publisher.retain(TOPICS.health, b"{}")
    publisher.retain(TOPICS.state, b'{"state":"crying"}')
    mosquitto.empty()
    with Watcher(mosquitto.broker("all"), "#") as watcher:
        until(lambda: watcher.payloads(TOPICS.availability) == [ONLINE])
        assert {CONFIG, TOPICS.health} <= {m.topic for m in watcher.messages}
        assert watcher.payloads(TOPICS.state) == [b'{"state":"crying"}']


def test_home_assistants_birth_brings_everything_again_a_little_later(
    mosquitto: Mosquitto, watcher: Watcher, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "BIRTH_WAIT_S", (0.2, 0.3))
    monkeypatch.setattr(session, "TURN_S", 0.1)
    bench.publish(mosquitto.broker(), found=FOUND)
    watcher.wait(TOPICS.availability)
    seen = len(watcher.messages)
    watcher.publish("homeassistant/status", OFFLINE)
    watcher.publish("homeassistant/status", ONLINE)
    watcher.wait(TOPICS.availability)
    again = [m.topic for m in watcher.messages[seen:] if m.topic != "homeassistant/status"]
    assert again == [CONFIG, TOPICS.state, TOPICS.availability]


def test_a_killed_listener_is_said_to_be_offline_by_the_broker(
    mosquitto: Mosquitto, watcher: Watcher, tmp_path: Path
) -> None:
    program = """
import sys, time
from pathlib import Path
from monitor.messages import Topics
from monitor.outbox import Outbox
from monitor.publisher import Publisher
from monitor.settings import Broker
broker = Broker("127.0.0.1", int(sys.argv[1]), "listener", "listener-password")
Publisher(broker, "nest-1", Topics("nursery", "nest"), Outbox(Path(sys.argv[2]))).start()
time.sleep(60)
"""
    arguments = [str(mosquitto.port), str(tmp_path / "o.db")]
    child = subprocess.Popen([sys.executable, "-c", program, *arguments])
    watcher.wait(TOPICS.availability)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    watcher.wait(TOPICS.availability)
    assert watcher.payloads(TOPICS.availability) == [ONLINE, OFFLINE]


# Makes cries for ever, and tells of each when it is kept.
_LISTENER = """
import os, sys, time
from pathlib import Path
from monitor import outbox as module
from monitor.messages import Topics
from monitor.outbox import Outbox, Outgoing
from monitor.publisher import Publisher
from monitor.settings import Broker
module.DOUBT_S = 0.3  # so that the test need not last long
broker = Broker("127.0.0.1", int(sys.argv[1]), "listener", "listener-password")
outbox = Outbox(Path(sys.argv[2]))
publisher = Publisher(broker, "nest-1", Topics("nursery", "nest"), outbox)
publisher.start()
number = int(outbox.open_cry() or b"0")
while True:
    number += 1
    outbox.close_step([Outgoing("nursery/nest/cry", b"%d" % number)], b"%d" % number)
    publisher.wake()
    os.write(1, b"%d\\n" % number)
    time.sleep(0.01)
"""


def test_cries_made_and_cries_that_arrive_are_the_same_though_all_are_killed_now_and_then(
    mosquitto: Mosquitto, tmp_path: Path
) -> None:
    chance = random.Random(11)
    dashboard = mosquitto.broker("dashboard")
    path = tmp_path / "o.db"
    Watcher(dashboard, "nursery/+/cry", client_id="ingest", session_s=3600).close()
    for turn in range(6):
        command = [sys.executable, "-c", _LISTENER, str(mosquitto.port), str(path)]
        child = subprocess.Popen(command, stdout=subprocess.PIPE)
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(chance.uniform(0.1, 0.8))
        if turn % 3:
            mosquitto.kill()
            time.sleep(chance.uniform(0.0, 0.3))
        if turn % 3 == 1:
            mosquitto.start()
            time.sleep(1.5)  # it connects again and goes on
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()
        if not mosquitto.running():
            mosquitto.start()
    outbox = Outbox(path)
    publisher = Publisher(mosquitto.broker(), "nest-1", TOPICS, outbox)
    publisher.start()
    until(lambda: outbox.depth() == 0)
    publisher.stop()
    made = int(outbox.open_cry() or b"0")
    outbox.close()
    with Watcher(dashboard, client_id="ingest", session_s=3600) as late:
        until(lambda: b"%d" % made in late.payloads(TOPICS.cry))
        arrived = [int(payload) for payload in late.payloads(TOPICS.cry)]
    assert made > 100
    assert set(arrived) == set(range(1, made + 1))
    first_time = list(dict.fromkeys(arrived))
    assert first_time == sorted(first_time)


def test_a_clean_stop_sends_what_is_waiting_then_says_offline(
    mosquitto: Mosquitto, watcher: Watcher, bench: Bench
) -> None:
    publisher = bench.publish(mosquitto.broker())
    watcher.wait(TOPICS.availability)
    bench.cry(*(b"%d" % number for number in range(50)))
    began = time.monotonic()
    publisher.stop(2.0)
    assert time.monotonic() - began < 2.0
    watcher.wait(TOPICS.availability)
    assert len(watcher.payloads(TOPICS.cry)) == 50
    assert watcher.payloads(TOPICS.availability) == [ONLINE, OFFLINE]
    assert watcher.messages[-1].topic == TOPICS.availability
    assert publisher.status.connection is Connection.STOPPED
    assert bench.outbox.depth() == 0


@pytest.fixture
def black_hole() -> Iterator[Broker]:
    """Takes no connection and refuses none: its queue of connections is full."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(3):
            client = stack.enter_context(socket.socket())
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        yield Broker("127.0.0.1", server.getsockname()[1])


def test_a_host_that_never_answers_does_not_hold_up_the_end(
    bench: Bench, black_hole: Broker
) -> None:
    publisher = bench.publish(black_hole)
    time.sleep(0.2)
    began = time.monotonic()
    publisher.stop(2.0)
    assert time.monotonic() - began < 1.0


def test_a_broker_that_freezes_while_we_stop_does_not_hold_up_the_end(
    mosquitto: Mosquitto, bench: Bench
) -> None:
    publisher = bench.publish(mosquitto.broker())
    until(lambda: connected(publisher))
    with mosquitto.frozen():
        bench.cry(b"1")
        began = time.monotonic()
        publisher.stop(1.0)
        assert time.monotonic() - began < 1.5
    assert bench.outbox.depth() == 1


def test_a_broker_that_is_alive_but_acknowledges_nothing_is_left(
    mosquitto: Mosquitto, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "ACKNOWLEDGE_S", 0.5)
    monkeypatch.setattr(session, "TURN_S", 0.1)
    publisher = bench.publish(mosquitto.broker())
    until(lambda: connected(publisher))
    with mosquitto.frozen():
        bench.cry(b"1")
        publisher.wake()
        until(lambda: not connected(publisher))
    until(lambda: bench.outbox.depth() == 0)


def test_a_wrong_password_is_said_once_and_told_from_a_broker_that_is_down(
    mosquitto: Mosquitto,
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "RETRY_FIRST_S", 0.05)
    monkeypatch.setattr(module, "RETRY_REFUSED_S", 0.05)
    publisher = bench.publish(replace(mosquitto.broker(), password="wrong"))
    until(lambda: publisher.status.connection is Connection.REFUSED)
    time.sleep(0.5)
    assert "check username and password" in publisher.status.detail
    assert caplog.text.count("check username and password") == 1
    assert mosquitto.log().count("not authorised") > 1


def test_a_password_put_right_is_taken_without_a_restart(
    mosquitto: Mosquitto, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_FIRST_S", 0.05)
    answers: list[Broker | None] = [None, replace(mosquitto.broker(), password="wrong")]

    def find() -> Broker:
        answer = answers.pop(0) if answers else mosquitto.broker()
        if answer is None:
            raise SettingsError("no broker yet")
        return answer

    publisher = bench.publish(find)
    until(lambda: connected(publisher))


def test_a_message_that_the_broker_refuses_is_kept_and_sent_once_it_may_be(
    mosquitto: Mosquitto,
    watcher: Watcher,
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "REFUSED_AGAIN_S", 0.3)
    monkeypatch.setattr(session, "TURN_S", 0.1)
    may = (f"write {TOPICS.availability}", f"write {TOPICS.state}", "read nursery/+/set/#")
    mosquitto.allow({**ROLES, "listener": may})
    publisher = bench.publish(mosquitto.broker())
    made = [b"%d" % number for number in range(100)]
    bench.cry(*made)
    publisher.wake()
    until(lambda: "the right to write" in publisher.status.detail)
    assert connected(publisher)
    time.sleep(0.7)
    assert bench.outbox.depth() == 100
    assert caplog.text.count("refuses nursery/nest/cry") == 1
    assert mosquitto.log().count("Denied PUBLISH") < 100  # it is not asked again and again
    mosquitto.allow(ROLES)
    until(lambda: bench.outbox.depth() == 0)
    until(lambda: publisher.status.detail == "")
    until(lambda: watcher.payloads(TOPICS.cry) == made)


def test_minutes_that_a_houses_broker_does_not_let_in_hold_up_no_cry(
    mosquitto: Mosquitto, watcher: Watcher, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "REFUSED_AGAIN_S", 0.3)
    mosquitto.allow({**ROLES, "listener": (*ROLES["listener"], f"deny {TOPICS.minute}")})
    bench.outbox.close_step([Outgoing(TOPICS.minute, b"1"), Outgoing(TOPICS.cry, b"2")], None)
    publisher = bench.publish(mosquitto.broker())
    watcher.wait(TOPICS.cry)
    until(lambda: "refuses nursery/nest/minute" in publisher.status.detail)
    mosquitto.allow(ROLES)
    watcher.wait(TOPICS.minute)
    until(lambda: bench.outbox.depth() == 0)


def test_a_clip_that_the_broker_never_takes_is_given_up_and_holds_up_no_cry(
    tmp_path: Path, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RETRY_FIRST_S", 0.05)
    with Mosquitto(tmp_path / "m", extra="message_size_limit 1000\n") as mosquitto:
        bench.outbox.close_step([Outgoing(CLIP, b"x" * 5000), Outgoing(TOPICS.cry, b"1")], None)
        with Watcher(mosquitto.broker("all"), "#") as watcher:
            bench.publish(mosquitto.broker())
            watcher.wait(TOPICS.cry)
            until(lambda: bench.outbox.depth() == 0)
            assert bench.outbox.dropped_clips == 1
            assert watcher.payloads(CLIP) == []


def test_a_clip_larger_than_the_brokers_packets_is_not_even_tried(
    tmp_path: Path, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    with Mosquitto(tmp_path / "m", extra="max_packet_size 2000\n") as mosquitto:
        bench.outbox.close_step([Outgoing(CLIP, b"x" * 5000), Outgoing(TOPICS.cry, b"1")], None)
        with Watcher(mosquitto.broker("all"), "#") as watcher:
            bench.publish(mosquitto.broker())
            watcher.wait(TOPICS.cry)
            until(lambda: bench.outbox.depth() == 0)
            assert watcher.payloads(TOPICS.availability) == [ONLINE]
            assert "Packet too large" in caplog.text


def test_the_brokers_receive_maximum_is_respected(tmp_path: Path, bench: Bench) -> None:
    with Mosquitto(tmp_path / "m", extra="max_inflight_messages 2\n") as mosquitto:
        bench.cry(*(b"%d" % number for number in range(100)))
        bench.publish(mosquitto.broker())
        until(lambda: bench.outbox.depth() == 0)
        assert "Receive maximum exceeded" not in mosquitto.log()


def test_commands_reach_the_listener_and_bad_ones_are_dropped_with_a_line_each(
    mosquitto: Mosquitto, watcher: Watcher, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    taken: list[tuple[str, Command]] = []
    bench.publish(mosquitto.broker(), on_command=lambda what, given: taken.append((what, given)))
    watcher.wait(TOPICS.availability)
    good = Command(id="7", value=True)
    watcher.publish(TOPICS.command("mute"), b"no JSON")
    watcher.publish(TOPICS.command("mute"), b"\xff\xfe")
    watcher.publish(TOPICS.command("mute"), b'{"schema":1}')
    watcher.publish(TOPICS.command("mute"), b'{"schema":2,"id":"7"}')
    watcher.publish(TOPICS.command("mute"), good.payload() + b" " * MAX_PAYLOAD_BYTES)
    watcher.publish(TOPICS.command("explode"), good.payload())
    watcher.publish(TOPICS.command("mute"), good.payload(), retain=True)
    watcher.publish(TOPICS.command("mute"), good.payload())
    until(lambda: bool(taken))
    assert taken == [("mute", good)]
    assert caplog.text.count("dropped:") == 7


def test_a_command_retained_earlier_is_not_obeyed_at_the_next_connect(
    mosquitto: Mosquitto, watcher: Watcher, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    watcher.publish(TOPICS.command("mute"), Command(id="7").payload(), retain=True)
    taken: list[str] = []
    bench.publish(mosquitto.broker(), on_command=lambda what, _: taken.append(what))
    until(lambda: "it is retained" in caplog.text)
    assert taken == []


def test_a_mistake_in_a_command_does_not_end_the_publishing(
    mosquitto: Mosquitto, watcher: Watcher, bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_what: str, _command: Command) -> None:
        raise RuntimeError("a mistake")

    publisher = bench.publish(mosquitto.broker(), on_command=fail)
    watcher.wait(TOPICS.availability)
    watcher.publish(TOPICS.command("test"), Command(id="7").payload())
    until(lambda: "a mistake" in caplog.text)
    bench.cry(b"1")
    publisher.wake()
    watcher.wait(TOPICS.cry)


def test_two_with_one_client_id_part_instead_of_throwing_each_other_out_for_ever(
    mosquitto: Mosquitto,
    tmp_path: Path,
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As when the card of one computer is copied to another."""
    monkeypatch.setattr(module, "RETRY_FIRST_S", 0.05)
    twin = Bench(tmp_path / "twin")
    twin.outbox.remember("client_id", stored_client_id(bench.outbox, "nest"))
    first = bench.publish(mosquitto.broker())
    until(lambda: connected(first))
    second = twin.publish(mosquitto.broker())
    until(lambda: "was this computer copied?" in caplog.text)
    until(lambda: connected(first) and connected(second))
    ids = {stored_client_id(bench.outbox, "nest"), stored_client_id(twin.outbox, "nest")}
    assert len(ids) == 2
    time.sleep(0.3)
    assert connected(first)
    assert connected(second)
    twin.close()


def test_the_client_id_is_kept_and_begins_with_the_box(bench: Bench) -> None:
    made = stored_client_id(bench.outbox, "nest")
    assert made.startswith("nest-")
    assert stored_client_id(bench.outbox, "nest") == made
    assert stored_client_id(bench.outbox, "other") != made


def test_discovery_left_behind_by_another_prefix_is_taken_back(
    mosquitto: Mosquitto, bench: Bench
) -> None:
    bench.publish(mosquitto.broker(), found=FOUND)
    until(lambda: session.discovery_topics(bench.outbox) == {CONFIG})
    mosquitto.allow({**ROLES, "listener": ("readwrite #",)})
    moved = discovery(TOPICS, "ha", "Nest", "0.1.0")
    moved_topic = "ha/device/nursery_nest/config"
    bench.publish(mosquitto.broker(), found=moved)
    until(lambda: session.discovery_topics(bench.outbox) == {moved_topic})
    assert retained(mosquitto, "+/device/#") == {moved_topic}
    bench.publish(mosquitto.broker(), found=no_discovery("ha"))
    until(lambda: session.discovery_topics(bench.outbox) == set())
    assert retained(mosquitto, "+/device/#") == set()


def retained(mosquitto: Mosquitto, topic: str) -> set[str]:
    with Watcher(mosquitto.broker("all"), topic, "sentinel") as watcher:
        watcher.publish("sentinel", b"")
        watcher.wait("sentinel")
        return {m.topic for m in watcher.messages if m.retain}


def test_live_values_are_dropped_while_there_is_no_connection_and_never_pile_up(
    bench: Bench,
) -> None:
    publisher = bench.publish(Broker("127.0.0.1", free_port()))
    until(lambda: publisher.status.connection is Connection.UNREACHABLE)
    for number in range(1000):
        publisher.live(TOPICS.level, b"%d" % number)
    assert publisher._mailbox.take_live() == []


def test_a_trial_connect_tells_what_is_wrong(mosquitto: Mosquitto, black_hole: Broker) -> None:
    good = mosquitto.broker()
    assert try_broker(good) == BrokerStatus(Connection.CONNECTED)
    wrong = try_broker(replace(good, password="wrong"))
    assert wrong.connection is Connection.REFUSED
    assert "password" in wrong.detail
    down = try_broker(replace(good, port=free_port()))
    assert down.connection is Connection.UNREACHABLE
    assert "refused" in down.detail
    nowhere = try_broker(replace(good, host="no-such-host.invalid"))
    assert "no computer of that name" in nowhere.detail
    silent = try_broker(black_hole)
    assert silent.connection is Connection.UNREACHABLE


# paho leaves its socket to the garbage collector when the handshake fails.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_tls_spoken_to_a_port_that_does_not_speak_it_is_told(mosquitto: Mosquitto) -> None:
    assert "TLS?" in try_broker(replace(mosquitto.broker(), tls=True)).detail
    gc.collect()  # here, and not under a test that would be blamed for it


def test_after_its_end_no_thread_and_no_socket_is_left(
    mosquitto: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    before = {t.name for t in threading.enumerate()}
    # What other tests left to it must not be missed later, nor be held against this one: paho
    # closes its inner pair of sockets when it is collected itself, which may come after theirs.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    sockets = open_sockets()
    bench = Bench(tmp_path)
    for _ in range(3):
        publisher = bench.publish(mosquitto.broker())
        until(lambda made=publisher: connected(made))  # type: ignore[misc]
        publisher.stop()
    bench.close()
    assert {t.name for t in threading.enumerate()} == before
    assert open_sockets() == sockets
    assert caplog.text.count("connected to broker") == 3


def open_sockets() -> int:
    links = []
    for link in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            links.append(str(link.readlink()))
    return sum(link.startswith("socket:") for link in links)


def test_the_discovery_payload_is_what_home_assistant_gets(
    mosquitto: Mosquitto, watcher: Watcher, bench: Bench
) -> None:
    bench.publish(mosquitto.broker(), found=FOUND)
    config = json.loads(watcher.wait(CONFIG).payload)
    assert config["device"]["identifiers"] == ["nursery_nest"]
