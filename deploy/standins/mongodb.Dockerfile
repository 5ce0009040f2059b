# mongod of the wheel that demo and tests use, laid out as the image `mongo:8` is where Trueup relies on it: user
# `mongodb`, mongod on PATH, data in /data/db. There is no mongosh, and no set-up of users at the first start.
ARG BASE
FROM ${BASE}
RUN apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends libcurl4 \
    && rm -rf /var/lib/apt/lists/*
RUN groupadd --system --gid 999 mongodb && useradd --system --uid 999 --gid 999 mongodb \
    && install -d -o mongodb -g mongodb /data/db
COPY mongod /usr/local/bin/mongod
RUN chmod 755 /usr/local/bin/mongod
USER mongodb
VOLUME /data/db
EXPOSE 27017
CMD ["mongod", "--bind_ip_all"]
