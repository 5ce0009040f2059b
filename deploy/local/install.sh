#!/usr/bin/env bash
# Installs by apt what this machine lacks to run Trueup: the venv module, a RabbitMQ and what mongod links to. With the
# argument `dev` also what the tests run: a browser, curl, and Prometheus with its promtool.
# Usage: deploy/local/install.sh [dev]
# Asks for nothing, starts no service, and does nothing where all is there.
# With TRUEUP_AMQP_URL or TRUEUP_MONGODB_URI set, that server is taken as given.
set -euo pipefail

python=${PYTHON:-python3}
what=${1:-demo}

fail() {
    echo "trueup: $1" >&2
    exit 1
}

command -v "$python" >/dev/null || fail "no $python here; install Python 3.11 or newer (apt-get install python3)"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$("$python" -V) is too old; set PYTHON to a Python 3.11 or newer (make PYTHON=python3.11 …)"

missing=()
"$python" -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)

has_rabbitmq() { [ -x /usr/lib/rabbitmq/bin/rabbitmq-server ] || command -v rabbitmq-server >/dev/null; }
if [ -z "${TRUEUP_AMQP_URL:-}" ] && ! has_rabbitmq; then
    missing+=(rabbitmq-server)
fi

has_library() { /sbin/ldconfig -p | grep -q "$1"; }
if [ -z "${TRUEUP_MONGODB_URI:-}" ] && ! command -v mongod >/dev/null; then
    [ "$(uname -sm)" = "Linux x86_64" ] ||
        fail "no MongoDB for $(uname -sm): put a mongod on PATH or set TRUEUP_MONGODB_URI"
    has_library libcurl.so.4 || missing+=(libcurl4)
fi

# The headless shell takes a quarter of the processor time of the whole browser; not every distribution has it.
shell=chromium-headless-shell
has_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
# A bare machine knows of no package before its first update, which is made when something is installed anyway.
apt_has() {
    if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1 && [ "$(id -u)" -eq 0 ]; then
        apt-get -qq update >/dev/null 2>&1 || true
    fi
    apt-cache show "$1" 2>/dev/null | grep -q .
}
if [ "$what" = dev ] && ! command -v $shell >/dev/null; then
    if apt_has $shell; then
        missing+=($shell)
    elif ! has_browser >/dev/null; then
        missing+=(chromium)
    fi
fi
if [ "$what" = dev ] && ! { command -v prometheus && command -v promtool; } >/dev/null; then
    missing+=(prometheus)
fi

# What the browser's driver links to, and what the documents' commands call.
if [ "$what" = dev ]; then
    has_library libatomic.so.1 || missing+=(libatomic1)
    command -v curl >/dev/null || missing+=(curl)
fi

[ ${#missing[@]} -gt 0 ] || exit 0

remedy="install ${missing[*]} by hand"
# Where only the lighter browser is missing, the other will do.
cannot() {
    [ "${missing[*]}" = "$shell" ] && has_browser >/dev/null || fail "$1"
    echo "trueup: $1; the browser tests take the whole browser, which is slower" >&2
    exit 0
}
command -v apt-get >/dev/null || cannot "no apt-get here; $remedy"
as_root=()
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || cannot "neither root nor sudo; as root, run: apt-get install ${missing[*]}"
    as_root=(sudo)
fi

echo "trueup: installing ${missing[*]}"

# Debian starts a service as it installs one; Trueup runs a private node instead. 101 means 'not allowed'.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee $policy >/dev/null
    trap '"${as_root[@]}" rm -f $policy' EXIT
    "${as_root[@]}" chmod +x $policy
fi

apt_get() {
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=120 -o Dpkg::Use-Pty=0 -qq "$@"
}
log=$(mktemp)
install_missing() {
    apt_get update || return
    # A fresh machine knows only now what there is.
    if apt_has $shell; then missing=("${missing[@]/%chromium/$shell}"); fi
    apt_get install -y --no-install-recommends "${missing[@]}"
}
if ! install_missing >"$log" 2>&1 </dev/null; then
    tail -n 5 "$log" >&2
    cannot "apt-get could not install ${missing[*]} (log: $log); $remedy"
fi
rm -f "$log"

# Nor may the service come up with the next boot.
for service in rabbitmq-server prometheus; do
    if [[ " ${missing[*]} " == *" $service "* ]] && [ -d /run/systemd/system ]; then
        "${as_root[@]}" systemctl disable --quiet "$service"
    fi
done

"$python" -c 'import ensurepip, venv' 2>/dev/null ||
    fail "$python still lacks ensurepip: install the venv package of that Python, or set PYTHON to the system's"
