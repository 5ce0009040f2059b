#!/usr/bin/env bash
# Makes a certificate authority of one's own and certificates of RabbitMQ and MongoDB, for deploy/compose.tls.yaml.
# Usage: make_certificates.sh [FOLDER] (default: deploy/certificates). What is there is kept. Needs openssl.
set -euo pipefail
umask 077
folder=${1:-"$(dirname "$0")/certificates"}
mkdir -p "$folder"
cd "$folder"
days=825

if [ ! -e ca.pem ]; then
    openssl req -x509 -newkey rsa:3072 -nodes -sha256 -days 3650 -subj "/CN=Trueup's own authority" \
        -keyout ca.key -out ca.pem 2>/dev/null
fi
for name in rabbitmq mongodb; do
    [ ! -e "$name.crt" ] || continue
    openssl req -newkey rsa:3072 -nodes -sha256 -subj "/CN=$name" -keyout "$name.key" -out "$name.csr" 2>/dev/null
    openssl x509 -req -sha256 -days "$days" -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -out "$name.crt" \
        -extfile <(printf 'subjectAltName=DNS:%s,DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n' "$name") \
        2>/dev/null
    cat "$name.crt" "$name.key" >"$name.pem"
    rm "$name.csr"
done
# The folder is its owner's alone; its files are handed in one by one, to containers with users of their own.
chmod 644 ca.pem ./*.crt rabbitmq.key mongodb.key mongodb.pem
chmod 700 .
echo "certificates are in $folder; ca.key signs others: keep it away from the servers"
