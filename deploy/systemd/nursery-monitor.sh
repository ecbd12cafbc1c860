#!/bin/sh
# `nursery-monitor` for the service's records: as the service's user, whoever calls.
program=/opt/nursery-monitor/.venv/bin/nursery-monitor
user=nursery-monitor
export NURSERY_STATE_DIR="${NURSERY_STATE_DIR:-/var/lib/nursery-monitor}"
export NURSERY_CONFIG="${NURSERY_CONFIG:-/etc/nursery-monitor/config.toml}"
if [ "$(id -un)" = "$user" ]; then exec "$program" "$@"; fi
if [ "$(id -u)" -eq 0 ]; then
    exec setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all \
        env HOME=/var/lib/nursery-monitor "$program" "$@"
fi
exec sudo -- "$0" "$@"
