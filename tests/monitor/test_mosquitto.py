"""The test broker itself does what the tests rely on."""

from tests.mosquitto import Mosquitto, Watcher


def test_the_broker_keeps_retained_messages_over_a_restart_and_loses_them_when_emptied(
    mosquitto: Mosquitto,
) -> None:
    with Watcher(mosquitto.broker("all")) as client:
        client.publish("nursery/nest/state", "{}", retain=True)
    mosquitto.restart()
    with Watcher(mosquitto.broker("dashboard"), "nursery/#") as watcher:
        assert watcher.wait("nursery/nest/state").retain
    mosquitto.empty()
    with Watcher(mosquitto.broker("all"), "#") as watcher:
        watcher.publish("sentinel", "")
        watcher.wait("sentinel")
        assert watcher.payloads("nursery/nest/state") == []
