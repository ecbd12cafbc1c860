"""TLS to a real Mosquitto: own authority, client certificate, and what is said of wrong ones."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from monitor.messages import Topics
from monitor.outbox import Outbox, Outgoing
from monitor.publisher import BrokerStatus, Connection, Publisher, try_broker
from monitor.settings import Broker, Settings, SettingsError, broker_for
from tests.mosquitto import Mosquitto, Watcher, free_port

OPENSSL = shutil.which("openssl")

pytestmark = [
    pytest.mark.skipif(OPENSSL is None, reason="openssl is not installed"),
    # paho leaves its socket to the garbage collector when the handshake fails.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@dataclass(frozen=True)
class Authority:
    """A certificate authority of our own."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.crt"

    def create(self, name: str) -> None:
        self.folder.mkdir()
        _openssl(
            *(
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                f"/CN={name}",
            ),
            *("-keyout", self.folder / "ca.key", "-out", self.certificate),
        )

    def issue(self, name: str, extension: str) -> tuple[Path, Path]:
        """A certificate for `name`, and its key."""
        base = self.folder / name
        request, extensions = base.with_suffix(".csr"), base.with_suffix(".ext")
        certificate, key = base.with_suffix(".crt"), base.with_suffix(".key")
        extensions.write_text(extension)
        _openssl(
            *("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}"),
            *("-keyout", key, "-out", request),
        )
        _openssl(
            *("x509", "-req", "-in", request, "-days", "2", "-extfile", extensions),
            *("-CA", self.certificate, "-CAkey", self.folder / "ca.key", "-CAcreateserial"),
            *("-out", certificate),
        )
        return certificate, key


def _openssl(*words: str | Path) -> None:
    assert OPENSSL is not None
    subprocess.run([OPENSSL, *words], check=True, capture_output=True)


@dataclass(frozen=True)
class Secure:
    """A broker that speaks TLS beside its plain port, and who it trusts."""

    mosquitto: Mosquitto
    broker: Broker
    authority: Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("tls") / "house")
    made.create("House")
    return made


@pytest.fixture(scope="module")
def server(authority: Authority) -> tuple[Path, Path]:
    return authority.issue("127.0.0.1", "subjectAltName=IP:127.0.0.1")


@pytest.fixture(scope="module")
def client(authority: Authority) -> tuple[Path, Path]:
    return authority.issue("listener", "extendedKeyUsage=clientAuth")


@pytest.fixture
def secure(
    tmp_path: Path,
    authority: Authority,
    server: tuple[Path, Path],
    client: tuple[Path, Path],
) -> Iterator[Secure]:
    port = free_port()
    extra = (
        f"listener {port} 127.0.0.1\ncafile {authority.certificate}\ncertfile {server[0]}\n"
        f"keyfile {server[1]}\nrequire_certificate true\n"
    )
    with Mosquitto(tmp_path / "mosquitto", extra=extra) as mosquitto:
        broker = replace(
            mosquitto.broker(),
            port=port,
            tls=True,
            ca_file=authority.certificate,
            certificate_file=client[0],
            key_file=client[1],
        )
        yield Secure(mosquitto, broker, authority)


def test_messages_go_over_tls_with_a_client_certificate(secure: Secure, tmp_path: Path) -> None:
    topics = Topics("nursery", "nest")
    outbox = Outbox(tmp_path / "outbox.db")
    clip = Outgoing(topics.clip("01929b1e-7c1a-7aa0-a2ef-0d6ad8b54c11"), b"x" * 500_000)
    outbox.close_step([Outgoing(topics.cry, b"1"), clip, Outgoing(topics.cry, b"2")], None)
    publisher = Publisher(secure.broker, "nest-1", topics, outbox)
    with Watcher(secure.mosquitto.broker("all"), "#") as watcher:
        publisher.start()
        watcher.wait(clip.topic)
        watcher.wait(topics.cry)
        publisher.stop()
        assert outbox.depth() == 0
        outbox.close()
        assert watcher.payloads(topics.cry) == [b"1", b"2"]
        assert watcher.payloads(clip.topic) == [clip.payload]


def test_a_broker_of_an_authority_that_is_not_trusted_is_told(
    secure: Secure, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other")
    other.create("Somebody else")
    found = try_broker(replace(secure.broker, ca_file=other.certificate))
    assert found.connection is Connection.REFUSED
    assert "certificate is not trusted" in found.detail
    assert "ca_file" in found.detail


def test_a_broker_of_another_name_is_not_trusted(secure: Secure) -> None:
    found = try_broker(replace(secure.broker, host="localhost"))
    assert found.connection is not Connection.CONNECTED


def test_without_the_client_certificate_that_the_broker_wants_there_is_no_connection(
    secure: Secure,
) -> None:
    found = try_broker(replace(secure.broker, certificate_file=None, key_file=None))
    assert found.connection is not Connection.CONNECTED
    assert try_broker(secure.broker) == BrokerStatus(Connection.CONNECTED)


def test_the_settings_name_it_all(secure: Secure, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("listener-password\n")
    mqtt = {
        "host": secure.broker.host,
        "port": secure.broker.port,
        "username": "listener",
        "password_file": password,
        "tls": True,
        "ca_file": secure.broker.ca_file,
        "certificate_file": secure.broker.certificate_file,
        "key_file": secure.broker.key_file,
    }
    settings = Settings.model_validate({"state_dir": tmp_path, "mqtt": mqtt})
    assert broker_for(settings, "listener") == secure.broker
    gone = Settings.model_validate(
        {"state_dir": tmp_path, "mqtt": {**mqtt, "ca_file": tmp_path / "gone"}}
    )
    with pytest.raises(SettingsError, match=r"mqtt\.ca_file: .*gone: no such file"):
        broker_for(gone, "listener")


def test_a_certificate_that_is_none_is_told(secure: Secure, tmp_path: Path) -> None:
    nonsense = tmp_path / "nonsense.crt"
    nonsense.write_text("no certificate")
    found = try_broker(replace(secure.broker, ca_file=nonsense))
    assert found.connection is Connection.REFUSED
    assert "certificates cannot be used" in found.detail
