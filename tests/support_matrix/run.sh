#!/usr/bin/env bash
# Runs `python -m tests.support_matrix` by the Python of $PYTHON: in .venv where that is its version, else in an
# environment of its own with the same pinned requirements.
set -euo pipefail
cd "$(dirname "$0")/../.."
python=${PYTHON:-python3}
series='import sys; print("%d.%d" % sys.version_info[:2])'
wanted=$("$python" -c "$series")
if [ "$(.venv/bin/python -c "$series")" = "$wanted" ]; then
    exec .venv/bin/python -m tests.support_matrix "$@"
fi

place=.run/support/$wanted
pinned=$(cat requirements/dev.txt pyproject.toml | sha256sum | cut -c1-32)
if [ "$(cat "$place/installed" 2>/dev/null)" != "$pinned" ]; then
    echo "trueup: installing requirements/dev.txt into $place"
    rm -rf "$place"
    mkdir -p .run/support
    "$python" -m venv "$place"
    pip() { "$place/bin/python" -m pip --disable-pip-version-check "$@"; }
    pip install --quiet --require-hashes --requirement requirements/dev.txt
    pip install --quiet --no-index --no-deps --no-build-isolation --editable .
    echo "$pinned" >"$place/installed"
fi
exec "$place/bin/python" -m tests.support_matrix "$@"
