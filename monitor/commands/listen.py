"""`nursery-monitor listen`: the listener of one box."""

from __future__ import annotations

import logging
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import click

from models.cry_model import ModelError
from monitor.blocks import Samples
from monitor.clock import WallClock, read_clocks
from monitor.cry_desk import CryDesk
from monitor.cry_messages import CryMessages
from monitor.ear import Ear
from monitor.failure import Failure
from monitor.hearing import load_model
from monitor.listener import Box, Listener
from monitor.messages import Topics
from monitor.outbox import Outbox, OutboxError
from monitor.publisher import Publisher, stored_client_id
from monitor.recording import Recording, RecordingError
from monitor.settings import BoxSettings, Settings, broker_for, load
from monitor.sources import Played, Source
from monitor.worker import Worker

log = logging.getLogger(__name__)

FLUSH_S = 10.0  # at the end of a replay, for what is still in the outbox
STOP_S = 2.0  # of the three seconds that a clean stop may take


@click.command()
@click.option("--box", "box_id", help="Which box; needed when the settings name several.")
@click.option(
    "--replay",
    "files",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Listen to this recording at real speed instead of a microphone; may be repeated.",
)
@click.option("--demo", is_flag=True, help="Listen to a made-up night, marked as a demo.")
@click.pass_obj
def listen(config: Path | None, *, box_id: str | None, files: tuple[Path, ...], demo: bool) -> None:
    """Listen at one box and tell of its cries over MQTT."""
    settings = load(config)
    box = _box(settings, box_id)
    source = _source(files, demo=demo)
    try:
        model = load_model()
        name = f"{box.id}-demo.db" if demo else f"{box.id}.db"
        outbox = Outbox(settings.state_dir / "outbox" / name)
    except (ModelError, OutboxError) as error:
        raise Failure(str(error)) from None
    topics = Topics(settings.mqtt.base_topic, box.id)
    wall = WallClock(read_clocks())
    publisher = Publisher(
        lambda: broker_for(settings, "listener"), stored_client_id(outbox, box.id), topics, outbox
    )
    worker = Worker()
    zone = settings.house.zone
    messages = CryMessages(box.id, model.label, wall, demo=demo)
    desk = CryDesk(topics, messages, outbox, worker, settings.clips, zone, publisher.wake)
    ear = Ear(model, desk, box.sensitivity)
    listener = Listener(Box(topics, zone, demo), source, ear, desk, publisher, wall)
    stopping = _stop_on_signals()
    listener.start()
    publisher.start()
    while not stopping.is_set() and not source.finished:
        listener.turn()
    listener.stop()
    if source.finished:
        _wait_until_sent(outbox, stopping)
    publisher.stop(STOP_S)
    outbox.close()


def _wait_until_sent(outbox: Outbox, stopping: threading.Event) -> None:
    end = time.monotonic() + FLUSH_S
    while outbox.depth() and time.monotonic() < end and not stopping.is_set():
        stopping.wait(0.05)
    if depth := outbox.depth():
        log.warning("%d messages could not be sent; they are kept and sent next time", depth)


def _box(settings: Settings, box_id: str | None) -> BoxSettings:
    ids = [box.id for box in settings.box]
    if box_id is None and len(ids) == 1:
        return settings.box[0]
    if box_id is None:
        raise Failure(f"the settings name several boxes: say which with --box {ids[0]}, ...")
    if box_id not in ids:
        raise Failure(f"--box {box_id}: the settings name no such box, but {', '.join(ids)}")
    return settings.box_named(box_id)


def _source(files: tuple[Path, ...], *, demo: bool) -> Source:  # noqa: ARG001 - the next step
    if files:
        for path in files:
            try:
                Recording(path).__exit__()
            except RecordingError as error:
                raise Failure(str(error)) from None
        return Played((path.name, _pieces(path)) for path in files)
    raise Failure("not yet")


def _pieces(path: Path) -> Iterator[Samples]:
    try:
        with Recording(path) as recording:
            yield from recording.pieces()
    except RecordingError as error:
        click.echo(f"nursery-monitor: {error}", err=True)


def _stop_on_signals() -> threading.Event:
    stopping = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        stopping.set()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    return stopping
