# Python from Debian, as base of deploy/Dockerfile.
ARG BASE
FROM ${BASE}
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv \
    && rm -rf /var/lib/apt/lists/*
COPY ca-bundle.crt /etc/ssl/certs/ca-certificates.crt
# pip brings certificates of its own and would not look at the system's.
ENV PIP_CERT=/etc/ssl/certs/ca-certificates.crt
