#!/usr/bin/env bash
# Builds stand-ins for the images that deploy/compose.yaml and the test back-end `containers` use, for a machine that
# reaches Debian's packages but no image registry. Each name carries the version that is really inside.
#
# Needs: root, a Docker engine, mmdebstrap, and `make setup` (whose mongod is taken). Grafana and the MongoDB exporter
# have no Debian package and no stand-in. Prints the settings that make compose and tests use what was built.
#   CA_BUNDLE=FILE  certificates that pip inside is to trust, where a proxy signs anew
#   SUITE=bookworm  the Debian release
set -euo pipefail
cd "$(dirname "$0")"
suite=${SUITE:-bookworm}
prefix=trueup-standin
# The plain builder: Debian's engine comes without BuildKit's client.
export DOCKER_BUILDKIT=0

fail() {
    echo "trueup: $1" >&2
    exit 1
}

mongod=$(../../.venv/bin/python -c 'from deploy.local.mongod_program import find_mongod
from pathlib import Path
print(find_mongod(Path("/tmp")))') || fail "no mongod here: run make setup first"
docker version >/dev/null 2>&1 || fail "no Docker engine answers: start one, or set DOCKER_HOST"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Parts of the host: mongod for its image, certificates for all.
mkdir -p "$work/context"
cp "$mongod" "$work/context/mongod"
cp "${CA_BUNDLE:-/etc/ssl/certs/ca-certificates.crt}" "$work/context/ca-bundle.crt"

if ! docker image inspect "$prefix/debian:$suite" >/dev/null 2>&1; then
    command -v mmdebstrap >/dev/null || fail "no mmdebstrap here: apt-get install mmdebstrap"
    mmdebstrap --quiet --variant=minbase --include=ca-certificates "$suite" "$work/root.tar"
    docker import "$work/root.tar" "$prefix/debian:$suite" >/dev/null
fi

build() { # NAME COMMAND-THAT-PRINTS-THE-VERSION
    local name=$1 version
    shift
    docker build --quiet --network host --build-arg "BASE=$prefix/debian:$suite" \
        --file "$name.Dockerfile" --tag "$prefix/$name:built" "$work/context" >/dev/null
    version=$(docker run --rm --entrypoint sh "$prefix/$name:built" -c "$*")
    docker tag "$prefix/$name:built" "$prefix/$name:$version"
    docker rmi "$prefix/$name:built" >/dev/null
    echo "$prefix/$name:$version"
}

upstream='sed "s/[-+~].*//"'
rabbitmq=$(build rabbitmq "dpkg-query --show --showformat '\${Version}' rabbitmq-server | $upstream")
mongodb=$(build mongodb "mongod --version | sed -n 's/^db version v//p'")
prometheus=$(build prometheus "dpkg-query --show --showformat '\${Version}' prometheus | $upstream")
python=$(build python "python3 -c 'import platform; print(platform.python_version())'")

cat <<END
TRUEUP_BASE_IMAGE=$python
TRUEUP_RABBITMQ_IMAGE=$rabbitmq
TRUEUP_MONGODB_IMAGE=$mongodb
TRUEUP_PROMETHEUS_IMAGE=$prometheus
TRUEUP_TEST_RABBITMQ_IMAGE=$rabbitmq
TRUEUP_TEST_MONGODB_IMAGE=$mongodb
END
