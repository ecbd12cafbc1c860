"""Checks of this computer and of the program: versions, model, disk, records, clock, page."""

from __future__ import annotations

import json
import platform
import shutil
import sqlite3
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import version
from pathlib import Path

from models.cry_model import ModelError
from monitor.messages import Check, CheckStatus
from monitor.preflight import FREE_MB, prepare_state_dir
from monitor.settings import Settings, SettingsError, is_synchronised

OK, WARNING, FAILED, UNKNOWN = CheckStatus

LOW_MB = 500.0  # of free disk: a warning
ANSWER_S = 3.0  # of the dashboard, and of PostgreSQL
RESTORE_ADVICE = "Stop everything and put a backup in its place: deploy/README.md, Backup."


def check_versions(_settings: Settings) -> Iterator[Check]:
    """Which program on which system: for a report."""
    text = (
        f"nursery-monitor {version('nursery-monitor')}, Python {platform.python_version()}, "
        f"{platform.system()} {platform.release()} {platform.machine()}"
    )
    yield Check(name="versions", status=OK, message=text)


def check_model(_settings: Settings) -> Iterator[Check]:
    """Whether the model is the one of its card, and can be used."""
    from monitor.hearing import load_model  # noqa: PLC0415 - numpy and onnxruntime

    began = time.monotonic()
    try:
        model = load_model()
    except ModelError as error:
        advice = "Run deploy/run --setup again, or fetch the program anew with git."
        yield Check(name="model", status=FAILED, message=str(error)[:500], advice=advice)
        return
    took_s = time.monotonic() - began
    yield Check(name="model", status=OK, message=f"{model.label}, loaded in {took_s:.1f} s")


def check_disk(settings: Settings) -> Iterator[Check]:
    """Whether records can be written, and for how long still."""
    where = settings.state_dir
    if not where.exists():
        text = f"{where}: not there yet; the first start makes it"
        yield Check(name="disk", status=UNKNOWN, message=text)
        return
    try:
        prepare_state_dir(where)
    except SettingsError as error:
        yield Check(name="disk", status=FAILED, message=str(error))
        return
    free_mb = shutil.disk_usage(where).free / 1e6
    text = f"{where}: can be written, {free_mb:,.0f} MB free"
    if free_mb < max(LOW_MB, FREE_MB):
        advice = "Free some space, or keep fewer clips: days and max_mb in [clips]."
        yield Check(name="disk", status=WARNING, message=text, advice=advice)
    else:
        yield Check(name="disk", status=OK, message=text)


def check_clock(settings: Settings) -> Iterator[Check]:
    """Whether the network has set the clock."""
    zone = settings.house.time_zone
    if is_synchronised():
        yield Check(name="clock", status=OK, message=f"set by the network; pages show {zone}")
        return
    yield Check(
        name="clock",
        status=WARNING,
        message="not set by the network since the start",
        advice="Look at the network; times are put right later. See: timedatectl",
    )


def check_database(settings: Settings) -> Iterator[Check]:
    """Whether the records can be read and are whole."""
    if settings.web.database_url is not None:
        yield _postgresql(settings.database_url)
        return
    path = settings.state_dir / "records.db"
    if not path.exists():
        text = f"{path}: not there yet; the first start makes it"
        yield Check(name="database", status=UNKNOWN, message=text)
        return
    yield _sqlite(path)


def find_useless_database(settings: Settings) -> Iterator[Check]:
    """A failed check where the records can never be opened as they are; quick, else nothing."""
    if settings.web.database_url is not None:
        yield from (check for check in check_database(settings) if check.status is FAILED)
        return
    path = settings.state_dir / "records.db"
    if not path.exists():
        return
    try:
        with closing(_opened(path)) as records:
            records.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        return  # busy, or the like: the dashboard goes on trying
    except sqlite3.DatabaseError as error:
        yield Check(
            name="database", status=FAILED, message=f"{path}: {error}", advice=RESTORE_ADVICE
        )


def _opened(path: Path) -> sqlite3.Connection:
    """To read only, so that a look changes nothing."""
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _sqlite(path: Path) -> Check:
    try:
        with closing(_opened(path)) as records:
            result = records.execute("PRAGMA quick_check(1)").fetchone()[0]
            if not records.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                text = f"{path}: empty; the next start fills it"
                return Check(name="database", status=UNKNOWN, message=text)
            cries = records.execute("SELECT count(*) FROM cry").fetchone()[0]
    except sqlite3.Error as error:
        result, cries = str(error), 0
    if result != "ok":
        text = f"{path}: {result}"[:500]
        return Check(name="database", status=FAILED, message=text, advice=RESTORE_ADVICE)
    return Check(name="database", status=OK, message=f"{path}: whole, {cries} cries")


def _postgresql(url: str) -> Check:
    import psycopg  # noqa: PLC0415 - only where it is used

    try:
        with psycopg.connect(
            url.replace("postgresql+psycopg://", "postgresql://", 1), connect_timeout=int(ANSWER_S)
        ) as connection:
            version_number = connection.info.server_version
    except psycopg.Error as error:
        first = str(error).strip().split("\n")[0]
        advice = "Look at database_url in [web], and whether PostgreSQL runs."
        text = f"PostgreSQL: {first}"[:500]
        return Check(name="database", status=FAILED, message=text, advice=advice)
    return Check(name="database", status=OK, message=f"PostgreSQL {version_number // 10_000}")


def check_dashboard(settings: Settings) -> Iterator[Check]:
    """Whether the page answers, and what it says of itself."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.web.host, settings.web.host)  # noqa: S104
    url = f"http://{host}:{settings.web.port}/healthz"
    try:
        with urllib.request.urlopen(url, timeout=ANSWER_S) as answer:
            text = answer.read(10_000).decode(errors="replace")
    except urllib.error.HTTPError as error:
        text = error.read(10_000).decode(errors="replace")
    except OSError as error:
        yield Check(
            name="dashboard",
            status=UNKNOWN,
            message=f"{url} does not answer ({getattr(error, 'reason', error)})",
            advice="Nothing wrong if it is not started: nursery-monitor up",
        )
        return
    yield _dashboard(url, text)


def _dashboard(url: str, text: str) -> Check:
    try:
        status = str(json.loads(text)["status"])
    except (ValueError, KeyError, TypeError):
        advice = "Another program has this port: set another one as port in [web]."
        text = f"{url} is not our dashboard"
        return Check(name="dashboard", status=FAILED, message=text, advice=advice)
    if status == OK:
        return Check(name="dashboard", status=OK, message=f"{url} answers")
    return Check(
        name="dashboard",
        status=WARNING,
        message=f"{url} says: {status}",
        advice="Open the page: it says what is wrong.",
    )
