"""Puts the listener of one box together, runs it, and takes it apart again."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from types import FrameType

from models.cry_model import CryModel, ModelError
from monitor import discovery, vitals
from monitor.blocks import Samples
from monitor.clock import WallClock, read_clocks
from monitor.cry_desk import CryDesk
from monitor.cry_messages import CryMessages
from monitor.demo_night import demo_night
from monitor.describing import Describer
from monitor.devices import DeviceError
from monitor.diary import Diary
from monitor.ear import Ear
from monitor.failure import Failure
from monitor.former import take_over
from monitor.hearing import load_model
from monitor.learning_box import Learner
from monitor.learning_store import LearningStore, StoreError
from monitor.listener import Box, Listener
from monitor.messages import Topics
from monitor.microphone import Microphone, must_be_clear
from monitor.notify import STOPPING, notify
from monitor.outbox import Outbox, OutboxError
from monitor.progress import Progress
from monitor.publisher import Publisher, stored_client_id
from monitor.quiet import log_past_portaudio
from monitor.recording import Recording, RecordingError
from monitor.remote import Inbox, Remote, remembered_sensitivity
from monitor.settings import BoxSettings, Settings, broker_for, load
from monitor.sources import Condition, Played, Source
from monitor.worker import Worker

log = logging.getLogger(__name__)

DESCRIBE_S = 20.0  # at the end of a replay, for what the last cry sounded like
FLUSH_S = 10.0  # at the end of a replay, for what is still in the outbox
STOP_S = 2.0  # of the three seconds that a clean stop may take


def run(config: Path | None, box_id: str | None, *, replay: Sequence[Path], demo: bool) -> None:
    """Listen until a signal comes or the recordings end.

    Raises Failure or SettingsError where that can never be begun.
    """
    settings = load(config)
    box = which_box(settings, box_id)
    stopping = stop_on_signals()
    log_past_portaudio()
    source = open_source(box, replay, demo=demo)
    try:
        listen(settings, box, source, stopping, demo=demo)
    finally:
        source.close()
        if isinstance(source, Microphone) and source.hangs:
            log.critical("PortAudio hangs; leaving it behind")
            sys.stderr.flush()
            os._exit(0 if stopping.is_set() else 1)


def listen(
    settings: Settings, box: BoxSettings, source: Source, stopping: threading.Event, *, demo: bool
) -> None:
    """Everything behind the source, until it has nothing more to give or `stopping` is set."""
    try:
        model = load_model()
        outbox = Outbox(settings.state_dir / "outbox" / f"{box.id}{'-demo' * demo}.db")
    except (ModelError, OutboxError) as error:
        raise Failure(str(error)) from None
    if not demo:
        take_over(outbox, settings.state_dir / "outbox", {known.id for known in settings.box})
    broker_for(settings, "listener")  # what is wrong with it is told now rather than in the log
    worker = Worker()
    listener, publisher = assemble(settings, box, source, model, outbox, worker, demo=demo)
    listener.start()
    publisher.start()
    while not stopping.is_set() and not source.finished:
        listener.turn()
    notify(STOPPING)
    listener.stop(0.0 if stopping.is_set() else DESCRIBE_S)
    if source.finished:
        wait_until_sent(outbox, stopping)
    worker.stop()
    publisher.stop(STOP_S)
    outbox.close()


def assemble(  # noqa: PLR0913, PLR0917 - each is one of the parts
    settings: Settings,
    box: BoxSettings,
    source: Source,
    model: CryModel,
    outbox: Outbox,
    worker: Worker,
    *,
    demo: bool,
) -> tuple[Listener, Publisher]:
    """Put the parts together; nothing is started yet."""
    topics, zone = Topics(settings.mqtt.base_topic, box.id), settings.house.zone
    wall, inbox = WallClock(read_clocks()), Inbox()
    publisher = Publisher(
        lambda: broker_for(settings, "listener"),
        stored_client_id(outbox, box.id),
        topics,
        outbox,
        discovery=discovery_of(settings, box, topics, demo=demo),
        on_command=inbox.put,
    )
    messages = CryMessages(box.id, model.label, wall, demo=demo)
    describer = Describer(settings.state_dir / "numba")
    desk = CryDesk(
        topics, messages, outbox, worker, describer, settings.clips, zone, publisher.wake
    )
    ear = Ear(model, desk, remembered_sensitivity(outbox, box.sensitivity))
    tests = CryMessages(box.id, model.label, wall, demo=True)
    learner = learner_of(settings, box, model, ear, worker, publisher, topics, demo=demo)
    remote = Remote(
        inbox,
        topics,
        ear,
        model,
        outbox,
        worker,
        tests,
        box.sensitivity,
        say=lambda topic, payload: publisher.live(topic, payload, qos=1),
        told=publisher.wake,
        learner=learner,
    )
    diary = Diary(topics, ear, outbox, wall, publisher.wake, demo=demo)
    health = vitals.Vitals(
        box.id,
        version("nursery-monitor"),
        model.label,
        settings.state_dir,
        outbox,
        broker=lambda: publisher.status,
        demo=demo,
    )

    def tell_health(condition: Condition) -> bytes | None:
        hearing = hearing_of(condition, ear, learner, desk)
        return health.payload(hearing, wall.at(time.monotonic()), wall.state)

    listener = Listener(
        Box(topics, zone, demo),
        source,
        ear,
        desk,
        publisher,
        wall,
        health=tell_health,
        remote=remote.turn,
        last=learner.finish if learner else lambda: None,
        diary=diary,
    )
    return listener, publisher


def which_box(settings: Settings, box_id: str | None) -> BoxSettings:
    """The settings of the box that is meant; raises Failure."""
    ids = [box.id for box in settings.box]
    if box_id is None and len(ids) == 1:
        return settings.box[0]
    if box_id is None:
        raise Failure(f"the settings name several boxes: say which with --box {ids[0]}, ...")
    if box_id not in ids:
        raise Failure(f"--box {box_id}: the settings name no such box, but {', '.join(ids)}")
    return settings.box_named(box_id)


def open_source(box: BoxSettings, replay: Sequence[Path], *, demo: bool) -> Source:
    """What is listened to; raises Failure where that can never be."""
    if demo:
        return Played([("demo night", demo_night())])
    if replay:
        for path in replay:
            try:
                with Recording(path):
                    pass
            except RecordingError as error:
                raise Failure(str(error)) from None
        return Played((path.name, pieces_of(path)) for path in replay)
    try:
        must_be_clear(box.microphone, box.channel)
    except DeviceError as error:
        raise Failure(str(error)) from None
    return Microphone(box.microphone, box.channel)


def pieces_of(path: Path) -> Iterator[Samples]:
    """The sound of a recording; one that breaks off is told about, and ends there."""
    try:
        with Recording(path) as recording:
            log.info("listening to %s (%.0f s)", path, recording.seconds)
            progress = Progress(path.name, recording.seconds)
            done_s = 0.0
            for piece in recording.pieces(1.0):
                yield piece
                done_s += 1.0
                progress.show(done_s)
            progress.clear()
    except RecordingError as error:
        log.error("%s", error)


def learner_of(  # noqa: PLR0913, PLR0917 - each is one of its partners
    settings: Settings,
    box: BoxSettings,
    model: CryModel,
    ear: Ear,
    worker: Worker,
    publisher: Publisher,
    topics: Topics,
    *,
    demo: bool,
) -> Learner | None:
    """What learns from reviews, going by what it knows; None, and told, where it cannot."""
    path = settings.state_dir / "learning" / f"{box.id}{'-demo' * demo}.db"
    try:
        learner = Learner(
            box.id,
            model.card,
            model.hop_s,
            LearningStore(path, model.card.sha256),
            worker,
            sensitivity=lambda: ear.sensitivity,
            use=ear.set_learned,
            say=lambda said: publisher.retain(topics.learning, said.payload()),
            answer=lambda what, answer: publisher.live(
                topics.answer(what), answer.payload(), qos=1
            ),
        )
        learner.start()
    except StoreError as error:
        log.error("this box hears as it was made, and cannot learn: %s", error)
        return None
    ear.pupil = learner
    return learner


def hearing_of(
    condition: Condition, ear: Ear, learner: Learner | None, desk: CryDesk
) -> vitals.Hearing:
    """What the health message tells of the hearing."""
    return vitals.Hearing(
        deaf=condition.deaf,
        deaf_detail=condition.detail,
        device=condition.device,
        rate_hz=condition.rate_hz,
        overflows=condition.overflows,
        dropped_blocks=condition.dropped,
        load=ear.load,
        latency_s=ear.latency_s,
        learned=learner.version if learner else None,
        speech=desk.speech_trouble,
    )


def discovery_of(
    settings: Settings, box: BoxSettings, topics: Topics, *, demo: bool
) -> discovery.Discovery:
    """What Home Assistant is told."""
    prefix = settings.home_assistant.prefix
    if not settings.home_assistant.discovery:
        return discovery.no_discovery(prefix)
    return discovery.discovery(topics, prefix, box.label, version("nursery-monitor"), demo=demo)


def wait_until_sent(outbox: Outbox, stopping: threading.Event) -> None:
    """Give the broker a while to take what is left."""
    end = time.monotonic() + FLUSH_S
    while outbox.depth() and time.monotonic() < end and not stopping.is_set():
        stopping.wait(0.05)
    if depth := outbox.depth():
        log.warning("%d messages could not be sent; they are kept and sent next time", depth)


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM and SIGINT set."""
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopping
