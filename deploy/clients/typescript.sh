#!/usr/bin/env bash
# Generates types for TypeScript from the API's own description, into .run/clients/trueup.d.ts, by the generator that
# the page uses. With `openapi-fetch` they make a typed client.
set -euo pipefail
cd "$(dirname "$0")/../.."
place=.run/clients
mkdir -p $place
.venv/bin/python -m services.preview.api.http.reference.described >$place/openapi.json
admin_ui/node_modules/.bin/openapi-typescript $place/openapi.json --output $place/trueup.d.ts \
    --default-non-nullable=false >/dev/null
echo "$place/trueup.d.ts"
