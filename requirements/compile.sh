#!/usr/bin/env bash
# Compiles the pinned, hashed requirement files. Usage: requirements/compile.sh PATH_TO_UV [--upgrade]
#
# The files hold for every Python from 3.11 on (--universal). Neither the settings of pip or uv on the machine at hand
# nor any index address may leak into them, hence --no-config, a bare environment and --no-emit-*.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$1
shift

compile() {
    local name=$1
    shift
    env -i HOME="$HOME" PATH="$PATH" ${SSL_CERT_FILE:+SSL_CERT_FILE="$SSL_CERT_FILE"} \
        "$uv" pip compile --quiet --no-config --universal --python-version 3.11 \
        --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
        --output-file "requirements/$name.txt" "$@"
    sed -i "1i # Pinned by 'make requirements'; do not edit." "requirements/$name.txt"
}

# Each set is held to the pins of the one below it, so that dev installs on top of demo without moving anything.
compile runtime "$@" --extra tracing pyproject.toml
compile demo "$@" --constraints requirements/runtime.txt --extra tracing pyproject.toml requirements/demo.in
compile dev "$@" --constraints requirements/demo.txt --extra tracing pyproject.toml requirements/dev.in
# By itself: only a machine without Node.js of its own needs it, to build the page.
compile page "$@" requirements/page.in
# By themselves: the peers of `make bench`, in an environment of their own.
compile bench "$@" requirements/bench.in
# By itself: what `make client-python` generates a client with.
compile clients "$@" requirements/clients.in
