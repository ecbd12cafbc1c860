"""How to reach the broker: the house's own, or the private one that `up` runs on loopback."""

from __future__ import annotations

import json
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from monitor.settings.loading import SettingsError
from monitor.settings.model import Settings

if TYPE_CHECKING:
    from paho.mqtt.client import Client

Role = Literal["listener", "dashboard", "guest"]

PORT, TLS_PORT = 1883, 8883  # MQTT's registered ports
RECONNECT_MIN_S, RECONNECT_MAX_S = 1, 30  # paho doubles the wait between these


@dataclass(frozen=True)
class Broker:
    """Address and credentials of a broker."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca_file: Path | None = None
    certificate_file: Path | None = None
    key_file: Path | None = None
    keepalive_s: int = 10
    private: bool = False


def credentials_path(state_dir: Path) -> Path:
    """Where `up` leaves port and passwords of the private broker, for its own processes."""
    return state_dir / "broker" / "credentials.json"


def broker_for(settings: Settings, role: Role) -> Broker:
    """The broker for one of our processes.

    Raises SettingsError when none is named and no private one has been prepared, or when a
    password or certificate file cannot be used.
    """
    mqtt = settings.mqtt
    if mqtt.host is None:
        return _private(settings, role)
    password = mqtt.password.get_secret_value() if mqtt.password else None
    if mqtt.password_file:
        password = _secret(mqtt.password_file)
    for key, path in (
        ("ca_file", mqtt.ca_file),
        ("certificate_file", mqtt.certificate_file),
        ("key_file", mqtt.key_file),
    ):
        if path is not None and not path.is_file():
            raise SettingsError(f"mqtt.{key}: {path}: no such file")
    broker = Broker(
        host=mqtt.host,
        port=mqtt.port or (TLS_PORT if mqtt.tls else PORT),
        username=mqtt.username,
        password=password,
        tls=mqtt.tls,
        ca_file=mqtt.ca_file,
        certificate_file=mqtt.certificate_file,
        key_file=mqtt.key_file,
        keepalive_s=mqtt.keepalive_s,
    )
    if broker.tls:
        _tls_context(broker)  # what is wrong with it is told here, before anything is started
    return broker


def _private(settings: Settings, role: Role) -> Broker:
    path = credentials_path(settings.state_dir)
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        return Broker(
            host="127.0.0.1",
            port=int(known["port"]),
            username=role,
            password=str(known["passwords"][role]),
            keepalive_s=settings.mqtt.keepalive_s,
            private=True,
        )
    except (OSError, ValueError, KeyError):
        raise SettingsError(
            "no broker: start everything with `nursery-monitor up`, which brings its own, "
            "or name the house's broker as host in [mqtt]"
        ) from None


def _secret(path: Path) -> str:
    try:
        first = path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except OSError as error:
        raise SettingsError(f"mqtt.password_file: {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SettingsError(f"mqtt.password_file: {path}: is not text") from None
    if not first:
        raise SettingsError(f"mqtt.password_file: {path}: its first line is empty")
    return first


def new_client(broker: Broker, client_id: str, *, manual_ack: bool = False) -> Client:
    """An MQTT 5 client that knows credentials and TLS, not yet connected.

    Connect it with `client.connect_async(broker.host, broker.port, broker.keepalive_s, ...)`.
    Raises SettingsError when the certificates cannot be used.
    """
    from paho.mqtt.client import Client  # noqa: PLC0415 - the settings are read without it
    from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion  # noqa: PLC0415

    client = Client(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        protocol=MQTTProtocolVersion.MQTTv5,
        manual_ack=manual_ack,
    )
    client.reconnect_delay_set(RECONNECT_MIN_S, RECONNECT_MAX_S)
    if broker.username is not None:
        client.username_pw_set(broker.username, broker.password)
    if broker.tls:
        client.tls_set_context(_tls_context(broker))
    return client


def _tls_context(broker: Broker) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=broker.ca_file)
        # Python 3.13 asks of an authority what many a house's own lacks (key usage); 3.11 does not.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        if broker.certificate_file and broker.key_file:
            context.load_cert_chain(broker.certificate_file, broker.key_file)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(f"mqtt: certificates cannot be used: {error}") from None
    return context
