"""The private broker: a Mosquitto on loopback with generated credentials, nothing to set up.

`prepare` writes its files and gives the command that `up` (or a systemd unit) runs. Port and
passwords are made once and kept in `<state_dir>/broker/`, which only our user can read.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from monitor.messages import MAX_CLIP_BYTES
from monitor.settings import Settings, SettingsError
from monitor.settings.broker import Role, credentials_path

log = logging.getLogger(__name__)

PORT_WAIT_S = 2.0  # a broker that has just been killed may hold its port for a moment
TRIAL_S = 20.0  # to read a database of the size that is allowed below
HASHING_S = 30.0  # mosquitto_passwd takes far less, even on a small board

# Far above what a night of crying makes, so that a dashboard that is down for a day loses
# nothing; below what would fill the memory of a small board.
QUEUED_MESSAGES, QUEUED_BYTES = 100_000, 256 * 1024 * 1024
PACKET_BYTES = 2 * MAX_CLIP_BYTES

_CONF = """\
# Written by nursery-monitor at each start; changes are lost.
listener {port} 127.0.0.1
allow_anonymous false
password_file {folder}/passwords
acl_file {folder}/acl
persistence true
persistence_location {folder}/
# Save after every change: a cry that waits for the dashboard survives a power cut.
autosave_on_changes true
autosave_interval 1
max_queued_messages {queued_messages}
max_queued_bytes {queued_bytes}
max_packet_size {packet_bytes}
set_tcp_nodelay true
sys_interval 0
log_dest stderr
log_timestamp false
log_type error
log_type warning
"""

# Per role what it may do; {base} and {prefix} are settings. "guest" is for people and for Home
# Assistant on the same computer.
RIGHTS: Mapping[Role, tuple[str, ...]] = {
    "listener": (
        "write {base}/+/cry",
        "write {base}/+/clip/#",
        "write {base}/+/state",
        "write {base}/+/level",
        "write {base}/+/minute",
        "write {base}/+/health",
        "write {base}/+/availability",
        "write {base}/+/answer/#",
        "write {base}/+/learning",
        "read {base}/+/set/#",
        "write {prefix}/#",
        "read {prefix}/status",
    ),
    "dashboard": (
        "read {base}/#",
        "write {base}/+/suggestion",
        "write {base}/+/set/#",
        "write {base}/animal/+/care",
        "write {base}/animal/+/answer/#",
        "write {prefix}/device/nursery_animal/+/config",
        "read {prefix}/status",
    ),
    "guest": (
        "read {base}/#",
        "read {prefix}/#",
        "write {base}/+/set/#",
        "write {base}/animal/+/set/#",
        "write {prefix}/status",
    ),
}


def find_mosquitto() -> Path:
    """The broker's program. Raises SettingsError when it is not installed."""
    return _find("mosquitto")


def _find(program: str) -> Path:
    # Debian keeps mosquitto in /usr/sbin, which is not on every user's PATH.
    path = os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"))
    found = shutil.which(program, path=path)
    if found is None:
        raise SettingsError(
            f"no broker: {program} is not installed; run `sudo apt-get install mosquitto`, "
            "or name the house's broker as host in [mqtt]"
        )
    return Path(found)


def prepare(settings: Settings) -> list[str]:
    """Write the private broker's files; the command line that runs it in the foreground.

    Raises SettingsError when Mosquitto is missing or the state directory cannot be written.
    """
    program = find_mosquitto()
    folder = credentials_path(settings.state_dir).parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
        port, passwords = _credentials(settings.state_dir)
        _write(folder / "credentials.json", json.dumps({"port": port, "passwords": passwords}))
        _write_hashed(folder / "passwords", passwords)
        _write(folder / "acl", _acl(settings))
        _put_damaged_aside(program, folder)
        _write(folder / "mosquitto.conf", _conf(folder, port))
    except OSError as error:
        raise SettingsError(f"{folder}: cannot be written: {error.strerror or error}") from None
    return [str(program), "-c", str(folder / "mosquitto.conf")]


def _credentials(state_dir: Path) -> tuple[int, dict[str, str]]:
    """Port and passwords: those of before, as far as there are any that can be used."""
    try:
        known = json.loads(credentials_path(state_dir).read_text(encoding="utf-8"))
        port, before = int(known["port"]), dict(known["passwords"])
    except (OSError, ValueError, KeyError, TypeError):
        port, before = 0, {}
    passwords: dict[str, str] = {
        role: str(before.get(role) or secrets.token_urlsafe(24)) for role in RIGHTS
    }
    return _port(port), passwords


def _port(wanted: int) -> int:
    """The wanted loopback port if it is free, else another one."""
    end = time.monotonic() + PORT_WAIT_S
    while wanted and time.monotonic() < end:
        try:
            return _bound(wanted)
        except OSError:
            time.sleep(0.1)
    return _bound(0)


def _bound(port: int) -> int:
    """The number of a loopback port that can be bound (0: any); OSError when it cannot."""
    with socket.socket() as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as Mosquitto does
        sock.bind(("127.0.0.1", port))
        bound: int = sock.getsockname()[1]
    return bound


def _acl(settings: Settings) -> str:
    base, prefix = settings.mqtt.base_topic, settings.home_assistant.prefix
    blocks = [
        "\n".join([f"user {role}", *(f"topic {right}" for right in rights)])
        for role, rights in RIGHTS.items()
    ]
    return "\n\n".join(blocks).format(base=base, prefix=prefix) + "\n"


def _conf(folder: Path, port: int) -> str:
    text = _CONF.format(
        port=port,
        folder=folder.resolve(),
        queued_messages=QUEUED_MESSAGES,
        queued_bytes=QUEUED_BYTES,
        packet_bytes=PACKET_BYTES,
    )
    # Started by root it would become the user `mosquitto`, who cannot read these files.
    return text + ("user root\n" if os.geteuid() == 0 else "")


def _put_damaged_aside(program: Path, folder: Path) -> None:
    """Mosquitto does not start on a damaged database: try it on another port, then kill it.

    What waited in it for the dashboard is lost; without this all that comes would be as well.
    """
    database = folder / "mosquitto.db"
    if not database.exists():
        return
    port = _bound(0)
    conf = _temporary(folder / "trial.conf", _conf(folder, port))
    trial = subprocess.Popen([program, "-c", conf], stderr=subprocess.PIPE)
    try:
        end = time.monotonic() + TRIAL_S
        while trial.poll() is None and time.monotonic() < end and not _answers(port):
            time.sleep(0.02)
        trial.kill()  # so that it writes nothing
        _, said = trial.communicate(timeout=TRIAL_S)
    finally:
        conf.unlink()
    if trial.returncode > 0 and b"database" in said:
        aside = database.with_suffix(f".damaged-{int(time.time())}")
        database.replace(aside)
        log.error("%s is damaged; put aside as %s, starting anew", database, aside.name)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def _write(path: Path, text: str) -> None:
    """Replace a file in one step; nobody else may read it."""
    temporary = _temporary(path, text)
    temporary.replace(path)


def _write_hashed(path: Path, passwords: dict[str, str]) -> None:
    """The password file as Mosquitto wants it; the clear text never stands on a command line."""
    hasher = _find("mosquitto_passwd")
    temporary = _temporary(path, "".join(f"{user}:{word}\n" for user, word in passwords.items()))
    try:
        subprocess.run(
            [hasher, "-U", temporary], check=True, capture_output=True, timeout=HASHING_S
        )
        temporary.chmod(0o600)
        temporary.replace(path)
    except subprocess.SubprocessError as error:
        raise SettingsError(f"{path}: the passwords cannot be hashed: {error}") from None
    finally:
        temporary.unlink(missing_ok=True)


def _temporary(path: Path, text: str) -> Path:
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:  # mkstemp made it mode 0600
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
