"""What `nursery-monitor doctor` looks at: one function a subject, giving checks with advice."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from monitor.doctor.broker import check_broker
from monitor.doctor.house import (
    check_clock,
    check_dashboard,
    check_database,
    check_disk,
    check_model,
    check_versions,
    find_useless_database,
)
from monitor.doctor.microphone import check_microphones, look_for, look_for_shared
from monitor.messages import Check
from monitor.settings import Settings

__all__ = ["SUBJECTS", "before_start", "examine"]

Subject = Callable[[Settings], Iterator[Check]]

SUBJECTS: dict[str, Subject] = {
    "versions": check_versions,
    "microphone": check_microphones,
    "model": check_model,
    "broker": check_broker,
    "disk": check_disk,
    "database": check_database,
    "clock": check_clock,
    "dashboard": check_dashboard,
}


def examine(settings: Settings, subjects: Sequence[str] = ()) -> Iterator[Check]:
    """The checks of the named subjects, of all when none is named, as they are made."""
    for name in subjects or SUBJECTS:
        yield from SUBJECTS[name](settings)


def before_start(settings: Settings) -> Iterator[Check]:
    """What must be right before anything is started; opens no microphone."""
    yield from find_useless_database(settings)
    yield from check_model(settings)
    yield from map(look_for, settings.box)
    yield from look_for_shared(settings)
