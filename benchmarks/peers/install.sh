#!/usr/bin/env bash
# Installs the peers that the benchmark runs into an environment of their own, .run/peers (a second run costs nothing).
# Where they cannot be had it says so, and the benchmark goes on without them.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}
wanted=$(sha256sum requirements/bench.txt | cut -c1-32)
[ "$(cat .run/peers/installed 2>/dev/null)" = "$wanted" ] && exit 0

echo "trueup: installing requirements/bench.txt into .run/peers" >&2
mkdir -p .run
rm -rf .run/peers
if "$python" -m venv .run/peers && .run/peers/bin/python -m pip --disable-pip-version-check install -qq \
    --require-hashes --requirement requirements/bench.txt; then
    echo "$wanted" >.run/peers/installed
else
    rm -rf .run/peers
    echo "trueup: pip could not install the peers (see its message above): they are left out" >&2
fi
