#!/usr/bin/env bash
# Generates a typed client for Python (httpx, attrs; asyncio and blocking) from the API's own description, into
# .run/clients/trueup-client. The generator is a kept one, pinned, in an environment of its own; what it makes is not kept.
set -euo pipefail
cd "$(dirname "$0")/../.."
place=.run/clients
mkdir -p $place

pinned=$(sha256sum requirements/clients.txt | cut -c1-32)
if [ "$(cat $place/installed 2>/dev/null)" != "$pinned" ]; then
    rm -rf $place/env
    "${PYTHON:-python3}" -m venv $place/env
    $place/env/bin/python -m pip --disable-pip-version-check install --quiet --require-hashes \
        --requirement requirements/clients.txt || {
        echo "trueup: pip could not install requirements/clients.txt: see above; is a package index within reach?" >&2
        exit 69
    }
    echo "$pinned" >$place/installed
fi

.venv/bin/python -m services.preview.api.http.reference.described >$place/openapi.json
# It calls ruff from its own environment, to lay out what it has made.
PATH="$PWD/$place/env/bin:$PATH" $place/env/bin/openapi-python-client generate --path $place/openapi.json \
    --config deploy/clients/python.yaml --meta setup --output-path $place/trueup-client --overwrite --fail-on-warning
echo "$place/trueup-client"
