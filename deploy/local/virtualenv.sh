#!/usr/bin/env bash
# Makes .venv and brings it to the pinned requirements. Usage: deploy/local/virtualenv.sh demo|dev
#
# Stamp files hold the hash of what was installed, so a run with nothing to do costs no time.
set -euo pipefail
cd "$(dirname "$0")/../.."
set_name=$1
python=${PYTHON:-python3}
stamps=.venv/.stamps

fail() {
    echo "trueup: $1" >&2
    exit 1
}

# Two runs at once take turns.
mkdir -p .run
exec 9>.run/setup.lock
flock 9

hash_of() { cat "$@" | sha256sum | cut -c1-32; }
is_done() { [ "$(cat "$stamps/$1" 2>/dev/null)" = "$2" ]; }
mark_done() { echo "$2" >"$stamps/$1"; }

pip() { .venv/bin/python -m pip --disable-pip-version-check "$@"; }

# A moved tree or a removed Python leaves a .venv that does not run.
if ! is_done location "$PWD" || ! .venv/bin/python -c '' 2>/dev/null; then
    echo "trueup: making .venv with $("$python" -V)"
    "$python" -m venv --clear .venv
    mkdir -p "$stamps"
    mark_done location "$PWD"
fi

install_set() {
    local hash
    hash=$(hash_of "requirements/$1.txt")
    is_done "$1" "$hash" && return
    echo "trueup: installing requirements/$1.txt"
    pip install --quiet --require-hashes --requirement "requirements/$1.txt" ||
        fail "pip could not install requirements/$1.txt: see its message above; is a package index within reach?"
    mark_done "$1" "$hash"
}

install_set demo
[ "$set_name" = demo ] || install_set "$set_name"

# Trueup itself, in place: .venv/bin/trueup and the packages on the path. Needs no network.
project=$(hash_of pyproject.toml)
if ! is_done project "$project"; then
    pip install --quiet --no-index --no-deps --no-build-isolation --editable . ||
        fail "pip could not install Trueup itself: see its message above"
    mark_done project "$project"
fi
