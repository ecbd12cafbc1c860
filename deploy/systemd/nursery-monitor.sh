#!/bin/sh
# `nursery-monitor` for the service's records: as the service's user and with its settings.
program=/opt/nursery-monitor/.venv/bin/nursery-monitor
user=nursery-monitor
secrets=/etc/nursery-monitor/environment
if [ "$(id -u)" -ne 0 ] && [ "$(id -un)" != "$user" ]; then exec sudo -- "$0" "$@"; fi
if [ -r "$secrets" ]; then
    while IFS= read -r line; do
        case $line in NURSERY_*=*) export "${line%%=*}=${line#*=}" ;; esac
    done <"$secrets"
fi
export NURSERY_STATE_DIR=/var/lib/nursery-monitor HOME=/var/lib/nursery-monitor
export NURSERY_CONFIG=/etc/nursery-monitor/config.toml
if [ "$(id -un)" = "$user" ]; then exec "$program" "$@"; fi
exec setpriv --reuid "$user" --regid "$user" --init-groups --inh-caps=-all "$program" "$@"
