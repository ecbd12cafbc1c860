# Shared by deploy/run, deploy/service and tests/run: what the machine must have, and the .venv.
# shellcheck shell=bash
# Sourced with ROOT (the checkout) set. Says in one line what is wrong, and ends with code 2.

STAMP=$ROOT/.venv/.complete      # written last: names what the .venv was made from
BUILDING=$ROOT/.venv/.incomplete # there while we work on it: an interrupted try is thrown away
NEEDED_MB=900                    # packages on disk, with room for what pip unpacks
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

say() { printf '%s\n' "$*" >&2; }
stop() {
    say "$(basename "$(dirname "$0")")/$(basename "$0"): $*"
    exit 2
}

# Sets PYTHON to the first usable interpreter.
find_python() {
    local name
    for name in python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
            PYTHON=$(command -v "$name")
            break
        fi
    done
    if [[ -z ${PYTHON:-} ]]; then
        stop "needs Python 3.11, 3.12 or 3.13, and this computer has $(python3 --version 2>&1 || echo none);" \
            "Debian 12, Debian 13 and Raspberry Pi OS of 2023 or later bring one"
    fi
    "$PYTHON" -c 'import platform, sys
sys.exit(not (sys.maxsize > 2**32 and platform.machine() in ("x86_64", "aarch64")))' ||
        stop "needs a 64-bit system (x86-64 or aarch64), and this one is" \
            "$("$PYTHON" -c 'import platform; print(platform.machine(), platform.architecture()[0])');" \
            "on a Raspberry Pi, write the 64-bit Raspberry Pi OS to the card"
}

# Whether a Debian package is there, judged by what we use of it.
has() {
    case $1 in
    libportaudio2) ldconfig -p | grep -q 'libportaudio\.so\.2' ;;
    mosquitto) command -v mosquitto >/dev/null ;;
    python3-venv) "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null ;;
    *) dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^.i' ;;
    esac
}

why() {
    case $1 in
    libportaudio2) echo 'reads the microphone' ;;
    mosquitto) echo 'carries the messages between the parts (MQTT)' ;;
    python3-venv) echo 'keeps our Python packages apart from the system' ;;
    *) echo 'for the tests' ;;
    esac
}

# Fills AS_ROOT with what goes before a command that must be root.
AS_ROOT=()
become_root() {
    local command=$1
    if [[ $EUID -eq 0 ]]; then return; fi
    if ! command -v sudo >/dev/null; then
        stop "needs an administrator once. As root, type:  $command"
    fi
    if ! sudo -n true 2>/dev/null && [[ ! -t 0 ]]; then
        stop "needs an administrator once, and cannot ask for the password here. Type:  sudo $command"
    fi
    AS_ROOT=(sudo)
}

# Installs those of the named Debian packages that are missing.
install_packages() {
    local package
    local -a missing=()
    for package in "$@"; do
        if ! has "$package"; then missing+=("$package"); fi
    done
    [[ ${#missing[@]} -gt 0 ]] || return 0

    say "Missing on this computer:"
    for package in "${missing[@]}"; do say "  $package: $(why "$package")"; done
    if ! command -v apt-get >/dev/null; then
        stop "this is no Debian: install what these packages hold with your system's own tools," \
            "then start again"
    fi
    become_root "apt-get install --no-install-recommends ${missing[*]}"
    say "Installing them with apt-get${AS_ROOT:+, as administrator (sudo)} ..."
    local -a root=("${AS_ROOT[@]}" env DEBIAN_FRONTEND=noninteractive)
    local -a apt=("${root[@]}" apt-get -q -o DPkg::Lock::Timeout=300)
    "${root[@]}" dpkg --configure -a >&2 || true # what an interrupted installation left half done
    "${apt[@]}" update >&2 || say "(the lists of packages could not all be renewed; trying all the same)"
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >&2 ||
        stop "the packages could not be installed (no network, or no right to?)." \
            "Run this again, or type:  sudo apt-get install --no-install-recommends ${missing[*]}"

    # Debian starts these as services of the whole computer; we run private ones instead. Those that
    # were there before us are not touched.
    for package in "${missing[@]}"; do
        case $package in mosquitto | postgresql) switch_service_off "$package" ;; esac
    done
}

switch_service_off() {
    [[ -d /run/systemd/system ]] && systemctl -q is-enabled "$1" 2>/dev/null || return 0
    say "Switching off the service $1 that came with the package: we start a private one."
    "${AS_ROOT[@]}" systemctl disable --quiet --now "$1" >&2 || say "(that did not work; it does no harm)"
}

# What the .venv is made from: the lock, the project's own metadata, Python, and where it stands.
wanted_stamp() {
    { cat "$1" "$ROOT/pyproject.toml" && "$PYTHON" -V && printf '%s\n' "$ROOT"; } | sha256sum | cut -d' ' -f1
}

# Whether the .venv was made from this lock, or from the tests' one, which holds the other.
venv_is_current() { [[ -e $STAMP ]] && grep -qxF "$(wanted_stamp "$1")" "$STAMP"; }

# Makes .venv from a lock, or leaves it alone if it is what the lock asks for.
make_venv() {
    local lock=$1 stamps free python=$ROOT/.venv/bin/python
    if venv_is_current "$lock"; then return 0; fi
    # Two starts at once: the second waits, and then finds it done.
    [[ -w $ROOT ]] || stop "cannot write in $ROOT: start as the user whom it belongs to"
    exec 9<"$ROOT"
    flock 9
    if venv_is_current "$lock"; then
        exec 9>&-
        return 0
    fi
    free=$(df -Pm "$ROOT" | awk 'NR == 2 {print $4}')
    if [[ ! -e $STAMP && $free -lt $NEEDED_MB ]]; then
        stop "needs $NEEDED_MB MB of free disk space in $ROOT, and there are $free MB"
    fi
    stamps=$(for each in "$lock" "$ROOT/deploy/requirements.txt"; do wanted_stamp "$each"; done)
    # A tree that we left half done, or that has been moved, is made anew; another is brought up to date.
    if [[ -e $BUILDING ]] || ! "$python" -c '' 2>/dev/null || ! "$ROOT/.venv/bin/pip" -V >/dev/null 2>&1 ||
        [[ $("$python" -V) != $("$PYTHON" -V) ]]; then
        say "Making a place for our Python packages (.venv) ..."
        rm -rf "$ROOT/.venv"
        mkdir "$ROOT/.venv"
        : >"$BUILDING"
        "$PYTHON" -m venv "$ROOT/.venv" || stop "$PYTHON -m venv failed: see above"
    elif [[ -e $STAMP ]]; then # ours; one that somebody else made is never thrown away
        mv "$STAMP" "$BUILDING"
    fi
    say "Installing Python packages, each checked by its fingerprint (some minutes the first time) ..."
    "$python" -m pip install --disable-pip-version-check --no-input --retries 3 \
        --require-hashes --only-binary :all: -r "$lock" >&2 ||
        stop "the Python packages could not be installed: is the network there?" \
            "Run this again: it goes on where it stopped"
    "$python" -m pip install --disable-pip-version-check --no-input --quiet \
        --no-index --no-deps --no-build-isolation -e "$ROOT" >&2 ||
        stop "nursery-monitor itself could not be installed: see above"
    # All of it on the disk first: who pulls the plug now must not be left with empty packages that
    # are said to be complete.
    sync -f "$ROOT" 2>/dev/null || sync
    printf '%s\n' "$stamps" >"$STAMP"
    rm -f "$BUILDING"
    exec 9>&-
}
